//! What a task file takes of an answer that no trainer wrote, such as an endpoint's: the same as `trainer eval` takes, which is
//! what the filters `regex` and `take_first` of lm-evaluation-harness do.

use domain::task_file::RegexFilter;
use regex::{Regex, RegexBuilder};

/// Memory that one regular expression may take, in bytes.
const MAX_REGEX_BYTES: usize = 1 << 20;

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

    /// The match that is wanted, counted from the end where its number is negative: its first group that matched anything,
    /// or all of it where there are none; else the fallback.
    #[must_use]
    pub fn take(&self, text: &str) -> String {
        let found: Vec<&str> = self
            .pattern
            .captures_iter(text)
            .map(|found| {
                let whole = found.get(0).map_or("", |all| all.as_str());
                let mut groups = found.iter().skip(1).flatten().map(|group| group.as_str());
                let has_groups = self.pattern.captures_len() > 1;
                if has_groups { groups.find(|text| !text.is_empty()).unwrap_or_default() } else { whole }
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
