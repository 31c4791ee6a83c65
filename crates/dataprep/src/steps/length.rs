//! Samples that are too short or too long.

use super::{Item, RowStep, Verdict, text::texts};
use crate::similar::{normal_form, words};
use domain::steps::{self, Reason, Unit};

pub(super) struct Length(pub(super) steps::Length);

impl RowStep for Length {
    fn judge(&self, item: &Item) -> Verdict {
        let text = || texts(&item.sample, self.0.within);
        let length = match self.0.unit {
            Unit::Characters => text().chars().count() as u64,
            Unit::Words => words(&normal_form(&text())).count() as u64,
            Unit::Turns => item.sample.messages.len() as u64,
        };
        if length < self.0.least {
            Verdict::Remove(Reason::TooShort { length })
        } else if length > self.0.most {
            Verdict::Remove(Reason::TooLong { length })
        } else {
            Verdict::Keep
        }
    }
}
