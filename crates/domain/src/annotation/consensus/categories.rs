//! Answers that are categories, one an item, as numbers: for measures of agreement, and for a model of raters.

use super::Agreed;
use crate::agreement::{DawidSkene, Ratings};
use crate::annotation::{
    answer::{Answer, Better},
    design::QuestionKind,
};
use std::collections::BTreeSet;

/// Whether answers to a question are categories, one an item, of which a model of raters can be made.
#[must_use]
pub fn has_categories(kind: &QuestionKind) -> bool {
    matches!(
        kind,
        QuestionKind::Choice { .. }
            | QuestionKind::Tree { .. }
            | QuestionKind::Preference { .. }
            | QuestionKind::Rating { .. }
    )
}

/// The answer as a number, the same for the same answer and in the order of a scale; `None` for what is no category.
#[must_use]
pub fn category(kind: &QuestionKind, answer: &Answer) -> Option<i32> {
    match answer {
        Answer::Choice { value } | Answer::Tree { value } => kind
            .options()
            .iter()
            .position(|o| o.value == *value)
            .or_else(|| inner_place(kind, value))
            .map(|at| at as i32),
        Answer::Rating { value } => Some(*value),
        Answer::Preference { value } => Some(match value {
            Better::First => 0,
            Better::Tie => 1,
            Better::Second => 2,
        }),
        _ => None,
    }
}

/// Inner places of a tree, which are no options of their own, behind all options.
fn inner_places(kind: &QuestionKind) -> Vec<&str> {
    let mut inner = BTreeSet::new();
    for option in kind.options() {
        let ends = option.value.match_indices('/').map(|(at, _)| &option.value[..at]);
        inner.extend(ends.filter(|way| kind.options().iter().all(|o| o.value != *way)));
    }
    inner.into_iter().collect()
}

fn inner_place(kind: &QuestionKind, value: &str) -> Option<usize> {
    let at = inner_places(kind).into_iter().position(|way| way == value)?;
    Some(kind.options().len() + at)
}

/// The answer that a number stands for.
#[must_use]
pub fn answer_of(kind: &QuestionKind, category: i32) -> Option<Answer> {
    let value = || {
        let at = usize::try_from(category).ok()?;
        let options = kind.options();
        match options.get(at) {
            Some(option) => Some(option.value.clone()),
            None => inner_places(kind).get(at.checked_sub(options.len())?).map(|way| (*way).to_owned()),
        }
    };
    match kind {
        QuestionKind::Choice { .. } => Some(Answer::Choice { value: value()? }),
        QuestionKind::Tree { .. } => Some(Answer::Tree { value: value()? }),
        QuestionKind::Rating { .. } => Some(Answer::Rating { value: category }),
        QuestionKind::Preference { .. } => Some(Answer::Preference {
            value: match category {
                0 => Better::First,
                1 => Better::Tie,
                _ => Better::Second,
            },
        }),
        _ => None,
    }
}

/// Answers to a question with categories as Dawid and Skene's model of raters gives them, one an item. `rows` has of each
/// item the answers by the person's number, below `people`; an item without any has none.
#[must_use]
pub fn dawid_skene(kind: &QuestionKind, rows: &[Vec<(usize, &Answer)>], people: usize) -> Vec<Option<Agreed>> {
    let mut table = Vec::with_capacity(rows.len());
    for row in rows {
        let mut ratings = vec![None; people];
        for (person, answer) in row {
            if let (Some(cell), Some(category)) = (ratings.get_mut(*person), category(kind, answer)) {
                *cell = Some(f64::from(category));
            }
        }
        table.push(ratings);
    }
    let model = DawidSkene::of(&Ratings::new(table));
    let believed = model.believed().into_iter().zip(rows);
    believed
        .map(|(believed, row)| {
            let believed = believed.filter(|_| !row.is_empty())?;
            Some(Agreed { answer: answer_of(kind, believed.value as i32)?, confidence: believed.confidence })
        })
        .collect()
}
