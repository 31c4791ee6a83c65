//! From words to clauses: a name, a comparison, and what it is compared with.

use super::{
    Comparison, FilterError, Operand,
    tokens::{Name, Token, tokens},
};

/// A clause whose subject nobody has looked at yet.
pub(super) struct Clause {
    pub(super) name: Name,
    pub(super) comparison: Comparison,
    pub(super) operand: Operand,
}

/// All clauses of a filter, between which AND stands.
pub(super) fn clauses(text: &str) -> Result<Vec<Clause>, FilterError> {
    let mut words = Words { rest: tokens(text)?.into_iter() };
    let mut found = Vec::new();
    if words.rest.len() == 0 {
        return Ok(found);
    }
    loop {
        found.push(clause(&mut words)?);
        match words.rest.next() {
            None => return Ok(found),
            Some(word) if word.is("and") => {}
            Some(word) => return unexpected("AND", &word),
        }
    }
}

struct Words {
    rest: std::vec::IntoIter<Token>,
}

impl Words {
    fn next(&mut self, expected: &'static str) -> Result<Token, FilterError> {
        let end = || FilterError::Unexpected { expected, found: "the end".to_owned() };
        self.rest.next().ok_or_else(end)
    }

    fn keyword(&mut self, keyword: &str, expected: &'static str) -> Result<(), FilterError> {
        let word = self.next(expected)?;
        if word.is(keyword) { Ok(()) } else { unexpected(expected, &word) }
    }
}

fn unexpected<T>(expected: &'static str, found: &Token) -> Result<T, FilterError> {
    Err(FilterError::Unexpected { expected, found: found.to_string() })
}

fn clause(words: &mut Words) -> Result<Clause, FilterError> {
    let word = words.next("a name")?;
    let Some(name) = word.name() else { return unexpected("a name", &word) };
    let comparison = comparison(words)?;
    let operand = match comparison {
        Comparison::IsNull | Comparison::IsNotNull => Operand::Nothing,
        Comparison::In | Comparison::NotIn => Operand::Texts(list(words)?),
        _ => value(words)?,
    };
    Ok(Clause { name, comparison, operand })
}

fn comparison(words: &mut Words) -> Result<Comparison, FilterError> {
    let expected = "a comparator";
    let word = words.next(expected)?;
    Ok(match &word {
        Token::Operator("=") => Comparison::Equal,
        Token::Operator("!=") => Comparison::Unequal,
        Token::Operator("<") => Comparison::Less,
        Token::Operator("<=") => Comparison::LessOrEqual,
        Token::Operator(">") => Comparison::Greater,
        Token::Operator(">=") => Comparison::GreaterOrEqual,
        _ if word.is("like") => Comparison::Like,
        _ if word.is("ilike") => Comparison::Ilike,
        _ if word.is("in") => Comparison::In,
        _ if word.is("not") => {
            words.keyword("in", "IN")?;
            Comparison::NotIn
        }
        _ if word.is("is") => {
            let next = words.next("NULL")?;
            if next.is("null") {
                return Ok(Comparison::IsNull);
            }
            if !next.is("not") {
                return unexpected("NULL", &next);
            }
            words.keyword("null", "NULL")?;
            Comparison::IsNotNull
        }
        _ => return unexpected(expected, &word),
    })
}

fn value(words: &mut Words) -> Result<Operand, FilterError> {
    let word = words.next("a value")?;
    match &word {
        Token::Text(text) => Ok(Operand::Text(text.clone())),
        Token::Word(text) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Operand::Number(number)),
            _ => unexpected("a number or a quoted text", &word),
        },
        _ => unexpected("a number or a quoted text", &word),
    }
}

fn list(words: &mut Words) -> Result<Vec<String>, FilterError> {
    let open = words.next("(")?;
    if open != Token::Open {
        return unexpected("(", &open);
    }
    let mut texts = Vec::new();
    loop {
        match words.next("a quoted text")? {
            Token::Text(text) => texts.push(text),
            other => return unexpected("a quoted text", &other),
        }
        match words.next(")")? {
            Token::Close => return Ok(texts),
            Token::Comma => {}
            other => return unexpected("a comma or )", &other),
        }
    }
}
