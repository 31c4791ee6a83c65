//! The places of a tree of options: `animal/dog` has the place `animal` above it, which may be chosen too.

use domain::annotation::design::Choice;

/// A place in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) way: String,
    pub(super) title: String,
    /// 0 at the top.
    pub(super) depth: usize,
    pub(super) key: Option<char>,
}

/// Every place of a tree, each behind those that it is below, in the order of the options.
pub(super) fn places(options: &[Choice]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for option in options {
        let ends = option.value.match_indices('/').map(|(end, _)| end).chain([option.value.len()]);
        for (depth, end) in ends.enumerate() {
            let way = &option.value[..end];
            if way.is_empty() || places.iter().any(|p| p.way == way) {
                continue;
            }
            let place = place(options, way, depth);
            // Behind the last place below the one above, so that what belongs together stands together.
            let above = way.rsplit_once('/').map(|(above, _)| above);
            let is_below = |p: &Place| {
                above.is_some_and(|above| {
                    p.way == above || p.way.strip_prefix(above).is_some_and(|r| r.starts_with('/'))
                })
            };
            let at = places.iter().rposition(is_below).map_or(places.len(), |last| last + 1);
            places.insert(at, place);
        }
    }
    places
}

fn place(options: &[Choice], way: &str, depth: usize) -> Place {
    let named = options.iter().find(|o| o.value == way);
    let last = way.rsplit('/').next().unwrap_or(way);
    let title = named.map(|o| o.title.as_str()).filter(|title| !title.is_empty()).unwrap_or(last).to_owned();
    let key = named.and_then(|o| o.hotkey).map(|key| key.to_ascii_lowercase());
    Place { way: way.to_owned(), title, depth, key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_places_of_a_tree_can_be_chosen() {
        let option =
            |value: &str, title: &str| Choice { value: value.to_owned(), title: title.to_owned(), hotkey: None };
        let tree = [
            option("animal/dog", ""),
            option("plant", ""),
            option("animal/cat/lion", "Lion"),
            option("animal/cat", "Cats"),
        ];
        let seen: Vec<_> = places(&tree).into_iter().map(|p| (p.way, p.title, p.depth)).collect();
        let expected = [
            ("animal", "animal", 0),
            ("animal/dog", "dog", 1),
            ("animal/cat", "Cats", 1),
            ("animal/cat/lion", "Lion", 2),
            ("plant", "plant", 0),
        ];
        assert_eq!(seen, expected.map(|(way, title, depth)| (way.to_owned(), title.to_owned(), depth)));
    }
}
