//! Personal data: masked, hashed, replaced, or a reason to remove the sample.

use super::{Item, RowStep, Verdict, text::rewritten};
use crate::pii::{StandIn, find, replaced};
use domain::steps::{PersonalAction, PersonalKind, Pii, Reason};
use std::collections::BTreeMap;

pub(super) struct Personal {
    settings: Pii,
    stand_in: StandIn,
}

impl Personal {
    pub(super) fn new(settings: Pii) -> Self {
        Self { stand_in: StandIn::new(settings.action, &settings.salt), settings }
    }
}

impl RowStep for Personal {
    fn judge(&self, item: &Item) -> Verdict {
        let mut counts: BTreeMap<PersonalKind, u32> = BTreeMap::new();
        let sample = rewritten(&item.sample, self.settings.within, &mut |text| {
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
            Some(sample) => Verdict::Rewrite(sample, Reason::PersonalData { found: counts }),
        }
    }
}
