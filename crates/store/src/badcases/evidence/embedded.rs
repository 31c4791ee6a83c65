//! Training rows that are nearest to bad cases by embeddings of a model that has scored the version of the training. To find
//! them reads all embeddings of the version, so a job does it and what it found is kept.

use super::{answer_of, right_answer};
use crate::{
    StoreError,
    error::{json, to_json},
    samples,
};
use domain::{
    badcase::{
        evidence::{Embedded, NearRow},
        nearest::Nearest,
        view::BadCase,
    },
    id::{BadCaseId, ModelId, ProjectId, RunId, SampleId, ScoringId, VersionId},
};
use futures::{StreamExt, stream::BoxStream};
use sqlx::{PgPool, Row};

/// Kind of the job that finds them.
pub const KIND: &str = "nearest_to_bad_cases";
/// Rows that are kept of a case.
pub const KEPT: usize = 10;

/// The version that a bad case's model was trained on, or the newest of its dataset: of a row `b` and its sample `s`.
const TRAINED: &str = "coalesce((select r.version_id from runs r where r.id = b.run_id), \
     (select v.id from dataset_versions v where v.dataset_id = s.dataset_id order by v.number desc limit 1))";

/// A bad case whose nearest training rows can be found.
#[derive(Clone, Debug, PartialEq)]
pub struct Sought {
    pub case: BadCaseId,
    pub sample: SampleId,
    pub version: VersionId,
    pub scoring: ScoringId,
    /// Whose embeddings they are.
    pub model: ModelId,
    pub run: Option<RunId>,
    /// The case's own; `None` where that model has not seen its sample.
    pub embedding: Option<Vec<f32>>,
}

/// Those of these bad cases whose training version some model has scored with embeddings: the run itself before the model
/// alone, and that before others.
pub async fn sought(db: &PgPool, project: ProjectId, cases: &[BadCaseId]) -> Result<Vec<Sought>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select b.id, b.sample_id, g.id as scoring_id, g.version_id, g.model_id, g.run_id, own.embedding \
         from bad_cases b join samples s on s.id = b.sample_id and s.forgotten_at is null \
         join lateral (select c.* from scorings c where c.version_id = {TRAINED} and c.dimensions > 0 \
            order by (c.run_id is not null and c.run_id is not distinct from b.run_id) desc, (c.run_id is null) desc, c.created_at desc limit 1) g on true \
         left join lateral (select x.embedding from scorings o join sample_scores x on x.scoring_id = o.id \
            where o.model_id = g.model_id and o.run_id is not distinct from g.run_id and o.dimensions = g.dimensions \
            and x.sample_id = b.sample_id and x.embedding is not null order by (o.id = g.id) desc limit 1) own on true \
         where b.project_id = $1 and b.id = any($2) order by b.id"
    )))
    .bind(project.0)
    .bind(cases.iter().map(|case| case.0).collect::<Vec<_>>())
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Sought {
                case: BadCaseId(row.try_get("id")?),
                sample: SampleId(row.try_get("sample_id")?),
                version: VersionId(row.try_get("version_id")?),
                scoring: ScoringId(row.try_get("scoring_id")?),
                model: ModelId(row.try_get("model_id")?),
                run: row.try_get::<Option<uuid::Uuid>, _>("run_id")?.map(RunId),
                embedding: row.try_get::<Option<&[u8]>, _>("embedding")?.map(numbers),
            })
        })
        .collect()
}

/// Whether the nearest rows of a bad case could be found.
async fn can_be_found(db: &PgPool, project: ProjectId, version: VersionId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "select exists(select from scorings g join models m on m.id = g.model_id \
         where g.version_id = $2 and g.dimensions > 0 and m.project_id = $1)",
    )
    .bind(project.0)
    .bind(version.0)
    .fetch_one(db)
    .await?)
}

fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// The embeddings of a version's training rows by a scoring, each row once, in no order.
pub fn of_training(
    db: &PgPool,
    scoring: ScoringId,
    version: VersionId,
) -> BoxStream<'_, Result<(SampleId, Vec<f32>), StoreError>> {
    sqlx::query(
        "select x.sample_id, x.embedding from sample_scores x where x.scoring_id = $1 and x.embedding is not null \
         and x.sample_id in (select vs.sample_id from version_samples vs where vs.version_id = $2 and vs.split = 0)",
    )
    .bind(scoring.0)
    .bind(version.0)
    .fetch(db)
    .map(|row| {
        let row = row?;
        Ok((SampleId(row.try_get("sample_id")?), numbers(row.try_get("embedding")?)))
    })
    .boxed()
}

/// Keeps what was found of a bad case, in the place of what was kept before. Nothing where the case or the scoring is gone.
pub async fn keep(
    db: &PgPool,
    project: ProjectId,
    sought: &Sought,
    found: &Nearest<SampleId>,
) -> Result<(), StoreError> {
    let rows: Vec<(i64, f64)> = found.found().iter().map(|(sample, cosine)| (sample.0, *cosine)).collect();
    sqlx::query(
        "insert into bad_case_neighbours (bad_case_id, scoring_id, nearest, mean) \
         select b.id, g.id, $4, $5 from bad_cases b, scorings g where b.id = $2 and b.project_id = $1 and g.id = $3 \
         on conflict (bad_case_id) do update set scoring_id = excluded.scoring_id, nearest = excluded.nearest, \
         mean = excluded.mean, computed_at = now()",
    )
    .bind(project.0)
    .bind(sought.case.0)
    .bind(sought.scoring.0)
    .bind(to_json(&rows)?)
    .bind(found.mean())
    .execute(db)
    .await?;
    Ok(())
}

/// What is kept of a bad case that belongs to the version, and whether it could be found.
pub(super) async fn kept(
    db: &PgPool,
    project: ProjectId,
    version: VersionId,
    case: &BadCase,
) -> Result<(Option<Embedded>, bool), StoreError> {
    let can = can_be_found(db, project, version).await?;
    let row = sqlx::query(
        "select n.nearest, n.mean, n.computed_at, m.name || coalesce(' · #' || r.number, '') as model \
         from bad_case_neighbours n join scorings g on g.id = n.scoring_id join models m on m.id = g.model_id \
         left join runs r on r.id = g.run_id where n.bad_case_id = $1 and g.version_id = $2 and m.project_id = $3",
    )
    .bind(case.summary.id.0)
    .bind(version.0)
    .bind(project.0)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok((None, can)) };
    let found: Vec<(i64, f64)> = json(row.try_get("nearest")?)?;
    let ids: Vec<SampleId> = found.iter().map(|(id, _)| SampleId(*id)).collect();
    let mut samples = samples::of_ids(db, version, &ids).await?;
    let right = right_answer(case).trim();
    let near = found.iter().filter_map(|(id, cosine)| {
        let row = samples.remove(&SampleId(*id))?;
        let answer = answer_of(&row.sample);
        Some(NearRow {
            sample_id: row.id,
            similarity: *cosine,
            agrees: answer.trim() == right,
            prompt: crate::badcases::prompt_of(&row.sample),
            answer,
        })
    });
    let embedded = Embedded {
        model: row.try_get("model")?,
        nearest: near.collect(),
        mean: row.try_get("mean")?,
        computed_at: row.try_get("computed_at")?,
    };
    Ok((Some(embedded), can))
}
