//! What stands in a text instead of personal data: its kind, a keyed hash of it, or another value of the same shape.
//!
//! Everything comes from HMAC-SHA256 (RFC 2104) of the value under the salt, so that one value always gets the same
//! stand-in, in whatever way it is written. Invented numbers are from ranges that are given to nobody where there are such
//! ranges: example.org (RFC 2606), 192.0.2.0/24 and its like (RFC 5737), 2001:db8::/32 (RFC 3849), 555-0100 to 555-0199,
//! 07700 900000 (Ofcom), social security area 666, county 110199, and 160, a mobile prefix of no Chinese carrier.

use super::{
    card::{compact, id_check, luhn},
    listed,
    names::{FIRST, GIVEN, LAST, SURNAMES},
};
use crate::{draw::Draw, similar::is_han};
use domain::steps::{PersonalAction, PersonalKind};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::{collections::HashSet, fmt::Write as _, sync::LazyLock};

/// Makes stand-ins under a salt.
pub struct StandIn {
    action: PersonalAction,
    key: Hmac<Sha256>,
}

/// Given names that are invented ones: usual characters, whatever the sex.
const GIVEN_WORDS: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚文辉玲健俊红斌建梅华飞鹏慧萍浩波婷雪琳玉兰宁凯鑫宇晨欣怡嘉佳琪瑶涵轩然博睿泽诗";
const SURNAME_COUNT: usize = 60;
const ROADS: &[&str] =
    &["幸福", "和平", "春晓", "青松", "新月", "枫林", "长河", "星光", "翠竹", "望湖", "云杉", "银杏"];
const STREETS: &[&str] = &[
    "Maple", "Oak", "Cedar", "Willow", "Juniper", "Aspen", "Birch", "Hawthorn", "Linden", "Magnolia", "Poplar",
    "Sycamore",
];

static FIRST_SORTED: LazyLock<Vec<&str>> = LazyLock::new(|| sorted(&FIRST));
static LAST_SORTED: LazyLock<Vec<&str>> = LazyLock::new(|| sorted(&LAST));

fn sorted(words: &HashSet<&'static str>) -> Vec<&'static str> {
    let mut words: Vec<_> = words.iter().copied().collect();
    words.sort_unstable();
    words
}

impl StandIn {
    /// `action` says which form; [`PersonalAction::Remove`] has none, and masks.
    #[must_use]
    pub fn new(action: PersonalAction, salt: &str) -> Self {
        // HMAC takes keys of any length.
        let key =
            <Hmac<Sha256> as Mac>::new_from_slice(salt.as_bytes()).unwrap_or_else(|error| unreachable!("{error}"));
        Self { action, key }
    }

    /// What stands for this value.
    #[must_use]
    pub fn of(&self, kind: PersonalKind, value: &str) -> String {
        match self.action {
            PersonalAction::Mask | PersonalAction::Remove => format!("[{}]", kind.tag()),
            PersonalAction::Hash => {
                let mut hash = format!("[{}:", kind.tag());
                for byte in &self.mac(kind, &identity(kind, value))[..6] {
                    let _ = write!(hash, "{byte:02x}");
                }
                hash + "]"
            }
            PersonalAction::Replace => self.another(kind, value),
        }
    }

    fn mac(&self, kind: PersonalKind, value: &str) -> [u8; 32] {
        let mac = self.key.clone().chain_update(kind.as_str()).chain_update([0u8]).chain_update(value);
        mac.finalize().into_bytes().into()
    }

    fn draw(&self, kind: PersonalKind, value: &str) -> Draw {
        let mut seed = [0; 8];
        seed.copy_from_slice(&self.mac(kind, value)[..8]);
        Draw::new(u64::from_le_bytes(seed))
    }

    fn another(&self, kind: PersonalKind, value: &str) -> String {
        let identity = identity(kind, value);
        let mut draw = self.draw(kind, &identity);
        match kind {
            PersonalKind::Email => {
                let domain = draw.of(&["example.com", "example.org", "example.net"]).unwrap_or_default();
                format!("user{}@{domain}", draw.digits(6))
            }
            PersonalKind::Phone => in_shape(value, &phone(&identity, value, &mut draw)),
            PersonalKind::IdCard => {
                let (year, month, day) = (1950 + draw.below(56), 1 + draw.below(12), 1 + draw.below(28));
                let digits = format!("110199{year}{month:02}{day:02}{}", draw.digits(3));
                let check = id_check(&digits).unwrap_or('0');
                in_shape(&value.replace(['X', 'x', 'Ｘ', 'ｘ'], "0"), &format!("{digits}{check}"))
            }
            PersonalKind::Ssn => in_shape(value, &format!("666{:02}{:04}", 1 + draw.below(99), 1 + draw.below(9999))),
            PersonalKind::BankCard => in_shape(value, &bank_card(&identity, &mut draw)),
            PersonalKind::Ip if value.contains(':') => {
                format!("2001:db8::{:x}:{:x}", 1 + draw.below(65535), 1 + draw.below(65535))
            }
            PersonalKind::Ip => {
                let net = draw.of(&["192.0.2", "198.51.100", "203.0.113"]).unwrap_or_default();
                format!("{net}.{}", 1 + draw.below(254))
            }
            PersonalKind::Secret => secret(value, &mut draw),
            PersonalKind::Address => address(value, &mut draw),
            PersonalKind::Name => self.name(value),
        }
    }

    /// Each part of a name has its own stand-in, so that a person who is later called by the first name alone stays the same.
    fn name(&self, value: &str) -> String {
        if !value.chars().any(is_han) {
            let words: Vec<&str> = value.split(' ').collect();
            let one = |(i, word): (usize, &&str)| {
                // A surname alone stands behind a title.
                let is_last = i > 0 || (LAST.contains(word) && !FIRST.contains(word));
                let list = if is_last { &LAST_SORTED } else { &FIRST_SORTED };
                let mut draw = self.draw(PersonalKind::Name, &word.to_lowercase());
                draw.of(list).unwrap_or_default().to_owned()
            };
            return words.iter().enumerate().map(one).collect::<Vec<_>>().join(" ");
        }
        let double = value
            .char_indices()
            .nth(2)
            .map_or(0, |(two, _)| if SURNAMES.contains_key(&value[..two]) { two } else { 0 });
        let at = if double > 0 { double } else { value.chars().next().map_or(0, char::len_utf8) };
        let (surname, given) = value.split_at(at);
        let surnames: Vec<&str> = listed(include_str!("words/surnames.txt")).collect();
        let singles: Vec<char> = surnames.iter().flat_map(|line| line.chars()).take(SURNAME_COUNT).collect();
        let doubles: Vec<&str> = surnames.iter().copied().filter(|s| s.chars().count() == 2).collect();
        let mut draw = self.draw(PersonalKind::Name, surname);
        let mut name = match double {
            0 => draw.of(&singles).map(String::from),
            _ => draw.of(&doubles).map(str::to_owned),
        }
        .unwrap_or_default();
        let usual: Vec<char> = GIVEN_WORDS.chars().filter(|c| GIVEN.contains(c)).collect();
        let mut draw = self.draw(PersonalKind::Name, given);
        name.extend(given.chars().filter_map(|_| draw.of(&usual)));
        name
    }
}

/// A value as it is known by, however it is written.
fn identity(kind: PersonalKind, value: &str) -> String {
    // Full-width letters and digits are the same value.
    let value: String = super::narrow::Narrow::new(value).text().to_owned();
    match kind {
        PersonalKind::Phone => {
            let digits = value.split(['转', '分', 'x', 'e']).next().unwrap_or_default();
            let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
            let plain = digits.trim_start_matches("00");
            // The same subscriber with and without the country.
            match plain.len() {
                13 => plain.strip_prefix("86").unwrap_or(plain),
                11 => plain.strip_prefix('1').filter(|_| !is_chinese_mobile(plain)).unwrap_or(plain),
                _ => plain,
            }
            .to_owned()
        }
        PersonalKind::IdCard | PersonalKind::Ssn | PersonalKind::BankCard => compact(&value),
        PersonalKind::Email | PersonalKind::Ip => value.to_lowercase(),
        PersonalKind::Address => value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
        PersonalKind::Secret | PersonalKind::Name => value,
    }
}

fn is_chinese_mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1') && !digits[1..].starts_with(['0', '1', '2'])
}

