//! E-mail addresses (RFC 5322's dot-atom form, with a domain name), also those written `name [at] example [dot] org`.

use super::pattern;
use regex::Regex;
use std::{ops::Range, sync::LazyLock};

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"[A-Za-z0-9][A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}",
    )
});
static SPELLED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)[a-z0-9][a-z0-9._+-]{0,63}\s?[\[({]\s?at\s?[\])}]\s?[a-z0-9-]+(?:\s?(?:\.|[\[({]\s?dot\s?[\])}])\s?[a-z0-9-]+){1,4}",
    )
});

/// Local parts that programs use in addresses which are nobody's.
const NOBODY: &[&str] = &["git", "hg", "svn"];

pub(super) fn emails(text: &str, found: &mut Vec<Range<usize>>) {
    if text.contains('@') {
        for found_at in EMAIL.find_iter(text) {
            let mut range = found_at.range();
            // `key=name@example.org` and `mailto:` in front are no part of it.
            let local = found_at.as_str().split('@').next().unwrap_or_default();
            if let Some(at) = local.rfind(['=', '/', '?', '&', '{', '|']) {
                range.start += at + 1;
            }
            let local = &text[range.start..found_at.start() + local.len()];
            if !local.is_empty() && !NOBODY.contains(&local) {
                found.push(range);
            }
        }
    }
    if text.contains(['[', '(', '{']) {
        found.extend(SPELLED.find_iter(text).map(|m| m.range()));
    }
}
