//! Which texts say nearly the same: normal forms, pieces of text, and a join by similarity that misses nothing.
//!
//! Texts are sets of hashed character sequences; two are similar when their Jaccard index |A ∩ B| / |A ∪ B| reaches a
//! threshold. [`Join`] is exact, not probabilistic, because a leak that a sketch overlooks costs a run: it is the prefix
//! filter of Bayardo, Ma & Srikant, "Scaling up all pairs similarity search" (WWW 2007). [`Sketch`] is what a million texts
//! can afford.

mod join;
mod sketch;

/// Han characters are written without spaces around: each counts as a word of its own.
pub use domain::explore::is_han;
pub use join::{Join, Sets};
pub use sketch::Sketch;

/// Characters per piece of alphabetic text.
const PIECE: usize = 5;
/// Characters per piece of text that is mostly Han, where one character says as much as a word.
const HAN_PIECE: usize = 3;

/// The text in lower case with full-width forms narrowed, everything but letters, digits and marks taken as space, and
/// space collapsed: equal normal forms are the same text to a reader.
#[must_use]
pub fn normal_form(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        // U+FF01–U+FF5E are the ASCII characters in full width.
        let c = match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            c => c,
        };
        if c.is_alphanumeric() {
            if std::mem::take(&mut space) && !out.is_empty() {
                out.push(' ');
            }
            out.extend(c.to_lowercase());
        } else {
            space = true;
        }
    }
    out
}

/// Words of a normal form: runs without space, and each Han character.
pub fn words(normal: &str) -> impl Iterator<Item = &str> {
    normal.split(' ').flat_map(|run| {
        let mut rest = run;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let end = if is_han(first) { first.len_utf8() } else { rest.find(is_han).unwrap_or(rest.len()) };
            let (word, others) = rest.split_at(end);
            rest = others;
            Some(word)
        })
    })
}

/// The hashed pieces of a normal form, sorted, each once. Text shorter than a piece is one piece.
#[must_use]
pub fn pieces(normal: &str) -> Vec<u32> {
    pieces_of(normal, PIECE, HAN_PIECE)
}

/// [`pieces`] of other sizes: characters per piece, and per piece of text that is mostly Han.
#[must_use]
pub fn pieces_of(normal: &str, size: usize, han_size: usize) -> Vec<u32> {
    let letters: Vec<char> = normal.chars().filter(|c| *c != ' ').collect();
    let han = letters.iter().filter(|c| is_han(**c)).count();
    let (text, size) =
        if 2 * han > letters.len() { (letters, han_size) } else { (normal.chars().collect::<Vec<_>>(), size) };
    if text.is_empty() {
        return Vec::new();
    }
    let mut hashes: Vec<u32> = text
        .windows(size.clamp(1, text.len()))
        .map(|piece| hash(piece.iter().map(|c| u64::from(*c as u32))) as u32)
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// A hash that is the same on every machine: SplitMix64's mixer (Steele, Lea & Flood 2014) over the parts.
#[must_use]
pub fn hash(parts: impl IntoIterator<Item = u64>) -> u64 {
    let mix = |x: u64| {
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    };
    parts.into_iter().fold(0x9e37_79b9_7f4a_7c15, |state, part| mix(state.rotate_left(5) ^ mix(part.wrapping_add(1))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_reads_alike_has_one_normal_form() {
        assert_eq!(normal_form("  Hello,\tＷorld! "), "hello world");
        assert_eq!(normal_form("今天，天气很好。"), "今天 天气很好");
        assert_eq!(normal_form("…"), "");
        let split: Vec<_> = words("我爱 rust编程 1").collect();
        assert_eq!(split, ["我", "爱", "rust", "编", "程", "1"]);
    }

    #[test]
    fn short_texts_are_one_piece() {
        assert_eq!(pieces("abc").len(), 1);
        assert_ne!(pieces("abc"), pieces("abd"));
        assert_eq!(pieces("abcdef").len(), 2);
        assert_eq!(pieces("今天 天气").len(), 2, "space between Han characters says nothing");
        assert!(pieces("").is_empty());
    }

    proptest! {
        #[test]
        fn normal_forms_are_stable(text in ".{0,60}") {
            let once = normal_form(&text);
            prop_assert_eq!(normal_form(&once), once.clone());
            prop_assert_eq!(words(&once).collect::<String>(), once.replace(' ', ""));
        }
    }
}
