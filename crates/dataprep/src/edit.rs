//! Doing one edit to many samples. Regular expressions are those of the crate `regex`, whose time grows with the text alone.

use domain::{
    edit::{EditAction, EditError, Within},
    sample::{Sample, Split},
};
use regex::{NoExpand, Regex, RegexBuilder};
use std::borrow::Cow;

/// Memory that one regular expression may take, in bytes.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// What becomes of a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Edited {
    /// The edit does not touch it.
    Same,
    Deleted,
    Rewritten(Sample),
    Moved(Split),
}

/// An edit that is ready to be done.
pub struct Editor(Work);

enum Work {
    Delete,
    Label(String),
    Move(Split),
    Replace { find: Regex, with: String, expand: bool, within: Within },
}

impl Editor {
    /// Reads the edit.
    pub fn new(action: &EditAction) -> Result<Self, EditError> {
        action.check()?;
        Ok(Self(match action {
            EditAction::Delete => Work::Delete,
            EditAction::SetLabel { label } => Work::Label(label.trim().to_owned()),
            EditAction::MoveTo { split } => Work::Move(*split),
            EditAction::Replace { find, with, regex, ignore_case, within } => {
                let pattern = if *regex { Cow::Borrowed(find.as_str()) } else { Cow::Owned(regex::escape(find)) };
                let find = RegexBuilder::new(&pattern)
                    .case_insensitive(*ignore_case)
                    .multi_line(true)
                    .size_limit(MAX_REGEX_BYTES)
                    .build()
                    .map_err(|e| EditError::Regex { detail: e.to_string() })?;
                Work::Replace { find, with: with.clone(), expand: *regex, within: *within }
            }
        }))
    }

    /// Does it to one sample of a split.
    #[must_use]
    pub fn edit(&self, sample: &Sample, split: Split) -> Edited {
        match &self.0 {
            Work::Delete => Edited::Deleted,
            Work::Move(to) if *to == split => Edited::Same,
            Work::Move(to) => Edited::Moved(*to),
            Work::Label(label) => {
                let labelled = Sample { label: Some(label.clone()), ..sample.with_answer(label) };
                if labelled == *sample { Edited::Same } else { Edited::Rewritten(labelled) }
            }
            Work::Replace { find, with, expand, within } => replaced(sample, *within, &|text| {
                if *expand { find.replace_all(text, with.as_str()) } else { find.replace_all(text, NoExpand(with)) }
            }),
        }
    }
}

/// The sample with its texts rewritten. The answer of labelled data is its label and goes with it; marked spans are
/// dropped where the text that they stand in is another.
fn replaced(sample: &Sample, within: Within, rule: &dyn Fn(&str) -> Cow<'_, str>) -> Edited {
    let mut new = sample.clone();
    let last = sample.answer().map(|_| sample.messages.len() - 1);
    for (i, message) in new.messages.iter_mut().enumerate() {
        let is_answer = Some(i) == last;
        if within == Within::Both || (within == Within::Answer) == is_answer {
            message.content = rule(&message.content).into_owned();
        }
    }
    if within != Within::Prompt {
        new.rejected = new.rejected.map(|text| rule(&text).into_owned());
    }
    // Listed choices are part of what is asked.
    if within == Within::Both || (within == Within::Prompt) == sample.lists_choices() {
        new.choices.iter_mut().for_each(|text| *text = rule(text).into_owned());
    }
    if new.messages == sample.messages && new.rejected == sample.rejected && new.choices == sample.choices {
        return Edited::Same;
    }
    if new.messages != sample.messages {
        new.spans.clear();
    }
    if sample.label.as_deref() == sample.answer() && sample.label.is_some() {
        new.label = new.answer().map(str::to_owned);
    }
    Edited::Rewritten(new)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use domain::sample::{Message, Speaker};

    fn sample(text: &str, answer: &str) -> Sample {
        let messages = vec![Message::new(Speaker::User, text), Message::new(Speaker::Assistant, answer)];
        Sample { messages, label: Some(answer.to_owned()), ..Sample::default() }
    }

    fn replace(find: &str, with: &str, regex: bool, within: Within) -> Editor {
        let (find, with) = (find.to_owned(), with.to_owned());
        Editor::new(&EditAction::Replace { find, with, regex, ignore_case: true, within }).unwrap()
    }

    fn texts(edited: Edited) -> Vec<String> {
        match edited {
            Edited::Rewritten(sample) => sample.messages.into_iter().map(|m| m.content).collect(),
            other => vec![format!("{other:?}")],
        }
    }

    #[test]
    fn texts_are_taken_literally_unless_they_are_expressions() {
        let given = sample("Costs 5$ (Net)", "ok");
        let literal = replace("(net)", "$1", false, Within::Both);
        assert_eq!(texts(literal.edit(&given, Split::Train)), ["Costs 5$ $1", "ok"]);
        let regex = replace(r"(\d)\$", "$$$1", true, Within::Both);
        assert_eq!(texts(regex.edit(&given, Split::Train)), ["Costs $5 (Net)", "ok"]);
        assert_eq!(replace("absent", "", false, Within::Both).edit(&given, Split::Train), Edited::Same);
        let bad = EditAction::Replace {
            find: "(".to_owned(),
            with: String::new(),
            regex: true,
            ignore_case: false,
            within: Within::Both,
        };
        assert!(matches!(Editor::new(&bad), Err(EditError::Regex { .. })));
    }

    #[test]
    fn prompt_and_answer_are_told_apart_and_the_label_follows_the_answer() {
        let given = sample("good", "good");
        let in_prompt = replace("good", "fine", false, Within::Prompt).edit(&given, Split::Train);
        assert_eq!(texts(in_prompt), ["fine", "good"]);
        let Edited::Rewritten(new) = replace("good", "fine", false, Within::Answer).edit(&given, Split::Train) else {
            panic!("it changes the answer");
        };
        assert_eq!((new.label.as_deref(), new.messages[0].content.as_str()), (Some("fine"), "good"));
    }

    #[test]
    fn labels_and_splits() {
        let given = sample("text", "good");
        let label = Editor::new(&EditAction::SetLabel { label: "bad".to_owned() }).unwrap();
        assert_eq!(texts(label.edit(&given, Split::Train)), ["text", "bad"]);
        assert_eq!(label.edit(&sample("text", "bad"), Split::Train), Edited::Same);
        let split = Editor::new(&EditAction::MoveTo { split: Split::Validation }).unwrap();
        assert_eq!(split.edit(&given, Split::Train), Edited::Moved(Split::Validation));
        assert_eq!(split.edit(&given, Split::Validation), Edited::Same);
    }
}
