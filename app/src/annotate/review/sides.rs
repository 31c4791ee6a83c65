//! What people said, for others to compare.

use super::text;
use crate::{
    annotate::{content::letter, said::said},
    text::lang,
};
use domain::annotation::{
    answer::{Answer, Judgement},
    design::{Design, Question},
    outcome::is_same,
    view::{Item, Judged},
};
use leptos::prelude::*;

/// Whose judgement it is: by name for the lead of a task, a letter for others.
pub(super) fn who(at: usize, judged: &Judged, is_lead: bool) -> String {
    let name = judged.by.as_ref().filter(|_| is_lead).map(|person| person.name.clone());
    name.unwrap_or_else(|| text::annotator(lang(), letter(at)))
}

/// The answers of one judgement.
pub(super) fn answers(design: &Design, item: &Item, judged: &Judged) -> impl IntoView + use<> {
    let l = lang();
    let judgement = &judged.judgement;
    let facts = design.questions.iter().filter(|q| !judgement.cannot_judge && design.is_asked(q, judgement)).map(|q| {
        let answer = answer(item, q, judgement);
        view! { <div><dt dir="auto">{q.title.clone()}</dt><dd dir="auto" class="said">{answer}</dd></div> }
    });
    let facts = facts.collect_view();
    let cannot =
        judgement.cannot_judge.then(|| view! { <p><span class="badge badge-warn">{text::cannot_judge(l)}</span></p> });
    view! {
        {cannot}
        <dl class="meta">{facts}</dl>
        {comment(judgement)}
    }
}

/// What was noted beside the answers.
pub(super) fn comment(judgement: &Judgement) -> Option<AnyView> {
    let comment = judgement.comment.clone();
    (!comment.is_empty()).then(|| view! { <p class="said muted" dir="auto">{comment}</p> }.into_any())
}

/// The answer to a question in words.
pub(super) fn answer(item: &Item, q: &Question, judgement: &Judgement) -> String {
    let l = lang();
    if judgement.cannot_judge {
        return text::cannot_judge(l).to_owned();
    }
    judgement.answers.get(&q.name).map_or_else(|| text::no_answer(l).to_owned(), |a| said(l, q, &item.content, a))
}

/// Whether people answered a question differently; who could not judge the item has no say.
pub(super) fn differs(q: &Question, judged: &[&Judged]) -> bool {
    let answers: Vec<Option<&Answer>> =
        judged.iter().filter(|j| !j.judgement.cannot_judge).map(|j| j.judgement.answers.get(&q.name)).collect();
    let is_like = |pair: &[Option<&Answer>]| match (pair[0], pair[1]) {
        (Some(one), Some(other)) => is_same(one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    !answers.windows(2).all(is_like)
}
