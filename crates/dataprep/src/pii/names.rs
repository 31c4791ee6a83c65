//! Names of persons, by dictionary and by the words around them.
//!
//! A surname or a given name alone is none, but behind words that announce a person. Names of the famous are names too.

mod chinese;
mod english;

use std::{collections::HashSet, ops::Range, sync::LazyLock};

pub(super) use chinese::{GIVEN, SURNAMES};
pub(super) use english::{FIRST, LAST};

type Words = LazyLock<HashSet<&'static str>>;

pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    english::find(text, found);
    chinese::find(text, found);
    found.sort_unstable_by_key(|range| (range.start, range.end));
}
