//! How the fields of a row become a sample.

use serde::{Deserialize, Serialize};

/// How the fields of a row become a [`crate::sample::Sample`]. Field names are those of the
/// file; a dot descends into nested objects (`data.text`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "format", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mapping {
    /// Alpaca: instruction + optional input → output; history is `[[user, assistant], …]`.
    Alpaca {
        instruction: String,
        input: Option<String>,
        output: String,
        system: Option<String>,
        history: Option<String>,
    },
    /// ShareGPT: `conversations: [{from, value}]`, or turns that are spelt as `words` says.
    ShareGpt {
        conversations: String,
        system: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        words: Option<TurnWords>,
    },
    /// OpenAI: `messages: [{role, content}]`.
    Messages { messages: String },
    /// prompt → completion.
    PromptCompletion { prompt: String, completion: String },
    /// Classification: text → label. `instruction` is put before each text.
    TextLabel { text: String, label: String, instruction: Option<String> },
    /// A text to be written, without a question: `instruction` is what the user says.
    Text { text: String, instruction: String },
    /// Text → the spans marked in it (`[[start, end, label], …]` or objects), written as a JSON list of label and text.
    /// `instruction` is put before each text.
    TextSpans { text: String, spans: String, instruction: Option<String> },
    /// One task of a Label Studio export: its text with the choices, spans or corrected text of its annotation.
    LabelStudio { text: String, annotations: String, instruction: Option<String> },
    /// question (+ optional context) → answer.
    QuestionAnswer { question: String, context: Option<String>, answer: String },
    /// A question with choices, of which one is right. `choices` is names of fields with commas between them, the name of
    /// a field that holds a list or lettered lines, or texts with `|` between them that are the same for every row.
    /// `answer` is a letter, a text or a number from 0; beside choices in a field `….text`, one of the names in `….label`.
    MultipleChoice { question: String, context: Option<String>, choices: String, answer: String },
    /// A preference pair: two answers to one prompt, each a text or turns, perhaps with the prompt's before them; then
    /// `prompt` is not needed. `input` belongs to a prompt that is a text.
    Preference {
        prompt: Option<String>,
        input: Option<String>,
        system: Option<String>,
        chosen: String,
        rejected: String,
    },
}

impl Mapping {
    /// The word for this format in files, forms and URLs.
    #[must_use]
    pub fn format(&self) -> &'static str {
        match self {
            Self::Alpaca { .. } => "alpaca",
            Self::ShareGpt { .. } => "share_gpt",
            Self::Messages { .. } => "messages",
            Self::PromptCompletion { .. } => "prompt_completion",
            Self::TextLabel { .. } => "text_label",
            Self::QuestionAnswer { .. } => "question_answer",
            Self::Text { .. } => "text",
            Self::TextSpans { .. } => "text_spans",
            Self::LabelStudio { .. } => "label_studio",
            Self::MultipleChoice { .. } => "multiple_choice",
            Self::Preference { .. } => "preference",
        }
    }

    /// A field that is both what is asked and what is answered, or both answers of a pair, from which nothing is
    /// learned.
    #[must_use]
    pub fn doubly_used(&self) -> Option<&str> {
        let (asked, answered) = match self {
            Self::Preference { prompt, chosen, rejected, .. } => {
                let again = |field: &&String| chosen == rejected || prompt.as_ref() == Some(*field);
                return [chosen, rejected].into_iter().find(again).map(String::as_str);
            }
            Self::ShareGpt { .. } | Self::Messages { .. } | Self::Text { .. } => return None,
            Self::TextSpans { text, spans: answers, .. } | Self::LabelStudio { text, annotations: answers, .. } => {
                (text, answers)
            }
            Self::Alpaca { instruction, output, .. } => (instruction, output),
            Self::PromptCompletion { prompt, completion } => (prompt, completion),
            Self::TextLabel { text, label, .. } => (text, label),
            Self::QuestionAnswer { question, answer, .. } | Self::MultipleChoice { question, answer, .. } => {
                (question, answer)
            }
        };
        (asked == answered).then_some(asked)
    }
}

/// How turns are spelt where it is not ShareGPT's usual way: the two keys of a turn, and the word for each speaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TurnWords {
    pub role_key: String,
    pub content_key: String,
    pub user: String,
    pub assistant: String,
    pub system: String,
}
