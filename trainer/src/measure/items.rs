//! How each kind of item is read from the fields of a line.

use super::fields::{Fields, Kind, LineProblem};
use domain::eval::{RIGHT_CHOICE, choice_key, reference_likelihood};
use domain::measure::{
    Items, LabelItem, ProbabilityItem, Programs, SpanItem, TextItem, TextLikelihood, TokenEmbeddings,
};
use domain::metrics::spans::LabelledSpan;
use domain::sample::choice_letter;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A line of one task.
pub(super) trait Item: Clone {
    fn read(fields: &Fields) -> Result<Self, LineProblem>;
    fn items(of: &[Self]) -> Items<'_>;
}

impl Item for LabelItem {
    fn read(fields: &Fields) -> Result<Self, LineProblem> {
        Ok(Self { expected: fields.text("expected")?, output: fields.text("output")? })
    }

    fn items(of: &[Self]) -> Items<'_> {
        Items::Labels(of)
    }
}

impl Item for ProbabilityItem {
    fn read(fields: &Fields) -> Result<Self, LineProblem> {
        if let Some(probabilities) = fields.may("probabilities", Kind::Probabilities, probabilities)? {
            return Ok(Self { expected: fields.text("expected")?, probabilities });
        }
        let scores = fields.may("scores", Kind::Scores, Value::as_object)?;
        scores.and_then(of_choices).ok_or_else(|| LineProblem::Missing { field: "probabilities".to_owned() })
    }

    fn items(of: &[Self]) -> Items<'_> {
        Items::Probabilities(of)
    }
}

/// What an evaluation of choices wrote: the softmax of their likelihoods, by letter.
fn of_choices(scores: &Map<String, Value>) -> Option<ProbabilityItem> {
    let number = |key: &str| scores.get(key)?.as_f64();
    let right = number(RIGHT_CHOICE)? as usize;
    let log_p: Vec<f64> = (1..).map_while(|place| number(&choice_key(place))).collect();
    let best = log_p.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = log_p.iter().map(|p| (p - best).exp()).sum();
    let name = |place: usize| choice_letter(place).map_or_else(|| (place + 1).to_string(), String::from);
    let probabilities = log_p.iter().enumerate().map(|(place, p)| (name(place), (p - best).exp() / total)).collect();
    (1..=log_p.len()).contains(&right).then(|| ProbabilityItem { expected: name(right - 1), probabilities })
}

fn probabilities(value: &Value) -> Option<BTreeMap<String, f64>> {
    let labels = value.as_object().filter(|labels| !labels.is_empty())?;
    let probability = |p: &Value| p.as_f64().filter(|p| (0.0..=1.0).contains(p));
    labels.iter().map(|(label, p)| Some((label.clone(), probability(p)?))).collect()
}

impl Item for TextItem {
    fn read(fields: &Fields) -> Result<Self, LineProblem> {
        let references = fields.may("expected", Kind::Texts, texts)?.unwrap_or_default();
        let likelihood = match fields.may("log_likelihood", Kind::Number, Value::as_f64)? {
            Some(log_likelihood) => {
                let bytes = references.first().map_or(0, String::len) as u64;
                let tokens = fields.must("tokens", Kind::Count, Value::as_u64)?;
                Some(TextLikelihood { log_likelihood, tokens, bytes })
            }
            // A field of this name may be anything where no evaluation wrote it.
            None => fields
                .may("scores", Kind::Scores, Some)?
                .and_then(|scores| reference_likelihood(|key| scores.get(key)?.as_f64())),
        };
        let programs = match fields.may("programs_tried", Kind::Count, small)? {
            Some(tried) => {
                let at_most = |value: &Value| small(value).filter(|passed| *passed <= tried);
                Some(Programs { tried, passed: fields.must("programs_passed", Kind::Count, at_most)? })
            }
            None => None,
        };
        let embeddings = match fields.may("output_embeddings", Kind::Vectors, vectors)? {
            Some(output) => {
                Some(TokenEmbeddings { output, expected: fields.must("expected_embeddings", Kind::Vectors, vectors)? })
            }
            None => None,
        };
        Ok(Self { output: fields.text("output")?, references, likelihood, embeddings, programs })
    }

    fn items(of: &[Self]) -> Items<'_> {
        Items::Texts(of)
    }
}

fn small(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

fn vectors(value: &Value) -> Option<Vec<Vec<f32>>> {
    let vector = |v: &Value| v.as_array()?.iter().map(|x| x.as_f64().map(|x| x as f32)).collect();
    value.as_array()?.iter().map(vector).collect()
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) if !list.is_empty() => list.iter().map(|t| t.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

impl Item for SpanItem {
    fn read(fields: &Fields) -> Result<Self, LineProblem> {
        Ok(Self {
            expected: fields.must("expected", Kind::Spans, spans)?,
            output: fields.must("output", Kind::Spans, spans)?,
        })
    }

    fn items(of: &[Self]) -> Items<'_> {
        Items::Spans(of)
    }
}

fn spans(value: &Value) -> Option<Vec<LabelledSpan>> {
    value.as_array()?.iter().map(span).collect()
}

fn span(value: &Value) -> Option<LabelledSpan> {
    let (start, end) = (small(value.get("start")?)?, small(value.get("end")?)?);
    let label = value.get("label")?.as_str()?.to_owned();
    (start < end).then_some(LabelledSpan { start, end, label })
}
