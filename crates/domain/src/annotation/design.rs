//! What a task shows and asks: its questions, their options, and when each is asked.

use super::{MAX_OPTIONS, MAX_QUESTIONS, MAX_TITLE_CHARS, words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a task shows of each item, and what it asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Design {
    #[serde(default)]
    pub show: Show,
    pub questions: Vec<Question>,
}

words! {
    /// What of an item is shown.
    Show {
        /// The turns before the last answer.
        Prompt = "prompt",
        /// The whole conversation, the last answer included.
        Conversation = "conversation",
        /// The prompt, and below it the answers to compare: of models in an evaluation, or the two of a preference pair.
        Answers = "answers",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro of words writes no default")]
impl Default for Show {
    fn default() -> Self {
        Self::Prompt
    }
}

/// One question of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Question {
    /// Its name in exported data: lower-case letters, digits and `_`, not twice in a task.
    pub name: String,
    /// What the annotator reads.
    pub title: String,
    /// A sentence below the title.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    #[serde(flatten)]
    pub kind: QuestionKind,
    /// Whether an item cannot be sent without an answer.
    #[serde(default = "yes")]
    pub required: bool,
    /// Asked only if an earlier question is answered so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
}

fn yes() -> bool {
    true
}

/// That an earlier question was answered in one of these ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Condition {
    /// The earlier question, one of a choice, of several choices, of a tree or a rating.
    pub question: String,
    /// Values of its options (a rating as its number).
    pub any_of: Vec<String>,
}

/// An answer to choose, or a label for spans.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Choice {
    /// What is stored and exported. In a tree the way to it, as `animal/dog`.
    pub value: String,
    /// What is shown; the value where empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The key that chooses it: a letter or digit. Where none is given, 1 to 9 in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotkey: Option<char>,
}

impl Choice {
    #[must_use]
    pub fn shown(&self) -> &str {
        if self.title.is_empty() { &self.value } else { &self.title }
    }
}

/// What kind of answer is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum QuestionKind {
    /// One of some.
    Choice { options: Vec<Choice> },
    /// Some of some.
    Choices {
        options: Vec<Choice>,
        #[serde(default)]
        min: u32,
        /// 0: any number.
        #[serde(default)]
        max: u32,
    },
    /// One place in a tree. Options are ways such as `animal/dog`; inner places may be chosen too.
    Tree { options: Vec<Choice> },
    /// Stretches of the last user turn with labels, and relations between them.
    Spans {
        labels: Vec<Choice>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        relations: Vec<Choice>,
        /// Whether spans may overlap.
        #[serde(default = "yes")]
        overlap: bool,
    },
    /// A text, written or corrected.
    Text {
        /// What stands in the field at first.
        #[serde(default)]
        from: TextFrom,
        /// 0: as long as is allowed at all.
        #[serde(default)]
        max_chars: u32,
    },
    /// A number on a scale.
    Rating {
        min: i32,
        max: i32,
        /// What the lowest and the highest number mean.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        low: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        high: String,
    },
    /// Which of two answers is better.
    Preference {
        /// Whether they may be said to be equal.
        #[serde(default)]
        tie: bool,
    },
    /// All answers, best first.
    Ranking,
    /// One of some, for each assistant's turn.
    Turns { options: Vec<Choice> },
}

words! {
    /// What stands in the field of a written answer at first.
    TextFrom {
        Nothing = "nothing",
        /// The sample's own answer.
        Answer = "answer",
        /// What the first model of an evaluation answered.
        Model = "model",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro of words writes no default")]
impl Default for TextFrom {
    fn default() -> Self {
        Self::Nothing
    }
}

impl QuestionKind {
    /// The word for it in JSON and forms.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Choice { .. } => "choice",
            Self::Choices { .. } => "choices",
            Self::Tree { .. } => "tree",
            Self::Spans { .. } => "spans",
            Self::Text { .. } => "text",
            Self::Rating { .. } => "rating",
            Self::Preference { .. } => "preference",
            Self::Ranking => "ranking",
            Self::Turns { .. } => "turns",
        }
    }

    /// The options or labels to choose from.
    #[must_use]
    pub fn options(&self) -> &[Choice] {
        match self {
            Self::Choice { options }
            | Self::Choices { options, .. }
            | Self::Tree { options }
            | Self::Turns { options } => options,
            Self::Spans { labels, .. } => labels,
            Self::Text { .. } | Self::Rating { .. } | Self::Preference { .. } | Self::Ranking => &[],
        }
    }
}

