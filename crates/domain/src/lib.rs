//! Lathe's vocabulary, shared by browser, server and trainer.
//!
//! Here live typed ids, enums, the recipe and its validation, the state machines and pure
//! maths (metrics, statistics). There is no I/O, no async and no SQL, and everything compiles
//! to wasm. A word means one thing in this crate and the same thing everywhere else; the
//! glossary in ARCHITECTURE.md lists them.

pub mod access;
pub mod account;
pub mod agreement;
pub mod annotation;
pub mod badcase;
pub mod brief;
pub mod card;
pub mod compare;
pub mod dataset;
pub mod diff;
pub mod downsample;
pub mod edit;
pub mod estimate;
pub mod eval;
pub mod event;
pub mod explore;
pub mod forget;
pub mod id;
pub mod import;
pub mod job;
pub mod judge;
pub mod lang;
pub mod lineage;
pub mod measure;
pub mod memory;
pub mod metrics;
pub mod model;
pub mod overfit;
pub mod overlay;
pub mod overview;
pub mod page;
pub mod paraphrase;
pub mod people;
pub mod recipe;
pub mod report;
pub mod run;
pub mod sample;
pub mod score;
pub mod slice;
pub mod split;
pub mod statistics;
pub mod steps;
pub mod suite;
pub mod sweep;
pub mod table;
pub mod task_file;
pub mod tracking;
