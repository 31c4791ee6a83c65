//! From the fields of a task file to what they mean.

use super::{DataFormat, OutputType, RegexFilter, Source, TaskFile, TaskFileProblem as Problem, TaskMetric};
use crate::brief::brief;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Fields that are understood.
const KNOWN: [&str; 18] = [
    "task",
    "dataset_path",
    "dataset_kwargs",
    "test_split",
    "validation_split",
    "fewshot_split",
    "num_fewshot",
    "output_type",
    "doc_to_text",
    "doc_to_target",
    "doc_to_choice",
    "generation_kwargs",
    "metric_list",
    "target_delimiter",
    "fewshot_delimiter",
    "description",
    "filter_list",
    "fewshot_config",
];

/// Fields that change nothing of what is measured here.
const NO_MATTER: [&str; 9] = [
    "dataset_name",
    "training_split",
    "task_alias",
    "tag",
    "group",
    "metadata",
    "should_decontaminate",
    "doc_to_decontamination_query",
    "repeats",
];

/// Reads the fields of a task file.
pub fn parse(file: &Value) -> Result<TaskFile, Problem> {
    let fields = Fields(file.as_object().ok_or(Problem::NotAMapping)?);
    fields.refuse()?;
    let output = fields.output()?;
    let format = match fields.must("dataset_path")? {
        "json" => DataFormat::Json,
        "csv" => DataFormat::Csv,
        other => {
            return Err(unsupported(
                "dataset_path",
                other,
                &["json", "csv (files at hand, named by dataset_kwargs.data_files)"],
            ));
        }
    };
    let data_files = fields.data_files()?;
    let split = fields.text("test_split")?.or(fields.text("validation_split")?);
    let split = split.map_or_else(|| only_split(&data_files), |split| Ok(split.to_owned()))?;
    let fewshots = fields.count("num_fewshot")?.unwrap_or(0);
    let choices = fields.choices()?;
    if output == OutputType::MultipleChoice && choices.is_none() {
        return Err(Problem::Missing { field: "doc_to_choice".to_owned() });
    }
    let (until, max_gen_toks) = fields.generation()?;
    let or = |field: &str, default: &str| -> Result<String, Problem> {
        Ok(fields.text(field)?.unwrap_or(default).to_owned())
    };
    Ok(TaskFile {
        task: fields.must("task")?.to_owned(),
        output,
        format,
        data_files,
        split,
        fewshot_split: fields.text("fewshot_split")?.map(str::to_owned),
        fewshots,
        text: fields.source("doc_to_text")?,
        target: fields.source("doc_to_target")?,
        choices,
        description: or("description", "")?,
        target_delimiter: or("target_delimiter", " ")?,
        fewshot_delimiter: or("fewshot_delimiter", "\n\n")?,
        until,
        max_gen_toks,
        filter: fields.filter()?,
        metrics: fields.metrics()?,
    })
}

fn unsupported(field: &str, value: &str, known: &'static [&'static str]) -> Problem {
    Problem::Unsupported { field: field.to_owned(), value: brief(value), known }
}

/// The split of files that belong to one.
fn only_split(files: &BTreeMap<String, Vec<String>>) -> Result<String, Problem> {
    match files.keys().collect::<Vec<_>>().as_slice() {
        [only] => Ok((*only).clone()),
        _ => Err(Problem::Missing { field: "test_split".to_owned() }),
    }
}

/// One text, or a list of texts.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) => list.iter().map(plain).collect(),
        _ => None,
    }
}