/// Why a design cannot be used. `question` is the place of the question, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum DesignProblem {
    #[error("a task has 1 to {MAX_QUESTIONS} questions")]
    Questions,
    #[error(
        "question {question}: the name has 1 to 40 lower-case letters, digits and underscores and begins with a letter"
    )]
    Name { question: u32 },
    #[error("question {question}: the name is that of an earlier question")]
    NameTwice { question: u32 },
    #[error("question {question}: the title has 1 to {MAX_TITLE_CHARS} characters")]
    Title { question: u32 },
    #[error(
        "question {question}: there are 2 to {MAX_OPTIONS} options (1 for labels of spans), each with 1 to {MAX_TITLE_CHARS} characters"
    )]
    Options { question: u32 },
    #[error("question {question}: the option {value:?} is there twice")]
    OptionTwice { question: u32, value: String },
    #[error("question {question}: the key {key:?} is no letter or digit, or is given twice")]
    Hotkey { question: u32, key: char },
    #[error("question {question}: the lowest number is below the highest, and they are at most 100 apart")]
    Scale { question: u32 },
    #[error("question {question}: at least as many may be chosen as must be, and not more than there are")]
    Bounds { question: u32 },
    #[error(
        "question {question}: it depends on {on:?}, which is no earlier question with options that has these answers"
    )]
    Condition { question: u32, on: String },
    #[error("question {question}: it compares answers, so the task must show answers")]
    NeedsAnswers { question: u32 },
}

impl Design {
    /// All that is wrong with it.
    #[must_use]
    pub fn problems(&self) -> Vec<DesignProblem> {
        let mut problems = Vec::new();
        if self.questions.is_empty() || self.questions.len() > MAX_QUESTIONS {
            problems.push(DesignProblem::Questions);
        }
        for (at, question) in self.questions.iter().enumerate() {
            problems.extend(self.problems_of(at, question));
        }
        problems
    }

    fn problems_of(&self, at: usize, q: &Question) -> Vec<DesignProblem> {
        let question = at as u32 + 1;
        let earlier = &self.questions[..at];
        let mut problems = Vec::new();
        if !is_name(&q.name) {
            problems.push(DesignProblem::Name { question });
        } else if earlier.iter().any(|e| e.name == q.name) {
            problems.push(DesignProblem::NameTwice { question });
        }
        if !is_title(&q.title) {
            problems.push(DesignProblem::Title { question });
        }
        match &q.kind {
            QuestionKind::Rating { min, max, .. } if min >= max || max.saturating_sub(*min) > 100 => {
                problems.push(DesignProblem::Scale { question });
            }
            QuestionKind::Choices { options, min, max }
                if (*max > 0 && min > max) || (*max).max(*min) as usize > options.len() =>
            {
                problems.push(DesignProblem::Bounds { question });
            }
            QuestionKind::Preference { .. } | QuestionKind::Ranking if self.show != Show::Answers => {
                problems.push(DesignProblem::NeedsAnswers { question });
            }
            _ => {}
        }
        problems.extend(problems_of_options(question, &q.kind));
        if let Some(when) = &q.when
            && !earlier.iter().any(|e| e.name == when.question && may_depend(&e.kind, &when.any_of))
        {
            problems.push(DesignProblem::Condition { question, on: when.question.clone() });
        }
        problems
    }

    /// The question of this name.
    #[must_use]
    pub fn question(&self, name: &str) -> Option<&Question> {
        self.questions.iter().find(|q| q.name == name)
    }
}

