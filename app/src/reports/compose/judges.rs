//! What judges say of the runs' answers in suites, each with whether the judge counted when its figure was taken.

use super::text;
use crate::{
    reports::document::{Cell, Part, Span, Table, Tone},
    routes,
    ui::metric,
    words,
};
use domain::{
    id::ProjectId,
    lang::Lang,
    report::facts::{JudgedFacts, RunFacts},
};

/// Of a run; nothing where no judge was asked.
pub(super) fn of_run(l: Lang, project: ProjectId, run: &RunFacts) -> Vec<Part> {
    if run.judged.is_empty() {
        return Vec::new();
    }
    let [value, interval] = [text::value(l), text::interval(l)].map(|name| format!("|{name}"));
    let mut table = Table::new([text::suite(l), text::metric(l), &value, &interval, text::judge(l)]);
    for judged in &run.judged {
        table.push(row(l, project, judged));
    }
    vec![Part::Paragraph(vec![Span::strong(text::judges_say(l))]), Part::Table(table)]
}

fn row(l: Lang, project: ProjectId, judged: &JudgedFacts) -> [Cell; 5] {
    let page = routes::suite_result(project, judged.suite_id, judged.result_id);
    let shown = |x: f64| metric::scored(&judged.metric, x);
    let interval = judged.low.zip(judged.high).map(|(low, high)| format!("{} … {}", shown(low), shown(high)));
    let dash = || "–".to_owned();
    let figure = &judged.figure;
    let tone = if figure.standing.counts() { Tone::Good } else { Tone::Warn };
    let noise = words::judge_noise(l, figure);
    let weight = std::iter::once(words::judge_weight(l, figure)).chain(noise).collect::<Vec<_>>().join(" · ");
    [
        Cell::link(format!("{} · {}", judged.suite, judged.evaluation), page.clone()),
        Cell::plain(metric::name(l, &judged.metric)),
        Cell::link(judged.score.map_or_else(dash, shown), page.clone()),
        Cell::link(interval.unwrap_or_else(dash), page),
        Cell::link(weight, routes::judging(project, figure.judging_id)).toned(tone),
    ]
}
