//! Personal data in texts, English and Chinese: where it stands, and what may stand there instead.
//!
//! Numbers are found by shape and told from other numbers by their check digits and by the words around them; names and
//! addresses by small dictionaries of our own (`pii/words`) and by context. How much of it is found, and how much of
//! what is found is none, is measured in `tests/it/pii.rs`.

mod address;
mod card;
mod contact;
mod names;
mod narrow;
mod network;
mod phone;
mod pinyin;
mod secret;
mod stand_in;

pub use stand_in::StandIn;

use domain::steps::{PersonalKind, Pii};
use narrow::Narrow;
use regex::Regex;
use std::{ops::Range, sync::LazyLock};

/// Personal data at these bytes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub range: Range<usize>,
    pub kind: PersonalKind,
}

type Search = fn(&str, &mut Vec<Range<usize>>);

/// Of two findings that overlap, the one of the earlier kind stays: a key may hold what looks like a number, an address
/// what looks like a name.
const SEARCHES: [(PersonalKind, Search); 9] = [
    (PersonalKind::Secret, secret::find),
    (PersonalKind::Email, contact::emails),
    (PersonalKind::IdCard, card::id_cards),
    (PersonalKind::BankCard, card::bank_cards),
    (PersonalKind::Ssn, card::social_security),
    (PersonalKind::Phone, phone::find),
    (PersonalKind::Ip, network::find),
    (PersonalKind::Address, address::find),
    (PersonalKind::Name, names::find),
];

/// All personal data of these kinds, in the order of the text, none within another. Full-width letters and digits count
/// as their ordinary forms.
#[must_use]
pub fn find(text: &str, settings: &Pii) -> Vec<Found> {
    let narrow = Narrow::new(text);
    let mut found: Vec<Found> = Vec::new();
    let mut ranges = Vec::new();
    for (kind, search) in SEARCHES {
        if !settings.looks_for(kind) {
            continue;
        }
        search(narrow.text(), &mut ranges);
        for range in ranges.drain(..) {
            if found.iter().all(|other| range.end <= other.range.start || other.range.end <= range.start) {
                found.push(Found { range, kind });
            }
        }
    }
    found.sort_unstable_by_key(|f| f.range.start);
    for one in &mut found {
        one.range = narrow.place(one.range.clone());
    }
    found
}

/// The text with a stand-in for each finding.
#[must_use]
pub fn replaced(text: &str, found: &[Found], stand_in: &StandIn) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for one in found {
        out.push_str(&text[done..one.range.start]);
        out.push_str(&stand_in.of(one.kind, &text[one.range.clone()]));
        done = one.range.end;
    }
    out.push_str(&text[done..]);
    out
}

/// One of the patterns of this module, which are constants; a test compiles them all.
fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("{error}"))
}

/// The words of a list: anything between space. Lines that begin with `#` are remarks.
fn listed(list: &str) -> impl Iterator<Item = &str> {
    list.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace)
}

/// At most this many characters before a place, up to the line's beginning.
fn before(text: &str, at: usize, chars: usize) -> &str {
    let head = &text[..at];
    let start = head.char_indices().rev().take(chars).last().map_or(at, |(i, _)| i);
    let near = &head[start..];
    near.rsplit('\n').next().unwrap_or(near)
}

/// At most this many characters from a place on, up to the line's end.
fn behind(text: &str, at: usize, chars: usize) -> &str {
    let tail = &text[at..];
    let end = tail.char_indices().nth(chars).map_or(tail.len(), |(i, _)| i);
    let near = &tail[..end];
    near.split('\n').next().unwrap_or(near)
}

/// Whether a stretch stands alone: no ASCII letter or digit of the text beside it.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text[..range.start].ends_with(word) && !text[range.end..].starts_with(word)
}

/// Whether what stands before a number says that it is the number of a thing: an order, a parcel, a book.
fn numbers_a_thing(text: &str, at: usize) -> bool {
    static THINGS: LazyLock<Vec<&str>> = LazyLock::new(|| {
        "订单|单号|编号|流水|批次|货号|型号|票号|合同号|案号|条码|快递|运单|房间|代码|序列|期号|书号|工单|版号|\
         order|invoice|tracking|isbn|sku|serial|ticket|batch|case no|part no|model|barcode|shipment|transaction|\
         reference|imei|build|commit|timestamp|pid|时间戳|post id"
            .split('|')
            .collect()
    });
    let near = before(text, at, 18).to_lowercase();
    // What was said of an earlier sentence or number does not count.
    let near = near.rsplit(['。', '；', '，', ',', ';']).next().unwrap_or_default();
    THINGS.iter().any(|thing| near.contains(thing))
}

#[cfg(test)]
mod tests;
