//! What a view of the run table consists of: what its address says, and what is kept under a name.

use super::filter::FILTER_CHARS;
use crate::id::RowId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Columns that rows can be grouped by, at most.
pub const MOST_GROUPS: usize = 2;
/// Columns that a view shows, at most.
pub const MOST_SHOWN: usize = 60;
/// Runs that a view pins, at most.
pub const MOST_PINS: usize = 20;
/// Runs that a view hides, at most.
pub const MOST_HIDDEN: usize = 200;
/// Longest name of a view.
pub const NAME_CHARS: usize = 80;

/// By which column rows are sorted; as a text its name, with `-` before it where large values come first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = TableSort))]
pub struct Sort {
    pub column: String,
    pub descends: bool,
}

impl Sort {
    /// A text as it stands in addresses.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let (column, descends) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
        (!column.is_empty()).then(|| Self { column: column.to_owned(), descends })
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descends { "-" } else { "" }, self.column)
    }
}

/// A drawing over the rows that were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlotKind {
    Parallel,
    Scatter,
    Importance,
}

impl PlotKind {
    pub const ALL: [Self; 3] = [Self::Parallel, Self::Scatter, Self::Importance];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parallel => "parallel",
            Self::Scatter => "scatter",
            Self::Importance => "importance",
        }
    }
}

impl std::str::FromStr for PlotKind {
    type Err = UnknownPlot;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or(UnknownPlot)
    }
}

/// A word that names no plot.
#[derive(Debug, thiserror::Error)]
#[error("expected parallel, scatter or importance")]
pub struct UnknownPlot;

/// A view of the table. What it says of columns that do not exist is left out when it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TableView {
    /// See [`crate::table::filter`]; empty for all.
    pub filter: String,
    /// The newest first where it is absent.
    pub sort: Option<Sort>,
    /// At most two columns.
    pub group: Vec<String>,
    /// In their order; the usual ones where there is none.
    pub columns: Vec<String>,
    /// Runs that stand on top of every page.
    pub pins: Vec<RowId>,
    /// Runs that are left out.
    pub hidden: Vec<RowId>,
    /// Whether archived runs are shown too.
    pub archived: bool,
    pub plot: Option<PlotKind>,
    /// Columns of the plot: across, up and colour of the scatter plot; the metric of the others is `y`.
    pub x: String,
    pub y: String,
    pub color: String,
}

/// Why a view cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewProblem {
    #[error("at most {most} columns to group by", most = MOST_GROUPS)]
    Groups,
    #[error("at most {most} columns", most = MOST_SHOWN)]
    Columns,
    #[error("at most {most} pinned runs", most = MOST_PINS)]
    Pins,
    #[error("at most {most} hidden runs", most = MOST_HIDDEN)]
    Hidden,
    #[error("a filter has at most {most} characters", most = FILTER_CHARS)]
    Filter,
}

/// Between the items of a list in an address. No column has it in its name: MLflow refuses it.
const BETWEEN: char = ',';

impl TableView {
    /// What an address says: `get` gives the value of a name.
    #[must_use]
    pub fn of_address(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| get(name).unwrap_or_default();
        let list = |name: &str, most: usize| {
            let text = text(name);
            let items = text.split(BETWEEN).map(str::trim).filter(|item| !item.is_empty());
            items.take(most).map(str::to_owned).collect::<Vec<_>>()
        };
        let rows = |name: &str, most: usize| -> Vec<RowId> {
            list(name, most).iter().filter_map(|id| id.parse::<RowId>().ok()).collect()
        };
        Self {
            filter: text("filter").trim().to_owned(),
            sort: Sort::of(&text("sort")),
            group: list("group", MOST_GROUPS),
            columns: list("columns", MOST_SHOWN),
            pins: rows("pins", MOST_PINS),
            hidden: rows("hidden", MOST_HIDDEN),
            archived: matches!(text("archived").as_str(), "1" | "true"),
            plot: text("plot").parse().ok(),
            x: text("x"),
            y: text("y"),
            color: text("color"),
        }
    }

    /// The view, if it keeps to the limits.
    pub fn checked(self) -> Result<Self, ViewProblem> {
        let limits = [
            (self.group.len(), MOST_GROUPS, ViewProblem::Groups),
            (self.columns.len(), MOST_SHOWN, ViewProblem::Columns),
            (self.pins.len(), MOST_PINS, ViewProblem::Pins),
            (self.hidden.len(), MOST_HIDDEN, ViewProblem::Hidden),
            (self.filter.chars().count(), FILTER_CHARS, ViewProblem::Filter),
        ];
        match limits.into_iter().find(|(length, most, _)| length > most) {
            Some((_, _, problem)) => Err(problem),
            None => Ok(self),
        }
    }

