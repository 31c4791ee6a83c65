//! An answer in words, for people who review what others said.

use super::content::letter;
use domain::{
    annotation::{
        answer::{Answer, Better, ItemContent, Relation},
        design::{Choice, Question, QuestionKind},
    },
    lang::Lang,
    sample::Span,
};

crate::texts! {
    tie = "Tie", "不相上下";
    nothing_marked = "Nothing marked", "未标记任何片段";
    turn_of(place, option) = "turn {place}: {option}", "第 {place} 轮：{option}";
}

/// What an answer says. Answers to compare have letters in their own order.
pub(super) fn said(l: Lang, question: &Question, item: &ItemContent, answer: &Answer) -> String {
    let options = question.kind.options();
    match answer {
        Answer::Choice { value } | Answer::Tree { value } => shown(options, value),
        Answer::Choices { values } => values.iter().map(|v| shown(options, v)).collect::<Vec<_>>().join(" · "),
        Answer::Spans { spans, relations } => spans_said(l, question, &item.span_text, spans, relations),
        Answer::Text { text } => text.clone(),
        Answer::Rating { value } => value.to_string(),
        Answer::Preference { value: Better::First } => letter(0).to_string(),
        Answer::Preference { value: Better::Second } => letter(1).to_string(),
        Answer::Preference { value: Better::Tie } => tie(l).to_owned(),
        Answer::Ranking { order } => {
            order.iter().map(|at| letter(*at as usize).to_string()).collect::<Vec<_>>().join(" > ")
        }
        Answer::Turns { values } => {
            values.iter().map(|(at, v)| turn_of(l, at + 1, shown(options, v))).collect::<Vec<_>>().join("; ")
        }
    }
}

fn shown(options: &[Choice], value: &str) -> String {
    options.iter().find(|o| o.value == value).map_or(value, Choice::shown).to_owned()
}

fn spans_said(l: Lang, question: &Question, text: &str, spans: &[Span], relations: &[Relation]) -> String {
    if spans.is_empty() {
        return nothing_marked(l).to_owned();
    }
    let QuestionKind::Spans { labels, relations: links, .. } = &question.kind else { return String::new() };
    let inside = |span: &Span| -> String {
        text.chars().skip(span.start as usize).take(span.end.saturating_sub(span.start) as usize).collect()
    };
    let mut lines: Vec<String> = spans.iter().map(|s| format!("{} [{}]", inside(s), shown(labels, &s.label))).collect();
    let at = |place: u32| spans.get(place as usize).map(inside).unwrap_or_default();
    lines.extend(relations.iter().map(|r| format!("{} → {} [{}]", at(r.from), at(r.to), shown(links, &r.label))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn spans_are_quoted_by_characters() {
        let question: Question = serde_json::from_str(
            r#"{"name": "n", "title": "N", "kind": "spans", "labels": [{"value": "loc", "title": "地点"}],
                "relations": [{"value": "in"}]}"#,
        )
        .unwrap();
        let item = ItemContent { span_text: "👍在北京朝阳".to_owned(), ..ItemContent::default() };
        let answer: Answer = serde_json::from_str(
            r#"{"kind": "spans", "spans": [{"start": 2, "end": 4, "label": "loc"}, {"start": 4, "end": 6, "label": "loc"}],
                "relations": [{"from": 1, "to": 0, "label": "in"}]}"#,
        )
        .unwrap();
        assert_eq!(said(Lang::En, &question, &item, &answer), "北京 [地点]\n朝阳 [地点]\n朝阳 → 北京 [in]");
    }
}
