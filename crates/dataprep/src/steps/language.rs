//! Texts in languages that are not wanted, told by script: Chinese by its characters, text in letters, or a mix.
//!
//! English is not told from French. The detectors that can do so for a sentence bring models of a megabyte or more for each
//! language (`lingua`), which the server would carry for this step alone; small ones (`whatlang`) are often wrong about short
//! texts, and a wrong answer here removes a sample.

use super::{Item, RowStep, Verdict, text::texts};
use crate::split::language_of;
use domain::steps::{self, Reason};

pub(super) struct Language(pub(super) steps::Language);

impl RowStep for Language {
    fn judge(&self, item: &Item) -> Verdict {
        let language = language_of(&texts(&item.sample, self.0.within));
        if self.0.languages.iter().any(|wanted| wanted == language) {
            return Verdict::Keep;
        }
        Verdict::Remove(Reason::OtherLanguage { language: language.to_owned() })
    }
}
