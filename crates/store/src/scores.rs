//! What models say of the samples of a version.

use crate::{StoreError, versions::import::copy};
use domain::{
    id::{ModelId, ProjectId, RunId, SampleId, ScoringId, UserId, VersionId},
    score::{SampleScore, Score, ScoreVersion, Scoring},
};
use futures::{StreamExt, stream::BoxStream};
use sqlx::{PgPool, Postgres, Row, Transaction, postgres::PgRow};
use std::fmt::Write;

/// Bytes that are sent to the database at a time.
const PART_BYTES: usize = 4 << 20;

/// A scoring being written. Dropped before [`ScoresWriter::finish`], it leaves nothing behind.
pub struct ScoresWriter {
    tx: Transaction<'static, Postgres>,
    id: ScoringId,
    lines: String,
    scored: i64,
    dimensions: usize,
}

impl ScoresWriter {
    /// Starts it. What the same model said of the version before is gone once this is finished.
    pub async fn begin(db: &PgPool, request: &ScoreVersion, by: UserId) -> Result<Self, StoreError> {
        let mut tx = db.begin().await?;
        sqlx::query("delete from scorings where version_id = $1 and model_id = $2 and run_id is not distinct from $3")
            .bind(request.version_id.0)
            .bind(request.model_id.0)
            .bind(request.run_id.map(|run| run.0))
            .execute(&mut *tx)
            .await?;
        let id = ScoringId::new();
        sqlx::query(
            "insert into scorings (id, version_id, model_id, run_id, dimensions, scored, unscored, created_by) \
             values ($1, $2, $3, $4, 0, 0, 0, $5)",
        )
        .bind(id.0)
        .bind(request.version_id.0)
        .bind(request.model_id.0)
        .bind(request.run_id.map(|run| run.0))
        .bind(by.0)
        .execute(&mut *tx)
        .await?;
        Ok(Self { tx, id, lines: String::new(), scored: 0, dimensions: 0 })
    }

    /// Takes a sample's score. Each sample comes once.
    pub async fn add(&mut self, sample: SampleId, score: &Score) -> Result<(), StoreError> {
        let (answer, all) = (score.answer.negative_log_likelihood as f32, score.all.negative_log_likelihood as f32);
        // Writing into a text cannot fail.
        let _ = write!(self.lines, "{}\t{sample}\t{answer}\t{all}\t", self.id);
        match &score.embedding {
            None => self.lines.push_str("\\N"),
            Some(embedding) => {
                self.dimensions = embedding.len();
                self.lines.push_str("\\\\x");
                for byte in embedding.iter().flat_map(|x| x.to_le_bytes()) {
                    let _ = write!(self.lines, "{byte:02x}");
                }
            }
        }
        self.lines.push('\n');
        self.scored += 1;
        if self.lines.len() > PART_BYTES { self.send().await } else { Ok(()) }
    }

    async fn send(&mut self) -> Result<(), StoreError> {
        let statement = "copy sample_scores (scoring_id, sample_id, answer_loss, all_loss, embedding) from stdin";
        copy(&mut self.tx, statement, std::mem::take(&mut self.lines).into_bytes()).await
    }

    /// All were taken, and so many samples have no score.
    pub async fn finish(mut self, unscored: u64) -> Result<ScoringId, StoreError> {
        self.send().await?;
        // Whoever has samples erased holds the project; scores of samples that were erased since they were read are not kept.
        sqlx::query(
            "select from projects p join datasets d on d.project_id = p.id join dataset_versions v on v.dataset_id = d.id \
             join scorings g on g.version_id = v.id where g.id = $1 for key share of p",
        )
        .bind(self.id.0)
        .execute(&mut *self.tx)
        .await?;
        let gone = sqlx::query(
            "delete from sample_scores where scoring_id = $1 \
             and sample_id in (select id from samples where forgotten_at is not null)",
        )
        .bind(self.id.0)
        .execute(&mut *self.tx)
        .await?;
        sqlx::query("update scorings set scored = $2, unscored = $3, dimensions = $4 where id = $1")
            .bind(self.id.0)
            .bind(self.scored - gone.rows_affected().cast_signed())
            .bind(unscored.cast_signed())
            .bind(i32::try_from(self.dimensions).unwrap_or(i32::MAX))
            .execute(&mut *self.tx)
            .await?;
        sqlx::query(ORDER).bind(self.id.0).execute(&mut *self.tx).await?;
        self.tx.commit().await?;
        Ok(self.id)
    }
}

