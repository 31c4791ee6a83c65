//! A task's guideline: the newest revision, the form for the next, and the history with what each revision touched.

use super::{
    api::{ReviseGuideline, get_guidelines},
    text,
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
    id::{ProjectId, TaskId},
    lang::Lang,
};
use leptos::prelude::*;

/// `/p/:project/annotation/:task/guideline`.
#[component]
pub fn GuidelinePage() -> impl IntoView {
    let asked = (|| Ok::<_, AppError>((routes::param::<ProjectId>("project")?, routes::param::<TaskId>("task")?)))();
    let data = async move {
        let (project, task) = asked?;
        let (name, history) = get_guidelines(project, task).await?;
        Ok::<_, AppError>((project, task, name, history))
    };
    load(data, |(project, task, name, history)| page(project, task, &name, history))
}

fn page(project: ProjectId, task: TaskId, name: &str, history: Vec<Guideline>) -> impl IntoView + use<> {
    let l = lang();
    let newest = history.first().map(|g| g.text.clone()).unwrap_or_default();
    let shown = markdown(&newest);
    let form = role::may(Action::EditDatasets).then(|| {
        let text = newest.clone();
        view! {
            <PostForm action={ServerAction::<ReviseGuideline>::new()} class="card stack">
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="task" value=task.to_string()/>
                <textarea name="text" dir="auto" rows="14" aria-label=text::guideline(l) aria-describedby="guideline-help">{text}</textarea>
                <p class="help" id="guideline-help">{text::guideline_help(l)}</p>
                <div class="actions"><button class="button button-primary" type="submit">{text::revise(l)}</button></div>
            </PostForm>
        }
    });
    let history = history.into_iter().map(|g| revision(l, g)).collect_view();
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

fn revision(l: Lang, g: Guideline) -> impl IntoView {
    let touched = if g.touched.is_empty() { text::touched_none(l).to_owned() } else { g.touched.join(", ") };
    let judgements = (g.judgements_touched > 0)
        .then(|| view! { <p class="help">{text::touched_judgements(l, integer(g.judgements_touched))}</p> });
    view! {
        <details class="card">
            <summary>{text::revision(l, g.revision)}" · "<Time at=g.at/>" · "<bdi>{text::by(l, g.by)}</bdi></summary>
            <p dir="auto">{text::touched(l)}": "{touched}</p>
            {judgements}
            <pre class="annotation-old" dir="auto">{g.text}</pre>
        </details>
    }
}
