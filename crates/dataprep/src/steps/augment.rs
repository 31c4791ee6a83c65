//! Changed copies of training samples. Validation and test are never copied, and no copy says what one of their texts says.
//!
//! A copy keeps the label, follows its original and has a slice `augmented` with the name of the method, so that an evaluation
//! or an ablation can tell it apart. One that says the opposite gets the label that the recipe has for that, and a slice
//! `check` says that a person should look at it. It is left out where the text did not change, where its length changed too much and where the
//! text is there already.

mod lexicon;
mod methods;
mod negation;
mod tokens;

use super::{Group, Item, SetStep, Verdict};
use crate::{
    draw::Draw,
    hash::content_hash,
    similar::{hash, normal_form},
    split::prompt_text,
};
use domain::{
    sample::{Sample, Speaker, Split},
    steps::{self, AugmentMethod, Reason, TO_CHECK, Where},
};
use lexicon::Lexicon;
use negation::Negation;
use std::{cell::RefCell, collections::HashSet, io};

/// The slice that marks a copy.
const SLICE: &str = "augmented";
/// Tries for a copy that differs from all there are.
const TRIES: u64 = 3;

pub(super) struct Augment {
    settings: steps::Augment,
    methods: Vec<AugmentMethod>,
    lexicon: Lexicon,
    negation: Negation,
    /// Hashes of the normal forms of prompts in validation and test.
    held_out: HashSet<u64>,
    /// Hashes of all samples' texts as they are, copies included.
    there: RefCell<HashSet<u64>>,
}

impl Augment {
    pub(super) fn new(settings: steps::Augment) -> Self {
        Self {
            methods: settings.methods(),
            lexicon: Lexicon::new(&settings),
            negation: Negation::new(),
            settings,
            held_out: HashSet::new(),
            there: RefCell::default(),
        }
    }

    /// The copies of a training sample.
    fn copies(&self, sample: &Sample) -> Vec<(Sample, Reason)> {
        let mut start = [0; 8];
        start.copy_from_slice(&content_hash(sample)[..8]);
        let seed = hash([self.settings.seed, u64::from_le_bytes(start)]);
        if hash([seed, 1]) % 10_000 >= (self.settings.share_copied * 10_000.0) as u64 {
            return Vec::new();
        }
        (0..self.settings.copies).filter_map(|number| self.copy(sample, seed, number)).collect()
    }

    fn copy(&self, sample: &Sample, seed: u64, number: u64) -> Option<(Sample, Reason)> {
        for round in 0..TRIES {
            // Methods take turns, from one that the sample decides.
            let turn = (seed >> 8).wrapping_add(number).wrapping_add(round) as usize % self.methods.len();
            let method = self.methods[turn];
            let mut draw = Draw::new(hash([seed, 2, number, round]));
            if let Some(mut copy) = self.changed(sample, method, &mut draw)
                && self.is_new(sample, &copy)
            {
                copy.slices.insert(SLICE.to_owned(), method.as_str().to_owned());
                return Some((copy, Reason::Augmented { method }));
            }
        }
        None
    }

    /// The sample saying the opposite in its last user turn, with the label that the recipe has for that; `None` where it
    /// has none, or where an answer says more than the label.
    fn negated(&self, sample: &Sample) -> Option<Sample> {
        let label = sample.label.as_deref()?;
        let opposite = self.lexicon.opposite(label)?;
        let mut copy = sample.clone();
        if copy.rejected.is_some() {
            return None;
        }
        let text = copy.messages.iter_mut().rfind(|m| m.role == Speaker::User)?;
        text.content = self.negation.of(&text.content)?;
        if let Some(answer) = copy.messages.last_mut().filter(|m| m.role == Speaker::Assistant) {
            if answer.content.trim() != label.trim() {
                return None;
            }
            opposite.clone_into(&mut answer.content);
        }
        copy.label = Some(opposite.to_owned());
        copy.slices.insert(TO_CHECK.0.to_owned(), TO_CHECK.1.to_owned());
        Some(copy)
    }

