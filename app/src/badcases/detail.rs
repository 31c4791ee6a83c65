//! One bad case: the conversation with expected and actual answer, evidence, history and talk on the left, the judgement on
//! the right.

use super::{
    api::{OpenBadCase, UnmergeBadCase, get_bad_case},
    evidence,
    filters::{query, query_string},
    judge::{Judge, Shortcuts},
    regressions::strip,
    talk, text,
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        conversation::{ChoiceList, Conversation, Rejected, Turn},
        form::PostForm,
        format::last_paragraph,
        frame::PageHeader,
        load::load,
    },
    words,
};
use domain::{
    badcase::{
        BadCaseStatus,
        regression::{RegressionVerdict, RunAnswer, verdict},
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
    let OpenBadCase { case, evidence, history, comments, choices, may_judge, .. } = open;
    let status = case.summary.status;
    let button = |href: Option<String>, name: &'static str| match href {
        Some(href) => view! { <a class="button" href=href>{name}</a> }.into_any(),
        None => view! { <span class="button" aria-disabled="true">{name}</span> }.into_any(),
    };
    let judge_next = next.clone();
    let links = (button(previous.clone(), text::previous(l)), button(next.clone(), text::next(l)));
    let is_used = status == BadCaseStatus::Added && case.summary.broken_in.is_none();
    let fixed = !may_judge || is_used || status == BadCaseStatus::Duplicate;
    let talk = talk::card(project, case.summary.id, &comments, &choices, may_judge, l);
    let (locked, notices) = (fixed.then(|| locked(&case, may_judge, l)), notices(project, &case, may_judge, l));
    let left = view! {
        {conversation(&case, l)}
        {evidence::card(project, case.summary.id, &evidence, may_judge, l)}
        {followed(project, &case, &history, l)}
        {talk}
        {lineage(project, &case, l)}
    };
    let edited = case.updated_by.clone().map(|name| view! { <p class="muted">{text::edited_by(l, name)}</p> });
    let judge = (!fixed).then(|| view! { <Judge project case choices here next=judge_next/> });
    view! {
        <PageHeader title=text::one_title(l)>
            <a class="button button-quiet" href=format!("{}{filter}", routes::bad_cases(project))>{text::back(l)}</a>
            {links.0}
            {links.1}
        </PageHeader>
        <div class="split-main">
            <div class="stack">{left}</div>
            <section class="card">
                <div class="card-title">
                    <h2>{text::judgement(l)}</h2>
                    <span class=text::status_class(status)>{text::status_name(l, status)}</span>
                </div>
                {edited}
                {notices}
                {locked}
                {judge}
            </section>
        </div>
        <Shortcuts previous next/>
    }
}

/// What runs and merges have made of the case.
fn notices(project: ProjectId, case: &BadCase, may_judge: bool, l: Lang) -> impl IntoView + use<> {
    let s = &case.summary;
    let broken = s.broken_in.filter(|_| s.status.is_fault()).map(|broken| {
        view! { <p class="notice notice-bad">{text::alarm_words(l, s.resolved_in, broken)}</p> }
    });
    let resolved = (s.status == BadCaseStatus::Resolved).then(|| {
        let run = s.resolved_in.map(|run| format!("{} ", text::resolved_in(l, run)));
        view! { <p class="notice notice-good">{run}{text::resolved_note(l)}</p> }
    });
    let (id, may_undo) = (s.id, may_judge && s.status == BadCaseStatus::Duplicate);
    let kept = (s.status == BadCaseStatus::Duplicate).then(|| {
        let link = s.duplicate_of.map(|kept| {
            view! { <p><a href=routes::bad_case(project, kept)>{text::show_kept(l)}</a></p> }
        });
        let undo = may_undo.then(|| {
            view! {
                <PostForm action={ServerAction::<UnmergeBadCase>::new()}>
                    <input type="hidden" name="project" value=project.to_string()/>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <button class="button" type="submit">{text::unmerge(l)}</button>
                </PostForm>
            }
        });
        view! { <div class="notice"><p>{text::duplicate_note(l)}</p>{link}{undo}</div> }
    });
    let others = case.duplicates.iter().enumerate().map(|(i, other)| {
        view! { <a href=routes::bad_case(project, *other)>{format!("{}", i + 1)}</a>" " }
    });
    let others = others.collect_view();
    let others = (!others.is_empty())
        .then(|| view! { <p class="muted">{text::duplicates(l, case.duplicates.len())}": "{others}</p> });
    view! { {broken} {resolved} {kept} {others} }
}

