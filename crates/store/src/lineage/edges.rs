//! What is next to a node: one statement for each kind of edge.

use crate::StoreError;
use domain::{
    id::{BadCaseId, EvalId, ProjectId, RunId, SampleId, VersionId},
    lineage::{Edge, MAX_FAN, NodeId},
};
use sqlx::{PgPool, Row, postgres::PgRow};
use std::collections::{BTreeMap, BTreeSet};

/// Whether one asks what something came from, or what it led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Back,
    On,
}

/// What was found around some nodes.
#[derive(Default)]
pub(super) struct Near {
    pub(super) edges: Vec<Edge>,
    /// Whether more is there than was taken.
    pub(super) is_cut: bool,
}

/// The ids of some nodes by kind.
#[derive(Default)]
pub(super) struct Ids {
    pub(super) files: Vec<String>,
    pub(super) versions: Vec<uuid::Uuid>,
    pub(super) runs: Vec<uuid::Uuid>,
    pub(super) evals: Vec<uuid::Uuid>,
    pub(super) bad_cases: Vec<uuid::Uuid>,
    pub(super) samples: Vec<i64>,
}

impl Ids {
    pub(super) fn of(nodes: &BTreeSet<NodeId>) -> Self {
        let mut ids = Self::default();
        for node in nodes {
            match node {
                NodeId::File(sha256) => ids.files.push(sha256.clone()),
                NodeId::Version(id) => ids.versions.push(id.0),
                NodeId::Run(id) => ids.runs.push(id.0),
                NodeId::Evaluation(id) => ids.evals.push(id.0),
                NodeId::BadCase(id) => ids.bad_cases.push(id.0),
                NodeId::Sample(id) => ids.samples.push(id.0),
            }
        }
        ids
    }
}

/// Every edge as `from_kind, from_id, to_kind, to_id`, all text, that ends in `$2` versions, `$3` runs, `$4` evaluations,
/// `$5` bad cases, `$6` samples; `$7` whether samples are followed to samples; `$1` the project.
const BACK: &str = "
    select 'version', parent_id::text, 'version', id::text from dataset_versions where id = any($2) and parent_id is not null
    union select 'version', s->>'version_id', 'version', v.id::text from dataset_versions v,
        jsonb_array_elements(case when v.origin->>'kind' = 'merge' then v.origin->'sources' else '[]' end) s where v.id = any($2)
    union select 'file', origin->>'sha256', 'version', id::text from dataset_versions where id = any($2) and origin->>'kind' = 'import'
    union select 'sample', corrected_sample_id::text, 'version', corrected_version_id::text from bad_cases
        where project_id = $1 and corrected_version_id = any($2) and corrected_sample_id is not null
    union select 'version', version_id::text, 'run', id::text from runs where id = any($3)
    union select 'run', continues::text, 'run', id::text from runs where id = any($3) and continues is not null
    union select 'run', run_id::text, 'evaluation', id::text from evals where id = any($4)
    union select 'evaluation', eval_id::text, 'bad_case', id::text from bad_cases where id = any($5) and eval_id is not null
    union select 'bad_case', bad_case_id::text, 'sample', id::text from samples where id = any($6) and bad_case_id is not null
    union select 'sample', parent_id::text, 'sample', id::text from samples where $7 and id = any($6) and parent_id is not null
    union select 'file', f.sha256, 'sample', s.id::text from samples s cross join lateral
        (select v.origin->>'sha256' as sha256 from version_samples vs join dataset_versions v on v.id = vs.version_id
            where vs.sample_id = s.id and v.origin->>'kind' = 'import' order by v.created_at limit 1) f
        where $7 and s.id = any($6) and s.parent_id is null";

