//! The chart as a component: the SVG that the server sends, and in the browser a canvas with an
//! overlay for the pointer, a legend and tools.

use super::{
    Curve,
    draw::{COLOURS, LEFT, RIGHT, dash_of},
    scene::{View, label},
    text::*,
};
use crate::{text::lang, ui::format::decimal};
use leptos::{html, prelude::*};

/// What a chart's parts share. All x positions are CSS pixels from the canvas' left edge.
#[derive(Clone, Copy)]
struct Shared {
    curves: Signal<Vec<Curve>>,
    view: RwSignal<View>,
    /// Range of the x axis as drawn.
    shown: RwSignal<(f64, f64)>,
    /// Whether the last drawing showed anything.
    has_lines: RwSignal<bool>,
    /// Width of the canvas.
    width: RwSignal<f64>,
    /// Where the pointer (or the arrow keys) are.
    hover: RwSignal<Option<f64>>,
    /// Whether the browser draws; until then the server's SVG stands.
    is_live: RwSignal<bool>,
    canvas: NodeRef<html::Canvas>,
    /// Whether somebody else chooses axis and smoothing.
    is_steered: bool,
}

impl Shared {
    /// The x value at a pixel.
    fn value_at(self, px: f64) -> f64 {
        let (low, high) = self.shown.get();
        let share = (px - LEFT) / (self.width.get() - LEFT - RIGHT).max(1.0);
        low + share.clamp(0.0, 1.0) * (high - low)
    }
}

/// A chart of curves that do not change. For curves that grow, put [`Chart`] in an island.
#[island]
pub fn FixedChart(title: String, curves: Vec<Curve>, csv: String) -> impl IntoView {
    view! { <Chart title curves=Signal::stored(curves) csv/> }
}

/// A chart. `csv` is the address of the same values as CSV; no link when empty. Whoever brings the `view` chooses its axis and
/// smoothing, and the chart of the server stands until there are curves.
#[component]
pub fn Chart(
    #[prop(into)] title: String,
    #[prop(into)] curves: Signal<Vec<Curve>>,
    #[prop(into, optional)] csv: String,
    #[prop(optional)] view: Option<RwSignal<View>>,
) -> impl IntoView {
    let shared = Shared {
        curves,
        is_steered: view.is_some(),
        view: view.unwrap_or_else(|| RwSignal::new(View::default())),
        shown: RwSignal::new((0.0, 1.0)),
        has_lines: RwSignal::new(false),
        width: RwSignal::new(0.0),
        hover: RwSignal::new(None),
        is_live: RwSignal::new(false),
        canvas: NodeRef::new(),
    };
    #[cfg(feature = "hydrate")]
    keep_painted(shared);
    let (fixed, is_empty) = fixed(shared);
    let file_name = format!("{}.png", title.replace(['/', ' '], "-"));
    let name = title.clone();
    view! {
        <figure class="chart" class:chart-live=shared.is_live aria-label=name>
            <figcaption class="chart-head">
                <span class="chart-title">{title}</span>
                <Tools shared file_name csv/>
            </figcaption>
            <div class="chart-frame">
                <div class="chart-static" hidden=shared.is_live inner_html=fixed></div>
                <canvas class="chart-canvas" node_ref=shared.canvas hidden=move || !shared.is_live.get() aria-hidden="true"></canvas>
                <Overlay shared/>
                <p class="chart-empty muted" hidden=move || if shared.is_live.get() { shared.has_lines.get() } else { !is_empty }>
                    {no_points(lang())}
                </p>
            </div>
            <Legend shared/>
        </figure>
    }
}

/// The server's drawing, and whether there was nothing to draw.
#[cfg(feature = "ssr")]
fn fixed(shared: Shared) -> (String, bool) {
    let scene = shared.curves.with_untracked(|c| super::scene::Scene::new(c, &shared.view.get_untracked(), 640));
    (scene.as_ref().map(|s| super::draw::svg(s, 640, 240)).unwrap_or_default(), scene.is_none())
}

/// The browser keeps what the server has drawn.
#[cfg(not(feature = "ssr"))]
fn fixed(_: Shared) -> (String, bool) {
    (String::new(), false)
}

