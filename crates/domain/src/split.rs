//! Dividing a version anew: by which rule, and how alike the splits then are.
//!
//! At import each sample's split follows from its content alone ([`crate::dataset::SplitPlan`]), so that files can be
//! read once. A [`SplitRule`] looks at all samples together; it makes a new version of the same samples.

mod leakage;
mod report;

pub use leakage::{
    Benchmark, BenchmarkReport, LeakCheck, LeakCheckError, LeakKind, LeakPair, LeakReport, MAX_BENCHMARKS, Override,
};
pub use report::{Association, Category, LengthDifference, SplitReport, Table, chi_square};

use crate::sample::Split;
use serde::{Deserialize, Serialize};

/// How the samples of a version are divided anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SplitRule {
    pub seed: u64,
    /// How many samples each split gets.
    pub amounts: Amounts,
    /// Every split gets the same mix of these.
    pub stratify: Vec<Stratify>,
    /// What must not lie in two splits.
    pub group: Group,
    /// A slice field with a time (RFC 3339, a date, or a number): the oldest samples are learned from, the newest are
    /// the test. Stratification is then impossible.
    pub time_field: Option<String>,
    /// Samples of the present test split stay there, and no other comes to it; `amounts` then divides the others.
    pub keep_test: bool,
}

impl Default for SplitRule {
    fn default() -> Self {
        Self {
            seed: 42,
            amounts: Amounts::default(),
            stratify: vec![Stratify::Label],
            group: Group::Prompt,
            time_field: None,
            keep_test: false,
        }
    }
}

/// How many samples each split gets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "unit", rename_all = "snake_case", deny_unknown_fields)]
pub enum Amounts {
    /// Relative weights; a split with 0 is empty.
    Shares { train: f64, validation: f64, test: f64 },
    /// Samples of the held-out splits; training gets the rest.
    Counts { validation: u64, test: u64 },
}

impl Default for Amounts {
    fn default() -> Self {
        Self::Shares { train: 0.8, validation: 0.1, test: 0.1 }
    }
}

/// What every split gets the same mix of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stratify {
    Label,
    /// Length in characters, in quarters of the version.
    Length,
}

/// Which samples must be together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Group {
    /// Each sample on its own, but exact duplicates.
    None,
    /// Samples with the same prompt.
    #[default]
    Prompt,
    /// Samples whose slice field has the same value, such as the user or the document.
    Field { field: String },
    /// Samples whose texts have at least `similarity` of their pieces in common, directly or through others, 0.3–1.
    NearDuplicates { similarity: f64 },
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum SplitRuleError {
    #[error("amounts: shares must be numbers of 0 or more, and the training share above 0")]
    Shares,
    #[error("amounts: at least one of `validation` and `test` must be above 0")]
    NothingHeldOut,
    #[error("stratify: a division by time cannot be stratified; remove `stratify` or `time_field`")]
    StratifiedTime,
    #[error("group.similarity: choose a number from 0.3 to 1")]
    Similarity,
    #[error("{field}: name a slice field of the samples")]
    NoField { field: String },
    /// Found only when the samples are looked at.
    #[error("{samples} samples, the first at position {first}, have no {field:?}; choose another field or fill it in")]
    FieldMissing { field: String, samples: u64, first: u32 },
    #[error(
        "the sample at position {position} has {value:?} in {field:?}, which is no time: use RFC 3339, YYYY-MM-DD or a number"
    )]
    NoTime { field: String, value: String, position: u32 },
    #[error("the version has {samples} samples, too few for {wanted} held-out ones and one to learn from")]
    TooFew { samples: u64, wanted: u64 },
}

