//! Weeks by ISO 8601: they begin on a Monday (UTC), and belong to the year that has their Thursday.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use time::{Date, Duration, OffsetDateTime, UtcOffset, Weekday};

/// A week, as `2026-W31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Week {
    year: i32,
    number: u8,
}

/// Text that names no week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a week as 2026-W31")]
pub struct InvalidWeek;

impl Week {
    /// The week of a time.
    #[must_use]
    pub fn of(at: OffsetDateTime) -> Self {
        let (year, number, _) = at.to_offset(UtcOffset::UTC).to_iso_week_date();
        Self { year, number }
    }

    /// The last week that is over.
    #[must_use]
    pub fn finished_at(now: OffsetDateTime) -> Self {
        Self::of(now).previous()
    }

    #[must_use]
    pub fn previous(self) -> Self {
        Self::of(self.begins() - Duration::DAY)
    }

    #[must_use]
    pub fn year(self) -> i32 {
        self.year
    }

    #[must_use]
    pub fn number(self) -> u8 {
        self.number
    }

    /// Its Monday at midnight, UTC.
    #[must_use]
    pub fn begins(self) -> OffsetDateTime {
        let monday = Date::from_iso_week_date(self.year, self.number, Weekday::Monday);
        monday.map_or(OffsetDateTime::UNIX_EPOCH, |day| day.midnight().assume_utc())
    }

    /// The Monday after it at midnight, UTC.
    #[must_use]
    pub fn ends(self) -> OffsetDateTime {
        self.begins() + Duration::WEEK
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-W{:02}", self.year, self.number)
    }
}

impl FromStr for Week {
    type Err = InvalidWeek;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (year, number) = s.split_once("-W").ok_or(InvalidWeek)?;
        let is_plain = |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
        if !is_plain(year, 4) || !is_plain(number, 2) {
            return Err(InvalidWeek);
        }
        let week =
            Self { year: year.parse().map_err(|_| InvalidWeek)?, number: number.parse().map_err(|_| InvalidWeek)? };
        // What years before have of the kind nobody has trained in.
        let is_known = (1970..9999).contains(&week.year);
        let day = Date::from_iso_week_date(week.year, week.number, Weekday::Monday);
        if is_known && day.is_ok() { Ok(week) } else { Err(InvalidWeek) }
    }
}

impl From<Week> for String {
    fn from(week: Week) -> Self {
        week.to_string()
    }
}

impl TryFrom<String> for Week {
    type Error = InvalidWeek;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use time::macros::datetime;

    /// The examples of ISO 8601: 2008-12-29 is the Monday of 2009-W01, 2010-01-03 the Sunday of 2009-W53.
    #[test]
    fn years_of_weeks_are_not_those_of_days() {
        assert_eq!(Week::of(datetime!(2008-12-29 00:00 UTC)).to_string(), "2009-W01");
        assert_eq!(Week::of(datetime!(2010-01-03 23:59 UTC)).to_string(), "2009-W53");
        assert_eq!("2010-W01".parse::<Week>().unwrap().previous().to_string(), "2009-W53");
    }

    #[test]
    fn a_week_ends_where_the_next_begins() {
        let week: Week = "2026-W31".parse().unwrap();
        assert_eq!((week.begins(), week.ends()), (datetime!(2026-07-27 00:00 UTC), datetime!(2026-08-03 00:00 UTC)));
        assert_eq!(Week::of(week.ends()).previous(), week);
        assert_eq!(Week::finished_at(week.ends()), week);
        // Midnight in Shanghai is the day before in UTC.
        assert_eq!(Week::of(datetime!(2026-08-03 07:00 +8)), week);
    }

    #[test]
    fn other_texts_name_no_week() {
        for text in ["2026-W54", "2025-W53", "2026-W00", "26-W31", "2026-W3", "2026-31", "+026-W31", ""] {
            assert_eq!(text.parse::<Week>(), Err(InvalidWeek), "{text}");
        }
    }
}
