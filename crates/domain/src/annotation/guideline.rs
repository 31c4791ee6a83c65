//! Guidelines are Markdown with a history; a changed rule lists the labels that it touches.

use super::design::Design;
use std::collections::BTreeSet;

/// The options and labels of a task that a changed guideline touches: those named in a section (a heading and what stands
/// below it) that is there in one text alone. Where a changed section names none, it may concern all: then all are listed.
#[must_use]
pub fn touched(before: &str, after: &str, design: &Design) -> BTreeSet<String> {
    let (old, new) = (sections(before), sections(after));
    let changed = old.symmetric_difference(&new);
    let all: BTreeSet<String> =
        design.questions.iter().flat_map(|q| q.kind.options()).map(|o| o.value.clone()).collect();
    let mut touched = BTreeSet::new();
    for section in changed {
        let section = section.to_lowercase();
        let named = design.questions.iter().flat_map(|q| q.kind.options());
        let named: Vec<_> = named.filter(|o| names(&section, &o.value) || names(&section, o.shown())).collect();
        if named.is_empty() {
            return all;
        }
        touched.extend(named.into_iter().map(|o| o.value.clone()));
    }
    touched
}

/// The text cut before each heading, without blank ends.
fn sections(text: &str) -> BTreeSet<String> {
    let mut sections = vec![String::new()];
    for line in text.lines() {
        if line.starts_with('#') {
            sections.push(String::new());
        }
        if let Some(section) = sections.last_mut() {
            section.push_str(line.trim_end());
            section.push('\n');
        }
    }
    sections.into_iter().map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
}

/// Whether a text has this label as a word of its own; Chinese has no gaps between words, so there it may stand anywhere.
fn names(lower: &str, label: &str) -> bool {
    let label = label.to_lowercase();
    let is_word = |c: char| c.is_ascii_alphanumeric();
    !label.is_empty()
        && lower.match_indices(&label).any(|(at, found)| {
            let before = lower[..at].chars().next_back();
            let after = lower[at + found.len()..].chars().next();
            let cuts =
                |edge: Option<char>, inner: Option<char>| !(edge.is_some_and(is_word) && inner.is_some_and(is_word));
            cuts(before, label.chars().next()) && cuts(after, label.chars().next_back())
        })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_changed_section_touches_the_labels_it_names() {
        let design: Design = serde_json::from_str(
            r#"{"questions": [{"name": "t", "title": "T", "kind": "choice",
                "options": [{"value": "good"}, {"value": "bad", "title": "差评"}, {"value": "goods"}]}]}"#,
        )
        .unwrap();
        let before = "# General\nRead all.\n# good\nPraise.\n# 差评\n抱怨。";
        let list = |after: &str| touched(before, after, &design).into_iter().collect::<Vec<_>>();
        assert_eq!(list(before), Vec::<String>::new());
        assert_eq!(list(&before.replace("Praise", "Praise only")), ["good"]);
        assert_eq!(list(&before.replace("抱怨", "抱怨或退货")), ["bad"]);
        assert_eq!(list(&before.replace("Read all", "Read twice")), ["bad", "good", "goods"]);
    }
}
