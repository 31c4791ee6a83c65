//! The form that has items of a task judged by more people.

use super::{api::RaiseOverlap, text};
use crate::{
    annotate::lead::ids,
    ui::{
        field::{Confirm, Field},
        form::{PostForm, refusal_of},
        format::integer,
    },
};
use domain::{annotation::view::Task, id::ProjectId, lang::Lang};
use leptos::prelude::*;

/// A fold with the form; `accepted` items stay as they are unless it says otherwise. It is unfolded where it was refused, since it
/// says why.
pub(in crate::annotate::lead) fn raise(
    project: ProjectId,
    l: Lang,
    task: &Task,
    accepted: u64,
) -> impl IntoView + use<> {
    let now = &task.distribution;
    // Of a part of the items as many can be asked of more.
    let is_of_part = now.overlap > 1 && now.overlap_share < 1.0;
    let least = (now.overlap + u32::from(!is_of_part)).to_string();
    let (id, revision) = (task.summary.id, task.revision.to_string());
    let lead = text::raise_overlap_lead(l, now.overlap);
    let is_refused = refusal_of::<RaiseOverlap>().is_some();
    let reopen = text::reopen_decided(l, integer(accepted));
    view! {
        <details class="fold" open=is_refused>
            <summary>{text::raise_overlap(l)}</summary>
            <PostForm action={ServerAction::<RaiseOverlap>::new()} class="stack">
                {ids(project, id)}
                <input type="hidden" name="revision" value=revision/>
                <p class="help">{lead}</p>
                <div class="field-row">
                    <Field id="overlap" label=text::raise_overlap_to(l) help=text::raise_overlap_to_help(l)>
                        <input id="overlap" name="overlap" type="number" min=least.clone() max="100" required value=least aria-describedby="overlap-help"/>
                    </Field>
                    <Field id="overlap_share" label=text::raise_overlap_share(l) help=text::raise_overlap_share_help(l)>
                        <input id="overlap_share" name="overlap_share" type="number" min="0.001" max="1" step="any" required value="1" aria-describedby="overlap_share-help"/>
                    </Field>
                </div>
                <div class="field">
                    <label class="check"><input type="checkbox" name="reopen" value="true" aria-describedby="reopen-help"/><span>{reopen}</span></label>
                    <p class="help" id="reopen-help">{text::reopen_decided_help(l)}</p>
                </div>
                <Confirm label=text::raise_overlap(l) question=text::raise_overlap_question(l)>
                    <button class="button" type="submit">{text::raise_overlap(l)}</button>
                </Confirm>
            </PostForm>
        </details>
    }
}
