//! The overfit watch: whether a run still learns what holds beyond its training data, by its losses alone, and what to do
//! if it does not. A verdict is data, a state, figures and advice; pages and logs put it into words.
//!
//! The rule looks at the validations after the one with the lowest loss. If nothing but noise moves them, any order of
//! them is as likely as any other, although all lie above the lowest: so Mann's test of a rising trend holds for them, and
//! not for the lowest itself. A rise must also be far more than the noise of the curve, and the gap to the training loss
//! must have widened. On losses that only jitter about a level the watch raises an alarm in fewer than 5 of 100 runs of
//! 30 validations (`tests`).

mod advice;
#[cfg(test)]
mod tests;

pub use advice::Advice;

use crate::{
    recipe::Recipe,
    statistics::trend::{median, noise, rising_p_value, slope},
};
use serde::{Deserialize, Serialize};

/// Fewer validations say nothing.
pub const FEWEST: usize = 4;
/// Newest validations that are looked at; a longer run's earlier ones count for the lowest loss alone.
const MOST: usize = 300;
/// Chance below which a rise is a trend, and the one that is enough for a very steep rise.
const CLEAR: f64 = 0.02;
const LIKELY: f64 = 0.05;
/// Validations after the lowest before there can be an alarm.
const AFTER: usize = 4;

/// One validation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    pub step: u32,
    /// Mean loss over the validation samples.
    pub validation: f64,
    /// Mean training loss of the steps since the validation before; `None` before the first step.
    pub training: Option<f64>,
}

/// How a run learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Too few validations to say.
    TooEarly,
    /// Validation loss falls, or rests at its level.
    Fine,
    /// It has risen since its lowest, not yet clearly.
    Watch,
    /// It rises while training loss falls.
    Overfitting,
    /// The run is over and both losses still fell.
    Underfitting,
    /// Both losses rise, or one is no number.
    Diverging,
}

impl Fit {
    pub const ALL: [Self; 6] =
        [Self::TooEarly, Self::Fine, Self::Watch, Self::Overfitting, Self::Underfitting, Self::Diverging];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooEarly => "too_early",
            Self::Fine => "fine",
            Self::Watch => "watch",
            Self::Overfitting => "overfitting",
            Self::Underfitting => "underfitting",
            Self::Diverging => "diverging",
        }
    }
}

impl std::str::FromStr for Fit {
    type Err = UnknownFit;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|fit| fit.as_str() == s).ok_or_else(|| UnknownFit(s.to_owned()))
    }
}

/// Text that names no [`Fit`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no word for how a run learns")]
pub struct UnknownFit(String);

/// What the verdict rests on. Losses are in nats.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = FitFigures))]
pub struct Figures {
    /// The validation with the lowest loss.
    pub best_step: u32,
    pub best_loss: f64,
    /// The newest validation.
    pub step: u32,
    pub validation: f64,
    pub training: Option<f64>,
    /// Validation less training loss: now (median of three) and at the lowest validation loss.
    pub gap: Option<f64>,
    pub gap_at_best: Option<f64>,
    /// Validation over training loss.
    pub ratio: Option<f64>,
    /// Validations since the lowest.
    pub since_best: u32,
    /// Median of the newest three (fewer after a recent lowest), less the lowest.
    pub rise: f64,
    /// Theil and Sen's slope of the validations since the lowest, per 1000 steps.
    pub slope: f64,
    /// Mann's one-sided p value that they rise.
    pub p_value: f64,
    /// Standard deviation of the validation loss about its own curve.
    pub noise: f64,
}

/// What the watch says of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = FitVerdict))]
pub struct Verdict {
    pub fit: Fit,
    /// `None` while it is too early, and where a loss is no number.
    pub figures: Option<Figures>,
    /// The most useful first.
    pub advice: Vec<Advice>,
}

/// The verdict of a run as it stands, with every time that it changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FitHistory {
    pub verdict: Verdict,
    /// Oldest first.
    pub changes: Vec<FitChange>,
}

/// A time at which the verdict changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FitChange {
    /// The validation that changed it.
    pub step: u32,
    #[serde(with = "time::serde::rfc3339")]
    pub at: time::OffsetDateTime,
    pub verdict: Verdict,
}

/// What is known of a run besides its losses.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    pub recipe: &'a Recipe,
    pub total_steps: u32,
    pub train_samples: u64,
}

/// Judges a run by its validations, which rise in step.
#[must_use]
pub fn judge(looks: &[Look], run: Circumstances<'_>) -> Verdict {
    let (fit, figures) = classify(looks, run.total_steps);
    let advice = figures.map_or_else(|| advice::blind(fit, run), |f| advice::of(fit, &f, run));
    Verdict { fit, figures, advice }
}

