//! A task's deadline: what is needed to keep it, the mark of one that was not kept, and the form that moves it.

use super::{api::SetDeadline, text};
use crate::{
    annotate::lead::ids,
    ui::{
        field::Field,
        form::PostForm,
        format::{duration, integer},
    },
};
use domain::{
    annotation::{batch::Due, view::Task},
    id::ProjectId,
    lang::Lang,
};
use leptos::prelude::*;
use time::OffsetDateTime;

/// The mark of what is overdue.
pub(in crate::annotate::lead) fn mark(l: Lang, overdue: bool) -> impl IntoView + use<> {
    overdue.then(|| view! { " " <span class="badge badge-bad">{text::overdue(l)}</span> })
}

/// Beside the deadline what is missing until then, and the form that changes it. `due` is what the server's clock says.
pub(in crate::annotate::lead) fn extend(
    project: ProjectId,
    l: Lang,
    task: &Task,
    due: Option<Due>,
) -> impl IntoView + use<> {
    let day = task.summary.deadline.map(|at: OffsetDateTime| at.date().to_string()).unwrap_or_default();
    let (id, revision) = (task.summary.id, task.revision.to_string());
    let facts = due.map(|due| {
        let left = u64::try_from(due.seconds_left).ok().map(|seconds| duration(seconds, l));
        let missing = text::missing(l, integer(due.missing));
        let facts = [left, Some(missing), due.pace().map(|pace| text::pace(l, pace))];
        view! { <p class="help">{facts.into_iter().flatten().collect::<Vec<_>>().join(" · ")}</p> }
    });
    view! {
        {facts}
        <details class="fold">
            <summary>{text::change_deadline(l)}</summary>
            <PostForm action={ServerAction::<SetDeadline>::new()} class="stack">
                {ids(project, id)}
                <input type="hidden" name="revision" value=revision/>
                <Field id="deadline" label=text::deadline(l) help=text::deadline_help(l)>
                    <input id="deadline" name="deadline" type="date" value=day aria-describedby="deadline-help"/>
                </Field>
                <div class="actions"><button class="button" type="submit">{text::save(l)}</button></div>
            </PostForm>
        </details>
    }
}
