//! The data card of a version: what can be said of it from facts on record alone. Its Markdown has the front matter of
//! Hugging Face's dataset cards (<https://huggingface.co/docs/hub/datasets-cards>).

use crate::{
    dataset::{FileSyntax, Origin, Packing, VersionStats},
    explore::Script,
    id::{DatasetId, RunId, VersionId},
    run::RunStatus,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Longest licence, in characters.
pub const MAX_LICENSE_CHARS: usize = 200;
/// Runs that a card lists.
pub const RUNS_LISTED: usize = 50;
/// Versions that a card goes back.
pub const STEPS_LISTED: usize = 100;

/// Licences that are often used for data, by their SPDX identifiers.
pub const LICENSES: [&str; 12] = [
    "CC0-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0",
    "ODC-By-1.0",
    "ODbL-1.0",
    "PDDL-1.0",
    "CDLA-Permissive-2.0",
    "Apache-2.0",
    "MIT",
];

/// The words that dataset cards know for licences.
const CARD_LICENSES: [&str; 36] = [
    "apache-2.0",
    "mit",
    "cc",
    "cc0-1.0",
    "cc-by-2.0",
    "cc-by-2.5",
    "cc-by-3.0",
    "cc-by-4.0",
    "cc-by-sa-3.0",
    "cc-by-sa-4.0",
    "cc-by-nc-2.0",
    "cc-by-nc-3.0",
    "cc-by-nc-4.0",
    "cc-by-nd-4.0",
    "cc-by-nc-nd-3.0",
    "cc-by-nc-nd-4.0",
    "cc-by-nc-sa-2.0",
    "cc-by-nc-sa-3.0",
    "cc-by-nc-sa-4.0",
    "cdla-sharing-1.0",
    "cdla-permissive-1.0",
    "cdla-permissive-2.0",
    "agpl-3.0",
    "gpl-2.0",
    "gpl-3.0",
    "lgpl-3.0",
    "gfdl",
    "isc",
    "mpl-2.0",
    "odc-by",
    "odbl",
    "pddl",
    "unlicense",
    "bsd-2-clause",
    "bsd-3-clause",
    "etalab-2.0",
];

/// A file that samples came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardSource {
    pub file_name: String,
    pub sha256: String,
    pub size_bytes: u64,
    pub syntax: FileSyntax,
    pub encoding: String,
    pub packing: Packing,
    /// Where it was fetched, if it was not sent.
    pub url: Option<String>,
}

/// One version on the way to this one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardStep {
    pub version_id: VersionId,
    pub dataset_name: String,
    pub number: u32,
    pub origin: Origin,
    pub samples: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// What the check for leaks found, under the usual settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardLeaks {
    /// Validation and test samples that were looked for in training.
    pub held_out: u64,
    /// Those that were found in a way that keeps runs from being launched.
    pub found: u64,
}

/// A run on the version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardRun {
    pub id: RunId,
    pub number: i32,
    pub name: String,
    pub status: RunStatus,
}

/// A script and how many samples are written in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardScript {
    /// `han`, `latin`, `mixed` or `other`.
    pub script: String,
    pub samples: u64,
}

/// What is known of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataCard {
    pub dataset_id: DatasetId,
    pub version_id: VersionId,
    pub name: String,
    pub number: u32,
    pub description: String,
    /// An SPDX identifier or any text; empty where nobody has said.
    pub license: String,
    pub note: String,
    pub created_by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    pub sources: Vec<CardSource>,
    /// The versions that it was made from and itself, oldest first; at most 100.
    pub steps: Vec<CardStep>,
    pub stats: VersionStats,
    /// Empty before the version's index is built.
    pub scripts: Vec<CardScript>,
    /// Names of the models by whose tokenizers `stats.tokens` were counted, as far as those are still there.
    pub tokenizers: Vec<(String, String)>,
    /// Absent before the splits were checked.
    pub leaks: Option<CardLeaks>,
    /// Times that somebody had test samples shown or sent, and how many people did.
    pub test_looks: u64,
    pub test_lookers: u64,
    /// Runs on this version, newest first; at most 50.
    pub runs: Vec<CardRun>,
    pub runs_total: u64,
}

impl DataCard {
    /// The steps that looked for personal data: dataset, version and number of the step.
    #[must_use]
    pub fn personal_steps(&self) -> Vec<(&str, u32, usize)> {
        let mut found = Vec::new();
        for step in &self.steps {
            let Origin::Cleaned { recipe, .. } = &step.origin else { continue };
            let numbered = recipe.steps.iter().enumerate().filter(|(_, s)| s.kind() == "pii");
            found.extend(numbered.map(|(i, _)| (step.dataset_name.as_str(), step.number, i + 1)));
        }
        found
    }

