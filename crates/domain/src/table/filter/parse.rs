//! Reading a filter, against the columns that there are.

use super::{
    Comparison, DEPTH, FILTER_CHARS, Filter, FilterError, FilterProblem, Is, KEYWORDS, MOST_TESTS, MOST_VALUES,
    Operand, Test, Wanted,
    tokens::{Lexeme, Token, tokens},
};
use crate::table::{Catalogue, Column, ColumnKind};
use time::{Date, Month, PrimitiveDateTime, Time};

/// The filter that a text says; `None` of an empty one.
pub fn parse(text: &str, catalogue: &Catalogue) -> Result<Option<Filter>, FilterError> {
    let letters = text.chars().count();
    if letters > FILTER_CHARS {
        return Err(FilterError { column: FILTER_CHARS + 1, problem: FilterProblem::TooLong });
    }
    let lexemes = tokens(text)?;
    if lexemes.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { lexemes: &lexemes, at: 0, end: letters, catalogue, depth: 0, tests: 0 };
    let filter = parser.any()?;
    match parser.peek() {
        None => Ok(Some(filter)),
        Some(_) => Err(parser.expected(Wanted::Join)),
    }
}

struct Parser<'a> {
    lexemes: &'a [Lexeme],
    at: usize,
    /// Characters of the whole text.
    end: usize,
    catalogue: &'a Catalogue,
    depth: usize,
    tests: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Lexeme> {
        self.lexemes.get(self.at)
    }

    fn next_is(&self, keyword: &str) -> bool {
        self.peek().is_some_and(|l| is_keyword(&l.token, keyword))
    }

    fn take(&mut self, keyword: &str) -> bool {
        let is_next = self.next_is(keyword);
        self.at += usize::from(is_next);
        is_next
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let is_next = self.peek().is_some_and(|l| matches!(l.token, Token::Symbol(s) if s == symbol));
        self.at += usize::from(is_next);
        is_next
    }

    /// That something else stands at this place.
    fn expected(&self, wanted: Wanted) -> FilterError {
        let found = self.peek().map(Lexeme::quoted).unwrap_or_default();
        let after = self.at.checked_sub(1).and_then(|i| self.lexemes.get(i)).map(Lexeme::quoted).unwrap_or_default();
        self.problem(FilterProblem::Expected { wanted, after, found })
    }

    /// A problem at this place.
    fn problem(&self, problem: FilterProblem) -> FilterError {
        FilterError { column: self.peek().map_or(self.end, |l| l.start) + 1, problem }
    }

    fn any(&mut self) -> Result<Filter, FilterError> {
        let mut parts = vec![self.all()?];
        while self.take("or") {
            parts.push(self.all()?);
        }
        Ok(Filter::any(parts))
    }

    fn all(&mut self) -> Result<Filter, FilterError> {
        let mut parts = vec![self.part()?];
        while self.take("and") {
            parts.push(self.part()?);
        }
        Ok(Filter::all(parts))
    }

    fn part(&mut self) -> Result<Filter, FilterError> {
        if self.next_is("not") {
            return self.deeper(|p| {
                p.at += 1;
                Ok(p.part()?.negated())
            });
        }
        if self.peek().is_some_and(|l| l.token == Token::Symbol("(")) {
            return self.deeper(|p| {
                p.at += 1;
                let inner = p.any()?;
                if p.take_symbol(")") { Ok(inner) } else { Err(p.expected(Wanted::Close)) }
            });
        }
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return Err(self.problem(FilterProblem::TooMany));
        }
        self.condition()
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Result<Filter, FilterError>) -> Result<Filter, FilterError> {
        if self.depth == DEPTH {
            return Err(self.problem(FilterProblem::TooDeep));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// `tag:NAME`, or a condition on a column.
    fn condition(&mut self) -> Result<Filter, FilterError> {
        let Some(lexeme) = self.peek() else { return Err(self.expected(Wanted::Condition)) };
        let name = match &lexeme.token {
            Token::Word(word) if word.starts_with("tag:") => return self.tag(&word[4..]),
            Token::Word(word) if KEYWORDS.iter().any(|k| word.eq_ignore_ascii_case(k)) => {
                return Err(self.expected(Wanted::Condition));
            }
            Token::Word(word) => word,
            Token::Name(name) => name,
            Token::Text(_) | Token::Symbol(_) => return Err(self.expected(Wanted::Condition)),
        };
        let catalogue = self.catalogue;
        let Some(column) = catalogue.get(name) else {
            let like = catalogue.nearest(name).map(str::to_owned);
            return Err(self.problem(FilterProblem::UnknownColumn { name: name.clone(), like }));
        };
        self.at += 1;
        self.test(column)
    }

    /// `tag:NAME`, the name perhaps in quotes behind it.
    fn tag(&mut self, name: &str) -> Result<Filter, FilterError> {
        let end = self.peek().map(|l| l.end);
        self.at += 1;
        if !name.is_empty() {
            return Ok(Filter::Tag(name.to_owned()));
        }
        match self.peek() {
            Some(Lexeme { token: Token::Text(name), start, .. }) if Some(*start) == end && !name.is_empty() => {
                self.at += 1;
                Ok(Filter::Tag(name.clone()))
            }
            _ => Err(self.expected(Wanted::Tag)),
        }
    }

    /// What stands behind a column's name.
    fn test(&mut self, column: &Column) -> Result<Filter, FilterError> {
        let test = |is| Filter::Test(Test { column: column.name.clone(), kind: column.kind, is });
        let operator = match self.operator() {
            None if column.kind == ColumnKind::Flag => return Ok(test(Is::Set)),
            None => return Err(self.expected(Wanted::Operator)),
            Some((operator, length)) => {
                if !column.kind.operators().contains(&operator) {
                    let (operator, column_name) = (operator.to_owned(), column.name.clone());
                    let problem = FilterProblem::Operator { operator, column: column_name, kind: column.kind };
                    return Err(self.problem(problem));
                }
                self.at += length;
                operator
            }
        };
        let compared = |comparison, operand| test(Is::Compared(comparison, operand));
        Ok(match operator {
            "is null" => test(Is::Missing),
            "is not null" => test(Is::Missing).negated(),
            "in" => test(Is::Among(self.list(column)?)),
            "not in" => test(Is::Among(self.list(column)?)).negated(),
            "~" => test(Is::Containing(self.part_of_text()?)),
            "!~" => test(Is::Containing(self.part_of_text()?)).negated(),
            "=" if column.kind == ColumnKind::Flag => {
                let is_set = test(Is::Set);
                if self.flag()? { is_set } else { is_set.negated() }
            }
            "!=" => compared(Comparison::Equal, self.operand(column)?).negated(),
            "<" => compared(Comparison::Less, self.operand(column)?),
            "<=" => compared(Comparison::LessOrEqual, self.operand(column)?),
            ">" => compared(Comparison::Greater, self.operand(column)?),
            ">=" => compared(Comparison::GreaterOrEqual, self.operand(column)?),
            _ => compared(Comparison::Equal, self.operand(column)?),
        })
    }

    /// The operator at this place, and of how many words it is.
    fn operator(&self) -> Option<(&'static str, usize)> {
        let word = |offset: usize, keyword: &str| {
            self.lexemes.get(self.at + offset).is_some_and(|l| is_keyword(&l.token, keyword))
        };
        match &self.peek()?.token {
            Token::Symbol(symbol) => (!matches!(*symbol, "(" | ")" | ",")).then_some((*symbol, 1)),
            _ if word(0, "in") => Some(("in", 1)),
            _ if word(0, "not") && word(1, "in") => Some(("not in", 2)),
            _ if word(0, "is") && word(1, "null") => Some(("is null", 2)),
            _ if word(0, "is") && word(1, "not") && word(2, "null") => Some(("is not null", 3)),
            _ => None,
        }
    }

    fn list(&mut self, column: &Column) -> Result<Vec<Operand>, FilterError> {
        if !self.take_symbol("(") {
            return Err(self.expected(Wanted::Open));
        }
        let mut values = vec![self.operand(column)?];
        while self.take_symbol(",") {
            if values.len() == MOST_VALUES {
                return Err(self.problem(FilterProblem::TooMany));
            }
            values.push(self.operand(column)?);
        }
        if self.take_symbol(")") { Ok(values) } else { Err(self.expected(Wanted::Close)) }
    }

    fn operand(&mut self, column: &Column) -> Result<Operand, FilterError> {
        let wanted = Wanted::of(column.kind);
        let text = self.literal(wanted)?;
        let read = match column.kind {
            ColumnKind::Number => number(&text, &[]).map(Operand::Number),
            ColumnKind::Seconds => number(&text, &SECONDS).map(Operand::Number),
            ColumnKind::Bytes => number(&text, &BYTES).map(Operand::Number),
            ColumnKind::Time => moment(&text).map(Operand::Time),
            _ => Some(Operand::Text(text.clone())),
        };
        let Some(operand) = read else { return Err(self.expected(wanted)) };
        if column.kind == ColumnKind::Choice && !column.choices.contains(&text) {
            let (name, choices) = (column.name.clone(), column.choices.clone());
            return Err(self.problem(FilterProblem::UnknownChoice { column: name, value: text, choices }));
        }
        self.at += 1;
        Ok(operand)
    }

    fn part_of_text(&mut self) -> Result<String, FilterError> {
        let text = self.literal(Wanted::Text)?;
        self.at += 1;
        Ok(text)
    }

    fn flag(&mut self) -> Result<bool, FilterError> {
        let is_set = match self.literal(Wanted::Flag)?.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(self.expected(Wanted::Flag)),
        };
        self.at += 1;
        Ok(is_set)
    }

    /// The word or text at this place.
    fn literal(&self, wanted: Wanted) -> Result<String, FilterError> {
        match self.peek().map(|l| &l.token) {
            Some(Token::Text(text)) => Ok(text.clone()),
            Some(Token::Word(word)) if !KEYWORDS.iter().any(|k| word.eq_ignore_ascii_case(k)) => Ok(word.clone()),
            _ => Err(self.expected(wanted)),
        }
    }
}

