//! Copies of small sets: whose they are, how they differ, which are left out.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::steps::{Outcome, apply};
use domain::{
    id::SampleId,
    sample::Message,
    steps::{DataRecipe, Step, StepsReport},
};
use std::ops::ControlFlow;

fn item(position: u32, split: Split, prompt: &str, answer: &str, label: bool) -> Item {
    let messages = vec![Message::new(Speaker::User, prompt), Message::new(Speaker::Assistant, answer)];
    let sample = Sample { messages, label: label.then(|| answer.to_owned()), ..Sample::default() };
    Item::new(SampleId(i64::from(position)), position, split, sample)
}

/// Copies of everything by one method.
fn only(method: AugmentMethod) -> steps::Augment {
    let is = |one| method == one;
    steps::Augment {
        synonyms: is(AugmentMethod::Synonyms),
        typos: is(AugmentMethod::Typos),
        noise: is(AugmentMethod::Noise),
        swap: is(AugmentMethod::Swap),
        share_copied: 1.0,
        ..steps::Augment::default()
    }
}

fn run(settings: steps::Augment, mut items: Vec<Item>) -> (Vec<Item>, StepsReport) {
    let recipe = DataRecipe { steps: vec![Step::Augment(settings)] };
    let mut copies = Vec::new();
    let mut sink = |outcome| {
        if let Outcome::Stays(item) = outcome
            && item.is_copy
        {
            copies.push(item);
        }
        Ok(())
    };
    let report = apply(&recipe, &mut items, &mut sink, &mut |_, _| ControlFlow::Continue(())).unwrap();
    (copies, report)
}

/// The prompt of the only copy of a sample.
fn copy(settings: steps::Augment, prompt: &str) -> String {
    let (copies, _) = run(settings, vec![item(0, Split::Train, prompt, "a", true)]);
    copies.first().map(|copy| copy.sample.messages[0].content.clone()).unwrap_or_default()
}

#[test]
fn only_training_samples_are_copied_and_copies_say_so() {
    let text = "The big dog was very happy to help.";
    let items: Vec<Item> =
        Split::ALL.iter().zip(0..).map(|(split, i)| item(i, *split, &format!("{i} {text}"), "a", true)).collect();
    let (copies, report) = run(only(AugmentMethod::Synonyms), items);
    assert_eq!(copies.len(), 1);
    let copy = &copies[0];
    assert_eq!((copy.split, copy.position, copy.sample.label.as_deref()), (Split::Train, 0, Some("a")));
    assert_eq!(copy.sample.slices["augmented"], "synonyms");
    assert_eq!(copy.sample.answer(), Some("a"));
    assert_ne!(copy.sample.messages[0].content, format!("0 {text}"));
    assert!(copy.is_rewritten(), "its content is its own");
    assert_eq!((report.steps[0].added, report.changed, report.after), (1, 0, 4));
    assert_eq!(report.steps[0].found["synonyms"], 1);
}

#[test]
fn what_validation_or_test_says_is_never_made() {
    let swapped = "She saw his sister.";
    let train = item(0, Split::Train, "He saw her brother.", "a", true);
    let (copies, _) = run(only(AugmentMethod::Swap), vec![train.clone()]);
    assert_eq!(copies[0].sample.messages[0].content, swapped);
    for split in [Split::Validation, Split::Test] {
        let held_out = item(1, split, "she saw his sister", "b", true);
        assert!(run(only(AugmentMethod::Swap), vec![train.clone(), held_out]).0.is_empty());
    }
    let same = item(1, Split::Train, swapped, "a", true);
    let (copies, _) = run(only(AugmentMethod::Swap), vec![train, same]);
    assert!(copies.is_empty(), "both copies are there already");
}

#[test]
fn copies_are_the_same_every_time_and_others_with_another_seed() {
    let items: Vec<Item> = (0..40)
        .map(|i| item(i, Split::Train, &format!("{i} 这个问题非常重要，因为价格便宜，大家都很高兴。"), "a", true))
        .collect();
    let settings =
        steps::Augment { share_copied: 0.5, copies: 2, typos: true, noise: true, ..only(AugmentMethod::Synonyms) };
    let settings = steps::Augment { typos: true, noise: true, ..settings };
    let (first, _) = run(settings.clone(), items.clone());
    assert_eq!(first, run(settings.clone(), items.clone()).0);
    assert_ne!(first, run(steps::Augment { seed: 7, ..settings }, items).0);
    let copied: HashSet<u32> = first.iter().map(|copy| copy.position).collect();
    assert!((10..=30).contains(&copied.len()), "about half: {}", copied.len());
    let methods: HashSet<&str> = first.iter().map(|copy| copy.sample.slices["augmented"].as_str()).collect();
    assert_eq!(methods.len(), 3, "{methods:?}");
}