    /// The languages that are certain from the script: Chinese, where a tenth of the samples have its characters. Latin
    /// letters write many languages, so they name none.
    #[must_use]
    pub fn languages(&self) -> Vec<&'static str> {
        let all: u64 = self.scripts.iter().map(|s| s.samples).sum();
        let is_han = |s: &&CardScript| s.script == Script::Han.as_str() || s.script == Script::Mixed.as_str();
        let han: u64 = self.scripts.iter().filter(is_han).map(|s| s.samples).sum();
        if all > 0 && han * 10 >= all { vec!["zh"] } else { Vec::new() }
    }

    /// Hugging Face's word for the size.
    #[must_use]
    pub fn size_category(&self) -> &'static str {
        match self.stats.samples {
            0..1_000 => "n<1K",
            1_000..10_000 => "1K<n<10K",
            10_000..100_000 => "10K<n<100K",
            100_000..1_000_000 => "100K<n<1M",
            1_000_000..10_000_000 => "1M<n<10M",
            10_000_000..100_000_000 => "10M<n<100M",
            _ => "100M<n<1B",
        }
    }

    /// Hugging Face's word for the task.
    #[must_use]
    pub fn task_category(&self) -> &'static str {
        if self.stats.different_labels > 0 || !self.stats.labels.is_empty() {
            "text-classification"
        } else {
            "text-generation"
        }
    }

    /// The front matter, with its lines of `---`. Every text is quoted as in JSON, which YAML reads.
    #[must_use]
    pub fn front_matter(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut lines = vec!["---".to_owned(), format!("pretty_name: {}", quoted(&self.name))];
        match license_word(&self.license) {
            Some(word) => lines.push(format!("license: {word}")),
            None if self.license.is_empty() => lines.push("license: unknown".to_owned()),
            None => {
                lines.push("license: other".to_owned());
                lines.push(format!("license_name: {}", quoted(&self.license)));
            }
        }
        let languages = self.languages();
        if !languages.is_empty() {
            lines.push("language:".to_owned());
            lines.extend(languages.iter().map(|language| format!("- {language}")));
        }
        lines.push(format!("size_categories:\n- {}", self.size_category()));
        lines.push(format!("task_categories:\n- {}", self.task_category()));
        lines.push(format!("version: \"{}\"\n---\n", self.number));
        lines.join("\n")
    }
}

/// The word by which dataset cards know a licence.
#[must_use]
pub fn license_word(license: &str) -> Option<&'static str> {
    let lower = license.trim().to_lowercase();
    let short = match lower.as_str() {
        "odc-by-1.0" => "odc-by",
        "odbl-1.0" => "odbl",
        "pddl-1.0" => "pddl",
        other => other.trim_end_matches("-only").trim_end_matches("-or-later"),
    };
    CARD_LICENSES.into_iter().find(|word| *word == short)
}

/// A licence as it is kept; `None` for one that is too long or not one line.
#[must_use]
pub fn parse_license(text: &str) -> Option<String> {
    let license = text.trim();
    let is_good = license.chars().count() <= MAX_LICENSE_CHARS && !license.chars().any(char::is_control);
    is_good.then(|| license.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::DataRecipe;

    fn card() -> DataCard {
        DataCard {
            dataset_id: DatasetId::new(),
            version_id: VersionId::new(),
            name: "影评 \"A\": b".to_owned(),
            number: 3,
            description: String::new(),
            license: "CC-BY-4.0".to_owned(),
            note: String::new(),
            created_by: String::new(),
            created_at: OffsetDateTime::UNIX_EPOCH,
            sources: Vec::new(),
            steps: Vec::new(),
            stats: VersionStats { samples: 1000, ..VersionStats::default() },
            scripts: Vec::new(),
            tokenizers: Vec::new(),
            leaks: None,
            test_looks: 0,
            test_lookers: 0,
            runs: Vec::new(),
            runs_total: 0,
        }
    }

    #[test]
    fn the_front_matter_is_what_hugging_face_reads() {
        let scripts = [("han", 5), ("latin", 20), ("mixed", 1)];
        let scripts = scripts.map(|(script, samples)| CardScript { script: script.to_owned(), samples }).to_vec();
        let card = DataCard { scripts, ..card() };
        assert_eq!(
            card.front_matter(),
            "---\npretty_name: \"影评 \\\"A\\\": b\"\nlicense: cc-by-4.0\nlanguage:\n- zh\nsize_categories:\n- 1K<n<10K\n\
             task_categories:\n- text-generation\nversion: \"3\"\n---\n"
        );
        let other = DataCard { license: "Ours: ask".to_owned(), ..card.clone() };
        assert!(other.front_matter().contains("license: other\nlicense_name: \"Ours: ask\"\n"));
        assert!(DataCard { license: String::new(), ..card }.front_matter().contains("license: unknown\n"));
    }

    #[test]
    fn licences_are_known_by_their_spdx_names() {
        for license in LICENSES {
            assert!(license_word(license).is_some(), "{license}");
        }
        assert_eq!(license_word("GPL-3.0-only"), Some("gpl-3.0"));
        assert_eq!(license_word("Proprietary"), None);
        assert_eq!(parse_license(" MIT "), Some("MIT".to_owned()));
        assert_eq!(parse_license("a\nb"), None);
    }

    #[test]
    fn no_step_for_personal_data_is_made_up() {
        let origin = Origin::Cleaned { recipe: DataRecipe::default(), report: Default::default() };
        let step = CardStep {
            version_id: VersionId::new(),
            dataset_name: "x".to_owned(),
            number: 2,
            origin,
            samples: 1,
            at: OffsetDateTime::UNIX_EPOCH,
        };
        assert!(DataCard { steps: vec![step], ..card() }.personal_steps().is_empty());
    }
}
