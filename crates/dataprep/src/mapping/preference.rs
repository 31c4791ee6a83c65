//! Preference pairs in the shapes in which they are published.
//!
//! Each of the two answers is a text, one turn, or a list of turns. A list may be the whole conversation up to the answer, as
//! in Hugging Face's preference sets, and so may a text, where there is no prompt field and it is written as in
//! Anthropic's HH-RLHF (`\n\nHuman: …\n\nAssistant: …`). Then both must be the same up to there, and a prompt field
//! beside them, which repeats it, is not read. Otherwise the prompt is in a field of its own: a text (LLaMA-Factory's
//! `instruction`, with an optional `input`), or a list of turns (its `conversations`).

use super::apply::RowFields;
use super::conversation::{self, Turn};
use super::{as_list, lookup};
use domain::dataset::{JsonKind, LineError, LineProblem};
use domain::sample::{Message, Speaker};
use serde_json::Value;

/// Names of the fields that make up a pair.
pub(super) struct Names<'a> {
    pub(super) prompt: Option<&'a str>,
    pub(super) input: Option<&'a str>,
    pub(super) system: Option<&'a str>,
    pub(super) chosen: &'a str,
    pub(super) rejected: &'a str,
}

/// The conversation with the chosen answer, and the rejected answer.
pub(super) fn read(fields: &RowFields<'_>, names: &Names<'_>) -> Result<(Vec<Message>, String), LineError> {
    let has_prompt = names.prompt.is_some();
    let (chosen, before) = side(fields, names.chosen, has_prompt)?;
    let (rejected, before_rejected) = side(fields, names.rejected, has_prompt)?;
    let carried = match (before.is_empty(), before_rejected.is_empty()) {
        (false, false) if before != before_rejected => {
            return Err(fields.error(names.rejected, LineProblem::OtherPrompt { chosen: names.chosen.to_owned() }));
        }
        (false, _) => before,
        (true, _) => before_rejected,
    };
    if chosen.trim() == rejected.trim() {
        return Err(fields.error(names.rejected, LineProblem::SameAnswers { chosen: names.chosen.to_owned() }));
    }
    let mut messages = prompt(fields, names, carried)?;
    messages.push(Message::new(Speaker::Assistant, chosen));
    Ok((messages, rejected))
}

/// An answer, and the turns before it where the field has any.
fn side(fields: &RowFields<'_>, name: &str, has_prompt: bool) -> Result<(String, Vec<Message>), LineError> {
    let whole = |problem| fields.error(name, problem);
    let mut messages = match turns(fields, name)? {
        Some(turns) => conversation::read(&turns, fields.line(), name, spelling(&turns))?,
        None => {
            let text = fields.required(name)?;
            let written = if has_prompt { None } else { conversation::transcript(&text) };
            written.unwrap_or_else(|| vec![Message::new(Speaker::Assistant, text)])
        }
    };
    if messages.iter().any(|m| m.content.trim().is_empty()) {
        return Err(whole(LineProblem::EmptyTurn));
    }
    match messages.pop() {
        None => Err(whole(LineProblem::EmptyConversation)),
        Some(last) if last.role != Speaker::Assistant => Err(whole(LineProblem::NoAnswer)),
        Some(last) => Ok((last.content, messages)),
    }
}

/// The turns before the answers: those that the answers' fields carry, those of the prompt's field, or both where the
/// answers' go on from it.
fn prompt(fields: &RowFields<'_>, names: &Names<'_>, carried: Vec<Message>) -> Result<Vec<Message>, LineError> {
    let is_whole = carried.iter().any(|m| m.role == Speaker::User)
        && carried.first().is_some_and(|m| m.role != Speaker::Assistant);
    let mut messages = fields.system(names.system)?;
    let own = match names.prompt.filter(|_| !is_whole) {
        None => Vec::new(),
        Some(name) => match turns(fields, name)? {
            Some(turns) => conversation::read(&turns, fields.line(), name, spelling(&turns))?,
            None => {
                let text = super::apply::join(&fields.required(name)?, fields.optional(names.input)?);
                vec![Message::new(Speaker::User, text)]
            }
        },
    };
    let rest: Vec<Message> = own.into_iter().chain(carried).collect();
    let place = names.prompt.filter(|_| !is_whole).unwrap_or(names.chosen);
    super::apply::add_turns(&mut messages, rest).map_err(|problem| fields.error(place, problem))?;
    if messages.iter().all(|m| m.role != Speaker::User) {
        return Err(fields.error(place, LineProblem::NoQuestion));
    }
    Ok(messages)
}

/// A field's turns; `None` when it holds no list and no turn, but perhaps a text.
fn turns(fields: &RowFields<'_>, name: &str) -> Result<Option<Vec<Value>>, LineError> {
    let is_turn = |value: &Value| value.get("role").is_some() || value.get("from").is_some();
    match lookup(fields.value(), name) {
        Some(turn @ Value::Object(_)) if is_turn(turn) => Ok(Some(vec![turn.clone()])),
        Some(value @ Value::Array(_)) => Ok(as_list(value).map(std::borrow::Cow::into_owned)),
        Some(text @ Value::String(_)) => {
            Ok(as_list(text).filter(|turns| turns.first().is_some_and(is_turn)).map(std::borrow::Cow::into_owned))
        }
        Some(found @ Value::Object(_)) => {
            Err(fields.error(name, LineProblem::FieldNotTurns { found: JsonKind::from(found) }))
        }
        _ => Ok(None),
    }
}

/// How these turns are spelt: as their first is.
fn spelling(turns: &[Value]) -> &'static Turn<'static> {
    if turns.first().is_some_and(|turn| turn.get("from").is_some()) { &Turn::SHARE_GPT } else { &Turn::OPENAI }
}
