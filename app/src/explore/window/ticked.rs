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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_a_range() {
        assert_eq!(written(&[0, 3, 4, 5, 9]), "0.3-5.9");
        assert_eq!(written(&[]), "");
    }
}