    /// The sample changed by a method, or `None` where nothing can be.
    fn changed(&self, sample: &Sample, method: AugmentMethod, draw: &mut Draw) -> Option<Sample> {
        let (lexicon, strength) = (&self.lexicon, self.settings.strength);
        match method {
            AugmentMethod::Synonyms => {
                self.rewritten(sample, method, |text| methods::synonyms(text, lexicon, strength, draw))
            }
            AugmentMethod::Typos => {
                self.rewritten(sample, method, |text| methods::typos(text, lexicon, strength, draw))
            }
            AugmentMethod::Noise => self.rewritten(sample, method, |text| methods::noise(text, strength, draw)),
            AugmentMethod::Swap => self.rewritten(sample, method, |text| methods::swap(text, lexicon)),
            AugmentMethod::Templates => self.rewritten(sample, method, |text| methods::template(text, lexicon, draw)),
            AugmentMethod::Negation => self.negated(sample),
        }
    }

    /// The sample with those of its texts rewritten that a method is for, or `None` where none of them can be.
    fn rewritten(
        &self,
        sample: &Sample,
        method: AugmentMethod,
        mut rewrite: impl FnMut(&str) -> Option<String>,
    ) -> Option<Sample> {
        let mut copy = sample.clone();
        let answer = sample.answer().map(|_| sample.messages.len() - 1);
        let last_user = sample.messages.iter().rposition(|m| m.role == Speaker::User);
        let mut is_changed = false;
        let mut change = |text: &mut String| {
            if let Some(new) = rewrite(text).filter(|new| new != text) {
                (*text, is_changed) = (new, true);
            }
        };
        for (i, message) in copy.messages.iter_mut().enumerate() {
            let is_answer = Some(i) == answer;
            let may = match (method, self.settings.within) {
                (AugmentMethod::Templates, _) => Some(i) == last_user,
                // An answer that is a label stays.
                _ if is_answer && sample.label.is_some() => false,
                (_, Where::Both) => message.role != Speaker::System || method == AugmentMethod::Swap,
                (_, Where::Answer) => is_answer,
                (_, Where::Prompt) => message.role == Speaker::User,
            };
            if may {
                change(&mut message.content);
            }
        }
        if let Some(rejected) = &mut copy.rejected
            && self.settings.within != Where::Prompt
            && method != AugmentMethod::Templates
        {
            change(rejected);
        }
        is_changed.then_some(copy)
    }

    /// Whether a copy says something that no text says, at about the same length. Remembers it.
    fn is_new(&self, sample: &Sample, copy: &Sample) -> bool {
        let length = |s: &Sample| s.messages.iter().map(|m| m.content.chars().count()).sum::<usize>().max(1) as f64;
        let ratio = length(copy) / length(sample);
        ratio >= self.settings.shortest
            && ratio <= self.settings.longest
            && !self.held_out.contains(&normal_key(copy))
            && self.there.borrow_mut().insert(text_hash(&prompt_and_answer(copy)))
    }
}

fn text_hash(text: &str) -> u64 {
    hash(text.bytes().map(u64::from))
}

/// What a held-out sample asks, as a reader sees it.
fn normal_key(sample: &Sample) -> u64 {
    text_hash(&normal_form(&prompt_text(sample)))
}

fn prompt_and_answer(sample: &Sample) -> String {
    sample.messages.iter().map(|m| m.content.trim()).collect::<Vec<_>>().join("\n")
}

impl SetStep for Augment {
    fn see(&mut self, _: u32, item: &Item) -> io::Result<()> {
        if item.split != Split::Train {
            self.held_out.insert(normal_key(&item.sample));
        }
        self.there.get_mut().insert(text_hash(&prompt_and_answer(&item.sample)));
        Ok(())
    }

    fn decide(&mut self) -> io::Result<Vec<Group>> {
        Ok(Vec::new())
    }

    fn judge(&self, _: u32, item: &Item) -> Verdict {
        // A rewritten text would shift the places of spans, and garble choices that it lists.
        let is_plain = item.sample.spans.is_empty() && item.sample.choices.is_empty();
        let may = item.split == Split::Train && !item.is_copy && is_plain;
        let copies = if may { self.copies(&item.sample) } else { Vec::new() };
        if copies.is_empty() { Verdict::Keep } else { Verdict::Add(copies) }
    }
}

#[cfg(test)]
mod tests;
