//! Conversations written as a list of turns: ShareGPT's and OpenAI's spelling of one idea.

use super::kind_of;
use domain::dataset::LineError;
use domain::sample::{Message, Speaker};
use serde_json::Value;

/// How a format spells a turn.
pub(super) struct Turn {
    role_key: &'static str,
    content_key: &'static str,
    roles: &'static [(&'static str, Speaker)],
}

impl Turn {
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

    fn role(&self, turn: &Value) -> Result<Speaker, String> {
        let word = turn
            .get(self.role_key)
            .and_then(Value::as_str)
            .ok_or_else(|| format!("the turn has no text {:?} that says who speaks", self.role_key))?;
        let known = |(name, _): &&(&str, Speaker)| name.eq_ignore_ascii_case(word.trim());
        self.roles.iter().find(known).map(|(_, speaker)| *speaker).ok_or_else(|| {
            let words: Vec<_> = self.roles.iter().map(|(name, _)| *name).collect();
            format!("unknown role {word:?}: use one of {}", words.join(", "))
        })
    }

    fn content(&self, turn: &Value) -> Result<String, String> {
        let text = match turn.get(self.content_key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(parts)) => text_of_parts(parts)?,
            None | Some(Value::Null) => {
                return Err(format!("the turn has no {:?}: fill it in or remove the row", self.content_key));
            }
            Some(other) => return Err(format!("the turn's {:?} is {}, not a text", self.content_key, kind_of(other))),
        };
        if text.trim().is_empty() {
            Err("the turn is empty: fill it in or remove the row".to_owned())
        } else {
            Ok(text)
        }
    }
}

/// OpenAI's content parts: `[{"type": "text", "text": …}]`; images and the like are refused.
fn text_of_parts(parts: &[Value]) -> Result<String, String> {
    let mut text = String::new();
    for part in parts {
        match part.get("text").and_then(Value::as_str) {
            Some(piece) => text.push_str(piece),
            None => return Err("the turn has a part that is not text: only text can be trained on".to_owned()),
        }
    }
    Ok(text)
}

/// Reads turns as messages. The last must be the assistant's, with a user's turn before it, and a
/// system message may only come first.
pub(super) fn parse(turns: &[Value], line: u64, field: &str, spelling: &Turn) -> Result<Vec<Message>, LineError> {
    let at = |place: String, reason: String| LineError { line, field: Some(place), reason };
    let mut messages = Vec::with_capacity(turns.len());
    for (i, turn) in turns.iter().enumerate() {
        let role = spelling.role(turn).map_err(|reason| at(format!("{field}.{i}.{}", spelling.role_key), reason))?;
        if role == Speaker::System && i > 0 {
            return Err(at(
                format!("{field}.{i}"),
                "a system message may only be the first turn: move or remove it".to_owned(),
            ));
        }
        let content =
            spelling.content(turn).map_err(|reason| at(format!("{field}.{i}.{}", spelling.content_key), reason))?;
        messages.push(Message::new(role, content));
    }
    let whole = |reason: &str| at(field.to_owned(), reason.to_owned());
    match messages.last() {
        None => Err(whole("the conversation is empty: remove the row")),
        Some(last) if last.role != Speaker::Assistant => Err(whole(
            "the last turn is not the assistant's, so there is no answer to learn: add the answer or remove the turn",
        )),
        Some(_) if messages.iter().all(|m| m.role != Speaker::User) => {
            Err(whole("no turn is the user's: add the question or remove the row"))
        }
        Some(_) => Ok(messages),
    }
}