fn classify(looks: &[Look], total_steps: u32) -> (Fit, Option<Figures>) {
    let is_number = |l: &Look| l.validation.is_finite() && l.training.is_none_or(f64::is_finite);
    if looks.last().is_some_and(|l| !is_number(l)) {
        return (Fit::Diverging, None);
    }
    let looks: Vec<Look> = looks.iter().copied().filter(is_number).collect();
    if looks.len() < FEWEST {
        return (Fit::TooEarly, None);
    }
    let course = Course::of(&looks);
    let figures = course.figures();
    (course.fit(&figures, total_steps), Some(figures))
}

/// Validations, parted at the lowest.
struct Course<'a> {
    looks: &'a [Look],
    best: Look,
    /// Those after the lowest.
    after: &'a [Look],
}

impl<'a> Course<'a> {
    fn of(looks: &'a [Look]) -> Self {
        let lowest = (0..looks.len()).min_by(|a, b| looks[*a].validation.total_cmp(&looks[*b].validation)).unwrap_or(0);
        let newest = looks.len().saturating_sub(MOST);
        Self { looks: &looks[newest..], best: looks[lowest], after: &looks[(lowest + 1).max(newest)..] }
    }

    fn figures(&self) -> Figures {
        let newest = self.looks.last().copied().unwrap_or(self.best);
        let validation: Vec<f64> = self.after.iter().map(|l| l.validation).collect();
        let line: Vec<_> = self.after.iter().map(|l| (f64::from(l.step), l.validation)).collect();
        let last = &self.after[self.after.len().saturating_sub(3)..];
        let gap = |l: &Look| l.training.map(|t| l.validation - t);
        Figures {
            best_step: self.best.step,
            best_loss: self.best.validation,
            step: newest.step,
            validation: newest.validation,
            training: newest.training,
            gap: median(last.iter().filter_map(gap).collect()).or_else(|| gap(&newest)),
            gap_at_best: gap(&self.best),
            ratio: newest.training.filter(|t| *t > 0.0).map(|t| newest.validation / t).filter(|r| r.is_finite()),
            since_best: u32::try_from(self.after.len()).unwrap_or(u32::MAX),
            rise: median(last.iter().map(|l| l.validation).collect()).map_or(0.0, |now| now - self.best.validation),
            slope: slope(&line).unwrap_or(0.0) * 1000.0,
            p_value: rising_p_value(&validation),
            noise: noise(&self.looks.iter().map(|l| l.validation).collect::<Vec<_>>()),
        }
    }

    fn fit(&self, f: &Figures, total_steps: u32) -> Fit {
        // A gap that cannot be measured forbids nothing.
        let has_widened = f.gap.zip(f.gap_at_best).is_none_or(|(now, then)| now > then);
        let rises = |noises: f64, share: f64| f.rise > (noises * f.noise).max(share * f.best_loss.abs());
        let enough = self.after.len() >= AFTER;
        let clearly = (f.p_value <= CLEAR && rises(4.0, 0.01)) || (f.p_value <= LIKELY && rises(10.0, 0.05));
        if self.has_blown_up(f) || (enough && clearly && self.training_rises()) {
            return Fit::Diverging;
        }
        if enough && clearly && has_widened {
            return Fit::Overfitting;
        }
        if self.after.len() >= 2 && rises(3.0, 0.005) && has_widened {
            return Fit::Watch;
        }
        if f.step >= total_steps && self.still_falls(f) { Fit::Underfitting } else { Fit::Fine }
    }

    /// Both losses far above their lowest, before there are enough validations for a test.
    fn has_blown_up(&self, f: &Figures) -> bool {
        let training = self.looks.iter().filter_map(|l| l.training).fold(f64::INFINITY, f64::min);
        let is_far = |now: f64, lowest: f64| now > 1.5 * lowest.abs() && now - lowest > 0.5;
        is_far(f.validation, f.best_loss) && f.training.is_some_and(|now| is_far(now, training))
    }

    fn training_rises(&self) -> bool {
        let values: Vec<f64> = self.after.iter().filter_map(|l| l.training).collect();
        let all: Vec<f64> = self.looks.iter().filter_map(|l| l.training).collect();
        let (Some(now), Some(then)) = (median(values[values.len().saturating_sub(3)..].to_vec()), self.best.training)
        else {
            return false;
        };
        rising_p_value(&values) <= CLEAR && now - then > (4.0 * noise(&all)).max(0.01 * then.abs())
    }

    /// Whether both losses fell over the last third of the run (at least five validations), and the newest validations
    /// are the lowest.
    fn still_falls(&self, f: &Figures) -> bool {
        let trained: Vec<&Look> = self.looks.iter().filter(|l| l.training.is_some()).collect();
        let window = &trained[trained.len().saturating_sub((trained.len() / 3).max(5))..];
        let (Some(first), Some(last)) = (window.first(), window.last()) else { return false };
        let fall: Vec<f64> = window.iter().map(|l| -l.validation).collect();
        let has_fallen = |from: f64, to: f64| from - to > 0.02 * to.abs();
        let both = has_fallen(first.validation, last.validation)
            && first.training.zip(last.training).is_some_and(|(from, to)| has_fallen(from, to));
        f.since_best <= 1 && both && rising_p_value(&fall) <= LIKELY
    }
}
