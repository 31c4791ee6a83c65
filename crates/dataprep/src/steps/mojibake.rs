//! Text that was read in the wrong encoding: "Ã©" for "é", "浣犲ソ" for "你好".
//!
//! A text is repaired as a whole or not at all: everything outside ASCII in it must be such a garble, and what comes out must
//! be characters that people write. A text with one real "é" beside it was read in the right encoding. U+FFFD and its
//! own garble 锟斤拷 stand for characters that are lost; no rule brings them back.

use super::{
    Item, RowStep, Verdict,
    text::{rewritten, texts},
};
use domain::steps::{self, Garble, Reason};
use encoding_rs::{GBK, WINDOWS_1252};
use std::sync::LazyLock;

pub(super) struct Mojibake(pub(super) steps::Mojibake);

/// Rounds of misreading that are undone.
const ROUNDS: usize = 3;

impl RowStep for Mojibake {
    fn judge(&self, item: &Item) -> Verdict {
        let mut first = None;
        let repaired = rewritten(&item.sample, self.0.within, &mut |text| {
            let (text, garble) = repair(text)?;
            first.get_or_insert(garble);
            Some(text)
        });
        let now = repaired.as_ref().unwrap_or(&item.sample);
        let is_lost = has_lost(&texts(now, self.0.within));
        match (repaired, first) {
            _ if is_lost && self.0.remove_lost => Verdict::Remove(Reason::LostCharacters),
            (Some(sample), Some(garble)) => Verdict::Rewrite(sample, Reason::Repaired { garble }),
            _ if is_lost => Verdict::Note(Reason::LostCharacters),
            _ => Verdict::Keep,
        }
    }
}

/// U+FFFD, the same in UTF-8 read as GBK, and memory of Visual C++ that nobody wrote (0xCC, 0xCD).
fn has_lost(text: &str) -> bool {
    ["\u{fffd}", "锟斤拷", "烫烫烫", "屯屯屯"].iter().any(|sign| text.contains(sign))
}

/// The text as it was, and how it was misread first; `None` where it was not, or in more than one way.
fn repair(text: &str) -> Option<(String, Garble)> {
    let mut now: Option<(String, Garble)> = None;
    for _ in 0..ROUNDS {
        let text = now.as_ref().map_or(text, |(text, _)| text);
        if text.is_ascii() {
            break;
        }
        let once = utf8_in_1252(text)
            .map(|text| (text, Garble::Utf8AsWindows1252))
            .or_else(|| by_runs(text, &utf8_in_gbk).map(|text| (text, Garble::Utf8AsGbk)))
            .or_else(|| by_runs(text, &gbk_in_1252).map(|text| (text, Garble::GbkAsWindows1252)));
        let Some((text, garble)) = once else { break };
        let first = now.as_ref().map_or(garble, |(_, first)| *first);
        now = Some((text, first));
    }
    // They may stand between two rounds, but nobody writes them.
    now.filter(|(text, _)| !text.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c)))
}

/// The characters of Windows-1252's bytes 0x80 to 0x9F, as WHATWG has them.
static UPPER: LazyLock<Vec<char>> = LazyLock::new(|| {
    let bytes: Vec<u8> = (0x80..=0x9f).collect();
    WINDOWS_1252.decode_without_bom_handling(&bytes).0.chars().collect()
});

/// The byte above 0x7F that Windows-1252, or Latin-1, reads as this character.
fn byte_of(c: char) -> Option<u8> {
    match c {
        '\u{80}'..='\u{ff}' => Some(c as u8),
        c if c.is_ascii() => None,
        c => UPPER.iter().position(|upper| *upper == c).map(|at| at as u8 + 0x80),
    }
}

/// UTF-8 that was read as Windows-1252. Sequences of three or four bytes, and of two that begin with Ã or Â, are sure signs;
/// of others there have to be several, since "Å“" is also how a Swede quotes.
fn utf8_in_1252(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let (mut sure, mut weak) = (0u32, 0u32);
    let mut at = 0;
    while at < chars.len() {
        let Some(byte) = byte_of(chars[at]) else {
            out.push(chars[at]);
            at += 1;
            continue;
        };
        let (c, length) = sequence(byte, &chars[at..])?;
        // It may be a plain space behind a letter: no sign of anything by itself.
        let is_sign = !chars[at..at + length].contains(&' ');
        let is_sure = length > 2 || matches!(byte, 0xc2 | 0xc3);
        sure += u32::from(is_sign && is_sure);
        weak += u32::from(is_sign && !is_sure);
        out.push(c);
        at += length;
    }
    (sure > 0 || weak > 2).then_some(out)
}

/// The character that begins with this byte, and how many were read for it.
fn sequence(lead: u8, chars: &[char]) -> Option<(char, usize)> {
    let length = match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let mut bytes = vec![lead];
    for c in chars.get(1..length)? {
        // A no-break space, 0xA0, often became a common one on the way.
        bytes.push(if *c == ' ' && (length > 2 || lead == 0xc3) { 0xa0 } else { byte_of(*c)? });
    }
    let c = std::str::from_utf8(&bytes).ok()?.chars().next()?;
    is_written(c).then_some((c, length))
}

/// Whether people write this character: scripts in use, punctuation, symbols; no phonetic signs.
fn is_written(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{24f}' | '\u{2c6}' | '\u{2dc}' | '\u{370}'..='\u{52f}' | '\u{5d0}'..='\u{5ea}' | '\u{600}'..='\u{6ff}' | '\u{900}'..='\u{dff}'
        | '\u{e00}'..='\u{e7f}' | '\u{1e00}'..='\u{1fff}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}'
        | '\u{20a0}'..='\u{20bf}' | '\u{2100}'..='\u{27bf}' | '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{fe0f}' | '\u{feff}' | '\u{ff00}'..='\u{ffef}' | '\u{1f000}'..='\u{1faff}')
}

