//! What a form of answers says. Its fields are named after the questions: `form[answers][tone][]=good`, several for several
//! choices, `form[answers][tone.3][]` for the turn or answer at place 3, and lines of [`Marks`] for spans.

mod problem;

use super::spans::Marks;
use domain::annotation::{
    answer::{Answer, AnswerProblem, Better, Judgement},
    design::{Design, Question, QuestionKind},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[cfg(feature = "ssr")]
pub(super) use problem::answer_problem;

/// Values by what stands in the last brackets of a field's name.
pub type Fields = BTreeMap<String, Vec<String>>;

/// A form of answers as it is posted, under the name `form`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswerForm {
    pub answers: Fields,
    pub cannot_judge: bool,
    pub comment: String,
}

/// The name of a question's field.
pub(super) fn field(question: &str) -> String {
    format!("form[answers][{question}][]")
}

/// The name of a field for one turn, or one of the answers that are ranked.
pub(super) fn field_at(question: &str, at: u32) -> String {
    format!("form[answers][{question}.{at}][]")
}

/// The word for a preference in forms.
pub(super) fn better_word(better: Better) -> &'static str {
    match better {
        Better::First => "first",
        Better::Second => "second",
        Better::Tie => "tie",
    }
}

/// The judgement that a form says. Answers to questions that are not asked after the earlier answers are left out: without
/// JavaScript the form shows all questions.
pub(super) fn judgement_of(design: &Design, form: &AnswerForm) -> Result<Judgement, AnswerProblem> {
    let comment = unix_lines(form.comment.trim());
    let mut judgement = Judgement { answers: BTreeMap::new(), cannot_judge: form.cannot_judge, comment };
    if form.cannot_judge {
        return Ok(judgement);
    }
    for question in &design.questions {
        if design.is_asked(question, &judgement)
            && let Some(answer) = answer_to(question, &form.answers)?
        {
            judgement.answers.insert(question.name.clone(), answer);
        }
    }
    Ok(judgement)
}

fn answer_to(question: &Question, fields: &Fields) -> Result<Option<Answer>, AnswerProblem> {
    let unreadable = || AnswerProblem::Kind { question: question.name.clone() };
    let Some(answer) = placed_or_listed(question, fields)? else { return Ok(None) };
    let (one, values) = match answer {
        Read::Values(values) => (values.first().cloned().unwrap_or_default(), values),
        Read::Answer(answer) => return Ok(Some(answer)),
    };
    Ok(match &question.kind {
        QuestionKind::Choice { .. } => Some(Answer::Choice { value: one }),
        QuestionKind::Tree { .. } => Some(Answer::Tree { value: one }),
        QuestionKind::Choices { .. } => Some(Answer::Choices { values: values.into_iter().collect() }),
        QuestionKind::Text { .. } => Some(Answer::Text { text: unix_lines(one.trim()) }),
        QuestionKind::Rating { .. } => Some(Answer::Rating { value: one.parse().map_err(|_| unreadable())? }),
        QuestionKind::Preference { .. } => {
            let all = [Better::First, Better::Second, Better::Tie];
            let value = all.into_iter().find(|b| better_word(*b) == one).ok_or_else(unreadable)?;
            Some(Answer::Preference { value })
        }
        QuestionKind::Spans { .. } | QuestionKind::Ranking | QuestionKind::Turns { .. } => None,
    })
}

/// What the fields of a question hold.
enum Read {
    /// Values that say something, at least one.
    Values(Vec<String>),
    /// An answer of several fields, or of lines.
    Answer(Answer),
}

fn placed_or_listed(question: &Question, fields: &Fields) -> Result<Option<Read>, AnswerProblem> {
    let name = || question.name.clone();
    Ok(match &question.kind {
        QuestionKind::Spans { .. } => match fields.get(&question.name) {
            Some(lines) => {
                let marks = Marks::parse(&lines.join("\n")).ok_or_else(|| AnswerProblem::Kind { question: name() })?;
                Some(Read::Answer(Answer::Spans { spans: marks.spans, relations: marks.relations }))
            }
            None => None,
        },
        QuestionKind::Ranking => ranking(question, fields)?.map(|order| Read::Answer(Answer::Ranking { order })),
        QuestionKind::Turns { .. } => {
            let values: BTreeMap<u32, String> =
                by_place(question, fields).map(|(at, value)| (at, value.to_owned())).collect();
            (!values.is_empty()).then_some(Read::Answer(Answer::Turns { values }))
        }
        _ => {
            let values = fields.get(&question.name).map(Vec::as_slice).unwrap_or_default();
            let values: Vec<String> = values.iter().filter(|v| !v.trim().is_empty()).cloned().collect();
            (!values.is_empty()).then_some(Read::Values(values))
        }
    })
}

