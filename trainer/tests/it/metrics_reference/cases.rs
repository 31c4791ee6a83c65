//! Seeded random cases, and the ones that break tokenizers and divide by zero.

use serde::Serialize;

/// Pieces of text: words, marks of every kind and width, scripts, numbers, white space, and what tokenizers take for markup.
#[rustfmt::skip]
const PIECES: [&str; 66] = [
    "the", "cat", "sat", "Running", "runs", "relational", "happily", "don't", "naïve", "STRASSE", "straße", "İ", "ΟΔΟΣ",
    "3,000.50", "1-2", "5", ".", ",", "!", "?", "...", "-", "--", "(", ")", "\"", "'", "_", "/", "$", "€", "+", "<", ">", "&",
    "&quot;", "&amp;lt;", "<skipped>", "-\n", "\n", "\n\n", "\t", " ", "  ", "\u{3000}", "\u{a0}", "\u{1f}", "\u{200b}",
    "你好", "世界", "，", "。", "！", "Ａ１", "１２３", "“", "”", "—", "한국어", "カタカナ", "😀", "👩‍👩‍👧", "é", "٣", "½",
    "𠀀",
];
const SYLLABLES: [&str; 12] = ["a", "re", "con", "y", "tro", "ll", "hop", "iz", "at", "bl", "sky", "o"];
#[rustfmt::skip]
const SUFFIXES: [&str; 34] = [
    "s", "es", "ies", "sses", "ed", "ing", "eed", "ied", "y", "ational", "tional", "enci", "izer", "bli", "alli", "entli",
    "ousli", "ization", "ation", "fulness", "ousness", "iviti", "biliti", "logi", "fulli", "icate", "ative", "ness", "ance",
    "ement", "ion", "ive", "e", "ll",
];

/// Texts of equally many references each.
pub(crate) type TextCase = Vec<TextItem>;

#[derive(Debug, Serialize)]
pub(crate) struct TextItem {
    pub(crate) output: String,
    pub(crate) references: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ProbabilityCase {
    pub(crate) expected: Vec<usize>,
    pub(crate) rows: Vec<Vec<f64>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Cases {
    pub(crate) texts: Vec<TextCase>,
    pub(crate) words: Vec<String>,
    /// Pairs of expected and predicted.
    pub(crate) labels: Vec<Vec<(String, String)>>,
    pub(crate) probabilities: Vec<ProbabilityCase>,
    pub(crate) differences: Vec<Vec<f64>>,
    /// Hits and samples.
    pub(crate) counts: Vec<(u64, u64)>,
    pub(crate) p_values: Vec<Vec<f64>>,
}

impl Cases {
    pub(crate) fn seeded(rounds: u64) -> Self {
        let mut random = Random(1);
        let mut texts: Vec<TextCase> = (0..rounds).map(|_| random_texts(&mut random)).collect();
        texts.extend(adversarial_texts());
        let mut labels: Vec<_> = (0..rounds).map(|_| random_labels(&mut random)).collect();
        labels.extend(adversarial_labels());
        let mut counts = vec![(0, 1), (1, 1), (0, 30), (30, 30), (1, 2), (500, 1000)];
        counts.extend((0..rounds).map(|_| {
            let samples = 1 + random.below(400);
            (random.below(samples + 1), samples)
        }));
        Self {
            texts,
            words: (0..rounds * 40).map(|_| random_word(&mut random)).collect(),
            labels,
            probabilities: (0..rounds).map(|_| random_probabilities(&mut random)).collect(),
            differences: (0..rounds).map(|_| random_differences(&mut random)).chain([vec![0.0; 3]]).collect(),
            counts,
            p_values: (0..rounds).map(|_| (0..7).map(|_| random.below(21) as f64 / 20.0).collect()).collect(),
        }
    }
}

/// A sequence of SplitMix64 (Steele, Lea & Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}

fn random_text(random: &mut Random, longest: u64) -> String {
    let mut text = String::new();
    for _ in 0..random.below(longest + 1) {
        text.push_str(random.one_of(&PIECES));
        text.push_str(random.one_of(&["", " ", " ", " "]));
    }
    text
}

/// A reference is the output with some pieces changed, so that there is something in common.
fn random_texts(random: &mut Random) -> TextCase {
    let references = 1 + random.below(2);
    let item = |random: &mut Random| {
        let output = random_text(random, 30);
        let reference = |random: &mut Random| {
            let kept = output.split_inclusive(' ').filter(|_| random.below(5) > 0).collect::<String>();
            kept + &random_text(random, 4)
        };
        TextItem { references: (0..references).map(|_| reference(random)).collect(), output }
    };
    (0..1 + random.below(5)).map(|_| item(random)).collect()
}

/// Sets of one pair each.
fn adversarial_texts() -> Vec<TextCase> {
    let texts =
        ["", " ", ".", "...!?", "😀", "你好，世界。", "ｆｕｌｌ　ｗｉｄｔｈ！", "a", "a a a a a a a", "a\nb\n\nc d"];
    let pair = |a: &str, b: &str| vec![TextItem { output: a.to_owned(), references: vec![b.to_owned()] }];
    texts.iter().flat_map(|a| texts.iter().map(|b| pair(a, b))).collect()
}

fn random_word(random: &mut Random) -> String {
    let syllables = random.below(4);
    let mut word: String = (0..syllables).map(|_| random.one_of(&SYLLABLES)).collect();
    for _ in 0..=random.below(2) {
        word.push_str(random.one_of(&SUFFIXES));
    }
    word
}

fn random_labels(random: &mut Random) -> Vec<(String, String)> {
    let names = ["a", "b", "中", "Z", ""];
    let classes = 1 + random.below(5) as usize;
    let mut label = || random.one_of(&names[..classes]).to_owned();
    (0..25).map(|_| (label(), label())).collect()
}

fn adversarial_labels() -> Vec<Vec<(String, String)>> {
    let of = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    vec![
        of(&[("a", "a")]),
        of(&[("a", "b")]),
        of(&[("a", "a"), ("a", "a")]),
        of(&[("a", "b"), ("b", "a")]),
        of(&[("a", "c"), ("b", "c"), ("c", "c")]),
        of(&[("a", "x"), ("a", "y"), ("a", "z")]),
    ]
}

/// Shares of small whole numbers, so that many are equal, and some 0 and 1.
fn random_probabilities(random: &mut Random) -> ProbabilityCase {
    let classes = 2 + random.below(3) as usize;
    let mut case = ProbabilityCase { expected: Vec::new(), rows: Vec::new() };
    for _ in 0..4 + random.below(12) {
        let mut weights: Vec<u64> = (0..classes).map(|_| random.below(4)).collect();
        weights[0] += u64::from(weights.iter().all(|weight| *weight == 0));
        let whole = weights.iter().sum::<u64>() as f64;
        case.rows.push(weights.into_iter().map(|weight| weight as f64 / whole).collect());
        case.expected.push(random.below(classes as u64) as usize);
    }
    case
}

/// With ties and zeros, or without.
fn random_differences(random: &mut Random) -> Vec<f64> {
    let (length, steps) = (1 + random.below(30), if random.below(2) == 0 { 9 } else { 100_000 });
    (0..length).map(|_| random.below(steps) as f64 - (steps / 3) as f64).collect()
}
