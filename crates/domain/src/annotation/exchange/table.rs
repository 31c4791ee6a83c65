//! Judgements as lines of a table: `item_id` or `sample_id` (or the `text`), `by`, and a column a question, as
//! [`super::cell`] writes answers.

use super::Read;
use crate::annotation::{
    answer::{Answer, Better, Judgement},
    design::{Design, QuestionKind},
};
use crate::id::{ItemId, SampleId};
use crate::sample::Span;
use serde_json::{Map, Value};
use std::str::FromStr;

/// The judgement of a line; why it is none. Columns of no question are left out.
pub fn read(design: &Design, fields: &Map<String, Value>) -> Result<Read, String> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(plain).filter(|text| !text.is_empty());
    let mut judgement = Judgement {
        cannot_judge: text("cannot_judge").is_some_and(|t| t.eq_ignore_ascii_case("true")),
        comment: text("comment").unwrap_or_default().to_owned(),
        ..Judgement::default()
    };
    for question in &design.questions {
        let Some(cell) = fields.get(&question.name).and_then(Value::as_str) else { continue };
        let is_spans = matches!(question.kind, QuestionKind::Spans { .. });
        // An empty cell says nothing; of spans, that there are none.
        if judgement.cannot_judge || (cell.is_empty() && !is_spans) {
            continue;
        }
        let answer = answer(&question.kind, plain(cell));
        let answer = answer.ok_or_else(|| format!("{}: {cell:?} is no answer to it", question.name))?;
        judgement.answers.insert(question.name.clone(), answer);
    }
    Ok(Read {
        item_id: text("item_id").map(number).transpose()?.map(ItemId),
        sample_id: text("sample_id").map(number).transpose()?.map(SampleId),
        text: text("text").map(str::to_owned),
        by: text("by").unwrap_or_default().to_owned(),
        judgement,
        duration_ms: None,
    })
}

fn number(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is no number"))
}

/// A cell without the sign that keeps a spreadsheet from running it.
fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r'])).unwrap_or(cell)
}

/// What stands between these signs, each read by itself.
fn all<T: FromStr>(cell: &str, sign: char) -> Option<Vec<T>> {
    cell.split(sign).map(|part| part.trim().parse().ok()).collect()
}

fn answer(kind: &QuestionKind, cell: &str) -> Option<Answer> {
    let value = cell.to_owned();
    Some(match kind {
        QuestionKind::Choice { .. } => Answer::Choice { value },
        QuestionKind::Tree { .. } => Answer::Tree { value },
        QuestionKind::Text { .. } => Answer::Text { text: value },
        QuestionKind::Choices { .. } => Answer::Choices { values: all(cell, '|')?.into_iter().collect() },
        QuestionKind::Rating { .. } => Answer::Rating { value: cell.trim().parse().ok()? },
        QuestionKind::Preference { .. } => Answer::Preference {
            value: match cell.trim() {
                "first" => Better::First,
                "second" => Better::Second,
                "tie" => Better::Tie,
                _ => return None,
            },
        },
        QuestionKind::Ranking => Answer::Ranking { order: all(cell, '>')? },
        QuestionKind::Turns { .. } => {
            let turn = |part: &str| {
                let (turn, value) = part.split_once(':')?;
                Some((turn.trim().parse().ok()?, value.to_owned()))
            };
            Answer::Turns { values: cell.split('|').map(turn).collect::<Option<_>>()? }
        }
        QuestionKind::Spans { .. } => {
            let parts = cell.split('|').filter(|part| !part.trim().is_empty());
            Answer::Spans { spans: parts.map(span).collect::<Option<_>>()?, relations: Vec::new() }
        }
    })
}

fn span(part: &str) -> Option<Span> {
    let (place, label) = part.split_once(':')?;
    let (start, end) = place.split_once('-')?;
    Some(Span { start: start.trim().parse().ok()?, end: end.trim().parse().ok()?, label: label.to_owned() })
}
