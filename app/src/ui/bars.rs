//! Stacked bars as an SVG that the server draws: one bar per column, one part per series. Knows no domain; colours are classes of
//! the style sheet.

use leptos::prelude::*;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 40.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;
/// Widest bar.
const BAR: f64 = 48.0;
/// Colours that the style sheet has; what comes after shares the last one.
pub const COLOURS: usize = 6;
/// Columns whose names fit below them.
const NAMED: usize = 16;

/// A bar: its name, and how much of each series it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub name: String,
    pub parts: Vec<i64>,
}

/// The drawing with its legend. It shrinks with the page.
#[component]
pub fn StackedBars(#[prop(into)] title: String, series: Vec<String>, bars: Vec<Bar>) -> impl IntoView {
    let most = bars.iter().map(|bar| bar.parts.iter().sum::<i64>()).max().unwrap_or_default().max(1);
    let step = (WIDTH - LEFT) / bars.len().max(1) as f64;
    let width = (step * 0.7).min(BAR);
    let y = move |n: i64| HEIGHT - BOTTOM - n as f64 / most as f64 * (HEIGHT - TOP - BOTTOM);
    let every = bars.len().div_ceil(NAMED).max(1);
    let drawn = bars.into_iter().enumerate().map(|(i, bar)| {
        let x = LEFT + step * (i as f64 + 0.5);
        let name = i.is_multiple_of(every).then(
            || view! { <text class="bar-name" x=x y=HEIGHT - 8.0 text-anchor="middle">{bar.name.clone()}</text> },
        );
        view! { <g>{parts(&bar, &series, (x - width / 2.0, width), &y)}{name}</g> }
    });
    let drawn = drawn.collect_view();
    let marks = [0, most / 2, most].into_iter().enumerate().filter(|(i, n)| *i == 0 || *n > 0).map(|(_, n)| {
        view! {
            <g>
                <line class="bar-line" x1=LEFT x2=WIDTH y1=y(n) y2=y(n)></line>
                <text class="bar-name" x=LEFT - 6.0 y=y(n) + 4.0 text-anchor="end">{n.to_string()}</text>
            </g>
        }
    });
    let marks = marks.collect_view();
    let legend = series.into_iter().enumerate().map(|(i, name)| {
        view! { <li><span class=format!("bar-swatch bar-swatch-{}", colour(i))></span><bdi>{name}</bdi></li> }
    });
    view! {
        <figure class="bars">
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=title>{marks}{drawn}</svg>
            <ul class="bar-legend">{legend.collect_view()}</ul>
        </figure>
    }
}

/// The parts of a bar, the first series at the bottom.
fn parts(bar: &Bar, series: &[String], (x, width): (f64, f64), y: &dyn Fn(i64) -> f64) -> AnyView {
    let mut below = 0;
    let parts = bar.parts.iter().enumerate().filter(|(_, n)| **n > 0).map(|(i, n)| {
        let (from, to) = (y(below), y(below + n));
        below += n;
        let title = format!("{} · {}: {n}", bar.name, series.get(i).map_or("", String::as_str));
        view! { <rect class=format!("bar-{}", colour(i)) x=x width=width y=to height={from - to}><title>{title}</title></rect> }
    });
    parts.collect_view().into_any()
}

/// The number of a series' colour, from 1.
fn colour(series: usize) -> usize {
    series.min(COLOURS - 1) + 1
}

#[cfg(test)]
mod tests {
    use super::colour;

    #[test]
    fn every_series_has_a_colour() {
        assert_eq!([0, 5, 6, 99].map(colour), [1, 6, 6, 6]);
    }
}
