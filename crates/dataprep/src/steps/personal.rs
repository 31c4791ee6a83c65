//! Personal data: masked, hashed, replaced, or a reason to remove the sample.

use super::{
    Item, RowStep, Verdict,
    marked::{self, Replaced, characters},
    text::rewritten,
};
use crate::pii::{StandIn, find, replaced};
use domain::{
    sample::Sample,
    steps::{PersonalAction, PersonalKind, Pii, Reason},
};
use std::collections::BTreeMap;

pub(super) struct Personal {
    settings: Pii,
    stand_in: StandIn,
}

impl Personal {
    pub(super) fn new(settings: Pii) -> Self {
        Self { stand_in: StandIn::new(settings.action, &settings.salt), settings }
    }

    /// Spans mark the rewritten text of the sample that they marked before.
    fn mark(&self, old: &Sample, new: &mut Sample) {
        let Some(turn) = marked::turn(old) else { return };
        let text = &old.messages[turn].content;
        if *text == new.messages[turn].content {
            new.spans.clone_from(&old.spans);
            return;
        }
        let found = find(text, &self.settings);
        let places = found.iter().map(|one| {
            let start = characters(&text[..one.range.start]);
            let value = &text[one.range.clone()];
            let length = characters(&self.stand_in.of(one.kind, value));
            Replaced { old: start..start + characters(value), length }
        });
        marked::follow(old, new, &places.collect::<Vec<_>>());
    }
}

impl RowStep for Personal {
    fn judge(&self, item: &Item) -> Verdict {
        let mut counts: BTreeMap<PersonalKind, u32> = BTreeMap::new();
        let bare = (!item.sample.spans.is_empty()).then(|| Sample { spans: Vec::new(), ..item.sample.clone() });
        let sample = rewritten(bare.as_ref().unwrap_or(&item.sample), self.settings.within, &mut |text| {
            let found = find(text, &self.settings);
            for one in &found {
                *counts.entry(one.kind).or_default() += 1;
            }
            (!found.is_empty()).then(|| replaced(text, &found, &self.stand_in))
        });
        match sample {
            None => Verdict::Keep,
            Some(_) if self.settings.action == PersonalAction::Remove => {
                Verdict::Remove(Reason::PersonalData { found: counts })
            }
            Some(mut sample) => {
                if bare.is_some() {
                    self.mark(&item.sample, &mut sample);
                }
                Verdict::Rewrite(sample, Reason::PersonalData { found: counts })
            }
        }
    }
}
