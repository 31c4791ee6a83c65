//! How sure a score is, and whether two differ by more than chance. No source of randomness: what is drawn comes from a seed.
//!
//! - One score: [`bootstrap`], [`proportions`], [`seeds`].
//! - Two models on the same samples: [`paired`] asks [`bootstrap`], [`permutation`], [`wilcoxon`], and for right or wrong
//!   [`mcnemar`] and [`proportions`]; [`effect`] says beforehand what could be found. By what is no mean over samples:
//!   [`randomization`].
//! - One series: [`trend`]. Several models that met in pairs: [`bradley_terry`], [`elo`].
//! - Many comparisons: [`correction`]. What to say of an interval: [`verdict`].

pub mod bootstrap;
pub mod bradley_terry;
pub mod correction;
pub mod distributions;
pub mod effect;
pub mod elo;
pub mod mcnemar;
pub mod paired;
pub mod permutation;
pub mod proportions;
pub mod randomization;
pub mod seeds;
pub mod trend;
pub mod verdict;
pub mod wilcoxon;
