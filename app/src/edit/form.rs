//! What the page's address and its forms say: which samples, and what is done to them.

use super::text;
use crate::{routes, words};
use domain::{
    edit::{EditAction, EditError, Selection, Within},
    explore::Filter,
    lang::Lang,
};
use leptos::prelude::ReadUntracked;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Most ticked samples that are read: what an address of numbers can hold, and ranges that nobody ticks by hand.
const MAX_TICKED: usize = 100_000;

/// Stands for no position.
const NOTHING: &str = "none";

/// The words for what is done.
pub const ACTIONS: [&str; 4] = ["replace", "set_label", "move_to", "delete"];
/// The words for the texts that are looked through.
pub const WITHIN: [&str; 3] = ["both", "prompt", "answer"];

/// All of it as it was typed; what is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditForm {
    #[serde(default)]
    pub search: String,
    /// Filters, one a line: a form that is posted knows no lists.
    #[serde(default)]
    pub filters: String,
    /// Positions of samples that were ticked, or ranges such as `3-7`, with `,` or `.` between them.
    #[serde(default)]
    pub positions: String,
    #[serde(default)]
    pub action: String,
    #[serde(default)]
    pub find: String,
    #[serde(default)]
    pub with: String,
    #[serde(default)]
    pub regex: String,
    #[serde(default)]
    pub ignore_case: String,
    #[serde(default)]
    pub within: String,
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub split: String,
    /// Whether the edit is to be tried.
    #[serde(default)]
    pub preview: String,
}

impl EditForm {
    /// From this page's query, where filters stand one by one, as on the page for exploring, or together.
    #[must_use]
    pub fn of_address() -> Self {
        let map = leptos_router::hooks::use_query_map().read_untracked();
        let get = |name: &str| map.get(name).unwrap_or_default();
        let filters = map.get_all("f").filter(|f| !f.is_empty()).map_or_else(|| get("filters"), |f| f.join("\n"));
        let ticks = map.get_all("p").map(|p| p.join(","));
        // Who sent the form of ticks without one selects nothing, and so does `p=` that says no position.
        let is_of_ticks = ticks.is_some() || !get("ticked").is_empty();
        let positions = ticks.unwrap_or_else(|| get("positions"));
        let positions = if positions.is_empty() && is_of_ticks { NOTHING.to_owned() } else { positions };
        Self {
            search: get("search"),
            filters,
            positions,
            action: get("action"),
            find: get("find"),
            with: get("with"),
            regex: get("regex"),
            ignore_case: get("ignore_case"),
            within: get("within"),
            label: get("label"),
            split: get("split"),
            preview: get("preview"),
        }
    }

    /// Which samples. A line that is no filter is left out, so that nobody edits more than they saw: nothing is then
    /// selected by it.
    pub fn selection(&self) -> Result<Selection, domain::explore::NoFilter> {
        let lines = self.filters.lines().filter(|line| !line.trim().is_empty());
        let filters = lines.map(str::parse::<Filter>).collect::<Result<_, _>>()?;
        Ok(Selection { search: self.search.clone(), filters, positions: self.ticked().collect() })
    }

    /// No position at all means all samples: where something was named that is none, one that no sample has stands for it.
    fn ticked(&self) -> impl Iterator<Item = u32> {
        let named = self.positions.split([',', '.']).filter(|p| !p.is_empty());
        let nothing = (!self.positions.is_empty() && named.clone().next().is_none()).then_some(u32::MAX);
        named.flat_map(positions).take(MAX_TICKED).chain(nothing)
    }

    /// What is done to them.
    pub fn edit(&self) -> Result<EditAction, EditError> {
        let action = match self.action.as_str() {
            "delete" => EditAction::Delete,
            "set_label" => EditAction::SetLabel { label: self.label.clone() },
            "move_to" => EditAction::MoveTo { split: self.split.parse().map_err(|_| EditError::IntoTest)? },
            _ => EditAction::Replace {
                find: self.find.clone(),
                with: self.with.clone(),
                regex: !self.regex.is_empty(),
                ignore_case: !self.ignore_case.is_empty(),
                within: match self.within.as_str() {
                    "prompt" => Within::Prompt,
                    "answer" => Within::Answer,
                    _ => Within::Both,
                },
            },
        };
        action.check().map(|()| action)
    }

    /// The fields that say which samples, for a form.
    #[must_use]
    pub fn selection_fields(&self) -> Vec<(&'static str, String)> {
        let fields = [("search", &self.search), ("filters", &self.filters), ("positions", &self.positions)];
        fields.map(|(name, value)| (name, value.clone())).to_vec()
    }

