//! The page of a suite: run it, what candidates reached, baselines, targets, history.

use super::{
    api::{Choice, PinBaseline, RunSuiteOn, SuiteView, UnpinBaseline, get_suite},
    history, rows, targets, text, waiting,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{download::CsvDownload, field::Field, form::PostForm, frame::PageHeader, job::JobProgress, load::load},
    words,
};
use domain::{
    access::Action,
    id::{JobId, ProjectId, SuiteId},
    lang::Lang,
    suite::SuiteDetail,
};
use leptos::prelude::*;

/// `/p/:project/suites/:suite?version=&job=`
#[component]
pub fn SuitePage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<SuiteId>("suite")?)));
    let version = routes::query::<u32>("version");
    let data = async move {
        let (project, suite) = ids?;
        let view = get_suite(project, suite, version).await?;
        Ok::<_, AppError>((project, view))
    };
    load(data, |(project, view)| body(project, view))
}

fn body(project: ProjectId, view: SuiteView) -> impl IntoView {
    let l = lang();
    let SuiteView { suite, table, waiting: job_of, choices, targets: standings, history: points } = view;
    let (id, name, shown) = (suite.summary.id, suite.summary.name.clone(), suite.shown);
    let here = routes::suite(project, id);
    let job = routes::query::<JobId>("job").map(|job| view! { <JobProgress project job then=here.clone()/> });
    let comparing = job_of.map(|job| {
        let is_newest = shown == suite.summary.version;
        let then = if is_newest { here.clone() } else { format!("{here}?version={shown}") };
        waiting::comparing((project, id), shown, job, (then, false))
    });
    let may = role::may(Action::Launch);
    let run = may.then(|| run_form(project, &suite, &choices, l));
    let main = suite.baselines.iter().find(|b| b.is_main).map(|b| b.candidate.clone());
    let drawn = history::card((project, id), &suite.design.evaluations, &points, main.as_ref(), l);
    let versions = versions(project, &suite);
    let export = format!("/api/v1/projects/{project}/suites/{id}/table");
    let alarms = rows::alarms(project, &table.alarms, l);
    let candidates = rows::table(project, id, &table);
    let can_export = !table.rows.is_empty() && table.pending == 0;
    view! {
        <PageHeader title=name lead=text::lead(l)>
            <span class="muted">{text::version_of(l, shown)}</span>
            <a class="button" href=routes::suite_design(project, id)>{text::design(l)}</a>
            <a class="button" href=routes::bake_off(project, id)>{text::bake_off(l)}</a>
            <a class="button" href=routes::suite_seeds(project, id)>{text::seeds(l)}</a>
        </PageHeader>
        {job}
        {versions}
        {comparing}
        {alarms}
        {run}
        <section class="card stack" id="table">
            <div class="card-title">
                <h2>{text::table_title(l)}</h2>
                {can_export.then(|| {
                    let href = format!("{export}?version={shown}&format=json");
                    view! { <a class="button button-small" href=href>{text::json(l)}</a> }
                })}
            </div>
            {candidates}
            {can_export.then(|| view! { <CsvDownload action=export.clone() label=text::csv(l) version=shown/> })}
        </section>
        {baselines(project, &suite, &choices, may, l)}
        {targets::card(project, &suite, &standings, l)}
        {drawn}
    }
}

/// Links to the suite's versions, where there are several.
fn versions(project: ProjectId, suite: &SuiteDetail) -> Option<impl IntoView + use<>> {
    let l = lang();
    let (id, newest, shown) = (suite.summary.id, suite.summary.version, suite.shown);
    (newest > 1).then(|| {
        let links = (1..=newest).rev().take(20).map(|version| {
            let href = format!("{}?version={version}", routes::suite(project, id));
            view! { <a href=href aria-current=(version == shown).then_some("page")>{text::version_of(l, version)}</a> }
        });
        view! { <nav class="tabs" aria-label=text::version(l)>{links.collect_view()}</nav> }
    })
}

