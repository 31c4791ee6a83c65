//! All that a judge said of the answers to one sample, with what it had been sent.

use super::{api::open_rulings, text};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        format::{duration, integer},
        frame::PageHeader,
        load::load,
        notice::Empty,
    },
};
use domain::{
    id::{JudgingId, ProjectId},
    judge::view::OpenedRuling,
    lang::Lang,
};
use leptos::prelude::*;

/// `/p/:project/judgings/:judging/samples/:position`.
#[component]
pub fn JudgedSamplePage() -> impl IntoView {
    let asked = asked();
    let data = async move {
        let (project, judging, position) = asked?;
        let rulings = open_rulings(project, judging, position).await?;
        Ok::<_, AppError>((project, judging, position, rulings))
    };
    load(data, |(project, judging, position, rulings)| page(project, judging, position, rulings))
}

fn asked() -> Result<(ProjectId, JudgingId, u32), AppError> {
    Ok((routes::param("project")?, routes::param("judging")?, routes::param("position")?))
}

fn page(project: ProjectId, judging: JudgingId, position: u32, rulings: Vec<OpenedRuling>) -> AnyView {
    let l = lang();
    let back = format!("{}#rulings", routes::judging(project, judging));
    let header = view! {
        <PageHeader title=text::sample_title(l, position + 1)>
            <a class="button" href=back>{text::rulings(l)}</a>
        </PageHeader>
    };
    if rulings.is_empty() {
        return view! { {header}<Empty title=text::nothing_said(l) hint=text::nothing_said_hint(l)/> }.into_any();
    }
    let all = rulings.into_iter().enumerate().map(|(at, ruling)| one(l, ruling, at == 0)).collect_view();
    view! { {header}<div class="stack">{all}</div> }.into_any()
}

fn one(l: Lang, ruling: OpenedRuling, is_first: bool) -> impl IntoView {
    let row = ruling.row;
    let said = match (&row.said, &row.problem) {
        (Some(said), _) => view! { <strong>{text::said_words(l, said)}</strong> }.into_any(),
        (None, Some(problem)) => view! { <span class="badge badge-warn">{text::unclear(l, problem)}</span> }.into_any(),
        (None, None) => ().into_any(),
    };
    let order = if row.swapped { text::swapped(l) } else { text::straight(l) };
    let tokens = row.prompt_tokens.zip(row.answer_tokens).map(|(read, written)| {
        format!(" · {}: {} + {}", text::tokens(l), integer(read.into()), integer(written.into()))
    });
    let time = duration(u64::from(row.elapsed_ms) / 1000, l);
    let sent_note = if ruling.is_as_sent { text::as_sent(l) } else { text::not_as_sent(l) };
    let reason = (!row.reason.is_empty()).then(|| view! { <p class="prose" dir="auto">{row.reason.clone()}</p> });
    view! {
        <section class="card stack">
            <div class="card-title">
                <h2>{text::repeat(l, row.repeat + 1)}" "<span class="badge badge-quiet">{order}</span></h2>
                <span class="muted">{time}{tokens}</span>
            </div>
            <p>{said}</p>
            {reason}
            <details class="fold" open=is_first>
                <summary>{text::sent(l)}" "<span class="muted">{sent_note}</span></summary>
                <pre class="code judge-template" dir="auto">{ruling.prompt}</pre>
            </details>
            <details class="fold">
                <summary>{text::raw(l)}</summary>
                <pre class="code judge-template" dir="auto">{row.answer}</pre>
            </details>
        </section>
    }
}
