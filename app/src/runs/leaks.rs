//! A run that was not let through because training has seen test samples: where to mend that, and the owner's signature.

use super::{api::LaunchDespiteLeaks, text};
use crate::{
    role, routes,
    text::lang,
    ui::{field::Field, form::PostForm},
};
use domain::{access::Action, id::ProjectId, run::RunDetail};
use leptos::prelude::*;

/// Nothing for other runs.
pub(super) fn card(project: ProjectId, run: &RunDetail) -> impl IntoView + use<> {
    let l = lang();
    let failure = run.summary.state.failure.as_ref();
    let is_leak = failure.is_some_and(|f| f.problem.is_leak());
    let s = &run.summary;
    let splits = routes::splits(project, s.dataset_id, s.version_number.cast_unsigned());
    let id = s.id.to_string();
    is_leak.then(|| {
        let form = role::may(Action::Administer).then(|| {
            view! {
                <PostForm action={ServerAction::<LaunchDespiteLeaks>::new()} class="stack">
                    <input type="hidden" name="project" value=project.to_string()/>
                    <input type="hidden" name="run" value=id/>
                    <Field id="reason" label=text::leak_reason(l) help=text::leak_launch_help(l)>
                        <textarea id="reason" name="reason" required maxlength="2000" rows="2" dir="auto" aria-describedby="reason-help"></textarea>
                    </Field>
                    <div class="actions"><button class="button button-danger" type="submit">{text::leak_launch(l)}</button></div>
                </PostForm>
            }
        });
        view! {
            <section class="card stack" id="leaks">
                <h2>{text::leak_mend(l)}</h2>
                <p class="muted">{text::leak_mend_help(l)}</p>
                <p><a class="button" href=splits>{text::see_leaks(l)}</a></p>
                {form}
            </section>
        }
    })
}
