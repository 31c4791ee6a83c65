//! Which lines two versions of a report share, and which went and came: a longest common subsequence (Hunt & McIlroy, An
//! Algorithm for Differential File Comparison, 1976).

/// Lines of each side that are compared, behind what both begin and end with; beyond it all count as changed.
const COMPARED: usize = 3000;

/// A line of both or of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    Kept(&'a str),
    Went(&'a str),
    Came(&'a str),
}

/// The lines of both in an order that has all of `old` and all of `new`.
#[must_use]
pub fn changes<'a>(old: &'a [String], new: &'a [String]) -> Vec<Change<'a>> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    let mut out: Vec<Change<'a>> = old[..start].iter().map(|line| Change::Kept(line)).collect();
    if a.len() > COMPARED || b.len() > COMPARED {
        out.extend(a.iter().map(|line| Change::Went(line)));
        out.extend(b.iter().map(|line| Change::Came(line)));
    } else {
        out.extend(between(a, b));
    }
    out.extend(old[old.len() - end..].iter().map(|line| Change::Kept(line)));
    out
}

fn between<'a>(a: &'a [String], b: &'a [String]) -> Vec<Change<'a>> {
    // common[i][j]: length of the longest common subsequence of a[i..] and b[j..].
    let width = b.len() + 1;
    let mut common = vec![0u16; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i * width + j] = if a[i] == b[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::with_capacity(a.len() + b.len()));
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            out.push(Change::Kept(&a[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            out.push(Change::Went(&a[i]));
            i += 1;
        } else {
            out.push(Change::Came(&b[j]));
            j += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }

    #[test]
    fn what_went_stands_before_what_came() {
        let (old, new) = (lines("abcd"), lines("axcde"));
        let found = changes(&old, &new);
        use Change::{Came, Kept, Went};
        assert_eq!(found, [Kept("a"), Went("b"), Came("x"), Kept("c"), Kept("d"), Came("e")]);
    }

    proptest! {
        #[test]
        fn both_sides_can_be_read_out_of_it(old in "[abc]{0,12}", new in "[abc]{0,12}") {
            let (old, new) = (lines(&old), lines(&new));
            let found = changes(&old, &new);
            let side = |keeps: fn(&Change<'_>) -> bool| -> Vec<String> {
                let text = |c: &Change<'_>| match c { Change::Kept(t) | Change::Went(t) | Change::Came(t) => (*t).to_owned() };
                found.iter().filter(|c| keeps(c)).map(text).collect()
            };
            prop_assert_eq!(side(|c| !matches!(c, Change::Came(_))), old.clone());
            prop_assert_eq!(side(|c| !matches!(c, Change::Went(_))), new.clone());
            if old == new {
                prop_assert!(found.iter().all(|c| matches!(c, Change::Kept(_))));
            }
        }
    }
}