fn locked(case: &BadCase, may_judge: bool, l: Lang) -> impl IntoView + use<> {
    let reason = match (case.corrected_version_number, case.summary.status) {
        (_, BadCaseStatus::Duplicate) if may_judge => None,
        (Some(version), _) if may_judge => Some(text::added_note(l, version)),
        _ => Some(text::read_only(l).to_owned()),
    };
    let s = &case.summary;
    let cause = s.cause.map(|c| text::cause_name(l, c));
    let own = s.cause_name.clone().map(|own| view! { ": "<bdi>{own}</bdi> });
    view! {
        {reason.map(|reason| view! { <p class="notice">{reason}</p> })}
        <dl class="meta">
            <div><dt>{text::cause(l)}</dt><dd>{cause}{own}</dd></div>
            <div><dt>{text::severity(l)}</dt><dd>{s.severity.map(|x| text::severity_name(l, x))}</dd></div>
            <div><dt>{text::owner(l)}</dt><dd dir="auto">{s.owner.clone()}</dd></div>
            <div><dt>{text::correction(l)}</dt><dd dir="auto">{s.correction.clone()}</dd></div>
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
            <ChoiceList sample=case.sample.clone()/>
            <Rejected text=case.sample.rejected.clone()/>
        </section>
    }
}

/// How the runs have answered it, for cases of the regression set.
fn followed(project: ProjectId, case: &BadCase, history: &[RunAnswer], l: Lang) -> impl IntoView + use<> {
    case.summary.status.is_fault().then(|| {
        let alarm = match verdict(history) {
            RegressionVerdict::Broken { fixed_in, broken_in } => {
                Some(view! { <p class="notice notice-bad">{text::alarm_words(l, Some(fixed_in), broken_in)}</p> })
            }
            _ => None,
        };
        let strip = match history {
            [] => view! { <p class="muted">{text::not_tested(l)}</p> }.into_any(),
            history => strip(project, history, l).into_any(),
        };
        view! {
            <section class="card" id="history">
                <h2>{text::history(l)}</h2>
                {alarm}
                {strip}
                <p class="help">{text::history_help(l)}</p>
            </section>
        }
    })
}

fn lineage(project: ProjectId, case: &BadCase, l: Lang) -> impl IntoView + use<> {
    let s = &case.summary;
    let run = match (s.run_id, s.run_number) {
        (Some(id), Some(number)) => view! {
            <a href=routes::run(project, id)>{format!("#{number} ")}<bdi>{s.run_name.clone()}</bdi></a>
        }
        .into_any(),
        _ => text::no_run(l).into_any(),
    };
    let search: String = last_paragraph(&s.prompt).chars().take(NEEDLE).collect();
    let (dataset, sample) = match &case.evaluated {
        Some(on) => {
            let version = routes::version(project, s.dataset_id, on.version_number);
            let words = text::evaluated(l, on.version_number, words::split(l, on.split));
            let found = format!("{version}?search={}#samples", routes::encode(&search));
            (
                view! { <a href=version><bdi>{s.dataset_name.clone()}</bdi></a>", "{words} }.into_any(),
                view! { <a href=found>{case.sample_id.to_string()}</a> }.into_any(),
            )
        }
        None => {
            let href = routes::dataset(project, s.dataset_id);
            (
                view! { <a href=href><bdi>{s.dataset_name.clone()}</bdi></a>", "{text::not_evaluated(l)} }.into_any(),
                case.sample_id.to_string().into_any(),
            )
        }
    };
    view! {
        <section class="card">
            <h2>{text::lineage(l)}</h2>
            <dl class="meta">
                <div><dt>{text::source(l)}</dt><dd>{text::source_name(l, s.source)}</dd></div>
                <div><dt>{text::run(l)}</dt><dd>{run}</dd></div>
                <div><dt>{text::dataset(l)}</dt><dd>{dataset}</dd></div>
                <div><dt>{text::sample(l)}</dt><dd>{sample}</dd></div>
                {case.corrected_version_number.map(|n| view! {
                    <div><dt>{text::added(l)}</dt><dd><a href=routes::version(project, s.dataset_id, n)>{format!("v{n}")}</a></dd></div>
                })}
            </dl>
            <p><a class="button button-small" href=routes::lineage_of(project, &NodeId::BadCase(s.id))>{text::whole_lineage(l)}</a></p>
        </section>
    }
}
