//! Unicode normal forms (Unicode Standard Annex #15): the same text is the same characters.

use super::{RowStep, text::Rewrite};
use domain::steps::{Unicode, UnicodeForm};
use unicode_normalization::{UnicodeNormalization, is_nfc, is_nfkc};

pub(super) fn step(settings: &Unicode) -> Box<dyn RowStep> {
    let rule = match settings.form {
        UnicodeForm::Nfc => |text: &str| (!is_nfc(text)).then(|| text.nfc().collect()),
        UnicodeForm::Nfkc => |text: &str| (!is_nfkc(text)).then(|| text.nfkc().collect()),
    };
    Box::new(Rewrite { within: settings.within, rule })
}
