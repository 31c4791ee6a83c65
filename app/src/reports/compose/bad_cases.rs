//! Bad cases: how many, why, and what they look like.

use super::{heading_of, text};
use crate::{
    reports::document::{Cell, Part, Span, Table},
    routes,
    ui::format::integer,
    words,
};
use domain::{
    badcase::BadCaseStatus,
    id::ProjectId,
    lang::Lang,
    report::facts::{ExampleFacts, Facts, RunFacts},
};

pub(super) fn bad_cases(l: Lang, project: ProjectId, facts: &Facts) -> Vec<Part> {
    let mut parts = Vec::new();
    for run in &facts.runs {
        parts.extend(heading_of(run, facts.runs.len()));
        parts.extend(of_run(l, project, run));
    }
    parts
}

fn of_run(l: Lang, project: ProjectId, run: &RunFacts) -> Vec<Part> {
    let cases = &run.bad_cases;
    let all = format!("{}?run={}", routes::bad_cases(project), run.run_id);
    if cases.counts.total() == 0 {
        return vec![Part::Paragraph(vec![Span::plain(text::no_cases(l))])];
    }
    let mut line = vec![Span::link(text::cases_are(l, integer(cases.counts.total().unsigned_abs())), all.clone())];
    for status in BadCaseStatus::ALL.into_iter().filter(|status| cases.counts.of(*status) > 0) {
        let words =
            format!("{} {}", integer(cases.counts.of(status).unsigned_abs()), words::bad_case_status(l, status));
        line.push(Span::plain(" · "));
        line.push(Span::link(words, format!("{all}&status={}", status.as_str())));
    }
    let mut parts = vec![Part::Paragraph(line), Part::Table(causes(l, &all, run))];
    if !cases.examples.is_empty() {
        parts.push(Part::Heading(2, text::examples(l).to_owned()));
        parts.push(Part::Table(examples(l, project, &cases.examples)));
    }
    parts
}

fn causes(l: Lang, all: &str, run: &RunFacts) -> Table {
    let mut table = Table::new([text::cause(l), &format!("|{}", text::cases(l))]);
    let counts = &run.bad_cases.counts;
    // Causes are counted without those.
    let all_counted = counts.of(BadCaseStatus::Dismissed) + counts.of(BadCaseStatus::Duplicate) == 0;
    for cause in &run.bad_cases.causes {
        let kind = cause.cause.map_or(text::no_cause(l), |cause| words::cause_name(l, cause));
        let name = match &cause.name {
            Some(own) => format!("{kind}: {own}"),
            None => kind.to_owned(),
        };
        // Only to a list of the very cases that were counted.
        let is_alone = run.bad_cases.causes.iter().filter(|other| other.cause == cause.cause).count() == 1;
        let number = match cause.cause.filter(|_| all_counted && is_alone) {
            Some(of) => Cell::link(integer(cause.cases), format!("{all}&cause={}", of.as_str())),
            None => Cell::plain(integer(cause.cases)),
        };
        table.push([Cell::plain(name), number]);
    }
    table
}

fn examples(l: Lang, project: ProjectId, examples: &[ExampleFacts]) -> Table {
    let mut table = Table::new([text::prompt(l), text::answered(l), text::should_be(l), text::cause(l), ""]);
    for example in examples {
        let cause = example.cause.map_or(text::no_cause(l), |cause| words::cause_name(l, cause));
        let (prompt, output, expected) = match &example.quote {
            Some(quote) => (quote.prompt.as_str(), quote.output.as_str(), quote.expected.as_str()),
            None => (text::quote_erased(l), "–", "–"),
        };
        let open = Cell::link(text::open_case(l), routes::bad_case(project, example.bad_case_id));
        table.push([Cell::plain(prompt), Cell::plain(output), Cell::plain(expected), Cell::plain(cause), open]);
    }
    table
}
