//! Building blocks of pages. They know no domain: they take values, never fetch.

pub mod bars;
#[cfg(any(feature = "ssr", feature = "charts"))]
pub mod chart;
pub mod conversation;
pub mod copy;
pub mod download;
pub mod fetch;
pub mod field;
pub mod form;
pub mod format;
pub mod frame;
pub mod job;
pub mod load;
pub mod markdown;
pub mod metric;
pub mod notice;
pub mod pager;
pub mod parallel;
#[cfg(any(feature = "ssr", not(feature = "charts")))]
pub mod upload;