/// The places of answers in their order, from fields that say which place each has.
fn ranking(question: &Question, fields: &Fields) -> Result<Option<Vec<u32>>, AnswerProblem> {
    let mut places = Vec::new();
    for (answer, place) in by_place(question, fields) {
        let place: u32 = place.trim().parse().map_err(|_| AnswerProblem::Order { question: question.name.clone() })?;
        places.push((place, answer));
    }
    places.sort_unstable();
    if places.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(AnswerProblem::Order { question: question.name.clone() });
    }
    Ok((!places.is_empty()).then(|| places.into_iter().map(|(_, answer)| answer).collect()))
}

/// Values of fields such as `tone.3`, with their places.
fn by_place<'a>(question: &'a Question, fields: &'a Fields) -> impl Iterator<Item = (u32, &'a str)> {
    fields.iter().filter_map(move |(name, values)| {
        let at = name.strip_prefix(question.name.as_str())?.strip_prefix('.')?.parse().ok()?;
        values.iter().map(String::as_str).find(|value| !value.is_empty()).map(|value| (at, value))
    })
}

/// Browsers send the lines of a text field with CR LF.
fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn design() -> Design {
        serde_json::from_str(
            r#"{"show": "answers", "questions": [
                {"name": "tone", "title": "Tone", "kind": "choice", "options": [{"value": "good"}, {"value": "bad"}]},
                {"name": "why", "title": "Why", "kind": "choices", "options": [{"value": "rude"}, {"value": "wrong"}],
                 "when": {"question": "tone", "any_of": ["bad"]}},
                {"name": "names", "title": "Names", "kind": "spans", "labels": [{"value": "person"}]},
                {"name": "stars", "title": "Stars", "kind": "rating", "min": 1, "max": 5},
                {"name": "better", "title": "Better", "kind": "preference", "tie": true},
                {"name": "rank", "title": "Rank", "kind": "ranking"},
                {"name": "turn", "title": "Turn", "kind": "turns", "options": [{"value": "ok"}, {"value": "no"}]},
                {"name": "text", "title": "Text", "kind": "text", "required": false}]}"#,
        )
        .unwrap()
    }

    fn form(pairs: &[(&str, &str)]) -> AnswerForm {
        let mut form = AnswerForm::default();
        for (name, value) in pairs {
            form.answers.entry((*name).to_owned()).or_default().push((*value).to_owned());
        }
        form
    }

    fn answers(pairs: &[(&str, &str)]) -> serde_json::Value {
        let judgement = judgement_of(&design(), &form(pairs)).unwrap();
        serde_json::to_value(judgement.answers).unwrap()
    }

    #[test]
    fn every_kind_of_question_is_read() {
        let read = answers(&[
            ("tone", "bad"),
            ("why", "rude"),
            ("why", "wrong"),
            ("names", "0-2 person"),
            ("stars", "4"),
            ("better", "tie"),
            ("rank.0", "2"),
            ("rank.1", "1"),
            ("turn.1", "ok"),
            ("turn.3", "no"),
            ("text", "a\r\nb"),
        ]);
        assert_eq!(
            read,
            serde_json::json!({
                "tone": {"kind": "choice", "value": "bad"},
                "why": {"kind": "choices", "values": ["rude", "wrong"]},
                "names": {"kind": "spans", "spans": [{"start": 0, "end": 2, "label": "person"}]},
                "stars": {"kind": "rating", "value": 4},
                "better": {"kind": "preference", "value": "tie"},
                "rank": {"kind": "ranking", "order": [1, 0]},
                "turn": {"kind": "turns", "values": {"1": "ok", "3": "no"}},
                "text": {"kind": "text", "text": "a\nb"},
            })
        );
    }

    #[test]
    fn what_is_not_asked_or_empty_says_nothing() {
        let read = answers(&[("tone", "good"), ("why", "rude"), ("text", ""), ("names", ""), ("unknown", "x")]);
        let expected = serde_json::json!({
            "tone": {"kind": "choice", "value": "good"},
            "names": {"kind": "spans", "spans": []},
        });
        assert_eq!(read, expected, "nothing marked is an answer; an empty text is none");
        let cannot = AnswerForm { cannot_judge: true, comment: " no text ".to_owned(), ..form(&[("tone", "good")]) };
        let judgement = judgement_of(&design(), &cannot).unwrap();
        assert!(judgement.answers.is_empty() && judgement.cannot_judge && judgement.comment == "no text");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let problem = |pairs: &[(&str, &str)]| judgement_of(&design(), &form(pairs)).unwrap_err();
        assert_eq!(problem(&[("stars", "many")]), AnswerProblem::Kind { question: "stars".to_owned() });
        assert_eq!(problem(&[("better", "left")]), AnswerProblem::Kind { question: "better".to_owned() });
        assert_eq!(problem(&[("names", "person")]), AnswerProblem::Kind { question: "names".to_owned() });
        assert_eq!(problem(&[("rank.0", "1"), ("rank.1", "1")]), AnswerProblem::Order { question: "rank".to_owned() });
    }
}
