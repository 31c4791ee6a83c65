//! The data recipe: what is done to the samples of a version, step by step, to make the next one.
//!
//! "Data recipe" tells it from the training recipe. It is read from and written to TOML and JSON; the same recipe on
//! the same samples gives the same result, on the page and on the command line.

mod kinds;
mod report;

pub use kinds::{
    Augment, AugmentMethod, Balance, Characters, ChineseForm, ExactDuplicates, Garble, Html, Keep, LabelConflicts,
    Language, Length, Mode, Mojibake, NearDuplicates, Order, PersonalAction, PersonalKind, Pieces, Pii, Repetition,
    Script, Turns, Unicode, UnicodeForm, Unit, Where, Width, Words,
};
pub use kinds::{LANGUAGES, LabelMethod, LabelProblems, Likely, Outliers, Perplexity};
pub use report::{Because, Change, Cluster, Example, Reason, StepReport, StepsReport};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Steps of one recipe at most.
pub const MAX_STEPS: usize = 50;
/// The slice that marks a copy whose label somebody has to look at, and its value.
pub const TO_CHECK: (&str, &str) = ("check", "label");
/// Characters of a setting that is any text.
const MAX_TEXT_CHARS: usize = 4000;

/// What is done to samples, in this order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DataRecipe {
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// One step with its settings. Every setting has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Step {
    /// Text read in the wrong encoding.
    Mojibake(Mojibake),
    /// Tags and entities.
    Html(Html),
    /// Unicode normal forms.
    Unicode(Unicode),
    /// Full-width and half-width forms.
    Width(Width),
    /// Traditional and simplified Chinese.
    Script(Script),
    /// Control, invisible and stray characters, and space.
    Characters(Characters),
    /// Broken conversations: empty turns, wrong order, no answer.
    Turns(Turns),
    /// Too short or too long.
    Length(Length),
    /// Texts in other languages.
    Language(Language),
    /// Texts that repeat themselves.
    Repetition(Repetition),
    /// Personal data.
    Pii(Pii),
    /// Copies.
    ExactDuplicates(ExactDuplicates),
    /// Texts that say almost the same.
    NearDuplicates(NearDuplicates),
    /// The same text with different labels.
    LabelConflicts(LabelConflicts),
    /// As many training samples of each label.
    Balance(Balance),
    /// Changed copies of training samples.
    Augment(Augment),
    /// What a model finds unlikely, or knows by heart.
    Perplexity(Perplexity),
    /// Texts unlike all others.
    Outliers(Outliers),
    /// Labels that are probably wrong.
    LabelProblems(LabelProblems),
}

/// Why a data recipe cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum StepError {
    #[error("the recipe has no step: add one")]
    Empty,
    #[error("a data recipe has at most {MAX_STEPS} steps")]
    TooMany,
    #[error("step {step}, `{field}`: must be {range}")]
    Range { step: usize, field: String, range: String },
    #[error("step {step}: {least} is more than {most}, so that nothing would stay")]
    Nothing { step: usize, least: u64, most: u64 },
    #[error("step {step} needs scores of the samples: score the version with a model first")]
    Unscored { step: usize },
    #[error("step {step} needs embeddings: score the version again, with embeddings")]
    NoEmbeddings { step: usize },
    /// Memory grows with samples times labels.
    #[error(
        "step {step}: {labels} different labels are too many for a classifier of {samples} samples, at most {most} are possible: \
         set `method` to `neighbours`, or give rare labels a common name first"
    )]
    Labels { step: usize, labels: u64, samples: u64, most: u64 },
    /// In the words of the TOML or JSON reader.
    #[error("the recipe cannot be read: {detail}")]
    Unreadable { detail: String },
}

