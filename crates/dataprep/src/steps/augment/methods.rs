//! The ways in which a text is changed. Each gives `None` where nothing in the text can change.

use super::{
    lexicon::Lexicon,
    tokens::{is_word, tokens},
};
use crate::{draw::Draw, similar::is_han};

/// How many of so many words change: a share of them, one at least.
fn count(words: usize, strength: f64) -> usize {
    ((words as f64 * strength).round() as usize).max(1)
}

/// Some words of the text become others: `other` says what, and for which words it can.
fn with_words(
    text: &str,
    own: &[String],
    strength: f64,
    draw: &mut Draw,
    other: &mut dyn FnMut(&str, &mut Draw) -> Option<String>,
) -> Option<String> {
    // A typo in code is no typo.
    if text.contains("```") {
        return None;
    }
    let pieces = tokens(text, own);
    let words: Vec<usize> = (0..pieces.len()).filter(|i| is_word(&pieces, *i)).collect();
    let possible: Vec<(usize, String)> = words.iter().filter_map(|i| Some((*i, other(pieces[*i], draw)?))).collect();
    if possible.is_empty() {
        return None;
    }
    let mut changed: Vec<String> = pieces.iter().map(|p| (*p).to_owned()).collect();
    for chosen in draw.some(count(words.len(), strength), possible.len()) {
        let (i, word) = &possible[chosen];
        changed[*i].clone_from(word);
    }
    Some(changed.concat())
}

pub(super) fn synonyms(text: &str, lexicon: &Lexicon, strength: f64, draw: &mut Draw) -> Option<String> {
    with_words(text, lexicon.own(), strength, draw, &mut |word, draw| lexicon.synonym(word, draw))
}

pub(super) fn typos(text: &str, lexicon: &Lexicon, strength: f64, draw: &mut Draw) -> Option<String> {
    with_words(text, lexicon.own(), strength, draw, &mut |word, draw| {
        if word.starts_with(is_han) { mistaken(word, lexicon, draw) } else { slipped(word, draw) }
    })
}

/// A character that sounds or looks like one of the word's.
fn mistaken(word: &str, lexicon: &Lexicon, draw: &mut Draw) -> Option<String> {
    let chars: Vec<char> = word.chars().collect();
    let at = draw.below(chars.len());
    let other = lexicon.similar(chars[at], draw)?;
    Some(chars.iter().enumerate().map(|(i, c)| if i == at { other } else { *c }).collect())
}

/// The rows of a keyboard.
const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// Two letters swapped, one left away, doubled, or the key beside it. The first letter stays, as it mostly does.
fn slipped(word: &str, draw: &mut Draw) -> Option<String> {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 4 || !word.is_ascii() {
        return None;
    }
    let at = 1 + draw.below(letters.len() - 2);
    match draw.below(4) {
        0 => letters.swap(at, at + 1),
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters[at] = neighbour(letters[at], draw)?,
    }
    Some(letters.into_iter().collect())
}

fn neighbour(letter: char, draw: &mut Draw) -> Option<char> {
    let lower = letter.to_ascii_lowercase();
    let (row, at) = ROWS.iter().find_map(|row| row.find(lower).map(|at| (row.as_bytes(), at)))?;
    let beside: Vec<u8> =
        [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|i| row.get(i).copied()).collect();
    draw.of(&beside).map(|b| if letter.is_ascii_uppercase() { b.to_ascii_uppercase().into() } else { b.into() })
}

/// Case, space and punctuation as people in a hurry leave them.
pub(super) fn noise(text: &str, strength: f64, draw: &mut Draw) -> Option<String> {
    let kinds: [fn(&str, f64, &mut Draw) -> String; 5] = [lowered, shouted, unstopped, spaced, widened];
    // The first that does something, from one that is drawn.
    let first = draw.below(kinds.len());
    (0..kinds.len()).map(|i| kinds[(first + i) % kinds.len()](text, strength, draw)).find(|new| new != text)
}

fn lowered(text: &str, _: f64, _: &mut Draw) -> String {
    text.to_lowercase()
}

fn shouted(text: &str, strength: f64, draw: &mut Draw) -> String {
    let upper = |word: &str, _: &mut Draw| word.is_ascii().then(|| word.to_uppercase()).filter(|new| new != word);
    with_words(text, &[], strength, draw, &mut { upper }).unwrap_or_else(|| text.to_owned())
}

/// Without the stop at the end, or with two.
fn unstopped(text: &str, _: f64, draw: &mut Draw) -> String {
    let body = text.trim_end();
    let Some(stop) = body.chars().next_back().filter(|c| matches!(c, '.' | '。' | '!' | '！' | '?' | '？')) else {
        return text.to_owned();
    };
    if draw.below(2) == 0 { body[..body.len() - stop.len_utf8()].to_owned() } else { format!("{body}{stop}") }
}

/// Some spaces doubled or left away; in Chinese, one put behind punctuation.
fn spaced(text: &str, strength: f64, draw: &mut Draw) -> String {
    let places: Vec<usize> =
        text.char_indices().filter(|(_, c)| matches!(c, ' ' | '，' | '。' | '、')).map(|(i, _)| i).collect();
    let chosen: Vec<usize> =
        draw.some(count(places.len(), strength), places.len()).into_iter().map(|i| places[i]).collect();
    let mut out = String::with_capacity(text.len() + chosen.len());
    for (i, c) in text.char_indices() {
        let is_chosen = chosen.contains(&i);
        if is_chosen && c == ' ' && draw.below(2) == 0 {
            continue;
        }
        out.push(c);
        if is_chosen {
            out.push(' ');
        }
    }
    out
}

/// Chinese punctuation as ASCII, or the other way round behind Chinese.
fn widened(text: &str, _: f64, _: &mut Draw) -> String {
    const SIGNS: [(char, char); 6] = [('，', ','), ('。', '.'), ('！', '!'), ('？', '?'), ('：', ':'), ('；', ';')];
    let wide = SIGNS.iter().any(|(sign, _)| text.contains(*sign));
    let mut before = ' ';
    let other = |c: char| {
        let behind_han = is_han(before);
        before = c;
        let pair = SIGNS.iter().find(|(sign, ascii)| if wide { *sign == c } else { *ascii == c && behind_han });
        pair.map_or(c, |(sign, ascii)| if wide { *ascii } else { *sign })
    };
    text.chars().map(other).collect()
}

/// Every word that has a partner becomes it.
pub(super) fn swap(text: &str, lexicon: &Lexicon) -> Option<String> {
    let pieces = tokens(text, lexicon.own());
    let next = |i: usize| {
        pieces.get(i + 2).copied().filter(|word| pieces[i + 1] == " " && word.starts_with(char::is_alphabetic))
    };
    let mut any = false;
    let swapped = pieces.iter().enumerate().map(|(i, piece)| match lexicon.partner(piece, next(i)) {
        Some(other) => {
            any = true;
            other
        }
        None => (*piece).to_owned(),
    });
    let text = swapped.collect::<String>();
    any.then_some(text)
}

pub(super) fn template(text: &str, lexicon: &Lexicon, draw: &mut Draw) -> Option<String> {
    Some(lexicon.template(draw)?.replace("{text}", text))
}
