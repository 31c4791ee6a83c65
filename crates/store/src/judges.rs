//! Judges, their versions, and whether what they say counts.

mod calibrate;
pub mod human;
pub mod judgings;
mod people;
pub mod rulings;
#[cfg(test)]
mod tests;

pub use calibrate::calibrate;

use crate::{
    StoreError, activity,
    error::{json, to_json, word},
};
use domain::{
    id::{EvalId, JudgeId, JudgeVersionId, JudgingId, ProjectId, TaskId, UserId},
    judge::{
        JudgeSpec, Mode,
        calibration::{Agreement, Bar, Standing, counts},
        view::{Calibration, Judge, JudgeSummary, JudgeVersion, JudgingProblem, NewJudge, NewJudgeVersion},
    },
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// The kind of job that asks a judge.
pub const KIND: &str = "judge";
/// Judges and judgings that are listed, the newest.
const LISTED: i64 = 200;

/// Why a judging was not made, or a judge not held against people.
#[derive(Debug, thiserror::Error)]
pub enum JudgingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Problem(#[from] JudgingProblem),
}

impl From<sqlx::Error> for JudgingError {
    fn from(e: sqlx::Error) -> Self {
        Self::Store(e.into())
    }
}

/// A project's judges by name.
pub async fn list(db: &PgPool, project: ProjectId) -> Result<Vec<JudgeSummary>, StoreError> {
    let rows = sqlx::query(
        "select j.id, j.name, j.created_at, u.name as creator, v.id as version_id, v.number, v.spec, \
         (select count(*) from judgings g join judge_versions x on x.id = g.judge_version_id where x.judge_id = j.id) as judgings \
         from judges j join users u on u.id = j.created_by \
         join lateral (select id, number, spec from judge_versions where judge_id = j.id order by number desc limit 1) v on true \
         where j.project_id = $1 order by lower(j.name), j.id limit $2",
    )
    .bind(project.0)
    .bind(LISTED)
    .fetch_all(db)
    .await?;
    let standings = Standings::of_project(db, project).await?;
    rows.iter()
        .map(|row| {
            let spec: JudgeSpec = json(row.try_get("spec")?)?;
            Ok(JudgeSummary {
                id: JudgeId(row.try_get("id")?),
                name: row.try_get("name")?,
                number: row.try_get::<i32, _>("number")?.cast_unsigned(),
                mode: spec.mode,
                standing: standings.of(JudgeVersionId(row.try_get("version_id")?), &spec),
                judgings: row.try_get::<i64, _>("judgings")?.cast_unsigned(),
                created_by: row.try_get("creator")?,
                created_at: row.try_get("created_at")?,
            })
        })
        .collect()
}

/// A judge whole.
pub async fn get(db: &PgPool, project: ProjectId, judge: JudgeId) -> Result<Option<Judge>, StoreError> {
    let name: Option<String> = sqlx::query_scalar("select name from judges where id = $1 and project_id = $2")
        .bind(judge.0)
        .bind(project.0)
        .fetch_optional(db)
        .await?;
    let Some(name) = name else { return Ok(None) };
    let rows = sqlx::query(
        "select v.id, v.number, v.spec, v.note, v.created_at, u.name as creator from judge_versions v \
         join users u on u.id = v.created_by where v.judge_id = $1 order by v.number desc limit $2",
    )
    .bind(judge.0)
    .bind(LISTED)
    .fetch_all(db)
    .await?;
    let standings = Standings::of_project(db, project).await?;
    let mut calibrations = calibrations(db, project, judge, &standings.bar).await?;
    let versions = rows.iter().map(|row| {
        let id = JudgeVersionId(row.try_get("id")?);
        let spec: JudgeSpec = json(row.try_get("spec")?)?;
        Ok(JudgeVersion {
            id,
            number: row.try_get::<i32, _>("number")?.cast_unsigned(),
            standing: standings.of(id, &spec),
            spec,
            note: row.try_get("note")?,
            calibrations: calibrations.remove(&id).unwrap_or_default(),
            created_by: row.try_get("creator")?,
            created_at: row.try_get("created_at")?,
        })
    });
    let versions = versions.collect::<Result<_, StoreError>>()?;
    Ok(Some(Judge { id: judge, name, versions }))
}

/// What the versions of a judge were held against, newest first.
async fn calibrations(
    db: &PgPool,
    project: ProjectId,
    judge: JudgeId,
    bar: &Bar,
) -> Result<HashMap<JudgeVersionId, Vec<Calibration>>, StoreError> {
    let rows = sqlx::query(
        "select c.judge_version_id, c.judging_id, c.task_id, t.name as task_name, c.question, c.criterion, c.agreement, \
         c.created_at, u.name as creator from judge_calibrations c join judge_versions v on v.id = c.judge_version_id \
         join annotation_tasks t on t.id = c.task_id join users u on u.id = c.created_by \
         where v.judge_id = $1 and c.project_id = $2 order by c.created_at desc, c.id desc limit $3",
    )
    .bind(judge.0)
    .bind(project.0)
    .bind(LISTED)
    .fetch_all(db)
    .await?;
    let mut found: HashMap<JudgeVersionId, Vec<Calibration>> = HashMap::new();
    for row in &rows {
        let agreement: Agreement = json(row.try_get("agreement")?)?;
        found.entry(JudgeVersionId(row.try_get("judge_version_id")?)).or_default().push(Calibration {
            judging_id: JudgingId(row.try_get("judging_id")?),
            task_id: TaskId(row.try_get("task_id")?),
            task_name: row.try_get("task_name")?,
            question: row.try_get("question")?,
            criterion: row.try_get("criterion")?,
            standing: counts(Some(&agreement), bar),
            agreement,
            created_by: row.try_get("creator")?,
            created_at: row.try_get("created_at")?,
        });
    }
    Ok(found)
}

/// Makes a judge with its first version. The caller has checked the definition. [`StoreError::Taken`] where the name is.
pub async fn create(db: &PgPool, project: ProjectId, new: &NewJudge, by: UserId) -> Result<JudgeId, StoreError> {
    let judge = JudgeId::new();
    let mut tx = db.begin().await?;
    sqlx::query("insert into judges (id, project_id, name, created_by) values ($1, $2, $3, $4)")
        .bind(judge.0)
        .bind(project.0)
        .bind(new.name.trim())
        .bind(by.0)
        .execute(&mut *tx)
        .await
        .map_err(StoreError::taken("a judge of this name"))?;
    insert_version(&mut tx, judge, 1, &new.spec, &new.note, by).await?;
    activity::record(&mut *tx, project, Some(by), "judge.created", &judge.to_string(), new.name.trim()).await?;
    tx.commit().await?;
    Ok(judge)
}

async fn insert_version(
    tx: &mut PgConnection,
    judge: JudgeId,
    number: i32,
    spec: &JudgeSpec,
    note: &str,
    by: UserId,
) -> Result<JudgeVersionId, StoreError> {
    let id = JudgeVersionId::new();
    sqlx::query(
        "insert into judge_versions (id, judge_id, number, spec, note, created_by) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id.0)
    .bind(judge.0)
    .bind(number)
    .bind(to_json(spec)?)
    .bind(note.trim())
    .bind(by.0)
    .execute(tx)
    .await?;
    Ok(id)
}

/// Adds a version; `None` where the project has no such judge.
pub async fn add_version(
    db: &PgPool,
    project: ProjectId,
    judge: JudgeId,
    new: &NewJudgeVersion,
    by: UserId,
) -> Result<Option<JudgeVersionId>, StoreError> {
    let mut tx = db.begin().await?;
    // The lock gives versions their numbers one after the other.
    let name: Option<String> =
        sqlx::query_scalar("select name from judges where id = $1 and project_id = $2 for update")
            .bind(judge.0)
            .bind(project.0)
            .fetch_optional(&mut *tx)
            .await?;
    let Some(name) = name else { return Ok(None) };
    let number: i32 = sqlx::query_scalar("select coalesce(max(number), 0) + 1 from judge_versions where judge_id = $1")
        .bind(judge.0)
        .fetch_one(&mut *tx)
        .await?;
    let id = insert_version(&mut tx, judge, number, &new.spec, &new.note, by).await?;
    activity::record(&mut *tx, project, Some(by), "judge.changed", &judge.to_string(), &name).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// A version's definition.
pub async fn spec(db: &PgPool, project: ProjectId, version: JudgeVersionId) -> Result<Option<JudgeSpec>, StoreError> {
    let spec: Option<serde_json::Value> = sqlx::query_scalar(
        "select v.spec from judge_versions v join judges j on j.id = v.judge_id where v.id = $1 and j.project_id = $2",
    )
    .bind(version.0)
    .bind(project.0)
    .fetch_optional(db)
    .await?;
    spec.map(json).transpose()
}

/// What a project asks of its judges.
pub async fn bar(db: &PgPool, project: ProjectId) -> Result<Bar, StoreError> {
    let row = sqlx::query("select kappa, by_lower_bound from judge_bars where project_id = $1")
        .bind(project.0)
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(Bar::default()) };
    Ok(Bar { kappa: row.try_get("kappa")?, by_lower_bound: row.try_get("by_lower_bound")? })
}

/// Sets it. Judges that passed the old bar and not this one do not count from then on.
pub async fn set_bar(db: &PgPool, project: ProjectId, bar: &Bar, by: UserId) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    sqlx::query(
        "insert into judge_bars (project_id, kappa, by_lower_bound, updated_by) values ($1, $2, $3, $4) \
         on conflict (project_id) do update set kappa = excluded.kappa, by_lower_bound = excluded.by_lower_bound, \
         updated_by = excluded.updated_by, updated_at = now()",
    )
    .bind(project.0)
    .bind(bar.kappa)
    .bind(bar.by_lower_bound)
    .bind(by.0)
    .execute(&mut *tx)
    .await?;
    let words = format!("κ ≥ {}", bar.kappa);
    activity::record(&mut *tx, project, Some(by), "judges.bar_set", &project.to_string(), &words).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether what a version says counts in verdicts and comparisons; `None` where the project has no such version.
pub async fn standing(
    db: &PgPool,
    project: ProjectId,
    version: JudgeVersionId,
) -> Result<Option<Standing>, StoreError> {
    let Some(spec) = spec(db, project, version).await? else { return Ok(None) };
    Ok(Some(Standings::of_project(db, project).await?.of(version, &spec)))
}

/// The newest calibration of each criterion of each version, against the bar.
struct Standings {
    bar: Bar,
    newest: HashMap<(JudgeVersionId, String), Agreement>,
}

impl Standings {
    async fn of_project(db: &PgPool, project: ProjectId) -> Result<Self, StoreError> {
        let rows = sqlx::query(
            "select distinct on (judge_version_id, criterion) judge_version_id, criterion, agreement from judge_calibrations \
             where project_id = $1 order by judge_version_id, criterion, created_at desc, id desc",
        )
        .bind(project.0)
        .fetch_all(db)
        .await?;
        let newest = rows.iter().map(|row| {
            let key = (JudgeVersionId(row.try_get("judge_version_id")?), row.try_get("criterion")?);
            Ok((key, json(row.try_get("agreement")?)?))
        });
        Ok(Self { bar: bar(db, project).await?, newest: newest.collect::<Result<_, StoreError>>()? })
    }

    fn of(&self, version: JudgeVersionId, spec: &JudgeSpec) -> Standing {
        let criteria: Vec<String> = match spec.mode {
            Mode::Rubric => spec.criteria.iter().map(|c| c.name.clone()).collect(),
            Mode::Pairwise => vec![String::new()],
        };
        let of = |criterion: String| counts(self.newest.get(&(version, criterion)), &self.bar);
        Standing::of_all(criteria.into_iter().map(of))
    }
}

/// A judging as whatever works on it needs it.
pub(crate) struct Asked {
    pub(crate) version: JudgeVersionId,
    pub(crate) spec: JudgeSpec,
    pub(crate) first: EvalId,
    pub(crate) second: Option<EvalId>,
}

pub(crate) async fn asked(db: &PgPool, project: ProjectId, judging: JudgingId) -> Result<Option<Asked>, StoreError> {
    let row = sqlx::query(
        "select g.judge_version_id, v.spec, g.first_eval, g.second_eval from judgings g \
         join judge_versions v on v.id = g.judge_version_id where g.id = $1 and g.project_id = $2",
    )
    .bind(judging.0)
    .bind(project.0)
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(Asked {
            version: JudgeVersionId(row.try_get("judge_version_id")?),
            spec: json(row.try_get("spec")?)?,
            first: EvalId(row.try_get("first_eval")?),
            second: row.try_get::<Option<Uuid>, _>("second_eval")?.map(EvalId),
        })
    })
    .transpose()
}

/// A word of a column that may be null.
fn maybe_word<T: std::str::FromStr>(row: &PgRow, column: &str) -> Result<Option<T>, StoreError>
where
    T::Err: std::fmt::Display,
{
    row.try_get::<Option<String>, _>(column)?.map(|text| word(&text)).transpose()
}
