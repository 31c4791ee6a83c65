//! The tests of the server as a whole, a module each of one binary: what they test is linked once.
//! `cargo nextest run --package server --test it MODULE::` runs those of one module.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "modules of a test binary are reached by nobody else")]

#[path = "support/access_table.rs"]
mod access_table;
#[path = "support/openapi.rs"]
mod openapi;
#[cfg(target_os = "linux")]
#[path = "support/process.rs"]
mod process;
#[path = "support/run.rs"]
mod run;
#[path = "support/script.rs"]
mod script;
#[cfg(target_os = "linux")]
#[path = "support/scripted.rs"]
mod scripted;
mod support;
#[cfg(target_os = "linux")]
#[path = "../../../trainer/tests/it/support/mod.rs"]
mod tiny;

mod access_matrix;
mod annotation;
#[cfg(target_os = "linux")]
mod annotation_crowd;
mod annotation_results;
mod architecture;
mod badcases;
mod clean;
mod datasets;
#[cfg(target_os = "linux")]
mod embedded_postgres;
mod explore;
mod explore_speed;
#[cfg(target_os = "linux")]
mod faults;
mod from_address;
mod job_folders;
mod judges;
mod judges_in_suites;
mod mlflow;
#[cfg(target_os = "linux")]
mod mlflow_client;
mod overlay;
mod paraphrase;
#[cfg(target_os = "linux")]
mod preflight;
#[cfg(target_os = "linux")]
mod put_off;
mod refusals;
#[cfg(target_os = "linux")]
mod repetition;
mod reports;
mod requests;
mod run_events;
#[cfg(target_os = "linux")]
mod scores;
#[cfg(target_os = "linux")]
mod separate_worker;
mod sources;
mod splits;
#[cfg(unix)]
mod suites;
#[cfg(target_os = "linux")]
mod sweeps;
mod table;
mod table_speed;
mod trace;
mod uploads_in_parts;
#[cfg(target_os = "linux")]
mod worker;
