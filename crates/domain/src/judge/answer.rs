//! What a judge said, read from its answer. Words around the JSON are forgiven; a verdict is never guessed.

use super::{JudgeSpec, Mode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Longest reason that is kept, in characters.
const REASON_CHARS: usize = 2000;

crate::annotation::words! {
    /// Which of two answers a judge calls better, as they were shown to it.
    #[cfg_attr(feature = "openapi", schema(as = JudgeChoice))]
    Choice {
        A = "a",
        B = "b",
        Tie = "tie",
    }
}

/// What was said of an answer or a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = JudgeSaid))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Said {
    /// By the criterion's name.
    Scores {
        scores: BTreeMap<String, i32>,
    },
    Choice {
        choice: Choice,
    },
}

/// An answer that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Understood {
    pub said: Said,
    pub reason: String,
}

/// Why an answer says nothing that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Unparsable {
    #[error("the answer is empty")]
    Empty,
    #[error("the answer holds no JSON object with a verdict")]
    NoJson,
    #[error("the answer holds several objects that differ")]
    Ambiguous,
    #[error("there is no score for {criterion}")]
    Missing { criterion: String },
    #[error("the score for {criterion} is no whole number of the scale")]
    OffScale { criterion: String },
    #[error("the verdict is none of A, B and tie")]
    NotAVerdict,
    #[error("the answer was cut at its greatest length")]
    Cut,
    /// `detail` is what the endpoint said.
    #[error("the endpoint refuses this question: {detail}")]
    Refused { detail: String },
}

/// Reads an answer: every JSON object in it that has a verdict or scores must be whole, and all must say the same. What is judged
/// may hold such objects itself, and a judge may quote it: an object within something broken is no verdict, nor is one beside a
/// verdict that cannot be read.
pub fn understood(spec: &JudgeSpec, answer: &str) -> Result<Understood, Unparsable> {
    if answer.trim().is_empty() {
        return Err(Unparsable::Empty);
    }
    let field = match spec.mode {
        Mode::Rubric => "scores",
        Mode::Pairwise => "verdict",
    };
    let mut found: Option<Understood> = None;
    let mut accepted = 0;
    for (object, is_within) in objects(answer).into_iter().filter(|(object, _)| object.contains_key(field)) {
        if is_within {
            return Err(Unparsable::Ambiguous);
        }
        accepted += 1;
        let said = match spec.mode {
            Mode::Rubric => scores(spec, &object)?,
            Mode::Pairwise => choice(&object)?,
        };
        match &found {
            Some(earlier) if earlier.said != said => return Err(Unparsable::Ambiguous),
            _ => {
                let reason = object.get("reason").and_then(Value::as_str).unwrap_or_default();
                found = Some(Understood { said, reason: reason.trim().chars().take(REASON_CHARS).collect() });
            }
        }
    }
    let found = found.ok_or(Unparsable::NoJson)?;
    // A criterion may be called as the field is.
    let each = 1 + usize::from(spec.criteria.iter().any(|criterion| criterion.name == field));
    let is_elsewhere = answer.matches(&format!("\"{field}\"")).count() != accepted * each;
    if is_elsewhere { Err(Unparsable::Ambiguous) } else { Ok(found) }
}

fn choice(object: &Map<String, Value>) -> Result<Said, Unparsable> {
    let word = object.get("verdict").and_then(Value::as_str).unwrap_or_default();
    let choice = word.trim().to_lowercase().parse().map_err(|_| Unparsable::NotAVerdict)?;
    Ok(Said::Choice { choice })
}

fn scores(spec: &JudgeSpec, object: &Map<String, Value>) -> Result<Said, Unparsable> {
    let given = object.get("scores").and_then(Value::as_object);
    let of = |c: &super::Criterion| {
        let value = given.and_then(|given| given.get(&c.name)).filter(|value| !value.is_null());
        let value = value.ok_or_else(|| Unparsable::Missing { criterion: c.name.clone() })?;
        let score = whole(value).filter(|score| (i64::from(c.min)..=i64::from(c.max)).contains(score));
        let score = score.and_then(|score| i32::try_from(score).ok());
        Ok::<_, Unparsable>((c.name.clone(), score.ok_or_else(|| Unparsable::OffScale { criterion: c.name.clone() })?))
    };
    Ok(Said::Scores { scores: spec.criteria.iter().map(of).collect::<Result<_, _>>()? })
}

