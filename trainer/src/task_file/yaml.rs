//! YAML as JSON values. Read from the parser's events, so that a tag such as `!function`, an alias or a key that stands twice
//! is refused where it stands and nothing is expanded.
//!
//! Plain words are read as PyYAML reads them (YAML 1.1), which the harness uses: `yes` and `on` are true.

use domain::brief::brief;
use serde_json::{Map, Number, Value};
use yaml_rust2::Event;
use yaml_rust2::parser::{MarkedEventReceiver, Parser, Tag};
use yaml_rust2::scanner::{Marker, TScalarStyle};

/// Why a text is no YAML that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YamlProblem {
    #[error("it is not YAML: {text}")]
    NotYaml { text: String },
    /// A Python program, or another value that only the harness can make.
    #[error("line {line}: the field {field} has the tag {tag}, which runs a program: write a template instead")]
    Tag { line: usize, field: String, tag: String },
    #[error("line {line}: aliases (*name) are not supported: write the value out")]
    Alias { line: usize },
    #[error("line {line}: the key {key:?} stands twice, or is no text")]
    Key { line: usize, key: String },
}

/// Reads one document.
pub(super) fn parse(text: &str) -> Result<Value, YamlProblem> {
    let mut builder = Builder::default();
    let read = Parser::new_from_str(text).load(&mut builder, false);
    match (builder.problem, read) {
        (Some(problem), _) => Err(problem),
        (None, Err(error)) => Err(YamlProblem::NotYaml { text: brief(&error.to_string()) }),
        (None, Ok(())) => Ok(builder.done.unwrap_or_default()),
    }
}

/// A list or mapping that has not ended.
enum Open {
    List(Vec<Value>),
    Map { fields: Map<String, Value>, key: Option<String> },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    done: Option<Value>,
    problem: Option<YamlProblem>,
}

impl MarkedEventReceiver for Builder {
    fn on_event(&mut self, event: Event, mark: Marker) {
        if self.problem.is_some() {
            return;
        }
        let line = mark.line();
        match event {
            Event::Alias(_) => self.problem = Some(YamlProblem::Alias { line }),
            Event::Scalar(text, style, _, tag) => {
                self.refuse(tag, line);
                let is_plain = matches!(style, TScalarStyle::Plain);
                self.push(if is_plain { word(text) } else { Value::String(text) }, line);
            }
            Event::SequenceStart(_, tag) => {
                self.refuse(tag, line);
                self.open.push(Open::List(Vec::new()));
            }
            Event::MappingStart(_, tag) => {
                self.refuse(tag, line);
                self.open.push(Open::Map { fields: Map::new(), key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(list)) => self.push(Value::Array(list), line),
                Some(Open::Map { fields, .. }) => self.push(Value::Object(fields), line),
                None => {}
            },
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart | Event::DocumentEnd => {}
        }
    }
}

impl Builder {
    /// Tags of YAML itself (`!!str`) change nothing of what is needed here.
    fn refuse(&mut self, tag: Option<Tag>, line: usize) {
        if let Some(tag) = tag.filter(|tag| !tag.handle.starts_with("tag:yaml.org")) {
            let tag = brief(&format!("{}{}", tag.handle, tag.suffix));
            self.problem = Some(YamlProblem::Tag { line, field: self.path(), tag });
        }
    }

    /// The keys that lead to the value that comes next.
    fn path(&self) -> String {
        let key = |open: &Open| match open {
            Open::Map { key, .. } => key.clone(),
            Open::List(_) => None,
        };
        self.open.iter().filter_map(key).collect::<Vec<_>>().join(".")
    }

    fn push(&mut self, value: Value, line: usize) {
        match self.open.last_mut() {
            None => self.done = Some(value),
            Some(Open::List(list)) => list.push(value),
            Some(Open::Map { fields, key }) => match key.take() {
                Some(name) => drop(fields.insert(name, value)),
                None => match name(&value).filter(|name| !fields.contains_key(name)) {
                    Some(name) => *key = Some(name),
                    None => self.problem = Some(YamlProblem::Key { line, key: brief(&value.to_string()) }),
                },
            },
        }
    }
}

/// A key as text.
fn name(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// What a plain word means.
fn word(text: String) -> Value {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Bool(false),
        other => number(other).map_or(Value::String(text), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    let is_number = text.contains('.') && text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    Number::from_f64(text.parse().ok().filter(|_| is_number)?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_read_as_the_harness_reads_them() {
        let text = "task: x\nnum_fewshot: 0\nmetadata:\n  version: 1.0\nchoices: [\"no\", yes, 3]\n\
                    text: \"{{a}}\\nB:\"\nlong: |\n  one\n  two\nempty:\nid: 1e5\n";
        let expected = json!({
            "task": "x", "num_fewshot": 0, "metadata": {"version": 1.0}, "choices": ["no", true, 3],
            "text": "{{a}}\nB:", "long": "one\ntwo\n", "empty": null, "id": "1e5"
        });
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn programs_aliases_and_keys_that_stand_twice_are_refused_by_place() {
        let tag = parse("task: x\nmetric_list:\n  - metric: !function utils.f\n").unwrap_err();
        assert_eq!(
            tag,
            YamlProblem::Tag { line: 3, field: "metric_list.metric".to_owned(), tag: "!function".to_owned() }
        );
        assert_eq!(parse("a: &x 1\nb: *x\n").unwrap_err(), YamlProblem::Alias { line: 2 });
        assert!(matches!(parse("a: 1\na: 2\n").unwrap_err(), YamlProblem::Key { line: 2, .. }));
        assert!(matches!(parse("a: [1\n").unwrap_err(), YamlProblem::NotYaml { .. }));
    }
}