/// A text, number or truth value as a text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// Refuses what would be read in part.
    fn refuse(&self) -> Result<(), Problem> {
        let not = |field: &str, advice: &'static str| Problem::NotSupported { field: field.to_owned(), advice };
        for field in self.0.keys() {
            match field.as_str() {
                "include" => return Err(not(field, "write the fields of the included file into this one")),
                "process_docs" | "process_results" | "custom_dataset" | "class" => {
                    return Err(not(field, "it is a program; prepare the data file so that no program is needed"));
                }
                "use_prompt" => return Err(not(field, "write the prompt into doc_to_text")),
                "gen_prefix" => return Err(not(field, "write it at the end of doc_to_text")),
                known if KNOWN.contains(&known) || NO_MATTER.contains(&known) => {}
                other => return Err(Problem::Unknown { field: brief(other) }),
            }
        }
        match self.0.get("fewshot_config").and_then(|config| config.get("sampler")) {
            None => Ok(()),
            Some(Value::String(sampler)) if sampler == "first_n" => Ok(()),
            Some(_) => {
                Err(not("fewshot_config.sampler", "examples are the first rows of the few-shot split (first_n)"))
            }
        }
    }

    /// A field that is there.
    fn get(&self, field: &str) -> Option<&'a Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    fn text(&self, field: &str) -> Result<Option<&'a str>, Problem> {
        let wrong = || Problem::Wrong { field: field.to_owned(), wanted: "a text" };
        self.get(field).map(|value| value.as_str().ok_or_else(wrong)).transpose()
    }

    fn must(&self, field: &str) -> Result<&'a str, Problem> {
        self.text(field)?.ok_or_else(|| Problem::Missing { field: field.to_owned() })
    }

    fn count(&self, field: &str) -> Result<Option<u32>, Problem> {
        let wrong = || Problem::Wrong { field: field.to_owned(), wanted: "a whole number that fits" };
        let number = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok());
        self.get(field).map(|value| number(value).ok_or_else(wrong)).transpose()
    }

    fn output(&self) -> Result<OutputType, Problem> {
        match self.text("output_type")?.unwrap_or("generate_until") {
            "multiple_choice" => Ok(OutputType::MultipleChoice),
            "generate_until" => Ok(OutputType::GenerateUntil),
            "loglikelihood" => Ok(OutputType::Loglikelihood),
            other => Err(unsupported("output_type", other, &["multiple_choice", "generate_until", "loglikelihood"])),
        }
    }

    fn data_files(&self) -> Result<BTreeMap<String, Vec<String>>, Problem> {
        let field = || "dataset_kwargs.data_files".to_owned();
        let wrong =
            || Problem::Wrong { field: field(), wanted: "a file name, a list of them, or one of both by split" };
        let files = self.get("dataset_kwargs").and_then(|kwargs| kwargs.get("data_files"));
        match files.ok_or_else(|| Problem::Missing { field: field() })? {
            Value::Object(splits) => {
                splits.iter().map(|(split, files)| Ok((split.clone(), texts(files).ok_or_else(wrong)?))).collect()
            }
            files => Ok(BTreeMap::from([("train".to_owned(), texts(files).ok_or_else(wrong)?)])),
        }
    }

    fn source(&self, field: &str) -> Result<Source, Problem> {
        match self.get(field) {
            None => Err(Problem::Missing { field: field.to_owned() }),
            Some(Value::String(text)) => Ok(Source::Template(text.clone())),
            Some(Value::Number(place)) if place.is_u64() => Ok(Source::Place(place.as_u64().unwrap_or_default())),
            Some(_) => Err(Problem::Wrong { field: field.to_owned(), wanted: "a field's name or a template" }),
        }
    }

    fn choices(&self) -> Result<Option<Source>, Problem> {
        let field = "doc_to_choice";
        let wrong =
            || Problem::Wrong { field: field.to_owned(), wanted: "a field's name, a template or a list of texts" };
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(Source::Template(text.clone()))),
            Some(Value::Object(by_key)) => {
                Ok(Some(Source::Texts(by_key.values().map(plain).collect::<Option<_>>().ok_or_else(wrong)?)))
            }
            Some(list) => Ok(Some(Source::Texts(texts(list).ok_or_else(wrong)?))),
        }
    }

    /// Texts that end an answer, and its longest length in tokens.
    fn generation(&self) -> Result<(Vec<String>, Option<u32>), Problem> {
        let Some(kwargs) = self.get("generation_kwargs") else { return Ok((vec!["\n\n".to_owned()], None)) };
        let kwargs = kwargs.as_object();
        let kwargs =
            kwargs.ok_or_else(|| Problem::Wrong { field: "generation_kwargs".to_owned(), wanted: "a mapping" })?;
        for (key, value) in kwargs {
            let is_greedy = match key.as_str() {
                "do_sample" => value == &Value::Bool(false),
                "temperature" => value.as_f64() == Some(0.0),
                "until" | "max_gen_toks" => true,
                _ => false,
            };
            if !is_greedy {
                let field = format!("generation_kwargs.{}", brief(key));
                return Err(Problem::NotSupported { field, advice: "answers are written greedily" });
            }
        }
        let field = || "generation_kwargs.until".to_owned();
        let until = match kwargs.get("until") {
            None => Vec::new(),
            Some(value) => texts(value).ok_or_else(|| Problem::Wrong { field: field(), wanted: "a list of texts" })?,
        };
        Ok((until, Fields(kwargs).count("max_gen_toks")?))
    }

    /// Of the first list of filters: a regular expression, and the first answer taken.
    fn filter(&self) -> Result<Option<RegexFilter>, Problem> {
        let wrong = |wanted| Problem::Wrong { field: "filter_list".to_owned(), wanted };
        let Some(lists) = self.get("filter_list") else { return Ok(None) };
        let first = lists.as_array().and_then(|lists| lists.first()).and_then(|list| list.get("filter"));
        let steps = first.and_then(Value::as_array).ok_or_else(|| wrong("a list of mappings with a filter each"))?;
        let mut found = None;
        for step in steps {
            match step.get("function").and_then(Value::as_str) {
                Some("take_first") => {}
                Some("regex") if found.is_none() => {
                    let text =
                        |key: &str, default: &str| step.get(key).and_then(Value::as_str).unwrap_or(default).to_owned();
                    let place = step.get("group_select").and_then(Value::as_i64).unwrap_or(0);
                    found = Some(RegexFilter {
                        pattern: text("regex_pattern", r"#### (\-?[0-9\.\,]+)"),
                        group_select: i32::try_from(place).map_err(|_| wrong("a filter whose group_select fits"))?,
                        fallback: text("fallback", "[invalid]"),
                    });
                }
                other => {
                    return Err(unsupported(
                        "filter_list.filter.function",
                        other.unwrap_or_default(),
                        &["regex", "take_first"],
                    ));
                }
            }
        }
        Ok(found)
    }

    fn metrics(&self) -> Result<Vec<TaskMetric>, Problem> {
        let wrong =
            || Problem::Wrong { field: "metric_list".to_owned(), wanted: "a list of mappings with a metric each" };
        let Some(list) = self.get("metric_list") else { return Ok(Vec::new()) };
        let metric = |entry: &Value| {
            let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
            Some(TaskMetric {
                metric: text("metric")?,
                aggregation: text("aggregation"),
                higher_is_better: entry.get("higher_is_better").and_then(Value::as_bool),
            })
        };
        list.as_array().and_then(|list| list.iter().map(metric).collect()).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    fn boolq() -> Value {
        json!({
            "task": "boolq_local", "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": "boolq.jsonl", "train": ["a.jsonl", "b.jsonl"]}},
            "output_type": "multiple_choice", "test_split": "test", "fewshot_split": "train", "num_fewshot": 2,
            "doc_to_text": "{{passage}}\nQuestion: {{question}}?\nAnswer:", "doc_to_target": "label",
            "doc_to_choice": ["no", "yes"], "metadata": {"version": 2.0},
            "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": true}, {"metric": "acc_norm"}]
        })
    }

    #[test]
    fn a_task_is_understood_and_reads_back() {
        let task = parse(&boolq()).unwrap();
        assert_eq!((task.split.as_str(), task.fewshots, task.target_delimiter.as_str()), ("test", 2, " "));
        assert_eq!(task.choices, Some(Source::Texts(vec!["no".to_owned(), "yes".to_owned()])));
        assert_eq!(task.suggested_metrics(), ["accuracy", "accuracy_norm"]);
        let kept = serde_json::to_value(&task).unwrap();
        assert_eq!(serde_json::from_value::<TaskFile>(kept).unwrap(), task);
    }

    #[test]
    fn what_would_be_read_in_part_is_refused_by_name() {
        let refused = |changes: Value| {
            let mut file = boolq();
            file.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            parse(&file).unwrap_err().to_string()
        };
        for (changes, part) in [
            (json!({"include": "_default.yaml"}), "include is not supported"),
            (json!({"dataset_path": "super_glue"}), "dataset_path is \"super_glue\""),
            (json!({"output_type": "loglikelihood_rolling"}), "output_type is \"loglikelihood_rolling\""),
            (json!({"doc_to_choice": null}), "doc_to_choice is missing"),
            (json!({"generation_kwargs": {"do_sample": true}}), "generation_kwargs.do_sample"),
            (json!({"filter_list": [{"name": "x", "filter": [{"function": "majority_vote"}]}]}), "majority_vote"),
            (json!({"num_fewshot": -1}), "num_fewshot is not"),
            (json!({"unheard_of": 1}), "unheard_of"),
            (json!({"fewshot_config": {"sampler": "random"}}), "first_n"),
        ] {
            let said = refused(changes);
            assert!(said.contains(part), "{said}");
        }
    }
}
