//! A background job on a page: how far it is, how long it will take, why it failed; and onwards
//! when it is done. Without JavaScript the page is reloaded by a link.

mod api;
mod text;

use crate::{
    role,
    text::lang,
    ui::{
        field::Confirm,
        format::{bytes, duration, integer},
        load::load_part,
    },
};
use api::{CancelJob, JobView, find_job};
use domain::{
    access::Action,
    id::{JobId, ProjectId},
    job::{JobStatus, Progress},
};
use leptos::{prelude::*, server_fn::ServerFn};
use serde::{Deserialize, Serialize};

/// Shows a job and goes to `then` after its success; after a failure the page is loaded again, for
/// what it says about a job that is over. `{word}` in `then` stands for that field of
/// the job's result, as in `/datasets/{dataset_id}`.
#[component]
pub fn JobProgress(
    project: ProjectId,
    job: JobId,
    #[prop(into)] then: String,
    #[prop(optional)] head: Option<Head>,
) -> impl IntoView {
    let may_cancel = role::may(Action::EditDatasets);
    load_part(find_job(project, job), move |found| {
        let failed = matches!(found.status, JobStatus::Failed | JobStatus::Cancelled);
        let title = head.as_ref().map(|head| if failed { head.failed } else { head.going });
        let again = head
            .filter(|_| failed)
            .map(|head| view! { <p><a class="button" href=head.again>{text::again(lang())}</a></p> });
        view! {
            {title.map(|title| view! { <h2>{title}</h2> })}
            <LiveJob project job now=Now::of(found) then may_cancel/>
            {again}
        }
    })
}

/// What stands above a job, and above one that ended without success, with the address to try again.
#[derive(Clone, Debug)]
pub struct Head {
    pub going: &'static str,
    pub failed: &'static str,
    pub again: String,
}

/// What is shown of a job. The browser reads it from the REST API's JSON, which has no `problem`: the
/// sentence for that is in the page alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Now {
    status: JobStatus,
    progress: Progress,
    result: Option<serde_json::Value>,
    cancelling: bool,
    #[serde(default)]
    problem: Option<String>,
}

impl Now {
    fn of(job: JobView) -> Self {
        let JobView { status, progress, result, cancelling, problem } = job;
        Self { status, progress, result, cancelling, problem }
    }
}

