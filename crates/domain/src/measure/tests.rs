//! Every task measured on a handful of items.

use super::*;
use crate::metrics::bleu::Bleu;
use crate::metrics::json_schema::parse;

fn letters(text: &str) -> Vec<String> {
    text.chars().map(String::from).collect()
}

fn settings(language: Lang, metrics: Option<&[String]>) -> Settings<'_> {
    let chinese = ChineseWords { name: "letters", split: &letters };
    Settings { language, metrics, stems: false, schema: None, chinese, resamples: 200, seed: 1 }
}

fn text(output: &str, references: &[&str]) -> TextItem {
    let references = references.iter().map(|r| (*r).to_owned()).collect();
    TextItem { output: output.to_owned(), references, ..TextItem::default() }
}

/// Every score lies within its interval, has a signature and is among the metrics of its task.
fn sound(items: Items<'_>, found: &Measurement) {
    assert_eq!(found.samples as usize, items.len());
    for (metric, score) in &found.scores {
        assert!(items.metrics().contains(&metric.as_str()), "{metric}");
        assert!(score.value.is_finite() && !score.signature.is_empty(), "{metric}: {score:?}");
        if let Some(interval) = score.interval {
            assert!(interval.low <= interval.high, "{metric}: {score:?}");
        }
    }
}

#[test]
fn answers_in_words_of_their_own_make_no_matrix() {
    let item = |i: u32| LabelItem { expected: "a".to_owned(), output: i.to_string() };
    let (items, wanted) = ((0..1000).map(item).collect::<Vec<_>>(), ["accuracy".to_owned()]);
    let found = measure(Items::Labels(&items), &settings(Lang::En, Some(&wanted)));
    assert_eq!((found.scores["accuracy"].value, found.classes.len(), found.confusion), (0.0, 0, None));
    let found = measure(Items::Labels(&items[1..]), &settings(Lang::En, Some(&wanted)));
    assert_eq!(found.confusion.map(|matrix| matrix.labels.len()), Some(1000));
}

#[test]
fn labels() {
    let items: Vec<LabelItem> = [("a", "a"), ("b", "a"), ("b", "b"), ("c", "c")]
        .map(|(expected, output)| LabelItem { expected: expected.to_owned(), output: output.to_owned() })
        .into();
    let found = measure(Items::Labels(&items), &settings(Lang::En, None));
    sound(Items::Labels(&items), &found);
    assert_eq!(found.scores.len(), labels::METRICS.len());
    let accuracy = &found.scores["accuracy"];
    assert_eq!((accuracy.value, accuracy.interval.map(|i| i.method)), (0.75, Some(IntervalMethod::Wilson)));
    assert!((found.scores["balanced_accuracy"].value - 2.5 / 3.0).abs() < 1e-12);
    assert!((found.scores["f1_macro"].value - (2.0 / 3.0 + 2.0 / 3.0 + 1.0) / 3.0).abs() < 1e-12);
    assert_eq!(found.confusion.map(|c| c.counts), Some(vec![vec![1, 0, 0], vec![1, 1, 0], vec![0, 0, 1]]));
    assert!(measure(Items::Labels(&[]), &settings(Lang::En, None)).scores.is_empty());
}

#[test]
fn probabilities() {
    let item = |expected: &str, yes: f64| ProbabilityItem {
        expected: expected.to_owned(),
        probabilities: [("yes".to_owned(), yes), ("no".to_owned(), 1.0 - yes)].into(),
    };
    let items = [item("no", 0.1), item("no", 0.4), item("yes", 0.35), item("yes", 0.8)];
    let found = measure(Items::Probabilities(&items), &settings(Lang::En, None));
    sound(Items::Probabilities(&items), &found);
    assert_eq!(found.scores["roc_auc"].value, 0.75);
    assert_eq!(found.scores["roc_auc"].signature, "positive:yes");
    assert!(!found.scores.contains_key("roc_auc_weighted"), "two classes have one curve");
    assert_eq!(found.reliability.len(), 15);
    let three = ProbabilityItem { expected: "maybe".to_owned(), probabilities: BTreeMap::default() };
    let items = [items[0].clone(), items[3].clone(), three];
    let found = measure(Items::Probabilities(&items), &settings(Lang::En, None));
    assert!(found.scores.contains_key("roc_auc_weighted") && !found.scores.contains_key("nothing"));
}

