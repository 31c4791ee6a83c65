//! The run's event stream in the browser. `EventSource` reconnects by itself and says where it
//! stopped, so nothing is lost and nothing is asked for twice.

use super::{super::api::Seen, Live};
use domain::id::{ProjectId, RunId};

/// Ranges of a curve in which a picture keeps the smallest and the largest of many points.
#[cfg(feature = "hydrate")]
const BUCKETS: u32 = 500;

/// Follows the run until it has ended; then loads the page again, which shows the result.
#[cfg(feature = "hydrate")]
pub(super) fn follow(live: Live, project: ProjectId, run: RunId, seen: Seen) {
    use leptos::prelude::*;
    use wasm_bindgen::{JsCast, prelude::Closure};

    if live.state.with_untracked(|s| s.status.is_final()) {
        return;
    }
    let url = format!("/api/v1/projects/{project}/runs/{run}/events?after={seen}&thin={BUCKETS}");
    let Ok(source) = web_sys::EventSource::new(&url) else { return };
    let watch = crate::routes::fit(project, run);
    for name in ["state", "points", "logs", "previews"] {
        let watch = watch.clone();
        let handler = Closure::<dyn Fn(web_sys::MessageEvent)>::new(move |e: web_sys::MessageEvent| {
            if let Some(data) = e.data().as_string() {
                // Data that cannot be read comes from a newer server: the next page load understands it.
                let _ = receive(live, name, &data);
                if name == "points" && data.contains(domain::event::series::VALIDATION_LOSS) {
                    super::super::list::take_over(&watch);
                }
            }
        });
        let _ = source.add_event_listener_with_callback(name, handler.as_ref().unchecked_ref());
        // The page lives as long as the stream.
        handler.forget();
    }
    for (name, is_connected) in [("open", true), ("error", false)] {
        let handler = Closure::<dyn Fn()>::new(move || live.is_connected.set(is_connected));
        let _ = source.add_event_listener_with_callback(name, handler.as_ref().unchecked_ref());
        handler.forget();
    }
    let tick = set_interval_with_handle(
        move || {
            if live.state.with_untracked(|s| s.started_at.is_some()) {
                live.elapsed.update(|s| *s += 1);
            }
        },
        std::time::Duration::from_secs(1),
    );
    Effect::new(move |_| {
        if live.state.with(|s| s.status.is_final()) {
            source.close();
            if let Ok(tick) = &tick {
                tick.clear();
            }
            let _ = window().location().reload();
        }
    });
}

#[cfg(feature = "hydrate")]
fn receive(live: Live, name: &str, data: &str) -> Result<(), serde_json::Error> {
    use super::{super::state::Now, journal::Line};
    use domain::run::{Point, Preview};
    use leptos::prelude::*;

    match name {
        "state" => {
            let state: Now = serde_json::from_str(data)?;
            live.elapsed.set(state.elapsed_seconds);
            live.state.set(state);
        }
        "points" => {
            let points: Vec<Point> = serde_json::from_str(data)?;
            live.tracks.update_value(|t| t.extend(&points));
            let mut keys: Vec<&str> = points.iter().map(|p| p.key.as_str()).collect();
            keys.sort_unstable();
            keys.dedup();
            live.tracks.with_value(|t| live.board.show(t, &keys));
        }
        "logs" => {
            let mut lines: Vec<Line> = serde_json::from_str(data)?;
            live.logs.update(|all| {
                all.append(&mut lines);
                let surplus = all.len().saturating_sub(super::journal::LINES);
                all.drain(..surplus);
            });
        }
        _ => {
            let new: Vec<Preview> = serde_json::from_str(data)?;
            live.previews.update(|all| {
                all.retain(|p| !new.iter().any(|n| (n.step, n.index) == (p.step, p.index)));
                all.extend(new);
            });
        }
    }
    Ok(())
}

/// The server shows the run as it is.
#[cfg(not(feature = "hydrate"))]
pub(super) fn follow(_: Live, _: ProjectId, _: RunId, _: Seen) {}
