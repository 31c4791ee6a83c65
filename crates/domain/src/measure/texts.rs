//! Written text, against references and by itself.

use super::{TextLikelihood, corpus, meter::Meter};
use crate::lang::Lang;
use crate::metrics::{
    answer::{Normalisation, exact_match, token_f1},
    chrf::Chrf,
    diversity::{distinct, repetition},
    embedding::greedy_match,
    json_schema,
    meteor::meteor_like,
    pass_at_k::pass_at_k,
    rouge::{self, Overlap},
    text::{edit_distance, tokenise},
};

/// How an answer and a reference overlap.
type Score<'a> = &'a dyn Fn(&str, &str) -> Overlap;

pub(super) const METRICS: [&str; 25] = [
    "exact_match",
    "token_f1",
    "bleu",
    "chrf",
    "chrf_plus_plus",
    "rouge_1",
    "rouge_2",
    "rouge_l",
    "rouge_l_sum",
    "meteor_like",
    "bertscore_like",
    "edit_distance",
    "cer",
    "wer",
    "length",
    "repetition_4",
    "distinct_1",
    "distinct_2",
    "json_valid",
    "schema_match",
    "perplexity",
    "bits_per_byte",
    "pass_at_1",
    "pass_at_10",
    "pass_at_100",
];

/// A text that a model wrote, and what it should have been.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextItem {
    pub output: String,
    /// Right answers; a text is held against the one that it is nearest to.
    pub references: Vec<String>,
    /// How likely the first reference is to the model.
    pub likelihood: Option<TextLikelihood>,
    /// Embeddings of the tokens, by whatever model.
    pub embeddings: Option<TokenEmbeddings>,
    /// Where the sample asks for programs: how many were tried.
    pub programs: Option<Programs>,
}

/// One vector per token of the output, and of the first reference.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenEmbeddings {
    pub output: Vec<Vec<f32>>,
    pub expected: Vec<Vec<f32>>,
}

/// Programs that were written for one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Programs {
    pub tried: u32,
    /// Those that passed its tests.
    pub passed: u32,
}

pub(super) fn measure(items: &[TextItem], meter: &mut Meter<'_>) {
    let answered = !items.is_empty() && items.iter().all(|item| !item.references.is_empty());
    if answered {
        answers(items, meter);
        translations(items, meter);
        summaries(items, meter);
        edits(items, meter);
    }
    alone(items, meter);
    embeddings(items, meter);
    likelihoods(items, meter);
    programs(items, meter);
}

fn answers(items: &[TextItem], meter: &mut Meter<'_>) {
    let normalisation = match meter.settings.language {
        Lang::En => Normalisation::English,
        Lang::Zh => Normalisation::Chinese,
    };
    let matches: Vec<bool> = items.iter().map(|i| exact_match(&i.output, &i.references, normalisation)).collect();
    let f1: Vec<f64> = items.iter().map(|i| token_f1(&i.output, &i.references, normalisation)).collect();
    let signature = format!("norm:{}|average:samples|references:best", normalisation.as_str());
    meter.share("exact_match", &matches, &signature);
    meter.mean("token_f1", &f1, &signature);
}

/// How many references each text has, if all have as many.
fn reference_count(items: &[TextItem]) -> Option<usize> {
    let count = items.first()?.references.len();
    items.iter().all(|item| item.references.len() == count).then_some(count)
}

fn translations(items: &[TextItem], meter: &mut Meter<'_>) {
    let references = reference_count(items);
    if meter.wants("bleu") {
        let bleu = corpus::bleu(meter.settings.language);
        meter.statistic("bleu", corpus::bleu_of(items, bleu), &bleu.signature(references));
    }
    for (metric, chrf) in [("chrf", Chrf::default()), ("chrf_plus_plus", Chrf::plus_plus())] {
        if meter.wants(metric) {
            meter.statistic(metric, corpus::chrf_of(items, chrf), &chrf.signature(references));
        }
    }
}

