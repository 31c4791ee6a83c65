//! What the import form says: a bag of named values, which the page's address, the form's post
//! and the preview all read in the same way.

use super::text;
use crate::{error::AppError, ui::form::Values};
use domain::{
    dataset::{Append, BadLines, Mapping, Merge, MergeSource, SplitPlan},
    import::{ImportRequest, ImportTarget, PreviewRequest},
    lang::Lang,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A format's word and the fields it needs; the second of each pair says whether it must be there.
pub type Format = (&'static str, &'static [(&'static str, bool)]);

/// Every format of [`Mapping`], by the names it has there.
pub const FORMATS: [Format; 11] = [
    ("messages", &[("messages", true)]),
    ("share_gpt", &[("conversations", true), ("system", false)]),
    ("alpaca", &[("instruction", true), ("input", false), ("output", true), ("system", false), ("history", false)]),
    ("prompt_completion", &[("prompt", true), ("completion", true)]),
    ("text_label", &[("text", true), ("label", true)]),
    ("question_answer", &[("question", true), ("context", false), ("answer", true)]),
    ("multiple_choice", &[("question", true), ("context", false), (CHOICES, true), ("answer", true)]),
    ("text_spans", &[("text", true), ("spans", true)]),
    ("label_studio", &[("text", true), ("annotations", true)]),
    ("text", &[("text", true)]),
    ("preference", &[("chosen", true), ("rejected", true), ("prompt", false), ("input", false), ("system", false)]),
];

/// Name of the text put before each text of a classification set and the like. In the mapping it is called
/// `instruction`, which in Alpaca is a field of the file.
pub const PREFIX: &str = "prefix";

/// The part of multiple-choice questions that is typed: names of several fields, or texts that every row has.
pub const CHOICES: &str = "choices";

/// Formats that have a [`PREFIX`].
pub const PREFIXED: [&str; 4] = ["text_label", "text_spans", "label_studio", "text"];

/// The choice to take what a `dataset_info.json` in the archive says of each file.
pub const DESCRIBED: &str = "described";

/// Named values; what is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportForm(Values);

impl ImportForm {
    /// The values of a page's query.
    #[must_use]
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(Values::from_pairs(pairs))
    }

    /// A value, without surrounding space.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name)
    }

    /// A value that is not empty.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0.given(name)
    }

    /// The same form with no attempt behind it.
    #[must_use]
    pub fn without_job(mut self) -> Self {
        self.0.remove(|name| name == "job");
        self
    }

    /// As a query string without the question mark.
    #[must_use]
    pub fn query(&self) -> String {
        self.0.query()
    }

    /// The mapping, once a format and all fields it must have are chosen.
    #[must_use]
    pub fn mapping(&self) -> Option<Mapping> {
        let (format, slots) = FORMATS.iter().find(|(word, _)| *word == self.get("format"))?;
        if slots.iter().any(|(slot, needed)| *needed && self.given(slot).is_none()) {
            return None;
        }
        let mut mapping: serde_json::Map<String, Value> =
            slots.iter().map(|(slot, _)| ((*slot).to_owned(), self.given(slot).into())).collect();
        mapping.insert("format".to_owned(), (*format).into());
        if PREFIXED.contains(format) {
            mapping.insert("instruction".to_owned(), self.given(PREFIX).into());
        }
        serde_json::from_value(mapping.into()).ok()
    }

    /// What the preview should assume.
    #[must_use]
    pub fn preview_request(&self) -> PreviewRequest {
        PreviewRequest {
            syntax: self.given("syntax").and_then(word),
            encoding: self.given("encoding").map(str::to_owned),
            mapping: self.mapping(),
            inside: self.given("inside").map(str::to_owned),
        }
    }

    /// The import that the form asks for. Values that cannot be used are named in the user's language.
    pub fn request(&self, l: Lang) -> Result<ImportRequest, AppError> {
        let preview = self.preview_request();
        let mapping = match self.get("format") {
            DESCRIBED => None,
            _ => Some(preview.mapping.ok_or_else(|| AppError::invalid("format", text::choose_fields(l)))?),
        };
        let target = match self.given("dataset") {
            Some(id) => ImportTarget::DatasetId(id.parse().map_err(|_| AppError::NotFound)?),
            None => ImportTarget::Name(self.get("name").to_owned()),
        };
        Ok(ImportRequest {
            upload_id: self.get("upload").parse().map_err(|_| AppError::NotFound)?,
            target,
            syntax: preview.syntax,
            encoding: preview.encoding,
            mapping,
            inside: preview.inside,
            append: self.append(),
            bad_lines: self.given("bad_lines").and_then(word).unwrap_or(BadLines::Stop),
            split: self.split().ok_or_else(|| AppError::invalid("train", text::split_problem(l)))?,
        })
    }

    /// The mixture of versions that a form of sources and weights asks for.
    pub fn merge(&self, l: Lang) -> Result<Merge, AppError> {
        let mut sources = Vec::new();
        for i in 1..=super::merge::SOURCES {
            let (name, weight) = (format!("source_{i}"), format!("weight_{i}"));
            let Some(version) = self.given(&name) else { continue };
            let version_id = version.parse().map_err(|_| AppError::NotFound)?;
            let weight = self.given(&weight).unwrap_or("1").parse().ok().filter(|w: &f64| *w > 0.0);
            let weight = weight.ok_or_else(|| AppError::invalid(format!("weight_{i}"), text::weight_problem(l)))?;
            sources.push(MergeSource { version_id, weight });
        }
        let seed = self.given("seed").unwrap_or("0").parse();
        let merge = Merge {
            name: self.get("name").to_owned(),
            sources,
            sizing: self.given("sizing").and_then(word).unwrap_or_default(),
            seed: seed.map_err(|_| AppError::invalid("seed", text::split_problem(l)))?,
        };
        if merge.is_usable() { Ok(merge) } else { Err(AppError::invalid("source_1", text::merge_problem(l))) }
    }

    /// Whether and how the file is added to a dataset's newest version.
    fn append(&self) -> Option<Append> {
        let duplicates = self.given("growth").and_then(word)?;
        self.given("dataset").map(|_| Append { duplicates })
    }

    /// The division into splits, if it makes sense.
    fn split(&self) -> Option<SplitPlan> {
        let default = SplitPlan::default();
        let share = |name, default: f64| self.given(name).map_or(Some(default), |v| v.parse().ok());
        let plan = SplitPlan {
            seed: self.given("seed").map_or(Some(default.seed), |v| v.parse().ok())?,
            train: share("train", default.train * 100.0)?,
            validation: share("validation", default.validation * 100.0)?,
            test: share("test", default.test * 100.0)?,
        };
        plan.is_usable().then_some(plan)
    }
}

/// A domain word such as `csv` or `skip`.
fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(text.into()).ok()
}

