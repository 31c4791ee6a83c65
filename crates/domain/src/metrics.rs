//! Pure scoring maths. [`crate::statistics`] says how sure a score is.
//!
//! - Labels: [`classification`], [`averages`] (of counts alone: [`margins`]); of their probabilities [`ranking`], [`calibration`].
//! - Texts against references: [`answer`], [`bleu`], [`chrf`], [`rouge`], [`meteor`], [`distance`], [`embedding`]; [`text`] is
//!   what a training run reports.
//! - Texts alone: [`diversity`], [`json_schema`], [`likelihood`]. Programs: [`pass_at_k`]. Stretches of text: [`spans`].

pub mod answer;
pub mod averages;
pub mod bleu;
pub mod calibration;
pub mod chrf;
pub mod classification;
pub mod distance;
pub mod diversity;
pub mod embedding;
pub mod json_schema;
pub mod likelihood;
pub mod margins;
pub mod meteor;
pub(crate) mod ngrams;
pub mod pass_at_k;
pub mod porter;
pub mod ranking;
pub mod rouge;
pub mod spans;
pub mod text;
pub(crate) mod unicode;
