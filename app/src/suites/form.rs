//! The form of one evaluation: from and to its design.

use super::text;
use crate::{
    error::AppError,
    ui::{field::Field, format::shortened},
    words,
};
use domain::{
    dataset::VersionSummary,
    eval::Task,
    explore::Filter,
    id::JudgeVersionId,
    lang::Lang,
    sample::Split,
    suite::{EvaluationDesign, Gate, NamedSlice, USUAL_NEW_TOKENS, metrics_of, task_of, task_word},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A version of a judge that can be a metric, and how it is called.
pub type JudgeChoice = (JudgeVersionId, String);

/// As it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationForm {
    #[serde(default)]
    pub key: String,
    #[serde(default)]
    pub version_id: String,
    #[serde(default)]
    pub split: String,
    #[serde(default)]
    pub task: String,
    #[serde(default)]
    pub metrics: String,
    #[serde(default)]
    pub gates: String,
    #[serde(default)]
    pub filter: String,
    #[serde(default)]
    pub slices: String,
    #[serde(default)]
    pub named_slices: String,
    #[serde(default)]
    pub max_samples: String,
    #[serde(default)]
    pub max_new_tokens: String,
    #[serde(default)]
    pub language: String,
    #[serde(default)]
    pub json_schema: String,
    /// One a line, as `truth = helpfulness v2`.
    #[serde(default)]
    pub judges: String,
    /// `true`, or nothing.
    #[serde(default)]
    pub plain: String,
}

/// What stands between commas, or on lines.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '，', '\n']).map(str::trim).filter(|part| !part.is_empty())
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

impl EvaluationForm {
    /// The design that it means. `known` are the versions of judges by name.
    pub fn design(&self, l: Lang, known: &[JudgeChoice]) -> Result<EvaluationDesign, AppError> {
        let choice = |field: &str| AppError::invalid(field, text::problem_choice(l));
        let gate = |line: &str| {
            Gate::from_str(line).map_err(|_| AppError::invalid("gates", text::problem_gate_text(l, shortened(line))))
        };
        let filter = |line: &str| {
            Filter::from_str(line).map_err(|_| AppError::invalid("filter", text::problem_filter(l, shortened(line))))
        };
        let named = |line: &str| {
            NamedSlice::from_str(line)
                .map_err(|_| AppError::invalid("named_slices", text::problem_named(l, shortened(line))))
        };
        let judge = |line: &str| {
            let (name, judge) =
                line.split_once(['=', '＝']).map_or((line, ""), |(name, judge)| (name.trim(), judge.trim()));
            let version =
                known.iter().find(|(_, known)| known == judge).map(|(version, _)| (name.to_owned(), *version));
            version.ok_or_else(|| AppError::invalid("judges", text::problem_judge_text(l, shortened(line))))
        };
        Ok(EvaluationDesign {
            key: self.key.trim().to_owned(),
            version_id: self.version_id.parse().map_err(|_| AppError::invalid("version_id", text::problem_data(l)))?,
            split: self.split.parse().map_err(|_| choice("split"))?,
            filter: lines(&self.filter).map(filter).collect::<Result<_, _>>()?,
            task: task_of(&self.task).ok_or_else(|| choice("task"))?,
            metrics: parts(&self.metrics).map(str::to_owned).collect(),
            slices: parts(&self.slices).map(str::to_owned).collect(),
            gates: lines(&self.gates).map(gate).collect::<Result<_, _>>()?,
            max_samples: number(&self.max_samples, "max_samples", l)?,
            max_new_tokens: number(&self.max_new_tokens, "max_new_tokens", l)?.unwrap_or(USUAL_NEW_TOKENS),
            language: Lang::from_tag(&self.language).unwrap_or_default(),
            json_schema: Some(self.json_schema.trim()).filter(|text| !text.is_empty()).map(str::to_owned),
            named_slices: lines(&self.named_slices).map(named).collect::<Result<_, _>>()?,
            judges: lines(&self.judges).map(judge).collect::<Result<_, _>>()?,
            plain: self.plain == "true",
        })
    }

