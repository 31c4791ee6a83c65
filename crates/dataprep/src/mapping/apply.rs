//! Applies a mapping to a row. Every error names the line, the field and what to do.

use super::conversation::{self, Turn};
use super::{as_list, choices, label_studio, lookup, preference, spans};
use crate::rows::Row;
use domain::dataset::{JsonKind, LineError, LineProblem, Mapping};
use domain::sample::{Message, Sample, Speaker};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Longest value, in characters, that is kept as a slice.
const MAX_SLICE_CHARS: usize = 100;
/// Most slices kept of one row.
const MAX_SLICES: usize = 32;

/// Turns a row into a sample. Scalar fields the mapping does not use become slices when they are
/// short. A labelled conversation (a field `label` equal to the last answer, as
/// [`crate::export`] writes it) keeps its label.
pub fn apply(mapping: &Mapping, row: &Row) -> Result<Sample, LineError> {
    let fields = RowFields { row };
    let (mut label, mut rejected, mut marked, mut offered) = (None, None, Vec::new(), Vec::new());
    let messages = match mapping {
        Mapping::Alpaca { instruction, input, output, system, history } => {
            let mut messages = fields.system(system.as_deref())?;
            messages.extend(fields.history(history.as_deref())?);
            let user = join(&fields.required(instruction)?, fields.optional(input.as_deref())?);
            messages.extend(exchange(user, fields.required(output)?));
            messages
        }
        Mapping::ShareGpt { conversations, system, words } => {
            let turns = &fields.turns(conversations)?;
            let roles = words.as_ref().map(conversation::roles_of);
            let spelling = match (words, &roles) {
                (Some(words), Some(roles)) => Turn::spelt(words, roles),
                _ => Turn::SHARE_GPT,
            };
            let turns = conversation::parse(turns, row.line, conversations, &spelling)?;
            let mut messages = fields.system(system.as_deref())?;
            add_turns(&mut messages, turns).map_err(|problem| fields.error(conversations, problem))?;
            messages
        }
        Mapping::Messages { messages } => {
            let turns = conversation::parse(&fields.turns(messages)?, row.line, messages, &Turn::OPENAI)?;
            (label, offered) = (fields.label_of(&turns), fields.choices());
            turns
        }
        Mapping::PromptCompletion { prompt, completion } => {
            exchange(fields.required(prompt)?, fields.required(completion)?).into()
        }
        Mapping::TextLabel { text, label: label_field, instruction } => {
            let user = instructed(instruction.as_deref(), fields.required(text)?);
            let word = fields.required(label_field)?.trim().to_owned();
            label = Some(word.clone());
            exchange(user, word).into()
        }
        Mapping::Text { text, instruction } => exchange(instruction.clone(), fields.required(text)?).into(),
        Mapping::TextSpans { text, spans: field, instruction } => {
            let text = fields.required(text)?;
            marked = spans::read(&fields, field, &text)?;
            let answer = spans::answer(&text, &marked);
            exchange(instructed(instruction.as_deref(), text), answer).into()
        }
        Mapping::LabelStudio { text, annotations, instruction } => {
            let text = fields.required(text)?;
            let found = label_studio::read(&fields, annotations, &text)?;
            (label, marked) = (found.label, found.spans);
            exchange(instructed(instruction.as_deref(), text), found.answer).into()
        }
        Mapping::QuestionAnswer { question, context, answer } => {
            let question = fields.required(question)?;
            let user = match fields.optional(context.as_deref())? {
                Some(context) => format!("{context}\n\n{question}"),
                None => question,
            };
            exchange(user, fields.required(answer)?).into()
        }
        Mapping::MultipleChoice { question, context, choices, answer } => {
            let names = choices::Names { question, context: context.as_deref(), choices, answer };
            let asked = choices::read(&fields, &names)?;
            (label, offered) = (asked.label, asked.choices);
            asked.messages
        }
        Mapping::Preference { prompt, input, system, chosen, rejected: other } => {
            let (prompt, input, system) = (prompt.as_deref(), input.as_deref(), system.as_deref());
            let names = preference::Names { prompt, input, system, chosen, rejected: other };
            let (messages, answer) = preference::read(&fields, &names)?;
            (label, rejected) = (fields.label_of(&messages), Some(answer));
            messages
        }
    };
    let slices = fields.slices(&used_fields(mapping));
    Ok(Sample { messages, label, rejected, slices, spans: marked, choices: offered })
}

/// Puts turns behind a system text that stands in a field of its own, if any; the turns may repeat it.
pub(super) fn add_turns(messages: &mut Vec<Message>, turns: Vec<Message>) -> Result<(), LineProblem> {
    match (messages.first(), turns.first()) {
        (Some(field), Some(turn)) if turn.role == Speaker::System && turn.content != field.content => {
            return Err(LineProblem::TwoSystems);
        }
        (Some(_), Some(turn)) if turn.role == Speaker::System => messages.clear(),
        _ => {}
    }
    messages.extend(turns);
    Ok(())
}

fn exchange(user: String, assistant: String) -> [Message; 2] {
    [Message::new(Speaker::User, user), Message::new(Speaker::Assistant, assistant)]
}

/// A text behind the instruction, if there is one.
fn instructed(instruction: Option<&str>, text: String) -> String {
    match instruction.map(str::trim) {
        None | Some("") => text,
        Some(instruction) => format!("{instruction}\n\n{text}"),
    }
}

pub(super) fn join(first: &str, second: Option<String>) -> String {
    second.map_or_else(|| first.to_owned(), |second| format!("{first}\n\n{second}"))
}

