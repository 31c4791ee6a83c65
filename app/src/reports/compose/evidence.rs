//! Question, data, method and cost.

use super::{heading_of, run_link, text, time};
use crate::{
    reports::document::{Cell, Part, Span, Table},
    routes,
    ui::format::{bytes, duration, integer, number},
    words::{self, recipe},
};
use domain::{
    id::ProjectId,
    lang::Lang,
    lineage::NodeId,
    report::facts::{DataFacts, Facts, RunFacts},
};

/// What was asked, and the runs that answer.
pub(super) fn question(l: Lang, project: ProjectId, facts: &Facts) -> Vec<Part> {
    let mut parts = Vec::new();
    if !facts.project_description.is_empty() {
        parts.push(Part::Paragraph(vec![Span::plain(&facts.project_description)]));
    }
    let names = |name: fn(&RunFacts) -> String| {
        let mut names: Vec<String> = facts.runs.iter().map(name).collect();
        names.dedup();
        names.join(", ")
    };
    let models = names(|run| run.model_name.clone());
    let data = names(|run| version_name(&run.data));
    parts.push(Part::Paragraph(vec![Span::strong(text::asked(l, models, data))]));
    let mut table =
        Table::new([text::run(l), text::status(l), text::base_model(l), text::dataset(l), text::launched(l)]);
    for run in &facts.runs {
        table.push([
            run_link(project, run).into(),
            Cell::plain(words::run_status(l, run.status)),
            Cell::link(&run.model_name, routes::model(project, run.model_id)),
            Cell::link(version_name(&run.data), version_page(project, &run.data)),
            Cell::plain(format!("{} · {}", time(run.created_at), run.created_by)),
        ]);
    }
    parts.push(Part::Table(table));
    parts
}

fn version_name(data: &DataFacts) -> String {
    format!("{} v{}", data.name, data.number)
}

fn version_page(project: ProjectId, data: &DataFacts) -> String {
    routes::version(project, data.dataset_id, data.number.cast_signed())
}

/// Each dataset version once.
pub(super) fn data(l: Lang, project: ProjectId, facts: &Facts) -> Vec<Part> {
    let mut versions: Vec<&DataFacts> = Vec::new();
    for run in &facts.runs {
        if versions.iter().all(|known| known.version_id != run.data.version_id) {
            versions.push(&run.data);
        }
    }
    let test = format!("|{}", text::test(l));
    let (samples, train, validation) =
        (format!("|{}", text::samples(l)), format!("|{}", text::train(l)), format!("|{}", text::validation(l)));
    let mut table = Table::new([text::dataset(l), &samples, &train, &validation, &test]);
    for data in &versions {
        let splits = routes::splits(project, data.dataset_id, data.number);
        let explore = routes::explore(project, data.dataset_id, data.number);
        let of_split = |split: &str, n: u64| Cell::link(integer(n), format!("{explore}?f=split%3A{split}"));
        table.push([
            Cell::link(version_name(data), version_page(project, data)),
            Cell::link(integer(data.samples), explore.clone()),
            of_split("train", data.train),
            of_split("validation", data.validation),
            Cell::link(integer(data.test), splits),
        ]);
    }
    let mut parts = vec![Part::Table(table)];
    parts.extend(versions.into_iter().flat_map(|data| told(l, project, data)));
    parts
}

/// What else is on record about a version.
fn told(l: Lang, project: ProjectId, data: &DataFacts) -> Vec<Part> {
    let mut parts = Vec::new();
    if !data.description.is_empty() {
        parts.push(Part::Paragraph(vec![Span::plain(&data.description)]));
    }
    let mut items = Vec::new();
    if !data.labels.is_empty() {
        let mut labels: Vec<String> =
            data.labels.iter().map(|(label, n)| format!("{label} ({})", integer(*n))).collect();
        let more = data.different_labels.saturating_sub(data.labels.len() as u64);
        labels.extend((more > 0).then(|| text::more_labels(l, integer(more))));
        items.push(vec![Span::plain(text::labels_are(l, labels.join(", ")))]);
    }
    if !data.files.is_empty() {
        items.push(vec![Span::plain(text::source_files(l, data.files.join(", ")))]);
    }
    items.push(vec![Span::plain(if data.license.is_empty() {
        text::license_unknown(l).to_owned()
    } else {
        text::license_is(l, &data.license)
    })]);
    if data.exact_duplicates > 0 {
        items.push(vec![Span::plain(text::duplicates_are(l, integer(data.exact_duplicates)))]);
    }
    items.push(vec![
        Span::plain(format!("{}: ", text::made_in(l, integer(data.steps)))),
        Span::link(text::card(l), routes::card(project, data.dataset_id, data.number)),
        Span::plain(" · "),
        Span::link(text::lineage(l), routes::lineage_of(project, &NodeId::Version(data.version_id))),
    ]);
    parts.push(Part::List { numbered: false, items });
    parts
}