/// Digits for a number that is this one's like, as many as are written.
fn phone(identity: &str, value: &str, draw: &mut Draw) -> String {
    let written: String = value.chars().filter_map(ascii_digit).collect();
    let subscriber = if is_chinese_mobile(identity) {
        format!("160{}", draw.digits(8))
    } else if identity.len() == 10 && !identity.starts_with('0') {
        format!("{}{}{}55501{}", 2 + draw.below(8), draw.below(9), draw.below(10), draw.digits(2))
    } else if identity.starts_with("07") {
        format!("07700900{}", draw.digits(3))
    } else {
        // Area or country stay.
        let keep = identity.len().min(4);
        format!("{}{}", &identity[..keep], draw.digits(identity.len() - keep))
    };
    // In front what was left away for the identity, behind it an extension.
    let at = written.find(identity).unwrap_or(0);
    let (prefix, rest) = written.split_at(at);
    let extension = rest.len().saturating_sub(identity.len());
    format!("{prefix}{subscriber}{}", draw.digits(extension))
}

/// A number of the same network that no bank issues under: zeros behind its first digits.
fn bank_card(digits: &str, draw: &mut Draw) -> String {
    let network = if digits.starts_with('4') { 1 } else { 2 };
    let body = digits.len().saturating_sub(network + 5);
    let open = format!("{}0000{}", &digits[..network], draw.digits(body));
    let check = (10 - luhn(&format!("{open}0"))) % 10;
    format!("{open}{check}")
}

/// These characters in the places of the digits that were there.
fn in_shape(value: &str, characters: &str) -> String {
    let mut next = characters.chars();
    let fill = |c: char| if ascii_digit(c).is_some() { next.next().unwrap_or(c) } else { c };
    value.chars().map(fill).collect()
}

/// A digit, full-width or not, as ASCII.
fn ascii_digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_u32(c as u32 - 0xfee0),
        _ => None,
    }
}

/// The beginning that names the issuer, then other letters and digits.
fn secret(value: &str, draw: &mut Draw) -> String {
    if value.starts_with("-----") || value.contains("PRIVATE KEY") {
        return format!("[{}]", PersonalKind::Secret.tag());
    }
    let keep = value.get(..12).and_then(|head| head.rfind(['-', '_'])).map_or(4, |at| at + 1).min(value.len() / 2);
    let other = |(i, c): (usize, char)| match c {
        _ if i < keep => c,
        '0'..='9' => draw.digit(),
        'a'..='z' => char::from(b'a' + draw.below(26) as u8),
        'A'..='Z' => char::from(b'A' + draw.below(26) as u8),
        other => other,
    };
    value.char_indices().map(other).collect()
}

fn address(value: &str, draw: &mut Draw) -> String {
    if value.chars().any(is_han) {
        let road = draw.of(ROADS).unwrap_or_default();
        return format!("示例市和平区{road}路{}号", 1 + draw.below(999));
    }
    if value.to_lowercase().contains("box") {
        return format!("P.O. Box {}", 1 + draw.below(9999));
    }
    format!("{} {} Street", 1 + draw.below(999), draw.of(STREETS).unwrap_or_default())
}
