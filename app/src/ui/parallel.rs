//! Parallel coordinates as an SVG that the server draws: one vertical line per dimension, one line
//! across them per item. Knows no domain; colours are classes of the style sheet.

use leptos::prelude::*;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 280.0;
const SIDE: f64 = 70.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 20.0;

/// A vertical line with its marks: how high in [0, 1], and what stands there.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    pub name: String,
    pub marks: Vec<(f64, String)>,
}

/// An item: how high it is on each dimension, how good from 0 to 4, where it leads, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub heights: Vec<f64>,
    pub tone: usize,
    pub href: String,
    pub title: String,
}

/// The drawing. It scrolls sideways where the page is narrow.
#[component]
pub fn Parallel(#[prop(into)] title: String, dimensions: Vec<Dimension>, items: Vec<Item>) -> impl IntoView {
    let gap = (WIDTH - 2.0 * SIDE) / (dimensions.len().max(2) - 1) as f64;
    let x = move |i: usize| SIDE + gap * i as f64;
    let y = |height: f64| HEIGHT - BOTTOM - height * (HEIGHT - TOP - BOTTOM);
    let axes = dimensions.into_iter().enumerate().map(|(i, d)| {
        // Names take turns on two lines, so that neighbours do not run into each other.
        let name_y = if i % 2 == 0 { 12 } else { 26 };
        let marks = d
            .marks
            .into_iter()
            .map(|(h, words)| view! { <text class="parallel-mark" x=x(i) + 5.0 y=y(h) + 4.0>{words}</text> });
        view! {
            <g>
                <line class="parallel-axis" x1=x(i) x2=x(i) y1=y(0.0) y2=y(1.0)></line>
                <text class="parallel-name" x=x(i) y=name_y text-anchor="middle">{d.name}</text>
                {marks.collect_view()}
            </g>
        }
    });
    let lines = items.into_iter().map(|item| {
        let points: Vec<_> = item.heights.iter().enumerate().map(|(i, h)| format!("{:.1},{:.1}", x(i), y(*h))).collect();
        view! {
            <a href=item.href>
                <polyline class=format!("parallel-line parallel-{}", item.tone) points=points.join(" ")><title>{item.title}</title></polyline>
            </a>
        }
    });
    view! {
        <div class="parallel">
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=title>{lines.collect_view()}{axes.collect_view()}</svg>
        </div>
    }
}