/// Paints again whenever curves, view or window size change.
#[cfg(feature = "hydrate")]
fn keep_painted(shared: Shared) {
    let resized = RwSignal::new(());
    let listener = window_event_listener(leptos::ev::resize, move |_| resized.set(()));
    on_cleanup(move || listener.remove());
    Effect::new(move |_| {
        if !shared.is_steered || shared.curves.with(|all| all.iter().any(|c| !c.points.is_empty())) {
            shared.is_live.set(true);
        }
    });
    Effect::new(move |_| {
        resized.track();
        shared.curves.track();
        shared.view.track();
        if shared.is_live.get() {
            // The canvas has a size only after the browser has laid out what was hidden before.
            request_animation_frame(move || paint(shared));
        }
    });
}

#[cfg(feature = "hydrate")]
fn paint(shared: Shared) {
    // The chart may be gone before the frame comes.
    let Some(Some(canvas)) = shared.canvas.try_get_untracked() else { return };
    let width = f64::from(canvas.client_width());
    let columns = (width - LEFT - RIGHT).max(1.0) as usize;
    let view = shared.view.get_untracked();
    let scene = shared.curves.with_untracked(|c| super::scene::Scene::new(c, &view, columns));
    shared.has_lines.set(scene.is_some());
    shared.width.set(width);
    if let Some(scene) = scene {
        shared.shown.set(scene.x);
        super::canvas::paint(&canvas, &scene);
    } else {
        // Setting the size clears a canvas.
        canvas.set_width(canvas.width());
    }
}

