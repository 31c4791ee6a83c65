//! One bad case: the conversation with expected and actual answer on the left, the judgement on
//! the right.

use super::{
    api::{OpenBadCase, get_bad_case},
    judge::{Judge, Shortcuts},
    list::{query, query_string},
    text,
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        conversation::{Conversation, Rejected, Turn},
        format::last_paragraph,
        frame::PageHeader,
        load::load,
    },
    words,
};
use domain::{
    badcase::{
        BadCaseStatus,
        view::{BadCase, BadCaseQuery},
    },
    id::{BadCaseId, ProjectId},
    lang::Lang,
    lineage::NodeId,
};
use leptos::prelude::*;

/// Letters of the prompt by which the sample is looked for in its version.
const NEEDLE: usize = 80;

/// `/p/:project/bad-cases/:badcase`, with the list's filter in the query.
#[component]
pub fn BadCasePage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<BadCaseId>("badcase")?)));
    let query = query();
    let filter = query.clone();
    let data = async move {
        let (project, id) = ids?;
        Ok::<_, AppError>((project, get_bad_case(project, id, filter).await?))
    };
    load(data, move |(project, open)| body(project, query, open))
}

fn body(project: ProjectId, query: BadCaseQuery, open: OpenBadCase) -> impl IntoView {
    let l = lang();
    let filter = query_string(&query, query.status);
    let link = |id: BadCaseId| format!("{}{filter}", routes::bad_case(project, id));
    let (previous, next) = (open.previous.map(link), open.next.map(link));
    let here = link(open.case.summary.id);
    let case = open.case;
    let status = case.summary.status;
    let button = |href: Option<String>, name: &'static str| match href {
        Some(href) => view! { <a class="button" href=href>{name}</a> }.into_any(),
        None => view! { <span class="button" aria-disabled="true">{name}</span> }.into_any(),
    };
    let judge_next = next.clone();
    let links = (button(previous.clone(), text::previous(l)), button(next.clone(), text::next(l)));
    let fixed = !open.may_judge || status == BadCaseStatus::Added;
    view! {
        <PageHeader title=text::one_title(l)>
            <a class="button button-quiet" href=format!("{}{filter}", routes::bad_cases(project))>{text::back(l)}</a>
            {links.0}
            {links.1}
        </PageHeader>
        <div class="split-main">
            <div class="stack">
                {conversation(&case, l)}
                {lineage(project, &case, l)}
            </div>
            <section class="card">
                <div class="card-title">
                    <h2>{text::judgement(l)}</h2>
                    <span class=text::status_class(status)>{text::status_name(l, status)}</span>
                </div>
                {case.updated_by.clone().map(|name| view! { <p class="muted">{text::edited_by(l, name)}</p> })}
                {fixed.then(|| locked(&case, open.may_judge, l))}
                {(!fixed).then(|| view! { <Judge
                    project id=case.summary.id revision=case.revision cause=case.summary.cause note=case.note.clone()
                    given=case.summary.correction.clone().unwrap_or_default() labels=case.labels.clone()
                    here=here.clone() next=judge_next
                /> })}
            </section>
        </div>
        <Shortcuts previous next/>
    }
}

fn locked(case: &BadCase, may_judge: bool, l: Lang) -> impl IntoView + use<> {
    let reason = match case.corrected_version_number {
        Some(version) if may_judge => text::added_note(l, version),
        _ => text::read_only(l).to_owned(),
    };
    view! {
        <p class="notice">{reason}</p>
        <dl class="meta">
            <div><dt>{text::cause(l)}</dt><dd>{case.summary.cause.map(|c| text::cause_name(l, c))}</dd></div>
            <div><dt>{text::correction(l)}</dt><dd dir="auto">{case.summary.correction.clone()}</dd></div>
            <div><dt>{text::note(l)}</dt><dd dir="auto">{case.note.clone()}</dd></div>
        </dl>
    }
}

fn conversation(case: &BadCase, l: Lang) -> impl IntoView + use<> {
    let output =
        if case.summary.output.trim().is_empty() { text::empty(l).to_owned() } else { case.summary.output.clone() };
    view! {
        <section class="card">
            <h2>{text::conversation(l)}</h2>
            <Conversation messages=case.sample.prompt().to_vec()/>
            <div class="sample">
                <Turn who=text::expected(l) text=case.summary.expected.clone()/>
                <Turn who=text::output(l) text=output bad=true/>
            </div>
            <Rejected text=case.sample.rejected.clone()/>
        </section>
    }
}

fn lineage(project: ProjectId, case: &BadCase, l: Lang) -> impl IntoView + use<> {
    let s = &case.summary;
    let run = view! { {format!("#{} ", s.run_number)}<bdi>{s.run_name.clone()}</bdi> };
    let search: String = last_paragraph(&s.prompt).chars().take(NEEDLE).collect();
    let version = routes::version(project, s.dataset_id, case.version_number);
    view! {
        <section class="card">
            <h2>{text::lineage(l)}</h2>
            <dl class="meta">
                <div><dt>{text::run(l)}</dt><dd><a href=routes::run(project, s.run_id)>{run}</a></dd></div>
                <div>
                    <dt>{text::dataset(l)}</dt>
                    <dd><a href=version.clone()><bdi>{s.dataset_name.clone()}</bdi></a>", "{text::evaluated(l, case.version_number, words::split(l, case.split))}</dd>
                </div>
                <div><dt>{text::sample(l)}</dt><dd><a href=format!("{version}?search={}#samples", routes::encode(&search))>{case.sample_id.to_string()}</a></dd></div>
                {case.corrected_version_number.map(|n| view! {
                    <div><dt>{text::added(l)}</dt><dd><a href=routes::version(project, s.dataset_id, n)>{format!("v{n}")}</a></dd></div>
                })}
            </dl>
            <p><a class="button button-small" href=routes::lineage_of(project, &NodeId::BadCase(s.id))>{text::whole_lineage(l)}</a></p>
        </section>
    }
}
