//! Marked spans as the lines of a text field, which the form sends with JavaScript and without: `3-8 person` for the
//! characters 3 to 8 (Unicode scalar values, 0-based, end excluded), `1>2 works for` for a relation from the first span to
//! the second.

#[cfg(any(feature = "hydrate", test))]
pub(super) mod drawing;

use domain::{annotation::answer::Relation, sample::Span};

/// Spans of a text, and relations between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) spans: Vec<Span>,
    pub(super) relations: Vec<Relation>,
}

impl Marks {
    /// What the lines say; `None` where one cannot be read.
    pub(super) fn parse(lines: &str) -> Option<Self> {
        let mut marks = Self::default();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (place, label) = line.split_once(' ')?;
            let label = label.trim().to_owned();
            if let Some((start, end)) = place.split_once('-') {
                marks.spans.push(Span { start: start.parse().ok()?, end: end.parse().ok()?, label });
            } else {
                let (from, to) = place.split_once('>')?;
                let from_one = |n: &str| n.parse::<u32>().ok()?.checked_sub(1);
                marks.relations.push(Relation { from: from_one(from)?, to: from_one(to)?, label });
            }
        }
        Some(marks)
    }

    /// The lines that say so.
    pub(super) fn lines(&self) -> String {
        let spans = self.spans.iter().map(|s| format!("{}-{} {}", s.start, s.end, s.label));
        let relations = self.relations.iter().map(|r| format!("{}>{} {}", r.from + 1, r.to + 1, r.label));
        spans.chain(relations).collect::<Vec<_>>().join("\n")
    }

    /// Takes a span away, with the relations that it is part of.
    #[cfg(any(feature = "hydrate", test))]
    pub(super) fn remove(&mut self, at: usize) {
        if at >= self.spans.len() {
            return;
        }
        self.spans.remove(at);
        let at = at as u32;
        self.relations.retain(|r| r.from != at && r.to != at);
        for relation in &mut self.relations {
            relation.from -= u32::from(relation.from > at);
            relation.to -= u32::from(relation.to > at);
        }
    }

    /// Whether a stretch has characters in common with a span.
    #[cfg(any(feature = "hydrate", test))]
    pub(super) fn overlaps(&self, start: u32, end: u32) -> bool {
        self.spans.iter().any(|s| s.start < end && start < s.end)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const LINES: &str = "0-2 person\n5-9 place of birth\n3-4 person\n1>2 born in\n3>1 knows";

    #[test]
    fn lines_say_spans_and_relations() {
        let marks = Marks::parse(LINES).unwrap();
        assert_eq!(marks.spans[1], Span { start: 5, end: 9, label: "place of birth".to_owned() });
        assert_eq!(marks.relations[0], Relation { from: 0, to: 1, label: "born in".to_owned() });
        assert_eq!(marks.lines(), LINES);
        assert_eq!(Marks::parse(&format!("\r\n{LINES}\r\n")), Some(marks));
        for unreadable in ["0-2", "a-2 person", "0>1 before the first", "person"] {
            assert_eq!(Marks::parse(unreadable), None, "{unreadable}");
        }
    }

    #[test]
    fn a_span_goes_with_its_relations() {
        let mut marks = Marks::parse(LINES).unwrap();
        marks.remove(1);
        assert_eq!(marks.lines(), "0-2 person\n3-4 person\n2>1 knows");
        assert!(marks.overlaps(1, 3) && !marks.overlaps(2, 3));
    }
}
