//! Reading texts with tags of tokens: a token a line with its word first and its tag last, columns apart by spaces or tabs, an empty
//! line behind each sentence. Tags are BIO (IOB1 and IOB2), IOBES or BILOU; where a span begins is decided as `conlleval` does
//! (Tjong Kim Sang & De Meulder 2003).
//!
//! Where lines `-DOCSTART-` stand, what is between them is one text; else each sentence is one. Which item it is, its words tell:
//! all its characters but white space are those of the item's text, so that no tool's way to cut or to space words matters.

use super::word;
use crate::{
    annotation::design::{Question, QuestionKind},
    sample::Span,
};

/// A text as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tagged {
    /// The line of its first token, from 1.
    pub line: u64,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    line: u64,
    word: String,
    tag: Tag,
    /// The first of its sentence, before which no span goes on.
    is_first: bool,
}

/// What a tag says: whether its token is the first or last of a span, or both, and the label; `None` for `O`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tag {
    begins: bool,
    ends: bool,
    label: Option<String>,
}

/// Why something of a file is not read, and its line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Unread {
    pub line: u64,
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("a token has a word and a tag, at least two columns; this line has one")]
    Columns,
    #[error("{0:?} is no tag: O, or B-, I-, E-, L-, S- or U- with a label")]
    Tag(String),
    #[error("{0:?} is no label of the question")]
    Label(String),
    #[error("no item of the task has these words: {0:?}")]
    Words(String),
}

/// All texts of a file. Of a text with a line that cannot be read the first such line is told, and nothing of it is taken.
#[must_use]
pub fn read(file: &str) -> Vec<Result<Tagged, Unread>> {
    let has_documents = file.lines().any(is_document);
    let mut found = Vec::new();
    let mut text = Tagged::default();
    let mut problem: Option<Unread> = None;
    let mut is_first = true;
    let mut end = |text: &mut Tagged, problem: &mut Option<Unread>| {
        let text = std::mem::take(text);
        match problem.take() {
            Some(problem) => found.push(Err(problem)),
            None if text.tokens.is_empty() => {}
            None => found.push(Ok(text)),
        }
    };
    for (line, content) in (1..).zip(file.trim_start_matches('\u{feff}').lines()) {
        let content = content.trim_end_matches(['\r', ' ', '\t']);
        if is_document(content) {
            end(&mut text, &mut problem);
            is_first = true;
        } else if content.is_empty() {
            if !has_documents {
                end(&mut text, &mut problem);
            }
            is_first = true;
        } else {
            match token(line, content, is_first) {
                Ok(token) => {
                    if text.tokens.is_empty() {
                        text.line = line;
                    }
                    text.tokens.push(token);
                }
                Err(problem_here) => {
                    problem.get_or_insert(Unread { line, problem: problem_here });
                }
            }
            is_first = false;
        }
    }
    end(&mut text, &mut problem);
    found
}

fn is_document(line: &str) -> bool {
    line.starts_with("-DOCSTART-")
}

fn token(line: u64, content: &str, is_first: bool) -> Result<Token, Problem> {
    let columns: Vec<&str> = content.split([' ', '\t']).filter(|column| !column.is_empty()).collect();
    let [word, middle @ .., tag] = columns.as_slice() else { return Err(Problem::Columns) };
    // In our own files places stand in the middle, and a span may go on behind an empty line.
    let is_placed = middle.len() == 2 && middle.iter().all(|column| column.parse::<u32>().is_ok());
    Ok(Token { line, word: (*word).to_owned(), tag: parse(tag)?, is_first: is_first && !is_placed })
}

fn parse(tag: &str) -> Result<Tag, Problem> {
    if tag == "O" {
        return Ok(Tag { begins: false, ends: false, label: None });
    }
    let (kind, label) = tag.split_once('-').unwrap_or((tag, ""));
    let (begins, ends) = match kind {
        "B" => (true, false),
        "I" => (false, false),
        "E" | "L" => (false, true),
        "S" | "U" => (true, true),
        _ => return Err(Problem::Tag(tag.to_owned())),
    };
    if label.is_empty() {
        return Err(Problem::Tag(tag.to_owned()));
    }
    Ok(Tag { begins, ends, label: Some(label.to_owned()) })
}

