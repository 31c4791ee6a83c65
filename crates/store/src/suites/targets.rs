//! A project's targets, and how it stands to them.

use super::results::{COLUMNS, JOINS, NAME, result};
use crate::{
    StoreError,
    error::{json, word},
};
use domain::{
    id::{ProjectId, SuiteId, TargetId, UserId},
    suite::{NewTarget, Standing, SuiteDesign, SuiteResult, Target, TargetStanding, decides},
};
use sqlx::{PgPool, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Targets of a project at most.
pub const MOST: i64 = 100;

fn target(row: &PgRow) -> Result<Target, StoreError> {
    Ok(Target {
        id: TargetId(row.try_get::<Uuid, _>("id")?),
        suite_id: SuiteId(row.try_get("suite_id")?),
        suite_name: row.try_get("suite_name")?,
        evaluation: row.try_get("evaluation")?,
        metric: row.try_get("metric")?,
        way: word(row.try_get("way")?)?,
        limit: row.try_get("bound")?,
    })
}

/// Sets a target, or moves the one that is there. `None` when the project has no such suite, or [`MOST`] targets.
pub async fn set(db: &PgPool, project: ProjectId, new: &NewTarget, by: UserId) -> Result<Option<TargetId>, StoreError> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "insert into project_targets (id, project_id, suite_id, evaluation, metric, way, bound, created_by) \
         select $1, $2, s.id, $4, $5, $6, $7, $8 from suites s where s.id = $3 and s.project_id = $2 and s.archived_at is null \
         and (select count(*) from project_targets t where t.project_id = $2) < $9 \
         on conflict (suite_id, evaluation, metric, way) do update set bound = excluded.bound returning id",
    )
    .bind(TargetId::new().0)
    .bind(project.0)
    .bind(new.suite_id.0)
    .bind(&new.evaluation)
    .bind(&new.metric)
    .bind(new.way.as_str())
    .bind(new.limit)
    .bind(by.0)
    .bind(MOST)
    .fetch_optional(db)
    .await?;
    Ok(id.map(TargetId))
}

/// Takes a target away; false when the project has no such target.
pub async fn remove(db: &PgPool, project: ProjectId, target: TargetId) -> Result<bool, StoreError> {
    let done = sqlx::query("delete from project_targets where id = $2 and project_id = $1")
        .bind(project.0)
        .bind(target.0)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// How the project stands to its targets; of one suite, or of all.
pub async fn standings(
    db: &PgPool,
    project: ProjectId,
    suite: Option<SuiteId>,
) -> Result<Vec<TargetStanding>, StoreError> {
    let rows = sqlx::query(
        "select t.id, t.suite_id, s.name as suite_name, t.evaluation, t.metric, t.way, t.bound, \
         (select design from suite_versions v where v.suite_id = s.id order by number desc limit 1) as design \
         from project_targets t join suites s on s.id = t.suite_id where t.project_id = $1 and ($2::uuid is null or s.id = $2) \
         order by lower(s.name), t.evaluation, t.metric, t.way limit $3",
    )
    .bind(project.0)
    .bind(suite.map(|suite| suite.0))
    .bind(MOST)
    .fetch_all(db)
    .await?;
    let mut targets = Vec::with_capacity(rows.len());
    for row in &rows {
        let design: SuiteDesign = json(row.try_get("design")?)?;
        let target = target(row)?;
        let identity = design.evaluation(&target.evaluation).map(|evaluation| evaluation.identity());
        targets.push((target, identity));
    }
    let decisive = decisive(db, project, &targets).await?;
    Ok(targets.into_iter().map(|(target, _)| standing(target, &decisive)).collect())
}

type Decisive = HashMap<Uuid, SuiteResult>;

/// The result that decides on each target: of the run that was evaluated last, or else of the last candidate.
async fn decisive(
    db: &PgPool,
    project: ProjectId,
    targets: &[(Target, Option<String>)],
) -> Result<Decisive, StoreError> {
    let asked: Vec<(&Target, &str)> =
        targets.iter().filter_map(|(target, identity)| Some((target, identity.as_deref()?))).collect();
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select asked.target_id, {COLUMNS}, {NAME} from unnest($2::uuid[], $3::uuid[], $4::text[]) as asked (target_id, suite_id, identity) \
         join lateral (select * from suite_results y where y.project_id = $1 and y.suite_id = asked.suite_id \
            and y.identity = md5(asked.identity) order by (y.run_id is not null) desc, y.created_at desc limit 1) x on true {JOINS}"
    )))
    .bind(project.0)
    .bind(asked.iter().map(|(target, _)| target.id.0).collect::<Vec<_>>())
    .bind(asked.iter().map(|(target, _)| target.suite_id.0).collect::<Vec<_>>())
    .bind(asked.iter().map(|(_, identity)| *identity).collect::<Vec<_>>())
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("target_id")?, result(row)?))).collect()
}

fn standing(target: Target, decisive: &Decisive) -> TargetStanding {
    let found = decisive.get(&target.id.0);
    let score = found.and_then(|result| result.measurement.scores.get(&target.metric)).cloned();
    let is_deciding = found.is_none_or(|result| decides(&result.judged, &target.metric));
    TargetStanding {
        standing: if is_deciding { target.judge(score.as_ref()) } else { Standing::Inconclusive },
        result_id: found.map(|result| result.id).filter(|_| score.is_some()),
        candidate: found.map(|result| result.candidate.clone()),
        candidate_name: found.map(|result| result.candidate_name.clone()),
        score,
        target,
    }
}
