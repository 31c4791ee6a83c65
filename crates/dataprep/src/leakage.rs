//! Looking for held-out samples in the training split: the same text, near duplicates, long passages in common.
//!
//! Two passes over the samples: the held-out ones first, since there are few, then training. Text that stands in many
//! samples, such as an instruction before each, gives nothing away and is left out of every comparison: it is told by
//! its sequences of five words, and no longer sequence that contains one of them counts.

use crate::{
    similar::{self, Join, Sets, hash, normal_form, pieces},
    split::{common_limit, prompt_text, text_key},
};
use domain::{
    id::SampleId,
    sample::{Sample, Split},
    split::{LeakCheck, LeakCheckError, LeakKind, LeakPair, LeakReport},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Words of the sequences by which text that stands in many samples is told.
const BOILERPLATE_WORDS: usize = 5;
/// Characters of a text that are shown.
const SHOWN_CHARS: usize = 300;

/// A held-out sample and the worst that was found of it.
struct HeldOut {
    id: SampleId,
    position: u32,
    split: Split,
    text: String,
    prompt: Option<u64>,
    answer: u64,
    /// Words of prompt and answer, hashed; empty once training begins.
    words: Vec<u64>,
    /// Different sequences of words in prompt and answer.
    sequences: u32,
    found: Option<Found>,
}

struct Found {
    kind: LeakKind,
    score: f64,
    train: Train,
}

#[derive(Clone)]
struct Train {
    id: SampleId,
    position: u32,
    text: String,
    prompt: Option<u64>,
}

/// Gathers held-out samples, then looks through training.
pub struct Leakage {
    check: LeakCheck,
    held_out: Vec<HeldOut>,
    by_prompt: HashMap<u64, Vec<u32>>,
    by_sequence: HashMap<u64, Vec<u32>>,
    boilerplate: HashSet<u64>,
    pieces: Vec<Vec<u32>>,
    /// Training, for the join at the end.
    train: Vec<Train>,
    /// Training samples that leak in a way that blocks.
    leaking: BTreeSet<SampleId>,
}

impl Leakage {
    pub fn new(check: LeakCheck) -> Result<Self, LeakCheckError> {
        check.check()?;
        Ok(Self {
            check,
            held_out: Vec::new(),
            by_prompt: HashMap::new(),
            by_sequence: HashMap::new(),
            boilerplate: HashSet::new(),
            pieces: Vec::new(),
            train: Vec::new(),
            leaking: BTreeSet::new(),
        })
    }

    /// Takes a sample of the validation or test split. All of them come before the first of training.
    pub fn add_held_out(&mut self, id: SampleId, position: u32, split: Split, sample: &Sample) {
        let number = self.held_out.len() as u32;
        let prompt = prompt_text(sample);
        let key = text_key(&prompt);
        if let Some(key) = key {
            self.by_prompt.entry(key).or_default().push(number);
        }
        self.pieces.push(pieces(&normal_form(&prompt)));
        self.held_out.push(HeldOut {
            id,
            position,
            split,
            text: shortened(&prompt),
            prompt: key,
            answer: answer_key(sample),
            words: words(sample),
            sequences: 0,
            found: None,
        });
    }

    /// To be called between the held-out samples and training: learns what many held-out samples have in common.
    pub fn begin_training(&mut self) {
        let common = common_limit(self.held_out.len());
        let mut samples_with: HashMap<u64, usize> = HashMap::new();
        for held_out in &self.held_out {
            for sequence in distinct(windows(&held_out.words, BOILERPLATE_WORDS)) {
                *samples_with.entry(sequence).or_default() += 1;
            }
        }
        self.boilerplate =
            samples_with.into_iter().filter(|(_, n)| *n > common).map(|(sequence, _)| sequence).collect();
        for i in 0..self.held_out.len() {
            let words = std::mem::take(&mut self.held_out[i].words);
            let sequences = self.sequences(&words);
            self.held_out[i].sequences = sequences.len() as u32;
            for sequence in sequences {
                self.by_sequence.entry(sequence).or_default().push(i as u32);
            }
        }
    }

    /// Looks at a training sample.
    pub fn add_training(&mut self, id: SampleId, position: u32, sample: &Sample) {
        let prompt = prompt_text(sample);
        let key = text_key(&prompt);
        let train = Train { id, position, text: shortened(&prompt), prompt: key };
        let answer = answer_key(sample);
        for i in key.and_then(|key| self.by_prompt.get(&key)).into_iter().flatten() {
            let held_out = &mut self.held_out[*i as usize];
            let kind = if held_out.answer == answer { LeakKind::Exact } else { LeakKind::SamePrompt };
            held_out.note(kind, 1.0, &train);
            if kind.blocks() {
                self.leaking.insert(id);
            }
        }
        let mut common: BTreeMap<u32, u32> = BTreeMap::new();
        for i in self.sequences(&words(sample)).iter().filter_map(|s| self.by_sequence.get(s)).flatten() {
            *common.entry(*i).or_default() += 1;
        }
        for (i, n) in common {
            let held_out = &mut self.held_out[i as usize];
            let share = f64::from(n) / f64::from(held_out.sequences.max(1));
            if share >= self.check.overlap {
                held_out.note(LeakKind::Overlap, share, &train);
                self.leaking.insert(id);
            }
        }
        self.pieces.push(pieces(&normal_form(&prompt)));
        self.train.push(train);
    }

    /// Compares all prompts by their pieces, and tells what was found.
    #[must_use]
    pub fn finish(mut self) -> LeakReport {
        let n = self.held_out.len();
        let sets = Sets::new(std::mem::take(&mut self.pieces), common_limit(n + self.train.len()));
        let mut join = Join::new(&sets, self.check.similarity);
        // Training samples with the pieces of an earlier one are not in the join, but leak as it does.
        let mut same: HashMap<usize, Vec<usize>> = HashMap::new();
        for i in n..sets.len() {
            if let Some(first) = join.add(i) {
                same.entry(first).or_default().push(i);
            }
        }
        for (i, held_out) in self.held_out.iter_mut().enumerate() {
            for (first, similarity) in join.similar(i) {
                for other in std::iter::once(&first).chain(same.get(&first).into_iter().flatten()) {
                    let train = &self.train[other - n];
                    // The very same prompt has been judged together with its answer.
                    if held_out.prompt != train.prompt {
                        held_out.note(LeakKind::NearDuplicate, similarity, train);
                        self.leaking.insert(train.id);
                    }
                }
            }
        }
        self.report()
    }

    fn report(self) -> LeakReport {
        let mut report = LeakReport { check: self.check, ..LeakReport::default() };
        let mut found: BTreeMap<(Split, LeakKind), u64> = BTreeMap::new();
        for held_out in self.held_out {
            match held_out.split {
                Split::Test => report.test += 1,
                Split::Validation | Split::Train => report.validation += 1,
            }
            let Some(leak) = held_out.found else { continue };
            *found.entry((held_out.split, leak.kind)).or_default() += 1;
            if leak.kind.blocks() {
                report.contaminated.push(held_out.id);
            }
            report.pairs.push(LeakPair {
                kind: leak.kind,
                split: held_out.split,
                score: leak.score,
                held_out: held_out.id,
                held_out_position: held_out.position,
                train: leak.train.id,
                train_position: leak.train.position,
                // The report is for everybody; who reads the test split itself is on record.
                held_out_text: if held_out.split == Split::Test { String::new() } else { held_out.text },
                train_text: leak.train.text,
            });
        }
        report.pairs.sort_by(|a, b| {
            let gravity = |p: &LeakPair| (!p.kind.blocks(), p.kind);
            gravity(a)
                .cmp(&gravity(b))
                .then(b.score.total_cmp(&a.score))
                .then(a.held_out_position.cmp(&b.held_out_position))
        });
        report.pairs.truncate(LeakReport::SHOWN);
        report.leaking = self.leaking.into_iter().collect();
        report.found = found.into_iter().map(|((split, kind), n)| (split, kind, n)).collect();
        report
    }

    /// The different sequences of `ngram` words without boilerplate. A shorter text is no long passage and has none.
    fn sequences(&self, words: &[u64]) -> Vec<u64> {
        let n = self.check.ngram as usize;
        let mut masked = vec![false; words.len()];
        for (start, sequence) in windows(words, BOILERPLATE_WORDS).enumerate() {
            if self.boilerplate.contains(&sequence) {
                masked[start..start + BOILERPLATE_WORDS].fill(true);
            }
        }
        let free = masked.windows(n).map(|words| words.iter().all(|masked| !masked));
        distinct(windows(words, n).zip(free).filter(|(_, free)| *free).map(|(sequence, _)| sequence))
    }
}

/// The words of prompt and answer, hashed.
fn words(sample: &Sample) -> Vec<u64> {
    let turns = sample.messages.iter().map(|m| m.content.as_str());
    let normal = normal_form(&turns.collect::<Vec<_>>().join("\n"));
    similar::words(&normal).map(|word| hash(word.bytes().map(u64::from))).collect()
}

/// The hash of every `n` words in a row.
fn windows(words: &[u64], n: usize) -> impl Iterator<Item = u64> {
    words.windows(n).map(|window| hash(window.iter().copied()))
}

fn distinct(sequences: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut all: Vec<u64> = sequences.collect();
    all.sort_unstable();
    all.dedup();
    all
}

impl HeldOut {
    /// Keeps the gravest; of equal ones the one with the highest score, then the earliest.
    fn note(&mut self, kind: LeakKind, score: f64, train: &Train) {
        // A prompt that is merely the same does not block and so must not hide what does.
        let gravity = |kind: LeakKind| (!kind.blocks(), kind);
        let is_worse = self
            .found
            .as_ref()
            .is_none_or(|found| gravity(kind) < gravity(found.kind) || (kind == found.kind && score > found.score));
        if is_worse {
            self.found = Some(Found { kind, score, train: train.clone() });
        }
    }
}

/// A key of what the sample answers.
fn answer_key(sample: &Sample) -> u64 {
    hash(normal_form(sample.answer().unwrap_or_default()).bytes().map(u64::from))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use domain::sample::{Message, Speaker};

    fn sample(prompt: &str, answer: &str) -> Sample {
        let messages = vec![Message::new(Speaker::User, prompt), Message::new(Speaker::Assistant, answer)];
        Sample { messages, label: None, rejected: None, slices: BTreeMap::new(), ..Sample::default() }
    }

    fn check(held_out: &[Sample], train: &[Sample]) -> LeakReport {
        let mut leakage = Leakage::new(LeakCheck::default()).unwrap();
        for (i, sample) in held_out.iter().enumerate() {
            leakage.add_held_out(SampleId(i as i64), i as u32, Split::Test, sample);
        }
        leakage.begin_training();
        for (i, sample) in train.iter().enumerate() {
            leakage.add_training(SampleId(1000 + i as i64), i as u32, sample);
        }
        leakage.finish()
    }

    #[test]
    fn every_kind_is_found_and_told_apart() {
        let passage =
            "it was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness";
        let held_out = [
            sample("What is the capital of France?", "Paris"),
            sample("Name a prime number below ten", "7"),
            sample("How do I reset the password of my work account on the new laptop?", "Ask IT"),
            sample(&format!("Who wrote this: {passage}"), "Dickens"),
            sample("Nothing like this was ever trained on", "No"),
        ];
        let train = [
            sample("what is the capital of  FRANCE", "paris."),
            sample("Name a prime number below ten!", "5"),
            sample("How do I reset the password of my work account on a new laptop?", "Ask Bob"),
            sample(
                &format!("A book begins like this. {passage}. Go on with an epoch of belief and of incredulity"),
                "…",
            ),
            sample("Something else entirely", "Yes"),
        ];
        let report = check(&held_out, &train);
        let kinds: Vec<_> = report.pairs.iter().map(|p| (p.kind, p.held_out_position, p.train_position)).collect();
        assert_eq!(
            kinds,
            [
                (LeakKind::Exact, 0, 0),
                (LeakKind::NearDuplicate, 2, 2),
                (LeakKind::Overlap, 3, 3),
                (LeakKind::SamePrompt, 1, 1)
            ]
        );
        assert_eq!(report.contaminated, [SampleId(0), SampleId(2), SampleId(3)]);
        assert_eq!((report.test, report.blocking()), (5, 3));
        assert_eq!(report.leaking, [SampleId(1000), SampleId(1002), SampleId(1003)]);
    }

    #[test]
    fn an_instruction_before_every_text_is_no_leak() {
        let instruction = "Read the following review of a film and say in one word whether its author liked it or not, positive or negative:";
        let with = |i: usize| sample(&format!("{instruction} {} {}", i * 7919, i * 104_729), "positive");
        let held_out: Vec<_> = (0..100).map(with).collect();
        let train: Vec<_> = (100..900).map(with).collect();
        assert_eq!(check(&held_out, &train).found, []);
    }

    #[test]
    fn chinese_is_compared_by_characters() {
        let report = check(
            &[sample("我昨天买的手机屏幕坏了，可以免费更换吗？", "可以"), sample("今天北京天气怎么样", "晴")],
            &[sample("我昨天买的手机屏幕坏了,可以免费更换吗", "可以"), sample("怎么样才能学好数学", "练习")],
        );
        assert_eq!(report.found, [(Split::Test, LeakKind::Exact, 1)]);
    }
}
