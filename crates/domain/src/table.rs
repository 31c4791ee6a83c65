//! The run table: every run of a project as a row, with everything that is known of it as columns. Here are the columns and
//! their types, the language that filters rows, and what a view of the table consists of.

pub mod asked;
pub mod column;
pub mod complete;
pub mod facts;
pub mod filter;
pub mod plot;
pub mod row;
pub mod view;

pub use asked::Asked;
pub use column::{Catalogue, Column, ColumnKind};
pub use row::{Group, GroupStat, MarksEdit, MarksProblem, NewView, Point, SavedView, Source, TablePage, TableRow};
pub use view::{PlotKind, Sort, TableView, ViewProblem};
