//! Why a file cannot be imported: a closed set, so that pages say it in the reader's language.
//! `Display` is the English of the REST API and of logs.

use crate::dataset::{LineError, MAX_SOURCES};
use serde::{Deserialize, Serialize};

/// Why there is no version, or no preview, of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ImportProblem {
    #[error("unknown encoding {name:?}: use a label of the WHATWG Encoding Standard, such as utf-8 or gb18030")]
    UnknownEncoding { name: String },
    #[error(
        "this looks like neither JSON Lines, JSON, CSV nor Parquet: choose the syntax (also plain text), or save the file as one of them"
    )]
    UnknownSyntax,
    #[error("no known format fits the fields of this file: choose one and say which field is what")]
    NoMapping,
    /// Of a file whose first rows are not as they should be.
    #[error("the first rows of this file fit no known format; {first}")]
    NoMappingOfBad { first: Box<LineError> },
    #[error("this is {kind}, not a text file: {}", kind.advice())]
    NotText { kind: FileKind },
    /// Something that says it is packed, but is broken; `detail` is the decoder's.
    #[error("{file:?} cannot be unpacked ({detail}): pack it anew, or send it unpacked")]
    BrokenPacking { file: String, detail: String },
    #[error("{file:?} unpacks to more than {limit_bytes} bytes, which is all that is taken: send it in parts")]
    UnpackedTooLarge { file: String, limit_bytes: u64 },
    /// A compression bomb, as far as anybody can tell.
    #[error(
        "{file:?} unpacks to more than {ratio} times its size, as no real data does: send it unpacked if it is meant so"
    )]
    TooCompressed { file: String, ratio: u64 },
    #[error("the archive holds more than {limit} files: pack fewer, larger ones")]
    TooManyFiles { limit: u64 },
    #[error("the archive holds no data file that is read: JSON Lines, JSON, CSV, Parquet or text")]
    NoFileInside,
    #[error("no data file in the archive fits the pattern {pattern:?}")]
    NoFileFits { pattern: String },
    #[error(
        "the archive holds files of different syntaxes ({first:?} and {second:?}): choose some by a pattern such as *.jsonl, or send them apart"
    )]
    MixedSyntaxes { first: String, second: String },
    #[error("{file:?} is an archive inside the archive: unpack it and pack its files into one")]
    NestedArchive { file: String },
    #[error("the archive's name {file:?} leads out of it: pack the archive anew")]
    EscapingName { file: String },
    /// `detail` is the reader's.
    #[error("the Parquet file cannot be read ({detail}): write it anew, or export its rows as JSON Lines")]
    BrokenParquet { detail: String },
    #[error("the dataset_info.json in the archive cannot be used ({detail}): correct or remove it")]
    BadDatasetInfo { detail: String },
    /// `detail` is the trainer's.
    #[error("no samples can be made of the task file and its data ({detail})")]
    BadTaskFile { detail: String },
    #[error("the field {field:?} cannot be both what is asked and what is answered: choose two fields")]
    SameField { field: String },
    /// Of a file that was to be added to a dataset.
    #[error("the dataset has all {repeated} samples of this file already: nothing was added")]
    NothingNew { repeated: u64 },
    #[error("a merge needs 2 to {MAX_SOURCES} different versions, each with a weight above 0")]
    BadMerge,
    #[error("split shares must be 0 or more, and the training share above 0")]
    BadSplit,
    #[error("the name must have 1 to 200 characters")]
    BadName,
    #[error("the file has no rows: there is nothing below the header line, or nothing at all")]
    NoRows,
    /// Skipping lines does not help where the rest cannot be read.
    #[error("the file cannot be read to its end; {first}")]
    BrokenOff { first: Box<LineError> },
    #[error("none of the {bad} lines can become a sample; {first}")]
    NoSamples { bad: u64, first: Box<LineError> },
    #[error("{bad} of {lines} lines cannot become samples; {first}")]
    BadLines { bad: u64, lines: u64, first: Box<LineError> },
}

/// A kind of file that is recognised by its first bytes and holds no lines of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    SevenZip,
    Rar,
    /// Excel's, old or new, and other office documents.
    Office,
    Arrow,
    Sqlite,
    Pdf,
    Image,
}

/// What a person does with a file that cannot be read as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAdvice {
    PackAsZip,
    SaveAsCsv,
    ExportAsJsonl,
    TextOnly,
}

impl FileKind {
    #[must_use]
    pub fn advice(self) -> FileAdvice {
        match self {
            Self::SevenZip | Self::Rar => FileAdvice::PackAsZip,
            Self::Office => FileAdvice::SaveAsCsv,
            Self::Arrow | Self::Sqlite => FileAdvice::ExportAsJsonl,
            Self::Pdf | Self::Image => FileAdvice::TextOnly,
        }
    }

    /// The kind's own name, which is the same in every language; `None` for groups of kinds.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::SevenZip => Some("7z"),
            Self::Rar => Some("RAR"),
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
            Self::PackAsZip => "pack it as ZIP, or send the file inside",
            Self::SaveAsCsv => "save its table as CSV and send that",
            Self::ExportAsJsonl => "export its rows as JSON Lines or CSV and send that",
            Self::TextOnly => "send the texts as JSON Lines, JSON or CSV",
        })
    }
}
