//! What a data card says, section by section, in the reader's language: one list for the page and the Markdown.

use super::text;
use crate::{
    routes,
    ui::format::{bytes, integer, number, percent, rfc3339, utc},
    words,
};
use domain::{
    card::{CardSource, CardStep, DataCard},
    id::ProjectId,
    lang::Lang,
    lineage::NodeId,
    sample::Split,
};

/// Labels that are listed.
const LABELS_LISTED: usize = 20;

/// A heading with its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub title: &'static str,
    pub facts: Vec<Fact>,
}

/// One thing that is known, perhaps with an address that says more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub label: String,
    pub value: String,
    pub href: Option<String>,
}

fn fact(label: impl Into<String>, value: impl Into<String>) -> Fact {
    Fact { label: label.into(), value: value.into(), href: None }
}

impl Fact {
    fn at(self, href: impl Into<String>) -> Self {
        Self { href: Some(href.into()), ..self }
    }
}

/// Everything that is known of the version.
#[must_use]
pub fn sections(l: Lang, project: ProjectId, card: &DataCard) -> Vec<Section> {
    let all = [
        (text::about(l), about(l, card)),
        (text::sources(l), sources(l, card)),
        (text::making(l), making(l, project, card)),
        (text::numbers(l), numbers(l, card)),
        (text::labels(l), labels(l, card)),
        (text::care(l), care(l, project, card)),
        (text::limits(l), limits(l, card)),
        (text::runs(l), runs(l, project, card)),
    ];
    let section = |(title, facts)| Section { title, facts };
    all.into_iter().map(section).filter(|section| !section.facts.is_empty()).collect()
}

fn about(l: Lang, card: &DataCard) -> Vec<Fact> {
    let license = if card.license.is_empty() { text::license_unknown(l).to_owned() } else { card.license.clone() };
    let mut facts = vec![
        fact(text::version(l), format!("v{}", card.number)),
        fact(text::license(l), license),
        fact(text::made(l), text::made_by(l, utc(&rfc3339(card.created_at)), &card.created_by)),
    ];
    if !card.note.is_empty() {
        facts.push(fact(text::note(l), card.note.clone()));
    }
    facts.push(fact(text::id(l), card.version_id.to_string()));
    facts
}

fn sources(l: Lang, card: &DataCard) -> Vec<Fact> {
    let source = |source: &CardSource| {
        let packing = match source.packing.is_packed() {
            true => format!(", {}", source.packing),
            false => String::new(),
        };
        let value = format!(
            "{}, {}{packing}, {}, SHA-256 {}",
            bytes(source.size_bytes),
            source.syntax.as_str(),
            source.encoding,
            source.sha256
        );
        let mut facts = vec![fact(source.file_name.clone(), value)];
        facts.extend(source.url.clone().map(|url| fact(text::fetched_from(l), url.clone()).at(url)));
        facts
    };
    card.sources.iter().flat_map(source).collect()
}

fn making(l: Lang, project: ProjectId, card: &DataCard) -> Vec<Fact> {
    let step = |step: &CardStep| {
        let name = format!("{} v{}", step.dataset_name, step.number);
        let value = text::step(l, text::origin(l, &step.origin), integer(step.samples));
        let address = routes::lineage_of(project, &NodeId::Version(step.version_id));
        fact(name, value).at(address)
    };
    card.steps.iter().map(step).collect()
}

