//! Editing many samples of a version at once: which ones, and what is done to them.

use crate::{
    diff::TextDiff,
    explore::Filter,
    sample::{Sample, Split},
};
use serde::{Deserialize, Serialize};

/// Longest text to find or to put in its place, in characters.
pub const MAX_PATTERN_CHARS: usize = 1000;
/// Longest label, in characters.
pub const MAX_LABEL_CHARS: usize = 1000;
/// Samples that a preview tries the edit on.
pub const PREVIEWED: usize = 2000;
/// Samples that a preview shows before and after.
pub const EXAMPLES: usize = 5;

/// Which samples: what exploring finds for the same search and filters. Samples of the test split are never among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Selection {
    #[serde(default)]
    pub search: String,
    /// Such as `label:good`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub filters: Vec<Filter>,
    /// Of those, the samples at these positions; all of them when there are none.
    #[serde(default)]
    pub positions: Vec<u32>,
}

/// Which texts of a sample are looked through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Within {
    #[default]
    Both,
    /// All turns but the last answer.
    Prompt,
    /// The last answer and the rejected one.
    Answer,
}

/// What is done to each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EditAction {
    Delete,
    /// Also the answer, which is the label in labelled data.
    SetLabel {
        label: String,
    },
    MoveTo {
        split: Split,
    },
    Replace {
        find: String,
        with: String,
        /// `find` is a regular expression, and `$1` in `with` its first group.
        #[serde(default)]
        regex: bool,
        #[serde(default)]
        ignore_case: bool,
        #[serde(default)]
        within: Within,
    },
}

/// Which samples of a version, and what is done to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkEdit {
    #[serde(default)]
    pub selection: Selection,
    pub action: EditAction,
}

/// Why an edit cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum EditError {
    #[error("say what to find, in at most {MAX_PATTERN_CHARS} characters")]
    Find,
    #[error("what is put in its place has at most {MAX_PATTERN_CHARS} characters")]
    With,
    #[error("a label has 1 to {MAX_LABEL_CHARS} characters in one line")]
    Label,
    #[error("nothing may be moved into the test split: it would no longer be what earlier runs were measured on")]
    IntoTest,
    /// In the words of the reader of regular expressions.
    #[error("the regular expression cannot be used: {detail}")]
    Regex { detail: String },
}

impl EditAction {
    /// The word for it in addresses.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::SetLabel { .. } => "set_label",
            Self::MoveTo { .. } => "move_to",
            Self::Replace { .. } => "replace",
        }
    }

    /// Whether its values are within their ranges; a regular expression is read where it is used.
    pub fn check(&self) -> Result<(), EditError> {
        let is_short = |text: &str| text.chars().count() <= MAX_PATTERN_CHARS;
        match self {
            Self::Delete | Self::MoveTo { split: Split::Train | Split::Validation } => Ok(()),
            Self::MoveTo { split: Split::Test } => Err(EditError::IntoTest),
            Self::SetLabel { label } => {
                let is_good = !label.trim().is_empty()
                    && label.chars().count() <= MAX_LABEL_CHARS
                    && !label.chars().any(char::is_control);
                if is_good { Ok(()) } else { Err(EditError::Label) }
            }
            Self::Replace { find, .. } if find.is_empty() || !is_short(find) => Err(EditError::Find),
            Self::Replace { with, .. } if !is_short(with) => Err(EditError::With),
            Self::Replace { .. } => Ok(()),
        }
    }
}

/// A sample before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EditExample {
    pub position: u32,
    pub before: Sample,
    /// `None` where it will be deleted.
    pub after: Option<Sample>,
    /// The split it will be in.
    pub split: Split,
    /// Its texts word by word.
    pub texts: Vec<TextDiff>,
}

/// What an edit would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EditPreview {
    /// Samples that are selected.
    pub selected: u64,
    /// Selected samples that were looked at: the first 2000.
    pub looked_at: u64,
    /// Of those, how many the edit would change.
    pub changed: u64,
    pub examples: Vec<EditExample>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_done_is_refused() {
        let replace = |find: &str, with: &str| EditAction::Replace {
            find: find.to_owned(),
            with: with.to_owned(),
            regex: false,
            ignore_case: false,
            within: Within::Both,
        };
        assert_eq!(replace("a", "").check(), Ok(()));
        assert_eq!(replace("", "a").check(), Err(EditError::Find));
        assert_eq!(replace("a", &"b".repeat(1001)).check(), Err(EditError::With));
        assert_eq!(EditAction::SetLabel { label: " ".to_owned() }.check(), Err(EditError::Label));
        assert_eq!(EditAction::MoveTo { split: Split::Test }.check(), Err(EditError::IntoTest));
    }

    #[test]
    fn a_script_needs_to_say_little() {
        let edit: Result<BulkEdit, _> =
            serde_json::from_str(r#"{"action": {"kind": "replace", "find": "a", "with": "b"}}"#);
        assert_eq!(edit.map(|e| e.selection).ok(), Some(Selection::default()));
    }
}
