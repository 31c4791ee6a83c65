//! Writes samples as files that this crate, other tools and spreadsheets read.

use domain::sample::{Sample, Speaker, Split};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

#[derive(Serialize)]
struct JsonlRow<'a> {
    messages: &'a [domain::sample::Message],
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<&'a str>,
    split: Split,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    slices: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    spans: &'a [domain::sample::Span],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    choices: &'a [String],
}

/// Writes one line in OpenAI's messages format, with `label`, the `rejected` answer, `split`, `slices` and `choices` beside it.
pub fn write_jsonl(writer: &mut impl Write, sample: &Sample, split: Split) -> io::Result<()> {
    let (label, rejected) = (sample.label.as_deref(), sample.rejected.as_deref());
    let row = JsonlRow {
        messages: &sample.messages,
        label,
        rejected,
        split,
        slices: &sample.slices,
        spans: &sample.spans,
        choices: &sample.choices,
    };
    serde_json::to_writer(&mut *writer, &row)?;
    writer.write_all(b"\n")
}

/// What happens to CSV cells a spreadsheet would run as a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formulas {
    /// Written as they are: the file reads back unchanged.
    Keep,
    /// Cells that begin with `=`, `+`, `-`, `@`, tab or carriage return get a `'` in front (OWASP,
    /// CSV Injection), for files opened in a spreadsheet. Changes the data.
    Neutralise,
}

/// Writes CSV lines.
pub struct CsvTable<W: Write> {
    writer: csv::Writer<W>,
    formulas: Formulas,
}

impl<W: Write> CsvTable<W> {
    pub fn new(writer: W, formulas: Formulas) -> Self {
        Self { writer: csv::Writer::from_writer(writer), formulas }
    }

    /// Writes one line.
    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) -> io::Result<()> {
        for cell in cells {
            let cell = cell.as_ref();
            if self.formulas == Formulas::Neutralise && cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                self.writer.write_field(format!("'{cell}"))?;
            } else {
                self.writer.write_field(cell)?;
            }
        }
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    /// Writes what is still buffered and returns the inner writer.
    pub fn finish(self) -> io::Result<W> {
        self.writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// A CSV file with the columns prompt, answer, label and split, and that of rejected answers where there are pairs.
pub struct CsvExport<W: Write> {
    table: CsvTable<W>,
    has_pairs: bool,
}

impl<W: Write> CsvExport<W> {
    /// Starts the file with its header line.
    pub fn new(writer: W, formulas: Formulas, has_pairs: bool) -> io::Result<Self> {
        let mut table = CsvTable::new(writer, formulas);
        let header = ["prompt", "answer", "rejected", "label", "split"];
        table.row(header.into_iter().filter(|name| has_pairs || *name != "rejected"))?;
        Ok(Self { table, has_pairs })
    }

    /// Writes one sample.
    pub fn write(&mut self, sample: &Sample, split: Split) -> io::Result<()> {
        let (answer, label) = (sample.answer().unwrap_or_default(), sample.label.as_deref().unwrap_or_default());
        let rejected = self.has_pairs.then(|| sample.rejected.as_deref().unwrap_or_default());
        let prompt = prompt_text(sample);
        self.table.row([prompt.as_str(), answer].into_iter().chain(rejected).chain([label, split.as_str()]))
    }

    /// Writes what is still buffered and returns the inner writer.
    pub fn finish(self) -> io::Result<W> {
        self.table.finish()
    }
}

/// What a sample asks: a lone user turn as it is, several turns with the speaker's name before each.
#[must_use]
pub fn prompt_text(sample: &Sample) -> String {
    match sample.prompt() {
        [only] if only.role == Speaker::User => only.content.clone(),
        turns => turns.iter().map(|m| format!("{}: {}", m.role.as_str(), m.content)).collect::<Vec<_>>().join("\n\n"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::{mapping, rows};
    use domain::dataset::FileSyntax;
    use domain::sample::Message;
    use proptest::prelude::*;

    fn sample(user: &str, label: &str) -> Sample {
        let messages = vec![Message::new(Speaker::User, user), Message::new(Speaker::Assistant, label)];
        Sample { messages, label: Some(label.to_owned()), rejected: None, slices: BTreeMap::new(), ..Sample::default() }
    }

    fn csv_of(sample: &Sample, formulas: Formulas) -> Vec<u8> {
        let mut export = CsvExport::new(Vec::new(), formulas, sample.rejected.is_some()).unwrap();
        export.write(sample, Split::Train).unwrap();
        export.finish().unwrap()
    }

    #[test]
    fn formulas_are_neutralised_only_on_request() {
        let risky = sample("=1+1", "-x");
        assert_eq!(csv_of(&risky, Formulas::Keep), b"prompt,answer,label,split\n=1+1,-x,-x,train\n");
        assert_eq!(csv_of(&risky, Formulas::Neutralise), b"prompt,answer,label,split\n'=1+1,'-x,'-x,train\n");
    }

    #[test]
    fn pairs_read_back_from_both_files() {
        let mut pair = sample("q", "good");
        (pair.label, pair.rejected) = (None, Some("bad".to_owned()));
        let csv = csv_of(&pair, Formulas::Keep);
        assert_eq!(csv, b"prompt,answer,rejected,label,split\nq,good,bad,,train\n");
        let mut jsonl = Vec::new();
        write_jsonl(&mut jsonl, &pair, Split::Test).unwrap();
        for (file, syntax) in [(csv, FileSyntax::Csv), (jsonl, FileSyntax::Jsonl)] {
            let (rows, _) = rows::first_rows(&file[..], syntax, 5).unwrap();
            let mapping = mapping::guess(&rows).unwrap();
            let read = mapping::apply(&mapping, &rows[0]).unwrap();
            assert_eq!(
                (mapping.format(), read.messages, read.rejected),
                ("preference", pair.messages.clone(), pair.rejected.clone())
            );
        }
    }

    proptest! {
        #[test]
        fn jsonl_reads_back(user in "\\PC{0,20}[a-z\n\"\u{4e00}]", label in "[a-z\"\u{4e00}]{1,5}") {
            let written = sample(&user, &label);
            let mut file = Vec::new();
            write_jsonl(&mut file, &written, Split::Test).unwrap();
            let (rows, errors) = rows::first_rows(&file[..], FileSyntax::Jsonl, 5).unwrap();
            prop_assert!(errors.is_empty());
            let mapping = mapping::guess(&rows).unwrap();
            let read = mapping::apply(&mapping, &rows[0]);
            if user.trim().is_empty() {
                prop_assert!(read.is_err());
            } else {
                let read = read.unwrap();
                prop_assert_eq!((read.messages, read.label), (written.messages, written.label));
            }
        }

        #[test]
        fn csv_reads_back(user in "[ -~\n\r\u{4e00}]{0,20}x", label in "[a-z,;\"]{1,5}") {
            let written = sample(&user, &label);
            let file = csv_of(&written, Formulas::Keep);
            let (rows, errors) = rows::first_rows(&file[..], FileSyntax::Csv, 5).unwrap();
            prop_assert!(errors.is_empty());
            prop_assert_eq!(rows[0].value["prompt"].as_str(), Some(user.as_str()));
            prop_assert_eq!(rows[0].value["label"].as_str(), Some(label.as_str()));
        }
    }
}
