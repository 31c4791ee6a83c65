//! Searching runs, and the models they logged, by what is known of them: the filter becomes SQL, every text of it a bound value.

use super::{load, models};
use crate::StoreError;
use domain::{
    id::ProjectId,
    tracking::{
        Among, CONTEXT_TAG,
        filter::{
            Comparison, Condition, InputField, ModelSubject, ModelText, ModelTime, Operand, Subject, TextAttribute,
            TimeAttribute,
        },
        order::By,
        view::{LoggedModel, TrackedRun},
    },
};
use sqlx::{PgPool, Postgres, QueryBuilder};

/// Letters of a parameter's or tag's value by which an index finds it.
const INDEXED: usize = 40;

/// Which runs are looked for.
#[derive(Debug, Default)]
pub struct Search {
    /// Numbers of experiments.
    pub experiments: Vec<i32>,
    pub conditions: Vec<Condition<Subject>>,
    pub order: Vec<By<Subject>>,
    pub among: Among,
    pub limit: u32,
    pub offset: u32,
}

/// One page of runs, the last started first where no order is given; whether more follow.
pub async fn runs(db: &PgPool, project: ProjectId, search: &Search) -> Result<(Vec<TrackedRun>, bool), StoreError> {
    let mut query =
        QueryBuilder::<Postgres>::new(format!("select {} from {} where e.project_id = ", load::COLUMNS, load::FROM));
    query.push_bind(project.0);
    push_experiments(&mut query, project, &search.experiments);
    query.push(match search.among {
        Among::ActiveOnly => " and r.deleted_at is null and e.deleted_at is null",
        Among::DeletedOnly => " and (r.deleted_at is not null or e.deleted_at is not null)",
        Among::All => "",
    });
    for condition in &search.conditions {
        query.push(" and ");
        push_condition(&mut query, condition);
    }
    query.push(" order by ");
    for by in &search.order {
        push_column(&mut query, &by.subject);
        query.push(if by.descends { " desc nulls last, " } else { " asc nulls last, " });
    }
    query.push("r.started_ms desc nulls last, r.id desc limit ").push_bind(i64::from(search.limit) + 1);
    query.push(" offset ").push_bind(i64::from(search.offset));
    let rows = query.build().fetch_all(db).await?;
    let has_more = rows.len() > search.limit as usize;
    let mut found = rows.iter().take(search.limit as usize).map(load::bare).collect::<Result<Vec<_>, _>>()?;
    load::fill(db, &mut found).await?;
    Ok((found, has_more))
}

/// Of one experiment, as most searches are, the index has the runs in their order; of several they must be sorted.
fn push_experiments(query: &mut QueryBuilder<Postgres>, project: ProjectId, numbers: &[i32]) {
    if let [number] = numbers {
        query
            .push(" and r.experiment_id = (select id from tracked_experiments where project_id = ")
            .push_bind(project.0);
        query.push(" and number = ").push_bind(*number).push(")");
    } else {
        query.push(" and e.number = any(").push_bind(numbers.to_vec()).push(")");
    }
}

fn push_condition(query: &mut QueryBuilder<Postgres>, condition: &Condition<Subject>) {
    let Condition { subject, comparison, operand } = condition;
    match subject {
        Subject::Metric(key) => {
            query
                .push("exists (select from tracked_series x where x.run_id = r.id and x.key = ")
                .push_bind(key.clone());
            query.push(" and ");
            push_comparison(query, "x.value", *comparison, operand);
            // Postgres holds NaN for greater than every number; as IEEE 754 has it, it is merely unlike them.
            query.push(if *comparison == Comparison::Unequal { ")" } else { " and x.value <> 'NaN')" });
        }
        Subject::Param(key) => push_pair(query, "tracked_params", key, *comparison, operand),
        Subject::Tag(key) => push_pair(query, "tracked_tags", key, *comparison, operand),
        Subject::Input(field) => {
            query.push("exists (select from tracked_inputs x where x.run_id = r.id and ");
            let context = format!("x.tags->>'{CONTEXT_TAG}'");
            let column = match field {
                InputField::Name => "x.name",
                InputField::Digest => "x.digest",
                InputField::Context => context.as_str(),
            };
            push_comparison(query, column, *comparison, operand);
            query.push(")");
        }
        Subject::Text(attribute) => push_comparison(query, text_column(*attribute), *comparison, operand),
        Subject::Time(attribute) => push_comparison(query, time_column(*attribute), *comparison, operand),
    }
}

fn push_pair(
    query: &mut QueryBuilder<Postgres>,
    table: &'static str,
    key: &str,
    comparison: Comparison,
    operand: &Operand,
) {
    query.push(if comparison == Comparison::IsNull { "not " } else { "" });
    query.push(format!("exists (select from {table} x where x.run_id = r.id and x.key = ")).push_bind(key.to_owned());
    if let (Operand::Text(text), Comparison::Equal) = (operand, comparison) {
        query
            .push(format!(" and left(x.value, {INDEXED}) = left("))
            .push_bind(text.clone())
            .push(format!(", {INDEXED})"));
    }
    // All letters of a text that is shorter have been compared then.
    let is_compared = matches!(operand, Operand::Text(text) if comparison == Comparison::Equal && text.len() < INDEXED);
    if !is_compared && !matches!(comparison, Comparison::IsNull | Comparison::IsNotNull) {
        query.push(" and ");
        push_comparison(query, "x.value", comparison, operand);
    }
    query.push(")");
}

