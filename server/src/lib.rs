//! The axum binary: wires `app` and `store` together, and runs what pages cannot: sessions, the
//! REST API, server-sent events, background jobs, training workers, and the embedded Postgres.
//!
//! No SQL is written here (that is `store`'s), and no page is drawn here (that is `app`'s).

#![recursion_limit = "512"]

pub mod artifacts;
pub mod asked;
pub mod assets;
pub mod caller;
pub mod check;
pub mod cli;
pub mod config;
pub mod csrf;
pub mod data_folder;
pub mod datafile;
pub mod events;
pub mod fetch;
pub mod headers;
pub mod jobs;
mod leaks;
pub mod log;
pub mod mlflow;
pub mod partial;
pub mod postgres;
pub mod preferences;
pub mod refusals;
mod reports;
pub mod rest;
pub mod router;
pub mod serve;
pub mod sessions;
pub mod shutdown;
pub mod state;
pub mod sweeps;
pub mod trainer;
pub mod worker;
pub mod writer;
