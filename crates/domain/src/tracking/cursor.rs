//! Where the next page of a metric's history begins.

use super::HistoryPoint;
use std::{fmt, str::FromStr};

/// The last value of a page: what follows is greater in (step, time, value).
#[derive(Clone, Copy, Debug)]
pub struct HistoryCursor {
    pub step: i64,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    pub value: f64,
}

impl HistoryCursor {
    /// Before every value.
    pub const START: Self = Self { step: i64::MIN, timestamp_ms: i64::MIN, value: f64::NEG_INFINITY };

    /// Behind this value.
    #[must_use]
    pub fn behind(point: &HistoryPoint) -> Self {
        Self { step: point.step, timestamp_ms: point.timestamp_ms, value: point.value }
    }
}

impl fmt::Display for HistoryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{:x}", self.step, self.timestamp_ms, self.value.to_bits())
    }
}

/// A text that is no cursor.
#[derive(Debug, thiserror::Error)]
#[error("invalid page token")]
pub struct NoCursor;

impl FromStr for HistoryCursor {
    type Err = NoCursor;
    fn from_str(s: &str) -> Result<Self, NoCursor> {
        let mut parts = s.splitn(3, '_');
        let mut part = || parts.next().ok_or(NoCursor);
        let (step, time, value) = (part()?, part()?, part()?);
        Ok(Self {
            step: step.parse().map_err(|_| NoCursor)?,
            timestamp_ms: time.parse().map_err(|_| NoCursor)?,
            value: f64::from_bits(u64::from_str_radix(value, 16).map_err(|_| NoCursor)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_exactly() {
        for value in [0.1, -1e300, f64::NAN, f64::INFINITY] {
            let text = HistoryCursor { step: -3, timestamp_ms: 1_700_000_000_000, value }.to_string();
            let back = text.parse::<HistoryCursor>().map(|c| (c.step, c.timestamp_ms, c.value.to_bits()));
            assert_eq!(back.ok(), Some((-3, 1_700_000_000_000, value.to_bits())));
        }
        assert!(["", "1", "1_2", "1_2_z", "a_1_0"].iter().all(|t| t.parse::<HistoryCursor>().is_err()));
    }
}
