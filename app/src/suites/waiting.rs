//! What stands on a page while a job computes what it is to show.

pub mod api;

use super::text;
use crate::{
    text::lang,
    ui::{form::PostForm, job::JobProgress},
};
use api::{CompareSuiteAgain, ComputeSeedsAgain, CutAgain, Waiting};
use domain::id::{ProjectId, RunId, SuiteId, SuiteResultId};
use leptos::prelude::*;

/// How far the comparisons of a suite's version are, or that they failed. `then` is the page, which is that of base models where
/// `bake_off` says so.
pub(super) fn comparing(
    (project, suite): (ProjectId, SuiteId),
    version: u32,
    waiting: Waiting,
    (then, bake_off): (String, bool),
) -> AnyView {
    let l = lang();
    let again = waiting.failed.then(|| {
        view! {
            <PostForm action={ServerAction::<CompareSuiteAgain>::new()}>
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="suite" value=suite.to_string()/>
                <input type="hidden" name="version" value=version.to_string()/>
                <input type="hidden" name="bake_off" value=bake_off.to_string()/>
                <button class="button button-small" type="submit">{text::compare_again(l)}</button>
            </PostForm>
        }
        .into_any()
    });
    let title = if waiting.failed { text::not_compared(l) } else { text::comparing(l) };
    card((title, text::comparing_help(l)), (project, waiting, then), again)
}

/// How far a result is cut, or that this failed. `then` is the page.
pub(super) fn cutting(
    (project, suite, result): (ProjectId, SuiteId, SuiteResultId),
    metric: Option<String>,
    waiting: Waiting,
    then: String,
) -> AnyView {
    let l = lang();
    let again = waiting.failed.then(|| {
        let metric = metric.map(|metric| view! { <input type="hidden" name="metric" value=metric/> });
        view! {
            <PostForm action={ServerAction::<CutAgain>::new()}>
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="suite" value=suite.to_string()/>
                <input type="hidden" name="result" value=result.to_string()/>
                {metric}
                <button class="button button-small" type="submit">{text::cut_again(l)}</button>
            </PostForm>
        }
        .into_any()
    });
    let title = if waiting.failed { text::not_cut(l) } else { text::cutting(l) };
    card((title, text::cutting_help(l)), (project, waiting, then), again)
}

/// How far figures over seeds are, or that they failed. `runs` are those of the group that was put together, with commas between
/// them, and `then` is the page.
pub(super) fn computing(
    (project, suite): (ProjectId, SuiteId),
    (runs, against): (String, Option<RunId>),
    waiting: Waiting,
    then: String,
) -> AnyView {
    let l = lang();
    let again = waiting.failed.then(|| {
        let against = against.map(|run| view! { <input type="hidden" name="against" value=run.to_string()/> });
        view! {
            <PostForm action={ServerAction::<ComputeSeedsAgain>::new()}>
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="suite" value=suite.to_string()/>
                <input type="hidden" name="runs" value=runs/>
                {against}
                <button class="button button-small" type="submit">{text::compare_again(l)}</button>
            </PostForm>
        }
        .into_any()
    });
    let title = if waiting.failed { text::not_compared(l) } else { text::comparing(l) };
    card((title, text::seeds_computing_help(l)), (project, waiting, then), again)
}

fn card(
    (title, help): (&'static str, &'static str),
    (project, waiting, then): (ProjectId, Waiting, String),
    again: Option<AnyView>,
) -> AnyView {
    let job = waiting.job;
    view! {
        <section class="card" id="waiting">
            <h2>{title}</h2>
            <p>{help}</p>
            {again}
        </section>
        <JobProgress project job then/>
    }
    .into_any()
}