fn options(choices: &[Choice], l: Lang) -> AnyView {
    let options = choices.iter().map(|choice| {
        let name = match choice.is_endpoint {
            true => text::endpoint(l, &choice.name),
            false => words::marked_run(l, choice.name.clone(), choice.saw_erased),
        };
        view! { <option value=choice.value.clone()>{name}</option> }
    });
    options.collect_view().into_any()
}

fn run_form(project: ProjectId, suite: &SuiteDetail, choices: &[Choice], l: Lang) -> AnyView {
    if choices.is_empty() {
        return view! {
            <p class="notice notice-warn">{text::no_candidate(l)}" "<a href=routes::models(project)>{text::candidate(l)}</a></p>
        }
        .into_any();
    }
    let (id, version, options) = (suite.summary.id, suite.shown, options(choices, l));
    view! {
        <section class="card stack" id="run">
            <h2>{text::run_title(l)}</h2>
            <PostForm action={ServerAction::<RunSuiteOn>::new()} class="stack">
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="suite" value=id.to_string()/>
                <input type="hidden" name="version" value=version.to_string()/>
                <Field id="candidate" label=text::candidate(l) help=text::candidate_help(l)>
                    <select id="candidate" name="candidate" aria-describedby="candidate-help">{options}</select>
                </Field>
                <div class="field">
                    <label class="check"><input type="checkbox" name="again" value="true" aria-describedby="again-help"/><span>{text::again(l)}</span></label>
                    <p class="help" id="again-help">{text::again_help(l)}</p>
                </div>
                <button class="button button-primary" type="submit">{text::run(l)}</button>
            </PostForm>
        </section>
    }
    .into_any()
}

fn baselines(project: ProjectId, suite: &SuiteDetail, choices: &[Choice], may: bool, l: Lang) -> impl IntoView + use<> {
    let id = suite.summary.id;
    let pinned = suite.baselines.iter().map(|baseline| {
        let value = baseline.candidate.to_string();
        let name = choices.iter().find(|choice| choice.value == value).map_or_else(|| value.clone(), |c| c.name.clone());
        let main = baseline.is_main.then(|| view! { <span class="badge">{text::main(l)}</span> });
        let (label, of) = (baseline.label.clone(), text::unpin_name(l, &baseline.label));
        let unpin = may.then(|| {
            view! {
                <PostForm action={ServerAction::<UnpinBaseline>::new()}>
                    <input type="hidden" name="project" value=project.to_string()/>
                    <input type="hidden" name="suite" value=id.to_string()/>
                    <input type="hidden" name="candidate" value=value/>
                    <button class="button button-small button-quiet" type="submit" aria-label=of>{text::unpin(l)}</button>
                </PostForm>
            }
        });
        view! { <li class="actions"><strong dir="auto">{label}</strong><span dir="auto">{name}</span>{main}{unpin}</li> }
    });
    let pinned = pinned.collect_view();
    let none = suite.baselines.is_empty().then(|| view! { <p class="muted">{text::baselines_none(l)}</p> });
    let form = (may && !choices.is_empty()).then(|| {
        let options = options(choices, l);
        view! {
            <PostForm action={ServerAction::<PinBaseline>::new()} class="filters">
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="suite" value=id.to_string()/>
                <Field id="baseline" label=text::candidate(l)>
                    <select id="baseline" name="candidate">{options}</select>
                </Field>
                <Field id="label" label=text::label(l) help=text::label_help(l)>
                    <input id="label" name="label" required dir="auto" maxlength="200" aria-describedby="label-help"/>
                </Field>
                <label class="check"><input type="checkbox" name="is_main" value="true"/><span>{text::make_main(l)}</span></label>
                <button class="button" type="submit">{text::pin(l)}</button>
            </PostForm>
        }
    });
    view! {
        <section class="card stack" id="baselines">
            <h2>{text::baselines(l)}</h2>
            <p class="muted">{text::baselines_help(l)}</p>
            {none}
            <ul class="facet">{pinned}</ul>
            {form}
        </section>
    }
}
