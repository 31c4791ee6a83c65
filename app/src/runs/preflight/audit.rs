//! The audit of one split: its figures, what was found, and samples as the model sees them, with the text that it
//! learns to write marked by colour and by a line below.

use super::text;
use crate::{
    routes,
    ui::format::{integer, percent},
};
use domain::{
    id::{DatasetId, ProjectId},
    lang::Lang,
    run::{AuditExample, AuditFinding, AuditPiece, SplitAudit, TokenUse},
    sample::Split,
};
use leptos::prelude::*;

/// Where the samples of a report are.
pub(super) struct Place {
    pub(super) project: ProjectId,
    pub(super) dataset: DatasetId,
    pub(super) version: i32,
    /// Split, place in the split, position in the version.
    pub(super) positions: Vec<(Split, u32, u32)>,
}

impl Place {
    /// The position of a sample in its version, and the way to it.
    fn of(&self, split: Split, place: u32) -> Option<(u32, String)> {
        let found = self.positions.iter().find(|(s, p, _)| *s == split && *p == place);
        found.map(|(_, _, position)| (*position, routes::sample(self.project, self.dataset, self.version, *position)))
    }
}

/// Everything about one split.
pub(super) fn section(l: Lang, place: &Place, audit: &SplitAudit) -> impl IntoView + use<> {
    let split = audit.split;
    let findings = audit.findings.iter().map(|finding| finding_card(l, place, split, finding)).collect_view();
    let none = audit.findings.is_empty().then(|| view! { <p class="notice notice-good">{text::nothing_found(l)}</p> });
    let ordinary = (!audit.ordinary.is_empty()).then(|| {
        let examples = audit.ordinary.iter().map(|e| example(l, place, split, e)).collect_view();
        view! {
            <h3>{text::taught(l)}</h3>
            <p class="help">{text::taught_help(l)}</p>
            {examples}
        }
    });
    view! {
        <section class="card">
            <h2>{text::audit_of(l, text::split_name(l, split))}</h2>
            {figures(l, audit)}
            <p class="help">
                {text::legend(l)} " "
                <mark class="token-learnt">{text::legend_learnt(l)}</mark> " · "
                <span>{text::legend_read(l)}</span> " · "
                <del class="token-cut">{text::legend_cut(l)}</del>
            </p>
            {none}
            {findings}
            {ordinary}
        </section>
    }
}

fn figures(l: Lang, audit: &SplitAudit) -> impl IntoView + use<> {
    let lengths = &audit.lengths;
    let learnt = text::tokens_and_share(l, integer(audit.learnt_tokens), percent(audit.learnt_share()));
    let all = [
        (text::used_samples(l), text::of(l, integer(audit.used.into()), integer(audit.samples.into()))),
        (text::tokens(l), integer(audit.tokens)),
        (text::learnt(l), learnt),
        (text::mean_length(l), integer(lengths.mean.round() as u64)),
        (text::median_length(l), integer(lengths.p50.into())),
        (text::p95_length(l), integer(lengths.p95.into())),
        (text::longest_length(l), integer(lengths.max.into())),
        (text::max_length(l), integer(audit.max_length.into())),
    ];
    let rows = all.map(|(label, value)| view! { <div><dt>{label}</dt><dd>{value}</dd></div> });
    view! { <dl class="meta">{rows.collect_view()}</dl> }
}

fn finding_card(l: Lang, place: &Place, split: Split, finding: &AuditFinding) -> impl IntoView + use<> {
    let (title, help) = text::finding(l, finding.kind);
    let class = if finding.kind.warns() { "badge badge-warn" } else { "badge badge-quiet" };
    let examples = finding.examples.iter().map(|e| example(l, place, split, e)).collect_view();
    let shown = finding.examples.len() as u64;
    let rest = (shown < u64::from(finding.samples))
        .then(|| view! { <p class="muted">{text::first_of(l, shown, integer(finding.samples.into()))}</p> });
    view! {
        <details class="fold preflight-finding">
            <summary><span class=class>{integer(finding.samples.into())}</span> " " {title}</summary>
            <p>{help}</p>
            {examples}
            {rest}
        </details>
    }
}

/// One sample as the model sees it.
fn example(l: Lang, place: &Place, split: Split, example: &AuditExample) -> impl IntoView + use<> {
    let name = match place.of(split, example.place) {
        Some((position, href)) => {
            view! { <a href=href>{text::sample_number(l, integer(u64::from(position) + 1))}</a> }.into_any()
        }
        None => text::sample_number(l, integer(u64::from(example.place) + 1)).into_any(),
    };
    let answer = example.is_rejected.then(|| view! { " · " {text::rejected_answer(l)} });
    let counts = text::counts(l, integer(example.tokens.into()), integer(example.learnt_tokens.into()));
    let middle = example.pieces.len() / 2;
    let hidden = example.hidden_pieces;
    let pieces = example.pieces.iter().enumerate().map(|(i, piece)| {
        let gap = (hidden > 0 && i == middle)
            .then(|| view! { <span class="token-gap">{text::hidden(l, integer(hidden.into()))}</span> });
        view! { {gap}{marked(piece)} }
    });
    view! {
        <figure class="token-example">
            <figcaption>{name} {answer} <span class="muted">" · " {counts}</span></figcaption>
            <div class="token-text" dir="auto">{pieces.collect_view()}</div>
        </figure>
    }
}

/// Marked by more than its colour.
fn marked(piece: &AuditPiece) -> AnyView {
    let text = piece.text.clone();
    match piece.usage {
        TokenUse::Read => view! { <span>{text}</span> }.into_any(),
        TokenUse::Learnt => view! { <mark class="token-learnt">{text}</mark> }.into_any(),
        TokenUse::CutAway => view! { <del class="token-cut">{text}</del> }.into_any(),
    }
}
