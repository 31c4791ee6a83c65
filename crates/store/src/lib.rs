//! Every SQL statement of Lathe. Functions take a pool or connection and return domain types;
//! a missing row is `Ok(None)`, and nothing here knows of HTTP, sessions or pages.
//!
//! One module per noun. A row struct stands beside the query that fills it. Functions that must
//! be part of a larger transaction take `&mut PgConnection`.

pub mod access;
pub mod activity;
pub mod annotation;
pub mod artifacts;
pub mod badcases;
pub mod benchmarks;
pub mod cards;
pub mod compare;
pub mod datasets;
pub mod diffs;
pub mod error;
pub mod evals;
pub mod explore;
pub mod fits;
pub mod forget;
pub mod groups;
pub mod invitations;
pub mod jobs;
pub mod judges;
pub mod lineage;
pub mod models;
pub mod overlay;
pub mod overview;
pub mod partial_uploads;
pub mod points;
pub mod preflights;
pub mod projects;
pub mod proposals;
pub mod queue;
pub mod reports;
pub mod runs;
pub mod samples;
pub mod scores;
pub mod secret;
pub mod sessions;
pub mod split_checks;
pub mod suites;
pub mod sweeps;
pub mod table;
pub mod throttle;
pub mod tokens;
pub mod tracking;
pub mod uploads;
pub mod users;
pub mod versions;

pub use error::{Stale, StoreError};
pub use sqlx::PgPool;

/// Brings the schema up to date.
pub async fn migrate(db: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    sqlx::migrate!("../../migrations").run(db).await
}

/// Whether the database answers.
pub async fn ping(db: &PgPool) -> Result<(), StoreError> {
    sqlx::query("select 1").execute(db).await?;
    Ok(())
}
