//! Metrics, curves, slices and confusion.

use super::{heading_of, judges, run_link, run_name, text};
use crate::{
    reports::{
        document::{Cell, Chart, Column, Part, Span, Table, Tone},
        text as words,
    },
    routes,
    ui::{
        chart::Curve,
        format::{integer, number, percent},
        metric,
    },
};
use domain::{
    eval::view::{Outcome, SliceIs},
    id::ProjectId,
    lang::Lang,
    report::facts::{CONFUSION_LABELS, Facts, MetricFacts, RunFacts, SliceFacts},
    statistics::verdict::Verdict,
};

/// Base against tuned, run by run.
pub(super) fn results(l: Lang, project: ProjectId, facts: &Facts) -> Vec<Part> {
    let mut parts = Vec::new();
    for run in &facts.runs {
        parts.extend(heading_of(run, facts.runs.len()));
        parts.extend(of_run(l, project, run));
        parts.extend(judges::of_run(l, project, run));
    }
    if facts.runs.len() > 1 {
        let runs: Vec<_> = facts.runs.iter().map(|run| run.run_id).collect();
        let link = Span::link(text::between_runs(l), routes::compare(project, &runs));
        parts.push(Part::Paragraph(vec![link]));
    }
    parts
}

fn of_run(l: Lang, project: ProjectId, run: &RunFacts) -> Vec<Part> {
    let Some(evaluation) = &run.evaluation else {
        return vec![Part::Note(
            Tone::Warn,
            vec![Span::plain(format!("{} ", text::not_evaluated(l))), run_link(project, run)],
        )];
    };
    let page = routes::evaluation(project, run.run_id);
    let outcomes = evaluation.outcomes;
    let answers = |outcome: Outcome| format!("{page}?outcome={}", outcome.as_str());
    let mut parts = vec![
        Part::Table(metrics(l, &evaluation.metrics, &page)),
        Part::Paragraph(vec![
            Span::plain(format!("{} ", text::tested_on(l, integer(evaluation.samples.into())))),
            Span::link(text::became_right(l, integer(outcomes.only_tuned)), answers(Outcome::Better)),
            Span::plain(", "),
            Span::link(text::became_wrong(l, integer(outcomes.only_base)), answers(Outcome::Worse)),
            Span::plain("."),
        ]),
    ];
    if let Some(clean) = &evaluation.without_leaks {
        parts.push(Part::Paragraph(vec![Span::strong(text::without_leaks(l, integer(clean.excluded.into())))]));
        parts.push(Part::Table(metrics(l, &clean.metrics, &format!("{page}#without-leaks"))));
    }
    parts
}

fn metrics(l: Lang, metrics: &[MetricFacts], page: &str) -> Table {
    let number_of = |name: &str| format!("|{name}");
    let [base, tuned, difference, interval] =
        [text::base(l), text::tuned(l), text::difference(l), text::interval(l)].map(number_of);
    let mut table = Table::new([text::metric(l), &base, &tuned, &difference, &interval, "|p", text::verdict(l)]);
    for m in metrics {
        let link = |text: String| Cell::link(text, page);
        let signed = |x: f64| metric::signed(&m.metric, x);
        let interval = m.low.zip(m.high).map(|(low, high)| format!("{} … {}", signed(low), signed(high)));
        // What has no interval is no verdict either.
        let verdict = if m.low.is_some() { judged(l, m.verdict) } else { Cell::default() };
        table.push([
            Cell::plain(metric::name(l, &m.metric)),
            link(metric::value(&m.metric, m.base)),
            link(metric::value(&m.metric, m.tuned)),
            link(signed(m.tuned - m.base)),
            link(interval.unwrap_or_else(|| "–".to_owned())),
            link(m.p_value.map_or_else(|| "–".to_owned(), number)),
            verdict,
        ]);
    }
    table
}

fn judged(l: Lang, verdict: Verdict) -> Cell {
    let tone = match verdict {
        Verdict::Better => Tone::Good,
        Verdict::Worse => Tone::Bad,
        Verdict::NoEvidence => Tone::Quiet,
    };
    Cell::plain(words::verdict(l, verdict)).toned(tone)
}

/// Training and validation loss: of one run both, of several the one that all have.
pub(super) fn loss_curve(l: Lang, project: ProjectId, facts: &Facts) -> Vec<Part> {
    let named = |name: String, points: &[(u32, f64)]| {
        Curve::new(name, points.iter().map(|(step, value)| (f64::from(*step), *value, 0.0)).collect())
    };
    let mut parts = Vec::new();
    for run in &facts.runs {
        let curves = run.curves.iter().map(|curve| named(metric::name(l, &curve.series), &curve.points));
        let curves: Vec<Curve> = curves.collect();
        if curves.is_empty() {
            continue;
        }
        let title = if facts.runs.len() > 1 { text::loss_of(l, run_name(run)) } else { text::loss(l).to_owned() };
        parts.push(Part::Chart(Chart { title, curves }));
        let last = run.curves.iter().filter_map(|curve| {
            let (step, value) = curve.points.last()?;
            Some(format!("{}: {} ({step})", metric::name(l, &curve.series), number(*value)))
        });
        let last = format!("{} · ", last.collect::<Vec<_>>().join(" · "));
        let link = Span::link(text::all_points(l), routes::run(project, run.run_id));
        parts.push(Part::Paragraph(vec![Span::plain(last), link]));
    }
    if parts.is_empty() {
        parts.push(Part::Paragraph(vec![Span::plain(text::no_curve(l))]));
    }
    parts
}

