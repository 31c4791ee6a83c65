//! What the form for dividing anew says, as a rule.

use super::text;
use crate::{error::AppError, ui::form::Values};
use domain::{
    lang::Lang,
    split::{Amounts, Group, SplitRule, SplitRuleError, Stratify},
};
use serde::{Deserialize, Serialize};

/// Named values; what is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DivisionForm(Values);

impl DivisionForm {
    fn get(&self, name: &str) -> &str {
        self.0.get(name)
    }

    fn is_checked(&self, name: &str) -> bool {
        self.0.is_checked(name)
    }

    fn number<T: std::str::FromStr>(&self, l: Lang, name: &str) -> Result<T, AppError> {
        self.get(name).parse().map_err(|_| AppError::invalid(name, text::no_number(l)))
    }

    /// The rule that the form asks for; values that are no numbers are named.
    pub fn rule(&self, l: Lang) -> Result<SplitRule, AppError> {
        let amounts = if self.get("unit") == "counts" {
            Amounts::Counts { validation: self.number(l, "validation")?, test: self.number(l, "test")? }
        } else {
            Amounts::Shares {
                train: self.number(l, "train")?,
                validation: self.number(l, "validation")?,
                test: self.number(l, "test")?,
            }
        };
        let group = match self.get("group") {
            "none" => Group::None,
            "near_duplicates" => Group::NearDuplicates { similarity: self.number(l, "similarity")? },
            "field" => Group::Field { field: self.get("group_field").to_owned() },
            _ => Group::Prompt,
        };
        let stratify = [("stratify_label", Stratify::Label), ("stratify_length", Stratify::Length)];
        Ok(SplitRule {
            seed: self.number(l, "seed")?,
            amounts,
            stratify: stratify.into_iter().filter(|(name, _)| self.is_checked(name)).map(|(_, by)| by).collect(),
            group,
            time_field: Some(self.get("time_field").to_owned()).filter(|field| !field.is_empty()),
            keep_test: self.is_checked("keep_test"),
        })
    }

    /// The field of the form that a problem is about.
    #[must_use]
    pub fn field_of(&self, problem: &SplitRuleError) -> &'static str {
        use SplitRuleError as E;
        match problem {
            E::Shares => "train",
            E::NothingHeldOut | E::TooFew { .. } => "test",
            E::StratifiedTime => "time_field",
            E::Similarity => "similarity",
            E::NoField { .. } => "group_field",
            E::FieldMissing { field, .. } | E::NoTime { field, .. } => {
                if field == self.get("time_field") {
                    "time_field"
                } else {
                    "group_field"
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> DivisionForm {
        DivisionForm(Values::from_pairs(pairs.iter().copied()))
    }

    #[test]
    fn the_form_as_it_opens_is_the_default_rule() {
        let opened = form(&[
            ("unit", "shares"),
            ("train", "80"),
            ("validation", "10"),
            ("test", "10"),
            ("seed", "42"),
            ("stratify_label", "1"),
            ("group", "prompt"),
        ]);
        let rule = opened.rule(Lang::En).unwrap();
        assert_eq!(rule.quotas(1000), SplitRule::default().quotas(1000));
        let amounts = rule.amounts;
        assert_eq!(rule, SplitRule { amounts, ..SplitRule::default() });
    }

    #[test]
    fn what_is_no_number_is_named() {
        let wrong = form(&[("unit", "counts"), ("validation", "5"), ("test", "many"), ("seed", "1")]);
        assert_eq!(wrong.rule(Lang::En), Err(AppError::invalid("test", text::no_number(Lang::En))));
    }
}
