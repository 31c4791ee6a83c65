//! Postal addresses. Chinese ones go from the large to the small and end with a number (号, 室, 栋, …); English ones begin
//! with a number and name a kind of street.
//!
//! A city or a street alone is no address: half a million live there.

use super::{before, listed, pattern};
use regex::Regex;
use std::{collections::HashSet, ops::Range, sync::LazyLock};

/// Road or estate, then numbers of house, building, entrance, floor, flat.
static CHINESE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"[\p{Han}0-9A-Za-z·]{2,40}?",
        r"(?:(?:路|街|大道|大街|巷|弄|胡同|村|道|里|镇|乡|屯|庄|组|队|区|园)[东南西北中]?(?:[一二三四五六七八九十]{0,2}段)?\s?(?:[0-9]{1,5}|[一二三四五六七八九十百零]{1,5})(?:[-之][0-9]{1,4})?\s?(?:号院|号楼|号|弄|巷)",
        r"|(?:小区|花园|公寓|家园|大厦|广场|新村|苑|城|园|院|府|庭|湾|庄|里|轩|邸|郡|居|坊)[A-Z]?\s?(?:[0-9]{1,4}|[一二三四五六七八九十]{1,3}|[A-Z])\s?(?:号楼|栋|幢|座|期))",
        r"(?:\s?(?:[\p{Han}A-Za-z]{2,10}(?:小区|花园|公寓|家园|大厦|广场|新村|苑|城|园|中心|里|府|庭|湾))?",
        r"(?:\s?(?:[0-9]{1,4}|[一二三四五六七八九十]{1,3}|[A-Z]|[东西南北])\s?(?:号楼|号院|号|栋|幢|座|单元|楼|层|室|房|户|门)){0,5}(?:[0-9]{3,4}(?:室|房|号)?)?)?",
        r"(?:[0-9]{1,4}-[0-9]{1,4}(?:-[0-9]{1,4})?(?:室|号)?)?",
    ))
});
static ENGLISH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"[0-9]{1,5}[A-Za-z]?(?:-[0-9]{1,4})?\s(?:(?:North|South|East|West|N|S|E|W|NE|NW|SE|SW)\.?\s)?",
        r"(?:(?:[A-Z][A-Za-z'’.-]{0,20}|[0-9]{1,3}(?:st|nd|rd|th))\s){1,4}",
        r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter|Way|Parkway|Pkwy|Circle|Cir|Highway|Hwy|Close|Crescent|Gardens|Grove|Mews|Hill|Walk|Row|Trail)(?-u:\b)\.?",
        r"(?:\s(?:North|South|East|West|NE|NW|SE|SW)(?-u:\b))?",
        r"(?:,?\s(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm|#)\.?\s?#?[0-9A-Za-z-]{1,6}(?-u:\b))?",
        r"(?:,\s(?:[A-Z][A-Za-z.'-]{1,20}\s?){1,3}(?:,\s?[A-Z]{2}|,\s[A-Z][a-z]{3,12})?(?:\s[0-9]{5}(?:-[0-9]{4})?|,?\s[A-Z]{1,2}[0-9][0-9A-Z]?\s[0-9][A-Z]{2})?)?",
        r"|(?-u:\b)P\.?\s?O\.?\sBox\s[0-9]{1,6}(?-u:\b)(?:,\s(?:[A-Z][A-Za-z.'-]{1,20}\s?){1,3},\s?[A-Z]{2}(?:\s[0-9]{5})?)?",
    ))
});

static PLACES: LazyLock<HashSet<&str>> = LazyLock::new(|| listed(include_str!("words/places.txt")).collect());
/// Words after which an address begins.
static LEADS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "地址 住址 住在 搬到 搬去 搬至 位于 寄到 寄往 寄至 寄给 送到 送至 送往 发到 发往 家在 坐落 坐落于 来到 \
     住于 户籍 现居 现住 居住于 居住在 租住 租了 开在 设在 前往 回到 到了 去了 公司在 店在 约在 就在 定在 \
     改到 改成 改为 租在 落户 家住 住 在 到 去 至 是 为"
        .split_whitespace()
        .collect()
});

pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    if !text.bytes().any(|b| b.is_ascii_digit()) && !text.contains('号') {
        return;
    }
    if text.contains(['号', '栋', '幢', '座', '弄', '期', '巷']) {
        for m in CHINESE.find_iter(text) {
            if let Some(start) = beginning(m.as_str()) {
                found.push(m.start() + start..m.end());
            }
        }
    }
    for m in ENGLISH.find_iter(text) {
        let end = m.start() + m.as_str().trim_end_matches([' ', '.', ',']).len();
        if is_house(text, m.start()) {
            found.push(m.start()..end);
        }
    }
}

/// Where the address begins in what was found: at the first place known by name, or behind the words that lead to it.
/// `None` where too little of it is left to say where somebody lives.
fn beginning(candidate: &str) -> Option<usize> {
    let starts = || candidate.char_indices().map(|(i, _)| i);
    let is_place = |from: &usize| {
        (2..=5).any(|n| {
            let end = candidate[*from..].char_indices().nth(n).map_or(candidate.len(), |(i, _)| from + i);
            PLACES.contains(&candidate[*from..end]) && !candidate[end..].starts_with(['路', '街', '大'])
        })
    };
    let lead = || LEADS.iter().filter_map(|lead| candidate.rfind(lead).map(|at| at + lead.len())).max();
    let start = starts().find(is_place).or_else(lead).unwrap_or(0);
    let rest = &candidate[start..];
    let head = rest.find(|c: char| c.is_ascii_digit()).map_or(rest, |at| &rest[..at]);
    let named = head.chars().count();
    let whole = rest.chars().count();
    // 3号, 第5区2号: a number in a list.
    let counted = rest.starts_with(['第', '本', '该', '此', '这', '那', '每', '各']) || head.ends_with("第");
    (named >= 3 && whole >= 6 && !counted).then_some(start)
}

/// A house number, not a year: "In 2008 Wall Street …", nor a part of a longer number.
fn is_house(text: &str, at: usize) -> bool {
    let near = before(text, at, 10).to_lowercase();
    let year = text[at..].get(..4).and_then(|y| y.parse::<u32>().ok()).is_some_and(|y| (1000..2100).contains(&y));
    let dated = ["in ", "since ", "by ", "during ", "of ", "until ", "after ", "before ", "from ", "the "].iter();
    let touches = near.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ',' | '$' | '#' | '-' | '/'));
    !(touches || year && dated.clone().any(|word| near.ends_with(word)))
}
