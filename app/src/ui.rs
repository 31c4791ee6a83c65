//! Building blocks of pages. They know no domain: they take values, never fetch.

pub mod field;
pub mod format;
pub mod frame;
pub mod load;
pub mod notice;
