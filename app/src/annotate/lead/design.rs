//! A design as the named values of a form, which the page's address and its post share: `show`, `q0.name`, `q0.kind`,
//! `q0.options`, …, and `op` for the edit that was asked for.

use super::text;
use crate::{error::AppError, ui::form::Values};
use domain::{
    annotation::design::{Choice, Condition, Design, DesignProblem, Question, QuestionKind, Show, TextFrom},
    lang::Lang,
};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What stands between the parts of an option's line.
const BETWEEN: char = '|';

/// The kinds of questions in the order in which a form offers them.
pub const KINDS: [&str; 9] = ["choice", "choices", "tree", "spans", "text", "rating", "preference", "ranking", "turns"];

/// Designs to begin with.
pub const TEMPLATES: [&str; 6] = ["classify", "entities", "correct", "rate", "prefer", "turns"];

/// Named values; what is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskForm(Values);

impl TaskForm {
    /// The values of a page's query or of a post.
    #[must_use]
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(Values::from_pairs(pairs))
    }

    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name)
    }

    #[must_use]
    pub fn is_checked(&self, name: &str) -> bool {
        self.0.is_checked(name)
    }

    /// The ends of the checked names that begin so, such as the ids of people.
    pub fn checked<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.beginning(start).map(|(end, _)| end)
    }

    /// A number; `usual` where nothing was typed.
    pub fn number<T: FromStr>(&self, l: Lang, name: &str, usual: T) -> Result<T, AppError> {
        match self.get(name) {
            "" => Ok(usual),
            typed => typed.parse().map_err(|_| AppError::invalid(name, text::no_number(l))),
        }
    }

    fn is_new(&self) -> bool {
        !self.0.has("show")
    }

    /// The same with another design in it.
    #[must_use]
    pub fn with_design(mut self, design: &Design) -> Self {
        self.0.remove(is_of_question);
        self.0.set("show", design.show.as_str());
        for (i, question) in design.questions.iter().enumerate() {
            for (name, value) in values_of(question) {
                self.0.set(format!("q{i}.{name}"), value);
            }
        }
        self
    }

    /// The design as it was typed; an error names the field that cannot be read.
    pub fn design(&self, l: Lang) -> Result<Design, AppError> {
        let mut questions = Vec::new();
        for i in 0.. {
            if self.get(&format!("q{i}.kind")).is_empty() {
                break;
            }
            questions.push(self.question(l, i)?);
        }
        Ok(Design { show: self.get("show").parse().unwrap_or_default(), questions })
    }

    /// The design, if it can be used.
    pub fn checked_design(&self, l: Lang) -> Result<Design, AppError> {
        let design = self.design(l)?;
        match design.problems().first() {
            Some(problem) => Err(AppError::invalid(field_of(problem), text::design_problem(l, problem))),
            None => Ok(design),
        }
    }

    fn question(&self, l: Lang, i: usize) -> Result<Question, AppError> {
        let get = |name: &str| self.get(&format!("q{i}.{name}"));
        let number = |name: &str, usual: i32| self.number(l, &format!("q{i}.{name}"), usual);
        let options = || options(get("options"));
        let count = |name: &str| self.number::<u32>(l, &format!("q{i}.{name}"), 0);
        let kind = match get("kind") {
            "choices" => QuestionKind::Choices { options: options(), min: count("min")?, max: count("max")? },
            "tree" => QuestionKind::Tree { options: options() },
            "spans" => QuestionKind::Spans {
                labels: options(),
                relations: self::options(get("relations")),
                overlap: self.is_checked(&format!("q{i}.overlap")),
            },
            "text" => {
                QuestionKind::Text { from: get("from").parse().unwrap_or_default(), max_chars: count("max_chars")? }
            }
            "rating" => QuestionKind::Rating {
                min: number("min", 1)?,
                max: number("max", 5)?,
                low: get("low").to_owned(),
                high: get("high").to_owned(),
            },
            "preference" => QuestionKind::Preference { tie: self.is_checked(&format!("q{i}.tie")) },
            "ranking" => QuestionKind::Ranking,
            "turns" => QuestionKind::Turns { options: options() },
            _ => QuestionKind::Choice { options: options() },
        };
        Ok(Question {
            name: get("name").to_owned(),
            title: get("title").to_owned(),
            help: get("help").to_owned(),
            kind,
            required: self.is_checked(&format!("q{i}.required")),
            when: condition(get("when")),
        })
    }

    /// The form after the edit that `op` asks for; or as it is, and why the edit cannot be done.
    #[must_use]
    pub fn edited(self, l: Lang) -> (Self, Option<String>) {
        if self.is_new() {
            let design = template(l, "classify");
            return (self.with_design(&design), None);
        }
        let mut design = match self.design(l) {
            Ok(design) => design,
            Err(error) => return (self, Some(error.text(l))),
        };
        let (op, at) = self.get("op").split_once('.').unwrap_or((self.get("op"), ""));
        let (op, at) = (op.to_owned(), at.parse().unwrap_or(usize::MAX));
        let questions = &mut design.questions;
        match op.as_str() {
            "add" => questions.push(new_question(l, self.get("add_kind"), questions.len() + 1)),
            "remove" if at < questions.len() => drop(questions.remove(at)),
            "up" if at < questions.len() && at > 0 => questions.swap(at, at - 1),
            "down" if at < questions.len().saturating_sub(1) => questions.swap(at, at + 1),
            "template" => design = template(l, self.get("template")),
            _ => return (self, None),
        }
        (self.with_design(&design), None)
    }
}