/// Puts the version's samples in the order of their scores, for exploring them.
const ORDER: &str = "insert into scoring_orders (scoring_id, positions, losses) select $1, \
     coalesce(string_agg(int4send(vs.position), ''::bytea order by ss.answer_loss, vs.position), ''::bytea), \
     coalesce(string_agg(float4send(ss.answer_loss), ''::bytea order by ss.answer_loss, vs.position), ''::bytea) \
     from scorings s join sample_scores ss on ss.scoring_id = s.id \
     join version_samples vs on vs.version_id = s.version_id and vs.sample_id = ss.sample_id where s.id = $1";

const COLUMNS: &str = "select s.id, s.dimensions, s.scored, s.unscored, s.created_at, \
     m.name || coalesce(' · #' || r.number, '') as model \
     from scorings s join models m on m.id = s.model_id left join runs r on r.id = s.run_id";

fn scoring(row: &PgRow) -> Result<Scoring, StoreError> {
    Ok(Scoring {
        id: ScoringId(row.try_get("id")?),
        model: row.try_get("model")?,
        dimensions: row.try_get::<i32, _>("dimensions")?.cast_unsigned(),
        scored: row.try_get::<i64, _>("scored")?.cast_unsigned(),
        unscored: row.try_get::<i64, _>("unscored")?.cast_unsigned(),
        created_at: row.try_get("created_at")?,
    })
}

/// All scorings of a version of the project, newest first.
pub async fn list(db: &PgPool, project: ProjectId, version: VersionId) -> Result<Vec<Scoring>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "{COLUMNS} where s.version_id = $1 and m.project_id = $2 order by s.created_at desc, s.id"
    )))
    .bind(version.0)
    .bind(project.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(scoring)
    .collect()
}

/// What every model that has scored a version says of one of its samples, latest first.
pub async fn of_sample(
    db: &PgPool,
    project: ProjectId,
    version: VersionId,
    sample: SampleId,
) -> Result<Vec<SampleScore>, StoreError> {
    sqlx::query(
        "select s.id, m.name || coalesce(' · #' || r.number, '') as model, ss.answer_loss, ss.all_loss \
         from scorings s join sample_scores ss on ss.scoring_id = s.id join models m on m.id = s.model_id \
         left join runs r on r.id = s.run_id \
         where s.version_id = $1 and m.project_id = $2 and ss.sample_id = $3 order by s.created_at desc, s.id",
    )
    .bind(version.0)
    .bind(project.0)
    .bind(sample.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        Ok(SampleScore {
            scoring_id: ScoringId(row.try_get("id")?),
            model: row.try_get("model")?,
            answer: f64::from(row.try_get::<f32, _>("answer_loss")?).exp(),
            all: f64::from(row.try_get::<f32, _>("all_loss")?).exp(),
        })
    })
    .collect()
}

/// A model, or as a run has tuned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scorer {
    pub model: ModelId,
    pub run: Option<RunId>,
    pub name: String,
    /// Whether the run learnt from samples that were erased since.
    pub saw_erased: bool,
}

/// What can score samples: the project's models, and its latest runs that have an adapter, with their names.
pub async fn scorers(db: &PgPool, project: ProjectId) -> Result<Vec<Scorer>, StoreError> {
    sqlx::query(
        "(select id, null::uuid as run, name, false as saw_erased from models where project_id = $1 and archived_at is null order by created_at desc limit 500) \
         union all (select r.model_id, r.id, m.name || ' · #' || r.number || ' ' || r.name, \
            exists (select from run_forgettings x where x.run_id = r.id) from runs r join models m on m.id = r.model_id \
            where r.project_id = $1 and jsonb_array_length(r.adapter) > 0 order by r.number desc limit 200)",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        Ok(Scorer {
            model: ModelId(row.try_get("id")?),
            run: row.try_get::<Option<uuid::Uuid>, _>("run")?.map(RunId),
            name: row.try_get("name")?,
            saw_erased: row.try_get("saw_erased")?,
        })
    })
    .collect()
}

