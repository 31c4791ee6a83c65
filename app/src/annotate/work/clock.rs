//! How long an item has been in view. The caller says what time it is.

/// Counts while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Clock {
    counted_ms: f64,
    since_ms: Option<f64>,
}

impl Clock {
    /// A clock at zero that runs from now on, if the item is in view.
    pub(super) fn begin(now_ms: f64, in_view: bool) -> Self {
        Self { counted_ms: 0.0, since_ms: in_view.then_some(now_ms) }
    }

    /// Stops or goes on.
    pub(super) fn set_in_view(&mut self, now_ms: f64, in_view: bool) {
        self.counted_ms = self.counted(now_ms);
        self.since_ms = in_view.then_some(now_ms);
    }

    fn counted(&self, now_ms: f64) -> f64 {
        // A clock of the browser may be set back.
        self.counted_ms + self.since_ms.map_or(0.0, |since| (now_ms - since).max(0.0))
    }

    /// Milliseconds in view.
    pub(super) fn elapsed_ms(&self, now_ms: f64) -> u32 {
        self.counted(now_ms) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_out_of_view_does_not_count() {
        let mut clock = Clock::begin(1000.0, true);
        assert_eq!(clock.elapsed_ms(3500.0), 2500);
        clock.set_in_view(4000.0, false);
        assert_eq!(clock.elapsed_ms(90_000.0), 3000);
        clock.set_in_view(90_000.0, true);
        clock.set_in_view(90_000.0, true);
        assert_eq!(clock.elapsed_ms(91_000.0), 4000);
        assert_eq!(Clock::begin(5000.0, true).elapsed_ms(4000.0), 0);
    }
}
