//! McNemar's test: whether two models that answered the same questions are right equally often (McNemar, Note on the sampling
//! error of the difference between correlated proportions or percentages, 1947).

use super::distributions::{fair_binomial_up_to, normal_two_sided};

/// Questions on which two models differ; those on which both are right or both wrong tell nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discordant {
    pub only_first_right: u64,
    pub only_second_right: u64,
}

impl Discordant {
    /// Counts pairs of (first is right, second is right).
    #[must_use]
    pub fn of(pairs: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut counts = Self::default();
        for pair in pairs {
            match pair {
                (true, false) => counts.only_first_right += 1,
                (false, true) => counts.only_second_right += 1,
                _ => (),
            }
        }
        counts
    }

    /// Two-sided p value of the exact test: the smaller count is binomial with chance 1/2. Right for any counts.
    #[must_use]
    pub fn exact_p_value(self) -> f64 {
        let (smaller, all) = (self.only_first_right.min(self.only_second_right), self.all());
        (2.0 * fair_binomial_up_to(smaller, all)).min(1.0)
    }

    /// Two-sided p value by χ² = (|b − c| − 1)² / (b + c) with one degree of freedom (Edwards 1948), for counts of some
    /// dozens and more.
    #[must_use]
    pub fn corrected_p_value(self) -> f64 {
        let difference = self.only_first_right.abs_diff(self.only_second_right) as f64;
        match self.all() {
            0 => 1.0,
            all => normal_two_sided((difference - 1.0).abs() / (all as f64).sqrt()),
        }
    }

    fn all(self) -> u64 {
        self.only_first_right + self.only_second_right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Agresti, Categorical Data Analysis, table 10.1 (approval ratings): 150 against 86, χ² = 16.8 with correction.
    #[test]
    fn approval_ratings() {
        let table = Discordant { only_first_right: 150, only_second_right: 86 };
        let (exact, corrected) = (table.exact_p_value(), table.corrected_p_value());
        assert!((exact / 3.7159361395713866e-05 - 1.0).abs() < 1e-9, "{exact}");
        assert!((corrected / 4.114562281345944e-05 - 1.0).abs() < 1e-9, "{corrected}");
    }

    #[test]
    fn equal_models_do_not_differ() {
        let pairs = [(true, true), (false, false), (true, false), (false, true), (true, false)];
        let few = Discordant::of(pairs);
        assert_eq!(few, Discordant { only_first_right: 2, only_second_right: 1 });
        assert_eq!(few.exact_p_value(), 1.0);
        let none = Discordant::default();
        assert_eq!((none.exact_p_value(), none.corrected_p_value()), (1.0, 1.0));
        // 2 · (1/2)^6: the smallest possible of six.
        let all_one_way = Discordant { only_first_right: 6, only_second_right: 0 };
        assert!((all_one_way.exact_p_value() - 0.03125).abs() < 1e-12);
    }
}
