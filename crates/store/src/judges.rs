//! Judges, their versions, and whether what they say counts.

mod calibrate;
pub mod human;
pub mod judgings;
pub mod of_results;
mod people;
pub mod rulings;
mod standings;
#[cfg(test)]
mod tests;

pub use calibrate::calibrate;
pub(crate) use standings::Standings;

use crate::{
    StoreError, activity,
    error::{json, to_json, word},
    reports::sha256,
};
use domain::{
    id::{EvalId, JudgeId, JudgeVersionId, JudgingId, ProjectId, TaskId, UserId},
    judge::{
        JudgeSpec,
        calibration::{Agreement, Bar, Standing, counts},
        identity::{AskedEndpoint, identity},
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

/// Hash of who a definition is with these endpoints; `None` where they are without the one that it names.
#[must_use]
pub fn identified(spec: &JudgeSpec, endpoints: &[AskedEndpoint]) -> Option<String> {
    identity(spec, endpoints).map(|identity| sha256(&identity.text))
}

/// A project's judges by name; who they are depends on the endpoints of the settings.
pub async fn list(
    db: &PgPool,
    project: ProjectId,
    endpoints: &[AskedEndpoint],
) -> Result<Vec<JudgeSummary>, StoreError> {
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
            let version = JudgeVersionId(row.try_get("version_id")?);
            Ok(JudgeSummary {
                id: JudgeId(row.try_get("id")?),
                name: row.try_get("name")?,
                number: row.try_get::<i32, _>("number")?.cast_unsigned(),
                mode: spec.mode,
                standing: standings.of(version, &spec, identified(&spec, endpoints).as_deref()),
                judgings: row.try_get::<i64, _>("judgings")?.cast_unsigned(),
                created_by: row.try_get("creator")?,
                created_at: row.try_get("created_at")?,
            })
        })
        .collect()
}

/// A judge whole; who its versions are depends on the endpoints of the settings.
pub async fn get(
    db: &PgPool,
    project: ProjectId,
    judge: JudgeId,
    endpoints: &[AskedEndpoint],
) -> Result<Option<Judge>, StoreError> {
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
        let now = identified(&spec, endpoints);
        let held = calibrations.remove(&id).unwrap_or_default().into_iter();
        Ok(JudgeVersion {
            id,
            number: row.try_get::<i32, _>("number")?.cast_unsigned(),
            standing: standings.of(id, &spec, now.as_deref()),
            calibrations: held
                .map(|(held, calibration)| of_now(held.as_deref(), now.as_deref(), calibration))
                .collect(),
            model: identity(&spec, endpoints).and_then(|identity| identity.model),
            spec,
            note: row.try_get("note")?,
            created_by: row.try_get("creator")?,
            created_at: row.try_get("created_at")?,
        })
    });
    let versions = versions.collect::<Result<_, StoreError>>()?;
    Ok(Some(Judge { id: judge, name, versions }))
}

/// A calibration as it counts for who the judge is now.
fn of_now(held: Option<&str>, now: Option<&str>, calibration: Calibration) -> Calibration {
    let is_same = now.is_some() && held == now;
    Calibration { standing: if is_same { calibration.standing } else { Standing::Changed }, ..calibration }
}

type Calibrations = HashMap<JudgeVersionId, Vec<(Option<String>, Calibration)>>;

/// What the versions of a judge were held against, newest first, each with who the judge was then.
async fn calibrations(db: &PgPool, project: ProjectId, judge: JudgeId, bar: &Bar) -> Result<Calibrations, StoreError> {
    let rows = sqlx::query(
        "select c.judge_version_id, c.judging_id, c.task_id, t.name as task_name, c.question, c.criterion, c.agreement, \
         c.identity, c.asked_model, c.created_at, u.name as creator from judge_calibrations c join judge_versions v on v.id = c.judge_version_id \
         join annotation_tasks t on t.id = c.task_id join users u on u.id = c.created_by \
         where v.judge_id = $1 and c.project_id = $2 order by c.created_at desc, c.id desc limit $3",
    )
    .bind(judge.0)
    .bind(project.0)
    .bind(LISTED)
    .fetch_all(db)
    .await?;
    let mut found = Calibrations::new();
    for row in &rows {
        let agreement: Agreement = json(row.try_get("agreement")?)?;
        let calibration = Calibration {
            judging_id: JudgingId(row.try_get("judging_id")?),
            task_id: TaskId(row.try_get("task_id")?),
            task_name: row.try_get("task_name")?,
            question: row.try_get("question")?,
            criterion: row.try_get("criterion")?,
            standing: counts(Some(&agreement), bar),
            agreement,
            asked_model: row.try_get("asked_model")?,
            created_by: row.try_get("creator")?,
            created_at: row.try_get("created_at")?,
        };
        let version = JudgeVersionId(row.try_get("judge_version_id")?);
        found.entry(version).or_default().push((row.try_get("identity")?, calibration));
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

/// Versions that can be metrics of a suite, since they rate by criteria, as `helpfulness v2`; the newest of each judge first.
pub async fn metrics(db: &PgPool, project: ProjectId) -> Result<Vec<(JudgeVersionId, String)>, StoreError> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "select v.id, concat(j.name, ' v', v.number) from judge_versions v join judges j on j.id = v.judge_id \
         where j.project_id = $1 and v.spec->>'mode' = 'rubric' order by lower(j.name), j.id, v.number desc limit $2",
    )
    .bind(project.0)
    .bind(LISTED)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(id, name)| (JudgeVersionId(id), name)).collect())
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
    endpoints: &[AskedEndpoint],
) -> Result<Option<Standing>, StoreError> {
    let Some(spec) = spec(db, project, version).await? else { return Ok(None) };
    let now = identified(&spec, endpoints);
    Ok(Some(Standings::of_project(db, project).await?.of(version, &spec, now.as_deref())))
}

/// A judging as whatever works on it needs it.
pub(crate) struct Asked {
    pub(crate) version: JudgeVersionId,
    pub(crate) spec: JudgeSpec,
    /// Absent where the answers are those of a suite's result.
    pub(crate) first: Option<EvalId>,
    pub(crate) second: Option<EvalId>,
    /// Hash of who was asked; absent where that is not known.
    pub(crate) identity: Option<String>,
    pub(crate) model: Option<String>,
}

pub(crate) async fn asked(db: &PgPool, project: ProjectId, judging: JudgingId) -> Result<Option<Asked>, StoreError> {
    let row = sqlx::query(
        "select g.judge_version_id, v.spec, g.first_eval, g.second_eval, g.identity, g.asked_model from judgings g \
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
            first: row.try_get::<Option<Uuid>, _>("first_eval")?.map(EvalId),
            second: row.try_get::<Option<Uuid>, _>("second_eval")?.map(EvalId),
            identity: row.try_get("identity")?,
            model: row.try_get("asked_model")?,
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
