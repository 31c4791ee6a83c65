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
        if !item.sample.spans.is_empty() {
            return Verdict::Keep;
        }
        let mut sample = item.sample.clone();
        let mut is_changed = false;
        let mut rewrite = |text: &mut String| {
            if let Some(new) = (self.rule)(text).filter(|new| new != text) {
                (*text, is_changed) = (new, true);
            }
        };
        let answers = sample.label.is_none();
        let last = answer_index(&sample);
        for (i, message) in sample.messages.iter_mut().enumerate() {
            let is_answer = Some(i) == last;
            if covers(self.within, is_answer) && (!is_answer || answers) {
                rewrite(&mut message.content);
            }
        }
        if let Some(rejected) = &mut sample.rejected
            && covers(self.within, true)
        {
            rewrite(rejected);
        }
        if is_changed { Verdict::Rewrite(sample, Reason::Rewritten) } else { Verdict::Keep }
    }
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
