//! What a suite asks: making one, and changing it, which makes its next version.

use super::{
    api::{ArchiveSuite, CreateSuite, DesignView, RemoveEvaluation, SaveEvaluation, SetSuite, TakeDesign, get_design},
    form::{EvaluationForm, JudgeChoice, fields},
    text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::{Confirm, Field},
        form::PostForm,
        frame::PageHeader,
        load::{load, refuse},
        notice::Empty,
    },
};
use domain::{
    access::Action,
    dataset::VersionSummary,
    id::{ProjectId, SuiteId},
    lang::Lang,
    suite::{EvaluationDesign, SuiteDetail},
};
use leptos::prelude::*;

/// `/p/:project/suites/new`
#[component]
pub fn NewSuitePage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    if !role::may(Action::Launch) {
        return refuse(AppError::Forbidden).into_any();
    }
    view! {
        <PageHeader title=text::new_title(l) lead=text::new_lead(l)>
            <a class="button button-quiet" href=routes::suites(project)>{text::title(l)}</a>
        </PageHeader>
        {load(get_design(project, None), move |view| new(project, &view, l))}
    }
    .into_any()
}

fn new(project: ProjectId, view: &DesignView, l: Lang) -> AnyView {
    if view.versions.is_empty() {
        return view! {
            <Empty title=text::no_versions(l) hint=text::no_versions_hint(l)>
                <a class="button" href=routes::new_dataset(project)>{text::to_datasets(l)}</a>
            </Empty>
        }
        .into_any();
    }
    let fields = fields(&EvaluationForm::default(), (&view.versions, &view.judges), "", l);
    view! {
        <PostForm action={ServerAction::<CreateSuite>::new()} class="card stack">
            <input type="hidden" name="project" value=project.to_string()/>
            <Field id="name" label=text::name(l) help=text::name_help(l)>
                <input id="name" name="name" required dir="auto" maxlength="200" aria-describedby="name-help"/>
            </Field>
            {fields}
            <div class="actions"><button class="button button-primary" type="submit">{text::create(l)}</button></div>
        </PostForm>
    }
    .into_any()
}

/// `/p/:project/suites/:suite/design`
#[component]
pub fn SuiteDesignPage() -> impl IntoView {
    let l = lang();
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<SuiteId>("suite")?)));
    let data = async move {
        let (project, suite) = ids?;
        let view = get_design(project, Some(suite)).await?;
        Ok::<_, AppError>((project, view))
    };
    load(data, move |(project, view)| page(project, view, l))
}

fn page(project: ProjectId, view: DesignView, l: Lang) -> AnyView {
    let DesignView { suite, versions, judges } = view;
    let known = (versions.as_slice(), judges.as_slice());
    let Some(suite) = suite else { return refuse(AppError::NotFound) };
    let (id, name) = (suite.summary.id, suite.summary.name.clone());
    let may = role::may(Action::Launch);
    let evaluations = suite.design.evaluations.iter().map(|e| one(project, &suite, e, known, may, l));
    let evaluations = evaluations.collect_view();
    let add = may.then(|| {
        let (ids, fields) = (about(project, &suite), fields(&EvaluationForm::default(), known, "-new", l));
        view! {
            <details class="card fold" id="add">
                <summary>{text::add(l)}</summary>
                <PostForm action={ServerAction::<SaveEvaluation>::new()} class="stack">
                    {ids}
                    <input type="hidden" name="old" value=""/>
                    {fields}
                    <button class="button button-primary" type="submit">{text::save(l)}</button>
                </PostForm>
            </details>
        }
    });
    let whole = may.then(|| whole(project, &suite, l));
    let settings = may.then(|| settings(project, &suite, l));
    let version = suite.summary.version;
    view! {
        <PageHeader title=text::design_title(l, &name) lead=text::design_lead(l)>
            <span class="muted">{text::version_of(l, version)}</span>
            <a class="button" href=routes::suite(project, id)>{text::to_suite(l)}</a>
            <a class="button" href=format!("/api/v1/projects/{project}/suites/{id}/design.toml")>{text::download_toml(l)}</a>
        </PageHeader>
        {evaluations}
        {add}
        {whole}
        {settings}
    }
    .into_any()
}

/// Which suite, and the version that the person saw.
fn about(project: ProjectId, suite: &SuiteDetail) -> impl IntoView + use<> {
    view! {
        <input type="hidden" name="project" value=project.to_string()/>
        <input type="hidden" name="suite" value=suite.summary.id.to_string()/>
        <input type="hidden" name="seen" value=suite.summary.version.to_string()/>
    }
}

