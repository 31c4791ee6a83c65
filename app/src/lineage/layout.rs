//! Where nodes stand: generations from left to right, and in each an order in which lines cross little (each node is put
//! at the mean place of its neighbours, over and again: Sugiyama, Tagawa & Toda 1981).

use domain::lineage::{Lineage, NodeId};
use std::collections::BTreeMap;

/// Size of a node and the space between nodes, in units of the drawing.
pub(super) const WIDTH: u32 = 168;
pub(super) const HEIGHT: u32 = 44;
const GAP_X: u32 = 56;
const GAP_Y: u32 = 14;
/// Around everything, for the outline of a node that has the focus.
const MARGIN: u32 = 6;
/// Times that the order of all generations is improved, forwards and backwards.
const SWEEPS: usize = 4;

/// Upper left corners, and the size of the whole drawing.
pub(super) struct Layout {
    pub(super) at: BTreeMap<NodeId, (u32, u32)>,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Places every node.
pub(super) fn layout(lineage: &Lineage) -> Layout {
    let mut columns = columns(lineage);
    for _ in 0..SWEEPS {
        let forwards: Vec<usize> = (1..columns.len()).collect();
        let backwards: Vec<usize> = (0..columns.len().saturating_sub(1)).rev().collect();
        forwards.into_iter().for_each(|i| order(lineage, &mut columns, i, true));
        backwards.into_iter().for_each(|i| order(lineage, &mut columns, i, false));
    }
    let most = columns.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let height = 2 * MARGIN + most * (HEIGHT + GAP_Y);
    let mut at = BTreeMap::new();
    for (i, column) in columns.iter().enumerate() {
        let used = column.len() as u32 * (HEIGHT + GAP_Y);
        let top = (height - used) / 2;
        for (j, id) in column.iter().enumerate() {
            let place = (MARGIN + i as u32 * (WIDTH + GAP_X), top + j as u32 * (HEIGHT + GAP_Y));
            at.insert(id.clone(), place);
        }
    }
    let width = 2 * MARGIN + columns.len() as u32 * (WIDTH + GAP_X);
    Layout { at, width: width.saturating_sub(GAP_X), height }
}

fn columns(lineage: &Lineage) -> Vec<Vec<NodeId>> {
    let last = lineage.nodes.iter().map(|node| node.generation).max().map_or(0, |n| n as usize + 1);
    let mut columns = vec![Vec::new(); last];
    for node in &lineage.nodes {
        columns[node.generation as usize].push(node.id.clone());
    }
    columns
}

/// Orders one column by the mean height of each node's neighbours on the left, or on the right.
fn order(lineage: &Lineage, columns: &mut [Vec<NodeId>], column: usize, by_left: bool) {
    let mut heights: BTreeMap<&NodeId, f64> = BTreeMap::new();
    for ids in columns.iter() {
        for (i, id) in ids.iter().enumerate() {
            heights.insert(id, (i as f64 + 0.5) / ids.len() as f64);
        }
    }
    let mut keyed: Vec<(f64, NodeId)> = columns[column]
        .iter()
        .map(|id| {
            let near = lineage.edges.iter().filter_map(|edge| match by_left {
                true => (edge.to == *id).then_some(&edge.from),
                false => (edge.from == *id).then_some(&edge.to),
            });
            let near: Vec<f64> = near.filter_map(|other| heights.get(other).copied()).collect();
            let mean = near.iter().sum::<f64>() / near.len().max(1) as f64;
            (if near.is_empty() { heights[id] } else { mean }, id.clone())
        })
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    columns[column] = keyed.into_iter().map(|(_, id)| id).collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        id::SampleId,
        lineage::{Edge, Node},
    };

    fn sample(n: i64) -> NodeId {
        NodeId::Sample(SampleId(n))
    }

    #[test]
    fn lines_that_need_not_cross_do_not() {
        // 0 → 13, 1 → 12, 2 → 11: by their ids all lines would cross.
        let edges = (0..3).map(|i| Edge { from: sample(i), to: sample(13 - i) }).collect();
        let nodes = [0, 1, 2, 11, 12, 13].map(|i| Node::new(sample(i), String::new())).to_vec();
        let lineage = Lineage::new(sample(0), nodes, edges, false);
        let places = layout(&lineage).at;
        let heights = |id: i64| places[&sample(id)].1;
        let falls = (heights(0) < heights(1)) == (heights(13) < heights(12));
        assert!(falls && (heights(1) < heights(2)) == (heights(12) < heights(11)));
        assert!(places[&sample(0)].0 + WIDTH < places[&sample(13)].0);
    }

    #[test]
    fn no_two_nodes_overlap() {
        let edges = (1..10).map(|i| Edge { from: sample(0), to: sample(i) }).collect();
        let nodes = (0..10).map(|i| Node::new(sample(i), String::new())).collect();
        let drawn = layout(&Lineage::new(sample(0), nodes, edges, false));
        let mut places: Vec<_> = drawn.at.values().copied().collect();
        assert!(places.iter().all(|(x, y)| x + WIDTH <= drawn.width && y + HEIGHT <= drawn.height));
        places.sort_unstable();
        assert!(places.windows(2).all(|p| p[0].0 != p[1].0 || p[1].1 - p[0].1 >= HEIGHT));
    }
}