#[test]
fn synonyms_keep_case_and_leave_code_and_addresses_alone() {
    let changed = copy(only(AugmentMethod::Synonyms), "Big https://big.example/large");
    assert_eq!(changed, "Large https://big.example/large");
    assert_eq!(copy(only(AugmentMethod::Synonyms), "```\nbig large\n```"), "");
    let own = steps::Augment {
        own_synonyms: "工单 = 服务单\nrefund = reimbursement".to_owned(),
        ..only(AugmentMethod::Synonyms)
    };
    assert_eq!(copy(own.clone(), "我的工单呢"), "我的服务单呢");
    assert_eq!(copy(own, "Refund!"), "Reimbursement!");
}

#[test]
fn typos_and_noise_change_little() {
    let text = "Nothing happened yesterday evening";
    let typo = copy(only(AugmentMethod::Typos), text);
    assert!(typo != text && typo.chars().count().abs_diff(text.chars().count()) <= 1, "{typo}");
    let typo = copy(only(AugmentMethod::Typos), "的");
    assert!(["地", "得"].contains(&typo.as_str()), "{typo}");
    let noisy = copy(only(AugmentMethod::Noise), "今天天气不错，出门走走。");
    assert!(!noisy.is_empty() && normal_form(&noisy).replace(' ', "") == "今天天气不错出门走走", "{noisy}");
}

#[test]
fn groups_change_places_in_both_languages() {
    for (text, expected) in [
        ("He told her that his wife likes him.", "She told him that her husband likes her."),
        ("THE KING and Mr Brown", "THE QUEEN and Ms Brown"),
        ("他和他们的妈妈去看爷爷", "她和她们的爸爸去看奶奶"),
    ] {
        assert_eq!(copy(only(AugmentMethod::Swap), text), expected);
    }
    let own = steps::Augment { own_pairs: "nurse = engineer".to_owned(), ..only(AugmentMethod::Swap) };
    assert_eq!(copy(own, "The nurse met an engineer."), "The engineer met an nurse.");
    let both = steps::Augment { within: Where::Both, ..only(AugmentMethod::Swap) };
    let (copies, _) = run(both, vec![item(0, Split::Train, "Who is he?", "He is her brother.", false)]);
    assert_eq!(copies[0].sample.answer(), Some("She is his sister."));
}

#[test]
fn templates_take_the_text_and_their_alternatives() {
    let templates = "greeting = Hi | Hello\n{greeting}, {text}".to_owned();
    let settings = steps::Augment { templates, longest: 10.0, synonyms: false, ..only(AugmentMethod::Templates) };
    let made = copy(settings.clone(), "where is it?");
    assert!(["Hi, where is it?", "Hello, where is it?"].contains(&made.as_str()), "{made}");
    let short = steps::Augment { longest: 1.0, ..settings };
    assert_eq!(copy(short, "where is it?"), "", "too long for its bounds");
}

#[test]
fn what_says_the_opposite_has_the_label_for_that_and_is_to_be_checked() {
    let negated_labels = "good = bad\n# so much for that".to_owned();
    let settings = steps::Augment { negated_labels, synonyms: false, ..only(AugmentMethod::Negation) };
    let items = vec![
        item(0, Split::Train, "The room was clean.", "good", true),
        item(1, Split::Train, "The room was cold.", "bad", true),
        item(2, Split::Train, "The room was large.", "good", false),
        item(3, Split::Test, "The room was quiet.", "good", true),
    ];
    let (copies, report) = run(settings.clone(), items);
    assert_eq!(copies.len(), 1, "labels that the map has, in training alone");
    let copy = &copies[0].sample;
    assert_eq!((copy.messages[0].content.as_str(), copy.answer()), ("The room was not clean.", Some("bad")));
    assert_eq!(copy.label.as_deref(), Some("bad"));
    assert_eq!((copy.slices["augmented"].as_str(), copy.slices["check"].as_str()), ("negation", "label"));
    assert_eq!(report.steps[0].found["negation"], 1);
    let mut wordy = item(0, Split::Train, "The room was clean.", "good", true);
    wordy.sample.messages[1].content = "It was good, since it was clean.".to_owned();
    assert!(run(settings, vec![wordy]).0.is_empty(), "its answer would be wrong");
}
