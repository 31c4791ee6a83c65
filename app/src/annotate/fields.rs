//! The questions of a task as the fields of a form. Plain controls, which the browser sends by itself; what the keyboard
//! does with them is in `browser`, which knows them by their `data-` attributes.

mod controls;
mod marking;
mod text;
mod tree;

use crate::{text::lang, ui::format::percent};
use controls::Control;
use domain::annotation::{
    answer::{Answer, ItemContent, Judgement},
    design::{Choice, Condition, Design, Question, QuestionKind},
    view::Suggestion,
};
use domain::sample::Speaker;
use leptos::prelude::*;

/// What stands in the fields at first.
#[derive(Clone, Copy, Default)]
pub(super) struct Filled<'a> {
    pub(super) judgement: Option<&'a Judgement>,
    /// What a model says: in the fields where nothing else was entered.
    pub(super) suggestion: Option<&'a Suggestion>,
}

impl Filled<'_> {
    /// The answer to a question, and whether a model gave it.
    fn answer(&self, name: &str) -> Option<(&Answer, bool)> {
        match (self.judgement, self.suggestion) {
            (Some(judgement), _) => judgement.answers.get(name).map(|a| (a, false)),
            (None, Some(suggestion)) => suggestion.judgement.answers.get(name).map(|a| (a, true)),
            (None, None) => None,
        }
    }
}

/// All questions, then whether the item can be judged at all, and a comment. `order` is that in which answers are shown.
pub(super) fn fields(design: &Design, item: &ItemContent, order: &[u32], filled: Filled<'_>) -> impl IntoView + use<> {
    let l = lang();
    let questions = design.questions.iter().map(|q| question(q, item, order, filled)).collect_view();
    let comment = filled.judgement.map(|j| j.comment.clone()).unwrap_or_default();
    let cannot_judge = filled.judgement.is_some_and(|j| j.cannot_judge);
    let has_comment = cannot_judge || !comment.is_empty();
    view! {
        <div class="questions">{questions}</div>
        <label class="option option-quiet">
            <input type="checkbox" name="form[cannot_judge]" value="true" checked=cannot_judge data-cannot-judge=""/>
            <span>{text::cannot_judge(l)}</span>
        </label>
        <details class="work-comment" open=has_comment>
            <summary>{text::comment(l)}</summary>
            <textarea name="form[comment]" rows="2" dir="auto" aria-label=text::comment(l)>{comment}</textarea>
            <p class="help">{text::comment_help(l)}</p>
        </details>
    }
}

fn question(q: &Question, item: &ItemContent, order: &[u32], filled: Filled<'_>) -> AnyView {
    let l = lang();
    let answer = filled.answer(&q.name);
    let suggested =
        answer.filter(|(_, by_model)| *by_model).and(filled.suggestion).filter(|s| !s.from.is_empty()).map(|s| {
            let sure = s.confidence.map(|c| text::sure(l, percent(c)));
            view! { <p class="suggested"><span class="badge badge-busy">{text::suggested(l, &s.from)}{sure}</span></p> }
        });
    let control = Control { q, item, order, answer: answer.map(|(answer, _)| answer) };
    let optional = (!q.required).then(|| view! { " " <span class="muted">{text::optional(l)}</span> });
    let (when, any_of) = match &q.when {
        Some(Condition { question, any_of }) => (Some(question.clone()), serde_json::to_string(any_of).ok()),
        None => (None, None),
    };
    view! {
        <fieldset class="question" data-question=q.name.clone() data-kind=q.kind.word() data-need=need(q, item)
            data-required=q.required.then_some("") data-when=when data-any=any_of>
            <legend dir="auto">{q.title.clone()}{optional}</legend>
            {(!q.help.is_empty()).then(|| view! { <p class="help" dir="auto">{q.help.clone()}</p> })}
            {suggested}
            {body(control)}
        </fieldset>
    }
    .into_any()
}

/// How many controls must be chosen before the question is answered; `None` where that is not counted.
fn need(q: &Question, item: &ItemContent) -> Option<String> {
    let count = match &q.kind {
        QuestionKind::Choice { .. } | QuestionKind::Tree { .. } | QuestionKind::Preference { .. } => 1,
        QuestionKind::Rating { min, max, .. } if is_scale(*min, *max) => 1,
        QuestionKind::Choices { min, .. } => *min.max(&1) as usize,
        QuestionKind::Turns { .. } => turns(item).count(),
        QuestionKind::Rating { .. } | QuestionKind::Text { .. } => return Some("text".to_owned()),
        QuestionKind::Spans { .. } | QuestionKind::Ranking => return None,
    };
    Some(count.to_string())
}

/// Whether the numbers of a rating stand side by side; more of them are typed.
fn is_scale(min: i32, max: i32) -> bool {
    max.saturating_sub(min) <= 10
}

/// Assistant's turns with their places.
fn turns(item: &ItemContent) -> impl Iterator<Item = (u32, &str)> {
    let places = item.messages.iter().enumerate();
    places.filter(|(_, m)| m.role == Speaker::Assistant).map(|(at, m)| (at as u32, m.content.as_str()))
}

fn body(control: Control<'_>) -> AnyView {
    match &control.q.kind {
        QuestionKind::Choice { options } => control.choice(options),
        QuestionKind::Choices { options, min, max } => control.choices(options, *min, *max),
        QuestionKind::Tree { options } => control.tree(options),
        QuestionKind::Spans { labels, relations, overlap } => marking::marking(&control, labels, relations, *overlap),
        QuestionKind::Text { max_chars, .. } => control.text(*max_chars),
        QuestionKind::Rating { min, max, low, high } => control.rating(*min, *max, (low.as_str(), high.as_str())),
        QuestionKind::Preference { tie } => control.preference(*tie),
        QuestionKind::Ranking => control.ranking(),
        QuestionKind::Turns { options } => control.turns(options),
    }
}

/// The key of each option: its own, or the next digit that no option has; none after 9.
fn keys(options: &[Choice]) -> Vec<Option<char>> {
    let own: Vec<char> = options.iter().filter_map(|o| o.hotkey).map(|key| key.to_ascii_lowercase()).collect();
    let mut digits = ('1'..='9').filter(|digit| !own.contains(digit));
    options.iter().map(|o| o.hotkey.map(|key| key.to_ascii_lowercase()).or_else(|| digits.next())).collect()
}

/// A key, shown where there is a keyboard.
fn key_shown(key: Option<char>) -> impl IntoView {
    key.map(|key| view! { <kbd class="keyboard-help" aria-hidden="true">{key.to_string()}</kbd> })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn every_option_has_a_key_of_its_own() {
        let options: Vec<Choice> = serde_json::from_str(
            r#"[{"value": "a"}, {"value": "b", "hotkey": "1"}, {"value": "c", "hotkey": "X"}, {"value": "d"}]"#,
        )
        .unwrap();
        assert_eq!(keys(&options), [Some('2'), Some('1'), Some('x'), Some('3')]);
        let many: Vec<Choice> = (0..12).map(|n| Choice { value: n.to_string(), ..Choice::default() }).collect();
        assert_eq!((keys(&many)[8], keys(&many)[9]), (Some('9'), None));
    }
}
