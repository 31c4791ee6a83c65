//! A project's own causes of bad cases: a tree below each of the five built-in kinds.

use super::Cause;
use crate::id::CauseId;
use serde::{Deserialize, Serialize};

/// Longest name of a cause, in characters.
pub const MAX_NAME_CHARS: usize = 80;
/// Most causes below one another.
pub const MAX_DEPTH: usize = 4;

/// A cause in the project's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnCause {
    pub id: CauseId,
    /// The built-in kind below which it hangs.
    pub kind: Cause,
    /// The cause that it is a part of; `None` directly below its kind.
    pub parent_id: Option<CauseId>,
    pub name: String,
    /// Not to be chosen any more.
    pub archived: bool,
    /// Bad cases that have it, those of the causes below it not counted.
    pub cases: i64,
}

/// A name as it is kept, if it can be one.
#[must_use]
pub fn parse_name(name: &str) -> Option<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    (!name.is_empty() && name.chars().count() <= MAX_NAME_CHARS).then_some(name)
}

/// The causes of one kind as a tree read from top to bottom, each with how deep it lies (0 directly below the kind).
#[must_use]
pub fn tree(causes: &[OwnCause], kind: Cause) -> Vec<(usize, &OwnCause)> {
    let mut of_kind: Vec<&OwnCause> = causes.iter().filter(|c| c.kind == kind).collect();
    of_kind.sort_by_key(|c| (c.archived, c.name.to_lowercase(), c.id));
    let mut found = Vec::with_capacity(of_kind.len());
    below(&of_kind, None, 0, &mut found);
    found
}

fn below<'a>(causes: &[&'a OwnCause], parent: Option<CauseId>, depth: usize, found: &mut Vec<(usize, &'a OwnCause)>) {
    for cause in causes.iter().filter(|c| c.parent_id == parent) {
        found.push((depth, *cause));
        if depth < MAX_DEPTH {
            below(causes, Some(cause.id), depth + 1, found);
        }
    }
}

/// How deep a cause lies, 0 directly below its kind; `None` for one that is not there.
#[must_use]
pub fn depth(causes: &[OwnCause], id: CauseId) -> Option<usize> {
    Cause::ALL.into_iter().flat_map(|kind| tree(causes, kind)).find(|(_, c)| c.id == id).map(|(depth, _)| depth)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(name: &str, kind: Cause, parent_id: Option<CauseId>) -> OwnCause {
        OwnCause { id: CauseId::new(), kind, parent_id, name: name.to_owned(), archived: false, cases: 0 }
    }

    #[test]
    fn a_tree_reads_from_top_to_bottom() {
        let rare = cause("rare words", Cause::Data, None);
        let names = cause("names", Cause::Data, Some(rare.id));
        let other = cause("Irony", Cause::Data, None);
        let old = OwnCause { archived: true, ..cause("a", Cause::Data, None) };
        let label = cause("typo", Cause::Label, None);
        let all = [names.clone(), rare, label, old, other];
        let shown: Vec<_> = tree(&all, Cause::Data).into_iter().map(|(d, c)| (d, c.name.as_str())).collect();
        assert_eq!(shown, [(0, "Irony"), (0, "rare words"), (1, "names"), (0, "a")]);
        assert_eq!((depth(&all, names.id), depth(&all, CauseId::new())), (Some(1), None));
    }

    #[test]
    fn names_are_short_and_on_one_line() {
        assert_eq!(parse_name("  rare\n words "), Some("rare words".to_owned()));
        assert_eq!(parse_name(" \t"), None);
        assert_eq!(parse_name(&"字".repeat(MAX_NAME_CHARS + 1)), None);
    }
}
