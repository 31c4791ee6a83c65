//! The content of a submitted version as one text that always reads the same: what its SHA-256 and a signature are of.

use super::{
    Block,
    facts::{Facts, Quote},
};
use crate::{
    id::{BadCaseId, ReportId, SampleId},
    lang::Lang,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything that a version shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frozen {
    pub report_id: ReportId,
    pub number: u32,
    pub lang: Lang,
    pub title: String,
    pub blocks: Vec<Block>,
    pub facts: Facts,
}

/// What a quoted bad case says, kept beside the frozen content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptQuote {
    pub bad_case_id: BadCaseId,
    pub sample_id: SampleId,
    pub quote: Quote,
}

impl Frozen {
    /// Takes the quotes out: their hashes stay.
    pub fn take_quotes(&mut self) -> Vec<KeptQuote> {
        let examples = self.facts.runs.iter_mut().flat_map(|run| &mut run.bad_cases.examples);
        let taken = examples.filter_map(|e| {
            let quote = e.quote.take()?;
            Some(KeptQuote { bad_case_id: e.bad_case_id, sample_id: e.sample_id, quote })
        });
        taken.collect()
    }

    /// The text. Quotes are no part of it.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut without = self.clone();
        without.take_quotes();
        canonical(&serde_json::to_value(without).unwrap_or_default())
    }

    /// Reads such a text.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// JSON in one line, without blanks, the fields of each object in the order of their names, as in RFC 8785.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (i, (name, field)) in sorted.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(field, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::report::{Body, judge::tests::facts};
    use serde_json::json;

    #[test]
    fn the_order_of_fields_does_not_matter() {
        let a = json!({ "b": [1, { "z": null, "a": "\"字\"" }], "a": 0.1 });
        let b = json!({ "a": 0.1, "b": [1, { "a": "\"字\"", "z": null }] });
        assert_eq!(canonical(&a), canonical(&b));
        assert_eq!(canonical(&a), r#"{"a":0.1,"b":[1,{"a":"\"字\"","z":null}]}"#);
    }

    #[test]
    fn a_frozen_version_reads_as_it_was_written() {
        let Body { title, blocks } = Body::new("T".to_owned());
        let frozen = Frozen { report_id: ReportId::new(), number: 2, lang: Lang::Zh, title, blocks, facts: facts() };
        let text = frozen.canonical();
        let mut read = Frozen::read(&text).unwrap();
        assert_eq!(read.canonical(), text, "numbers and times stay what they are");
        read.title.push('!');
        assert_ne!(read.canonical(), text);
    }

    #[test]
    fn quotes_can_be_erased_without_a_trace_in_the_text() {
        let Body { title, blocks } = Body::new("T".to_owned());
        let mut frozen =
            Frozen { report_id: ReportId::new(), number: 1, lang: Lang::En, title, blocks, facts: facts() };
        let text = frozen.canonical();
        assert!(!text.contains("where is my parcel"));
        let quotes = frozen.take_quotes();
        assert_eq!((quotes.len(), quotes[0].quote.prompt.as_str()), (1, "where is my parcel"));
        assert_eq!(frozen.canonical(), text);
        assert!(frozen.take_quotes().is_empty());
    }
}