    pub fn of(design: &EvaluationDesign, known: &[JudgeChoice]) -> Self {
        let judge =
            |version: JudgeVersionId| known.iter().find(|(known, _)| *known == version).map(|(_, name)| name.as_str());
        let judges =
            design.judges.iter().map(|(name, version)| format!("{name} = {}", judge(*version).unwrap_or_default()));
        let joined = |all: Vec<String>| all.join("\n");
        Self {
            key: design.key.clone(),
            version_id: design.version_id.to_string(),
            split: design.split.as_str().to_owned(),
            task: task_word(design.task),
            metrics: design.metrics.join(", "),
            gates: joined(design.gates.iter().map(ToString::to_string).collect()),
            filter: joined(design.filter.iter().map(ToString::to_string).collect()),
            slices: design.slices.join(", "),
            named_slices: joined(design.named_slices.iter().map(ToString::to_string).collect()),
            max_samples: design.max_samples.map(|n| n.to_string()).unwrap_or_default(),
            max_new_tokens: design.max_new_tokens.to_string(),
            language: design.language.tag().to_owned(),
            json_schema: design.json_schema.clone().unwrap_or_default(),
            judges: joined(judges.collect()),
            plain: if design.plain { "true".to_owned() } else { String::new() },
        }
    }
}

fn number(text: &str, field: &str, l: Lang) -> Result<Option<u32>, AppError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| AppError::invalid(field, text::problem_range(l)))
}

