//! The steps that read scores, on made-up scores and embeddings.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::{
    scores::{Losses, ScoresBuilder},
    similar::hash,
};
use domain::{
    sample::{Message, Speaker},
    steps::{LabelMethod, LabelProblems, Likely, Outliers, Perplexity},
};

fn item(position: u32, label: Option<&str>) -> Item {
    let answer = label.unwrap_or("ok");
    let messages = vec![Message::new(Speaker::User, format!("q{position}")), Message::new(Speaker::Assistant, answer)];
    let sample = Sample { messages, label: label.map(str::to_owned), ..Sample::default() };
    Item::new(SampleId(i64::from(position) + 5), position, Split::Train, sample)
}

fn scores(of: impl Iterator<Item = (f32, Vec<f32>)>) -> Arc<Scores> {
    let mut builder = ScoresBuilder::new().unwrap();
    for (i, (loss, embedding)) in of.enumerate() {
        builder.add(SampleId(i as i64 + 5), Losses { answer: loss, all: 1.0 }, &embedding).unwrap();
    }
    Arc::new(builder.finish("tiny".to_owned()).unwrap())
}

/// The reasons of removed samples by position, and the report.
fn run(
    step: Step,
    scores: Option<&Arc<Scores>>,
    items: &[Item],
) -> Result<(Vec<(u32, Reason)>, StepsReport), StepsError> {
    let mut removed = Vec::new();
    let mut sink = |outcome| {
        if let Outcome::Removed(item) = outcome {
            removed.push((item.position, item.changes[0].reason.clone()));
        }
        Ok(())
    };
    let recipe = DataRecipe { steps: vec![step] };
    let mut go_on = |_, _| ControlFlow::Continue(());
    let report = apply_with(&recipe, scores, &mut items.to_vec(), &mut sink, &mut go_on)?;
    Ok((removed, report))
}

fn positions(removed: &[(u32, Reason)]) -> Vec<u32> {
    removed.iter().map(|(position, _)| *position).collect()
}

/// A number from −0.5 to 0.5.
fn noise(i: u64, salt: u64) -> f32 {
    (hash([i, salt]) % 1000) as f32 / 1000.0 - 0.5
}

#[test]
fn without_scores_a_step_says_what_to_do() {
    let items = [item(0, None)];
    for step in Step::all().into_iter().filter(Step::needs_scores) {
        let error = run(step.clone(), None, &items).unwrap_err();
        assert!(error.to_string().contains("score the version with a model first"), "{error}");
        let bare = scores(std::iter::once((1.0, Vec::new())));
        let with_bare = run(step.clone(), Some(&bare), &items);
        let lacks = matches!(with_bare, Err(StepsError::Recipe(StepError::NoEmbeddings { step: 1 })));
        assert_eq!(lacks, step.needs_embeddings(), "{}", step.kind());
    }
}

#[test]
fn likelihoods_are_cut_by_share_and_by_bound() {
    let mut items: Vec<Item> = (0..100).map(|i| item(i, None)).collect();
    let scores = scores((0..99).map(|i| (i as f32 / 10.0, Vec::new())));
    items[98].split = Split::Test;
    let none = Perplexity { highest: 0.0, ..Perplexity::default() };
    let step = |settings: Perplexity| run(Step::Perplexity(settings), Some(&scores), &items).unwrap();
    let (removed, report) = step(Perplexity { highest: 3.0, lowest: 2.1, ..none.clone() });
    assert_eq!(positions(&removed), [0, 1, 96, 97], "2 % of 98 are one, and 2.1 % are two");
    assert!(matches!(removed[3].1, Reason::Unlikely { perplexity } if (perplexity - 9.7f64.exp()).abs() < 0.1));
    assert_eq!(report.scored_by.as_deref(), Some("tiny"));
    assert_eq!(positions(&step(Perplexity { above: 9.65f64.exp(), held_out: true, ..none.clone() }).0), [97, 98]);
    assert_eq!(positions(&step(Perplexity { below: 0.15f64.exp(), ..none.clone() }).0), [0, 1]);
    // All tokens of each have the same loss, and the last sample has no score.
    let all = |above: f64| step(Perplexity { of: Likely::All, above, held_out: true, ..none.clone() }).0.len();
    assert_eq!([all(3.0), all(2.0)], [0, 99]);
}

