//! Steps that rewrite texts by a rule, and which texts of a sample a step is about.

use super::{Item, RowStep, Verdict};
use domain::{
    sample::Sample,
    steps::{Reason, Where},
};

/// A row step that rewrites every text it is about. The answer of labelled data is its label and stays as it is,
/// and so does a sample with spans, whose places a rewritten text would shift.
pub(super) struct Rewrite<F> {
    pub(super) within: Where,
    /// `None` leaves a text as it is.
    pub(super) rule: F,
}

impl<F: Fn(&str) -> Option<String>> RowStep for Rewrite<F> {
    fn judge(&self, item: &Item) -> Verdict {
        match rewritten(&item.sample, self.within, &mut |text| (self.rule)(text)) {
            Some(sample) => Verdict::Rewrite(sample, Reason::Rewritten),
            None => Verdict::Keep,
        }
    }
}

/// The sample with every text rewritten that a step is about and may touch, see [`Rewrite`]; `None` where none changes.
pub(super) fn rewritten(
    sample: &Sample,
    within: Where,
    rule: &mut dyn FnMut(&str) -> Option<String>,
) -> Option<Sample> {
    if !sample.spans.is_empty() {
        return None;
    }
    let mut sample = sample.clone();
    let mut is_changed = false;
    let mut rewrite = |text: &mut String| {
        if let Some(new) = rule(text).filter(|new| new != text) {
            (*text, is_changed) = (new, true);
        }
    };
    let answers = sample.label.is_none();
    let last = answer_index(&sample);
    for (i, message) in sample.messages.iter_mut().enumerate() {
        let is_answer = Some(i) == last;
        if covers(within, is_answer) && (!is_answer || answers) {
            rewrite(&mut message.content);
        }
    }
    if let Some(rejected) = &mut sample.rejected
        && covers(within, true)
    {
        rewrite(rejected);
    }
    // Listed choices are part of what is asked; others are answers, and labels where the answer is one.
    let is_listed = sample.lists_choices();
    if covers(within, !is_listed) && (is_listed || answers) {
        sample.choices.iter_mut().for_each(&mut rewrite);
    }
    is_changed.then_some(sample)
}

fn answer_index(sample: &Sample) -> Option<usize> {
    sample.answer().map(|_| sample.messages.len() - 1)
}

fn covers(within: Where, is_answer: bool) -> bool {
    match within {
        Where::Both => true,
        Where::Prompt => !is_answer,
        Where::Answer => is_answer,
    }
}

/// The texts of a sample that a step is about, one below the other.
pub(super) fn texts(sample: &Sample, within: Where) -> String {
    let last = answer_index(sample);
    let texts = sample.messages.iter().enumerate().filter(|(i, _)| covers(within, Some(*i) == last));
    texts.map(|(_, message)| message.content.as_str()).collect::<Vec<_>>().join("\n")
}
