//! The graph of what led to what. `edges` knows what is next to a node in either direction; the graph holds all that
//! something came from and all that it led to, and beside those the versions and runs made of the same versions.

mod edges;
mod nodes;

use crate::StoreError;
use domain::{
    id::ProjectId,
    lineage::{Edge, Lineage, MAX_NODES, NodeId},
};
use edges::{Direction, Near, next};
use sqlx::PgPool;
use std::collections::BTreeSet;

/// Steps in one direction; a chain of versions, runs and corrections is shorter than the nodes that are shown.
const MAX_STEPS: usize = MAX_NODES;

/// What one of the project's things came from and what it led to; `None` when the project has no such thing.
pub async fn of(db: &PgPool, project: ProjectId, item: &NodeId) -> Result<Option<Lineage>, StoreError> {
    let is_there = !nodes::read(db, project, &[item.clone()].into()).await?.is_empty();
    if !is_there {
        return Ok(None);
    }
    let mut graph = Graph { found: [item.clone()].into(), edges: BTreeSet::new(), is_cut: false };
    for direction in [Direction::Back, Direction::On] {
        graph.walk(db, project, item, direction).await?;
    }
    let path = graph.found.clone();
    let versions: BTreeSet<NodeId> = path.iter().filter(|id| matches!(id, NodeId::Version(_))).cloned().collect();
    let beside = next(db, project, &versions, Direction::On, false).await?;
    let beside = Near { edges: beside.edges.into_iter().filter(|edge| !path.contains(&edge.to)).collect(), ..beside };
    graph.take(beside, Direction::On);
    let mut nodes = nodes::read(db, project, &graph.found).await?;
    for node in &mut nodes {
        node.on_path = path.contains(&node.id);
    }
    Ok(Some(Lineage::new(item.clone(), nodes, graph.edges, graph.is_cut)))
}

struct Graph {
    found: BTreeSet<NodeId>,
    edges: BTreeSet<Edge>,
    is_cut: bool,
}

impl Graph {
    /// Everything in one direction.
    async fn walk(
        &mut self,
        db: &PgPool,
        project: ProjectId,
        item: &NodeId,
        direction: Direction,
    ) -> Result<(), StoreError> {
        let mut border: BTreeSet<NodeId> = [item.clone()].into();
        for _ in 0..MAX_STEPS {
            if border.is_empty() {
                break;
            }
            // Samples are followed one by one only from a sample: a version has too many of them.
            let near = next(db, project, &border, direction, matches!(item, NodeId::Sample(_))).await?;
            border = self.take(near, direction);
        }
        Ok(())
    }

    /// Adds what is near; the nodes that are new.
    fn take(&mut self, near: Near, direction: Direction) -> BTreeSet<NodeId> {
        self.is_cut |= near.is_cut;
        let mut new = BTreeSet::new();
        for edge in near.edges {
            let node = match direction {
                Direction::Back => &edge.from,
                Direction::On => &edge.to,
            };
            if !self.found.contains(node) {
                if self.found.len() >= MAX_NODES {
                    self.is_cut = true;
                    continue;
                }
                self.found.insert(node.clone());
                new.insert(node.clone());
            }
            self.edges.insert(edge);
        }
        new
    }
}
