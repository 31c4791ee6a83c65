//! The run table: a row for each run of a project, its own and tracked ones. Rows are made of what is known of a run
//! (`refresh`), and read by filters that the domain has parsed.

mod facts;
pub mod marks;
mod read;
mod refresh;
mod select;
#[cfg(test)]
mod tests;
pub mod views;

pub use read::{groups, known_values, page, points};
pub use refresh::refresh;

use crate::StoreError;
use domain::{
    id::ProjectId,
    table::{Catalogue, ColumnKind, column::MOST_COLUMNS},
};
use sqlx::{PgPool, Row, postgres::PgRow};

/// The columns of a project's table, its rows brought up to date before.
pub async fn catalogue(db: &PgPool, project: ProjectId) -> Result<Catalogue, StoreError> {
    refresh(db, project).await?;
    let rows = sqlx::query("select name, kind from table_columns where project_id = $1 order by name, kind limit $2")
        .bind(project.0)
        .bind(2 * MOST_COLUMNS as i64)
        .fetch_all(db)
        .await?;
    let column = |row: &PgRow| -> Result<(String, ColumnKind), StoreError> {
        Ok((row.try_get("name")?, kind(row.try_get("kind")?)?))
    };
    Ok(Catalogue::new(rows.iter().map(column).collect::<Result<Vec<_>, _>>()?))
}

/// What a fact of this kind is as a column.
fn kind(text: &str) -> Result<ColumnKind, StoreError> {
    match text {
        "number" => Ok(ColumnKind::Number),
        "text" => Ok(ColumnKind::Text),
        "flag" => Ok(ColumnKind::Flag),
        other => Err(StoreError::Corrupt(format!("no kind of fact: {other}"))),
    }
}
