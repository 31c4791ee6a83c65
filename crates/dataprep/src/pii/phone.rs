//! Telephone numbers of China, the United States, Britain, and with `+` of other countries (ITU-T E.164).
//!
//! Service numbers (400, 800 and short ones) are nobody's and stay.

use super::{before, numbers_a_thing, pattern, stands_alone};
use regex::Regex;
use std::{ops::Range, sync::LazyLock};

/// 11 digits from 13 to 19 on, with or without the country.
static MOBILE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:\(?(?:\+|00)\s?86\)?[ -]?|86[ -])?1[3-9]\d(?:[ -]?\d{4}[ -]?\d{4}|[ -]\d{3}[ -]\d{5}|\d[ -]\d{3}[ -]?\d{4})",
    )
});
/// Area code and 7 or 8 digits, perhaps with an extension.
static LANDLINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:\(?\+?86\)?[ -]?)?(?:\(0\d{2,3}\)[ -]?|0\d{2,3}[ -]|0(?:10|2\d)|0[3-9]\d\d)[2-8]\d{2,3}[ -]?\d{4}(?:(?:转|[ -]?分机|-)\s?\d{1,5})?",
    )
});
static AMERICAN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\+?1[ .-]?)?(?:\([2-9]\d\d\)[ ]?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}(?:,?\s?(?:x|ext\.?|extension)\s?\d{1,6})?",
    )
});
static BRITISH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"07\d{3}[ -]?\d{3}[ -]?\d{3}|02\d[ -]\d{4}[ -]\d{4}|\(02\d\) \d{4} \d{4}|01\d{3}[ -]\d{6}|01\d1[ -]\d{3}[ -]\d{4}",
    )
});
static FOREIGN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\+|(?-u:\b)00)[1-9]\d{0,2}(?:[ .-]?(?:\(\d{1,4}\)|\d{1,5})){2,6}(?:,?\s?(?:x|ext\.?|extension)\s?\d{1,6})?",
    )
});
static BARE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[2-9]\d{2}[2-9]\d{6}|[2-8]\d{3}[ -]\d{4}|[2-8]\d{7}|\d{3}-\d{4}"));

/// Words before a number that make it one to call.
static CALLS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "电话|手机|座机|联系方式|拨打|致电|来电|热线|传真|打给|微信|phone|call|mobile|cell|tel|fax|dial|ring me|\
     whatsapp|text me|reach me"
        .split('|')
        .collect()
});

/// When a shape needs words around it that say what it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// Words, where the number is a mere run of digits.
    Sign,
    Words,
}

pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    if text.bytes().filter(u8::is_ascii_digit).nth(6).is_none() {
        return;
    }
    let shapes: [(&Regex, Needs); 6] = [
        (&MOBILE, Needs::Nothing),
        (&FOREIGN, Needs::Nothing),
        (&LANDLINE, Needs::Sign),
        (&AMERICAN, Needs::Nothing),
        (&BRITISH, Needs::Sign),
        (&BARE, Needs::Words),
    ];
    for (shape, needs) in shapes {
        for number in shape.find_iter(text) {
            let range = number.range();
            let is_free = found.iter().all(|other| range.end <= other.start || other.end <= range.start);
            if is_free && is_apart(text, &range) && is_number(number.as_str(), &range, text) {
                let bare = needs == Needs::Words
                    || (needs == Needs::Sign && number.as_str().bytes().all(|b| b.is_ascii_digit()));
                if is_called(text, range.start) || !(bare || numbers_a_thing(text, range.start)) {
                    found.push(range);
                }
            }
        }
    }
}

/// No digits beside it, not even behind a point or hyphen.
fn is_apart(text: &str, range: &Range<usize>) -> bool {
    let (left, right) = (&text[..range.start], &text[range.end..]);
    let goes_on = |rest: &mut dyn Iterator<Item = char>| {
        let sign = rest.next();
        sign.is_some_and(|c| matches!(c, '.' | '-' | ':' | '_' | '='))
            && rest.next().is_some_and(|c| c.is_ascii_digit())
    };
    let touches = left.ends_with(['+', '#', '$', '¥', '￥', '€', '£', '%']);
    stands_alone(text, range) && !touches && !goes_on(&mut left.chars().rev()) && !goes_on(&mut right.chars())
}

fn is_called(text: &str, at: usize) -> bool {
    let near = before(text, at, 24).to_lowercase();
    CALLS.iter().any(|word| near.contains(word))
}

/// A number of digits that can be called, and with `+` a country that there is.
fn is_number(number: &str, range: &Range<usize>, text: &str) -> bool {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if let Some(rest) = ["+", "(+", "00"].iter().find_map(|sign| number.strip_prefix(sign)) {
        let country: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        return (8..=15).contains(&digits.len()) && is_country(&country);
    }
    // A date or a range of years is no number to call: 2023-2024 1130.
    let is_year = digits.starts_with("19") || digits.starts_with("20");
    // What is counted is no number to call.
    let counted = text[range.end..]
        .starts_with(['%', '元', '¥', '万', '亿', '件', '个', '吨', '字', '条', '次', '人', '年', '米', '毫', '秒']);
    // Service numbers of China.
    let service = digits.len() == 10 && (digits.starts_with("400") || digits.starts_with("800"));
    !(counted || service || !(7..=20).contains(&digits.len()) || is_year && digits.len() <= 8)
}

/// ITU-T E.164's country codes begin the number: one, two or three digits.
fn is_country(digits: &str) -> bool {
    let starts = |codes: &[&str]| codes.iter().any(|code| digits.starts_with(code));
    starts(&["1", "7"])
        || starts(&[
            "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49",
        ])
        || starts(&["51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66"])
        || starts(&["81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98"])
        || starts(&[
            "21", "22", "23", "24", "25", "26", "29", "35", "37", "38", "42", "50", "59", "67", "68", "69", "85", "88",
            "96", "97", "99",
        ])
}