/// The text with every run outside ASCII put right; `None` where that fails for one of them.
fn by_runs(text: &str, right: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut any = false;
    while let Some(start) = rest.find(|c: char| !c.is_ascii()) {
        let end = rest[start..].find(|c: char| c.is_ascii()).map_or(rest.len(), |at| start + at);
        out.push_str(&rest[..start]);
        out.push_str(&right(&rest[start..end])?);
        any = true;
        rest = &rest[end..];
    }
    out.push_str(rest);
    any.then_some(out)
}

/// UTF-8 that was read as GBK: the characters are rare ones, and as UTF-8 they are common ones.
fn utf8_in_gbk(run: &str) -> Option<String> {
    let (bytes, _, unknown) = GBK.encode(run);
    if unknown {
        return None;
    }
    let read = std::str::from_utf8(&bytes).ok()?;
    let rare = share(run, is_common) <= 0.5;
    (rare
        && read.chars().any(is_common)
        && share(read, |c| is_common(c) || is_punctuation(c)) >= 0.8
        && read.chars().all(is_written))
    .then(|| read.to_owned())
}

/// GBK that was read as Windows-1252: pairs of accented letters, all of which are common Chinese characters.
fn gbk_in_1252(run: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = run.chars().map(byte_of).collect();
    let bytes = bytes.filter(|bytes| bytes.len() >= 4 && bytes.len() % 2 == 0)?;
    let read = GBK.decode_without_bom_handling_and_without_replacement(&bytes)?;
    (read.chars().all(|c| is_common(c) || is_punctuation(c)) && read.chars().any(is_common)).then(|| read.into_owned())
}

fn share(text: &str, is: impl Fn(char) -> bool) -> f64 {
    let all = text.chars().count().max(1);
    text.chars().filter(|c| is(*c)).count() as f64 / all as f64
}

/// One of the 3755 Chinese characters of GB 2312's first level.
fn is_common(c: char) -> bool {
    let mut text = [0; 4];
    let (bytes, _, unknown) = GBK.encode(c.encode_utf8(&mut text));
    !unknown && matches!(bytes.as_ref(), [0xb0..=0xd7, 0xa1..=0xfe])
}

fn is_punctuation(c: char) -> bool {
    matches!(
        c,
        '，' | '。'
            | '、'
            | '；'
            | '：'
            | '？'
            | '！'
            | '“'
            | '”'
            | '‘'
            | '’'
            | '（'
            | '）'
            | '《'
            | '》'
            | '—'
            | '…'
            | '·'
            | '\u{3000}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn repaired(text: &str) -> String {
        repair(text).map_or_else(|| text.to_owned(), |(text, _)| text)
    }

    /// What a reader of that encoding makes of a text's UTF-8.
    fn misread(text: &str, encoding: &'static encoding_rs::Encoding) -> String {
        encoding.decode_without_bom_handling(text.as_bytes()).0.into_owned()
    }

    #[test]
    fn utf8_read_as_windows_1252_is_put_right() {
        assert_eq!(repaired("cafÃ© crÃ¨me"), "café crème");
        assert_eq!(repaired("ä½ å¥½"), "你好");
        assert_eq!(repaired("itâ€™s â€œfineâ€\u{9d} â€¦ 5â‚¬"), "it’s “fine” … 5€");
        for text in ["你好，世界！", "Привет, мир", "naïve façade — £5", "日本語のテキスト", "👍 gut"]
        {
            assert_eq!(repaired(&misread(text, WINDOWS_1252)), text);
            let twice = misread(&misread(text, WINDOWS_1252), WINDOWS_1252);
            assert_eq!(repaired(&twice), text, "twice");
        }
    }

    #[test]
    fn utf8_and_gbk_taken_for_each_other_are_put_right() {
        assert_eq!(repaired("浣犲ソ"), "你好");
        let even = "中文编码乱码问题";
        assert_eq!(repaired(&misread(even, GBK)), even);
        let (bytes, ..) = GBK.encode("你好，世界");
        let latin = WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned();
        assert_eq!(repair(&latin), Some(("你好，世界".to_owned(), Garble::GbkAsWindows1252)));
    }

    #[test]
    fn what_was_read_well_stays() {
        for text in [
            "déjà vu, Ångström, Straße, señor, São Paulo",
            "„På“, sagte sie, «È vero»",
            "MAÇÃ”, CAFÉ™ — “SÃO”",
            "PÅ“",
            "café — closed",
            "på – nu",
            "AMANHÃ EU",
            "联通、你好，世界。今天天气不错！",
            "繁體中文與簡體字，龘靐齉",
            "日本語 한국어 ελληνικά русский",
            "50 °C ± 2 µm × ½ ©",
            "ÄÖÜ äöü ÀÉ",
            "锟斤拷",
            "plain",
        ] {
            assert_eq!(repair(text), None, "{text}");
        }
        assert!(has_lost("锟斤拷") && has_lost("a\u{fffd}") && !has_lost("你好"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,30}") {
            let _ = repair(&text);
        }

        #[test]
        fn chinese_text_stays(text in "[一二三四五天地人你我他是不了有在这中大来上国个到说们为子和，。]{1,20}") {
            prop_assert_eq!(repair(&text), None);
        }
    }
}
