//! What may come next in a filter that somebody is typing.

use super::{
    Catalogue, Column, ColumnKind,
    filter::{Token, is_plain, tokens, written_name, written_text},
};
use serde::{Deserialize, Serialize};

/// Suggestions at once.
pub const MOST_SUGGESTIONS: usize = 20;

/// What may stand at a place of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The characters that a suggestion replaces, from 0.
    pub from: usize,
    pub to: usize,
    /// What is typed of the word so far.
    pub typed: String,
    pub next: Next,
}

/// What a filter goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// A column, a tag, `not` or a bracket.
    Condition,
    /// An operator of this column.
    Operator(Column),
    /// A value of this column.
    Value(Column),
    /// A tag of the project.
    Tag,
    /// One of these words.
    Words(&'static [&'static str]),
    Nothing,
}

/// Something that may stand there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = FilterSuggestion))]
pub struct Suggestion {
    /// What is put into the filter.
    pub text: String,
    /// What it is: the kind of a column, `operator`, `value`, `tag` or `word`.
    pub kind: String,
}

/// What may stand at a cursor, and what of the text it replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = FilterCompletion))]
pub struct Completion {
    /// The characters that a suggestion replaces, from 0.
    pub from: usize,
    pub to: usize,
    pub suggestions: Vec<Suggestion>,
}

