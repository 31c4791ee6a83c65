//! Building blocks of pages. They know no domain: they take values, never fetch.

pub mod copy;
pub mod form;
pub mod job;
pub mod chart;
pub mod field;
pub mod format;
pub mod frame;
pub mod load;
pub mod notice;
pub mod upload;
