//! A scatter plot as an SVG that the server draws. Every dot is a link; colours are classes of the style sheet.

use leptos::prelude::*;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 48.0;

/// An axis with its marks: how far along in [0, 1], and what stands there.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    pub name: String,
    pub marks: Vec<(f64, String)>,
}

/// A dot: where it is in [0, 1], the class of its colour, where it leads, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    pub x: f64,
    pub y: f64,
    pub tone: Option<String>,
    pub href: String,
    pub title: String,
}

/// The drawing. It scrolls sideways where the page is narrow. `legend` holds classes of colours with what they mean.
#[component]
pub fn Scatter(
    #[prop(into)] title: String,
    across: Side,
    up: Side,
    dots: Vec<Dot>,
    legend: Vec<(String, String)>,
) -> impl IntoView {
    let x = |at: f64| LEFT + at * (WIDTH - LEFT - RIGHT);
    let y = |at: f64| HEIGHT - BOTTOM - at * (HEIGHT - TOP - BOTTOM);
    let across_marks = across.marks.into_iter().map(|(at, words)| {
        view! {
            <line class="scatter-grid" x1=x(at) x2=x(at) y1=y(0.0) y2=y(1.0)></line>
            <text class="scatter-mark" x=x(at) y=y(0.0) + 16.0 text-anchor="middle">{words}</text>
        }
    });
    let up_marks = up.marks.into_iter().map(|(at, words)| {
        view! {
            <line class="scatter-grid" x1=x(0.0) x2=x(1.0) y1=y(at) y2=y(at)></line>
            <text class="scatter-mark" x=x(0.0) - 6.0 y=y(at) + 4.0 text-anchor="end">{words}</text>
        }
    });
    let dots = dots.into_iter().map(|dot| {
        let class = format!("scatter-dot {}", dot.tone.unwrap_or_default());
        view! {
            <a href=dot.href>
                <circle class=class cx=format!("{:.1}", x(dot.x)) cy=format!("{:.1}", y(dot.y)) r="4"><title>{dot.title}</title></circle>
            </a>
        }
    });
    let keys = legend.into_iter().map(|(class, words)| {
        view! {
            <li>
                <svg class="scatter-key" viewBox="0 0 10 10" aria-hidden="true"><circle class=format!("scatter-dot {class}") cx="5" cy="5" r="4"></circle></svg>
                <bdi>{words}</bdi>
            </li>
        }
    });
    let keys = keys.collect_view();
    let has_keys = !keys.is_empty();
    view! {
        <div class="scatter">
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=title>
                {across_marks.collect_view()}
                {up_marks.collect_view()}
                <text class="scatter-name" x=x(0.5) y=HEIGHT - 8.0 text-anchor="middle">{across.name}</text>
                <text class="scatter-name" x="8" y="16">{up.name}</text>
                {dots.collect_view()}
            </svg>
        </div>
        {has_keys.then(|| view! { <ul class="scatter-legend">{keys}</ul> })}
    }
}
