//! How marked spans are drawn: the text cut into pieces, spans that overlap in layers one below the other, and a caret
//! that the keyboard moves. Places count characters (Unicode scalar values).

use domain::sample::Span;
use std::collections::BTreeSet;

/// A stretch of the text that looks the same from its start to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::annotate) struct Piece {
    pub(in crate::annotate) start: u32,
    pub(in crate::annotate) end: u32,
    /// Places of the spans that cover it, with the layer that each is drawn in; the lowest layer first.
    pub(in crate::annotate) spans: Vec<(u32, usize)>,
    /// Whether it is picked, to be marked next.
    pub(in crate::annotate) picked: bool,
}

/// The layer of each span: the lowest that none of the spans before it that overlap it has.
fn layers(spans: &[Span]) -> Vec<u32> {
    let mut layers: Vec<u32> = Vec::with_capacity(spans.len());
    for (at, span) in spans.iter().enumerate() {
        let taken: BTreeSet<u32> = spans[..at]
            .iter()
            .zip(&layers)
            .filter(|(other, _)| other.start < span.end && span.start < other.end)
            .map(|(_, layer)| *layer)
            .collect();
        layers.push((0..).find(|layer| !taken.contains(layer)).unwrap_or_default());
    }
    layers
}

/// The text of so many characters cut wherever something begins or ends. `picked` is a stretch between the caret and where
/// it came from, in either direction; the caret is its second place.
pub(in crate::annotate) fn pieces(chars: u32, spans: &[Span], picked: Option<(u32, u32)>) -> Vec<Piece> {
    let layers = layers(spans);
    let mut cuts = BTreeSet::from([0, chars]);
    cuts.extend(spans.iter().flat_map(|s| [s.start, s.end]));
    cuts.extend(picked.into_iter().flat_map(|(from, caret)| [from, caret]));
    let cuts: Vec<u32> = cuts.into_iter().filter(|cut| *cut <= chars).collect();
    let is_picked = |start: u32| picked.is_some_and(|(a, b)| (a.min(b)..a.max(b)).contains(&start));
    let piece = |pair: &[u32]| {
        let (start, end) = (pair[0], pair[1]);
        let covering = spans.iter().enumerate().filter(|(_, s)| s.start <= start && end <= s.end);
        let mut spans: Vec<(u32, usize)> = covering.map(|(at, _)| (layers[at], at)).collect();
        spans.sort_unstable();
        Piece { start, end, spans, picked: is_picked(start) }
    };
    cuts.windows(2).map(piece).collect()
}

/// Whether a character belongs to the one before it: joiners, variation selectors, skin tones, accents.
fn continues(before: char, c: char) -> bool {
    const JOINER: char = '\u{200d}';
    c == JOINER
        || before == JOINER
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}')
}

/// Where the caret stands after a step, so that it never stands inside of what is seen as one character.
pub(in crate::annotate) fn step(chars: &[char], at: usize, forward: bool) -> usize {
    let mut at = at.min(chars.len());
    loop {
        at = match forward {
            true if at < chars.len() => at + 1,
            false if at > 0 => at - 1,
            _ => return at,
        };
        if at == 0 || at == chars.len() || !continues(chars[at - 1], chars[at]) {
            return at;
        }
    }
}

/// A stretch without the white space at its ends, start first; `None` where nothing is left.
pub(in crate::annotate) fn trimmed(chars: &[char], (a, b): (u32, u32)) -> Option<(u32, u32)> {
    let (mut start, mut end) = (a.min(b) as usize, (a.max(b) as usize).min(chars.len()));
    while start < end && chars[start].is_whitespace() {
        start += 1;
    }
    while start < end && chars[end - 1].is_whitespace() {
        end -= 1;
    }
    (start < end).then_some((start as u32, end as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u32, end: u32) -> Span {
        Span { start, end, label: "x".to_owned() }
    }

    #[test]
    fn overlapping_spans_lie_in_layers() {
        let spans = [span(0, 4), span(2, 6), span(4, 8)];
        let cut: Vec<_> = pieces(10, &spans, None).into_iter().map(|p| (p.start, p.end, p.spans)).collect();
        assert_eq!(
            cut,
            [
                (0, 2, vec![(0, 0)]),
                (2, 4, vec![(0, 0), (1, 1)]),
                (4, 6, vec![(0, 2), (1, 1)]),
                (6, 8, vec![(0, 2)]),
                (8, 10, vec![]),
            ]
        );
    }

    #[test]
    fn pieces_are_the_whole_text_and_no_more() {
        assert_eq!(pieces(0, &[], Some((0, 0))), []);
        // A span beyond the text, as a draft of another text might have.
        let cut = pieces(3, &[span(1, 9)], Some((2, 0)));
        assert_eq!(
            cut.iter().map(|p| (p.start, p.end, p.picked)).collect::<Vec<_>>(),
            [(0, 1, true), (1, 2, true), (2, 3, false)]
        );
    }

    #[test]
    fn the_caret_steps_over_whole_emoji() {
        let chars: Vec<char> =
            "好\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{1f44d}\u{1f3fd}e\u{301}!".chars().collect();
        let mut stops = vec![0];
        while *stops.last().unwrap_or(&0) < chars.len() {
            stops.push(step(&chars, *stops.last().unwrap_or(&0), true));
        }
        assert_eq!(stops, [0, 1, 6, 8, 10, 11]);
        let mut back = vec![chars.len()];
        while *back.last().unwrap_or(&0) > 0 {
            back.push(step(&chars, *back.last().unwrap_or(&0), false));
        }
        back.reverse();
        assert_eq!(back, stops);
    }

    #[test]
    fn white_space_at_the_ends_is_not_marked() {
        let chars: Vec<char> = " 北京 👍 ".chars().collect();
        assert_eq!(trimmed(&chars, (6, 0)), Some((1, 5)));
        assert_eq!(trimmed(&chars, (3, 4)), None);
    }
}
