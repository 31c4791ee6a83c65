//! Pure scoring maths: classification, text overlap, resampling intervals.

pub mod bootstrap;
pub mod classification;
pub mod text;
