//! What a report says, from its facts, in its own language. A number leads to the very samples, answers or run behind it, where
//! a page shows them.

mod bad_cases;
mod evidence;
mod judged;
mod judges;
mod results;
mod text;

use super::{
    document::{Document, Part, Section, Span, Tone, of_markdown},
    text as words,
};
use crate::{
    routes,
    ui::format::{rfc3339, utc},
};
use domain::{
    id::ProjectId,
    lang::Lang,
    report::{
        Block, BlockKind, Status,
        facts::RunFacts,
        view::{ReportVersion, SignatureState},
    },
};
use time::OffsetDateTime;

/// A time to the minute, in UTC.
#[must_use]
pub fn time(at: OffsetDateTime) -> String {
    let full = utc(&rfc3339(at));
    format!("{} UTC", &full[..full.len().min(16)])
}

/// The whole report.
#[must_use]
pub fn document(project: ProjectId, version: &ReportVersion) -> Document {
    let sections = version.body.blocks.iter().map(|block| section(project, version, block));
    Document {
        lang: version.lang,
        title: version.body.title.clone(),
        front: front(project, version),
        sections: sections.collect(),
    }
}

/// One block of it.
#[must_use]
pub fn section(project: ProjectId, version: &ReportVersion, block: &Block) -> Section {
    let l = version.lang;
    let mut parts = live(l, project, version, block.kind);
    let written = of_markdown(&block.text);
    match block.kind {
        // What people recommend goes before what a rule proposes.
        BlockKind::Recommendation => {
            parts.splice(0..0, written);
        }
        _ => parts.extend(written),
    }
    let heading = if block.kind == BlockKind::Text { String::new() } else { words::block(l, block.kind).to_owned() };
    Section { key: block.key, heading, parts }
}

fn live(l: Lang, project: ProjectId, version: &ReportVersion, kind: BlockKind) -> Vec<Part> {
    let facts = &version.facts;
    match kind {
        BlockKind::Text => Vec::new(),
        BlockKind::Question => evidence::question(l, project, facts),
        BlockKind::Data => evidence::data(l, project, facts),
        BlockKind::Method => evidence::method(l, project, facts),
        BlockKind::Results => results::results(l, project, facts),
        BlockKind::LossCurve => results::loss_curve(l, project, facts),
        BlockKind::Slices => results::slices(l, project, facts),
        BlockKind::Confusion => results::confusion(l, project, facts),
        BlockKind::BadCases => bad_cases::bad_cases(l, project, facts),
        BlockKind::Cost => evidence::cost(l, project, facts),
        BlockKind::Risks => judged::risks(l, project, version),
        BlockKind::Recommendation => judged::recommendation(l, project, version),
    }
}

/// Which report, how far, signed or not.
fn front(project: ProjectId, version: &ReportVersion) -> Vec<Part> {
    let (l, head) = (version.lang, &version.head);
    let of = words::report_of(l, version.report_number, head.number);
    let here = routes::report_version(project, version.report_id, head.number);
    let person = |name: &Option<String>| name.clone().unwrap_or_else(|| words::gone_person(l).to_owned());
    let mut line = vec![Span::link(of, here), Span::plain(format!(" · {}", version.facts.project_name))];
    let mut parts = Vec::new();
    if head.status == Status::Draft {
        line.push(Span::plain(format!(" · {}", words::draft_of(l, time(version.facts.gathered_at)))));
    }
    if let Some(at) = head.submitted_at {
        line.push(Span::plain(format!(" · {}", words::submitted_by(l, person(&head.submitted_by), time(at)))));
    }
    parts.push(Part::Paragraph(line));
    if let (Status::Returned, Some(at)) = (head.status, head.decided_at) {
        let said = format!("{}: ", words::returned_by(l, person(&head.decided_by), time(at)));
        let reason = head.reason.clone().unwrap_or_default();
        parts.push(Part::Note(Tone::Warn, vec![Span::strong(said), Span::plain(reason)]));
    }
    if let Some(signature) = &version.signature {
        let tone = match signature.state {
            SignatureState::Matches => Tone::Good,
            SignatureState::Erased { .. } => Tone::Warn,
            SignatureState::Differs => Tone::Bad,
        };
        let said = [
            Span::strong(words::signed_by(l, &signature.by, time(signature.at))),
            Span::plain(format!(". {} ", words::signature_state(l, signature.state))),
            Span { is_code: true, ..Span::plain(words::sha256_of(l, &signature.sha256)) },
        ];
        parts.push(Part::Note(tone, said.to_vec()));
    }
    parts
}

/// A run's name.
fn run_name(run: &RunFacts) -> String {
    format!("#{} {}", run.number, run.name)
}

/// A run's name, which leads to its page.
fn run_link(project: ProjectId, run: &RunFacts) -> Span {
    Span::link(run_name(run), routes::run(project, run.run_id))
}

/// The heading of a run's part, where a report has several runs.
fn heading_of(run: &RunFacts, count: usize) -> Option<Part> {
    (count > 1).then(|| Part::Heading(1, run_name(run)))
}
