//! Label Studio's JSON: tasks with their annotations, each a list of results by the name of the control that made it
//! (<https://labelstud.io/guide/export>). Our questions are the controls, under their names; places in texts are code points.

use super::Read;
use crate::annotation::{
    answer::{Answer, Better, ItemContent, Judgement, Relation},
    design::{Design, Question, QuestionKind},
    view::Judged,
};
use crate::id::{ItemId, SampleId};
use crate::sample::Span;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Name of the object that results belong to.
const OBJECT: &str = "text";

/// An item with its current judgements as a task.
#[must_use]
pub fn task(item: ItemId, sample: SampleId, content: &ItemContent, judged: &[Judged]) -> Value {
    let text = text_of(content);
    let annotations: Vec<Value> = judged.iter().map(|j| annotation(j, &text)).collect();
    json!({
        "id": item,
        "data": {
            "text": text,
            "messages": content.messages,
            "answers": content.answers,
            "item_id": item,
            "sample_id": sample,
        },
        "annotations": annotations,
    })
}

/// The text that spans are marked in; where none are, the last turn.
fn text_of(content: &ItemContent) -> String {
    if content.span_text.is_empty() {
        content.messages.last().map(|m| m.content.clone()).unwrap_or_default()
    } else {
        content.span_text.clone()
    }
}

fn annotation(judged: &Judged, text: &str) -> Value {
    let mut result = Vec::new();
    for (question, answer) in &judged.judgement.answers {
        result.extend(results(question, answer, text));
    }
    json!({
        "completed_by": judged.by.as_ref().map(|p| p.name.clone()).unwrap_or_default(),
        "created_at": judged.at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default(),
        "lead_time": judged.duration_ms.map(|ms| f64::from(ms) / 1000.0),
        "was_cancelled": judged.judgement.cannot_judge,
        "meta": { "comment": judged.judgement.comment, "origin": judged.origin },
        "result": result,
    })
}

fn results(question: &str, answer: &Answer, text: &str) -> Vec<Value> {
    let one = |kind: &str, value: Value| {
        vec![json!({ "from_name": question, "to_name": OBJECT, "type": kind, "value": value })]
    };
    match answer {
        Answer::Choice { value } => one("choices", json!({ "choices": [value] })),
        Answer::Choices { values } => one("choices", json!({ "choices": values })),
        Answer::Tree { value } => one("taxonomy", json!({ "taxonomy": [value.split('/').collect::<Vec<_>>()] })),
        Answer::Text { text } => one("textarea", json!({ "text": [text] })),
        Answer::Rating { value } => one("rating", json!({ "rating": value })),
        Answer::Preference { value: Better::Tie } => one("choices", json!({ "choices": ["tie"] })),
        Answer::Preference { value } => {
            one("pairwise", json!({ "selected": if *value == Better::First { "left" } else { "right" } }))
        }
        Answer::Ranking { order } => {
            let places: Vec<String> = order.iter().map(u32::to_string).collect();
            one("ranker", json!({ "ranker": { "rank": places } }))
        }
        Answer::Turns { values } => values
            .iter()
            .flat_map(|(turn, value)| {
                let at = turn.to_string();
                one("paragraphlabels", json!({ "start": at, "end": at, "paragraphlabels": [value] }))
            })
            .collect(),
        Answer::Spans { spans, relations } => span_results(question, spans, relations, text),
    }
}

fn span_results(question: &str, spans: &[Span], relations: &[Relation], text: &str) -> Vec<Value> {
    let id = |at: usize| format!("{question}-{at}");
    let marked = spans.iter().enumerate().map(|(at, span)| {
        let words: String =
            text.chars().skip(span.start as usize).take(span.end.saturating_sub(span.start) as usize).collect();
        json!({
            "id": id(at), "from_name": question, "to_name": OBJECT, "type": "labels",
            "value": { "start": span.start, "end": span.end, "text": words, "labels": [span.label] },
        })
    });
    let linked = relations.iter().map(|r| {
        json!({
            "type": "relation", "from_id": id(r.from as usize), "to_id": id(r.to as usize), "direction": "right",
            "labels": [r.label],
        })
    });
    let mut found: Vec<Value> = marked.chain(linked).collect();
    // That nothing is to be marked is an answer, which a list of results cannot say.
    if found.is_empty() {
        found.push(json!({ "from_name": question, "to_name": OBJECT, "type": "labels", "value": { "labels": [] } }));
    }
    found
}

/// The judgements of one task of a file. What belongs to no question of the design is left out.
#[must_use]
pub fn read(design: &Design, task: &Value) -> Vec<Read> {
    let data = &task["data"];
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    let text = data["text"].as_str().map(str::to_owned);
    let annotations = task["annotations"].as_array().or_else(|| task["completions"].as_array());
    annotations
        .into_iter()
        .flatten()
        .map(|annotation| Read {
            item_id: number(&data["item_id"]).map(ItemId),
            sample_id: number(&data["sample_id"]).map(SampleId),
            text: text.clone(),
            by: name_of(&annotation["completed_by"]),
            judgement: judgement(design, annotation, text.as_deref().unwrap_or_default()),
            duration_ms: annotation["lead_time"].as_f64().map(|s| (s * 1000.0).clamp(0.0, f64::from(u32::MAX)) as u32),
        })
        .collect()
}

/// Who: a number, a name, or a person with an address.
fn name_of(by: &Value) -> String {
    match by {
        Value::String(name) => name.clone(),
        Value::Number(id) => id.to_string(),
        Value::Object(person) => {
            let named = ["email", "username", "first_name"].iter().find_map(|key| person.get(*key)?.as_str());
            named.map(str::to_owned).or_else(|| Some(person.get("id")?.to_string())).unwrap_or_default()
        }
        _ => String::new(),
    }
}