/// Where the reading of a filter stands.
enum State<'a> {
    Condition,
    Behind(&'a Column),
    Not(&'a Column),
    Is,
    Value(&'a Column),
    Open(&'a Column),
    InList(&'a Column),
    BehindListed(&'a Column),
    Done,
    Lost,
}

/// What may stand at the character `cursor` of a filter.
#[must_use]
pub fn place(text: &str, cursor: usize, catalogue: &Catalogue) -> Place {
    let before: Vec<char> = text.chars().take(cursor).collect();
    let start = word_start(&before);
    let typed: String = before[start..].iter().collect();
    let done: String = before[..start].iter().collect();
    let next = match tokens(&done) {
        Ok(lexemes) => next(lexemes.iter().map(|l| &l.token), catalogue),
        Err(_) => Next::Nothing,
    };
    let (from, to) = (start, before.len());
    match (next, typed.strip_prefix("tag:")) {
        (Next::Condition, Some(tag)) => {
            let typed = tag.trim_start_matches('"').to_owned();
            Place { from: from + 4, to, typed, next: Next::Tag }
        }
        (next, _) => Place { from, to, typed: typed.trim_start_matches(['"', '`']).to_owned(), next },
    }
}

/// Where the word begins that the cursor stands behind, quotes that are not closed among it.
fn word_start(before: &[char]) -> usize {
    let mut open: Option<usize> = None;
    for (i, c) in before.iter().enumerate() {
        match open {
            Some(start) if before[start] == *c => open = None,
            None if matches!(c, '"' | '`') => open = Some(i),
            _ => {}
        }
    }
    let end = open.unwrap_or(before.len());
    // A quote directly behind `tag:` belongs to it.
    if open.is_some() && !before[..end].ends_with(&['t', 'a', 'g', ':']) {
        return end;
    }
    before[..end].iter().rposition(|c| !is_plain(*c)).map_or(0, |i| i + 1)
}

fn next<'a>(tokens: impl Iterator<Item = &'a Token>, catalogue: &'a Catalogue) -> Next {
    let state = tokens.fold(State::Condition, |state, token| step(state, token, catalogue));
    match state {
        State::Condition => Next::Condition,
        State::Behind(column) if column.kind == ColumnKind::Tags => Next::Nothing,
        State::Behind(column) => Next::Operator(column.clone()),
        State::Not(_) => Next::Words(&["in"]),
        State::Is => Next::Words(&["null", "not null"]),
        State::Value(column) | State::InList(column) => Next::Value(column.clone()),
        State::Open(_) => Next::Words(&["("]),
        State::BehindListed(_) => Next::Words(&[",", ")"]),
        State::Done => Next::Words(&["and", "or"]),
        State::Lost => Next::Nothing,
    }
}

fn step<'a>(state: State<'a>, token: &Token, catalogue: &'a Catalogue) -> State<'a> {
    let is = |keyword: &str| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword));
    let symbol = if let Token::Symbol(symbol) = token { *symbol } else { "" };
    let column = |name: &str| catalogue.get(name).map_or(State::Lost, State::Behind);
    match (state, token) {
        (State::Condition, _) if is("not") || symbol == "(" => State::Condition,
        (State::Condition, Token::Word(word)) if word == "tag:" => State::Condition,
        (State::Condition, Token::Word(word)) if word.starts_with("tag:") => State::Done,
        (State::Condition, Token::Word(name) | Token::Name(name)) => column(name),
        // The name of a tag in quotes.
        (State::Condition, Token::Text(_)) => State::Done,
        (State::Behind(c), _) if c.kind == ColumnKind::Flag && (is("and") || is("or")) => State::Condition,
        (State::Behind(c), _) if c.kind == ColumnKind::Flag && symbol == ")" => State::Done,
        (State::Behind(c), _) if is("in") => State::Open(c),
        (State::Behind(c), _) if is("not") => State::Not(c),
        (State::Behind(_), _) if is("is") => State::Is,
        (State::Behind(c), Token::Symbol(s)) if !matches!(*s, "(" | ")" | ",") => State::Value(c),
        (State::Not(c), _) if is("in") => State::Open(c),
        (State::Is, _) if is("not") => State::Is,
        (State::Is, _) if is("null") => State::Done,
        (State::Value(_), Token::Word(_) | Token::Text(_)) => State::Done,
        (State::Open(c), _) if symbol == "(" => State::InList(c),
        (State::InList(c), Token::Word(_) | Token::Text(_)) => State::BehindListed(c),
        (State::BehindListed(c), _) if symbol == "," => State::InList(c),
        (State::BehindListed(_), _) if symbol == ")" => State::Done,
        (State::Done, _) if is("and") || is("or") => State::Condition,
        (State::Done, _) if symbol == ")" => State::Done,
        _ => State::Lost,
    }
}

/// The suggestions for a place. `known` are values of the column, or tags, that the project has.
#[must_use]
pub fn suggestions(place: &Place, catalogue: &Catalogue, known: &[String]) -> Vec<Suggestion> {
    let of = |text: String, kind: &str| Suggestion { text, kind: kind.to_owned() };
    let words = |words: &[&str], kind: &str| words.iter().map(|w| of((*w).to_owned(), kind)).collect::<Vec<_>>();
    let mut found: Vec<Suggestion> = match &place.next {
        Next::Nothing => Vec::new(),
        Next::Condition => {
            let columns = catalogue.columns().iter().filter(|c| c.kind != ColumnKind::Tags);
            let columns = columns.map(|c| of(written_name(&c.name), c.kind.as_str()));
            columns.chain([of("tag:".to_owned(), "tag"), of("not".to_owned(), "word")]).collect()
        }
        Next::Operator(column) if column.kind == ColumnKind::Flag => words(&["and", "or"], "word"),
        Next::Operator(column) => words(column.kind.operators(), "operator"),
        Next::Value(column) if column.kind == ColumnKind::Flag => words(&["true", "false"], "value"),
        Next::Value(column) => column.choices.iter().chain(known).map(|v| of(written_text(v), "value")).collect(),
        Next::Tag => known.iter().map(|tag| of(written_text(tag), "tag")).collect(),
        Next::Words(next) => words(next, "word"),
    };
    let typed = place.typed.to_lowercase();
    // What begins with what is typed comes before what holds it.
    let rank = |s: &Suggestion| {
        let text = s.text.to_lowercase();
        let text = text.trim_start_matches(['"', '`']);
        if text.starts_with(&typed) { Some(0) } else { text.contains(&typed).then_some(1) }
    };
    found.retain(|s| rank(s).is_some());
    found.sort_by_key(|s| rank(s));
    found.truncate(MOST_SUGGESTIONS);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let found = [("eval.accuracy", ColumnKind::Number), ("params.my lr", ColumnKind::Number)];
        Catalogue::new(found.map(|(name, kind)| (name.to_owned(), kind)))
    }

    /// The suggestions at the end of a text, the first few.
    fn at_end(text: &str) -> (String, Vec<String>) {
        let place = place(text, text.chars().count(), &catalogue());
        let known = ["zh run".to_owned(), "base".to_owned()];
        let all = suggestions(&place, &catalogue(), &known);
        (text.chars().skip(place.from).collect(), all.into_iter().take(3).map(|s| s.text).collect())
    }

    fn expect(text: &str, replaced: &str, suggested: &[&str]) {
        let (word, found) = at_end(text);
        assert_eq!(
            (word.as_str(), found.iter().map(String::as_str).collect::<Vec<_>>()),
            (replaced, suggested.to_vec()),
            "{text}"
        );
    }

    #[test]
    fn every_place_has_its_words() {
        expect("acc", "acc", &["eval.accuracy"]);
        expect("stat", "stat", &["status"]);
        expect("not (my", "my", &["`params.my lr`"]);
        expect("`params.m", "`params.m", &["`params.my lr`"]);
        expect("status ", "", &["=", "!=", "in"]);
        expect("status n", "n", &["not in", "in", "is null"]);
        expect("status = su", "su", &["succeeded"]);
        expect("status in (failed, ca", "ca", &["cancelled"]);
        expect("status in (failed ", "", &[",", ")"]);
        expect("archived ", "", &["and", "or"]);
        expect("status = failed ", "", &["and", "or"]);
        expect("model is ", "", &["null", "not null"]);
        expect("model = \"zh", "\"zh", &["\"zh run\""]);
        expect("tag:", "", &["\"zh run\"", "base"]);
        expect("archived or tag:b", "b", &["base"]);
        expect("tag:\"zh", "\"zh", &["\"zh run\""]);
        expect("tag:base ", "", &["and", "or"]);
        expect("gone = ", "", &[]);
    }

    #[test]
    fn what_stands_behind_the_cursor_stays() {
        let place = place("stat = failed", 4, &catalogue());
        assert_eq!((place.from, place.to, place.typed.as_str()), (0, 4, "stat"));
    }
}
