//! Words that may stand for each other, characters that are taken for each other, pairs that change places, and templates: ours
//! and the recipe's.

use crate::{draw::Draw, similar::is_han};
use domain::steps::Augment;
use std::collections::HashMap;

#[derive(Default)]
pub(super) struct Lexicon {
    /// Word in lower case → words of the same meaning.
    synonyms: HashMap<String, Vec<String>>,
    /// Word in lower case → what it changes places with.
    pairs: HashMap<String, String>,
    similar: HashMap<char, Vec<char>>,
    /// The recipe's own words in Chinese, which no dictionary may know.
    own: Vec<String>,
    /// Label → the one of a text that says the opposite.
    opposites: HashMap<String, String>,
    templates: Vec<String>,
    /// Name of a slot → what may stand there.
    slots: HashMap<String, Vec<String>>,
}

impl Lexicon {
    pub(super) fn new(settings: &Augment) -> Self {
        let mut lexicon = Self::default();
        for list in [include_str!("words/synonyms_en.txt"), include_str!("words/synonyms_zh.txt")] {
            for line in lines(list) {
                let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
                for word in &words {
                    let others = words.iter().filter(|other| *other != word).cloned();
                    lexicon.synonyms.entry(word.clone()).or_default().extend(others);
                }
            }
        }
        for line in lines(include_str!("words/similar_zh.txt")) {
            for c in line.chars() {
                lexicon.similar.entry(c).or_default().extend(line.chars().filter(|other| *other != c));
            }
        }
        let pairs = entries(&settings.own_pairs).flat_map(|(one, others)| others.into_iter().chain([one]));
        let own = entries(&settings.own_synonyms).map(|(word, _)| word).chain(pairs);
        lexicon.own = own.filter(|word| word.chars().all(is_han)).collect();
        for (word, others) in entries(&settings.own_synonyms) {
            lexicon.synonyms.insert(word.to_lowercase(), others);
        }
        for (one, others) in entries(include_str!("words/pairs.txt")).chain(entries(&settings.own_pairs)) {
            if let Some(other) = others.first() {
                lexicon.pairs.insert(one.to_lowercase(), other.clone());
                lexicon.pairs.insert(other.to_lowercase(), one);
            }
        }
        for (label, others) in entries(&settings.negated_labels) {
            lexicon.opposites.extend(others.into_iter().next().map(|other| (label, other)));
        }
        for line in lines(&settings.templates) {
            if line.contains("{text}") {
                lexicon.templates.push(line.to_owned());
            }
        }
        lexicon.slots = entries(&settings.templates).filter(|(name, _)| !name.contains("{text}")).collect();
        lexicon
    }

    /// Words that a text is cut at.
    pub(super) fn own(&self) -> &[String] {
        &self.own
    }

    pub(super) fn synonym(&self, word: &str, draw: &mut Draw) -> Option<String> {
        let others = self.synonyms.get(&word.to_lowercase())?;
        let other = others.get(draw.below(others.len()))?;
        Some(in_case_of(word, other))
    }

    /// What a word changes places with; `next` is the word behind, which tells "her" from "her".
    pub(super) fn partner(&self, word: &str, next: Option<&str>) -> Option<String> {
        let lower = word.to_lowercase();
        let other = match (lower.as_str(), next) {
            ("his", Some(_)) | ("him", _) => "her",
            ("his", None) => "hers",
            ("hers", _) => "his",
            ("her", Some(next)) if !is_function(next) => "his",
            ("her", _) => "him",
            _ => self.pairs.get(&lower)?,
        };
        Some(in_case_of(word, other))
    }

    /// The label of a text that says the opposite of one with this label.
    pub(super) fn opposite(&self, label: &str) -> Option<&str> {
        self.opposites.get(label.trim()).map(String::as_str)
    }

    pub(super) fn similar(&self, c: char, draw: &mut Draw) -> Option<char> {
        draw.of(self.similar.get(&c)?)
    }

    /// A template with its slots filled, but for `{text}`.
    pub(super) fn template(&self, draw: &mut Draw) -> Option<String> {
        let mut template = self.templates.get(draw.below(self.templates.len()))?.clone();
        let mut names: Vec<&String> = self.slots.keys().collect();
        names.sort_unstable();
        for name in names {
            let slot = format!("{{{name}}}");
            let alternatives = &self.slots[name];
            if template.contains(&slot)
                && let Some(chosen) = alternatives.get(draw.below(alternatives.len()))
            {
                template = template.replace(&slot, chosen);
            }
        }
        Some(template)
    }
}

/// Lines with something on them, but for remarks.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("# "))
}

/// `word = other | another`.
fn entries(text: &str) -> impl Iterator<Item = (String, Vec<String>)> {
    lines(text).filter_map(|line| {
        let (word, others) = line.split_once('=')?;
        let others: Vec<String> = others.split('|').map(|w| w.trim().to_owned()).filter(|w| !w.is_empty()).collect();
        (!others.is_empty()).then(|| (word.trim().to_owned(), others))
    })
}

/// Words behind which "her" stood alone: I saw her and …
fn is_function(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "and"
            | "or"
            | "but"
            | "to"
            | "in"
            | "on"
            | "at"
            | "for"
            | "with"
            | "from"
            | "the"
            | "a"
            | "an"
            | "that"
            | "this"
            | "when"
            | "if"
            | "as"
            | "is"
            | "was"
            | "about"
            | "again"
            | "because"
            | "so"
            | "then"
            | "today"
            | "yesterday"
            | "tomorrow"
            | "by"
            | "after"
            | "before"
            | "very"
    )
}

/// The other word as the first is written: Big → Large, BIG → LARGE.
pub(super) fn in_case_of(word: &str, other: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().is_some_and(char::is_uppercase);
    let rest: Vec<char> = letters.filter(|c| c.is_alphabetic()).collect();
    if first && !rest.is_empty() && rest.iter().all(|c| c.is_uppercase()) {
        return other.to_uppercase();
    }
    let mut chars = other.chars();
    match chars.next() {
        Some(c) if first => c.to_uppercase().chain(chars).collect(),
        _ => other.to_owned(),
    }
}
