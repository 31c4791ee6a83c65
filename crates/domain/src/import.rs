//! From an uploaded file to a dataset version: what a person chooses, and what a first look at
//! the file shows.

mod problem;

pub use problem::{FileAdvice, FileKind, ImportProblem};

use crate::{
    dataset::{Append, BadLines, FileInside, FileLeftOut, FileSyntax, LineError, Mapping, Packing, SplitPlan},
    id::{DatasetId, ModelId, UploadId, VersionId},
    sample::Sample,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Rows that a preview reads at most.
pub const PREVIEW_ROWS: usize = 1000;
/// Rows that a preview shows.
pub const PREVIEW_SHOWN: usize = 10;
/// Bad lines that a report lists; all are counted.
pub const REPORT_LINES: usize = 10_000;

/// A file that a person sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Upload {
    pub id: UploadId,
    pub file_name: String,
    pub size_bytes: u64,
    /// Name of the bytes in the artifact store, in hexadecimal.
    pub sha256: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Where the samples go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportTarget {
    /// Version 1 of a new dataset with this name.
    Name(String),
    /// The next version of a dataset that exists.
    DatasetId(DatasetId),
}

/// How to make a dataset version from an upload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "ImportRequestJson")]
pub struct ImportRequest {
    pub upload_id: UploadId,
    #[serde(flatten)]
    pub target: ImportTarget,
    /// Detected when absent.
    #[serde(default)]
    pub syntax: Option<FileSyntax>,
    /// WHATWG encoding label such as `gb18030`; detected when absent.
    #[serde(default)]
    pub encoding: Option<String>,
    /// Guessed from the first rows when absent.
    #[serde(default)]
    pub mapping: Option<Mapping>,
    /// Which files of an archive are read: a pattern such as `train*.jsonl`. All data files when absent.
    #[serde(default)]
    pub inside: Option<String>,
    /// Adds the file to the newest version of the dataset, in place of making a version of the file alone.
    #[serde(default)]
    pub append: Option<Append>,
    #[serde(default)]
    pub bad_lines: BadLines,
    #[serde(default)]
    pub split: SplitPlan,
}

/// The JSON of an [`ImportRequest`]. A type of its own, since serde can refuse unknown keys only
/// where nothing is flattened.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportRequestJson {
    upload_id: UploadId,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    dataset_id: Option<DatasetId>,
    #[serde(default)]
    syntax: Option<FileSyntax>,
    #[serde(default)]
    encoding: Option<String>,
    #[serde(default)]
    mapping: Option<Mapping>,
    #[serde(default)]
    inside: Option<String>,
    #[serde(default)]
    append: Option<Append>,
    #[serde(default)]
    bad_lines: BadLines,
    #[serde(default)]
    split: SplitPlan,
}

impl TryFrom<ImportRequestJson> for ImportRequest {
    type Error = &'static str;

    fn try_from(json: ImportRequestJson) -> Result<Self, Self::Error> {
        if json.append.is_some() && json.dataset_id.is_none() {
            return Err("`append` needs `dataset_id`, the dataset to add to");
        }
        let target = match (json.name, json.dataset_id) {
            (Some(name), None) => ImportTarget::Name(name),
            (None, Some(id)) => ImportTarget::DatasetId(id),
            (Some(_), Some(_)) => {
                return Err("give either `name` (a new dataset) or `dataset_id` (a new version), not both");
            }
            (None, None) => return Err("give `name` (a new dataset) or `dataset_id` (a new version)"),
        };
        Ok(Self {
            upload_id: json.upload_id,
            target,
            syntax: json.syntax,
            encoding: json.encoding,
            mapping: json.mapping,
            inside: json.inside,
            append: json.append,
            bad_lines: json.bad_lines,
            split: json.split,
        })
    }
}

/// What a first look at a file should assume; what is absent is detected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    #[serde(default)]
    pub syntax: Option<FileSyntax>,
    #[serde(default)]
    pub encoding: Option<String>,
    #[serde(default)]
    pub mapping: Option<Mapping>,
    /// Which files of an archive are read: a pattern such as `train*.jsonl`.
    #[serde(default)]
    pub inside: Option<String>,
}

/// One row of the file as it stands there: its line and its fields as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewRow {
    pub line: u64,
    /// In the order of [`Preview::fields`]; `None` where the row lacks the field.
    pub cells: Vec<Option<String>>,
}

/// A row that the mapping turned into a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewSample {
    pub line: u64,
    pub sample: Sample,
}