/// A sample's score as the database keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredScore {
    pub sample: SampleId,
    /// Means of −log p per token, in nats.
    pub answer_loss: f32,
    pub all_loss: f32,
    /// Empty where none were asked for.
    pub embedding: Vec<f32>,
}

/// All scores of a scoring, in no order.
pub fn stream(
    db: &PgPool,
    scoring: ScoringId,
    with_embeddings: bool,
) -> BoxStream<'_, Result<StoredScore, StoreError>> {
    sqlx::query(
        "select sample_id, answer_loss, all_loss, case when $2 then embedding end as embedding \
         from sample_scores where scoring_id = $1",
    )
    .bind(scoring.0)
    .bind(with_embeddings)
    .fetch(db)
    .map(|row| {
        let row = row?;
        let bytes: Option<&[u8]> = row.try_get("embedding")?;
        let numbers = bytes.unwrap_or_default().chunks_exact(4);
        Ok(StoredScore {
            sample: SampleId(row.try_get("sample_id")?),
            answer_loss: row.try_get("answer_loss")?,
            all_loss: row.try_get("all_loss")?,
            embedding: numbers.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        })
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::runs::tests::place;
    use domain::score::Likelihood;
    use futures::TryStreamExt;

    fn score(loss: f32, embedding: Option<Vec<f32>>) -> Score {
        let likelihood = Likelihood::of(&[loss]).unwrap();
        Score { answer: likelihood, all: Likelihood::of(&[loss, 0.5]).unwrap(), cut_tokens: 0, embedding }
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn scores_are_kept_and_replaced_by_the_same_models(db: PgPool) {
        let place = place(db.clone()).await;
        let (version_id, model_id) = (place.version, place.model);
        let mut request = ScoreVersion { version_id, model_id, run_id: None, embed: false };
        let mut writer = ScoresWriter::begin(&db, &request, place.user).await.unwrap();
        writer.add(SampleId(7), &score(1.5, None)).await.unwrap();
        writer.finish(2).await.unwrap();
        let first = list(&db, place.project, version_id).await.unwrap();
        assert_eq!((first.len(), first[0].dimensions, first[0].scored, first[0].unscored), (1, 0, 1, 2));

        // One that is given up changes nothing.
        request.embed = true;
        let mut writer = ScoresWriter::begin(&db, &request, place.user).await.unwrap();
        writer.add(SampleId(7), &score(9.0, Some(vec![0.1, -2.5]))).await.unwrap();
        drop(writer);
        assert_eq!(list(&db, place.project, version_id).await.unwrap(), first);

        let mut writer = ScoresWriter::begin(&db, &request, place.user).await.unwrap();
        for id in 1..4 {
            writer.add(SampleId(id), &score(id as f32, Some(vec![0.1, -2.5 * id as f32]))).await.unwrap();
        }
        writer.finish(0).await.unwrap();
        let now = list(&db, place.project, version_id).await.unwrap();
        assert_eq!((now.len(), now[0].dimensions, now[0].scored), (1, 2, 3));
        let mut stored: Vec<StoredScore> = stream(&db, now[0].id, true).try_collect().await.unwrap();
        stored.sort_by_key(|score| score.sample);
        let third = StoredScore { sample: SampleId(3), answer_loss: 3.0, all_loss: 1.75, embedding: vec![0.1, -7.5] };
        assert_eq!((stored.len(), &stored[2]), (3, &third));
        let of_third = of_sample(&db, place.project, version_id, SampleId(3)).await.unwrap();
        assert_eq!(of_third.iter().map(|s| (s.scoring_id, s.answer)).collect::<Vec<_>>(), [(now[0].id, 3f64.exp())]);
        let bare: Vec<StoredScore> = stream(&db, now[0].id, false).try_collect().await.unwrap();
        assert!(bare.iter().all(|score| score.embedding.is_empty()));

        assert_eq!(list(&db, ProjectId::new(), version_id).await.unwrap(), [], "of another project");
        let known = scorers(&db, place.project).await.unwrap();
        assert_eq!(known.iter().map(|scorer| (scorer.model, scorer.run)).collect::<Vec<_>>(), [(model_id, None)]);
    }
}
