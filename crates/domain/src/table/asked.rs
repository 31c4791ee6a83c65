//! A view against the columns that a project has: what of it can be asked for.

use super::{
    Catalogue, Column, ColumnKind, TableView,
    filter::{Filter, FilterError, parse, written_name, written_text},
    view::{MOST_GROUPS, MOST_SHOWN},
};

/// Columns of a grouping that are summed up, at most.
pub const MOST_STATS: usize = 8;

/// What is asked of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    pub view: TableView,
    pub filter: Option<Filter>,
    /// The columns that are shown.
    pub columns: Vec<Column>,
    pub sort: Option<(Column, bool)>,
    pub groups: Vec<Column>,
}

impl Asked {
    /// Columns that do not exist, or cannot do what they shall, are left out; a filter that cannot be read is refused.
    pub fn of(view: TableView, catalogue: &Catalogue) -> Result<Self, FilterError> {
        let filter = parse(&view.filter, catalogue)?;
        Ok(Self { filter, ..Self::unfiltered(view, catalogue) })
    }

    /// The same without the filter.
    #[must_use]
    pub fn unfiltered(view: TableView, catalogue: &Catalogue) -> Self {
        let sort = view.sort.as_ref().and_then(|s| Some((catalogue.get(&s.column)?.clone(), s.descends)));
        let groups = view.group.iter().filter_map(|name| catalogue.get(name)).filter(|c| c.kind.groups());
        let groups = groups.take(MOST_GROUPS).cloned().collect();
        let columns = catalogue.chosen(&view.columns).into_iter().take(MOST_SHOWN).collect();
        Self { columns, sort, groups, filter: None, view }
    }

    /// Whether archived runs are left out: unless the view or its filter speaks of them.
    #[must_use]
    pub fn leaves_archived_out(&self) -> bool {
        !self.view.archived && !self.filter.as_ref().is_some_and(|f| f.names("archived"))
    }

    /// The shown columns that a grouping sums up.
    pub fn summed(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|c| c.kind.is_number() && !self.groups.contains(c)).take(MOST_STATS)
    }
}

/// The condition that tells a group of a column from the others, as it stands in a filter.
#[must_use]
pub fn group_condition(column: &Column, key: Option<&str>) -> String {
    let name = written_name(&column.name);
    match (key, column.kind) {
        (None, _) => format!("{name} is null"),
        (Some("true"), ColumnKind::Flag) => name,
        (Some(_), ColumnKind::Flag) => format!("not {name}"),
        (Some(key), _) => format!("{name} = {}", written_text(key)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn catalogue() -> Catalogue {
        let found = [("eval.accuracy", ColumnKind::Number), ("recipe.lora.use_dora", ColumnKind::Flag)];
        Catalogue::new(found.map(|(name, kind)| (name.to_owned(), kind)))
    }

    #[test]
    fn what_does_not_exist_is_left_out() {
        let view = TableView {
            sort: super::super::Sort::of("-gone"),
            group: vec!["created".to_owned(), "method".to_owned()],
            columns: vec!["eval.accuracy".to_owned(), "gone".to_owned()],
            ..TableView::default()
        };
        let asked = Asked::of(view, &catalogue()).unwrap();
        assert_eq!((asked.sort, asked.columns.len()), (None, 1));
        assert_eq!(asked.groups.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["method"]);
    }

    #[test]
    fn archived_runs_are_shown_to_whoever_asks_for_them() {
        let asked = |filter: &str| {
            let view = TableView { filter: filter.to_owned(), ..TableView::default() };
            Asked::of(view, &catalogue()).unwrap().leaves_archived_out()
        };
        assert!(asked("") && asked("status = failed"));
        assert!(!asked("archived") && !asked("not archived or status = failed"));
    }

    #[test]
    fn the_condition_of_a_group_can_be_read() {
        for (column, key) in [
            ("method", Some("lora")),
            ("eval.accuracy", Some("0.5")),
            ("model", None),
            ("model", Some("two words")),
            ("recipe.lora.use_dora", Some("false")),
        ] {
            let condition = group_condition(catalogue().get(column).unwrap(), key);
            assert!(parse(&condition, &catalogue()).is_ok(), "{condition}");
        }
    }
}
