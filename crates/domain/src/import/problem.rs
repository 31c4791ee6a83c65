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
    /// Of a file whose first rows are not as they should be.
    #[error("the first rows of this file fit no known format; {first}")]
    NoMappingOfBad { first: LineError },
    #[error("this is {kind}, not a text file: {}", kind.advice())]
    NotText { kind: FileKind },
    #[error("the field {field:?} cannot be both what is asked and what is answered: choose two fields")]
    SameField { field: String },
    #[error("split shares must be 0 or more, and the training share above 0")]
    BadSplit,
    #[error("the name must have 1 to 200 characters")]
    BadName,
    #[error("the file has no rows: there is nothing below the header line, or nothing at all")]
    NoRows,
    /// Skipping lines does not help where the rest cannot be read.
    #[error("the file cannot be read to its end; {first}")]
    BrokenOff { first: LineError },
    #[error("none of the {bad} lines can become a sample; {first}")]
    NoSamples { bad: u64, first: LineError },
    #[error("{bad} of {lines} lines cannot become samples; {first}")]
    BadLines { bad: u64, lines: u64, first: LineError },
}

/// A kind of file that is recognised by its first bytes and holds no lines of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    Gzip,
    Bzip2,
    Xz,
    Zstandard,
    SevenZip,
    Rar,
    Zip,
    /// Excel's, old or new, and other office documents.
    Office,
    Parquet,
    Arrow,
    Sqlite,
    Pdf,
    Image,
}

/// What a person does with a file that cannot be read as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAdvice {
    Unpack,
    SaveAsCsv,
    ExportAsJsonl,
    TextOnly,
}

impl FileKind {
    #[must_use]
    pub fn advice(self) -> FileAdvice {
        match self {
            Self::Gzip | Self::Bzip2 | Self::Xz | Self::Zstandard | Self::SevenZip | Self::Rar | Self::Zip => {
                FileAdvice::Unpack
            }
            Self::Office => FileAdvice::SaveAsCsv,
            Self::Parquet | Self::Arrow | Self::Sqlite => FileAdvice::ExportAsJsonl,
            Self::Pdf | Self::Image => FileAdvice::TextOnly,
        }
    }

    /// The kind's own name, which is the same in every language; `None` for groups of kinds.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Gzip => Some("gzip"),
            Self::Bzip2 => Some("bzip2"),
            Self::Xz => Some("xz"),
            Self::Zstandard => Some("Zstandard"),
            Self::SevenZip => Some("7z"),
            Self::Rar => Some("RAR"),
            Self::Zip => Some("ZIP"),
            Self::Parquet => Some("Parquet"),
            Self::Arrow => Some("Arrow"),
            Self::Sqlite => Some("SQLite"),
            Self::Pdf => Some("PDF"),
            Self::Office | Self::Image => None,
        }
    }
}

impl std::fmt::Display for FileKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => write!(f, "a {name} file"),
            None if *self == Self::Office => f.write_str("a spreadsheet or office document"),
            None => f.write_str("an image"),
        }
    }
}

impl std::fmt::Display for FileAdvice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unpack => "unpack it first and send the file inside",
            Self::SaveAsCsv => "save its table as CSV and send that",
            Self::ExportAsJsonl => "export its rows as JSON Lines or CSV and send that",
            Self::TextOnly => "send the texts as JSON Lines, JSON or CSV",
        })
    }
}
