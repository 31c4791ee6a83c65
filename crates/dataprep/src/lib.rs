//! From an uploaded file to samples: encoding → rows → mapping → samples, hashes, statistics.
//!
//! Everything streams over [`std::io::Read`]: memory does not grow with the file, only with its
//! longest row (bounded by [`MAX_ROW_BYTES`]) and, in [`stats`], by 16 bytes a sample for finding
//! duplicates. There is no SQL and no HTTP here, and nothing is written to disk but packed Parquet files.
//!
//! ```
//! use dataprep::{encoding::TextReader, mapping, rows, syntax};
//! use std::ops::ControlFlow;
//!
//! let file = b"text,label\nlovely,positive\n";
//! let kind = syntax::guess("reviews.csv", file).ok_or("unknown syntax")?;
//! let (preview, _errors) = rows::first_rows(TextReader::new(&file[..], None)?, kind, 20)?;
//! let mapping = mapping::guess(&preview).ok_or("unknown format")?;
//! mapping::read_samples(TextReader::new(&file[..], None)?, kind, &mapping, |row| {
//!     println!("{row:?}");
//!     ControlFlow::Continue(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod answer_filter;
pub mod diff;
mod draw;
pub mod edit;
pub mod encoding;
pub mod export;
pub mod hash;
pub mod known;
pub mod leakage;
pub mod mapping;
pub mod pii;
pub mod rows;
pub mod scores;
pub mod similar;
pub mod source;
pub mod split;
pub mod stats;
pub mod steps;
pub mod syntax;
pub mod words;

/// Longest accepted row: a JSON line, a JSON array element or a CSV record.
pub const MAX_ROW_BYTES: usize = 16 * 1024 * 1024;

/// Most columns of a CSV file, and most fields that a person may choose from.
pub const MAX_FIELDS: usize = 4096;

/// How much of a file's start is enough to guess its encoding and syntax.
pub const HEAD_BYTES: usize = 64 * 1024;