/// The settings that are not the usual ones.
pub(super) fn method(l: Lang, project: ProjectId, facts: &Facts) -> Vec<Part> {
    let mut parts = Vec::new();
    for run in &facts.runs {
        parts.extend(heading_of(run, facts.runs.len()));
        let method = &run.method;
        let words = text::method_is(
            l,
            choice(l, "method", &method.method),
            choice(l, "objective", &method.objective),
            integer(method.steps.into()),
            method.seed,
        );
        let recipe = format!("{}#recipe", routes::run(project, run.run_id));
        parts.push(Part::Paragraph(vec![Span::plain(format!("{words} ")), Span::link(text::full_recipe(l), recipe)]));
        // Method and objective stand in the sentence above.
        let settings = method.settings.iter().filter(|s| s.path != "method" && s.path != "objective");
        let mut table = Table::new([text::setting(l), text::value(l), text::usual(l)]);
        for setting in settings {
            table.push([
                Cell { spans: named(l, &setting.path), ..Cell::default() },
                Cell::plain(choice(l, &setting.path, &setting.value)),
                Cell::plain(choice(l, &setting.path, &setting.usual)),
            ]);
        }
        parts.push(match table.rows.is_empty() {
            true => Part::Paragraph(vec![Span::plain(text::all_usual(l))]),
            false => Part::Table(table),
        });
    }
    parts
}

/// A setting's name and its path.
fn named(l: Lang, path: &str) -> Vec<Span> {
    let name = recipe::field(path).map(|field| Span::plain(format!("{} ", (field.label)(l))));
    let path = Span { is_code: true, ..Span::plain(path) };
    name.into_iter().chain([path]).collect()
}

/// A value as the launch form names it.
fn choice(l: Lang, path: &str, value: &str) -> String {
    let kind = recipe::field(path).map(|field| field.kind);
    let Some(recipe::Kind::Choice(choices)) = kind else { return value.to_owned() };
    let known = choices.iter().find(|(word, _)| *word == value);
    known.map_or_else(|| value.to_owned(), |(_, name)| name(l).to_owned())
}

/// What the runs have used.
pub(super) fn cost(l: Lang, project: ProjectId, facts: &Facts) -> Vec<Part> {
    let number_of = |name: &str| format!("|{name}");
    let heads = [text::time_used(l), text::predicted(l)].map(number_of);
    let more = [text::device_hours(l), text::memory(l), text::disk(l), text::attempts(l)].map(number_of);
    let mut table =
        Table::new([text::run(l), &heads[0], &heads[1], text::device(l), &more[0], &more[1], &more[2], &more[3]]);
    let seconds = |s: f64| duration(s.max(0.0).round() as u64, l);
    for run in &facts.runs {
        let (cost, page) = (&run.cost, routes::run(project, run.run_id));
        let known = |text: Option<String>| Cell::link(text.unwrap_or_else(|| "–".to_owned()), page.clone());
        let used = |amount: Option<u64>| known(amount.map(bytes));
        table.push([
            run_link(project, run).into(),
            known(cost.actual.map(|c| seconds(c.seconds))),
            known(cost.predicted_seconds.map(seconds)),
            Cell::plain(&cost.device),
            known(cost.device_hours().map(number)),
            used(cost.actual.and_then(|c| c.memory_bytes)),
            used(cost.actual.and_then(|c| c.disk_bytes)),
            known(Some(integer(cost.attempts.into()))),
        ]);
    }
    vec![Part::Table(table), Part::Paragraph(vec![Span::plain(text::energy(l))])]
}
