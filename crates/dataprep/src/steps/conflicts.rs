//! Label conflicts: one text with different labels teaches nothing, and tests nothing.

use super::{Group, Item, SetStep, Verdict};
use crate::split::{prompt_text, text_key};
use domain::steps::{LabelConflicts, Reason};
use std::{
    collections::{BTreeMap, HashMap},
    io,
};

pub(super) struct Conflicts {
    settings: LabelConflicts,
    labels: BTreeMap<String, u32>,
    names: Vec<String>,
    /// Key of the text, and label, of each sample; `None` without a label or a text.
    seen: Vec<Option<(u64, u32)>>,
    /// Text → label → samples; after `decide` only texts with several labels.
    by_text: HashMap<u64, BTreeMap<u32, u32>>,
}

impl Conflicts {
    pub(super) fn new(settings: LabelConflicts) -> Self {
        Self { settings, labels: BTreeMap::new(), names: Vec::new(), seen: Vec::new(), by_text: HashMap::new() }
    }

    /// The label that more than half of the samples have.
    fn majority(counts: &BTreeMap<u32, u32>) -> Option<u32> {
        let all: u32 = counts.values().sum();
        counts.iter().find(|(_, n)| 2 * **n > all).map(|(label, _)| *label)
    }
}

impl SetStep for Conflicts {
    fn see(&mut self, _: u32, item: &Item) -> io::Result<()> {
        let key = item.sample.label.as_ref().and_then(|label| Some((text_key(&prompt_text(&item.sample))?, label)));
        let key = key.map(|(text, label)| {
            let next = self.labels.len() as u32;
            let number = *self.labels.entry(label.clone()).or_insert(next);
            if number == next {
                self.names.push(label.clone());
            }
            *self.by_text.entry(text).or_default().entry(number).or_default() += 1;
            (text, number)
        });
        self.seen.push(key);
        Ok(())
    }

    fn decide(&mut self) -> io::Result<Vec<Group>> {
        self.by_text.retain(|_, labels| labels.len() > 1);
        Ok(Vec::new())
    }

    fn judge(&self, number: u32, _: &Item) -> Verdict {
        let Some((text, label)) = self.seen[number as usize] else { return Verdict::Keep };
        let Some(counts) = self.by_text.get(&text) else { return Verdict::Keep };
        if self.settings.majority && Self::majority(counts) == Some(label) {
            return Verdict::Keep;
        }
        let labels = counts.keys().map(|label| self.names[*label as usize].clone()).collect();
        Verdict::Remove(Reason::LabelConflict { labels })
    }
}
