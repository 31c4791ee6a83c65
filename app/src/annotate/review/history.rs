//! What the reader has decided in a task as a reviewer or adjudicator, newest first, each with its item.

use super::{Place, api::get_decided, text};
use crate::{
    annotate::lead::item_status,
    error::AppError,
    routes,
    text::lang,
    ui::{
        format::{Time, gist},
        frame::PageHeader,
        load::load,
        notice::Empty,
        pager::{self, pager},
    },
};
use domain::{
    annotation::review_view::{Queue, ReviewDecided},
    id::{ProjectId, TaskId},
    page::{DEFAULT_LIMIT, Page},
};
use leptos::prelude::*;

/// `/p/:project/annotation/:task/reviewed?cursor=`.
#[component]
pub fn ReviewedPage() -> impl IntoView {
    let asked = (|| Ok::<(ProjectId, TaskId), AppError>((routes::param("project")?, routes::param("task")?)))();
    let cursor = routes::query::<String>("cursor");
    let data = async move {
        let (project, task) = asked?;
        let (name, page) = get_decided(project, task, cursor).await?;
        Ok::<_, AppError>((project, task, name, page))
    };
    load(data, |(project, task, name, page)| list(project, task, &name, page))
}

fn list(project: ProjectId, task: TaskId, name: &str, page: Page<ReviewDecided>) -> impl IntoView + use<> {
    let l = lang();
    let header = view! {
        <PageHeader title=text::history_title(l, name) lead=text::history_lead(l)>
            <a class="button" href=routes::annotation_review(project, task)>{text::to_review(l)}</a>
            <a class="button" href=routes::annotation_adjudicate(project, task)>{text::to_adjudicate(l)}</a>
            <a class="button button-quiet" href=routes::annotation_task(project, task)>{text::to_task(l)}</a>
        </PageHeader>
    };
    if page.items.is_empty() {
        return view! { {header}<Empty title=text::no_history(l) hint=text::no_history_hint(l)/> }.into_any();
    }
    let cursor = routes::query::<String>("cursor").unwrap_or_default();
    let here = routes::annotation_reviewed(project, task);
    let place =
        pager::Place { shown: page.items.len(), size: DEFAULT_LIMIT, total: None, next_cursor: page.next_cursor };
    let pages = pager(|c| format!("{here}?cursor={c}"), "", &cursor, place);
    let rows = page.items.iter().map(|decided| row(project, task, decided)).collect_view();
    view! {
        {header}
        <div class="table-wrap">
            <table class="table table-cards">
                <thead>
                    <tr>
                        <th scope="col">{text::item(l)}</th>
                        <th scope="col">{text::shown_text(l)}</th>
                        <th scope="col">{text::your_word(l)}</th>
                        <th scope="col">{text::now(l)}</th>
                        <th scope="col">{text::when(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {pages}
    }
    .into_any()
}

fn row(project: ProjectId, task: TaskId, decided: &ReviewDecided) -> impl IntoView + use<> {
    let l = lang();
    let queue = if decided.verdict.is_some() { Queue::Review } else { Queue::Adjudication };
    let href = Place { project, task, queue, item: None, after: None }.address(decided.item_id);
    let word = decided.verdict.map_or_else(|| text::decided(l), |verdict| text::verdict(l, verdict));
    let reason = (!decided.reason.is_empty())
        .then(|| view! { ": " <span class="muted" dir="auto">{decided.reason.clone()}</span> });
    let (status, class) = item_status(l, decided.status);
    view! {
        <tr>
            <th scope="row"><a href=href>{decided.rank + 1}</a></th>
            <td class="prose" dir="auto" data-label=text::shown_text(l)>{gist(&decided.prompt)}</td>
            <td class="prose" data-label=text::your_word(l)>{word}{reason}</td>
            <td data-label=text::now(l)><span class=class>{status}</span></td>
            <td data-label=text::when(l)><Time at=decided.at/></td>
        </tr>
    }
}