    /// The fields that say what is done.
    #[must_use]
    pub fn action_fields(&self) -> Vec<(&'static str, String)> {
        let fields = [
            ("action", &self.action),
            ("find", &self.find),
            ("with", &self.with),
            ("regex", &self.regex),
            ("ignore_case", &self.ignore_case),
            ("within", &self.within),
            ("label", &self.label),
            ("split", &self.split),
        ];
        fields.map(|(name, value)| (name, value.clone())).to_vec()
    }

    /// The query of the page for exploring that finds the same samples.
    #[must_use]
    pub fn selection_query(&self) -> String {
        let filters = self.filters.lines().map(|line| format!("&f={}", routes::encode(line))).collect::<String>();
        format!("search={}{filters}", routes::encode(&self.search))
    }

    /// This page's query.
    #[must_use]
    pub fn query(&self) -> String {
        let fields = self.selection_fields().into_iter().chain(self.action_fields());
        let given = fields.filter(|(_, value)| !value.is_empty());
        given.map(|(name, value)| format!("{name}={}", routes::encode(&value))).collect::<Vec<_>>().join("&")
    }

    /// The search and the filters, for people.
    #[must_use]
    pub fn in_words(&self, l: Lang) -> String {
        let mut parts = Vec::new();
        if !self.search.trim().is_empty() {
            parts.push(format!("“{}”", self.search.trim()));
        }
        parts.extend(self.filters.lines().map(str::to_owned));
        let ticked = self.ticked().filter(|position| *position != u32::MAX).count();
        if ticked > 0 || !self.positions.is_empty() {
            parts.push(text::ticked(l, ticked));
        }
        if parts.is_empty() { text::everything(l).to_owned() } else { parts.join(", ") }
    }

    /// The field that an error is about, and what it says.
    #[must_use]
    pub fn problem(l: Lang, e: &EditError) -> (&'static str, String) {
        let field = match e {
            EditError::Find | EditError::Regex { .. } => "find",
            EditError::With => "with",
            EditError::Label => "label",
            EditError::IntoTest => "split",
        };
        (field, words::edit_problem(l, e))
    }
}

/// The positions of `3` or `3-7`. What is neither stands for nothing, and must not stand for everything.
fn positions(text: &str) -> RangeInclusive<u32> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse::<u32>(), last.parse::<u32>()) {
        (Ok(first), Ok(last)) if first <= last => first..=last,
        _ => u32::MAX..=u32::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::sample::Split;

    #[test]
    fn a_form_says_what_is_edited() {
        let form = EditForm {
            filters: "label:a\nsplit:train\n".to_owned(),
            action: "move_to".to_owned(),
            split: "validation".to_owned(),
            ..EditForm::default()
        };
        assert_eq!(form.selection().map(|s| s.filters.len()).ok(), Some(2));
        assert_eq!(form.edit(), Ok(EditAction::MoveTo { split: Split::Validation }));
        assert_eq!(form.selection_query(), "search=&f=label%3Aa&f=split%3Atrain");
        let ticked = EditForm { positions: "3,7,x".to_owned(), ..form.clone() };
        assert_eq!(ticked.selection().map(|s| s.positions).ok(), Some(vec![3, 7, u32::MAX]));
        let ranges = EditForm { positions: "3-5.9.7-6".to_owned(), ..form.clone() };
        assert_eq!(ranges.selection().map(|s| s.positions).ok(), Some(vec![3, 4, 5, 9, u32::MAX]));
        let nothing = EditForm { positions: NOTHING.to_owned(), ..form.clone() };
        assert_eq!(nothing.selection().map(|s| s.positions).ok(), Some(vec![u32::MAX]));
        // Not empty, and names no position: this must not select everything.
        for positions in [",", ",,", ".", ",."] {
            let commas = EditForm { positions: positions.to_owned(), ..form.clone() };
            assert_eq!(commas.selection().map(|s| s.positions).ok(), Some(vec![u32::MAX]), "{positions}");
        }
        assert!(EditForm { filters: "colour:red".to_owned(), ..form.clone() }.selection().is_err());
        let into_test = EditForm { split: "test".to_owned(), ..form };
        assert_eq!(into_test.edit(), Err(EditError::IntoTest));
        assert_eq!(EditForm::default().edit(), Err(EditError::Find));
    }
}