fn judgement(design: &Design, annotation: &Value, text: &str) -> Judgement {
    let comment = annotation["meta"]["comment"].as_str().unwrap_or_default().to_owned();
    if annotation["was_cancelled"].as_bool() == Some(true) {
        return Judgement { answers: BTreeMap::new(), cannot_judge: true, comment };
    }
    let empty = Vec::new();
    let results = annotation["result"].as_array().unwrap_or(&empty);
    let of = |name: &str| {
        results.iter().filter(|r| r["from_name"] == name).filter_map(|r| r["value"].as_object()).collect::<Vec<_>>()
    };
    let mut answers = BTreeMap::new();
    for question in &design.questions {
        let values = of(&question.name);
        let answer = match &question.kind {
            QuestionKind::Spans { .. } if !values.is_empty() => Some(spans(&question.name, results, text)),
            _ => answer(question, &values),
        };
        if let Some(answer) = answer {
            answers.insert(question.name.clone(), answer);
        }
    }
    Judgement { answers, cannot_judge: false, comment }
}

/// The texts of a list.
fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn answer(question: &Question, values: &[&Map<String, Value>]) -> Option<Answer> {
    let first = values.first()?;
    let chosen = || texts(first.get("choices"));
    match &question.kind {
        QuestionKind::Choice { .. } => Some(Answer::Choice { value: chosen().into_iter().next()? }),
        QuestionKind::Choices { .. } => Some(Answer::Choices { values: chosen().into_iter().collect::<BTreeSet<_>>() }),
        QuestionKind::Tree { .. } => {
            let way = texts(first.get("taxonomy")?.get(0)).join("/");
            Some(Answer::Tree { value: if way.is_empty() { chosen().into_iter().next()? } else { way } })
        }
        QuestionKind::Text { .. } => {
            let text = first.get("text")?;
            let text = text.as_str().map_or_else(|| texts(Some(text)).join("\n"), str::to_owned);
            Some(Answer::Text { text })
        }
        QuestionKind::Rating { .. } => {
            let number = first.get("rating").or_else(|| first.get("number"))?.as_f64()?;
            Some(Answer::Rating { value: number.round() as i32 })
        }
        QuestionKind::Preference { .. } => {
            let value = match first.get("selected").and_then(Value::as_str) {
                Some("left") => Better::First,
                Some("right") => Better::Second,
                _ if chosen() == ["tie"] => Better::Tie,
                _ => return None,
            };
            Some(Answer::Preference { value })
        }
        QuestionKind::Ranking => {
            let order = first.get("ranker")?.as_object()?.values().next();
            Some(Answer::Ranking { order: texts(order).iter().map(|at| at.parse().ok()).collect::<Option<_>>()? })
        }
        QuestionKind::Turns { .. } => {
            let turn = |value: &&Map<String, Value>| {
                let at = value.get("start")?;
                let at = at.as_str().map_or_else(|| at.as_u64().map(|n| n as u32), |s| s.parse().ok())?;
                Some((at, texts(value.get("paragraphlabels")).into_iter().next()?))
            };
            Some(Answer::Turns { values: values.iter().filter_map(turn).collect() })
        }
        QuestionKind::Spans { .. } => None,
    }
}

/// Spans of a question, and the relations between them.
fn spans(question: &str, results: &[Value], text: &str) -> Answer {
    let mut places: BTreeMap<&str, u32> = BTreeMap::new();
    let mut found: Vec<Span> = Vec::new();
    for result in results.iter().filter(|r| r["from_name"] == question) {
        let value = &result["value"];
        for label in texts(value.get("labels")) {
            let Some((start, end)) = place(value, text) else { continue };
            if let Some(id) = result["id"].as_str() {
                places.entry(id).or_insert(found.len() as u32);
            }
            found.push(Span { start, end, label });
        }
    }
    let relation = |r: &Value| {
        let end = |key: &str| places.get(r[key].as_str()?).copied();
        let (from, to) = (end("from_id")?, end("to_id")?);
        let (from, to) = if r["direction"] == "left" { (to, from) } else { (from, to) };
        Some(Relation { from, to, label: texts(r.get("labels")).into_iter().next()? })
    };
    let relations = results.iter().filter(|r| r["type"] == "relation").filter_map(relation).collect();
    Answer::Spans { spans: found, relations }
}

/// Where a span is in code points. Label Studio's browser counts as JavaScript does, in UTF-16 units: where the words that
/// the file quotes stand there and not at the code points, those are meant.
fn place(value: &Value, text: &str) -> Option<(u32, u32)> {
    let (start, end) = (value["start"].as_u64()? as u32, value["end"].as_u64()? as u32);
    let Some(words) = value["text"].as_str() else { return Some((start, end)) };
    let stands = |start: u32, end: u32| {
        start < end && text.chars().skip(start as usize).take((end - start) as usize).eq(words.chars())
    };
    if stands(start, end) {
        return Some((start, end));
    }
    let units = (point_of_unit(text, start)?, point_of_unit(text, end)?);
    Some(if stands(units.0, units.1) { units } else { (start, end) })
}

/// The code point at a place counted in UTF-16 units; `None` inside of one and behind the text.
fn point_of_unit(text: &str, unit: u32) -> Option<u32> {
    let (mut units, mut points) = (0, 0);
    for c in text.chars() {
        if units == unit {
            return Some(points);
        }
        units += c.len_utf16() as u32;
        points += 1;
    }
    (units == unit).then_some(points)
}