impl SplitRule {
    /// Whether the rule makes sense on its own; the samples are not looked at.
    pub fn check(&self) -> Result<(), SplitRuleError> {
        match self.amounts {
            Amounts::Shares { train, validation, test } => {
                let all = [train, validation, test];
                if !all.iter().all(|x| x.is_finite() && *x >= 0.0) || train <= 0.0 {
                    return Err(SplitRuleError::Shares);
                }
            }
            Amounts::Counts { validation: 0, test: 0 } if !self.keep_test => {
                return Err(SplitRuleError::NothingHeldOut);
            }
            Amounts::Counts { .. } => {}
        }
        if self.time_field.is_some() && !self.stratify.is_empty() {
            return Err(SplitRuleError::StratifiedTime);
        }
        match &self.group {
            Group::NearDuplicates { similarity } if !(0.3..=1.0).contains(similarity) => {
                Err(SplitRuleError::Similarity)
            }
            Group::Field { field } if field.trim().is_empty() => {
                Err(SplitRuleError::NoField { field: "group.field".to_owned() })
            }
            _ if self.time_field.as_ref().is_some_and(|f| f.trim().is_empty()) => {
                Err(SplitRuleError::NoField { field: "time_field".to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Samples of each split, in the order of [`Split::ALL`], when `samples` are divided: largest remainders, so that
    /// the counts add up.
    pub fn quotas(&self, samples: u64) -> Result<[u64; 3], SplitRuleError> {
        let shares = match self.amounts {
            Amounts::Counts { validation, test } => {
                let test = if self.keep_test { 0 } else { test };
                let wanted = validation + test;
                return match samples.checked_sub(wanted) {
                    Some(train) if train > 0 => Ok([train, validation, test]),
                    _ => Err(SplitRuleError::TooFew { samples, wanted }),
                };
            }
            Amounts::Shares { train, validation, test } => [train, validation, if self.keep_test { 0.0 } else { test }],
        };
        Ok(largest_remainders(shares, samples))
    }
}

/// Whole numbers in the ratio of `shares` that add up to `total` (Hamilton's method); ties go to the earlier split.
#[must_use]
pub fn largest_remainders(shares: [f64; 3], total: u64) -> [u64; 3] {
    let sum: f64 = shares.iter().sum();
    if sum <= 0.0 {
        return [total, 0, 0];
    }
    let exact = shares.map(|s| s / sum * total as f64);
    let mut counts = exact.map(|x| x.floor() as u64);
    let mut order: Vec<usize> = Split::ALL.map(|s| s as usize).into();
    order.sort_by(|a, b| (exact[*b].fract()).total_cmp(&exact[*a].fract()));
    let missing = total - counts.iter().sum::<u64>().min(total);
    for i in order.into_iter().cycle().filter(|i| shares[*i] > 0.0).take(missing as usize) {
        counts[i] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_script_needs_to_say_little() {
        let rule: SplitRule = serde_json::from_str("{}").expect("valid");
        assert_eq!((rule.check(), rule), (Ok(()), SplitRule::default()));
        let rule: SplitRule = serde_json::from_str(
            r#"{"amounts": {"unit": "counts", "validation": 5, "test": 7}, "stratify": [], "group": {"by": "field", "field": "user"}, "time_field": "date"}"#,
        )
        .expect("valid");
        assert_eq!(rule.check(), Ok(()));
        assert_eq!(rule.quotas(20), Ok([8, 5, 7]));
        assert_eq!(rule.quotas(12), Err(SplitRuleError::TooFew { samples: 12, wanted: 12 }));
        assert!(serde_json::from_str::<SplitRule>(r#"{"sed": 1}"#).is_err());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let with = |change: fn(&mut SplitRule)| {
            let mut rule = SplitRule::default();
            change(&mut rule);
            rule.check()
        };
        assert_eq!(with(|r| r.time_field = Some("date".into())), Err(SplitRuleError::StratifiedTime));
        assert_eq!(with(|r| r.group = Group::NearDuplicates { similarity: 0.1 }), Err(SplitRuleError::Similarity));
        let shares = |train| Amounts::Shares { train, validation: 0.1, test: 0.1 };
        assert_eq!(SplitRule { amounts: shares(0.0), ..SplitRule::default() }.check(), Err(SplitRuleError::Shares));
        assert_eq!(
            SplitRule { amounts: shares(f64::NAN), ..SplitRule::default() }.check(),
            Err(SplitRuleError::Shares)
        );
        assert_eq!(
            with(|r| r.amounts = Amounts::Counts { validation: 0, test: 0 }),
            Err(SplitRuleError::NothingHeldOut)
        );
    }

    proptest! {
        #[test]
        fn quotas_add_up_and_follow_the_shares(a in 0.01f64..9.0, b in 0f64..9.0, c in 0f64..9.0, n in 0u64..100_000) {
            let counts = largest_remainders([a, b, c], n);
            prop_assert_eq!(counts.iter().sum::<u64>(), n);
            for (share, count) in [a, b, c].into_iter().zip(counts) {
                prop_assert!((share / (a + b + c) * n as f64 - count as f64).abs() < 1.0 + 1e-6);
            }
        }
    }
}
