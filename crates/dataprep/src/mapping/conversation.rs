//! Conversations written as a list of turns: ShareGPT's and OpenAI's spelling of one idea.

use domain::brief::brief;
use domain::dataset::{JsonKind, LineError, LineProblem, TurnWords};
use domain::sample::{Message, Speaker};
use serde_json::Value;

/// How a format spells a turn.
#[derive(Clone, Copy)]
pub(super) struct Turn<'a> {
    role_key: &'a str,
    content_key: &'a str,
    roles: &'a [(&'a str, Speaker)],
}

/// Roles of turns that call tools or answer for them.
const TOOL_ROLES: [&str; 7] =
    ["tool", "function", "function_call", "observation", "ipython", "tool_call", "tool_response"];

impl<'a> Turn<'a> {
    /// Turns spelt as `words` says; `roles` is where they are kept.
    pub(super) fn spelt(words: &'a TurnWords, roles: &'a [(&'a str, Speaker)]) -> Self {
        Self { role_key: &words.role_key, content_key: &words.content_key, roles }
    }
}

impl Turn<'static> {
    pub(super) const SHARE_GPT: Self = Self {
        role_key: "from",
        content_key: "value",
        roles: &[
            ("human", Speaker::User),
            ("user", Speaker::User),
            ("gpt", Speaker::Assistant),
            ("assistant", Speaker::Assistant),
            ("chatgpt", Speaker::Assistant),
            ("model", Speaker::Assistant),
            ("system", Speaker::System),
        ],
    };

    pub(super) const OPENAI: Self = Self {
        role_key: "role",
        content_key: "content",
        roles: &[
            ("user", Speaker::User),
            ("assistant", Speaker::Assistant),
            ("system", Speaker::System),
            ("developer", Speaker::System),
        ],
    };
}

/// The speakers' words, for [`Turn::spelt`].
pub(super) fn roles_of(words: &TurnWords) -> [(&str, Speaker); 3] {
    [
        (words.user.as_str(), Speaker::User),
        (words.assistant.as_str(), Speaker::Assistant),
        (words.system.as_str(), Speaker::System),
    ]
}

impl Turn<'_> {
    fn role(&self, turn: &Value) -> Result<Speaker, LineProblem> {
        let word = turn
            .get(self.role_key)
            .and_then(Value::as_str)
            .ok_or_else(|| LineProblem::NoSpeaker { key: self.role_key.to_owned() })?;
        let known = |(name, _): &&(&str, Speaker)| name.eq_ignore_ascii_case(word.trim());
        let has_calls = ["tool_calls", "function_call"].iter().any(|key| turn.get(key).is_some_and(is_something));
        if has_calls {
            return Err(LineProblem::ToolTurn);
        }
        self.roles.iter().find(known).map(|(_, speaker)| *speaker).ok_or_else(|| {
            if TOOL_ROLES.iter().any(|tool| tool.eq_ignore_ascii_case(word.trim())) {
                return LineProblem::ToolTurn;
            }
            let known = self.roles.iter().map(|(name, _)| (*name).to_owned()).collect();
            LineProblem::UnknownRole { role: brief(word), known }
        })
    }

    fn content(&self, turn: &Value) -> Result<String, LineProblem> {
        let key = || self.content_key.to_owned();
        let text = match turn.get(self.content_key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(parts)) => text_of_parts(parts)?,
            None | Some(Value::Null) => return Err(LineProblem::NoContent { key: key() }),
            Some(other) => return Err(LineProblem::ContentNotText { key: key(), found: JsonKind::from(other) }),
        };
        if text.trim().is_empty() { Err(LineProblem::EmptyTurn) } else { Ok(text) }
    }
}

/// OpenAI's content parts: `[{"type": "text", "text": …}]`; images and the like are refused.
fn text_of_parts(parts: &[Value]) -> Result<String, LineProblem> {
    let mut text = String::new();
    for part in parts {
        match part.get("text").and_then(Value::as_str) {
            Some(piece) => text.push_str(piece),
            None => return Err(LineProblem::PartNotText),
        }
    }
    Ok(text)
}

/// Reads turns as messages. The last must be the assistant's, with a user's turn before it, and a
/// system message may only come first.
pub(super) fn parse(turns: &[Value], line: u64, field: &str, spelling: &Turn<'_>) -> Result<Vec<Message>, LineError> {
    let messages = read(turns, line, field, spelling)?;
    let whole = |problem| LineError::of_field(line, field, problem);
    match messages.last() {
        None => Err(whole(LineProblem::EmptyConversation)),
        Some(last) if last.role != Speaker::Assistant => Err(whole(LineProblem::NoAnswer)),
        Some(_) if messages.iter().all(|m| m.role != Speaker::User) => Err(whole(LineProblem::NoQuestion)),
        Some(_) => Ok(messages),
    }
}

/// Reads turns as messages, whoever speaks last. A system message may only come first.
pub(super) fn read(turns: &[Value], line: u64, field: &str, spelling: &Turn<'_>) -> Result<Vec<Message>, LineError> {
    let at = |place: String, problem: LineProblem| LineError::of_field(line, place, problem);
    let mut messages = Vec::with_capacity(turns.len());
    for (i, turn) in turns.iter().enumerate() {
        let role = spelling.role(turn).map_err(|problem| at(format!("{field}.{i}.{}", spelling.role_key), problem))?;
        if role == Speaker::System && i > 0 {
            return Err(at(format!("{field}.{i}"), LineProblem::LateSystem));
        }
        let content =
            spelling.content(turn).map_err(|problem| at(format!("{field}.{i}.{}", spelling.content_key), problem))?;
        // OpenAI's fine-tuning files weigh answers 0 or 1.
        let ignored = role == Speaker::Assistant && turn.get("weight").and_then(Value::as_f64) == Some(0.0);
        messages.push(Message { ignored, ..Message::new(role, content) });
    }
    Ok(messages)
}

/// Whether a value says anything.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

/// The turns of a text as Anthropic's HH-RLHF writes conversations: `Human: …`, `Assistant: …`, each after an empty line.
/// `None` for any other text.
pub(super) fn transcript(text: &str) -> Option<Vec<Message>> {
    const SPEAKERS: [(&str, Speaker); 2] = [("Human:", Speaker::User), ("Assistant:", Speaker::Assistant)];
    let mut messages: Vec<Message> = Vec::new();
    for paragraph in text.trim().split("\n\n") {
        let begins = |(word, speaker): &(&str, Speaker)| Some((*speaker, paragraph.strip_prefix(word)?.trim_start()));
        match (SPEAKERS.iter().find_map(begins), messages.last_mut()) {
            (Some((speaker, text)), _) => messages.push(Message::new(speaker, text)),
            (None, Some(last)) => {
                last.content.push_str("\n\n");
                last.content.push_str(paragraph);
            }
            (None, None) => return None,
        }
    }
    (messages.len() > 1).then_some(messages)
}