    /// What the address of this view says; nothing for what is as usual.
    #[must_use]
    pub fn address(&self) -> Vec<(&'static str, String)> {
        let between = BETWEEN.to_string();
        let rows = |ids: &[RowId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(&between);
        let pairs = [
            ("filter", self.filter.clone()),
            ("sort", self.sort.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("group", self.group.join(&between)),
            ("columns", self.columns.join(&between)),
            ("pins", rows(&self.pins)),
            ("hidden", rows(&self.hidden)),
            ("archived", if self.archived { "true".to_owned() } else { String::new() }),
            ("plot", self.plot.map(|p| p.as_str().to_owned()).unwrap_or_default()),
            ("x", self.x.clone()),
            ("y", self.y.clone()),
            ("color", self.color.clone()),
        ];
        pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Names of an address that belong to a view.
    pub const NAMES: [&'static str; 11] =
        ["filter", "sort", "group", "columns", "pins", "hidden", "archived", "plot", "x", "y", "color"];

    /// The view with a run pinned, or no more.
    #[must_use]
    pub fn pinned(mut self, row: RowId) -> Self {
        toggle(&mut self.pins, row, MOST_PINS);
        self
    }

    /// The view without a run.
    #[must_use]
    pub fn without(mut self, row: RowId) -> Self {
        self.pins.retain(|pin| *pin != row);
        if !self.hidden.contains(&row) && self.hidden.len() < MOST_HIDDEN {
            self.hidden.push(row);
        }
        self
    }

    /// The view sorted by a column; turned round where it is already.
    #[must_use]
    pub fn sorted(mut self, column: &str) -> Self {
        let descends = self.sort.as_ref().is_some_and(|s| s.column == column && !s.descends);
        self.sort = Some(Sort { column: column.to_owned(), descends });
        self
    }

    /// The view narrowed by one more condition.
    #[must_use]
    pub fn narrowed(mut self, condition: &str) -> Self {
        self.filter =
            if self.filter.is_empty() { condition.to_owned() } else { format!("({}) and {condition}", self.filter) };
        self
    }
}

fn toggle(rows: &mut Vec<RowId>, row: RowId, most: usize) {
    match rows.iter().position(|r| *r == row) {
        Some(place) => {
            rows.remove(place);
        }
        None if rows.len() < most => rows.push(row),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn an_address_says_the_whole_view() {
        let view = TableView {
            filter: "note ~ \"a, b\" and status = failed".to_owned(),
            sort: Sort::of("-eval.accuracy"),
            group: vec!["model".to_owned(), "recipe.lora.rank".to_owned()],
            columns: vec!["params.my lr".to_owned(), "status".to_owned()],
            pins: vec![RowId(Uuid::from_u128(1))],
            hidden: vec![RowId(Uuid::from_u128(2)), RowId(Uuid::from_u128(3))],
            archived: true,
            plot: Some(PlotKind::Scatter),
            x: "duration".to_owned(),
            y: "eval.accuracy".to_owned(),
            color: "method".to_owned(),
        };
        let pairs = view.address();
        assert_eq!(pairs.len(), TableView::NAMES.len());
        let get = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone());
        assert_eq!(TableView::of_address(get), view);
        assert!(TableView::default().address().is_empty());
        assert_eq!(TableView::of_address(|_| None), TableView::default());
    }

    #[test]
    fn a_view_that_is_kept_has_the_limits_of_addresses() {
        let names = |n: usize| vec!["model".to_owned(); n];
        let most = TableView { group: names(MOST_GROUPS), columns: names(MOST_SHOWN), ..TableView::default() };
        assert_eq!(most.clone().checked(), Ok(most.clone()));
        let groups = TableView { group: names(MOST_GROUPS + 1), ..most.clone() };
        assert_eq!(groups.checked(), Err(ViewProblem::Groups));
        let pins = TableView { pins: vec![RowId(Uuid::nil()); MOST_PINS + 1], ..most };
        assert_eq!(pins.checked(), Err(ViewProblem::Pins));
    }

    #[test]
    fn a_column_sorts_up_then_down() {
        let sort = |view: &TableView| view.sort.as_ref().map(ToString::to_string).unwrap_or_default();
        let once = TableView::default().sorted("name");
        let twice = once.clone().sorted("name");
        assert_eq!(
            (sort(&once), sort(&twice), sort(&twice.clone().sorted("name"))),
            ("name".into(), "-name".into(), "name".into())
        );
    }

    #[test]
    fn a_hidden_run_is_pinned_no_more() {
        let row = RowId(Uuid::from_u128(1));
        let pinned = TableView::default().pinned(row);
        assert_eq!(pinned.pins, [row]);
        let hidden = pinned.clone().without(row);
        assert_eq!((hidden.pins.len(), hidden.hidden.len(), pinned.pinned(row).pins.len()), (0, 1, 0));
    }
}