/// The same for edges that begin there; `$8` files.
const ON: &str = "
    select 'file', v.origin->>'sha256', 'version', v.id::text from dataset_versions v join datasets d on d.id = v.dataset_id
        where d.project_id = $1 and v.origin->>'kind' = 'import' and v.origin->>'sha256' = any($8)
    union select 'version', parent_id::text, 'version', id::text from dataset_versions where parent_id = any($2)
    union select 'version', s->>'version_id', 'version', v.id::text from dataset_versions v join datasets d on d.id = v.dataset_id,
        jsonb_array_elements(case when v.origin->>'kind' = 'merge' then v.origin->'sources' else '[]' end) s
        where d.project_id = $1 and (s->>'version_id')::uuid = any($2)
    union select 'version', version_id::text, 'run', id::text from runs where version_id = any($2)
    union select 'run', continues::text, 'run', id::text from runs where project_id = $1 and continues = any($3)
    union select 'run', run_id::text, 'evaluation', id::text from evals where run_id = any($3) and subject = 'tuned'
    union select 'evaluation', eval_id::text, 'bad_case', id::text from bad_cases
        where project_id = $1 and eval_id = any($4) and corrected_sample_id is not null
    union select 'bad_case', id::text, 'sample', corrected_sample_id::text from bad_cases where id = any($5) and corrected_sample_id is not null
    union select 'sample', s.id::text, 'version', f.id::text from samples s cross join lateral
        (select distinct on (v.dataset_id) v.id from version_samples vs join dataset_versions v on v.id = vs.version_id
            where vs.sample_id = s.id order by v.dataset_id, v.number) f where s.id = any($6)
    union select 'sample', parent_id::text, 'sample', id::text from samples where $7 and parent_id = any($6)
    union select 'sample', sample_id::text, 'bad_case', id::text from bad_cases where $7 and project_id = $1 and sample_id = any($6)";

/// What these nodes came from, or what they led to.
pub(super) async fn next(
    db: &PgPool,
    project: ProjectId,
    nodes: &BTreeSet<NodeId>,
    direction: Direction,
    samples: bool,
) -> Result<Near, StoreError> {
    let ids = Ids::of(nodes);
    let statement = match direction {
        Direction::Back => BACK,
        Direction::On => ON,
    };
    let mut query = sqlx::query(statement)
        .bind(project.0)
        .bind(ids.versions)
        .bind(ids.runs)
        .bind(ids.evals)
        .bind(ids.bad_cases)
        .bind(ids.samples)
        .bind(samples);
    if direction == Direction::On {
        query = query.bind(ids.files);
    }
    let edges = query.fetch_all(db).await?.iter().map(edge).collect::<Result<Vec<_>, _>>()?;
    Ok(fanned(edges, direction))
}

fn edge(row: &PgRow) -> Result<Edge, StoreError> {
    let node = |kind: usize| -> Result<NodeId, StoreError> {
        let (kind, id): (String, String) = (row.try_get(kind)?, row.try_get(kind + 1)?);
        format!("{kind}:{id}").parse().map_err(|e: domain::lineage::NoNode| StoreError::Corrupt(e.to_string()))
    };
    Ok(Edge { from: node(0)?, to: node(2)? })
}

/// The first edges of each kind around each node.
fn fanned(mut edges: Vec<Edge>, direction: Direction) -> Near {
    edges.sort();
    let mut counts: BTreeMap<(NodeId, &'static str), usize> = BTreeMap::new();
    let mut near = Near::default();
    for edge in edges {
        let key = match direction {
            Direction::Back => (edge.to.clone(), edge.from.kind()),
            Direction::On => (edge.from.clone(), edge.to.kind()),
        };
        let count = counts.entry(key).or_default();
        *count += 1;
        if *count <= MAX_FAN {
            near.edges.push(edge);
        } else {
            near.is_cut = true;
        }
    }
    near
}

/// A node by its column, for the queries that read nodes.
pub(super) fn version(id: uuid::Uuid) -> NodeId {
    NodeId::Version(VersionId(id))
}

pub(super) fn run(id: uuid::Uuid) -> NodeId {
    NodeId::Run(RunId(id))
}

pub(super) fn evaluation(id: uuid::Uuid) -> NodeId {
    NodeId::Evaluation(EvalId(id))
}

pub(super) fn bad_case(id: uuid::Uuid) -> NodeId {
    NodeId::BadCase(BadCaseId(id))
}

pub(super) fn sample(id: i64) -> NodeId {
    NodeId::Sample(SampleId(id))
}
