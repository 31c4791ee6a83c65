//! The parts of a row's question by the task's templates, as `lm_eval/api/task.py` makes them.

use domain::task_file::{OutputType, Source, TaskFile};
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value as Jinja};
use serde_json::{Map, Value};

/// Steps that one template may take for one row.
const FUEL: u64 = 200_000;
/// Longest text that a template may make, in bytes.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// Why a template gives nothing that can be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateProblem {
    #[error("{field}: {detail}")]
    Template { field: &'static str, detail: String },
    #[error("{field} gives {given:?}, which is none of the choices")]
    NoSuchChoice { field: &'static str, given: String },
    #[error("doc_to_choice gives no list of at least two texts")]
    NoChoices,
    #[error("doc_to_text gives a number: questions whose contexts are the choices are not supported")]
    NumberedText,
}

/// What a row is answered with.
pub(super) enum Answer {
    Choice { choices: Vec<String>, right: usize },
    Text(String),
}

impl Answer {
    /// The right answer.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Choice { choices, right } => choices[*right].clone(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// A task's templates, with what they may call.
pub(super) struct Renderer<'a> {
    task: &'a TaskFile,
    environment: Environment<'static>,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(task: &'a TaskFile) -> Self {
        let mut environment = Environment::new();
        environment.set_keep_trailing_newline(true);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(64);
        environment.set_unknown_method_callback(method);
        Self { task, environment }
    }

    /// What stands before everything.
    pub(super) fn description(&self, row: &Map<String, Value>) -> Result<String, TemplateProblem> {
        self.text("description", &self.task.description, row)
    }

    /// The question of a row and its answer.
    pub(super) fn row(&self, row: &Map<String, Value>) -> Result<(String, Answer), TemplateProblem> {
        let question = match &self.task.text {
            Source::Template(template) => self.field_or_text("doc_to_text", template, row)?,
            Source::Place(_) | Source::Texts(_) => return Err(TemplateProblem::NumberedText),
        };
        if self.task.output != OutputType::MultipleChoice {
            return Ok((question, Answer::Text(self.target(row)?)));
        }
        if question.trim().parse::<u64>().is_ok() {
            return Err(TemplateProblem::NumberedText);
        }
        let choices = self.choices(row)?;
        let right = match &self.task.target {
            Source::Place(place) => usize::try_from(*place).ok(),
            Source::Template(_) | Source::Texts(_) => {
                let target = self.target(row)?;
                target.trim().parse().ok().or_else(|| choices.iter().position(|choice| *choice == target))
            }
        };
        match right.filter(|place| *place < choices.len()) {
            Some(right) => Ok((question, Answer::Choice { choices, right })),
            None => Err(TemplateProblem::NoSuchChoice { field: "doc_to_target", given: self.target(row)? }),
        }
    }

    fn target(&self, row: &Map<String, Value>) -> Result<String, TemplateProblem> {
        match &self.task.target {
            Source::Template(template) => self.field_or_text("doc_to_target", template, row),
            Source::Place(place) => Ok(place.to_string()),
            Source::Texts(texts) => Ok(texts.first().cloned().unwrap_or_default()),
        }
    }

    fn choices(&self, row: &Map<String, Value>) -> Result<Vec<String>, TemplateProblem> {
        let found = match &self.task.choices {
            Some(Source::Texts(texts)) => Some(texts.clone()),
            Some(Source::Template(template)) => match row.get(template) {
                Some(field) => list(field),
                None => self.listed(template, row)?,
            },
            Some(Source::Place(_)) | None => None,
        };
        found.filter(|choices| choices.len() > 1).ok_or(TemplateProblem::NoChoices)
    }

    /// The list that a template gives: the value of its one expression, or JSON that it writes.
    fn listed(&self, template: &str, row: &Map<String, Value>) -> Result<Option<Vec<String>>, TemplateProblem> {
        let field = "doc_to_choice";
        let inner = template.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        let Some(expression) = inner.filter(|inner| !inner.contains("{{")) else {
            return Ok(serde_json::from_str(&self.text(field, template, row)?).ok().as_ref().and_then(list));
        };
        let fail = |error: Error| TemplateProblem::Template { field, detail: described(&error) };
        let expression = self.environment.compile_expression_owned(expression.to_owned()).map_err(fail)?;
        let value = expression.eval(Jinja::from_serialize(row)).map_err(fail)?;
        Ok(serde_json::to_value(&value).ok().as_ref().and_then(list))
    }

    /// The value of a field with this name, or else the text that the template makes.
    fn field_or_text(
        &self,
        field: &'static str,
        template: &str,
        row: &Map<String, Value>,
    ) -> Result<String, TemplateProblem> {
        match row.get(template) {
            Some(Value::String(text)) => Ok(text.clone()),
            // As the place of a choice.
            Some(Value::Bool(is)) if self.task.output == OutputType::MultipleChoice => Ok(u8::from(*is).to_string()),
            Some(Value::Array(list)) if list.len() == 1 => Ok(plain(&list[0])),
            Some(value) => Ok(plain(value)),
            None => self.text(field, template, row),
        }
    }

    fn text(&self, field: &'static str, template: &str, row: &Map<String, Value>) -> Result<String, TemplateProblem> {
        let fail = |error: Error| TemplateProblem::Template { field, detail: described(&error) };
        let text = self.environment.render_str(template, Jinja::from_serialize(row)).map_err(fail)?;
        if text.len() > MAX_TEXT_BYTES {
            return Err(TemplateProblem::Template { field, detail: "it makes more than 1 MiB of text".to_owned() });
        }
        Ok(text)
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn list(value: &Value) -> Option<Vec<String>> {
    value.as_array().map(|list| list.iter().map(plain).collect())
}

/// Python's methods, and `index` of lists, which task files use to find the right choice.
fn method(state: &State<'_, '_>, value: &Jinja, name: &str, arguments: &[Jinja]) -> Result<Jinja, Error> {
    if let (ValueKind::Seq, "index", [wanted]) = (value.kind(), name, arguments) {
        let place = value.try_iter()?.position(|item| item == *wanted);
        let missing = || Error::new(ErrorKind::InvalidOperation, format!("{wanted} is not in the list"));
        return place.map(Jinja::from).ok_or_else(missing);
    }
    minijinja_contrib::pycompat::unknown_method_callback(state, value, name, arguments)
}

/// The error with its place in the template, on one short line.
fn described(error: &Error) -> String {
    let detail = domain::brief::brief_of(error.detail().unwrap_or_default(), 200);
    let place = error.line().map(|line| format!(" (line {line})")).unwrap_or_default();
    if detail.is_empty() { format!("{}{place}", error.kind()) } else { format!("{}: {detail}{place}", error.kind()) }
}
