//! What a model's output answers to a question, so that it can stand in the field before the person has said anything.

use super::{
    answer::Answer,
    design::{Choice, QuestionKind},
};
use crate::sample::Span;
use serde::Deserialize;

/// The answer that an output gives; `None` where it answers no question of this kind. Spans are looked for in `span_text`.
#[must_use]
pub fn answer_of(kind: &QuestionKind, output: &str, span_text: &str) -> Option<Answer> {
    let word = output.trim();
    match kind {
        QuestionKind::Choice { options } => option(options, word).map(|value| Answer::Choice { value }),
        QuestionKind::Tree { options } => option(options, word).map(|value| Answer::Tree { value }),
        QuestionKind::Choices { options, .. } => {
            let words = word.split([',', '，', '、', ';']).map(str::trim).filter(|w| !w.is_empty());
            let values = words.map(|w| option(options, w)).collect::<Option<_>>()?;
            Some(Answer::Choices { values })
        }
        QuestionKind::Rating { min, max, .. } => {
            word.parse().ok().filter(|n| (*min..=*max).contains(n)).map(|value| Answer::Rating { value })
        }
        QuestionKind::Spans { labels, .. } => spans(labels, word, span_text),
        QuestionKind::Text { .. }
        | QuestionKind::Preference { .. }
        | QuestionKind::Ranking
        | QuestionKind::Turns { .. } => None,
    }
}

/// The option that a word names, whatever its case.
fn option(options: &[Choice], word: &str) -> Option<String> {
    let same = |o: &&Choice| o.value.to_lowercase() == word.to_lowercase();
    options.iter().find(|o| o.value == word).or_else(|| options.iter().find(same)).map(|o| o.value.clone())
}

/// Spans of the JSON list that a model learns to write of marked texts, `[{"label", "text"}]`, in the order of the text.
/// Those that are not in the text are left out.
fn spans(labels: &[Choice], output: &str, text: &str) -> Option<Answer> {
    #[derive(Deserialize)]
    struct Said {
        label: String,
        text: String,
    }
    let said: Vec<Said> = serde_json::from_str(output).ok()?;
    let (mut spans, mut from) = (Vec::new(), 0);
    for one in said {
        let Some(first) = one.text.chars().next() else { continue };
        let Some(label) = option(labels, &one.label) else { continue };
        let behind = text[from..].find(&one.text).map(|at| from + at);
        let Some(at) = behind.or_else(|| text.find(&one.text)) else { continue };
        from = at + first.len_utf8();
        let start = text[..at].chars().count() as u32;
        spans.push(Span { start, end: start + one.text.chars().count() as u32, label });
    }
    Some(Answer::Spans { spans, relations: Vec::new() })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn kind(json: &str) -> QuestionKind {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_output_names_an_option_or_nothing() {
        let choice = kind(r#"{"kind": "choice", "options": [{"value": "Good"}, {"value": "bad"}]}"#);
        assert_eq!(answer_of(&choice, " good\n", ""), Some(Answer::Choice { value: "Good".to_owned() }));
        assert_eq!(answer_of(&choice, "goodish", ""), None);
        let several = kind(r#"{"kind": "choices", "options": [{"value": "a"}, {"value": "b"}]}"#);
        let both = Answer::Choices { values: ["a".to_owned(), "b".to_owned()].into() };
        assert_eq!(answer_of(&several, "b, a", ""), Some(both));
        assert_eq!(answer_of(&several, "b, c", ""), None);
        let rating = kind(r#"{"kind": "rating", "min": 1, "max": 5}"#);
        assert_eq!(answer_of(&rating, "4", ""), Some(Answer::Rating { value: 4 }));
        assert_eq!(answer_of(&rating, "6", ""), None);
    }

    #[test]
    fn spans_are_found_by_their_texts() {
        let marks = kind(r#"{"kind": "spans", "labels": [{"value": "person"}, {"value": "city"}]}"#);
        let output = r#"[{"label": "person", "text": "李雷"}, {"label": "person", "text": "李雷"}, {"label": "city", "text": "北京"}, {"label": "city", "text": "Rome"}]"#;
        let Some(Answer::Spans { spans, .. }) = answer_of(&marks, output, "😀李雷和李雷去北京") else {
            panic!()
        };
        let places: Vec<_> = spans.iter().map(|s| (s.start, s.end, s.label.as_str())).collect();
        assert_eq!(places, [(1, 3, "person"), (4, 6, "person"), (7, 9, "city")]);
        assert_eq!(answer_of(&marks, "none", "x"), None);
    }
}
