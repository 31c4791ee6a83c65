//! Which lines a bar stands at, and where it stands for a line.

/// Height of a line in pixels, as in `style/explore.css`.
pub(super) const LINE: f64 = 60.0;
/// Height of the head.
pub(super) const HEAD: f64 = 33.0;
/// Tallest list.
const TALLEST: f64 = 16e6;

/// What the window stands on: lines in all, and pixels that it shows of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct List {
    pub(super) total: u64,
    pub(super) shown: f64,
}

impl List {
    pub(super) fn height(self) -> f64 {
        (self.total as f64 * LINE + HEAD).min(TALLEST)
    }

    /// Pixels of the list that would be above the window were it not scaled.
    fn hidden(self) -> f64 {
        (self.total as f64 * LINE + HEAD - self.shown).max(0.0)
    }

    /// Pixels of the scaled list that can be above the window.
    pub(super) fn reach(self) -> f64 {
        (self.height() - self.shown).max(0.0)
    }

    /// The first line that is seen, and how many pixels of it are not, with the bar at `top`.
    pub(super) fn first(self, top: f64) -> (u64, f64) {
        let reach = self.reach();
        if reach <= 0.0 {
            return (0, 0.0);
        }
        let above = (top / reach).clamp(0.0, 1.0) * self.hidden();
        let first = (above / LINE).floor();
        (first as u64, above - first * LINE)
    }

    /// Where the bar stands when this line is the first one.
    pub(super) fn top(self, line: u64) -> f64 {
        let hidden = self.hidden();
        if hidden <= 0.0 { 0.0 } else { (line as f64 * LINE / hidden).min(1.0) * self.reach() }
    }

    /// Lines that are seen at least in part.
    pub(super) fn seen(self) -> u64 {
        (((self.shown - HEAD) / LINE).ceil().max(1.0) as u64 + 1).min(self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_reaches_every_line() {
        for total in [1, 9, 10, 11, 5000, 1_000_000] {
            let list = List { total, shown: 10.0 * LINE + HEAD };
            assert!(list.height() <= TALLEST);
            assert_eq!(list.first(0.0), (0, 0.0));
            let (first, cut) = list.first(list.reach());
            assert_eq!((first, cut.round() as u64), (total.saturating_sub(10), 0), "{total}");
            // A short list stands still.
            for line in [0, total / 3, total.saturating_sub(11)].into_iter().filter(|line| line + 10 <= total) {
                let (first, cut) = list.first(list.top(line));
                assert!((first as f64 + cut / LINE - line as f64).abs() < 1e-3, "{total}: {line} → {first}, {cut}");
            }
        }
    }

    #[test]
    fn a_window_has_no_more_lines_than_the_list() {
        assert_eq!(List { total: 3, shown: 633.0 }.seen(), 3);
        assert_eq!(List { total: 100, shown: 633.0 }.seen(), 11);
    }
}