/// Right answers by field.
pub(super) fn slices(l: Lang, project: ProjectId, facts: &Facts) -> Vec<Part> {
    let mut parts = Vec::new();
    for run in facts.runs.iter().filter(|run| !run.slices.is_empty()) {
        parts.extend(heading_of(run, facts.runs.len()));
        parts.push(Part::Table(slice_table(l, project, run)));
    }
    parts.push(Part::Paragraph(vec![Span::plain(match parts.is_empty() {
        true => text::no_slices(l),
        false => text::slices_are(l),
    })]));
    parts
}

fn slice_table(l: Lang, project: ProjectId, run: &RunFacts) -> Table {
    let number_of = |name: &str| format!("|{name}");
    let [samples, base, tuned, interval, p] =
        [text::support(l), text::base(l), text::tuned(l), text::interval(l), text::adjusted_p(l)].map(number_of);
    let mut table =
        Table::new([text::field(l), text::slice(l), &samples, &base, &tuned, &interval, &p, text::verdict(l)]);
    let page = routes::evaluation(project, run.run_id);
    for slice in &run.slices {
        let SliceFacts { field, value, outcomes, low, high, p_value, verdict } = slice;
        let slice = routes::encode(&SliceIs { name: field.clone(), value: value.clone() }.to_string());
        let link = |text: String| Cell::link(text, format!("{page}?slice={slice}#predictions"));
        let signed = |x: f64| metric::signed("accuracy", x);
        table.push([
            Cell::plain(field),
            Cell::plain(value),
            link(integer(outcomes.samples())),
            link(percent(outcomes.base_share())),
            link(percent(outcomes.tuned_share())),
            link(format!("{} … {}", signed(*low), signed(*high))),
            link(number(*p_value)),
            judged(l, *verdict),
        ]);
    }
    table
}

/// The tuned model's confusion matrix, and its classes beside the base model's.
pub(super) fn confusion(l: Lang, project: ProjectId, facts: &Facts) -> Vec<Part> {
    let mut parts = Vec::new();
    for run in &facts.runs {
        let Some(evaluation) = &run.evaluation else { continue };
        let Some(matrix) = &evaluation.confusion else { continue };
        parts.extend(heading_of(run, facts.runs.len()));
        let page = routes::evaluation(project, run.run_id);
        let answers = |expected: Option<&str>, predicted: Option<&str>| {
            let named = |name: &str, label: Option<&str>| {
                label.map_or_else(String::new, |label| format!("&{name}={}", routes::encode(label)))
            };
            format!("{page}?outcome=all{}{}#predictions", named("label", expected), named("predicted", predicted))
        };
        let corner = Column { name: text::expected_predicted(l).to_owned(), is_number: false };
        let columns = matrix.labels.iter().map(|label| Column { name: label.clone(), is_number: true });
        let mut table = Table { head: std::iter::once(corner).chain(columns).collect(), rows: Vec::new() };
        for (i, (label, counts)) in matrix.labels.iter().zip(&matrix.counts).enumerate() {
            let cells = matrix.labels.iter().zip(counts).enumerate().map(|(j, (predicted, n))| {
                let tone = match (*n, i == j) {
                    (0, _) => Tone::Quiet,
                    (_, true) => Tone::Good,
                    (_, false) => Tone::Bad,
                };
                Cell::link(integer((*n).into()), answers(Some(label.as_str()), Some(predicted.as_str()))).toned(tone)
            });
            table.rows.push(std::iter::once(Cell::plain(label)).chain(cells).collect());
        }
        parts.push(Part::Table(table));
        parts.push(Part::Table(classes(l, run, &answers)));
    }
    if parts.is_empty() {
        parts.push(Part::Paragraph(vec![Span::plain(text::no_confusion(l, CONFUSION_LABELS))]));
    }
    parts
}

/// Addresses of the answers by expected and predicted label.
type Answers<'a> = &'a dyn Fn(Option<&str>, Option<&str>) -> String;

fn classes(l: Lang, run: &RunFacts, answers: Answers<'_>) -> Table {
    let number_of = |name: &str| format!("|{name}");
    let [support, precision, recall, f1] =
        [text::support(l), text::precision(l), text::recall(l), text::f1(l)].map(number_of);
    let mut table = Table::new([text::per_label(l), &support, &precision, &recall, &f1]);
    let Some(evaluation) = &run.evaluation else { return table };
    for class in &evaluation.classes {
        let before = evaluation.base_classes.iter().find(|base| base.label == class.label);
        let label = Some(class.label.as_str());
        let pair = |base: Option<f64>, tuned: f64| {
            base.map_or_else(|| percent(tuned), |base| format!("{} → {}", percent(base), percent(tuned)))
        };
        // Each leads to the samples that it is a share of; F1 is of both.
        table.push([
            Cell::plain(&class.label),
            Cell::link(integer(class.support.into()), answers(label, None)),
            Cell::link(pair(before.map(|b| b.precision), class.precision), answers(None, label)),
            Cell::link(pair(before.map(|b| b.recall), class.recall), answers(label, None)),
            Cell::plain(pair(before.map(|b| b.f1), class.f1)),
        ]);
    }
    table
}
