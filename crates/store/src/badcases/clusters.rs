//! Clusters of bad cases: what they are made of, and what is kept of them.

use super::prompt_of;
use crate::{StoreError, samples::content};
use domain::{
    badcase::view::CaseCluster,
    id::{BadCaseId, ClusterId, DatasetId, ProjectId, SampleId},
};
use sqlx::{PgConnection, PgPool, Row};
use std::collections::{BTreeMap, HashMap};

/// Cases that are clustered at most: the ones found last.
pub const MAX_CASES: i64 = 20_000;
/// Sample lines and confusions of a cluster that are shown.
const SHOWN: usize = 3;

/// A bad case as it is clustered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub id: BadCaseId,
    pub sample: SampleId,
    /// The last user turn.
    pub prompt: String,
    /// What was expected and what the model said, of labelled data.
    pub labels: Option<(String, String)>,
}

/// What is to be clustered: all cases of the project, or of one of its datasets, that are work still, oldest first.
pub async fn items(db: &PgPool, project: ProjectId, dataset: Option<DatasetId>) -> Result<Vec<Item>, StoreError> {
    sqlx::query(
        "select * from (select b.id, b.created_at, b.sample_id, b.expected, b.output, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices \
            from bad_cases b join samples s on s.id = b.sample_id \
            where b.project_id = $1 and ($3::uuid is null or s.dataset_id = $3) \
            and b.status in ('open', 'confirmed', 'corrected') order by b.created_at desc, b.id desc limit $2) x \
         order by created_at, id",
    )
    .bind(project.0)
    .bind(MAX_CASES)
    .bind(dataset.map(|d| d.0))
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        let sample = content(row)?;
        let labels = match sample.label {
            Some(_) => Some((row.try_get("expected")?, row.try_get("output")?)),
            None => None,
        };
        let (id, sample_id) = (BadCaseId(row.try_get("id")?), SampleId(row.try_get("sample_id")?));
        Ok(Item { id, sample: sample_id, prompt: prompt_of(&sample), labels })
    })
    .collect()
}

/// Embeddings of all these samples by one model, in their order; `None` where no model has embedded all of them.
pub async fn embeddings(
    db: &PgPool,
    project: ProjectId,
    samples: &[SampleId],
) -> Result<Option<Vec<Vec<f32>>>, StoreError> {
    let ids: Vec<i64> = samples.iter().map(|s| s.0).collect();
    let model = sqlx::query(
        "select g.model_id, g.run_id from scorings g join dataset_versions v on v.id = g.version_id \
         join datasets d on d.id = v.dataset_id join sample_scores x on x.scoring_id = g.id \
         where d.project_id = $1 and x.sample_id = any($2) and x.embedding is not null group by g.model_id, g.run_id \
         having count(distinct x.sample_id) = (select count(distinct s) from unnest($2::bigint[]) s) \
         order by max(g.created_at) desc limit 1",
    )
    .bind(project.0)
    .bind(&ids)
    .fetch_optional(db)
    .await?;
    let Some(model) = model else { return Ok(None) };
    let rows = sqlx::query(
        "select distinct on (x.sample_id) x.sample_id, x.embedding from scorings g join dataset_versions v on v.id = g.version_id \
         join datasets d on d.id = v.dataset_id join sample_scores x on x.scoring_id = g.id \
         where d.project_id = $1 and x.sample_id = any($2) and x.embedding is not null and g.model_id = $3 \
         and g.run_id is not distinct from $4 order by x.sample_id, g.created_at desc",
    )
    .bind(project.0)
    .bind(&ids)
    .bind(model.try_get::<uuid::Uuid, _>("model_id")?)
    .bind(model.try_get::<Option<uuid::Uuid>, _>("run_id")?)
    .fetch_all(db)
    .await?;
    let mut found: HashMap<i64, Vec<f32>> = HashMap::with_capacity(rows.len());
    for row in &rows {
        let bytes: &[u8] = row.try_get("embedding")?;
        let numbers = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        found.insert(row.try_get("sample_id")?, numbers.collect());
    }
    let length = found.values().map(Vec::len).max().unwrap_or_default();
    let all: Option<Vec<Vec<f32>>> =
        ids.iter().map(|id| found.get(id).filter(|e| e.len() == length).cloned()).collect();
    Ok(all)
}

/// A cluster that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCluster {
    pub name: String,
    pub words: Vec<String>,
    pub cases: Vec<BadCaseId>,
}