/// Scale, axis, smoothing, zoom and export. Of use only in the browser.
#[component]
fn Tools(shared: Shared, file_name: String, csv: String) -> impl IntoView {
    let l = lang();
    let Shared { view, .. } = shared;
    let save = move |_| {
        #[cfg(feature = "hydrate")]
        if let Some(canvas) = shared.canvas.get_untracked() {
            super::canvas::save_png(&canvas, file_name.clone());
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = &file_name;
    };
    view! {
        <span class="chart-tools">
            <span class="chart-live-tools" hidden=move || !shared.is_live.get()>
                <button type="button" class="button button-small button-quiet" hidden=move || view.with(|v| v.zoom.is_none())
                    on:click=move |_| view.update(|v| v.zoom = None)>{reset_zoom(l)}</button>
                <label class="check" hidden=shared.is_steered>
                    <span>{smoothing(l)}</span>
                    <input type="range" min="0" max="0.99" step="0.01" prop:value="0"
                        on:input=move |e| view.update(|v| v.smoothing = decimal(&event_target_value(&e)).unwrap_or(0.0))/>
                </label>
                <label class="check">
                    <input type="checkbox" prop:checked=move || view.with(|v| v.log) on:change=move |e| view.update(|v| v.log = event_target_checked(&e))/>
                    <span>{log_scale(l)}</span>
                </label>
                <select aria-label=axis(l) hidden=shared.is_steered on:change=move |e| view.update(|v| { v.by_time = event_target_value(&e) == "time"; v.zoom = None; })>
                    <option value="step">{steps(l)}</option>
                    <option value="time">{time(l)}</option>
                </select>
                <button type="button" class="button button-small button-quiet" on:click=save>{png(l)}</button>
            </span>
            {(!csv.is_empty()).then(|| view! { <a class="button button-small button-quiet" href=csv download="">{super::text::csv(l)}</a> })}
        </span>
    }
}

/// Takes the pointer and the keyboard; shows the readout line and the part being zoomed.
#[component]
fn Overlay(shared: Shared) -> impl IntoView {
    let Shared { view, hover, width, .. } = shared;
    let drag = RwSignal::new(None::<f64>);
    let end_drag = move |px: f64| {
        if let Some(start) = drag.get_untracked().filter(|s| (s - px).abs() > 6.0) {
            let (a, b) = (shared.value_at(start), shared.value_at(px));
            view.update(|v| v.zoom = Some((a.min(b), a.max(b))));
        }
        drag.set(None);
    };
    let step = move |by: f64| {
        let (from, to) = (LEFT, (width.get_untracked() - RIGHT).max(LEFT));
        hover.update(|h| *h = Some((h.unwrap_or(to) + by).clamp(from, to)));
    };
    // Nearer or farther about the readout, or the middle.
    let zoom = move |factor: f64| {
        let (low, high) = shared.shown.get_untracked();
        let middle = hover.get_untracked().map_or((low + high) / 2.0, |px| shared.value_at(px));
        let part = ((middle - low) * factor, (high - middle) * factor);
        view.update(|v| v.zoom = Some((middle - part.0, middle + part.1)));
    };
    let on_key = move |e: leptos::ev::KeyboardEvent| match e.key().as_str() {
        "ArrowLeft" => step(-8.0),
        "ArrowRight" => step(8.0),
        "Escape" => view.update(|v| v.zoom = None),
        "+" | "=" => zoom(0.5),
        "-" => zoom(2.0),
        _ => {}
    };
    let line = move || hover.get().map_or(-10.0, |x| x.clamp(LEFT, (width.get() - RIGHT).max(LEFT)));
    let part = move || drag.get().zip(hover.get()).map_or((0.0, 0.0), |(a, b)| (a.min(b), (a - b).abs()));
    view! {
        <div class="chart-overlay" hidden=move || !shared.is_live.get() tabindex="0" role="application" aria-label=hint(lang()) title=hint(lang())
            on:pointermove=move |e| hover.set(Some(f64::from(e.offset_x())))
            on:pointerleave=move |_| { hover.set(None); drag.set(None); }
            on:pointerdown=move |e| { e.prevent_default(); drag.set(Some(f64::from(e.offset_x()))); }
            on:pointerup=move |e| end_drag(f64::from(e.offset_x()))
            on:dblclick=move |_| view.update(|v| v.zoom = None)
            on:keydown=on_key
            on:blur=move |_| hover.set(None)>
            <svg width="100%" height="100%" aria-hidden="true">
                <line class="chart-hair" x1=line x2=line y1="0" y2="100%"></line>
                <rect class="chart-part" x=move || part().0 width=move || part().1 y="0" height="100%"></rect>
            </svg>
        </div>
    }
}

/// Names, colours and values of the curves: at the pointer, or the latest. A click hides a curve.
#[component]
fn Legend(shared: Shared) -> impl IntoView {
    let Shared { view, curves, hover, .. } = shared;
    let names = Memo::new(move |_| curves.with(|c| c.iter().map(|c| c.name.clone()).collect::<Vec<_>>()));
    let item = move |(index, name): (usize, String)| {
        let is_hidden = move || view.with(|v| v.hidden.contains(&index));
        let toggle = move |_| {
            view.update(|v| match v.hidden.iter().position(|h| *h == index) {
                Some(i) => drop(v.hidden.remove(i)),
                None => v.hidden.push(index),
            });
        };
        view! {
            <button type="button" class=format!("legend-item legend-{} legend-dash-{}", index % COLOURS + 1, dash_of(index)) aria-pressed=move || (!is_hidden()).to_string() on:click=toggle>
                <span class="legend-swatch" aria-hidden="true"></span>
                <span>{name}</span>
                <span class="legend-value">{move || readout(shared, index)}</span>
            </button>
        }
    };
    view! {
        <div class="legend">
            {move || names.get().into_iter().enumerate().map(item).collect_view()}
            <span class="legend-at muted">
                {move || hover.get().filter(|_| view.with(|v| !v.by_time)).map(|px| at_step(lang(), format!("{:.0}", shared.value_at(px))))}
            </span>
        </div>
    }
}

/// The value of a curve at the pointer, or its latest.
fn readout(shared: Shared, index: usize) -> String {
    let at = shared.hover.get().map(|px| shared.value_at(px));
    let value = shared.curves.with(|curves| {
        let curve = curves.get(index)?;
        match at {
            Some(x) => shared.view.with(|v| v.nearest(curve, x)).map(|p| p.1),
            None => curve.points.last().map(|p| p.1),
        }
    });
    value.map(|v| label(v, v.abs() / 1000.0)).unwrap_or_default()
}