fn is_keyword(token: &Token, keyword: &str) -> bool {
    matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
}

const SECONDS: [(&str, f64); 4] = [("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];
const BYTES: [(&str, f64); 3] = [("KiB", 1024.0), ("MiB", 1_048_576.0), ("GiB", 1_073_741_824.0)];

/// A number, perhaps with one of these units behind it.
fn number(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let unit = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)));
    let (digits, factor) = unit.unwrap_or((text, 1.0));
    let is_plain = digits.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    digits.parse::<f64>().ok().filter(|_| is_plain).map(|x| x * factor).filter(|x| x.is_finite())
}

/// A day, or a day with a time of day behind `T`, in UTC: milliseconds since 1970.
fn moment(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (day, clock) = text.split_once('T').unwrap_or((text, "00:00"));
    let mut parts = day.splitn(3, '-');
    let (year, month, day) = (digits(parts.next()?)?, digits(parts.next()?)?, digits(parts.next()?)?);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
    let mut parts = clock.splitn(3, ':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let seconds = parts.next().unwrap_or("0");
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let milli = digits(&format!("{fraction:0<3}")).filter(|_| fraction.len() <= 3)?;
    let small = |x: u32| u8::try_from(x).ok();
    let time = Time::from_hms_milli(small(hour)?, small(minute)?, small(digits(second)?)?, u16::try_from(milli).ok()?);
    let at = PrimitiveDateTime::new(date, time.ok()?).assume_utc();
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

/// At most four digits.
fn digits(text: &str) -> Option<u32> {
    let is_plain = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}