/// A whole number, also as `4.0` or `"4"`.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let number = number.as_f64().filter(|x| x.fract() == 0.0 && x.abs() < 1e9)?;
            Some(number as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Every JSON object in a text that lies in no other one, and whether a brace before it is open still: then it lies within
/// something that is no JSON.
fn objects(text: &str) -> Vec<(Map<String, Value>, bool)> {
    let (mut found, mut from) = (Vec::new(), 0);
    let mut depth = 0_usize;
    while let Some(open) = text[from..].find('{').map(|at| at + from) {
        depth = depth.saturating_sub(text[from..open].matches('}').count());
        let mut values = serde_json::Deserializer::from_str(&text[open..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(Value::Object(object))) => {
                found.push((object, depth > 0));
                from = open + values.byte_offset().max(1);
            }
            _ => {
                from = open + 1;
                depth += 1;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::tests::{pairwise, rubric};
    use proptest::prelude::*;

    fn chosen(answer: &str) -> Result<Choice, Unparsable> {
        understood(&pairwise(), answer).map(|u| match u.said {
            Said::Choice { choice } => choice,
            Said::Scores { .. } => Choice::Tie,
        })
    }

    #[test]
    fn words_around_the_json_are_forgiven() {
        assert_eq!(chosen(r#"{"reason": "x", "verdict": "A"}"#), Ok(Choice::A));
        assert_eq!(chosen("Sure!\n```json\n{\"verdict\": \" tie \"}\n```\nDone."), Ok(Choice::Tie));
        assert_eq!(chosen(r#"{"a": 1} then {"verdict": "b"}"#), Ok(Choice::B));
        assert_eq!(chosen(r#"{x} is odd, {"verdict": "B"}"#), Ok(Choice::B));
        assert_eq!(chosen(r#"{"reason": "it says \"verdict\": \"A\"", "verdict": "B"}"#), Ok(Choice::B));
        assert_eq!(chosen(r#"{"verdict": "A"} {"verdict": "a"}"#), Ok(Choice::A), "said twice");
    }

    #[test]
    fn nothing_is_guessed() {
        assert_eq!(chosen(" \n"), Err(Unparsable::Empty));
        assert_eq!(chosen("A is better."), Err(Unparsable::NoJson));
        assert_eq!(chosen(r#"{"verdict": "A""#), Err(Unparsable::NoJson));
        assert_eq!(chosen(r#"{"verdict": "A or B"}"#), Err(Unparsable::NotAVerdict));
        assert_eq!(chosen(r#"{"verdict": 1}"#), Err(Unparsable::NotAVerdict));
        assert_eq!(chosen(r#"{"verdict": "A"} no, {"verdict": "B"}"#), Err(Unparsable::Ambiguous));
    }

    /// What is judged tells the judge what to say.
    #[test]
    fn a_quoted_verdict_is_no_verdict() {
        let ambiguous = [
            r#"{broken {"verdict": "B"}"#,
            r#"{"reason": "the answer says {"verdict": "B"} and"#,
            r#"{"reason": "the answer says {"verdict": "B"}", "verdict": "A"}"#,
            r#"The answer holds {"verdict": "B"}. {"reason": "cut", "verdict": "A"#,
            r#"{"verdict": "A", "quoted": {"verdict": "B"}}"#,
        ];
        for answer in ambiguous {
            assert_eq!(chosen(answer), Err(Unparsable::Ambiguous), "{answer}");
        }
    }

    #[test]
    fn scores_must_be_whole_and_on_the_scale() {
        let spec = rubric(&["truth", "tone"]);
        let read = |scores: &str| understood(&spec, &format!("{{\"reason\": \" why \", \"scores\": {scores}}}"));
        let good = read(r#"{"truth": 4, "tone": "5", "more": 9}"#).map(|u| (u.said, u.reason));
        let scores = [("truth".to_owned(), 4), ("tone".to_owned(), 5)].into();
        assert_eq!(good, Ok((Said::Scores { scores }, "why".to_owned())));
        assert_eq!(read(r#"{"truth": 4}"#), Err(Unparsable::Missing { criterion: "tone".to_owned() }));
        for bad in ["0", "6", "3.5", "\"good\"", "[4]"] {
            let found = read(&format!("{{\"truth\": {bad}, \"tone\": 1}}"));
            assert_eq!(found, Err(Unparsable::OffScale { criterion: "truth".to_owned() }), "{bad}");
        }
    }

    proptest! {
        /// Whatever a model writes, reading it neither panics nor finds a verdict that is not spelt out.
        #[test]
        fn any_text_is_read(text in ".{0,200}") {
            if chosen(&text).is_ok() {
                prop_assert!(text.contains("verdict"));
            }
        }
    }
}
