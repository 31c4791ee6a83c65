//! What an interval of a difference allows to say.

use serde::{Deserialize, Serialize};

/// Whether a model is better than another by some metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = DifferenceVerdict))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Better,
    Worse,
    /// The interval holds 0, or there is none: which is not to say that both are equal.
    NoEvidence,
}

impl Verdict {
    /// Of the interval (low, high) of a difference, new minus old, when `larger_is_better` says which way is up.
    #[must_use]
    pub fn of(interval: Option<(f64, f64)>, larger_is_better: bool) -> Self {
        match interval {
            Some((low, high)) if low > 0.0 && high > 0.0 => Self::from_growth(larger_is_better),
            Some((low, high)) if low < 0.0 && high < 0.0 => Self::from_growth(!larger_is_better),
            _ => Self::NoEvidence,
        }
    }

    fn from_growth(is_better: bool) -> Self {
        if is_better { Self::Better } else { Self::Worse }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::NoEvidence => "no_evidence",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_interval_without_0_is_evidence() {
        let verdict = |low, high, up| Verdict::of(Some((low, high)), up);
        assert_eq!([verdict(0.1, 0.2, true), verdict(0.1, 0.2, false)], [Verdict::Better, Verdict::Worse]);
        assert_eq!([verdict(-0.2, -0.1, true), verdict(-0.2, -0.1, false)], [Verdict::Worse, Verdict::Better]);
        for (low, high) in [(-0.1, 0.1), (0.0, 0.2), (-0.2, 0.0), (f64::NAN, 0.2)] {
            assert_eq!(verdict(low, high, true), Verdict::NoEvidence, "{low} {high}");
        }
        assert_eq!(Verdict::of(None, true).as_str(), "no_evidence");
    }
}
