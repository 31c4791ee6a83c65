//! One item as a plain form.

use super::{
    Place,
    api::{SkipItem, SubmitJudgement},
    text,
};
use crate::{
    annotate::{
        content::content,
        fields::{Filled, fields},
    },
    text::lang,
    ui::form::PostForm,
};
use domain::annotation::{design::Design, view::Work};
use leptos::{prelude::*, server_fn::ServerFn};
use uuid::Uuid;

/// What is judged and the form that sends the judgement. Its key is drawn here: sent twice, the form counts once.
pub(super) fn item(place: Place, design: &Design, work: &Work) -> impl IntoView + use<> {
    let l = lang();
    let shown = content(design, &work.content, &work.shown_order);
    let filled = Filled { judgement: work.draft.as_ref(), suggestion: work.suggestion.as_ref() };
    let questions = fields(design, &work.content, &work.shown_order, filled);
    let reason = work.reason.clone().map(|reason| {
        view! { <div class="notice notice-warn"><strong>{text::returned(l)}</strong><p dir="auto">{reason}</p></div> }
    });
    let test = work.is_test.then(|| view! { <p><span class="badge badge-busy">{text::is_test(l)}</span></p> });
    let (id, number, key) = (work.item_id.to_string(), work.draft_number.to_string(), Uuid::new_v4().to_string());
    let field_id = id.clone();
    // Not `type="hidden"`: a refused form keeps its key, and a hidden one would tell two forms apart.
    view! {
        <div class="work-item" data-item=id>
            {reason}{test}
            <div class="work-content">{shown}</div>
            <PostForm action={ServerAction::<SubmitJudgement>::new()} class="work-form">
                {place.ids()}
                <input type="hidden" name="item" value=field_id/>
                <input hidden name="key" value=key autocomplete="off"/>
                <input hidden name="number" value=number autocomplete="off"/>
                <input hidden name="duration_ms" value="" autocomplete="off"/>
                {questions}
                <div class="actions work-actions">
                    <button class="button button-primary" type="submit" data-send="">
                        {text::send(l)}<kbd class="keyboard-help" aria-hidden="true">"↵"</kbd>
                    </button>
                    <button class="button" type="submit" formaction=SkipItem::url() data-skip="">
                        {text::skip(l)}<kbd class="keyboard-help" aria-hidden="true">"s"</kbd>
                    </button>
                </div>
            </PostForm>
        </div>
    }
}
