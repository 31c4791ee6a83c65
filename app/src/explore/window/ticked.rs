//! Ticked positions as an address says them.

/// `3-5.9` of positions, lowest first: neighbours as a range, with signs that an address need not encode.
pub(super) fn written(ticked: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for position in ticked.iter().copied() {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == position => *last = position,
            _ => ranges.push((position, position)),
        }
    }
    let texts = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    texts.collect::<Vec<_>>().join(".")
}

/// First and last line from `line` to the one ticked before, at most `reach` lines away, and whether it was farther.
pub(super) fn range(line: u64, before: u64, reach: u64) -> (u64, u64, bool) {
    let near = before.clamp(line.saturating_sub(reach), line.saturating_add(reach));
    (near.min(line), near.max(line), near != before)
}

/// The position of a line's box; `None` where it has none. The box is in the first cell: whatever a sample's text says is not.
pub(super) fn position_of(html: &str) -> Option<u32> {
    let (cell, _) = html.split_once("</th>")?;
    let (_, from) = cell.split_once("value=\"")?;
    from.split_once('"')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_is_too_long_is_cut_at_its_far_end() {
        assert_eq!(range(7, 3, 10), (3, 7, false));
        assert_eq!(range(3, 7, 10), (3, 7, false));
        assert_eq!(range(3, 90, 10), (3, 13, true));
        assert_eq!(range(90, 3, 10), (80, 90, true));
    }

    #[test]
    fn a_line_without_a_box_has_no_position() {
        let line = |tick: &str| format!("<th scope=\"row\">{tick}<a href=\"/\">8</a></th><td>value=\"5\"</td>");
        assert_eq!(position_of(&line("<input type=\"checkbox\" name=\"p\" value=\"7\">")), Some(7));
        assert_eq!(position_of(&line("")), None);
    }

    #[test]
    fn neighbours_are_a_range() {
        assert_eq!(written(&[0, 3, 4, 5, 9]), "0.3-5.9");
        assert_eq!(written(&[]), "");
    }
}
