//! Why a file cannot be imported: a closed set, so that pages say it in the reader's language.
//! `Display` is the English of the REST API and of logs.

use crate::dataset::LineError;
use serde::{Deserialize, Serialize};

/// Why there is no version, or no preview, of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ImportProblem {
    #[error("unknown encoding {name:?}: use a label of the WHATWG Encoding Standard, such as utf-8 or gb18030")]
    UnknownEncoding { name: String },
    #[error("this looks like neither JSON Lines, JSON nor CSV: choose the syntax, or save the file as one of them")]
    UnknownSyntax,
    #[error("no known format fits the fields of this file: choose one and say which field is what")]
    NoMapping,
    #[error("split shares must be 0 or more, and the training share above 0")]
    BadSplit,
    #[error("the name must have 1 to 200 characters")]
    BadName,
    #[error("the file has no rows")]
    NoRows,
    /// Skipping lines does not help where the rest cannot be read.
    #[error("the file cannot be read to its end; {first}")]
    BrokenOff { first: LineError },
    #[error("none of the {bad} lines can become a sample; {first}")]
    NoSamples { bad: u64, first: LineError },
    #[error("{bad} of {lines} lines cannot become samples; {first}")]
    BadLines { bad: u64, lines: u64, first: LineError },
}
