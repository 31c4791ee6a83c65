//! How things led to each other: file → version → run → evaluation → bad case → corrected sample → version.

use crate::id::{BadCaseId, DatasetId, EvalId, RunId, SampleId, VersionId};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

/// Nodes of one graph at most.
pub const MAX_NODES: usize = 200;
/// Nodes of one kind that one node leads to, or comes from, at most.
pub const MAX_FAN: usize = 25;

/// What a node stands for. Written `kind:id`, such as `version:0190…` or `sample:17`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeId {
    /// By its SHA-256.
    File(String),
    Version(VersionId),
    Run(RunId),
    Evaluation(EvalId),
    BadCase(BadCaseId),
    Sample(SampleId),
}

impl NodeId {
    /// The word for its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Version(_) => "version",
            Self::Run(_) => "run",
            Self::Evaluation(_) => "evaluation",
            Self::BadCase(_) => "bad_case",
            Self::Sample(_) => "sample",
        }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.kind())?;
        match self {
            Self::File(sha256) => f.write_str(sha256),
            Self::Version(id) => id.fmt(f),
            Self::Run(id) => id.fmt(f),
            Self::Evaluation(id) => id.fmt(f),
            Self::BadCase(id) => id.fmt(f),
            Self::Sample(id) => id.fmt(f),
        }
    }
}

/// A text that names no node.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} names nothing: expected KIND:ID, where KIND is file, version, run, evaluation, bad_case or sample")]
pub struct NoNode(pub String);

impl FromStr for NodeId {
    type Err = NoNode;
    fn from_str(s: &str) -> Result<Self, NoNode> {
        let no = || NoNode(s.to_owned());
        let (kind, id) = s.split_once(':').ok_or_else(no)?;
        Ok(match kind {
            "file" if id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()) => Self::File(id.to_lowercase()),
            "version" => Self::Version(id.parse().map_err(|_| no())?),
            "run" => Self::Run(id.parse().map_err(|_| no())?),
            "evaluation" => Self::Evaluation(id.parse().map_err(|_| no())?),
            "bad_case" => Self::BadCase(id.parse().map_err(|_| no())?),
            "sample" => Self::Sample(id.parse().map_err(|_| no())?),
            _ => return Err(no()),
        })
    }
}

impl Serialize for NodeId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One thing in the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Node {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: NodeId,
    /// Its name: of a file, a dataset or a run.
    pub title: String,
    /// Of a version, a run or an evaluation's run.
    pub number: Option<u32>,
    /// Of a run or a bad case.
    pub status: Option<String>,
    /// Of an evaluation: the metric that runs are sorted by, and its value.
    pub metric: Option<String>,
    pub value: Option<f64>,
    /// Of a version or a sample.
    pub dataset_id: Option<DatasetId>,
    /// Of a sample: the first version that has it.
    pub version_number: Option<u32>,
    /// Of an evaluation or a bad case.
    pub run_id: Option<RunId>,
    /// Steps from the start of the graph, along the longest way.
    pub generation: u32,
    /// Whether what was asked for came from it, or led to it. Others are neighbours.
    pub on_path: bool,
}

impl Node {
    /// A node of which only the name is known.
    #[must_use]
    pub fn new(id: NodeId, title: String) -> Self {
        Self {
            id,
            title,
            number: None,
            status: None,
            metric: None,
            value: None,
            dataset_id: None,
            version_number: None,
            run_id: None,
            generation: 0,
            on_path: true,
        }
    }
}

/// One thing led to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Edge {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub from: NodeId,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub to: NodeId,
}

/// What something came from and what it led to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lineage {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub of: NodeId,
    /// By generation.
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
    /// Whether something was left out: at most 200 nodes are told, and 25 of a kind around one node.
    pub is_cut: bool,
}

impl Lineage {
    /// Puts the graph together: edges between nodes that are there, and nodes in the order of their generations.
    #[must_use]
    pub fn new(of: NodeId, mut nodes: Vec<Node>, edges: BTreeSet<Edge>, is_cut: bool) -> Self {
        let known: BTreeSet<&NodeId> = nodes.iter().map(|node| &node.id).collect();
        let edges: Vec<Edge> =
            edges.into_iter().filter(|edge| known.contains(&edge.from) && known.contains(&edge.to)).collect();
        let generations = generations(nodes.iter().map(|node| &node.id), &edges);
        for node in &mut nodes {
            node.generation = generations.get(&node.id).copied().unwrap_or_default();
        }
        nodes.sort_by(|a, b| a.generation.cmp(&b.generation).then_with(|| a.id.cmp(&b.id)));
        Self { of, nodes, edges, is_cut }
    }
}

/// How far each node is from the start, along the longest way. What nothing leads to stands right before the first that it
/// leads to. Nothing leads back to itself; were it so, the walk would still end.
fn generations<'a>(nodes: impl Iterator<Item = &'a NodeId>, edges: &[Edge]) -> BTreeMap<NodeId, u32> {
    let mut of: BTreeMap<NodeId, u32> = nodes.map(|id| (id.clone(), 0)).collect();
    for _ in 0..of.len() {
        let mut is_done = true;
        for edge in edges {
            let (from, to) = (of[&edge.from], of[&edge.to]);
            if to <= from && from < MAX_NODES as u32 {
                of.insert(edge.to.clone(), from + 1);
                is_done = false;
            }
        }
        if is_done {
            break;
        }
    }
    let targets: BTreeSet<&NodeId> = edges.iter().map(|edge| &edge.to).collect();
    let starts: Vec<NodeId> = of.keys().filter(|id| !targets.contains(id)).cloned().collect();
    for id in starts {
        let next = edges.iter().filter(|edge| edge.from == id).map(|edge| of[&edge.to]).min();
        if let Some(next) = next {
            of.insert(id, next.saturating_sub(1));
        }
    }
    of
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(n: i64) -> NodeId {
        NodeId::Sample(SampleId(n))
    }

    fn graph(n: i64, edges: &[(i64, i64)]) -> Lineage {
        let nodes = (0..n).map(|i| Node::new(sample(i), String::new())).collect();
        let edges = edges.iter().map(|(a, b)| Edge { from: sample(*a), to: sample(*b) }).collect();
        Lineage::new(sample(0), nodes, edges, false)
    }

    #[test]
    fn nodes_read_back() {
        let ids = [
            NodeId::File("ab".repeat(32)),
            NodeId::Version(VersionId::new()),
            NodeId::Run(RunId::new()),
            NodeId::Evaluation(EvalId::new()),
            NodeId::BadCase(BadCaseId::new()),
            sample(7),
        ];
        for id in ids {
            assert_eq!(id.to_string().parse::<NodeId>().ok(), Some(id));
        }
        for bad in ["", "sample", "sample:x", "file:../x", "model:1"] {
            assert!(bad.parse::<NodeId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn generations_follow_the_longest_way() {
        let lineage = graph(5, &[(0, 1), (1, 2), (0, 2), (4, 2), (9, 2)]);
        let found: Vec<_> = lineage.nodes.iter().map(|node| (node.id.clone(), node.generation)).collect();
        // 4 stands beside 1, right before what it leads to; 3 is alone.
        assert_eq!(found, [(sample(0), 0), (sample(3), 0), (sample(1), 1), (sample(4), 1), (sample(2), 2)]);
        assert_eq!(lineage.edges.len(), 4, "an edge from nowhere is left out");
    }

    #[test]
    fn a_circle_does_not_hang() {
        assert_eq!(graph(3, &[(0, 1), (1, 2), (2, 0)]).nodes.len(), 3);
    }
}
