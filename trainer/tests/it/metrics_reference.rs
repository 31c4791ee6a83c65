//! Metrics and tests of significance equal those of sacreBLEU, rouge-score, NLTK, scikit-learn and SciPy on seeded random and
//! adversarial cases. Needs a Python with them: the one that LATHE_METRICS_PYTHON names, else `scripts/metrics-venv.sh` makes
//! one; says so and passes where that is not possible.

mod cases;

use cases::{Cases, TextItem};
use domain::metrics::bleu::{Bleu, Smoothing, tokenizer::Tokenizer};
use domain::metrics::calibration::{brier, log_loss};
use domain::metrics::chrf::Chrf;
use domain::metrics::classification::ClassificationReport;
use domain::metrics::ranking::{average_precision, one_versus_rest, roc_auc};
use domain::metrics::rouge::{self, Overlap};
use domain::metrics::{averages, porter};
use domain::statistics::{
    correction::benjamini_hochberg, mcnemar::Discordant, permutation::sign_flip_p_value, proportions, wilcoxon,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Largest difference, per unit of the expected number or of 1.
const TOLERANCE: f64 = 1e-9;
/// Cases of a kind that are also measured by the command.
const PRINTED: usize = 3;

#[derive(Deserialize)]
struct Expected {
    texts: Vec<ExpectedTexts>,
    words: Vec<String>,
    labels: Vec<ExpectedLabels>,
    probabilities: Vec<ExpectedProbabilities>,
    differences: Vec<Option<ExpectedDifferences>>,
    counts: Vec<ExpectedCounts>,
    discoveries: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct ExpectedTexts {
    bleu: Vec<ExpectedScores>,
    chrf: Vec<ExpectedScores>,
    /// Without stems, then with: per item, of each kind precision, recall, F1.
    rouge: Vec<[[f64; 3]; 4]>,
}

#[derive(Deserialize)]
struct ExpectedScores {
    corpus: f64,
    each: Vec<f64>,
    signature: String,
}

#[derive(Deserialize)]
struct ExpectedLabels {
    names: Vec<String>,
    accuracy: f64,
    balanced_accuracy: f64,
    mcc: f64,
    averages: [[f64; 3]; 3],
    classes: Vec<[f64; 3]>,
    confusion: Vec<Vec<u32>>,
}

#[derive(Deserialize)]
struct ExpectedProbabilities {
    roc: Vec<Option<f64>>,
    precision: Vec<Option<f64>>,
    over: Over,
    log_loss: f64,
    brier: f64,
}

#[derive(Deserialize)]
struct Over {
    #[serde(rename = "macro")]
    unweighted: Option<f64>,
    weighted: Option<f64>,
}

#[derive(Deserialize)]
struct ExpectedDifferences {
    wilcoxon: f64,
    exact: bool,
    flips: Option<f64>,
}

#[derive(Deserialize)]
struct ExpectedCounts {
    wilson: [f64; 2],
    exact: f64,
    corrected: f64,
}

/// A Python that has all the libraries.
fn python() -> Result<String, String> {
    if let Ok(program) = std::env::var("LATHE_METRICS_PYTHON") {
        return Ok(program);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/metrics-venv.sh");
    let made = Command::new(script).output().map_err(|e| e.to_string())?;
    match made.status.success() {
        true => Ok(String::from_utf8_lossy(&made.stdout).trim().to_owned()),
        false => Err(String::from_utf8_lossy(&made.stderr).trim().to_owned()),
    }
}

fn ask(python: &str, cases: &Cases) -> Expected {
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("cases.json"), folder.path().join("expected.json"));
    std::fs::write(&source, serde_json::to_vec(cases).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/metrics/reference.py");
    let run = Command::new(python).arg(script).args([&source, &target]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&std::fs::read(target).unwrap()).unwrap()
}

#[track_caller]
fn near(actual: f64, expected: f64, of: &dyn std::fmt::Debug) {
    assert!((actual - expected).abs() <= TOLERANCE * expected.abs().max(1.0), "{actual} is not {expected}: {of:?}");
}

#[track_caller]
fn both(actual: Option<f64>, expected: Option<f64>, of: &dyn std::fmt::Debug) {
    assert_eq!(actual.is_some(), expected.is_some(), "{actual:?} is not {expected:?}: {of:?}");
    near(actual.unwrap_or_default(), expected.unwrap_or_default(), of);
}

#[test]
fn metrics_are_those_of_the_reference_tools() {
    let python = match python() {
        Ok(python) => python,
        Err(reason) => {
            println!("skipped: no Python with sacrebleu, rouge-score and scikit-learn: {reason}");
            return;
        }
    };
    let cases = Cases::seeded(20);
    let expected = ask(&python, &cases);
    assert_eq!(expected.texts.len(), cases.texts.len());
    for (case, expected) in cases.texts.iter().zip(&expected.texts) {
        bleu_of(case, &expected.bleu);
        chrf_of(case, &expected.chrf);
        rouge_of(case, &expected.rouge);
    }
    for (case, expected) in cases.texts.iter().zip(&expected.texts).take(PRINTED) {
        printed_texts(case, expected);
    }
    for (word, expected) in cases.words.iter().zip(&expected.words) {
        assert_eq!(&porter::stem(word), expected, "{word}");
    }
    for (case, expected) in cases.labels.iter().zip(&expected.labels) {
        labels_of(case, expected);
    }
    for (case, expected) in cases.labels.iter().zip(&expected.labels).take(PRINTED) {
        printed_labels(case, expected);
    }
    for (case, expected) in cases.probabilities.iter().zip(&expected.probabilities) {
        probabilities_of(&case.expected, &case.rows, expected);
    }
    for (case, expected) in cases.differences.iter().zip(&expected.differences) {
        differences_of(case, expected.as_ref());
    }
    for (case, expected) in cases.counts.iter().zip(&expected.counts) {
        counts_of(*case, expected);
    }
    for (case, expected) in cases.p_values.iter().zip(&expected.discoveries) {
        benjamini_hochberg(case).iter().zip(expected).for_each(|(a, b)| near(*a, *b, case));
    }
}

/// What `trainer score --task` prints of these lines.
fn printed(task: &str, lines: &[Value]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("predictions.jsonl");
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    std::fs::write(&file, text.join("\n")).unwrap();
    let trainer = env!("CARGO_BIN_EXE_trainer");
    let run = Command::new(trainer).args(["score", "--task", task, "--resamples", "0"]).arg(file).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).unwrap()
}

#[track_caller]
fn prints(report: &Value, metric: &str, expected: f64) {
    near(report["scores"][metric]["value"].as_f64().unwrap(), expected, &metric);
}

fn printed_texts(case: &[TextItem], expected: &ExpectedTexts) {
    let line = |item: &TextItem| json!({ "output": item.output, "expected": item.references });
    let report = printed("generation", &case.iter().map(line).collect::<Vec<_>>());
    assert_eq!(report["scores"]["bleu"]["signature"].as_str(), Some(expected.bleu[0].signature.as_str()));
    prints(&report, "bleu", expected.bleu[0].corpus);
    prints(&report, "chrf", expected.chrf[0].corpus);
    prints(&report, "chrf_plus_plus", expected.chrf[2].corpus);
    for (kind, metric) in ["rouge_1", "rouge_2", "rouge_l", "rouge_l_sum"].into_iter().enumerate() {
        let sum: f64 = expected.rouge[..case.len()].iter().map(|scores| scores[kind][2]).sum();
        prints(&report, metric, sum / case.len() as f64);
    }
}

fn printed_labels(case: &[(String, String)], expected: &ExpectedLabels) {
    let line = |(label, output): &(String, String)| json!({ "expected": label, "output": output });
    let report = printed("classification", &case.iter().map(line).collect::<Vec<_>>());
    prints(&report, "accuracy", expected.accuracy);
    prints(&report, "balanced_accuracy", expected.balanced_accuracy);
    prints(&report, "mcc", expected.mcc);
    for (average, expected) in ["micro", "macro", "weighted"].iter().zip(&expected.averages) {
        for (part, expected) in ["precision", "recall", "f1"].iter().zip(expected) {
            prints(&report, &format!("{part}_{average}"), *expected);
        }
    }
}

fn bleu_of(case: &[TextItem], expected: &[ExpectedScores]) {
    let items: Vec<(String, Vec<String>)> =
        case.iter().map(|item| (item.output.clone(), item.references.clone())).collect();
    let mut expected = expected.iter();
    for tokenizer in Tokenizer::ALL {
        for smoothing in [Smoothing::Exp, Smoothing::Floor(0.1), Smoothing::AddK(1.0), Smoothing::None] {
            for effective_order in [false, true] {
                let bleu = Bleu { tokenizer, smoothing, effective_order, lowercase: effective_order };
                let expected = expected.next().unwrap();
                assert_eq!(bleu.signature(Some(case[0].references.len())), expected.signature);
                near(bleu.corpus(&items), expected.corpus, &(bleu, case));
                for (item, expected) in case.iter().zip(&expected.each) {
                    near(bleu.sentence(&item.output, &item.references), *expected, &(bleu, item));
                }
            }
        }
    }
    assert!(expected.next().is_none());
}

fn chrf_of(case: &[TextItem], expected: &[ExpectedScores]) {
    let items: Vec<(String, Vec<String>)> =
        case.iter().map(|item| (item.output.clone(), item.references.clone())).collect();
    let settings = [(0, false), (0, true), (2, false), (2, true)];
    assert_eq!(expected.len(), settings.len());
    for ((word_order, lowercase), expected) in settings.into_iter().zip(expected) {
        let chrf = Chrf { word_order, lowercase };
        assert_eq!(chrf.signature(Some(case[0].references.len())), expected.signature);
        near(chrf.corpus(&items), expected.corpus, &(chrf, case));
        for (item, expected) in case.iter().zip(&expected.each) {
            near(chrf.sentence(&item.output, &item.references), *expected, &(chrf, item));
        }
    }
}

fn rouge_of(case: &[TextItem], expected: &[[[f64; 3]; 4]]) {
    assert_eq!(expected.len(), 2 * case.len());
    for (place, expected) in expected.iter().enumerate() {
        let (item, stems) = (&case[place % case.len()], place >= case.len());
        let words = |text: &str| rouge::words(text, stems);
        let lines = |text: &str| rouge::sentences(text).map(words).collect::<Vec<_>>();
        let best = |score: &dyn Fn(&str, &str) -> Overlap| {
            Overlap::best(item.references.iter().map(|reference| score(&item.output, reference)))
        };
        let found = [
            best(&|a, b| rouge::rouge_n(&words(a), &words(b), 1)),
            best(&|a, b| rouge::rouge_n(&words(a), &words(b), 2)),
            best(&|a, b| rouge::rouge_l(&words(a), &words(b))),
            best(&|a, b| rouge::rouge_l_sum(&lines(a), &lines(b))),
        ];
        for (found, expected) in found.iter().zip(expected) {
            near(found.precision, expected[0], item);
            near(found.recall, expected[1], item);
            near(found.f1, expected[2], item);
        }
    }
}

fn labels_of(case: &[(String, String)], expected: &ExpectedLabels) {
    let report = ClassificationReport::new(case);
    assert_eq!((&report.confusion.labels, &report.confusion.counts), (&expected.names, &expected.confusion));
    near(report.accuracy, expected.accuracy, &case);
    both(averages::balanced_accuracy(&report.confusion), Some(expected.balanced_accuracy), &case);
    near(averages::matthews(&report.confusion), expected.mcc, &case);
    let found = averages::Averages::of(&report);
    for (found, expected) in [found.micro, found.unweighted, found.weighted].iter().zip(&expected.averages) {
        near(found.precision, expected[0], &case);
        near(found.recall, expected[1], &case);
        near(found.f1, expected[2], &case);
    }
    for (class, expected) in report.classes.iter().zip(&expected.classes) {
        near(class.precision, expected[0], &case);
        near(class.recall, expected[1], &case);
        near(class.f1, expected[2], &case);
    }
}

fn probabilities_of(classes: &[usize], rows: &[Vec<f64>], expected: &ExpectedProbabilities) {
    let of = (classes, rows);
    for (class, (roc, precision)) in expected.roc.iter().zip(&expected.precision).enumerate() {
        let is_member: Vec<bool> = classes.iter().map(|c| *c == class).collect();
        let scores: Vec<f64> = rows.iter().map(|row| row[class]).collect();
        both(roc_auc(&is_member, &scores), *roc, &of);
        both(average_precision(&is_member, &scores), *precision, &of);
    }
    if rows[0].len() > 2 {
        let over = one_versus_rest(classes, rows, roc_auc);
        both(over.and_then(|o| o.unweighted), expected.over.unweighted, &of);
        both(over.and_then(|o| o.weighted), expected.over.weighted, &of);
    }
    both(log_loss(classes, rows), Some(expected.log_loss), &of);
    both(brier(classes, rows), Some(expected.brier), &of);
}

fn differences_of(case: &[f64], expected: Option<&ExpectedDifferences>) {
    let found = wilcoxon::signed_ranks(case);
    assert_eq!(found.map(|f| f.is_exact), expected.map(|e| e.exact), "{case:?}");
    let (Some(found), Some(expected)) = (found, expected) else { return };
    near(found.p_value, expected.wilcoxon, &case);
    if expected.flips.is_some() {
        both(sign_flip_p_value(case, 0, 0), expected.flips, &case);
    }
}

fn counts_of((hits, samples): (u64, u64), expected: &ExpectedCounts) {
    let wilson = proportions::wilson(hits, samples, proportions::z_95()).unwrap();
    near(wilson.low, expected.wilson[0], &(hits, samples));
    near(wilson.high, expected.wilson[1], &(hits, samples));
    let discordant = Discordant { only_first_right: hits, only_second_right: samples - hits };
    near(discordant.exact_p_value(), expected.exact, &(hits, samples));
    near(discordant.corrected_p_value(), expected.corrected, &(hits, samples));
}
