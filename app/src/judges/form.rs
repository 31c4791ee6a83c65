//! What the form of a judge says, as it was typed.

use super::text;
use crate::{error::AppError, ui::format::decimal};
use domain::{
    id::JudgeId,
    judge::{
        JudgeSpec, Mode,
        criteria_text::{parsed, written},
    },
    lang::Lang,
    paraphrase::Writer,
};
use serde::{Deserialize, Serialize};

/// The fields of the form. What is not sent is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JudgeForm {
    /// Of another version: its judge.
    pub of: String,
    pub name: String,
    pub mode: String,
    pub lang: String,
    pub writer: String,
    pub criteria: String,
    pub template: String,
    pub repeats: String,
    pub temperature: String,
    pub max_tokens: String,
    pub note: String,
    /// Evaluations whose first sample the preview shows.
    pub first: String,
    pub second: String,
    /// Something was typed: the fields are not those of a new form.
    pub op: String,
}

impl Default for JudgeForm {
    fn default() -> Self {
        let empty = String::new;
        Self {
            of: empty(),
            name: empty(),
            mode: Mode::Rubric.as_str().to_owned(),
            lang: empty(),
            writer: empty(),
            criteria: empty(),
            template: empty(),
            repeats: "3".to_owned(),
            temperature: "0.7".to_owned(),
            max_tokens: "512".to_owned(),
            note: empty(),
            first: empty(),
            second: empty(),
            op: empty(),
        }
    }
}

impl JudgeForm {
    /// The values of a page's query or of a post over those of a new form.
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs {
            let field = match name.as_ref() {
                "of" => &mut form.of,
                "name" => &mut form.name,
                "mode" => &mut form.mode,
                "lang" => &mut form.lang,
                "writer" => &mut form.writer,
                "criteria" => &mut form.criteria,
                "template" => &mut form.template,
                "repeats" => &mut form.repeats,
                "temperature" => &mut form.temperature,
                "max_tokens" => &mut form.max_tokens,
                "note" => &mut form.note,
                "first" => &mut form.first,
                "second" => &mut form.second,
                "op" => &mut form.op,
                _ => continue,
            };
            value.as_ref().clone_into(field);
        }
        form
    }

    /// The form that makes the next version of a judge like this.
    #[must_use]
    pub fn of_spec(judge: JudgeId, name: String, spec: &JudgeSpec) -> Self {
        Self {
            of: judge.to_string(),
            name,
            mode: spec.mode.as_str().to_owned(),
            lang: spec.lang.tag().to_owned(),
            writer: writer_value(&spec.asked),
            criteria: written(&spec.criteria),
            template: spec.template.clone(),
            repeats: spec.repeats.to_string(),
            temperature: spec.temperature.to_string(),
            max_tokens: spec.max_tokens.to_string(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn is_pairwise(&self) -> bool {
        self.mode == Mode::Pairwise.as_str()
    }

    /// The language of what is added to the template: that of the page where none is chosen.
    #[must_use]
    pub fn lang(&self, l: Lang) -> Lang {
        Lang::from_tag(&self.lang).unwrap_or(l)
    }

    /// What is defined, by somebody who is asked by `writer`.
    pub fn spec(&self, l: Lang, writer: Writer) -> Result<JudgeSpec, AppError> {
        let whole = |name: &str, typed: &str| -> Result<u32, AppError> {
            typed.trim().parse().map_err(|_| AppError::invalid(name, text::no_number(l)))
        };
        let mode: Mode = self.mode.parse().map_err(|_| AppError::invalid("mode", text::no_choice(l)))?;
        let criteria = match mode {
            Mode::Rubric => {
                parsed(&self.criteria).map_err(|line| AppError::invalid("criteria", text::bad_line(l, line)))?
            }
            Mode::Pairwise => Vec::new(),
        };
        let temperature =
            decimal(&self.temperature).ok_or_else(|| AppError::invalid("temperature", text::no_number(l)))?;
        // Browsers send lines with CR LF.
        let template = self.template.replace("\r\n", "\n").trim().to_owned();
        let spec = JudgeSpec {
            mode,
            lang: self.lang(l),
            criteria,
            template,
            asked: writer,
            repeats: whole("repeats", &self.repeats)?,
            temperature,
            max_tokens: whole("max_tokens", &self.max_tokens)?,
        };
        match spec.problems().first() {
            Some(problem) => Err(AppError::invalid(problem.field(), text::problem(l, problem))),
            None => Ok(spec),
        }
    }
}

/// How the form names who is asked: `endpoint:NAME`, `model:ID`, or `model:ID:RUN`.
#[must_use]
pub fn writer_value(writer: &Writer) -> String {
    match writer {
        Writer::Endpoint { name } => format!("endpoint:{name}"),
        Writer::Model { model_id, run_id: None } => format!("model:{model_id}"),
        Writer::Model { model_id, run_id: Some(run) } => format!("model:{model_id}:{run}"),
    }
}

/// Who is named so, if anybody can be.
#[must_use]
pub fn writer_named(value: &str) -> Option<Writer> {
    let (kind, name) = value.split_once(':')?;
    match kind {
        "endpoint" => Some(Writer::Endpoint { name: name.to_owned() }),
        "model" => {
            let (model, run) = name.split_once(':').map_or((name, None), |(model, run)| (model, Some(run)));
            Some(Writer::Model { model_id: model.parse().ok()?, run_id: run.map(str::parse).transpose().ok()? })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use domain::id::{ModelId, RunId};

    #[test]
    fn whoever_is_named_is_found() {
        let model_id = ModelId::new();
        for writer in [
            Writer::Endpoint { name: "a:b".to_owned() },
            Writer::Model { model_id, run_id: None },
            Writer::Model { model_id, run_id: Some(RunId::new()) },
        ] {
            assert_eq!(writer_named(&writer_value(&writer)), Some(writer));
        }
        assert_eq!(["", "model:x", "other:x", "model"].map(writer_named), [const { None }; 4]);
    }

    #[test]
    fn the_next_version_begins_with_the_last_one() {
        let typed = [("criteria", "truth 1-5: Right?\r\n1 = no"), ("template", " Rate {answer} ")];
        let writer = Writer::Endpoint { name: "house".to_owned() };
        let spec = JudgeForm::from_pairs(typed).spec(Lang::Zh, writer.clone()).unwrap();
        assert_eq!((spec.lang, spec.repeats, spec.template.as_str()), (Lang::Zh, 3, "Rate {answer}"));
        let again = JudgeForm::of_spec(JudgeId::new(), "j".to_owned(), &spec);
        assert_eq!(again.spec(Lang::En, writer.clone()).unwrap(), spec);
        let wrong = JudgeForm { criteria: "truth".to_owned(), ..again };
        assert!(matches!(wrong.spec(Lang::En, writer), Err(AppError::Invalid { field, .. }) if field == "criteria"));
    }
}