fn one(
    project: ProjectId,
    suite: &SuiteDetail,
    evaluation: &EvaluationDesign,
    (versions, judges): (&[VersionSummary], &[JudgeChoice]),
    may: bool,
    l: Lang,
) -> impl IntoView + use<> {
    let key = evaluation.key.clone();
    let data = versions.iter().find(|v| v.id == evaluation.version_id);
    let data = data.map(|v| format!("{} v{}", v.dataset_name, v.number)).unwrap_or_default();
    let metrics = evaluation.measured().join(", ");
    let gates = evaluation.gates.iter().map(|gate| view! { <li><code>{gate.to_string()}</code></li> }).collect_view();
    let form = EvaluationForm::of(evaluation, judges);
    let forms = may.then(|| {
        let fields = fields(&form, (versions, judges), &format!("-{key}"), l);
        let remove = (suite.design.evaluations.len() > 1).then(|| {
            let (ids, question, key) = (about(project, suite), text::remove_question(l, &key), key.clone());
            view! {
                <Confirm label=text::remove(l) question>
                    <PostForm action={ServerAction::<RemoveEvaluation>::new()}>
                        {ids}
                        <input type="hidden" name="key" value=key/>
                        <button class="button button-danger" type="submit">{text::remove(l)}</button>
                    </PostForm>
                </Confirm>
            }
        });
        let (ids, old, edit) = (about(project, suite), key.clone(), text::edit(l, &key));
        view! {
            <details class="fold">
                <summary>{edit}</summary>
                <PostForm action={ServerAction::<SaveEvaluation>::new()} class="stack">
                    {ids}
                    <input type="hidden" name="old" value=old/>
                    {fields}
                    <button class="button" type="submit">{text::save(l)}</button>
                </PostForm>
            </details>
            {remove}
        }
    });
    let key = evaluation.key.clone();
    view! {
        <section class="card stack">
            <h2 dir="auto">{key}</h2>
            <p class="muted"><bdi>{data}</bdi>" · "{crate::words::split(l, evaluation.split)}" · "{metrics}</p>
            <ul class="findings">{gates}</ul>
            {forms}
        </section>
    }
}

fn whole(project: ProjectId, suite: &SuiteDetail, l: Lang) -> impl IntoView + use<> {
    let (ids, text_now) = (about(project, suite), suite.design.to_toml());
    view! {
        <details class="card fold">
            <summary>{text::toml(l)}</summary>
            <PostForm action={ServerAction::<TakeDesign>::new()} class="stack">
                {ids}
                <Field id="toml" label=text::toml(l) help=text::toml_help(l)>
                    <textarea id="toml" name="toml" rows="16" dir="ltr" spellcheck="false" aria-describedby="toml-help">{text_now}</textarea>
                </Field>
                <button class="button" type="submit">{text::take(l)}</button>
            </PostForm>
        </details>
    }
}

fn settings(project: ProjectId, suite: &SuiteDetail, l: Lang) -> impl IntoView + use<> {
    let (id, name, automatic) = (suite.summary.id, suite.summary.name.clone(), suite.summary.automatic);
    view! {
        <section class="card stack">
            <h2>{text::settings(l)}</h2>
            <PostForm action={ServerAction::<SetSuite>::new()} class="stack">
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="suite" value=id.to_string()/>
                <Field id="name" label=text::name(l) help=text::name_help(l)>
                    <input id="name" name="name" required dir="auto" maxlength="200" value=name aria-describedby="name-help"/>
                </Field>
                <div class="field">
                    <label class="check"><input type="checkbox" name="automatic" value="true" checked=automatic aria-describedby="automatic-help"/><span>{text::automatic_label(l)}</span></label>
                    <p class="help" id="automatic-help">{text::automatic_help(l)}</p>
                </div>
                <button class="button" type="submit">{text::save_settings(l)}</button>
            </PostForm>
            <Confirm label=text::archive(l) question=text::archive_question(l) danger=true>
                <PostForm action={ServerAction::<ArchiveSuite>::new()}>
                    <input type="hidden" name="project" value=project.to_string()/>
                    <input type="hidden" name="suite" value=id.to_string()/>
                    <button class="button button-danger" type="submit">{text::archive(l)}</button>
                </PostForm>
            </Confirm>
        </section>
    }
}
