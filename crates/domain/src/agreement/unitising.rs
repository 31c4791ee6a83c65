//! Krippendorff's α for unitising, αᵤ: agreement on where units of a continuum begin and end and of which category they are
//! (Krippendorff 1995, "On the reliability of unitizing continuous data"; Content Analysis, 2nd edition 2004, section 11.6).

use crate::sample::Span;
use std::collections::BTreeMap;

/// What two people marked in one text: spans with labels, and how long the text is in characters.
#[derive(Clone, Debug, Default)]
pub struct Marked<'a> {
    pub length: u32,
    pub first: &'a [Span],
    pub second: &'a [Span],
}

/// A section of the continuum: a unit, or the gap between units.
#[derive(Clone, Copy, Debug)]
struct Section {
    start: u32,
    end: u32,
    is_unit: bool,
}

impl Section {
    fn length(self) -> f64 {
        f64::from(self.end - self.start)
    }
}

/// αᵤ of two people over texts that both have seen, all categories together: 1 − Σ Dₒ / Σ Dₑ. Texts make one continuum,
/// but no section reaches from one into the next. Spans of one person that overlap count as one unit of their category,
/// since units do not overlap. `None` where nothing was marked.
#[must_use]
pub fn alpha_u<'a>(texts: impl Iterator<Item = Marked<'a>> + Clone) -> Option<f64> {
    let length: f64 = texts.clone().map(|t| f64::from(t.length)).sum();
    let mut categories: BTreeMap<&str, Category> = BTreeMap::new();
    for text in texts.clone() {
        for span in text.first.iter().chain(text.second) {
            categories.entry(span.label.as_str()).or_default();
        }
    }
    let (mut observed, mut expected) = (0.0, 0.0);
    for (label, category) in &mut categories {
        for text in texts.clone() {
            let (a, b) = (sections(text.first, label, text.length), sections(text.second, label, text.length));
            category.take(&a, &b);
        }
        observed += category.observed / (length * length);
        expected += category.expected(length)?;
    }
    super::corrected(observed, expected)
}

/// What is known of one category.
#[derive(Default)]
struct Category {
    /// Squared differences of all pairs of sections.
    observed: f64,
    units: Vec<f64>,
    gaps: Vec<f64>,
}

impl Category {
    fn take(&mut self, a: &[Section], b: &[Section]) {
        for first in a {
            self.observed += b.iter().map(|second| apart(*first, *second)).sum::<f64>();
        }
        for section in a.iter().chain(b) {
            let lengths = if section.is_unit { &mut self.units } else { &mut self.gaps };
            lengths.push(section.length());
        }
    }

    /// The disagreement that chance gives, were all sections put anywhere. `None` for a continuum that is one character.
    fn expected(&mut self, length: f64) -> Option<f64> {
        self.gaps.sort_by(f64::total_cmp);
        // Sums of the gaps from each one on, so that every unit finds what it fits in by one search.
        let mut from = vec![0.0; self.gaps.len() + 1];
        for at in (0..self.gaps.len()).rev() {
            from[at] = from[at + 1] + self.gaps[at];
        }
        let others = self.units.len() as f64 - 1.0;
        let mut sum = 0.0;
        for l in &self.units {
            let first = self.gaps.partition_point(|gap| gap < l);
            let fitting = (self.gaps.len() - first) as f64;
            let room = from[first] - fitting * (l - 1.0);
            sum += others / 3.0 * (2.0 * l * l * l - 3.0 * l * l + l) + l * l * room;
        }
        let total = 2.0 * length;
        let pairs = total * (total - 1.0) - self.units.iter().map(|l| l * (l - 1.0)).sum::<f64>();
        (pairs > 0.0).then(|| 2.0 / length * sum / pairs)
    }
}

/// The squared difference of two people's sections: how far two units that overlap begin and end apart, or the whole
/// length of a unit that lies in the other's gap.
fn apart(a: Section, b: Section) -> f64 {
    match (a.is_unit, b.is_unit) {
        (true, true) if a.start < b.end && b.start < a.end => {
            let (begin, end) = (f64::from(a.start) - f64::from(b.start), f64::from(a.end) - f64::from(b.end));
            begin * begin + end * end
        }
        (true, false) if b.start <= a.start && a.end <= b.end => a.length() * a.length(),
        (false, true) if a.start <= b.start && b.end <= a.end => b.length() * b.length(),
        _ => 0.0,
    }
}

/// The text cut into units of a category and gaps.
fn sections(spans: &[Span], label: &str, length: u32) -> Vec<Section> {
    let units = merged(spans.iter().filter(|s| s.label == label).map(|s| (s.start, s.end.min(length))));
    let mut found = Vec::with_capacity(units.len() * 2 + 1);
    let mut at = 0;
    for (start, end) in units {
        if start > at {
            found.push(Section { start: at, end: start, is_unit: false });
        }
        found.push(Section { start, end, is_unit: true });
        at = end;
    }
    if at < length {
        found.push(Section { start: at, end: length, is_unit: false });
    }
    found
}

/// Stretches in order, those that overlap as one; empty ones are left out.
pub(super) fn merged(stretches: impl Iterator<Item = (u32, u32)>) -> Vec<(u32, u32)> {
    let mut sorted: Vec<(u32, u32)> = stretches.filter(|(start, end)| start < end).collect();
    sorted.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::with_capacity(sorted.len());
    for (start, end) in sorted {
        match merged.last_mut() {
            Some((_, last)) if start < *last => *last = end.max(*last),
            _ => merged.push((start, end)),
        }
    }
    merged
}