fn problems_of_options(question: u32, kind: &QuestionKind) -> Vec<DesignProblem> {
    let options = kind.options();
    let least = match kind {
        QuestionKind::Spans { .. } => 1,
        QuestionKind::Choice { .. }
        | QuestionKind::Choices { .. }
        | QuestionKind::Tree { .. }
        | QuestionKind::Turns { .. } => 2,
        QuestionKind::Text { .. }
        | QuestionKind::Rating { .. }
        | QuestionKind::Preference { .. }
        | QuestionKind::Ranking => {
            return Vec::new();
        }
    };
    let mut problems = Vec::new();
    let is_good = |o: &Choice| is_title(&o.value) && (o.title.is_empty() || is_title(&o.title));
    if options.len() < least || options.len() > MAX_OPTIONS || !options.iter().all(is_good) {
        problems.push(DesignProblem::Options { question });
    }
    let (mut values, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for option in options {
        if !values.insert(option.value.as_str()) {
            problems.push(DesignProblem::OptionTwice { question, value: option.value.clone() });
        }
        if let Some(key) = option.hotkey
            && (!key.is_ascii_alphanumeric() || !keys.insert(key.to_ascii_lowercase()))
        {
            problems.push(DesignProblem::Hotkey { question, key });
        }
    }
    problems
}

/// Whether a question of this kind can be answered so.
fn may_depend(kind: &QuestionKind, any_of: &[String]) -> bool {
    let can_be = |value: &String| match kind {
        QuestionKind::Choice { options } | QuestionKind::Choices { options, .. } | QuestionKind::Tree { options } => {
            options.iter().any(|o| o.value == *value)
        }
        QuestionKind::Rating { min, max, .. } => value.parse::<i32>().is_ok_and(|n| (*min..=*max).contains(&n)),
        _ => false,
    };
    !any_of.is_empty() && any_of.iter().all(can_be)
}

fn is_name(name: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=40).contains(&name.len()) && name.chars().all(is_sign) && name.starts_with(|c: char| c.is_ascii_lowercase())
}

fn is_title(title: &str) -> bool {
    (1..=MAX_TITLE_CHARS).contains(&title.trim().chars().count()) && !title.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn design(text: &str) -> Design {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_script_says_what_differs_from_the_usual() {
        let design = design(
            r#"{"questions": [
                {"name": "tone", "title": "Tone", "kind": "choice", "options": [{"value": "good"}, {"value": "bad", "hotkey": "b"}]},
                {"name": "why", "title": "Why bad?", "kind": "text", "required": false, "when": {"question": "tone", "any_of": ["bad"]}}]}"#,
        );
        assert_eq!(design.problems(), []);
        assert!(design.questions[0].required && design.show == Show::Prompt);
        let again: Design = serde_json::from_str(&serde_json::to_string(&design).unwrap()).unwrap();
        assert_eq!(again, design);
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        let design = design(
            r#"{"questions": [
                {"name": "A", "title": "", "kind": "choice", "options": [{"value": "x"}]},
                {"name": "b", "title": "B", "kind": "choice", "options": [{"value": "x", "hotkey": "1"}, {"value": "x", "hotkey": "1"}]},
                {"name": "b", "title": "B", "kind": "rating", "min": 5, "max": 1},
                {"name": "c", "title": "C", "kind": "preference", "when": {"question": "b", "any_of": ["y"]}},
                {"name": "d", "title": "D", "kind": "choices", "options": [{"value": "x"}, {"value": "y"}], "min": 2, "max": 1}]}"#,
        );
        let problems = design.problems();
        assert_eq!(
            problems,
            [
                DesignProblem::Name { question: 1 },
                DesignProblem::Title { question: 1 },
                DesignProblem::Options { question: 1 },
                DesignProblem::OptionTwice { question: 2, value: "x".to_owned() },
                DesignProblem::Hotkey { question: 2, key: '1' },
                DesignProblem::NameTwice { question: 3 },
                DesignProblem::Scale { question: 3 },
                DesignProblem::NeedsAnswers { question: 4 },
                DesignProblem::Condition { question: 4, on: "b".to_owned() },
                DesignProblem::Bounds { question: 5 },
            ]
        );
    }
}
