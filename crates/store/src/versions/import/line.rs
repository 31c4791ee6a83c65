//! Samples as lines of COPY's text format (Postgres manual, COPY, "Text Format"). Made where rows are read, so that the
//! connection does nothing but send.

use super::NewSample;
use crate::{StoreError, samples::search_text};
use domain::sample::Split;
use std::io::{self, Write};

/// A sample as it goes to the database, all but its id.
#[derive(Debug)]
pub struct Line {
    /// The columns behind `id` and `dataset_id`, with the line feed.
    pub(super) columns: Vec<u8>,
    pub(super) split: Split,
}

impl Line {
    /// Bytes that it takes.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.columns.len()
    }

    /// Writes a sample as a line.
    pub fn new(new: &NewSample) -> Result<Self, StoreError> {
        let sample = &new.sample;
        let mut out = Vec::with_capacity(512);
        json(&mut out, &sample.messages)?;
        out.push(b'\t');
        for optional in [&sample.label, &sample.rejected] {
            match optional {
                Some(text) => escape(&mut out, text.as_bytes()),
                None => out.extend_from_slice(b"\\N"),
            }
            out.push(b'\t');
        }
        json(&mut out, &sample.slices)?;
        out.extend_from_slice(b"\t\\\\x");
        hexadecimal(&mut out, &new.content_hash);
        out.push(b'\t');
        escape(&mut out, new.file.as_bytes());
        out.extend_from_slice(format!("\t{}\t", new.line).as_bytes());
        escape(&mut out, search_text(sample).as_bytes());
        out.push(b'\t');
        if sample.spans.is_empty() {
            out.extend_from_slice(b"\\N");
        } else {
            json(&mut out, &sample.spans)?;
        }
        out.push(b'\t');
        if sample.choices.is_empty() {
            out.extend_from_slice(b"\\N");
        } else {
            json(&mut out, &sample.choices)?;
        }
        out.push(b'\n');
        Ok(Self { columns: out, split: new.split })
    }
}

fn hexadecimal(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

fn json<T: serde::Serialize>(out: &mut Vec<u8>, value: &T) -> Result<(), StoreError> {
    serde_json::to_writer(Escaped(out), value).map_err(|e| StoreError::Corrupt(e.to_string()))
}

/// Escapes what is written to it.
struct Escaped<'a>(&'a mut Vec<u8>);

impl Write for Escaped<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        escape(self.0, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Escapes a value; what needs none is copied in one go.
pub(in crate::versions) fn escape(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|b| matches!(b, b'\\' | b'\n' | b'\r' | b'\t')) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(match rest[at] {
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            _ => b"\\t",
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use domain::sample::{Message, Sample, Speaker};

    #[test]
    fn a_line_has_every_column_once() {
        let messages = vec![Message::new(Speaker::User, "a\tb\\\n"), Message::new(Speaker::Assistant, "好")];
        let sample = Sample { messages, label: Some("x\r".to_owned()), ..Sample::default() };
        let new = NewSample { sample, content_hash: [0xab; 32], split: Split::Test, file: "f.csv".into(), line: 7 };
        let line = String::from_utf8(Line::new(&new).unwrap().columns).unwrap();
        let hash = "ab".repeat(32);
        let messages = r#"[{"role":"user","content":"a\\tb\\\\\\n"},{"role":"assistant","content":"好"}]"#;
        assert_eq!(line, format!("{messages}\tx\\r\t\\N\t{{}}\t\\\\x{hash}\tf.csv\t7\ta\\tb\\\\\\n\\n好\t\\N\t\\N\n"));
    }
}
