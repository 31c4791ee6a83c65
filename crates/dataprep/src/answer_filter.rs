//! What a task file takes of an answer that no trainer wrote, such as an endpoint's: the same as `trainer eval` takes, which is
//! what the filters `regex` and `take_first` of lm-evaluation-harness do.

use domain::task_file::{MAX_REGEX_BYTES, RegexFilter};
use regex::{Regex, RegexBuilder};

/// A filter that is ready.
#[derive(Clone, Debug)]
pub struct AnswerFilter {
    pattern: Regex,
    rule: RegexFilter,
}

impl AnswerFilter {
    /// Compiles it. The crate `regex` knows no look-around, which Python does.
    pub fn new(rule: RegexFilter) -> Result<Self, regex::Error> {
        let pattern = RegexBuilder::new(&rule.pattern).size_limit(MAX_REGEX_BYTES).build()?;
        Ok(Self { pattern, rule })
    }

    /// What is taken of an answer ([`RegexFilter::take`]).
    #[must_use]
    pub fn take(&self, text: &str) -> String {
        let matches: Vec<Vec<Option<&str>>> = self
            .pattern
            .captures_iter(text)
            .map(|found| found.iter().map(|group| group.map(|group| group.as_str())).collect())
            .collect();
        self.rule.take(&matches)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    /// The filters of lm-evaluation-harness's gsm8k.
    #[test]
    fn a_group_is_taken_of_the_match_that_is_wanted() {
        let taken = |pattern: &str, group_select: i32, text: &str| {
            let rule = RegexFilter { pattern: pattern.to_owned(), group_select, fallback: "[invalid]".to_owned() };
            AnswerFilter::new(rule).unwrap().take(text)
        };
        let answer = "2 + 3 = 5. #### 5 and #### 7";
        assert_eq!(taken(r"#### (\-?[0-9\.\,]+)", 0, answer), "5");
        assert_eq!(taken(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", -1, answer), "7");
        assert_eq!(taken("[0-9]+", 1, answer), "3");
        assert_eq!(taken("[0-9]+", -9, answer), "[invalid]");
    }
}