fn is_of_question(name: &str) -> bool {
    let digits = name.strip_prefix('q').and_then(|rest| rest.split_once('.')).map(|(digits, _)| digits);
    digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
}

/// The field that a problem is about.
fn field_of(problem: &DesignProblem) -> String {
    use DesignProblem as P;
    let (question, field) = match problem {
        P::Questions => return "add_kind".to_owned(),
        P::Name { question } | P::NameTwice { question } => (question, "name"),
        P::Title { question } => (question, "title"),
        P::Options { question } | P::OptionTwice { question, .. } | P::Hotkey { question, .. } => (question, "options"),
        P::Scale { question } | P::Bounds { question } => (question, "min"),
        P::Condition { question, .. } => (question, "when"),
        P::NeedsAnswers { .. } => return "show".to_owned(),
    };
    format!("q{}.{field}", question - 1)
}

/// Options as lines `value | title | key`; title and key may be left out.
fn options(lines: &str) -> Vec<Choice> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut parts = line.split(BETWEEN).map(str::trim);
            let value = parts.next().unwrap_or_default().to_owned();
            let title = parts.next().unwrap_or_default().to_owned();
            let hotkey = parts.next().and_then(|key| key.chars().next());
            Choice { value, title, hotkey }
        })
        .collect()
}