fn numbers(l: Lang, card: &DataCard) -> Vec<Fact> {
    let s = &card.stats;
    let mut facts = vec![fact(text::samples(l), integer(s.samples))];
    facts.extend(Split::ALL.map(|split| fact(words::split(l, split), integer(s.samples_of(split)))));
    facts.push(fact(text::characters(l), integer(s.characters)));
    if s.samples > 0 {
        facts.push(fact(text::mean_length(l), format!("{:.1}", s.characters as f64 / s.samples as f64)));
    }
    for (share, name) in [(0.5, text::half_below(l)), (0.95, text::most_below(l))] {
        facts.extend(s.length_histogram.below(share).map(|edge| fact(name, integer(edge.round() as u64))));
    }
    if s.pairs > 0 {
        facts.push(fact(text::pairs(l), integer(s.pairs)));
    }
    let named = |script: &str| text::script(l, script);
    let scripts = card.scripts.iter().map(|s| format!("{} {}", named(&s.script), integer(s.samples)));
    let scripts = scripts.collect::<Vec<_>>().join(", ");
    if !scripts.is_empty() {
        facts.push(fact(text::scripts(l), scripts));
    }
    for (id, name) in &card.tokenizers {
        if let Some(t) = s.tokens.get(id) {
            let value = text::token_count(l, integer(t.total), number(t.mean), t.p50, t.p95, t.max);
            facts.push(fact(text::tokens(l, name), value));
        }
    }
    facts
}

fn labels(l: Lang, card: &DataCard) -> Vec<Fact> {
    let s = &card.stats;
    let share = |n: u64| percent(n as f64 / s.samples.max(1) as f64);
    let listed = s.labels.iter().take(LABELS_LISTED);
    let mut facts: Vec<Fact> =
        listed.map(|(label, n)| fact(label.clone(), format!("{} ({})", integer(*n), share(*n)))).collect();
    let different = s.different_labels.max(s.labels.len() as u64);
    let rest = different.saturating_sub(facts.len() as u64);
    if rest > 0 {
        facts.push(fact(text::more_labels(l), integer(rest)));
    }
    facts
}

/// What was done so that nobody is harmed or misled.
fn care(l: Lang, project: ProjectId, card: &DataCard) -> Vec<Fact> {
    let leaks = match card.leaks {
        None => text::not_checked(l).to_owned(),
        Some(leaks) if leaks.found == 0 => text::no_leaks(l, integer(leaks.held_out)),
        Some(leaks) => text::leaks_found(l, integer(leaks.found), integer(leaks.held_out)),
    };
    let splits = routes::splits(project, card.dataset_id, card.number);
    let looks = match card.test_looks {
        0 => text::no_looks(l).to_owned(),
        looks => text::looks_at_test(l, integer(looks), integer(card.test_lookers)),
    };
    let personal = card.personal_steps();
    let personal = match personal.is_empty() {
        true => text::no_personal(l).to_owned(),
        false => personal
            .into_iter()
            .map(|(name, version, step)| text::personal_step(l, name, version, step))
            .collect::<Vec<_>>()
            .join("; "),
    };
    vec![
        fact(text::leak_check(l), leaks).at(splits),
        fact(text::test_split(l), looks),
        fact(text::personal(l), personal),
    ]
}

fn limits(l: Lang, card: &DataCard) -> Vec<Fact> {
    let s = &card.stats;
    let counted = [
        (s.skipped_lines, text::skipped(l), text::skipped_what(l, integer(s.skipped_lines))),
        (s.exact_duplicates, text::duplicates(l), text::duplicates_what(l, integer(s.exact_duplicates))),
    ];
    let mut facts: Vec<Fact> =
        counted.into_iter().filter(|(n, ..)| *n > 0).map(|(_, label, value)| fact(label, value)).collect();
    let empty = Split::ALL.into_iter().filter(|split| s.samples_of(*split) == 0);
    facts.extend(empty.map(|split| fact(words::split(l, split), text::empty_split(l))));
    facts
}

fn runs(l: Lang, project: ProjectId, card: &DataCard) -> Vec<Fact> {
    let run = |run: &domain::card::CardRun| {
        fact(format!("#{}", run.number), run.name.clone()).at(routes::run(project, run.id))
    };
    let mut facts: Vec<Fact> = card.runs.iter().map(run).collect();
    let rest = card.runs_total.saturating_sub(facts.len() as u64);
    if rest > 0 {
        facts.push(fact(text::more_runs(l), integer(rest)));
    }
    facts
}