impl Step {
    /// One of each kind with its defaults, in the order in which they are usually done.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            Self::Mojibake(Mojibake::default()),
            Self::Html(Html::default()),
            Self::Unicode(Unicode::default()),
            Self::Width(Width::default()),
            Self::Script(Script::default()),
            Self::Characters(Characters::default()),
            Self::Turns(Turns::default()),
            Self::Length(Length::default()),
            Self::Language(Language::default()),
            Self::Repetition(Repetition::default()),
            Self::Pii(Pii::default()),
            Self::ExactDuplicates(ExactDuplicates::default()),
            Self::NearDuplicates(NearDuplicates::default()),
            Self::LabelConflicts(LabelConflicts::default()),
            Self::Balance(Balance::default()),
            Self::Augment(Augment::default()),
            Self::Perplexity(Perplexity::default()),
            Self::Outliers(Outliers::default()),
            Self::LabelProblems(LabelProblems::default()),
        ]
    }

    /// Whether it reads what a model says of the samples (`trainer score`).
    #[must_use]
    pub fn needs_scores(&self) -> bool {
        self.needs_embeddings() || matches!(self, Self::Perplexity(_))
    }

    /// Whether it reads their embeddings too.
    #[must_use]
    pub fn needs_embeddings(&self) -> bool {
        matches!(self, Self::Outliers(_) | Self::LabelProblems(_))
    }

    /// The word for it in recipes.
    #[must_use]
    pub fn kind(&self) -> String {
        self.json().get("kind").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A step of this kind with its defaults.
    #[must_use]
    pub fn of_kind(kind: &str) -> Option<Self> {
        Self::all().into_iter().find(|step| step.kind() == kind)
    }

    /// Names and values of its settings, in their order.
    #[must_use]
    pub fn settings(&self) -> Vec<(String, Value)> {
        match self.json() {
            Value::Object(fields) => fields.into_iter().filter(|(name, _)| name != "kind").collect(),
            _ => Vec::new(),
        }
    }

    /// The same step with another value of a setting, read from a text: `true` or `on` for a switch (an empty text
    /// is off), words with `,` between them for a list. `None` when the setting cannot hold it.
    #[must_use]
    pub fn with_setting(&self, name: &str, text: &str) -> Option<Self> {
        let mut json = self.json();
        let place = json.get_mut(name).filter(|_| name != "kind")?;
        let text = text.trim();
        *place = match place {
            Value::Bool(_) => matches!(text, "true" | "on" | "1").into(),
            Value::Number(n) if n.is_f64() => text.parse::<f64>().ok()?.into(),
            Value::Number(_) => text.parse::<u64>().ok()?.into(),
            Value::Array(_) => text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect(),
            _ => text.into(),
        };
        serde_json::from_value(json).ok()
    }

    /// Whether its settings are within their ranges; `number` counts from 1.
    pub fn check(&self, number: usize) -> Result<(), StepError> {
        let range = |field: &str, ok: bool, range: &str| match ok {
            true => Ok(()),
            false => Err(StepError::Range { step: number, field: field.to_owned(), range: range.to_owned() }),
        };
        match self {
            Self::Length(s) if s.least > s.most => {
                Err(StepError::Nothing { step: number, least: s.least, most: s.most })
            }
            Self::Length(s) => range("most", s.most > 0, "1 or more"),
            Self::Repetition(s) => {
                range("ngram", (2..=20).contains(&s.ngram), "a whole number from 2 to 20")?;
                range("share", (0.05..=1.0).contains(&s.share), "a number from 0.05 to 1")?;
                range("lines", (0.05..=1.0).contains(&s.lines), "a number from 0.05 to 1")
            }
            Self::NearDuplicates(s) => {
                range("threshold", (0.3..=1.0).contains(&s.threshold), "a number from 0.3 to 1")?;
                range("size", (1..=20).contains(&s.size), "a whole number from 1 to 20")?;
                range("han_size", (1..=20).contains(&s.han_size), "a whole number from 1 to 20")
            }
            Self::Language(s) => {
                let is_known = s.languages.iter().all(|word| LANGUAGES.contains(&word.as_str()));
                let known = format!("one or more of {}", LANGUAGES.join(", "));
                range("languages", is_known && !s.languages.is_empty(), &known)
            }
            Self::Pii(s) => {
                range("email", PersonalKind::ALL.iter().any(|kind| s.looks_for(*kind)), "on, or another kind")?;
                range("salt", s.salt.chars().count() <= 200, "at most 200 characters")
            }
            Self::Perplexity(s) => {
                range("highest", (0.0..=90.0).contains(&s.highest), "a number from 0 to 90")?;
                range("lowest", (0.0..=90.0).contains(&s.lowest), "a number from 0 to 90")?;
                range("above", s.above.is_finite() && s.above >= 0.0, "0 or more")?;
                range("below", s.below.is_finite() && s.below >= 0.0, "0 or more")
            }
            Self::Outliers(s) => {
                range("neighbours", (1..=100).contains(&s.neighbours), "a whole number from 1 to 100")?;
                range("percent", (0.0..=50.0).contains(&s.percent), "a number from 0 to 50")?;
                range("sample", (100..=100_000).contains(&s.sample), "a whole number from 100 to 100000")
            }
            Self::LabelProblems(s) => {
                range("folds", (2..=20).contains(&s.folds), "a whole number from 2 to 20")?;
                range("similarity", (0.5..=1.0).contains(&s.similarity), "a number from 0.5 to 1")?;
                range("neighbours", (1..=100).contains(&s.neighbours), "a whole number from 1 to 100")?;
                range("sample", (100..=100_000).contains(&s.sample), "a whole number from 100 to 100000")
            }
            Self::Balance(s) => range("ratio", (1.0..=100.0).contains(&s.ratio), "a number from 1 to 100"),
            Self::Augment(s) => {
                let texts = [
                    ("own_synonyms", &s.own_synonyms),
                    ("own_pairs", &s.own_pairs),
                    ("templates", &s.templates),
                    ("negated_labels", &s.negated_labels),
                ];
                range("synonyms", !s.methods().is_empty(), "on, or another method")?;
                range("share_copied", s.share_copied > 0.0 && s.share_copied <= 1.0, "a number above 0 and up to 1")?;
                range("copies", (1..=20).contains(&s.copies), "a whole number from 1 to 20")?;
                range("strength", s.strength > 0.0 && s.strength <= 0.5, "a number above 0 and up to 0.5")?;
                range("shortest", (0.0..=1.0).contains(&s.shortest), "a number from 0 to 1")?;
                range("longest", (1.0..=10.0).contains(&s.longest), "a number from 1 to 10")?;
                let fits = s.templates.trim().is_empty() || s.templates.contains("{text}");
                range("templates", fits, "lines of which one holds {text}")?;
                let mut labels = s.negated_labels.lines().map(str::trim).filter(|line| !line.is_empty());
                let fits = labels.all(|line| line.starts_with("# ") || line.contains('='));
                range("negated_labels", fits, "lines like positive = negative")?;
                texts.iter().try_for_each(|(name, text)| {
                    range(name, text.chars().count() <= MAX_TEXT_CHARS, "at most 4000 characters")
                })
            }
            Self::Unicode(_)
            | Self::Mojibake(_)
            | Self::Html(_)
            | Self::Script(_)
            | Self::Width(_)
            | Self::Characters(_)
            | Self::Turns(_)
            | Self::ExactDuplicates(_)
            | Self::LabelConflicts(_) => Ok(()),
        }
    }

    fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl DataRecipe {
    /// Whether every step can be done.
    pub fn check(&self) -> Result<(), StepError> {
        if self.steps.is_empty() {
            return Err(StepError::Empty);
        }
        if self.steps.len() > MAX_STEPS {
            return Err(StepError::TooMany);
        }
        self.steps.iter().enumerate().try_for_each(|(i, step)| step.check(i + 1))
    }

    /// Reads TOML and checks it.
    pub fn from_toml(text: &str) -> Result<Self, StepError> {
        let recipe: Self = toml::from_str(text).map_err(|e| StepError::Unreadable { detail: e.to_string() })?;
        recipe.check().map(|()| recipe)
    }

    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn every_kind_survives_toml_and_json() {
        let recipe = DataRecipe { steps: Step::all() };
        assert_eq!(recipe.check(), Ok(()));
        assert_eq!(DataRecipe::from_toml(&recipe.to_toml()), Ok(recipe.clone()));
        let json = serde_json::to_string(&recipe).unwrap();
        assert_eq!(serde_json::from_str::<DataRecipe>(&json).unwrap(), recipe);
        for step in recipe.steps {
            assert_eq!(Step::of_kind(&step.kind()), Some(step));
        }
    }

    #[test]
    fn a_recipe_needs_to_say_little_and_is_told_what_is_wrong() {
        let recipe = DataRecipe::from_toml("[[steps]]\nkind = \"length\"\nmost = 100\n").unwrap();
        assert_eq!(recipe.steps, [Step::Length(Length { most: 100, ..Length::default() })]);
        for (text, part) in [
            ("", "add one"),
            ("[[steps]]\nkind = \"lengt\"\n", "lengt"),
            ("[[steps]]\nkind = \"length\"\nmax = 3\n", "max"),
            ("[[steps]]\nkind = \"length\"\nleast = 5\nmost = 3\n", "5 is more than 3"),
            ("[[steps]]\nkind = \"language\"\nlanguages = [\"english\"]\n", "zh, ja, ko"),
            ("[[steps]]\nkind = \"unicode\"\n[[steps]]\nkind = \"repetition\"\nshare = 2.0\n", "step 2, `share`"),
        ] {
            let error = DataRecipe::from_toml(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn every_setting_reads_back_what_it_shows() {
        for step in Step::all() {
            for (name, value) in step.settings() {
                let text = match &value {
                    Value::String(word) => word.clone(),
                    Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
                    other => other.to_string(),
                };
                assert_eq!(step.with_setting(&name, &text).as_ref(), Some(&step), "{} {name}", step.kind());
            }
        }
        let length = Step::Length(Length::default());
        assert_eq!(length.with_setting("most", "many"), None);
        assert_eq!(length.with_setting("kind", "unicode"), None);
        assert_eq!(length.with_setting("unit", "miles"), None);
    }
}
