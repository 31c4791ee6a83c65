//! Near duplicates against all pairs compared, and what stays of them.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use domain::{
    id::SampleId,
    sample::{Message, Sample, Speaker, Split},
    steps::{Keep, Where},
};

fn item(position: u32, text: &str, label: Option<&str>) -> Item {
    let answer = label.unwrap_or("ok");
    let messages = vec![Message::new(Speaker::User, text), Message::new(Speaker::Assistant, answer)];
    let sample = Sample {
        messages,
        label: label.map(str::to_owned),
        rejected: None,
        slices: Default::default(),
        ..Sample::default()
    };
    Item::new(SampleId(i64::from(position)), position, Split::Train, sample)
}

fn decided(settings: NearDuplicates, items: &[Item]) -> Near {
    let mut step = Near::new(settings);
    for (i, item) in items.iter().enumerate() {
        step.see(i as u32, item).unwrap();
    }
    step.decide().unwrap();
    step
}

/// Who stays for each sample.
fn kept(settings: NearDuplicates, items: &[Item]) -> Vec<u32> {
    decided(settings, items).verdicts.iter().map(|(stays, _)| *stays).collect()
}

fn prompts() -> NearDuplicates {
    NearDuplicates { within: Where::Prompt, ..NearDuplicates::default() }
}

/// Sentences of words drawn at random, each followed by a few that differ from it in some words.
fn sentences(groups: u64) -> Vec<String> {
    let word = |n: u64| format!("w{}", hash([n]) % 5000);
    let mut all = Vec::new();
    for group in 0..groups {
        let words: Vec<String> = (0..30).map(|i| word(group * 100 + i)).collect();
        for copy in 0..4u64 {
            let mut words = words.clone();
            for change in 0..copy {
                let at = hash([group, copy, change]) % 30;
                words[at as usize] = word(hash([group, copy, change, 1]));
            }
            all.push(words.join(" "));
        }
    }
    all
}

/// The sketch finds a pair at the threshold with a probability of 0.995 and more similar ones with a higher one. Less than
/// one of some hundred pairs is expected to be missed, and one that is tears four samples at most out of their group.
#[test]
fn groups_are_those_of_all_pairs_compared() {
    let items: Vec<Item> = sentences(120).iter().enumerate().map(|(i, t)| item(i as u32, t, None)).collect();
    for threshold in [0.5, 0.7, 0.8] {
        let settings = NearDuplicates { threshold, ..prompts() };
        let pieces: Vec<Vec<u32>> =
            items.iter().map(|item| pieces(&settings, &item.sample.messages[0].content)).collect();
        let mut groups: Vec<usize> = (0..items.len()).collect();
        let mut pairs = 0;
        for a in 0..items.len() {
            for b in a + 1..items.len() {
                if jaccard(&pieces[a], &pieces[b]) >= threshold {
                    pairs += 1;
                    let (from, to) = (groups[b].max(groups[a]), groups[a].min(groups[b]));
                    groups.iter_mut().filter(|g| **g == from).for_each(|g| *g = to);
                }
            }
        }
        assert!(pairs > 100, "{pairs} pairs at {threshold}");
        let found = kept(settings, &items);
        let missed = found.iter().zip(&groups).filter(|(a, b)| **a as usize != **b).count();
        assert!(missed <= 4, "{missed} samples of {} are in other groups at {threshold}", items.len());
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let items: Vec<Item> = sentences(60).iter().enumerate().map(|(i, t)| item(i as u32, t, None)).collect();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| decided(NearDuplicates { threshold: 0.6, ..prompts() }, &items).verdicts)
    };
    assert_eq!(with(1), with(3));
}

/// Texts with one long opening agree in many bands and are not similar: nobody is compared with all of them, and copies
/// among them are found all the same.
#[test]
fn copies_are_found_among_thousands_with_one_opening() {
    let opening = "translate the following sentence into french and explain every word that is not in the dictionary";
    let text =
        |i: u64| format!("{opening}: {} {} {}", hash([i]) % 100_000, hash([i, 1]) % 100_000, hash([i, 2]) % 100_000);
    let mut items: Vec<Item> = (0..3000).map(|i| item(i, &text(u64::from(i)), None)).collect();
    items.extend((0..100).map(|i| item(3000 + i, &format!("{}x", text(u64::from(i))), None)));
    let found = kept(prompts(), &items);
    let copies = (3000..3100).filter(|i| found[*i] == *i as u32 - 3000).count();
    assert!(copies >= 95, "{copies} of 100 copies are found");
}

#[test]
fn chinese_is_compared_by_fewer_characters() {
    let texts = [
        "今天的天气很好我们一起去公园散步吧",
        "今天的天气很好，我们一起去公园散步！",
        "今天的天气很好我们一起去公园跑步吧",
        "明天要下雨记得带伞出门",
    ];
    let items: Vec<Item> = texts.iter().enumerate().map(|(i, t)| item(i as u32, t, None)).collect();
    assert_eq!(kept(NearDuplicates { threshold: 0.6, ..prompts() }, &items), [0, 0, 0, 3]);
    assert_eq!(kept(NearDuplicates { threshold: 0.95, ..prompts() }, &items), [0, 1, 2, 3]);
    let words = NearDuplicates { pieces: Pieces::Words, han_size: 2, threshold: 0.6, ..prompts() };
    assert_eq!(kept(words, &items), [0, 0, 0, 3]);
}

#[test]
fn other_labels_other_splits_and_empty_texts() {
    let text = "the delivery was late and the box was open";
    let items = [item(0, text, Some("bad")), item(1, "the delivery was late and the box was open!", Some("good"))];
    assert_eq!(kept(prompts(), &items), [0, 1]);
    assert_eq!(kept(NearDuplicates { same_label: false, ..prompts() }, &items), [0, 0]);
    let mut items = [item(0, text, None), item(1, text, None), item(2, "…", None), item(3, "…", None)];
    assert_eq!(kept(prompts(), &items), [0, 0, 2, 3], "no letters, nothing to compare");
    assert_eq!(kept(NearDuplicates { keep: Keep::Last, ..prompts() }, &items), [1, 1, 2, 3]);
    items[1].split = Split::Test;
    assert_eq!(kept(prompts(), &items), [1, 1, 2, 3]);
}

#[test]
fn ten_thousand_copies_do_not_cost_their_square() {
    let text = |i: u32| format!("please send the invoice for order number {i} to my new address in town");
    let items: Vec<Item> = (0..10_000).map(|i| item(i, &text(i), None)).collect();
    let step = decided(NearDuplicates { threshold: 0.6, ..prompts() }, &items);
    let groups: std::collections::HashSet<u32> = step.verdicts.iter().map(|(stays, _)| *stays).collect();
    assert!(groups.len() < 20, "{} groups", groups.len());
    let Verdict::Remove(Reason::NearDuplicate { similarity, .. }) = step.judge(9_999, &items[9_999]) else {
        panic!("it goes")
    };
    assert!(similarity > 0.5);
}