/// The field of the file that a mapping uses for one of its parts.
#[must_use]
pub fn slot_value(mapping: &Mapping, slot: &str) -> Option<String> {
    serde_json::to_value(mapping).ok()?.get(slot)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn every_format_can_be_chosen() {
        for (format, slots) in FORMATS {
            let pairs = slots.iter().filter(|(_, needed)| *needed).map(|(slot, _)| (*slot, *slot));
            let form = ImportForm::from_pairs(pairs.chain([("format", format), (PREFIX, "Write.")]));
            let mapping = form.mapping().unwrap();
            assert_eq!(mapping.format(), format);
            assert_eq!(slot_value(&mapping, slots[0].0).as_deref(), Some(slots[0].0));
            assert_eq!(ImportForm::from_pairs([("format", format)]).mapping(), None);
        }
    }

    #[test]
    fn the_instruction_of_a_classification_set_is_text() {
        let pairs = [("format", "text_label"), ("text", "a"), ("label", "b"), (PREFIX, "Sort this:")];
        let expected = Mapping::TextLabel {
            text: "a".to_owned(),
            label: "b".to_owned(),
            instruction: Some("Sort this:".to_owned()),
        };
        assert_eq!(ImportForm::from_pairs(pairs).mapping(), Some(expected));
    }

    #[test]
    fn a_query_keeps_what_was_typed() {
        let form = ImportForm::from_pairs([("name", "评论 & more"), ("job", "x"), ("seed", "")]);
        assert_eq!(form.without_job().query(), "name=%E8%AF%84%E8%AE%BA%20%26%20more");
    }

    #[test]
    fn shares_must_make_sense() {
        let plan = |train: &str| ImportForm::from_pairs([("train", train)]).split();
        assert!(plan("80").is_some() && plan("").is_some());
        assert!(plan("0").is_none() && plan("-1").is_none() && plan("x").is_none());
    }
}
