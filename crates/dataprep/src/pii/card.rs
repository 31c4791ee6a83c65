//! Numbers of identity cards, bank cards and social security, told from other numbers by their check digits.

use super::{before, numbers_a_thing, pattern, stands_alone};
use regex::Regex;
use std::{ops::Range, sync::LazyLock};

static ID_CARD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"[1-8]\d{5}[ -]?(?:18|19|20)\d{2}[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d|3[01])[ -]?\d{3}[\dXx]")
});
static BANK_CARD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}(?:[ -]\d{1,3})?|\d{4}[ -]\d{6}[ -]\d{5}|\d{13,19}|\d{6}[ -]\d{13}")
});
static SOCIAL: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d{3}-\d{2}-\d{4}|\d{3} \d{2} \d{4}|\d{9}"));

pub(super) fn id_cards(text: &str, found: &mut Vec<Range<usize>>) {
    let cards = ID_CARD.find_iter(text).filter(|m| stands_alone(text, &m.range()) && is_id_card(&compact(m.as_str())));
    found.extend(cards.map(|m| m.range()));
}

pub(super) fn bank_cards(text: &str, found: &mut Vec<Range<usize>>) {
    for card in BANK_CARD.find_iter(text) {
        let range = card.range();
        if stands_alone(text, &range) && !numbers_a_thing(text, range.start) && is_bank_card(&compact(card.as_str())) {
            found.push(range);
        }
    }
}

/// Without hyphens it is a number like any other, unless the text says what it is.
pub(super) fn social_security(text: &str, found: &mut Vec<Range<usize>>) {
    for number in SOCIAL.find_iter(text) {
        let range = number.range();
        let near = before(text, range.start, 40).to_lowercase();
        let is_said =
            ["ssn", "social security", "社会安全号", "社会保障号", "社安号"].iter().any(|name| near.contains(name));
        let shaped = number.as_str().contains('-') && !numbers_a_thing(text, range.start);
        let joined = text[..range.start].ends_with('-') || text[range.end..].starts_with('-');
        if stands_alone(text, &range) && !joined && (is_said || shaped) && is_issued(&compact(number.as_str())) {
            found.push(range);
        }
    }
}

/// The digits, and the X of an identity card.
pub(super) fn compact(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// The check digit of an identity card's first 17 digits: GB 11643-1999, after ISO 7064 MOD 11-2.
pub(super) fn id_check(digits: &str) -> Option<char> {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits: Option<Vec<u32>> = digits.chars().map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits?.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    "10X98765432".chars().nth(sum as usize % 11)
}

fn is_id_card(number: &str) -> bool {
    // The provinces of GB/T 2260, and Taiwan, Hong Kong and Macau as residents have them.
    let province: u32 = number[..2].parse().unwrap_or_default();
    let is_province = matches!(province, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83);
    is_province && id_check(&number[..17]) == number.chars().last()
}

/// Luhn's sum over digits of which the last is the check digit: 0 modulo 10 where it is right.
pub(super) fn luhn(digits: &str) -> u32 {
    let value = |(i, digit): (usize, u32)| match (i % 2, digit * 2) {
        (0, _) => digit,
        (_, twice) => twice / 10 + twice % 10,
    };
    digits.chars().rev().filter_map(|c| c.to_digit(10)).enumerate().map(value).sum::<u32>() % 10
}

/// A length that its network issues, and the right check digit.
fn is_bank_card(number: &str) -> bool {
    let prefix = |n: usize| number.get(..n).and_then(|p| p.parse::<u32>().ok()).unwrap_or_default();
    let is_network = match number.len() {
        13 => prefix(1) == 4,
        15 => matches!(prefix(2), 34 | 37),
        16 => {
            prefix(1) == 4
                || matches!(prefix(2), 51..=55 | 62 | 65)
                || matches!(prefix(3), 644..=649)
                || matches!(prefix(4), 2221..=2720 | 3528..=3589 | 6011)
        }
        17 | 18 => prefix(2) == 62,
        19 => prefix(2) == 62 || prefix(1) == 4,
        _ => false,
    };
    is_network && luhn(number) == 0 && number.chars().any(|c| c != number.chars().next().unwrap_or_default())
}

/// Areas, groups and serials that the Social Security Administration gives out.
fn is_issued(number: &str) -> bool {
    let area: u32 = number[..3].parse().unwrap_or_default();
    !matches!(area, 0 | 666 | 900..) && &number[3..5] != "00" && &number[5..] != "0000"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_standards() {
        // The example of GB 11643-1999, and the test number of payment networks.
        assert!(is_id_card("11010519491231002X"));
        assert!(!is_id_card("110105194912310021"));
        assert!(!is_id_card("99010519491231002X"));
        assert!(is_bank_card("4111111111111111"));
        assert!(!is_bank_card("4111111111111112"));
        assert!(!is_bank_card("9781111111111111"));
        assert!(
            is_issued("123456789") && !is_issued("666456789") && !is_issued("900456789") && !is_issued("123006789")
        );
    }
}
