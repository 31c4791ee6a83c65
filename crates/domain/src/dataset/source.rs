//! What a data file is before its rows are read: how it is packed, which files lie in it, and
//! the syntax of each.

use super::Mapping;
use crate::import::ImportProblem;
use serde::{Deserialize, Serialize};

/// Syntax of a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum FileSyntax {
    /// One JSON object per line.
    Jsonl,
    /// One JSON array of objects (or an object with such an array inside).
    Json,
    /// Separated by comma, semicolon, tab or bar, with a header line.
    Csv,
    /// Apache Parquet; nested columns are read as JSON.
    Parquet,
    /// Plain text: the whole file is one row.
    Text,
    /// Plain text: every line that is not blank is a row.
    Lines,
    /// Plain text: rows are separated by blank lines.
    Paragraphs,
}

impl FileSyntax {
    pub const ALL: [Self; 7] =
        [Self::Jsonl, Self::Json, Self::Csv, Self::Parquet, Self::Text, Self::Lines, Self::Paragraphs];

    /// The word for this syntax in JSON, forms and addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Text => "text",
            Self::Lines => "lines",
            Self::Paragraphs => "paragraphs",
        }
    }

    /// Whether rows are texts without fields.
    #[must_use]
    pub fn is_plain_text(self) -> bool {
        matches!(self, Self::Text | Self::Lines | Self::Paragraphs)
    }
}

/// How one stream of bytes is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    Gzip,
    Zstandard,
    Bzip2,
    Xz,
}

/// What holds several files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Archive {
    Zip,
    Tar,
}

/// How a file is packed: neither for a file that is its own data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Packing {
    #[serde(default)]
    pub compression: Option<Compression>,
    #[serde(default)]
    pub archive: Option<Archive>,
}

impl Packing {
    /// Whether there is something to unpack.
    #[must_use]
    pub fn is_packed(self) -> bool {
        self != Self::default()
    }
}

impl Compression {
    /// Its own name, which is the same in every language.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstandard => "Zstandard",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }
}

impl std::fmt::Display for Packing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let archive = self.archive.map(|archive| match archive {
            Archive::Zip => "ZIP",
            Archive::Tar => "TAR",
        });
        let names: Vec<&str> = archive.into_iter().chain(self.compression.map(Compression::name)).collect();
        f.write_str(&names.join(" + "))
    }
}

/// A file with rows, as a first look found it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileInside {
    /// Its path in the archive; outside of archives the upload's own name.
    pub name: String,
    /// Unpacked, where the archive says so.
    pub size_bytes: Option<u64>,
    pub syntax: FileSyntax,
    /// WHATWG name; absent for files that are no text.
    pub encoding: Option<String>,
    /// What a `dataset_info.json` beside it says that its fields are.
    pub mapping: Option<Mapping>,
}

/// A file that is not read, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileLeftOut {
    pub name: String,
    /// Absent for what holds no data by its name, or was not asked for.
    pub problem: Option<ImportProblem>,
}
