//! What nodes are called.

use super::edges::{Ids, bad_case, evaluation, run, sample, version};
use crate::{StoreError, error::json};
use domain::{
    eval::EvalMetrics,
    id::{DatasetId, ProjectId, RunId},
    lineage::{Node, NodeId},
};
use sqlx::{PgPool, Row, postgres::PgRow};
use std::collections::BTreeSet;

/// These nodes, as far as they are the project's.
pub(super) async fn read(db: &PgPool, project: ProjectId, nodes: &BTreeSet<NodeId>) -> Result<Vec<Node>, StoreError> {
    let ids = Ids::of(nodes);
    let mut found = Vec::with_capacity(nodes.len());
    found.extend(files(db, project, &ids.files).await?);
    found.extend(versions(db, project, &ids.versions).await?);
    found.extend(runs(db, project, &ids.runs).await?);
    found.extend(evaluations(db, project, &ids.evals).await?);
    found.extend(bad_cases(db, project, &ids.bad_cases).await?);
    found.extend(samples(db, project, &ids.samples).await?);
    Ok(found)
}

fn number(row: &PgRow, name: &str) -> Result<Option<u32>, StoreError> {
    Ok(row.try_get::<Option<i32>, _>(name)?.map(i32::cast_unsigned))
}

async fn files(db: &PgPool, project: ProjectId, ids: &[String]) -> Result<Vec<Node>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<(String, String)> = sqlx::query_as(
        "select distinct on (v.origin->>'sha256') v.origin->>'sha256', v.origin->>'file_name' from dataset_versions v \
         join datasets d on d.id = v.dataset_id where d.project_id = $1 and v.origin->>'kind' = 'import' \
         and v.origin->>'sha256' = any($2) order by v.origin->>'sha256', v.created_at",
    )
    .bind(project.0)
    .bind(ids)
    .fetch_all(db)
    .await?;
    Ok(found.into_iter().map(|(sha256, name)| Node::new(NodeId::File(sha256), name)).collect())
}

async fn versions(db: &PgPool, project: ProjectId, ids: &[uuid::Uuid]) -> Result<Vec<Node>, StoreError> {
    let node = |row: &PgRow| {
        Ok(Node {
            number: number(row, "number")?,
            dataset_id: Some(DatasetId(row.try_get("dataset_id")?)),
            ..Node::new(version(row.try_get("id")?), row.try_get("name")?)
        })
    };
    sqlx::query(
        "select v.id, v.dataset_id, v.number, d.name from dataset_versions v join datasets d on d.id = v.dataset_id \
         where d.project_id = $1 and v.id = any($2)",
    )
    .bind(project.0)
    .bind(ids)
    .fetch_all(db)
    .await?
    .iter()
    .map(node)
    .collect()
}

async fn runs(db: &PgPool, project: ProjectId, ids: &[uuid::Uuid]) -> Result<Vec<Node>, StoreError> {
    let node = |row: &PgRow| {
        Ok(Node {
            number: number(row, "number")?,
            status: row.try_get("status")?,
            ..Node::new(run(row.try_get("id")?), row.try_get("name")?)
        })
    };
    sqlx::query("select id, number, name, status from runs where project_id = $1 and id = any($2)")
        .bind(project.0)
        .bind(ids)
        .fetch_all(db)
        .await?
        .iter()
        .map(node)
        .collect()
}

async fn evaluations(db: &PgPool, project: ProjectId, ids: &[uuid::Uuid]) -> Result<Vec<Node>, StoreError> {
    let node = |row: &PgRow| {
        let metrics: Option<EvalMetrics> = json(row.try_get("metrics")?).ok();
        let headline = metrics.as_ref().map(EvalMetrics::headline);
        Ok(Node {
            number: number(row, "number")?,
            metric: headline.map(|(metric, _)| metric.to_owned()),
            value: headline.map(|(_, value)| value),
            run_id: Some(RunId(row.try_get("run_id")?)),
            ..Node::new(evaluation(row.try_get("id")?), row.try_get("name")?)
        })
    };
    sqlx::query(
        "select e.id, e.run_id, e.metrics, r.number, r.name from evals e join runs r on r.id = e.run_id \
         where e.project_id = $1 and e.id = any($2)",
    )
    .bind(project.0)
    .bind(ids)
    .fetch_all(db)
    .await?
    .iter()
    .map(node)
    .collect()
}

async fn bad_cases(db: &PgPool, project: ProjectId, ids: &[uuid::Uuid]) -> Result<Vec<Node>, StoreError> {
    let node = |row: &PgRow| {
        Ok(Node {
            status: row.try_get("status")?,
            run_id: row.try_get::<Option<uuid::Uuid>, _>("run_id")?.map(RunId),
            ..Node::new(bad_case(row.try_get("id")?), String::new())
        })
    };
    sqlx::query("select id, status, run_id from bad_cases where project_id = $1 and id = any($2)")
        .bind(project.0)
        .bind(ids)
        .fetch_all(db)
        .await?
        .iter()
        .map(node)
        .collect()
}

async fn samples(db: &PgPool, project: ProjectId, ids: &[i64]) -> Result<Vec<Node>, StoreError> {
    let node = |row: &PgRow| {
        Ok(Node {
            dataset_id: Some(DatasetId(row.try_get("dataset_id")?)),
            version_number: number(row, "version_number")?,
            ..Node::new(sample(row.try_get("id")?), row.try_get("name")?)
        })
    };
    sqlx::query(
        "select s.id, s.dataset_id, d.name, (select min(v.number) from version_samples vs join dataset_versions v on v.id = vs.version_id \
            where vs.sample_id = s.id and v.dataset_id = s.dataset_id) as version_number \
         from samples s join datasets d on d.id = s.dataset_id where d.project_id = $1 and s.id = any($2)",
    )
    .bind(project.0)
    .bind(ids)
    .fetch_all(db)
    .await?
    .iter()
    .map(node)
    .collect()
}
