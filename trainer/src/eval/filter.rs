//! What is taken of a generated answer before it is held against the reference: the first match of a regular expression, as
//! the filters `regex` and `take_first` of lm-evaluation-harness do.

use domain::task_file::{MAX_REGEX_BYTES, RegexFilter};
use regex::{Regex, RegexBuilder};

/// A regular expression that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the regular expression {pattern:?} cannot be used: {problem}")]
pub struct FilterError {
    pub pattern: String,
    pub problem: String,
}

/// A filter that is ready.
#[derive(Clone, Debug)]
pub struct Filter {
    pattern: Regex,
    rule: RegexFilter,
}

impl Filter {
    /// Compiles it. The crate `regex` knows no look-around, which Python does.
    pub fn new(rule: RegexFilter) -> Result<Self, FilterError> {
        let built = RegexBuilder::new(&rule.pattern).size_limit(MAX_REGEX_BYTES).build();
        let pattern = built.map_err(|e| FilterError { pattern: rule.pattern.clone(), problem: e.to_string() })?;
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

    fn taken(pattern: &str, group_select: i32, text: &str) -> String {
        let fallback = "[invalid]".to_owned();
        Filter::new(RegexFilter { pattern: pattern.to_owned(), group_select, fallback }).unwrap().take(text)
    }

    /// The filter of lm-evaluation-harness's gsm8k.
    #[test]
    fn a_group_is_taken_of_the_match_that_is_wanted() {
        let answer = "2 + 3 = 5. #### 5 and #### 7";
        assert_eq!(taken(r"#### (\-?[0-9\.\,]+)", 0, answer), "5");
        assert_eq!(taken(r"(-?[$0-9.,]{2,})|(-?[0-9]+)", -1, answer), "7");
        assert_eq!(taken("[0-9]+", -9, answer), "[invalid]");
        assert_eq!(taken(r"#### (\d+)", 0, "no number"), "[invalid]");
        assert!(
            Filter::new(RegexFilter { pattern: "(?=x)".to_owned(), group_select: 0, fallback: String::new() }).is_err()
        );
    }
}
