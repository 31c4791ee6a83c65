//! What the run says: its log, and the answers it writes to a few validation samples.

use super::text;
use crate::{
    text::lang,
    ui::format::{clock, rfc3339, utc},
};
use domain::{
    event::Level,
    run::{LogLine, Preview},
};
use leptos::{html, prelude::*};
use serde::{Deserialize, Serialize};

/// What is shown of a [`LogLine`], read from the same JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    level: Level,
    message: String,
    /// RFC 3339.
    at: String,
}

impl Line {
    #[must_use]
    pub fn of(line: &LogLine) -> Self {
        Self { level: line.level, message: line.message.clone(), at: rfc3339(line.at) }
    }
}

#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser gets more lines"))]
/// Most log lines kept on the page.
pub(super) const LINES: usize = 500;

/// The log, with a filter by level; it follows its end while asked to.
#[component]
pub(super) fn Log(logs: RwSignal<Vec<Line>>) -> impl IntoView {
    let l = lang();
    let level = RwSignal::new("all".to_owned());
    let follows = RwSignal::new(true);
    let place = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        logs.track();
        level.track();
        if let Some(place) = place.get().filter(|_| follows.get()) {
            request_animation_frame(move || place.set_scroll_top(place.scroll_height()));
        }
    });
    let wanted = move |line: &Line| {
        level.with(|level| match level.as_str() {
            "error" => line.level == Level::Error,
            "warn" => line.level != Level::Info,
            _ => true,
        })
    };
    let lines = move || logs.with(|all| all.iter().filter(|x| wanted(x)).map(line).collect_view());
    view! {
        <section class="card">
            <div class="card-title">
                <h2>{text::log(l)}</h2>
                <span class="toolbar needs-script">
                    <select aria-label=text::level(l) on:change=move |e| level.set(event_target_value(&e))>
                        <option value="all">{text::level_all(l)}</option>
                        <option value="warn">{text::level_warn(l)}</option>
                        <option value="error">{text::level_error(l)}</option>
                    </select>
                    <label class="check">
                        <input type="checkbox" checked=true on:change=move |e| follows.set(event_target_checked(&e))/>
                        <span>{text::follow(l)}</span>
                    </label>
                </span>
            </div>
            <div class="log" node_ref=place tabindex="0" role="log" aria-label=text::log(l)>
                {lines}
                <p class="muted" hidden=move || logs.with(|all| !all.is_empty())>{text::no_log(l)}</p>
            </div>
        </section>
    }
}

fn line(line: &Line) -> impl IntoView + use<> {
    let class = match line.level {
        Level::Info => "",
        Level::Warn => "log-warn",
        Level::Error => "log-error",
    };
    view! { <p class=class><time class="clock" datetime=line.at.clone() title=utc(&line.at)>{clock(&line.at)}</time>{line.message.clone()}</p> }
}

/// The answers of one step: the latest, or the one chosen.
#[component]
pub(super) fn Previews(previews: RwSignal<Vec<Preview>>, all: String) -> impl IntoView {
    let l = lang();
    let chosen = RwSignal::new(None::<u32>);
    let steps = Memo::new(move |_| {
        let mut steps = previews.with(|all| all.iter().map(|p| p.step).collect::<Vec<_>>());
        steps.sort_unstable_by(|a, b| b.cmp(a));
        steps.dedup();
        steps
    });
    let shown = move || {
        let step = chosen.get().or_else(|| steps.with(|s| s.first().copied()));
        previews.with(|all| all.iter().filter(|p| Some(p.step) == step).map(preview).collect_view())
    };
    view! {
        <section class="card">
            <div class="card-title">
                <h2>{text::previews(l)}</h2>
                <a class="button button-small" href=all hidden=move || steps.with(Vec::is_empty)>{text::over_time(l)}</a>
                <label class="check needs-script" hidden=move || steps.with(Vec::is_empty)>
                    <span>{text::at_step(l)}</span>
                    <select on:change=move |e| chosen.set(event_target_value(&e).parse().ok())>
                        <option value="">{text::latest(l)}</option>
                        {move || steps.get().into_iter().map(|s| view! { <option value=s.to_string()>{s}</option> }).collect_view()}
                    </select>
                </label>
            </div>
            <div>{shown}</div>
            <p class="muted" hidden=move || !steps.with(Vec::is_empty)>{text::no_previews(l)}</p>
        </section>
    }
}

fn preview(p: &Preview) -> impl IntoView + use<> {
    let l = lang();
    let class = if p.output.trim() == p.expected.trim() { "same" } else { "" };
    view! {
        <div class="preview">
            <div><h4>{text::prompt(l)}</h4><span dir="auto">{p.prompt.clone()}</span></div>
            <div><h4>{text::expected(l)}</h4><span dir="auto">{p.expected.clone()}</span></div>
            <div class=class><h4>{text::output(l)}</h4><span dir="auto">{p.output.clone()}</span></div>
        </div>
    }
}
