//! The picture, an island: it asks for the part of the axis that is zoomed into, smooths, and keeps the address as the
//! picture is. Which curve is which, hover and scale are the chart's own.

use super::{address::Chosen, text};
use crate::{
    text::lang,
    ui::{
        chart::{Chart, Curve, View},
        format::{decimal, integer},
    },
};
use domain::{
    id::ProjectId,
    overlay::{Axis, Overlay},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The curves that the server draws, for the island as it is rendered there.
#[derive(Clone)]
pub(super) struct Drawn(pub Vec<Curve>);

/// How many values the picture stands for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    pub points: u64,
    pub columns: u64,
    pub most: u64,
}

/// What the chart draws.
pub(super) fn curves(overlay: &Overlay) -> Vec<Curve> {
    let points = |line: &[(f64, f32)]| line.iter().map(|(x, y)| (*x, f64::from(*y), *x)).collect::<Vec<_>>();
    let curve = |run: &domain::overlay::OverlayRun| {
        let raw = points(&run.line);
        let is_smooth = !run.smooth.is_empty();
        Curve {
            name: run.name.clone(),
            points: if is_smooth { points(&run.smooth) } else { raw.clone() },
            behind: if is_smooth { raw } else { Vec::new() },
            marks: run.gaps.iter().map(|gap| gap.x).collect(),
        }
    };
    overlay.runs.iter().map(curve).collect()
}

/// The chart with what decides its values.
#[island]
pub fn LiveOverlay(
    project: ProjectId,
    title: String,
    chosen: Chosen,
    names: Vec<String>,
    figures: Figures,
) -> impl IntoView {
    let l = lang();
    let csv = format!("{}&format=csv", chosen.rest(project));
    let view = RwSignal::new(View {
        by_time: chosen.axis == Axis::Time,
        log: chosen.log,
        hidden: chosen.hidden.clone(),
        zoom: chosen.from.zip(chosen.to),
        ..View::default()
    });
    let live = Live {
        curves: RwSignal::new(first_curves(names)),
        figures: RwSignal::new(figures),
        smooth: RwSignal::new(chosen.smooth),
        is_waiting: RwSignal::new(false),
        has_failed: RwSignal::new(false),
    };
    #[cfg(feature = "hydrate")]
    follow::start(live, view, project, chosen.clone());
    let kept = move || {
        let Figures { points, columns, most } = live.figures.get();
        text::kept(l, integer(points), integer(columns), integer(most))
    };
    view! {
        <div aria-busy=move || live.is_waiting.get().to_string()>
            <Chart title curves=live.curves csv view/>
            <label class="check needs-script overlay-smoothing" title=text::smoothing_help(l)>
                <span>{text::smoothing(l)}</span>
                <input type="range" min="0" max="0.99" step="0.01" prop:value=chosen.smooth.to_string()
                    on:input=move |e| live.smooth.set(decimal(&event_target_value(&e)).unwrap_or(0.0))/>
                <span class="muted">{move || format!("{:.2}", live.smooth.get())}</span>
                <span class="muted" hidden=move || !live.is_waiting.get()>{text::waiting(l)}</span>
            </label>
            <p class="error" role="alert" hidden=move || !live.has_failed.get()>{text::failed(l)}</p>
            <p class="help" id="kept">{kept}</p>
        </div>
    }
}

/// The island's signals.
#[derive(Clone, Copy)]
struct Live {
    curves: RwSignal<Vec<Curve>>,
    figures: RwSignal<Figures>,
    smooth: RwSignal<f64>,
    is_waiting: RwSignal<bool>,
    has_failed: RwSignal<bool>,
}

/// The curves that the server draws. The browser has their names alone at first, so that it finds the same legend.
fn first_curves(names: Vec<String>) -> Vec<Curve> {
    let named = || names.iter().map(|name| Curve::new(name.clone(), Vec::new())).collect();
    use_context::<Drawn>().map_or_else(named, |drawn| drawn.0)
}

#[cfg(feature = "hydrate")]
mod follow {
    use super::{Chosen, Figures, Live, Overlay, curves};
    use crate::ui::{chart::View, fetch::Latest};
    use domain::id::ProjectId;
    use leptos::prelude::*;
    use std::{cell::Cell, rc::Rc, time::Duration};
    use wasm_bindgen::JsValue;

    /// How long nothing must change before values are asked for.
    const REST: Duration = Duration::from_millis(150);

    pub(super) fn start(live: Live, view: RwSignal<View>, project: ProjectId, first: Chosen) {
        let latest = Rc::new(Latest::default());
        let resting = Rc::new(Cell::new(None::<TimeoutHandle>));
        let asked = Rc::new(Cell::new(None::<(Option<(f64, f64)>, f64)>));
        Effect::new(move |_| {
            let (zoom, log, hidden) = view.with(|v| (v.zoom, v.log, v.hidden.clone()));
            let smooth = live.smooth.get();
            let open = first.from.xor(first.to).is_some() && asked.get().is_none();
            let (from, to) = if open { (first.from, first.to) } else { (zoom.map(|z| z.0), zoom.map(|z| z.1)) };
            let now = Chosen { from, to, smooth, log, hidden, ..first.clone() };
            if asked.get() == Some((zoom, smooth)) {
                return keep(&now);
            }
            if asked.get().is_some() {
                keep(&now);
            }
            let pause = if asked.get().is_some() { REST } else { Duration::ZERO };
            asked.set(Some((zoom, smooth)));
            live.is_waiting.set(true);
            if let Some(earlier) = resting.take() {
                earlier.clear();
            }
            let (latest, address) = (latest.clone(), format!("{}&width={}", now.rest(project), width()));
            let ask = move || latest.get(&address, move |text| show(live, text));
            resting.set(set_timeout_with_handle(ask, pause).ok());
        });
    }

    fn show(live: Live, text: Option<String>) {
        live.is_waiting.try_set(false);
        let overlay = text.and_then(|text| serde_json::from_str::<Overlay>(&text).ok());
        live.has_failed.try_set(overlay.is_none());
        if let Some(overlay) = overlay {
            let Overlay { points, columns, most, .. } = overlay;
            live.figures.try_set(Figures { points, columns, most });
            live.curves.try_set(curves(&overlay));
        }
    }

    /// Puts the picture into the page's address, in the place of the one there.
    fn keep(chosen: &Chosen) {
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&chosen.query()));
        }
    }

    /// Columns of pixels of the chart.
    fn width() -> i32 {
        let frame = document().query_selector(".overlay .chart-frame").ok().flatten();
        frame.map_or(600, |frame| frame.client_width()).clamp(200, 1200)
    }
}
