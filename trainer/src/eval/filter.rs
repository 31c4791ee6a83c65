//! What is taken of a generated answer before it is held against the reference: the first match of a regular expression, as
//! the filters `regex` and `take_first` of lm-evaluation-harness do.

use domain::task_file::RegexFilter;
use regex::{Regex, RegexBuilder};

/// Memory that one regular expression may take, in bytes.
const MAX_REGEX_BYTES: usize = 1 << 20;

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

    /// The match that is wanted, counted from the end where its number is negative: its first group that matched anything,
    /// or all of it where there are none; else the fallback.
    #[must_use]
    pub fn take(&self, text: &str) -> String {
        let found: Vec<&str> = self
            .pattern
            .captures_iter(text)
            .map(|match_| {
                let mut groups = match_.iter().skip(1).flatten().map(|group| group.as_str());
                let whole = match_.get(0).map_or("", |all| all.as_str());
                let is_plain = match_.len() == 1;
                if is_plain { whole } else { groups.find(|text| !text.is_empty()).unwrap_or_default() }
            })
            .collect();
        let place = match self.rule.group_select {
            from_start @ 0.. => usize::try_from(from_start).ok(),
            from_end => found.len().checked_sub(from_end.unsigned_abs() as usize),
        };
        let chosen = place.and_then(|place| found.get(place));
        chosen.map_or_else(|| self.rule.fallback.clone(), |text| text.trim().to_owned())
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
