//! The content of a submitted version as one text that always reads the same: what its SHA-256 and a signature are of.

use super::{
    Block,
    facts::{Facts, Quote},
    judge::Recommendation,
    risk::Risk,
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
    /// As the rules found them then: a later rule changes nothing that was signed.
    pub risks: Vec<Risk>,
    pub recommendation: Recommendation,
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
    pub fn canonical(&self) -> Result<String, serde_json::Error> {
        let mut without = self.clone();
        without.take_quotes();
        Ok(canonical(&serde_json::to_value(without)?))
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

    fn frozen() -> Frozen {
        let Body { title, blocks } = Body::new("T".to_owned());
        let risks = vec![Risk::SmallTest { run: 1, samples: 10, detectable: Some(0.1) }, Risk::DifferentTests];
        let recommendation = Recommendation::AdoptWithCare { run: 1 };
        let (report_id, lang) = (ReportId::new(), Lang::Zh);
        Frozen { report_id, number: 2, lang, title, blocks, facts: facts(), risks, recommendation }
    }

    #[test]
    fn the_order_of_fields_does_not_matter() {
        let a = json!({ "b": [1, { "z": null, "a": "\"字\"" }], "a": 0.1 });
        let b = json!({ "a": 0.1, "b": [1, { "a": "\"字\"", "z": null }] });
        assert_eq!(canonical(&a), canonical(&b));
        assert_eq!(canonical(&a), r#"{"a":0.1,"b":[1,{"a":"\"字\"","z":null}]}"#);
    }

    #[test]
    fn a_frozen_version_reads_as_it_was_written() {
        let text = frozen().canonical().unwrap();
        let mut read = Frozen::read(&text).unwrap();
        assert_eq!(read.canonical().unwrap(), text, "numbers and times stay what they are");
        read.recommendation = Recommendation::Adopt { run: 1 };
        assert_ne!(read.canonical().unwrap(), text, "what is recommended is signed");
    }

    #[test]
    fn quotes_can_be_erased_without_a_trace_in_the_text() {
        let mut frozen = frozen();
        let text = frozen.canonical().unwrap();
        assert!(!text.contains("where is my parcel"));
        let quotes = frozen.take_quotes();
        assert_eq!((quotes.len(), quotes[0].quote.prompt.as_str()), (1, "where is my parcel"));
        assert_eq!(frozen.canonical().unwrap(), text);
        assert!(frozen.take_quotes().is_empty());
    }
}
