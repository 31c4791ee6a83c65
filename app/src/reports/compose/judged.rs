//! Risks and the recommendation, as the rules found them.

use super::text;
use crate::{
    reports::document::{Part, Span, Tone},
    routes,
    ui::{
        format::{integer, number},
        metric,
    },
    words,
};
use domain::{
    id::ProjectId,
    lang::Lang,
    report::{
        facts::{Facts, RunFacts},
        judge::Recommendation,
        risk::{Risk, WANTED_SEEDS},
        view::ReportVersion,
    },
};

pub(super) fn risks(l: Lang, project: ProjectId, version: &ReportVersion) -> Vec<Part> {
    if version.risks.is_empty() {
        return vec![Part::Paragraph(vec![Span::plain(text::no_risks(l))])];
    }
    let item = |risk: &Risk| {
        let run = risk.run().and_then(|number| find(&version.facts, number));
        let words = what(l, risk);
        match run {
            Some(run) => vec![Span::link(text::of_run(l, run.number, words), evidence(project, run, risk))],
            None => vec![Span::plain(words)],
        }
    };
    vec![Part::List { numbered: false, items: version.risks.iter().map(item).collect() }]
}

fn find(facts: &Facts, number: i32) -> Option<&RunFacts> {
    facts.runs.iter().find(|run| run.number == number)
}

/// The page that shows it.
fn evidence(project: ProjectId, run: &RunFacts, risk: &Risk) -> String {
    let data = &run.data;
    match risk {
        Risk::LeaksOverridden { .. } | Risk::LeaksFound { .. } | Risk::LeaksUnchecked { .. } => {
            routes::splits(project, data.dataset_id, data.number)
        }
        Risk::SealedLooks { .. } => routes::card(project, data.dataset_id, data.number),
        Risk::NotEvaluated { .. } | Risk::SmallTest { .. } | Risk::BetterByLeaks { .. } | Risk::WorseSlice { .. } => {
            routes::evaluation(project, run.run_id)
        }
        Risk::NotOver { .. }
        | Risk::Overfit { .. }
        | Risk::Forgotten { .. }
        | Risk::FewSeeds { .. }
        | Risk::DifferentTests => routes::run(project, run.run_id),
    }
}

/// A risk in words.
fn what(l: Lang, risk: &Risk) -> String {
    match risk {
        Risk::NotOver { status, .. } => text::not_over(l, words::run_status(l, *status)),
        Risk::NotEvaluated { .. } => text::risk_not_evaluated(l).to_owned(),
        Risk::LeaksOverridden { samples, by, .. } => text::leaks_overridden(l, integer(*samples), by),
        Risk::LeaksFound { samples, .. } => text::leaks_found(l, integer(*samples)),
        Risk::LeaksUnchecked { .. } => text::leaks_unchecked(l).to_owned(),
        Risk::BetterByLeaks { excluded, .. } => text::better_by_leaks(l, integer((*excluded).into())),
        Risk::SmallTest { samples, detectable: Some(d), .. } => {
            text::small_test(l, integer((*samples).into()), metric::signed("accuracy", *d).replace('+', ""))
        }
        Risk::SmallTest { samples, detectable: None, .. } => text::too_small_test(l, integer((*samples).into())),
        Risk::SealedLooks { looks, people, .. } => text::sealed_looks(l, integer(*looks), integer(*people)),
        Risk::Overfit { lowest, lowest_step, last, .. } => {
            text::overfit(l, number(*lowest), integer((*lowest_step).into()), number(*last))
        }
        Risk::Forgotten { samples, .. } => text::forgotten(l, integer(*samples)),
        Risk::FewSeeds { seeds, .. } => text::few_seeds(l, seeds, WANTED_SEEDS),
        Risk::WorseSlice { field, value, difference, .. } => {
            text::worse_slice(l, field, value, metric::signed("accuracy", *difference))
        }
        Risk::DifferentTests => text::different_tests(l).to_owned(),
    }
}

/// What the rules propose, marked as such.
pub(super) fn recommendation(l: Lang, project: ProjectId, version: &ReportVersion) -> Vec<Part> {
    let recommendation = &version.recommendation;
    let words = match recommendation {
        Recommendation::Adopt { run } => text::adopt(l, run),
        Recommendation::AdoptWithCare { run } => text::adopt_with_care(l, run),
        Recommendation::MendData { run } => text::mend_data(l, run),
        Recommendation::GatherEvidence => text::gather_evidence(l).to_owned(),
        Recommendation::KeepBase => text::keep_base(l).to_owned(),
        Recommendation::Evaluate => text::evaluate(l).to_owned(),
    };
    let tone = match recommendation {
        Recommendation::Adopt { .. } => Tone::Good,
        Recommendation::KeepBase | Recommendation::MendData { .. } => Tone::Bad,
        Recommendation::AdoptWithCare { .. } | Recommendation::GatherEvidence | Recommendation::Evaluate => Tone::Warn,
    };
    let run = recommendation.run().and_then(|number| find(&version.facts, number));
    let said = match run {
        Some(run) => Span::link(words, routes::evaluation(project, run.run_id)),
        None => Span::plain(words),
    };
    vec![Part::Note(tone, vec![Span::strong(format!("{} ", text::generated(l))), said])]
}