#[test]
fn the_farthest_are_outliers() {
    let items: Vec<Item> = (0..200).map(|i| item(i, None)).collect();
    // Two clouds, and three samples that are in none of them; all far from the origin.
    let embedding = |i: u64| match i {
        50 => vec![9.0, 10.0, 10.0],
        120 => vec![10.0, 9.0, 10.5],
        199 => vec![10.0, 10.0, 8.0],
        i if i % 2 == 0 => vec![12.0 + noise(i, 1) / 9.0, 10.0 + noise(i, 2) / 9.0, 10.0],
        i => vec![10.0 + noise(i, 1) / 9.0, 12.0 + noise(i, 2) / 9.0, 10.0],
    };
    let scores = scores((0..200).map(|i| (1.0, embedding(i))));
    let settings = Outliers { percent: 1.5, neighbours: 5, ..Outliers::default() };
    let (removed, _) = run(Step::Outliers(settings.clone()), Some(&scores), &items).unwrap();
    assert_eq!(positions(&removed), [50, 120, 199]);
    assert!(matches!(removed[0].1, Reason::Outlier { distance } if distance > 0.05));
    // Compared with half of them only, the same are far.
    let (removed, _) = run(Step::Outliers(Outliers { sample: 100, ..settings }), Some(&scores), &items).unwrap();
    assert_eq!(positions(&removed), [50, 120, 199]);
}

/// 400 samples of three labels that clouds of eight dimensions tell apart, every tenth with a wrong one.
#[test]
fn wrong_labels_are_found_by_both_methods() {
    let right = |i: u64| (hash([i, 9]) % 3) as usize;
    let is_wrong = |i: u64| i.is_multiple_of(10);
    let items: Vec<Item> = (0..400u32)
        .map(|i| {
            let wrong = usize::from(is_wrong(u64::from(i)));
            item(i, Some(["a", "b", "c"][(right(u64::from(i)) + wrong) % 3]))
        })
        .collect();
    let embedding = |i: u64| (0..8).map(|d| noise(i, d) + if right(i) as u64 == d { 2.0 } else { 0.0 }).collect();
    let scores = scores((0..400).map(|i| (1.0, embedding(i))));
    let confident = LabelProblems::default();
    let neighbours = LabelProblems { method: LabelMethod::Neighbours, similarity: 0.8, ..LabelProblems::default() };
    for settings in [confident, neighbours] {
        let (removed, _) = run(Step::LabelProblems(settings.clone()), Some(&scores), &items).unwrap();
        let found = removed.iter().filter(|(i, _)| is_wrong(u64::from(*i))).count();
        assert!(
            found >= 36 && removed.len() - found <= 6,
            "{settings:?}: {found} of 40, {} in vain",
            removed.len() - found
        );
        for (i, reason) in removed.iter().filter(|(i, _)| is_wrong(u64::from(*i))) {
            let suggested = ["a", "b", "c"][right(u64::from(*i))];
            assert!(
                matches!(reason, Reason::LabelDoubt { label, probability } if label == suggested && *probability < 0.5)
            );
        }
        let (again, _) = run(Step::LabelProblems(settings), Some(&scores), &items).unwrap();
        assert_eq!(again, removed);
    }
}

#[test]
fn more_labels_than_a_classifier_can_learn_are_refused() {
    let items: Vec<Item> = (0..1001).map(|i| item(i, Some(&format!("label {i}")))).collect();
    let scores = scores((0..1001).map(|i| (1.0, vec![noise(i, 1), noise(i, 2)])));
    let refused = run(Step::LabelProblems(LabelProblems::default()), Some(&scores), &items);
    let Err(StepsError::Recipe(problem)) = refused else { panic!("it is done") };
    assert_eq!(problem, StepError::Labels { step: 1, labels: 1001, samples: 1001, most: 1000 });
    let fewer = run(Step::LabelProblems(LabelProblems::default()), Some(&scores), &items[..50]);
    assert!(fewer.is_ok());
    let neighbours = LabelProblems { method: LabelMethod::Neighbours, ..LabelProblems::default() };
    assert!(run(Step::LabelProblems(neighbours), Some(&scores), &items).is_ok());
}

#[test]
fn two_texts_that_say_the_same_with_two_labels_are_in_doubt_both() {
    let items: Vec<Item> = (0..6).map(|i| item(i, Some(if i == 1 { "b" } else { "a" }))).collect();
    let embeddings = [[1.0, 0.0], [1.0, 0.001], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0], [-1.0, -1.0]];
    let scores = scores(embeddings.into_iter().map(|e| (1.0, e.to_vec())));
    let settings = LabelProblems { method: LabelMethod::Neighbours, similarity: 0.99, ..LabelProblems::default() };
    let (removed, _) = run(Step::LabelProblems(settings), Some(&scores), &items).unwrap();
    assert_eq!(positions(&removed), [0, 1]);
}