/// `then` with the fields of the result in it; `None` while a field is missing.
fn destination(then: &str, job: &Now) -> Option<String> {
    let mut out = String::new();
    let mut rest = then;
    while let Some((before, after)) = rest.split_once('{') {
        let (word, behind) = after.split_once('}')?;
        let value = job.result.as_ref()?.get(word)?;
        out.push_str(before);
        out.push_str(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        rest = behind;
    }
    out.push_str(rest);
    (job.status == JobStatus::Succeeded).then_some(out)
}

#[island]
fn LiveJob(project: ProjectId, job: JobId, now: Now, then: String, may_cancel: bool) -> impl IntoView {
    let l = lang();
    let id = job;
    let job = RwSignal::new(now);
    // Seconds left, once two looks have shown a rate.
    let left = RwSignal::new(None::<u64>);
    watch((project, id), job, left, then.clone());
    let status = move || job.with(|j| j.status);
    // Of their own, so that news of the job close no question that is open.
    let is_over = Memo::new(move |_| status().is_final());
    let is_cancelling = Memo::new(move |_| job.with(|j| j.cancelling));
    view! {
        <section class="card job" aria-live="polite">
            <div class="progress">
                {move || job.with(|j| (!j.status.is_final()).then(|| view! { <Bar progress=j.progress.clone()/> }))}
                <div class="progress-line">
                    <span>{move || job.with(|j| text::state(l, j))}</span>
                    <span>{move || left.get().filter(|_| status() == JobStatus::Running).map(|s| text::left(l, duration(s, l)))}</span>
                </div>
            </div>
            {move || job.with(|j| j.problem.clone()).map(|problem| view! { <p class="notice notice-bad job-error" dir="auto">{problem}</p> })}
            <div class="actions">
                {move || (!is_over.get()).then(|| view! {
                    {move || (may_cancel && !is_cancelling.get()).then(|| view! {
                        <Confirm label=text::cancel(l) question=text::cancel_question(l)>
                            <form method="post" action=CancelJob::url()>
                                <input type="hidden" name="project" value=project.to_string()/>
                                <input type="hidden" name="job" value=id.to_string()/>
                                <button class="button button-danger" type="submit">{text::cancel(l)}</button>
                            </form>
                        </Confirm>
                    })}
                    <noscript><a class="button button-small" href="">{text::refresh(l)}</a></noscript>
                })}
                {move || job.with(|j| destination(&then, j)).map(|href| view! { <a class="button button-primary" href=href>{text::go_on(l)}</a> })}
            </div>
        </section>
    }
}

/// The bar of a job that is not over, moving without a value while the total is unknown.
#[component]
fn Bar(progress: Progress) -> impl IntoView {
    let Progress { done, total, .. } = progress;
    let value = (total > 0).then(|| done as f64 / total as f64);
    view! { <progress max="1" value=value.map(|v| v.min(1.0).to_string()) aria-label=text::progress(lang())></progress> }
}

/// "12.0 MiB of 93.0 MiB" or "1,200 of 9,000".
fn amount(l: domain::lang::Lang, progress: &Progress) -> Option<String> {
    let show = |n| if progress.counts_bytes() { bytes(n) } else { integer(n) };
    match (progress.done, progress.total) {
        (0, 0) => None,
        (done, 0) => Some(show(done)),
        (done, total) => Some(text::of(l, show(done), show(total))),
    }
}

/// Looks at the job every second until it is over, then leaves the page or loads it again. In the browser only.
#[cfg(feature = "hydrate")]
fn watch((project, id): (ProjectId, JobId), job: RwSignal<Now>, left: RwSignal<Option<u64>>, then: String) {
    use std::time::Duration;
    if job.with_untracked(|j| j.status.is_final()) {
        // It was quicker than the page. Going back from where it leads does not come here again.
        if let Some(href) = job.with_untracked(|j| destination(&then, j)) {
            leave(&href, true);
        }
        return;
    }
    let address = format!("/api/v1/projects/{project}/jobs/{id}");
    // Where the present stage was first seen: (stage, done, milliseconds).
    let seen = StoredValue::new((String::new(), 0_u64, 0.0_f64));
    let look = move || {
        let then = then.clone();
        crate::ui::fetch::get(&address, move |text| {
            let Ok(found) = serde_json::from_str::<Now>(&text) else { return };
            let now = js_sys::Date::now();
            seen.update_value(|(stage, first, since)| {
                let Progress { stage: current, done, total } = &found.progress;
                if stage != current || *done < *first {
                    (*stage, *first, *since) = (current.clone(), *done, now);
                }
                let rate = (*done - *first) as f64 / (now - *since).max(1.0);
                let rest = total.saturating_sub(*done) as f64;
                left.set((rate > 0.0 && rest > 0.0).then(|| (rest / rate / 1000.0).ceil() as u64));
            });
            match destination(&then, &found) {
                Some(href) => leave(&href, false),
                // The page says in the reader's language why it failed, and offers the way back.
                None if found.status.is_final() => drop(window().location().reload()),
                None => {}
            }
            job.set(found);
        });
    };
    let timer = set_interval_with_handle(look, Duration::from_secs(1));
    Effect::new(move |_| {
        if job.with(|j| j.status.is_final())
            && let Ok(timer) = &timer
        {
            timer.clear();
        }
    });
}

/// Goes to an address, in the place of this one if `replace` says so. One that differs from this by its fragment alone is
/// loaded again, once.
#[cfg(feature = "hydrate")]
fn leave(href: &str, replace: bool) {
    let location = window().location();
    let here = format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
    let (page, fragment) = href.split_once('#').unwrap_or((href, ""));
    if page == here {
        let is_there = location.hash().is_ok_and(|hash| hash.trim_start_matches('#') == fragment);
        if !(replace && is_there) {
            let _ = location.set_hash(fragment);
            let _ = location.reload();
        }
    } else if replace {
        let _ = location.replace(href);
    } else {
        let _ = location.set_href(href);
    }
}

#[cfg(not(feature = "hydrate"))]
fn watch(_: (ProjectId, JobId), _: RwSignal<Now>, _: RwSignal<Option<u64>>, _: String) {}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_result_leads_on() {
        let job = |status: &str| -> Now {
            let json = format!(
                r#"{{"id": "00000000-0000-0000-0000-000000000001", "project_id": "00000000-0000-0000-0000-000000000002",
                "kind": "import_dataset", "status": "{status}", "progress": {{"stage": "", "done": 0, "total": 0}},
                "result": {{"dataset_id": "d", "number": 2}}, "failure": null, "cancelling": false,
                "created_at": "2026-01-01T00:00:00Z", "started_at": null, "ended_at": null}}"#
            );
            serde_json::from_str(&json).unwrap()
        };
        let then = "/datasets/{dataset_id}/v/{number}";
        assert_eq!(destination(then, &job("succeeded")).as_deref(), Some("/datasets/d/v/2"));
        assert_eq!(destination(then, &job("running")), None);
        assert_eq!(destination("/x/{other}", &job("succeeded")), None);
        assert_eq!(destination("/models", &job("succeeded")).as_deref(), Some("/models"));
    }
}