fn used_fields(mapping: &Mapping) -> Vec<&str> {
    let (required, optional): (Vec<&str>, Vec<&Option<String>>) = match mapping {
        Mapping::Alpaca { instruction, input, output, system, history } => {
            (vec![instruction, output], vec![input, system, history])
        }
        Mapping::ShareGpt { conversations, system, words: _ } => (vec![conversations], vec![system]),
        Mapping::Messages { messages } => (vec![messages], vec![]),
        Mapping::PromptCompletion { prompt, completion } => (vec![prompt, completion], vec![]),
        Mapping::TextLabel { text, label, instruction: _ } => (vec![text, label], vec![]),
        Mapping::Text { text, instruction: _ } => (vec![text], vec![]),
        Mapping::TextSpans { text, spans, instruction: _ } => (vec![text, spans], vec![]),
        Mapping::LabelStudio { text, annotations, instruction: _ } => (vec![text, annotations], vec![]),
        Mapping::QuestionAnswer { question, context, answer } => (vec![question, answer], vec![context]),
        Mapping::MultipleChoice { question, context, choices, answer } => {
            ([question.as_str(), answer].into_iter().chain(choices::fields_of(choices)).collect(), vec![context])
        }
        Mapping::Preference { prompt, input, system, chosen, rejected } => {
            (vec![chosen, rejected], vec![prompt, input, system])
        }
    };
    required.into_iter().chain(optional.into_iter().filter_map(|f| f.as_deref())).collect()
}

/// Looks up fields of one row and says what is wrong with them.
pub(super) struct RowFields<'a> {
    row: &'a Row,
}

impl RowFields<'_> {
    pub(super) fn line(&self) -> u64 {
        self.row.line
    }

    pub(super) fn value(&self) -> &Map<String, Value> {
        &self.row.value
    }

    pub(super) fn error(&self, field: &str, problem: LineProblem) -> LineError {
        LineError::of_field(self.row.line, field, problem)
    }

    /// Text, number or truth value of a field; `None` when it is absent, null or blank.
    fn scalar(&self, field: &str) -> Result<Option<String>, LineError> {
        match lookup(&self.row.value, field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|t| !t.trim().is_empty())),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(value.to_string())),
            Some(other) => Err(self.error(field, LineProblem::FieldNotText { found: JsonKind::from(other) })),
        }
    }

    pub(super) fn required(&self, field: &str) -> Result<String, LineError> {
        self.scalar(field)?.ok_or_else(|| match lookup(&self.row.value, field) {
            None => self.error(field, LineProblem::FieldMissing),
            Some(_) => self.error(field, LineProblem::FieldEmpty),
        })
    }

    pub(super) fn optional(&self, field: Option<&str>) -> Result<Option<String>, LineError> {
        field.map_or(Ok(None), |field| self.scalar(field))
    }

    pub(super) fn system(&self, field: Option<&str>) -> Result<Vec<Message>, LineError> {
        Ok(self.optional(field)?.map(|text| Message::new(Speaker::System, text)).into_iter().collect())
    }

    fn turns(&self, field: &str) -> Result<std::borrow::Cow<'_, [Value]>, LineError> {
        match lookup(&self.row.value, field) {
            None => Err(self.error(field, LineProblem::FieldMissing)),
            Some(value) => as_list(value)
                .ok_or_else(|| self.error(field, LineProblem::FieldNotTurns { found: JsonKind::from(value) })),
        }
    }

    /// Alpaca's history: `[[user, assistant], …]`, oldest first.
    fn history(&self, field: Option<&str>) -> Result<Vec<Message>, LineError> {
        let Some(field) = field else { return Ok(Vec::new()) };
        let value = match lookup(&self.row.value, field) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(Vec::new()),
            Some(value) => value,
        };
        let wrong = || self.error(field, LineProblem::BadHistory);
        let mut messages = Vec::new();
        for pair in as_list(value).ok_or_else(wrong)?.iter() {
            match pair.as_array().map(Vec::as_slice) {
                Some([Value::String(user), Value::String(assistant)]) => {
                    messages.extend(exchange(user.clone(), assistant.clone()));
                }
                _ => return Err(wrong()),
            }
        }
        Ok(messages)
    }

    fn label_of(&self, messages: &[Message]) -> Option<String> {
        let answer = &messages.last()?.content;
        self.row.value.get("label").and_then(Value::as_str).filter(|label| label == answer).map(str::to_owned)
    }

    /// Choices that stand beside a conversation, as [`crate::export`] writes them.
    fn choices(&self) -> Vec<String> {
        let texts = self.row.value.get("choices").and_then(Value::as_array);
        let texts = texts.and_then(|list| list.iter().map(|v| v.as_str().map(str::to_owned)).collect());
        texts.unwrap_or_default()
    }

    fn slices(&self, used: &[&str]) -> BTreeMap<String, String> {
        let mut slices = BTreeMap::new();
        add_slices(&self.row.value, "", used, &mut slices);
        slices
    }
}

fn add_slices(object: &Map<String, Value>, prefix: &str, used: &[&str], slices: &mut BTreeMap<String, String>) {
    for (name, value) in object {
        let path = format!("{prefix}{name}");
        let text = match value {
            Value::Object(inner) => {
                add_slices(inner, &format!("{path}."), used, slices);
                continue;
            }
            Value::String(text) => text.trim().to_owned(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) => continue,
        };
        let is_short = !text.is_empty() && text.chars().nth(MAX_SLICE_CHARS).is_none();
        if is_short && slices.len() < MAX_SLICES && !used.contains(&path.as_str()) {
            slices.insert(path, text);
        }
    }
}
