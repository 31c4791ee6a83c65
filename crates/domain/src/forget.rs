//! Forgetting rows: what somebody wrote, or what was written about somebody, is found in all versions and erased.

use crate::{
    id::{DatasetId, JobId, RunId, SampleId, UploadId, VersionId},
    run::RunStatus,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// Texts of one request at most.
pub const MAX_TEXTS: usize = 20;
/// Length of one text, in characters: shorter ones are in too many samples to be somebody's.
pub const MIN_CHARS: usize = 3;
pub const MAX_CHARS: usize = 200;
/// Samples that are shown before they are erased.
pub const EXAMPLES: usize = 20;
/// What stands in the place of an erased text.
pub const TOMBSTONE: &str = "[erased]";

/// Why texts cannot be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgetError {
    #[error("name at least one text")]
    Nothing,
    #[error("name at most {MAX_TEXTS} texts")]
    TooMany,
    #[error("each text must have {MIN_CHARS} to {MAX_CHARS} characters")]
    Length,
}

/// What is at work on samples that are to be erased, or may be: it would write down again what it has read of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    #[error(
        "a background job of this project is at work or holds these texts ({kind}, {id}): wait until it has ended, or cancel it, \
         then erase"
    )]
    Job { id: JobId, kind: String },
    #[error(
        "run #{number} “{name}” waits for its training or trains on such samples: wait until it has ended, or cancel it, then erase"
    )]
    Run { id: RunId, number: i32, name: String },
}

/// The texts to look for, without blanks at their ends.
pub fn parse_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<String>, ForgetError> {
    let found: Vec<String> = texts.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect();
    if found.is_empty() {
        return Err(ForgetError::Nothing);
    }
    if found.len() > MAX_TEXTS {
        return Err(ForgetError::TooMany);
    }
    let is_good = |text: &String| (MIN_CHARS..=MAX_CHARS).contains(&text.chars().count());
    if found.iter().all(is_good) { Ok(found) } else { Err(ForgetError::Length) }
}

/// A version that holds such samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForgetVersion {
    pub version_id: VersionId,
    pub dataset_id: DatasetId,
    pub dataset_name: String,
    pub number: u32,
    pub samples: u64,
    /// Whether a version without them will follow it: it is the newest of a dataset that is not archived.
    pub is_newest: bool,
}

/// A run that has seen such samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForgetRun {
    pub id: RunId,
    pub number: i32,
    pub name: String,
    pub status: RunStatus,
    /// Samples of its version, or of the version of the run that it continues.
    pub samples: u64,
}

/// An uploaded file that such samples came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForgetFile {
    pub upload_id: UploadId,
    pub file_name: String,
    pub size_bytes: u64,
    pub sha256: String,
}

/// A sample that will be erased; those of the test split are not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForgetExample {
    pub id: SampleId,
    pub dataset_name: String,
    pub text: String,
}

/// What holds the texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForgetFound {
    /// Different samples, of all versions of all datasets.
    pub samples: u64,
    pub versions: Vec<ForgetVersion>,
    /// Stored answers of models about these samples, or that hold the texts.
    pub predictions: u64,
    pub bad_cases: u64,
    pub runs: Vec<ForgetRun>,
    pub files: Vec<ForgetFile>,
    pub examples: Vec<ForgetExample>,
}

/// That rows were forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forgetting {
    pub id: Uuid,
    /// Absent when the account is gone.
    pub by: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub samples: u64,
    /// Runs that have seen them.
    pub runs: u64,
    /// Uploaded files that hold them and are still there.
    pub files: Vec<ForgetFile>,
}

/// That a run has seen rows which were forgotten afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SawForgotten {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub samples: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_neither_too_short_nor_too_many() {
        let parse = |text: &str| parse_texts(text.lines());
        assert_eq!(parse(" ann@example.org \n\nAnn Lee"), Ok(vec!["ann@example.org".to_owned(), "Ann Lee".to_owned()]));
        assert_eq!(parse(" \n"), Err(ForgetError::Nothing));
        assert_eq!(parse("ab"), Err(ForgetError::Length));
        assert_eq!(parse(&"abc\n".repeat(21)), Err(ForgetError::TooMany));
    }
}