fn summaries(items: &[TextItem], meter: &mut Meter<'_>) {
    let (stems, chinese) = (meter.settings.stems, meter.settings.chinese);
    let is_chinese = meter.settings.language == Lang::Zh;
    let words = |text: &str| if is_chinese { (chinese.split)(text) } else { rouge::words(text, stems) };
    let lines = |text: &str| rouge::sentences(text).map(words).collect::<Vec<_>>();
    let best = |item: &TextItem, score: &dyn Fn(&str, &str) -> Overlap| {
        Overlap::best(item.references.iter().map(|reference| score(&item.output, reference))).f1
    };
    let signature = match is_chinese {
        true => format!("lib:rouge-score-0.1.2|tok:{}|average:samples|references:best|of:f1", chinese.name),
        false => format!(
            "lib:rouge-score-0.1.2|tok:default|stemmer:{}|average:samples|references:best|of:f1",
            if stems { "yes" } else { "no" }
        ),
    };
    let scores: [(&str, Score<'_>); 4] = [
        ("rouge_1", &|a, b| rouge::rouge_n(&words(a), &words(b), 1)),
        ("rouge_2", &|a, b| rouge::rouge_n(&words(a), &words(b), 2)),
        ("rouge_l", &|a, b| rouge::rouge_l(&words(a), &words(b))),
        ("rouge_l_sum", &|a, b| rouge::rouge_l_sum(&lines(a), &lines(b))),
    ];
    for (metric, score) in scores {
        if meter.wants(metric) {
            let values: Vec<f64> = items.iter().map(|item| best(item, score)).collect();
            meter.mean(metric, &values, &signature);
        }
    }
    if meter.wants("meteor_like") {
        let name = if is_chinese { chinese.name } else { "lathe" };
        let words = |text: &str| if is_chinese { (chinese.split)(text) } else { tokenise(text) };
        let score = |item: &TextItem| {
            let output = words(&item.output);
            item.references.iter().map(|r| meteor_like(&output, &words(r))).fold(0.0, f64::max)
        };
        let values: Vec<f64> = items.iter().map(score).collect();
        let signature = format!("tok:{name}|match:exact,porter|average:samples|references:best");
        meter.mean("meteor_like", &values, &signature);
    }
}

fn edits(items: &[TextItem], meter: &mut Meter<'_>) {
    if meter.wants("edit_distance") {
        let nearest = |item: &TextItem| {
            item.references.iter().map(|r| edit_distance(&item.output, r)).fold(f64::INFINITY, f64::min)
        };
        let values: Vec<f64> = items.iter().map(nearest).collect();
        meter.mean("edit_distance", &values, "unit:character|per:longer text|average:samples|references:nearest");
    }
    for (metric, count, unit) in corpus::ERROR_RATES {
        // Chinese has no words between white space.
        if !meter.wants(metric) || (metric == "wer" && meter.settings.language == Lang::Zh && !meter.insists_on(metric))
        {
            continue;
        }
        let pooled = corpus::errors_of(items, count);
        meter.statistic(metric, pooled, &format!("{unit}|average:pooled|references:nearest"));
    }
}

/// What needs no reference.
fn alone(items: &[TextItem], meter: &mut Meter<'_>) {
    let words: Vec<Vec<String>> = items.iter().map(|item| tokenise(&item.output)).collect();
    let lengths: Vec<f64> = words.iter().map(|words| words.len() as f64).collect();
    meter.mean("length", &lengths, "tok:lathe|average:samples");
    let repeated: Vec<f64> = words.iter().map(|words| repetition(words, 4).unwrap_or(0.0)).collect();
    meter.mean("repetition_4", &repeated, "tok:lathe|n:4|average:samples");
    // A resample has texts twice, so that its figure is always too low: no interval.
    for (metric, order) in [("distinct_1", 1), ("distinct_2", 2)] {
        meter.plain(metric, distinct(&words, order), &format!("tok:lathe|n:{order}|average:pooled"));
    }
    let schema = meter.settings.schema;
    if schema.is_none() && !meter.insists_on("json_valid") {
        return;
    }
    let values: Vec<_> = items.iter().map(|item| json_schema::parse(&item.output)).collect();
    let valid: Vec<bool> = values.iter().map(Option::is_some).collect();
    meter.share("json_valid", &valid, "rfc:8259|average:samples");
    if let Some(schema) = schema {
        let fits: Vec<bool> = values.iter().map(|v| v.as_ref().is_some_and(|v| schema.fits(v))).collect();
        meter.share("schema_match", &fits, "draft:2020-12 subset|average:samples");
    }
}

fn embeddings(items: &[TextItem], meter: &mut Meter<'_>) {
    let f1 =
        |item: &TextItem| item.embeddings.as_ref().and_then(|e| greedy_match(&e.output, &e.expected)).map(|o| o.f1);
    if let Some(values) = items.iter().map(f1).collect::<Option<Vec<f64>>>() {
        let signature = "embedding:given|match:greedy|idf:no|rescale:no|average:samples|references:first|of:f1";
        meter.mean("bertscore_like", &values, signature);
    }
}

fn likelihoods(items: &[TextItem], meter: &mut Meter<'_>) {
    if let Some(known) = items.iter().map(|item| item.likelihood).collect::<Option<Vec<TextLikelihood>>>() {
        super::likelihoods::measure(&known, meter);
    }
}

fn programs(items: &[TextItem], meter: &mut Meter<'_>) {
    for (metric, k) in [("pass_at_1", 1), ("pass_at_10", 10), ("pass_at_100", 100)] {
        let each = items.iter().map(|item| item.programs.and_then(|p| pass_at_k(p.tried, p.passed, k)));
        // Defined only where every sample has that many programs.
        if let Some(values) = each.collect::<Option<Vec<f64>>>() {
            meter.mean(metric, &values, &format!("k:{k}|estimator:unbiased|average:samples"));
        }
    }
}
