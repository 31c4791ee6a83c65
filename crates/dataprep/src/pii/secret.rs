//! Keys and tokens by the shapes that their issuers give them, private keys, and what is named as a password.

use super::pattern;
use regex::Regex;
use std::{ops::Range, sync::LazyLock};

static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"sk-(?:proj-|svcacct-|admin-|ant-[a-z0-9]+-|or-v1-|lf-)?[A-Za-z0-9_-]{20,200}",
        r"|[srp]k_(?:live|test)_[A-Za-z0-9]{16,200}",
        r"|(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}",
        r"|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,64}",
        r"|xox[abprs]-[A-Za-z0-9-]{10,200}|hf_[A-Za-z0-9]{30,64}|npm_[A-Za-z0-9]{36}|AIza[0-9A-Za-z_-]{35}",
        r"|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}|LTAI[A-Za-z0-9]{12,24}|AKID[A-Za-z0-9]{32}",
        r"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    ))
});
static PRIVATE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?s)-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\z)",
    )
});
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)(?:pass(?:word|wd|phrase)|pwd|secret(?:[_ -]?key)?|api[_ -]?key|access[_ -]?(?:key|token)|auth[_ -]?token|bearer",
        r#"|密码|口令|密钥|令牌)["'`]?(?:\s{0,2}(?:[:=：是为]|is|was)\s{0,2}|\s)["'`]?([A-Za-z0-9!@#$%^&*_+=./~-]{6,200})"#,
    ))
});

pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    if text.contains("PRIVATE KEY") {
        found.extend(PRIVATE_KEY.find_iter(text).map(|m| m.range()));
    }
    let is_new = |found: &[Range<usize>], range: &Range<usize>| {
        found.iter().all(|other| range.end <= other.start || other.end <= range.start)
    };
    for token in TOKEN.find_iter(text) {
        // A hyphenated word of prose has no digits.
        let is_random = !token.as_str().starts_with("sk-") || token.as_str().chars().any(|c| c.is_ascii_digit());
        let joined = text[..token.start()].ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if is_random && !joined && is_new(found, &token.range()) {
            found.push(token.range());
        }
    }
    for named in NAMED.captures_iter(text) {
        if let Some(value) = named.get(1).filter(|value| looks_made(value.as_str())) {
            let range = value.start()..value.start() + value.as_str().trim_end_matches(['.', ',']).len();
            if is_new(found, &range) {
                found.push(range);
            }
        }
    }
}

/// Letters together with digits or signs, as no word is written.
fn looks_made(value: &str) -> bool {
    let value = value.trim_end_matches(['.', ',', '!']);
    let has = |is: fn(&char) -> bool| value.chars().any(|c| is(&c));
    let letters = has(char::is_ascii_alphabetic);
    value.len() >= 6 && letters && has(char::is_ascii_digit) && !value.contains("://")
}
