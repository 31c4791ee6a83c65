//! A task's guideline: the newest revision, the form for the next, and the history with what each revision touched.

use super::{
    api::{GuidelinesView, ReviseGuideline, get_guidelines},
    asked, ids, text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{form::PostForm, format::Time, format::integer, frame::PageHeader, load::load, markdown::markdown},
};
use domain::{
    access::Action,
    annotation::view::Guideline,
    id::{ItemId, ProjectId, TaskId},
    lang::Lang,
};
use leptos::prelude::*;

/// `/p/:project/annotation/:task/guideline`.
#[component]
pub fn GuidelinePage() -> impl IntoView {
    let asked = asked();
    let data = async move {
        let (project, task) = asked?;
        Ok::<_, AppError>((project, task, get_guidelines(project, task).await?))
    };
    load(data, |(project, task, view)| page(project, task, view))
}

fn page(project: ProjectId, task: TaskId, view: GuidelinesView) -> impl IntoView {
    let l = lang();
    let GuidelinesView { name, history } = view;
    let newest = history.first().map(|(g, _)| g.text.clone()).unwrap_or_default();
    let shown = markdown(&newest);
    let form = role::may(Action::EditDatasets).then(|| {
        let text = newest.clone();
        view! {
            <PostForm action={ServerAction::<ReviseGuideline>::new()} class="card stack">
                {ids(project, task)}
                <textarea name="text" dir="auto" rows="14" aria-label=text::guideline(l) aria-describedby="guideline-help">{text}</textarea>
                <p class="help" id="guideline-help">{text::guideline_help(l)}</p>
                <div class="actions"><button class="button button-primary" type="submit">{text::revise(l)}</button></div>
            </PostForm>
        }
    });
    let history = history.into_iter().map(|(g, items)| revision(project, task, l, g, &items)).collect_view();
    view! {
        <PageHeader title=format!("{}: {name}", text::guideline_title(l)) lead=text::guideline_lead(l)>
            <a class="button" href=routes::annotation_task(project, task)>{text::back(l)}</a>
        </PageHeader>
        <section class="card prose" dir="auto">{shown}</section>
        {form}
        <section class="stack">
            <h2>{text::history(l)}</h2>
            {history}
        </section>
    }
}

fn revision(project: ProjectId, task: TaskId, l: Lang, g: Guideline, items: &[ItemId]) -> impl IntoView + use<> {
    let touched = if g.touched.is_empty() { text::touched_none(l).to_owned() } else { g.touched.join(", ") };
    let judgements = (g.judgements_touched > 0)
        .then(|| view! { <p class="help">{text::touched_judgements(l, integer(g.judgements_touched))}</p> });
    let links = items.iter().map(|item| {
        view! { <li><a href=routes::annotation_item(project, task, *item)>{format!("#{item}")}</a></li> }
    });
    let links = links.collect_view();
    let items = (!links.is_empty()).then(|| {
        view! {
            <h3>{text::touched_items(l)}</h3>
            <p class="help">{text::touched_items_help(l)}</p>
            <ul class="annotation-touched">{links}</ul>
        }
    });
    view! {
        <details class="card">
            <summary>{text::revision(l, g.revision)}" · "<Time at=g.at/>" · "<bdi>{text::by(l, g.by)}</bdi></summary>
            <p dir="auto">{text::touched(l)}": "{touched}</p>
            {judgements}
            {items}
            <pre class="annotation-old" dir="auto">{g.text}</pre>
        </details>
    }
}