/// What the first [`PREVIEW_ROWS`] rows of a file show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    pub upload: Upload,
    pub packing: Packing,
    /// The files with rows, in the order in which they are read: one, unless it is an archive.
    pub files: Vec<FileInside>,
    /// Files of the archive that are not read.
    pub left_out: Vec<FileLeftOut>,
    /// Of the first file; the others have the same.
    pub syntax: FileSyntax,
    /// WHATWG name of the encoding in use, of the first file.
    pub encoding: String,
    /// Bytes that are invalid in this encoding stand as U+FFFD: it may be the wrong one.
    pub has_replacements: bool,
    /// Names of the fields, in order of appearance; nested ones with dots.
    pub fields: Vec<String>,
    /// The first [`PREVIEW_SHOWN`] rows.
    pub rows: Vec<PreviewRow>,
    /// The mapping in use: the one asked for, else a guess, else none.
    pub mapping: Option<Mapping>,
    /// The first [`PREVIEW_SHOWN`] samples.
    pub samples: Vec<PreviewSample>,
    /// Lines read, the bad ones included.
    pub lines: u64,
    /// Lines that cannot become samples.
    pub errors: Vec<LineError>,
    /// The file has more rows than were read.
    pub has_more: bool,
}

/// A file to be fetched from an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FetchUpload {
    /// `https://HOST/PATH`; the server's settings name the hosts.
    pub url: String,
    /// The address's last part when absent.
    #[serde(default)]
    pub file_name: Option<String>,
}

impl FetchUpload {
    /// How the file is called: its ending helps to recognise the syntax.
    #[must_use]
    pub fn file_name(&self) -> String {
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        let last = path.rsplit('/').next().unwrap_or_default();
        let given = self.file_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let name = given.unwrap_or(last).rsplit(['/', '\\']).next().unwrap_or_default();
        let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
        if name.is_empty() { "download".to_owned() } else { name }
    }
}

/// Asks for samples of a task file of lm-evaluation-harness: two files that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TaskUpload {
    /// The task file (YAML).
    pub task_upload_id: UploadId,
    /// The data of the split that is tested: JSON lines, a JSON list or CSV, as the task says.
    pub data_upload_id: UploadId,
}

/// Asks for a version's token statistics under one model's tokenizer and chat template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CountTokens {
    pub version_id: VersionId,
    pub model_id: ModelId,
}

impl ImportRequest {
    /// Whether the choices make sense on their own; the file is not looked at.
    pub fn check(&self) -> Result<(), ImportProblem> {
        if !self.split.is_usable() {
            return Err(ImportProblem::BadSplit);
        }
        if let Some(field) = self.mapping.as_ref().and_then(Mapping::doubly_used) {
            return Err(ImportProblem::SameField { field: field.to_owned() });
        }
        match &self.target {
            ImportTarget::Name(name) if crate::account::parse_name(name).is_err() => Err(ImportProblem::BadName),
            ImportTarget::Name(_) | ImportTarget::DatasetId(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_needs_to_say_little() {
        let json = r#"{"upload_id": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "reviews"}"#;
        let request: ImportRequest = serde_json::from_str(json).expect("valid");
        assert_eq!(request.target, ImportTarget::Name("reviews".to_owned()));
        assert_eq!(request.bad_lines, BadLines::Stop);
        assert_eq!(request.check(), Ok(()));
        let again = serde_json::to_string(&request).expect("serialises");
        assert_eq!(serde_json::from_str::<ImportRequest>(&again).expect("reads back"), request);
    }

    #[test]
    fn what_is_misspelt_or_contradicts_itself_is_named() {
        let refused = |rest: &str| {
            let json = format!(r#"{{"upload_id": "01890a5d-ac96-774b-bcce-b302099a8057", {rest}}}"#);
            serde_json::from_str::<ImportRequest>(&json).expect_err("refused").to_string()
        };
        assert!(refused(r#""name": "a", "bad_line": "skip""#).contains("`bad_line`"));
        let mapping = r#"{"format": "messages", "messages": "m", "text": "t"}"#;
        assert!(refused(&format!(r#""name": "a", "mapping": {mapping}"#)).contains("`text`"));
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert!(refused(&format!(r#""name": "a", "dataset_id": "{id}""#)).contains("not both"));
        assert!(refused(r#""encoding": "utf-8""#).contains("`name`"));
    }

    #[test]
    fn a_fetched_file_is_called_by_its_address() {
        let name = |url: &str| FetchUpload { url: url.to_owned(), file_name: None }.file_name();
        assert_eq!(name("https://x.org/data/a.jsonl.gz?download=true#x"), "a.jsonl.gz");
        assert_eq!(name("https://x.org/"), "download");
        let given = FetchUpload { url: "https://x.org/a".to_owned(), file_name: Some("../b.csv".to_owned()) };
        assert_eq!(given.file_name(), "b.csv");
    }

    #[test]
    fn one_field_is_not_question_and_answer_at_once() {
        let json = r#"{"upload_id": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "a",
            "mapping": {"format": "prompt_completion", "prompt": "x", "completion": "x"}}"#;
        let request: ImportRequest = serde_json::from_str(json).expect("valid");
        assert_eq!(request.check(), Err(ImportProblem::SameField { field: "x".to_owned() }));
    }

    #[test]
    fn a_file_of_another_kind_comes_with_advice() {
        let problem = ImportProblem::NotText { kind: FileKind::SevenZip };
        assert_eq!(problem.to_string(), "this is a 7z file, not a text file: pack it as ZIP, or send the file inside");
    }
}
