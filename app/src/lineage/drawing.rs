//! The graph as an SVG: each node is a link with its whole name, lines lead from left to right.

use super::{
    address,
    layout::{HEIGHT, WIDTH, layout},
    text,
};
use crate::text::lang;
use domain::{
    id::ProjectId,
    lineage::{Edge, Lineage, Node},
};
use leptos::prelude::*;
use std::collections::BTreeSet;

/// Letters of a name that fit into a node; Chinese ones count twice.
const NAME_WIDTH: usize = 22;

/// The drawing, in a box that scrolls sideways.
pub(super) fn drawing(project: ProjectId, lineage: &Lineage) -> impl IntoView + use<> {
    let l = lang();
    let drawn = layout(lineage);
    let on_path: BTreeSet<_> = lineage.nodes.iter().filter(|node| node.on_path).map(|node| &node.id).collect();
    let lines = lineage.edges.iter().filter_map(|edge| {
        let Edge { from, to } = edge;
        let is_on_path = on_path.contains(from) && on_path.contains(to);
        let class = if is_on_path { "lineage-edge lineage-path" } else { "lineage-edge" };
        let (start, end) = (drawn.at.get(from)?, drawn.at.get(to)?);
        Some(view! { <path class=class d=curve(*start, *end)></path> })
    });
    let lines = lines.collect_view();
    let boxes = lineage.nodes.iter().filter_map(|node| {
        let place = *drawn.at.get(&node.id)?;
        Some(shape(project, node, place, node.id == lineage.of))
    });
    let boxes = boxes.collect_view();
    view! {
        <div class="lineage" tabindex="0" role="group" aria-label=text::graph(l)>
            <svg width=drawn.width height=drawn.height viewBox=format!("0 0 {} {}", drawn.width, drawn.height) role="group" aria-label=text::graph(l)>
                {lines}
                {boxes}
            </svg>
        </div>
    }
}

/// From the right side of a node to the left side of another.
fn curve(from: (u32, u32), to: (u32, u32)) -> String {
    let (x1, y1) = (from.0 + WIDTH, from.1 + HEIGHT / 2);
    let (x2, y2) = (to.0, to.1 + HEIGHT / 2);
    let middle = x1.midpoint(x2);
    format!("M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}")
}

fn shape(project: ProjectId, node: &Node, (x, y): (u32, u32), is_item: bool) -> impl IntoView + use<> {
    let l = lang();
    let name = text::node(l, node);
    let (kind, detail) = (text::kind(l, &node.id), text::detail(l, node));
    let second = if detail.is_empty() { kind.to_owned() } else { format!("{kind} · {detail}") };
    let state = match (is_item, node.on_path) {
        (true, _) => " lineage-item",
        (false, true) => " lineage-path",
        (false, false) => "",
    };
    let class = format!("lineage-node lineage-{}{state}", node.id.kind());
    let whole = format!("{second}: {name}");
    let said = whole.clone();
    view! {
        <a href=address(project, node) class=class aria-label=said aria-current=is_item.then_some("true")>
            <title>{whole}</title>
            <rect x=x y=y width=WIDTH height=HEIGHT rx="6"></rect>
            <text x={x + 10} y={y + 19} class="lineage-name">{shortened(&name)}</text>
            <text x={x + 10} y={y + 35} class="lineage-kind">{shortened(&second)}</text>
        </a>
    }
}

/// As much of a name as fits.
fn shortened(name: &str) -> String {
    let mut used = 0;
    let mut out = String::new();
    for c in name.chars() {
        used += if c.is_ascii() { 1 } else { 2 };
        if used > NAME_WIDTH {
            out.push('…');
            break;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_into_their_nodes() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened(&"x".repeat(40)), format!("{}…", "x".repeat(22)));
        assert_eq!(shortened(&"字".repeat(40)), format!("{}…", "字".repeat(11)));
    }
}