/// The fields of an evaluation. `place` tells the ids of several forms on a page apart.
pub(super) fn fields(
    form: &EvaluationForm,
    (versions, judges): (&[VersionSummary], &[JudgeChoice]),
    place: &str,
    l: Lang,
) -> AnyView {
    let id = |name: &str| format!("{name}{place}");
    let help = |name: &str| format!("{name}{place}-help");
    let options = versions.iter().map(|v| {
        let name = format!("{} v{}", shortened(&v.dataset_name), v.number);
        view! { <option value=v.id.to_string() selected=form.version_id == v.id.to_string()>{name}</option> }
    });
    let options = options.collect_view();
    let chosen = if form.split.is_empty() { Split::Test.as_str() } else { form.split.as_str() };
    let splits = Split::ALL.map(|s| {
        view! { <option value=s.as_str() selected=s.as_str() == chosen>{words::split(l, s)}</option> }
    });
    let tasks = [
        (Task::Classification, text::classification(l)),
        (Task::MultipleChoice, text::multiple_choice(l)),
        (Task::Generation, text::generation(l)),
    ];
    let tasks = tasks.map(|(task, name)| {
        let word = task_word(task);
        view! { <option value=word.clone() selected=word == form.task>{name}</option> }
    });
    let languages = Lang::ALL.map(|language| {
        view! { <option value=language.tag() selected=language.tag() == form.language>{language.name()}</option> }
    });
    let known: Vec<&str> =
        [Task::Classification, Task::MultipleChoice, Task::Generation].into_iter().flat_map(metrics_of).collect();
    let mut unique: Vec<&str> = Vec::new();
    for metric in known {
        if !unique.contains(&metric) {
            unique.push(metric);
        }
    }
    let input = |name: &'static str, label: &'static str, about: String, value: String| {
        let (this, described) = (id(name), help(name));
        view! {
            <Field id=this.clone() label=label help=about>
                <input id=this name=name dir="auto" value=value aria-describedby=described/>
            </Field>
        }
    };
    let area = |name: &'static str, label: &'static str, about: String, value: String| {
        let (this, described) = (id(name), help(name));
        view! {
            <Field id=this.clone() label=label help=about>
                <textarea id=this name=name dir="auto" rows="3" aria-describedby=described>{value}</textarea>
            </Field>
        }
    };
    let select = |name: &'static str, label: &'static str, about: &'static str, options: AnyView| {
        let (this, described) = (id(name), help(name));
        view! {
            <Field id=this.clone() label=label help=about>
                <select id=this name=name aria-describedby=described>{options}</select>
            </Field>
        }
    };
    let key = input("key", text::key(l), text::key_help(l).to_owned(), form.key.clone());
    let known = format!("{} {}", text::metrics_help(l, unique.join(", ")), text::metrics_more(l));
    let metrics = input("metrics", text::metrics(l), known, form.metrics.clone());
    let slices = input("slices", text::slices(l), text::slices_help(l).to_owned(), form.slices.clone());
    let most =
        input("max_samples", text::max_samples(l), text::max_samples_help(l).to_owned(), form.max_samples.clone());
    let tokens =
        if form.max_new_tokens.is_empty() { USUAL_NEW_TOKENS.to_string() } else { form.max_new_tokens.clone() };
    let longest = input("max_new_tokens", text::max_new_tokens(l), text::max_new_tokens_help(l).to_owned(), tokens);
    let gates = area("gates", text::gates(l), text::gates_help(l).to_owned(), form.gates.clone());
    let filter = area("filter", text::filter(l), text::filter_help(l).to_owned(), form.filter.clone());
    let schema =
        area("json_schema", text::json_schema(l), text::json_schema_help(l).to_owned(), form.json_schema.clone());
    let named =
        area("named_slices", text::named_slices(l), text::named_slices_help(l).to_owned(), form.named_slices.clone());
    let judged = match judges.is_empty() {
        true => text::judges_help_none(l).to_owned(),
        false => text::judges_help(l, judges.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ")),
    };
    let judges = area("judges", text::judges(l), judged, form.judges.clone());
    let (splits, tasks) = (splits.collect_view().into_any(), tasks.collect_view().into_any());
    let data = select("version_id", text::data(l), text::data_help(l), options.into_any());
    let split = select("split", text::split(l), text::split_help(l), splits);
    let task = select("task", text::task(l), text::task_help(l), tasks);
    let language = select("language", text::language(l), text::language_help(l), languages.collect_view().into_any());
    let (this, described, is_plain) = (id("plain"), help("plain"), form.plain == "true");
    let about = described.clone();
    view! {
        {key}
        <div class="field-row">{data}{split}</div>
        <div class="field-row">{task}{language}</div>
        {metrics}
        <div class="field-row">{gates}{filter}</div>
        <div class="field-row">{slices}{named}</div>
        {judges}
        <div class="field-row">{most}{longest}</div>
        {schema}
        <div class="field">
            <label class="check"><input id=this type="checkbox" name="plain" value="true" checked=is_plain aria-describedby=about/><span>{text::plain(l)}</span></label>
            <p class="help" id=described>{text::plain_help(l)}</p>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_form_reads_back() {
        let form = EvaluationForm {
            key: " reviews ".to_owned(),
            version_id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            split: "test".to_owned(),
            task: "classification".to_owned(),
            metrics: "accuracy，f1_macro".to_owned(),
            gates: "accuracy >= 0.8\n\n accuracy within 0.02 of baseline ".to_owned(),
            filter: "label:pos".to_owned(),
            named_slices: "north = slice.shop:north & label:\"a & b\"\n".to_owned(),
            judges: "truth = good answers v2".to_owned(),
            plain: "true".to_owned(),
            ..EvaluationForm::default()
        };
        let known = [(JudgeVersionId::new(), "good answers v2".to_owned())];
        let design = form.design(Lang::En, &known).unwrap();
        assert_eq!(design.judges["truth"], known[0].0);
        assert_eq!((design.key.as_str(), design.metrics.len(), design.gates.len()), ("reviews", 2, 2));
        assert!(design.plain);
        assert_eq!(EvaluationForm::of(&design, &known).design(Lang::En, &known).unwrap(), design);
        let field = |form: EvaluationForm| match form.design(Lang::Zh, &known).unwrap_err() {
            AppError::Invalid { field, .. } => field,
            other => panic!("{other}"),
        };
        assert_eq!(field(EvaluationForm { gates: "good".to_owned(), ..form.clone() }), "gates");
        assert_eq!(field(EvaluationForm { filter: "colour:red".to_owned(), ..form.clone() }), "filter");
        assert_eq!(field(EvaluationForm { named_slices: "north".to_owned(), ..form.clone() }), "named_slices");
        assert_eq!(field(EvaluationForm { judges: "truth = other v1".to_owned(), ..form.clone() }), "judges");
        assert_eq!(field(EvaluationForm { max_samples: "many".to_owned(), ..form.clone() }), "max_samples");
        let schema = EvaluationForm { json_schema: " {\"type\": \"object\"}\n".to_owned(), ..form.clone() };
        let schema = schema.design(Lang::En, &known).unwrap();
        assert_eq!((schema.json_schema.as_deref(), design.json_schema), (Some("{\"type\": \"object\"}"), None));
        assert_eq!(EvaluationForm::of(&schema, &known).design(Lang::En, &known).unwrap(), schema);
        assert_eq!(field(EvaluationForm { version_id: String::new(), ..form }), "version_id");
    }
}