/// `column comparison operand`. The column is ours, never a client's text.
pub(super) fn push_comparison(
    query: &mut QueryBuilder<Postgres>,
    column: &str,
    comparison: Comparison,
    operand: &Operand,
) {
    query.push(column);
    match (operand, comparison) {
        (Operand::Texts(texts), Comparison::NotIn) => {
            query.push(" <> all(").push_bind(texts.clone()).push(")");
        }
        (Operand::Texts(texts), _) => {
            query.push(" = any(").push_bind(texts.clone()).push(")");
        }
        (Operand::Text(text), _) => {
            query.push(format!(" {} ", comparison.as_str())).push_bind(text.clone());
            if matches!(comparison, Comparison::Like | Comparison::Ilike) {
                // A backslash is a letter like any other.
                query.push(" escape ''");
            }
        }
        (Operand::Number(number), _) => {
            query.push(format!(" {} ", comparison.as_str())).push_bind(*number);
        }
        (Operand::Nothing, _) => {
            query.push(format!(" {}", comparison.as_str()));
        }
    }
}

/// Which logged models are looked for.
#[derive(Debug, Default)]
pub struct ModelSearch {
    /// Numbers of experiments.
    pub experiments: Vec<i32>,
    pub conditions: Vec<Condition<ModelSubject>>,
    pub order: Vec<By<ModelSubject>>,
    pub limit: u32,
    pub offset: u32,
}

/// One page of logged models, the last made first where no order is given; whether more follow.
pub async fn models(
    db: &PgPool,
    project: ProjectId,
    search: &ModelSearch,
) -> Result<(Vec<LoggedModel>, bool), StoreError> {
    let mut query = QueryBuilder::<Postgres>::new(models::SELECT);
    query.push(" where e.project_id = ").push_bind(project.0);
    query.push(" and r.deleted_at is null and e.deleted_at is null");
    query.push(" and e.number = any(").push_bind(search.experiments.clone()).push(")");
    for Condition { subject, comparison, operand } in &search.conditions {
        query.push(" and ");
        push_model_column(&mut query, subject);
        push_comparison(&mut query, "", *comparison, operand);
    }
    query.push(" order by ");
    for by in &search.order {
        push_model_column(&mut query, &by.subject);
        query.push(if by.descends { " desc nulls last, " } else { " asc nulls last, " });
    }
    query.push("m.created_at desc, m.id desc limit ").push_bind(i64::from(search.limit) + 1);
    query.push(" offset ").push_bind(i64::from(search.offset));
    let rows = query.build().fetch_all(db).await?;
    let found = rows.iter().take(search.limit as usize).map(models::model).collect::<Result<_, _>>()?;
    Ok((found, rows.len() > search.limit as usize))
}

fn push_model_column(query: &mut QueryBuilder<Postgres>, subject: &ModelSubject) {
    let column = match subject {
        ModelSubject::Text(ModelText::Id) => "('m-' || replace(m.id::text, '-', ''))",
        ModelSubject::Text(ModelText::Name) => "m.name",
        ModelSubject::Text(ModelText::Type) => "m.model_type",
        ModelSubject::Text(ModelText::Status) => "replace(m.status, 'LOGGED_MODEL_', '')",
        ModelSubject::Text(ModelText::SourceRun) => "replace(r.id::text, '-', '')",
        ModelSubject::Time(ModelTime::Created) => "(extract(epoch from m.created_at) * 1000)::float8",
        ModelSubject::Time(ModelTime::Updated) => "(extract(epoch from m.updated_at) * 1000)::float8",
        ModelSubject::Param(key) => {
            query.push("(m.params->>").push_bind(key.clone()).push(")");
            return;
        }
        ModelSubject::Tag(key) => {
            query.push("(m.tags->>").push_bind(key.clone()).push(")");
            return;
        }
    };
    query.push(column);
}

fn push_column(query: &mut QueryBuilder<Postgres>, subject: &Subject) {
    match subject {
        Subject::Metric(key) => {
            query
                .push("(select nullif(x.value, 'NaN') from tracked_series x where x.run_id = r.id and x.key = ")
                .push_bind(key.clone())
                .push(")");
        }
        Subject::Param(key) => {
            query
                .push("(select x.value from tracked_params x where x.run_id = r.id and x.key = ")
                .push_bind(key.clone())
                .push(")");
        }
        Subject::Tag(key) => {
            query
                .push("(select x.value from tracked_tags x where x.run_id = r.id and x.key = ")
                .push_bind(key.clone())
                .push(")");
        }
        Subject::Text(attribute) => {
            query.push(text_column(*attribute));
        }
        Subject::Time(attribute) => {
            query.push(time_column(*attribute));
        }
        // No order names data that was read: the parser refuses it.
        Subject::Input(_) => {
            query.push("r.id");
        }
    }
}

fn text_column(attribute: TextAttribute) -> &'static str {
    match attribute {
        TextAttribute::RunId => "replace(r.id::text, '-', '')",
        TextAttribute::RunName => "r.name",
        TextAttribute::Status => "r.status",
        TextAttribute::UserId => "r.user_name",
        TextAttribute::ArtifactUri => {
            "('mlflow-artifacts:/' || e.project_id::text || '/' || replace(r.id::text, '-', '') || '/artifacts')"
        }
    }
}

fn time_column(attribute: TimeAttribute) -> &'static str {
    match attribute {
        TimeAttribute::StartTime => "r.started_ms",
        TimeAttribute::EndTime => "r.ended_ms",
    }
}
