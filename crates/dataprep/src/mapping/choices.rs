//! Multiple-choice questions: the columns of MMLU and C-Eval, lists, lettered lines, and choices that are the same for
//! every row, such as yes and no.

use super::apply::RowFields;
use super::{as_list, lookup};
use domain::brief::brief;
use domain::dataset::{LineError, LineProblem};
use domain::sample::{Message, Speaker, choice_letter, choice_of_letter};
use serde_json::Value;

/// Stands between choices that are the same for every row.
const FIXED: char = '|';

/// The fields of a question.
pub(super) struct Names<'a> {
    pub(super) question: &'a str,
    pub(super) context: Option<&'a str>,
    /// Names with commas between them, the name of a list, or fixed texts.
    pub(super) choices: &'a str,
    pub(super) answer: &'a str,
}

/// What a row asks.
pub(super) struct Asked {
    pub(super) messages: Vec<Message>,
    pub(super) label: Option<String>,
    pub(super) choices: Vec<String>,
}

/// The fields that choices are read from.
pub(super) fn fields_of(choices: &str) -> impl Iterator<Item = &str> {
    let names = if choices.contains(FIXED) { "" } else { choices };
    names.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// Reads a question. Choices of a row are listed in the prompt and the answer is a letter; of fixed ones it is the text.
pub(super) fn read(fields: &RowFields<'_>, names: &Names<'_>) -> Result<Asked, LineError> {
    let question = fields.required(names.question)?;
    let context = fields.optional(names.context)?;
    let choices = choices(fields, names.choices)?;
    let first = fields_of(names.choices).next().unwrap_or(names.question);
    if choices.len() < 2 {
        return Err(fields.error(first, LineProblem::FewChoices));
    }
    let given = fields.required(names.answer)?;
    let right = place_by_name(fields, names.choices, &given)
        .filter(|place| *place < choices.len())
        .or_else(|| place(&given, &choices))
        .ok_or_else(|| fields.error(names.answer, LineProblem::NoSuchChoice { answer: brief(given.trim()) }))?;
    let is_fixed = names.choices.contains(FIXED);
    let letter = choice_letter(choices.len() - 1).filter(|_| !is_fixed).and_then(|_| choice_letter(right));
    let listed = if letter.is_some() { choices.as_slice() } else { &[] };
    let user = prompt(question.trim(), context.as_deref(), listed);
    let answer = letter.map_or_else(|| choices[right].clone(), String::from);
    let messages = vec![Message::new(Speaker::User, user), Message::new(Speaker::Assistant, answer.clone())];
    // Texts that differ from row to row are no labels.
    let label = (letter.is_some() || is_fixed).then_some(answer);
    Ok(Asked { messages, label, choices })
}

/// The question as MMLU and C-Eval put it, in the language that it is written in.
fn prompt(question: &str, context: Option<&str>, listed: &[String]) -> String {
    let is_chinese = question.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let (ask, end) = if is_chinese { ("问题：", "答案：") } else { ("Question: ", "Answer:") };
    let mut text = context.map_or_else(String::new, |context| format!("{}\n\n", context.trim()));
    text.push_str(&format!("{ask}{question}\n"));
    for (place, choice) in listed.iter().enumerate() {
        text.extend(choice_letter(place));
        text.push_str(&format!(". {choice}\n"));
    }
    text.push_str(end);
    text
}

fn choices(fields: &RowFields<'_>, spec: &str) -> Result<Vec<String>, LineError> {
    if spec.contains(FIXED) {
        return Ok(spec.split(FIXED).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect());
    }
    let names: Vec<&str> = fields_of(spec).collect();
    if let [only] = names.as_slice() {
        let value = lookup(fields.value(), only).ok_or_else(|| fields.error(only, LineProblem::FieldMissing))?;
        return texts_of(value).ok_or_else(|| fields.error(only, LineProblem::FewChoices));
    }
    let mut found = Vec::new();
    for name in &names {
        found.push(fields.optional(Some(*name))?.map(|text| text.trim().to_owned()));
    }
    // A question with fewer choices than there are columns leaves the last ones empty.
    while found.last().is_some_and(Option::is_none) {
        found.pop();
    }
    let whole = |(name, text): (&&str, Option<String>)| text.ok_or_else(|| fields.error(name, LineProblem::FieldEmpty));
    names.iter().zip(found).map(whole).collect()
}

/// The choices of a list of texts, or of lines that begin with `A.`, `B.` and so on.
pub(super) fn texts_of(value: &Value) -> Option<Vec<String>> {
    if let Some(list) = as_list(value) {
        let text = |item: &Value| match item {
            Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        return list.iter().map(text).collect();
    }
    let lines = value.as_str()?.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate();
    let in_turn =
        |(i, line): (usize, &str)| lettered(line).filter(|(place, _)| *place == i).map(|(_, text)| text.to_owned());
    lines.map(in_turn).collect()
}

/// A line such as `B. text`: the place of its letter, and the text.
fn lettered(line: &str) -> Option<(usize, &str)> {
    let place = choice_of_letter(line.get(..1)?)?;
    let text = line[1..].trim_start().strip_prefix(['.', ')', ':', '．', '、', '：', '）'])?;
    Some((place, text.trim()))
}

/// The place of an answer among the names of the choices, where a row has them: `choices.label` beside `choices.text`. So ARC
/// has them, whose rows say A to D or 1 to 4.
fn place_by_name(fields: &RowFields<'_>, choices: &str, given: &str) -> Option<usize> {
    let beside = format!("{}.label", choices.trim().strip_suffix(".text")?);
    texts_of(lookup(fields.value(), &beside)?)?.iter().position(|name| name == given.trim())
}

/// The place of an answer that is given as a letter, a text, both, or a number from 0.
fn place(given: &str, choices: &[String]) -> Option<usize> {
    let given = given.trim();
    let is_there = |place: &usize| *place < choices.len();
    choice_of_letter(given)
        .filter(is_there)
        .or_else(|| choices.iter().position(|choice| choice == given))
        .or_else(|| lettered(given).map(|(place, _)| place).filter(is_there))
        .or_else(|| choices.iter().position(|choice| choice.eq_ignore_ascii_case(given)))
        .or_else(|| choice_of_letter(&given.to_ascii_uppercase()).filter(is_there))
        .or_else(|| given.parse().ok().filter(is_there))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use crate::mapping::{apply, guess};
    use crate::rows::{Row, first_rows};
    use domain::dataset::{FileSyntax, LineProblem, Mapping};
    use domain::sample::Sample;
    use serde_json::json;

    /// The rows of a file as samples, by the mapping that is guessed.
    fn samples(file: &str, syntax: FileSyntax) -> (Mapping, Vec<Sample>) {
        let (rows, errors) = first_rows(file.as_bytes(), syntax, 10).unwrap();
        assert!(errors.is_empty(), "{errors:?}");
        let mapping = guess(&rows).unwrap();
        let read = rows.iter().map(|row| apply(&mapping, row).unwrap()).collect();
        (mapping, read)
    }

    fn asked(sample: &Sample) -> (&str, &str, Option<usize>) {
        (&sample.messages[0].content, &sample.messages[1].content, sample.right_choice())
    }

    #[test]
    fn mmlu_with_and_without_a_header() {
        let bare = "\"Which, if any?\",one,two,three,four,B\nHow many?,1,2,3,4,D\n";
        let headed = format!("question,A,B,C,D,answer\n{bare}");
        for file in [bare, &headed] {
            let (mapping, read) = samples(file, FileSyntax::Csv);
            assert_eq!(mapping.format(), "multiple_choice");
            assert_eq!(read.len(), 2, "the first row is a question");
            let prompt = "Question: Which, if any?\nA. one\nB. two\nC. three\nD. four\nAnswer:";
            assert_eq!(asked(&read[0]), (prompt, "B", Some(1)));
            assert_eq!((read[1].label.as_deref(), read[1].choices[3].as_str()), (Some("D"), "4"));
        }
    }

    #[test]
    fn c_eval_is_asked_in_chinese() {
        let file = "id,question,A,B,C,D,answer,explanation\n0,下列哪项正确？,甲,乙,丙,,C,因为\n";
        let (_, read) = samples(file, FileSyntax::Csv);
        assert_eq!(asked(&read[0]), ("问题：下列哪项正确？\nA. 甲\nB. 乙\nC. 丙\n答案：", "C", Some(2)));
        assert_eq!(read[0].slices.keys().collect::<Vec<_>>(), ["explanation", "id"]);
    }

    #[test]
    fn lettered_lines_and_lists() {
        let lines = json!({"question": "Predators eat ", "options": "A. lions\nB. grass", "answer": "B. grass"});
        let list = json!({"question": "Predators eat ", "choices": ["lions", "grass"], "answer": 1});
        for row in [lines, list] {
            let (_, read) = samples(&row.to_string(), FileSyntax::Jsonl);
            assert_eq!(asked(&read[0]), ("Question: Predators eat\nA. lions\nB. grass\nAnswer:", "B", Some(1)));
        }
    }

    #[test]
    fn names_of_choices_count_before_numbers_from_0() {
        let row = |labels: [&str; 3], key: &str| {
            let choices = json!({"text": ["ice", "fire", "3"], "label": labels});
            json!({"question": "What is hot?", "choices": choices, "answerKey": key}).to_string()
        };
        let file = format!("{}\n{}\n", row(["A", "B", "C"], "B"), row(["1", "2", "3"], "2"));
        let (mapping, read) = samples(&file, FileSyntax::Jsonl);
        assert_eq!(mapping.format(), "multiple_choice");
        assert_eq!(read.iter().map(Sample::right_choice).collect::<Vec<_>>(), [Some(1), Some(1)]);
    }

    #[test]
    fn yes_and_no_are_choices_when_both_occur() {
        let row = |answer: bool| json!({"passage": "P.", "question": "q?", "answer": answer}).to_string();
        let (mapping, read) = samples(&format!("{}\n{}\n", row(true), row(false)), FileSyntax::Jsonl);
        assert_eq!(mapping.format(), "multiple_choice");
        assert_eq!(asked(&read[0]), ("P.\n\nQuestion: q?\nAnswer:", "True", Some(1)));
        assert_eq!(read[1].label.as_deref(), Some("False"));
        let (mapping, _) = samples(&row(true), FileSyntax::Jsonl);
        assert_eq!(mapping.format(), "question_answer", "one answer says nothing of the others");
    }

    #[test]
    fn what_cannot_be_answered_is_refused() {
        let mapping = Mapping::MultipleChoice {
            question: "q".to_owned(),
            context: None,
            choices: "A,B".to_owned(),
            answer: "a".to_owned(),
        };
        let refusal = |value: serde_json::Value| {
            let row = Row { line: 3, value: value.as_object().unwrap().clone() };
            apply(&mapping, &row).unwrap_err().problem
        };
        let none = refusal(json!({"q": "?", "A": "x", "B": "y", "a": "C"}));
        assert_eq!(none, LineProblem::NoSuchChoice { answer: "C".to_owned() });
        assert_eq!(refusal(json!({"q": "?", "A": "x", "B": "", "a": "A"})), LineProblem::FewChoices);
        assert_eq!(refusal(json!({"q": "?", "A": "", "B": "y", "a": "A"})), LineProblem::FieldEmpty);
    }
}