fn lines(options: &[Choice]) -> String {
    let line = |o: &Choice| match (o.title.is_empty(), o.hotkey) {
        (true, None) => o.value.clone(),
        (false, None) => format!("{} {BETWEEN} {}", o.value, o.title),
        (_, Some(key)) => format!("{} {BETWEEN} {} {BETWEEN} {key}", o.value, o.title),
    };
    options.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A condition as `question = value, value`.
fn condition(text: &str) -> Option<Condition> {
    let (question, values) = text.split_once('=').unwrap_or((text, ""));
    let any_of = values.split([',', '，']).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
    let question = question.trim().to_owned();
    (!question.is_empty()).then(|| Condition { question, any_of: any_of.collect() })
}

fn values_of(question: &Question) -> Vec<(String, String)> {
    let on = |is: bool| if is { "on".to_owned() } else { String::new() };
    let mut values = vec![
        ("kind", question.kind.word().to_owned()),
        ("name", question.name.clone()),
        ("title", question.title.clone()),
        ("help", question.help.clone()),
        ("required", on(question.required)),
        ("options", lines(question.kind.options())),
    ];
    if let Some(when) = &question.when {
        values.push(("when", format!("{} = {}", when.question, when.any_of.join(", "))));
    }
    match &question.kind {
        QuestionKind::Choices { min, max, .. } => {
            values.extend([("min", min.to_string()), ("max", max.to_string())]);
        }
        QuestionKind::Spans { relations, overlap, .. } => {
            values.extend([("relations", lines(relations)), ("overlap", on(*overlap))]);
        }
        QuestionKind::Text { from, max_chars } => {
            values.extend([("from", from.as_str().to_owned()), ("max_chars", max_chars.to_string())]);
        }
        QuestionKind::Rating { min, max, low, high } => {
            let range = [("min", min.to_string()), ("max", max.to_string())];
            values.extend(range.into_iter().chain([("low", low.clone()), ("high", high.clone())]));
        }
        QuestionKind::Preference { tie } => values.push(("tie", on(*tie))),
        QuestionKind::Choice { .. }
        | QuestionKind::Tree { .. }
        | QuestionKind::Ranking
        | QuestionKind::Turns { .. } => {}
    }
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn new_question(l: Lang, kind: &str, number: usize) -> Question {
    let two = options(text::two_options(l));
    let kind = match kind {
        "choices" => QuestionKind::Choices { options: two, min: 0, max: 0 },
        "tree" => QuestionKind::Tree { options: options(text::tree_options(l)) },
        "spans" => QuestionKind::Spans { labels: options(text::span_labels(l)), relations: Vec::new(), overlap: true },
        "text" => QuestionKind::Text { from: TextFrom::Nothing, max_chars: 0 },
        "rating" => QuestionKind::Rating { min: 1, max: 5, low: String::new(), high: String::new() },
        "preference" => QuestionKind::Preference { tie: true },
        "ranking" => QuestionKind::Ranking,
        "turns" => QuestionKind::Turns { options: two },
        _ => QuestionKind::Choice { options: two },
    };
    let title = text::kind(l, kind.word()).to_owned();
    Question { name: format!("question_{number}"), title, help: String::new(), kind, required: true, when: None }
}

/// A design to begin with.
#[must_use]
pub fn template(l: Lang, name: &str) -> Design {
    let one = |kind: &str, name: &str, title: &str| Question {
        name: name.to_owned(),
        title: title.to_owned(),
        ..new_question(l, kind, 1)
    };
    let (show, questions) = match name {
        "entities" => (Show::Prompt, vec![one("spans", "entities", text::template_entities(l))]),
        "correct" => {
            let mut question = one("text", "answer", text::template_correct(l));
            question.kind = QuestionKind::Text { from: TextFrom::Answer, max_chars: 0 };
            (Show::Conversation, vec![question])
        }
        "rate" => (Show::Conversation, vec![one("rating", "quality", text::template_rate(l))]),
        "prefer" => (Show::Answers, vec![one("preference", "better", text::template_prefer(l))]),
        "turns" => (Show::Conversation, vec![one("turns", "turns", text::template_turns(l))]),
        _ => (Show::Prompt, vec![one("choice", "label", text::template_classify(l))]),
    };
    Design { show, questions }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn all() -> Design {
        let mut questions: Vec<Question> =
            KINDS.iter().enumerate().map(|(i, kind)| new_question(Lang::Zh, kind, i + 1)).collect();
        questions[1].when = Some(Condition {
            question: "question_1".to_owned(),
            any_of: vec![questions[0].kind.options()[0].value.clone()],
        });
        Design { show: Show::Answers, questions }
    }

    #[test]
    fn a_form_says_every_design() {
        let design = all();
        assert_eq!(design.problems(), []);
        assert_eq!(TaskForm::default().with_design(&design).design(Lang::En).unwrap(), design);
        for name in TEMPLATES {
            let design = template(Lang::En, name);
            assert_eq!((design.problems(), design.questions.len()), (Vec::new(), 1), "{name}");
        }
    }

    #[test]
    fn options_have_a_title_and_a_key_where_given() {
        let parsed = options("good | Good | g\n\n bad \n| x");
        assert_eq!((parsed[0].shown(), parsed[0].hotkey, parsed[1].shown()), ("Good", Some('g'), "bad"));
        assert_eq!(options(&lines(&parsed)), parsed);
    }

    #[test]
    fn edits_do_what_they_say() {
        let edited = |op: &str| {
            let mut form = TaskForm::default().with_design(&all());
            form.0.set("op", op);
            form.0.set("add_kind", "rating");
            form.edited(Lang::En).0.design(Lang::En).unwrap().questions
        };
        let words = |questions: &[Question]| questions.iter().map(|q| q.kind.word().to_owned()).collect::<Vec<_>>();
        assert_eq!(words(&edited("remove.0")), KINDS[1..]);
        assert_eq!(words(&edited("up.1"))[..2], ["choices", "choice"]);
        assert_eq!(words(&edited("add")).last().map(String::as_str), Some("rating"));
        assert_eq!(edited("template").len(), 1);
        assert_eq!(words(&edited("preview")), KINDS);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let mut form = TaskForm::default().with_design(&all());
        form.0.set("q5.min", "many");
        assert!(matches!(form.design(Lang::En), Err(AppError::Invalid { field, .. }) if field == "q5.min"));
        form.0.set("q5.min", "9");
        assert!(matches!(form.checked_design(Lang::En), Err(AppError::Invalid { field, .. }) if field == "q5.min"));
    }
}
