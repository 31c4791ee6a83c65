//! Numbers, sizes, durations and times as text: alike on server and browser, but for the zone of
//! times, which only the browser knows.

#[cfg(feature = "hydrate")]
pub mod local;

use domain::lang::Lang;
use leptos::prelude::*;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// 1234567 → "1,234,567".
#[must_use]
pub fn integer(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Bytes in binary units: 1536 → "1.5 KiB".
#[must_use]
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{n} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// A large count: 134515008 → "134.5M" / "1.35 亿".
#[must_use]
pub fn count(n: u64, lang: Lang) -> String {
    let x = n as f64;
    match lang {
        Lang::En if x >= 1e9 => format!("{:.2}B", x / 1e9),
        Lang::En if x >= 1e6 => format!("{:.1}M", x / 1e6),
        Lang::Zh if x >= 1e8 => format!("{:.2} 亿", x / 1e8),
        Lang::Zh if x >= 1e6 => format!("{:.1} 万", x / 1e4),
        _ => integer(n),
    }
}

/// A share as a percentage with one decimal.
#[must_use]
pub fn percent(x: f64) -> String {
    format!("{:.1}%", x * 100.0)
}

/// A number with about four significant digits, for tables.
#[must_use]
pub fn number(x: f64) -> String {
    if !x.is_finite() {
        return "–".to_owned();
    }
    let a = x.abs();
    if a != 0.0 && !(1e-3..1e6).contains(&a) {
        format!("{x:.2e}")
    } else if a >= 100.0 {
        format!("{x:.1}")
    } else if a >= 1.0 {
        format!("{x:.3}")
    } else {
        format!("{x:.4}")
    }
}

/// Letters of a label or name that a choice in a list shows.
const SHORT: usize = 60;

/// A text short enough for a choice in a list.
#[must_use]
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Seconds as "2 h 05 min", "3 min 20 s", "12 s".
#[must_use]
pub fn duration(seconds: u64, lang: Lang) -> String {
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (lang, h, m) {
        (Lang::En, 0, 0) => format!("{s} s"),
        (Lang::En, 0, _) => format!("{m} min {s:02} s"),
        (Lang::En, ..) => format!("{h} h {m:02} min"),
        (Lang::Zh, 0, 0) => format!("{s} 秒"),
        (Lang::Zh, 0, _) => format!("{m} 分 {s:02} 秒"),
        (Lang::Zh, ..) => format!("{h} 小时 {m:02} 分"),
    }
}

/// A number as a person types it. In the browser, JavaScript reads it: Rust's tables for exact
/// rounding would be a twentieth of what is sent.
#[must_use]
pub fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    #[cfg(feature = "hydrate")]
    let number = Some(wasm_bindgen::JsValue::from_str(text).unchecked_into_f64()).filter(|x| !x.is_nan());
    #[cfg(not(feature = "hydrate"))]
    let number = text.parse::<f64>().ok();
    number.filter(|_| is_plain)
}

/// A time in words that scripts understand (RFC 3339), in UTC.
#[must_use]
pub fn rfc3339(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(&Rfc3339).unwrap_or_default()
}

/// An RFC 3339 time in UTC as "2026-05-04 13:07:09 UTC".
#[must_use]
pub fn utc(at: &str) -> String {
    format!("{} UTC", at.get(..19).unwrap_or(at).replace('T', " "))
}

/// A time: "2026-05-04 13:07 UTC" in the page as it is sent, and in the reader's own zone once
/// [`local::show`] has run. The full UTC time is its title.
#[component]
pub fn Time(at: OffsetDateTime) -> impl IntoView {
    let at = rfc3339(at);
    let title = utc(&at);
    let words = format!("{} UTC", &title[..title.len().min(16)]);
    view! { <time datetime=at title=title>{words}</time> }
}

/// The time of day of an RFC 3339 time: UTC on the server, in the reader's zone in the browser.
#[must_use]
pub fn clock(at: &str) -> String {
    #[cfg(feature = "hydrate")]
    let words = local::date(at).map(|date| local::clock(&date));
    #[cfg(not(feature = "hydrate"))]
    let words = at.get(11..19).map(str::to_owned);
    words.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(integer(1_234_567), "1,234,567");
        assert_eq!(integer(12), "12");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(count(134_515_008, Lang::En), "134.5M");
        assert_eq!(count(134_515_008, Lang::Zh), "1.35 亿");
        assert_eq!(duration(7500, Lang::En), "2 h 05 min");
        assert_eq!(number(0.12345), "0.1235");
        assert_eq!(number(f64::NAN), "–");
        assert_eq!(shortened("好评"), "好评");
        assert_eq!(shortened(&"字".repeat(5000)), format!("{}…", "字".repeat(60)));
        assert_eq!(["1e-4", " .5 ", "5.", "-2"].map(decimal), [Some(1e-4), Some(0.5), Some(5.0), Some(-2.0)]);
        assert_eq!(["", "inf", "NaN", "1_0", "0x10", "1e"].map(decimal), [None; 6]);
    }

    #[test]
    fn times_name_their_zone() {
        let at = rfc3339(OffsetDateTime::UNIX_EPOCH);
        assert_eq!((utc(&at), clock(&at)), ("1970-01-01 00:00:00 UTC".to_owned(), "00:00:00".to_owned()));
    }
}