#[test]
fn texts() {
    let items = [text("The cat sat.", &["The cat sat.", "A cat."]), text("dogs ran", &["The dog ran.", "Dogs run."])];
    let found = measure(Items::Texts(&items), &settings(Lang::En, None));
    sound(Items::Texts(&items), &found);
    assert_eq!(found.scores["exact_match"].value, 0.5);
    assert_eq!(found.scores["bleu"].signature, Bleu::default().signature(Some(2)));
    assert!(found.scores["rouge_1"].signature.contains("stemmer:no"));
    for absent in ["json_valid", "schema_match", "perplexity", "pass_at_1"] {
        assert!(!found.scores.contains_key(absent), "{absent} was not asked for, or cannot be told");
    }
    let wanted = ["json_valid".to_owned(), "rouge_1".to_owned()];
    let found = measure(Items::Texts(&items), &settings(Lang::Zh, Some(&wanted)));
    assert_eq!(found.scores.keys().collect::<Vec<_>>(), ["json_valid", "rouge_1"]);
    assert!(found.scores["rouge_1"].signature.contains("tok:letters"));
}

#[test]
fn texts_with_more_to_them() {
    let mut items = [text(r#"{"a":1}"#, &["abcd"]), text("no", &["efgh"])];
    let likelihood = TextLikelihood { log_likelihood: -4.0 * 256f64.ln(), tokens: 4, bytes: 4 };
    for (item, passed) in items.iter_mut().zip([1, 0]) {
        item.likelihood = Some(likelihood);
        item.embeddings = Some(TokenEmbeddings { output: vec![vec![1.0, 0.0]], expected: vec![vec![2.0, 0.0]] });
        item.programs = Some(Programs { tried: 2, passed });
    }
    let schema = parse(r#"{"required":["a"]}"#).and_then(|s| Schema::new(&s).ok());
    let settings = Settings { schema: schema.as_ref(), ..settings(Lang::En, None) };
    let found = measure(Items::Texts(&items), &settings);
    let value = |metric: &str| found.scores[metric].value;
    assert_eq!((value("json_valid"), value("schema_match"), value("pass_at_1")), (0.5, 0.5, 0.25));
    assert_eq!(value("bertscore_like"), 1.0);
    assert!((value("perplexity") - 256.0).abs() < 1e-9 && (value("bits_per_byte") - 8.0).abs() < 1e-12);
    assert!(!found.scores.contains_key("pass_at_10"), "two programs tell nothing of ten");
}

#[test]
fn likelihoods_are_pooled() {
    let text = |log_likelihood, tokens, bytes| TextLikelihood { log_likelihood, tokens, bytes };
    // 6 nats over 4 tokens and 12 bytes; a mean of the two perplexities would be another number.
    let few = [text(-1.0, 2, 2), text(-5.0, 2, 10)];
    let found = measure(Items::Likelihoods(&few), &settings(Lang::En, None));
    sound(Items::Likelihoods(&few), &found);
    assert!((found.scores["perplexity"].value - 1.5f64.exp()).abs() < 1e-12);
    assert!((found.scores["bits_per_byte"].value - 0.5 / std::f64::consts::LN_2).abs() < 1e-12);
    assert!(found.scores["perplexity"].signature.contains("average:pooled"));
    // Texts of one and of three nats a token: whatever is drawn lies between both.
    let many: Vec<TextLikelihood> = (0..40).map(|i| text(if i % 2 == 0 { -2.0 } else { -6.0 }, 2, 4)).collect();
    let found = measure(Items::Likelihoods(&many), &settings(Lang::En, None));
    let interval = found.scores["perplexity"].interval.map(|i| (i.low.ln(), i.high.ln()));
    assert!(interval.is_some_and(|(low, high)| 1.0 < low && low < 2.0 && 2.0 < high && high < 3.0), "{interval:?}");
    let broken = [text(f64::NEG_INFINITY, 2, 2), text(-1.0, 1, 1)];
    assert!(measure(Items::Likelihoods(&broken), &settings(Lang::En, None)).scores.is_empty());
    let wanted = ["bits_per_byte".to_owned()];
    let found = measure(Items::Likelihoods(&few), &settings(Lang::En, Some(&wanted)));
    assert_eq!(found.scores.keys().collect::<Vec<_>>(), ["bits_per_byte"]);
    assert!(measure(Items::Likelihoods(&[]), &settings(Lang::En, None)).scores.is_empty());
}

#[test]
fn few_samples_are_not_resampled() {
    let few = vec![text("a b c", &["a b d"]); 9];
    let many = vec![text("a b c", &["a b d"]); 10];
    let interval = |items: &[TextItem], resamples| {
        let settings = Settings { resamples, ..settings(Lang::En, None) };
        measure(Items::Texts(items), &settings).scores["token_f1"].interval.map(|i| i.method)
    };
    let found = [interval(&few, 200), interval(&many, 200), interval(&many, 0)];
    assert_eq!(found, [None, Some(IntervalMethod::Bootstrap), None]);
}

#[test]
fn spans() {
    let span = |start, end| crate::metrics::spans::LabelledSpan { start, end, label: "PER".to_owned() };
    let items = [
        SpanItem { expected: vec![span(0, 2), span(3, 5)], output: vec![span(0, 2), span(4, 5)] },
        SpanItem::default(),
    ];
    let found = measure(Items::Spans(&items), &settings(Lang::En, None));
    sound(Items::Spans(&items), &found);
    assert_eq!((found.scores["f1_exact"].value, found.scores["f1_partial"].value), (0.5, 0.75));
    assert_eq!((found.labels[0].label.as_str(), found.labels[0].support), ("PER", 2));
}

/// Areas and calibration error of a resample are counted in an order that is found once: as if each were sorted anew.
#[test]
fn intervals_of_areas_equal_those_of_sorted_resamples() {
    use crate::metrics::calibration::{expected_calibration_error, reliability};
    use crate::metrics::ranking::{average_precision, one_versus_rest, roc_auc};
    use crate::statistics::bootstrap::statistic_intervals;
    let labels = ["a", "b", "c"];
    // Few different probabilities, so that many are equal.
    let row = |i: usize| [(i * 7 % 5) as f64 / 8.0, (i * 3 % 4) as f64 / 8.0, 1.0 / 8.0];
    let item = |i: usize| ProbabilityItem {
        expected: labels[i * 5 % 3].to_owned(),
        probabilities: labels.iter().map(|l| (*l).to_owned()).zip(row(i)).collect(),
    };
    let items: Vec<ProbabilityItem> = (0..60).map(item).collect();
    let found = measure(Items::Probabilities(&items), &settings(Lang::En, None));
    let drawn = |places: &[usize]| -> (Vec<usize>, Vec<Vec<f64>>) {
        (places.iter().map(|i| i * 5 % 3).collect(), places.iter().map(|i| row(*i).to_vec()).collect())
    };
    let sorted = statistic_intervals(60, 200, 1, |places| {
        let (expected, rows) = drawn(places);
        let [roc, pr] = [roc_auc, average_precision].map(|area| one_versus_rest(&expected, &rows, area));
        let ece = reliability(&expected, &rows, 15).and_then(|table| expected_calibration_error(&table));
        [roc.and_then(|o| o.unweighted), roc.and_then(|o| o.weighted), pr.and_then(|o| o.unweighted), ece]
    });
    for (metric, interval) in ["roc_auc", "roc_auc_weighted", "pr_auc", "ece"].into_iter().zip(sorted) {
        let (score, interval) = (&found.scores[metric], interval.map(|i| (i.mean, i.low, i.high)));
        assert_eq!(score.interval.map(|i| (score.value, i.low, i.high)), interval, "{metric}");
    }
}