/// A text without white space: what tells which item a text is.
#[must_use]
pub fn words(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

impl Tagged {
    /// Its words as [`words`] has them.
    #[must_use]
    pub fn words(&self) -> String {
        self.tokens.iter().flat_map(|token| token.word.chars()).filter(|c| !c.is_whitespace()).collect()
    }

    /// Its spans as places of this text, whose words are the same. A label is that of the question which is written so.
    pub fn spans(&self, text: &str, question: &Question) -> Result<Vec<Span>, Unread> {
        let labels = match &question.kind {
            QuestionKind::Spans { labels, .. } => labels.as_slice(),
            _ => &[],
        };
        let label_of = |token: &Token, written: &str| {
            let exact = labels.iter().find(|label| label.value == written);
            let found = exact.or_else(|| labels.iter().find(|label| word(&label.value) == written));
            found
                .map(|label| label.value.clone())
                .ok_or_else(|| Unread { line: token.line, problem: Problem::Label(written.to_owned()) })
        };
        // The place of each character that is no white space.
        let places: Vec<u32> = (0..).zip(text.chars()).filter(|(_, c)| !c.is_whitespace()).map(|(at, _)| at).collect();
        let mut spans: Vec<Span> = Vec::new();
        let (mut at, mut open) = (0_usize, None::<&str>);
        for token in &self.tokens {
            let from = at;
            at += token.word.chars().filter(|c| !c.is_whitespace()).count();
            let (Some(start), Some(last)) = (places.get(from), at.checked_sub(1).and_then(|last| places.get(last)))
            else {
                return Err(Unread { line: token.line, problem: Problem::Words(token.word.clone()) });
            };
            let Some(label) = token.tag.label.as_deref() else {
                open = None;
                continue;
            };
            let goes_on = open == Some(label) && !token.tag.begins && !token.is_first;
            match spans.last_mut().filter(|_| goes_on) {
                Some(span) => span.end = last + 1,
                None => spans.push(Span { start: *start, end: last + 1, label: label_of(token, label)? }),
            }
            open = (!token.tag.ends).then_some(label);
        }
        Ok(spans)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::annotation::exchange::conll::document;
    use proptest::prelude::*;

    fn question() -> Question {
        serde_json::from_value(serde_json::json!({ "name": "who", "title": "Who?", "kind": "spans", "overlap": true,
            "labels": [{ "value": "PER" }, { "value": "LOC" }, { "value": "a place" }] }))
        .unwrap()
    }

    fn spans(file: &str, text: &str) -> Vec<(u32, u32, String)> {
        let read = read(file);
        assert_eq!(read.len(), 1, "{read:?}");
        let tagged = read.into_iter().next().unwrap().unwrap();
        assert_eq!(tagged.words(), words(text));
        tagged.spans(text, &question()).unwrap().into_iter().map(|s| (s.start, s.end, s.label)).collect()
    }

    fn span(start: u32, end: u32, label: &str) -> (u32, u32, String) {
        (start, end, label.to_owned())
    }

    #[test]
    fn each_way_to_tag_says_the_same() {
        let text = "Ann Lee met Bo in New York";
        let expected = [span(0, 7, "PER"), span(12, 14, "PER"), span(18, 26, "LOC")];
        let iob2 = "Ann B-PER\nLee I-PER\nmet O\nBo B-PER\nin O\nNew B-LOC\nYork I-LOC\n";
        let iob1 = iob2.replace("B-", "I-");
        let iobes = "Ann\tNNP\tB-PER\nLee\tNNP\tE-PER\nmet\tVBD\tO\nBo\tNNP\tS-PER\nin\tIN\tO\nNew\tNNP\tB-LOC\nYork\tNNP\tE-LOC";
        let bilou = iobes.replace("E-", "L-").replace("S-", "U-");
        for file in [iob2, &iob1, iobes, &bilou] {
            assert_eq!(spans(file, text), expected, "{file}");
        }
        // Beside each other: a B of the same label begins anew, and so does another label without one.
        assert_eq!(
            spans("a B-PER\nb B-PER\nc I-LOC", "a b c"),
            [span(0, 1, "PER"), span(2, 3, "PER"), span(4, 5, "LOC")]
        );
    }

    #[test]
    fn a_sentence_is_a_text_unless_there_are_documents() {
        let file = "Ann B-PER\n\nBo B-PER\nran O\n\n\n";
        assert_eq!(read(file).into_iter().map(|t| t.unwrap().words()).collect::<Vec<_>>(), ["Ann", "Boran"]);
        let file = format!("-DOCSTART- -X- -X- O\n\n{file}-DOCSTART- -X- -X- O\n\nEve S-PER\n");
        let read = read(&file).into_iter().map(|t| t.map(|t| (t.line, t.words()))).collect::<Result<Vec<_>, _>>();
        assert_eq!(read.unwrap(), [(3, "AnnBoran".to_owned()), (11, "Eve".to_owned())]);
        // No span of a foreign file goes on behind the end of a sentence.
        assert_eq!(spans("-DOCSTART- O\n\nAnn I-PER\n\nBo I-PER\n", "Ann\nBo"), [span(0, 3, "PER"), span(4, 6, "PER")]);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let file = "Ann B-PER\n\nBo\nran X-PER\n\nEve B-\n\nJoe B-ORG\n";
        let read = read(file);
        let told = |at: usize| read[at].clone().unwrap_err();
        assert!(read[0].is_ok() && read.len() == 4);
        assert_eq!((told(1).line, told(1).problem), (3, Problem::Columns));
        assert_eq!((told(2).line, told(2).problem), (6, Problem::Tag("B-".to_owned())));
        let unknown = read[3].clone().unwrap().spans("Joe", &question()).unwrap_err();
        assert_eq!((unknown.line, unknown.problem), (8, Problem::Label("ORG".to_owned())));
        let short = read[0].clone().unwrap().spans("An", &question()).unwrap_err();
        assert_eq!(short.line, 1, "another text");
    }

    /// What of spans a file of tokens can say: those that do not overlap with one before, without white space at their ends.
    fn sayable(text: &str, spans: &[Span]) -> Vec<Span> {
        let chars: Vec<char> = text.chars().collect();
        let trimmed = super::super::apart(spans).into_iter().filter_map(|span| {
            let mut inside = (span.start..span.end).filter(|at| !chars[*at as usize].is_whitespace());
            let first = inside.next()?;
            let last = inside.next_back().unwrap_or(first);
            Some(Span { start: first, end: last + 1, label: span.label })
        });
        trimmed.collect()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            text in "[a-cA-C0-9 \n\t.,'\u{4e00}-\u{4e03}\u{e9}\u{301}\u{1f600}\u{3000}-]{1,40}",
            drawn in prop::collection::vec((0_u32..40, 1_u32..12, 0_usize..3), 0..6),
        ) {
            let length = text.chars().count() as u32;
            let labels = ["PER", "LOC", "a place"];
            let marked = drawn.into_iter().filter(|(start, _, _)| *start < length);
            let marked: Vec<Span> = marked
                .map(|(start, size, label)| Span { start, end: (start + size).min(length), label: labels[label].to_owned() })
                .collect();
            let file = document(&text, &marked);
            let read = read(&file);
            if words(&text).is_empty() {
                prop_assert!(read.is_empty());
            } else {
                prop_assert_eq!(read.len(), 1);
                let tagged = read.into_iter().next().unwrap().unwrap();
                prop_assert_eq!(tagged.words(), words(&text));
                prop_assert_eq!(tagged.spans(&text, &question()).unwrap(), sayable(&text, &marked));
            }
        }
    }
}