/// Keeps these clusters in the place of all that the project had; of the cases of one dataset, in the place of those that have
/// no cases of other datasets. One that takes over most of an earlier one's cases is that one still, and keeps the name that
/// people gave it.
pub async fn replace(
    db: &PgPool,
    project: ProjectId,
    dataset: Option<DatasetId>,
    clusters: &[NewCluster],
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    // Two jobs at the same time must not mix.
    sqlx::query("select from projects where id = $1 for update").bind(project.0).execute(&mut *tx).await?;
    let before = before(&mut tx, project).await?;
    let mut kept: Vec<uuid::Uuid> = Vec::with_capacity(clusters.len());
    for cluster in clusters {
        let same = cluster.same_as(&before).filter(|id| !kept.contains(id));
        let id = same.unwrap_or_else(|| ClusterId::new().0);
        sqlx::query(
            "insert into bad_case_clusters (id, project_id, name, words) values ($1, $2, $3, $4) \
             on conflict (id) do update set words = excluded.words, computed_at = now(), \
             name = case when bad_case_clusters.renamed then bad_case_clusters.name else excluded.name end",
        )
        .bind(id)
        .bind(project.0)
        .bind(&cluster.name)
        .bind(&cluster.words)
        .execute(&mut *tx)
        .await?;
        kept.push(id);
    }
    sqlx::query(
        "update bad_cases b set cluster_id = null from samples s where s.id = b.sample_id and b.project_id = $1 \
         and b.cluster_id is not null and ($2::uuid is null or s.dataset_id = $2)",
    )
    .bind(project.0)
    .bind(dataset.map(|d| d.0))
    .execute(&mut *tx)
    .await?;
    for (id, cluster) in kept.iter().zip(clusters) {
        sqlx::query("update bad_cases set cluster_id = $3 where project_id = $1 and id = any($2)")
            .bind(project.0)
            .bind(super::raw(&cluster.cases))
            .bind(id)
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query(
        "delete from bad_case_clusters c where c.project_id = $1 and not c.id = any($2) \
         and not exists (select from bad_cases b where b.cluster_id = c.id)",
    )
    .bind(project.0)
    .bind(&kept)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// In which cluster each case is.
async fn before(tx: &mut PgConnection, project: ProjectId) -> Result<HashMap<uuid::Uuid, uuid::Uuid>, StoreError> {
    let rows: Vec<(uuid::Uuid, uuid::Uuid)> =
        sqlx::query_as("select id, cluster_id from bad_cases where project_id = $1 and cluster_id is not null")
            .bind(project.0)
            .fetch_all(tx)
            .await?;
    Ok(rows.into_iter().collect())
}

impl NewCluster {
    /// The earlier cluster most of whose cases that are here still are of this one: more than half of them.
    fn same_as(&self, before: &HashMap<uuid::Uuid, uuid::Uuid>) -> Option<uuid::Uuid> {
        let mut from: BTreeMap<uuid::Uuid, usize> = BTreeMap::new();
        for cluster in self.cases.iter().filter_map(|case| before.get(&case.0)) {
            *from.entry(*cluster).or_default() += 1;
        }
        let (cluster, common) = from.into_iter().max_by_key(|(_, n)| *n)?;
        let size = before.values().filter(|c| **c == cluster).count();
        (2 * common > size).then_some(cluster)
    }
}

/// Gives a cluster a name that stays; false when the project has no such cluster.
pub async fn rename(db: &PgPool, project: ProjectId, id: ClusterId, name: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("update bad_case_clusters set name = $3, renamed = true where id = $1 and project_id = $2")
        .bind(id.0)
        .bind(project.0)
        .bind(name)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The project's clusters, largest first, 200 at most.
pub async fn list(db: &PgPool, project: ProjectId) -> Result<Vec<CaseCluster>, StoreError> {
    let rows = sqlx::query(
        "select c.id, c.name, c.renamed, c.words, c.computed_at, count(b.id) as cases from bad_case_clusters c \
         left join bad_cases b on b.cluster_id = c.id where c.project_id = $1 group by c.id \
         order by count(b.id) desc, c.name, c.id limit 200",
    )
    .bind(project.0)
    .fetch_all(db)
    .await?;
    let mut clusters = Vec::with_capacity(rows.len());
    for row in &rows {
        clusters.push(CaseCluster {
            id: ClusterId(row.try_get("id")?),
            name: row.try_get("name")?,
            renamed: row.try_get("renamed")?,
            words: row.try_get("words")?,
            cases: row.try_get("cases")?,
            confusions: Vec::new(),
            examples: Vec::new(),
            computed_at: row.try_get("computed_at")?,
        });
    }
    describe(db, project, &mut clusters).await?;
    Ok(clusters)
}

/// Adds which labels were taken for which, and a few prompts.
async fn describe(db: &PgPool, project: ProjectId, clusters: &mut [CaseCluster]) -> Result<(), StoreError> {
    let confusions = sqlx::query(
        "select * from (select b.cluster_id, b.expected, b.output, count(*) as cases, row_number() over \
            (partition by b.cluster_id order by count(*) desc, b.expected, b.output) as place \
            from bad_cases b join samples s on s.id = b.sample_id \
            where b.project_id = $1 and b.cluster_id is not null and s.label is not null \
            group by b.cluster_id, b.expected, b.output) x where place <= $2 order by cluster_id, place",
    )
    .bind(project.0)
    .bind(SHOWN as i64)
    .fetch_all(db)
    .await?;
    let examples = sqlx::query(
        "select x.cluster_id, x.id, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices from \
         (select b.cluster_id, b.id, b.sample_id, row_number() over (partition by b.cluster_id order by b.created_at, b.id) as place \
            from bad_cases b where b.project_id = $1 and b.cluster_id is not null) x \
         join samples s on s.id = x.sample_id where x.place <= $2 order by x.cluster_id, x.place",
    )
    .bind(project.0)
    .bind(SHOWN as i64)
    .fetch_all(db)
    .await?;
    for cluster in clusters {
        for row in &confusions {
            if row.try_get::<uuid::Uuid, _>("cluster_id")? == cluster.id.0 {
                cluster.confusions.push((row.try_get("expected")?, row.try_get("output")?, row.try_get("cases")?));
            }
        }
        for row in &examples {
            if row.try_get::<uuid::Uuid, _>("cluster_id")? == cluster.id.0 {
                cluster.examples.push((BadCaseId(row.try_get("id")?), prompt_of(&content(row)?)));
            }
        }
    }
    Ok(())
}
