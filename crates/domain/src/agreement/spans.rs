//! Agreement on spans of two people: F1, where a span that both marked counts wholly, or as far as it overlaps.

use crate::sample::Span;

/// What two people's spans have in common, added up over texts. F1 is the same whichever of them is taken for the truth
/// (Hripcsak & Rothschild 2005, "Agreement, the F-Measure, and Reliability in Information Retrieval").
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Common {
    /// Spans of the one, of the other, and those that both marked in the same place with the same label.
    pub first: u64,
    pub second: u64,
    pub same: u64,
    /// As far as each span overlaps with the other's of its label: shares of its length, added up for either.
    pub first_covered: f64,
    pub second_covered: f64,
}

impl Common {
    /// Of one text.
    #[must_use]
    pub fn of(a: &[Span], b: &[Span]) -> Self {
        let mut left: Vec<&Span> = b.iter().collect();
        let mut same = 0;
        for span in a {
            if let Some(at) = left.iter().position(|other| *other == span) {
                left.swap_remove(at);
                same += 1;
            }
        }
        Self {
            first: a.len() as u64,
            second: b.len() as u64,
            same,
            first_covered: a.iter().map(|span| covered(span, b)).sum(),
            second_covered: b.iter().map(|span| covered(span, a)).sum(),
        }
    }

    /// With that of another text.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            first: self.first + other.first,
            second: self.second + other.second,
            same: self.same + other.same,
            first_covered: self.first_covered + other.first_covered,
            second_covered: self.second_covered + other.second_covered,
        }
    }

    /// F1 of spans with the same place and label, 0 to 1. `None` where neither marked anything.
    #[must_use]
    pub fn exact(self) -> Option<f64> {
        let all = self.first + self.second;
        (all > 0).then(|| 2.0 * self.same as f64 / all as f64)
    }

    /// F1 of spans as far as they overlap with spans of their label, 0 to 1: the harmonic mean of the shares covered.
    #[must_use]
    pub fn partial(self) -> Option<f64> {
        if self.first + self.second == 0 {
            return None;
        }
        let share = |covered: f64, of: u64| if of == 0 { 0.0 } else { covered / of as f64 };
        let (a, b) = (share(self.first_covered, self.first), share(self.second_covered, self.second));
        Some(if a + b == 0.0 { 0.0 } else { 2.0 * a * b / (a + b) })
    }
}

/// Which share of a span the other person's spans of its label cover.
fn covered(span: &Span, others: &[Span]) -> f64 {
    let length = span.end.saturating_sub(span.start);
    if length == 0 {
        return 0.0;
    }
    let of_label = others.iter().filter(|o| o.label == span.label).map(|o| (o.start, o.end));
    let inside = super::unitising::merged(of_label)
        .into_iter()
        .map(|(start, end)| end.min(span.end).saturating_sub(start.max(span.start)))
        .sum::<u32>();
    f64::from(inside) / f64::from(length)
}
