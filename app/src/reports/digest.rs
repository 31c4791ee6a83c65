//! What weeks brought: the list of digests, and one of them.

use super::{
    api::{DIGESTS, DigestsView, get_digest, list_digests},
    text,
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        format::{Time, integer, number},
        frame::PageHeader,
        load::{load, refuse},
        metric,
        notice::{Empty, not_applied},
    },
    words,
};
use domain::{
    id::ProjectId,
    lang::Lang,
    report::{
        digest::{Digest, DigestAnnotation, DigestBest},
        week::Week,
    },
};
use leptos::prelude::*;

/// `/p/:project/digests?before=`
#[component]
pub fn DigestListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    view! {
        <PageHeader title=text::digests_title(l) lead=text::digests_lead(l)>
            <a class="button" href=routes::reports(project)>{text::title(l)}</a>
        </PageHeader>
        {not_applied([routes::misread::<Week>("before")])}
        {load(list_digests(project, routes::query("before")), move |view| list(project, view))}
    }
    .into_any()
}

fn list(project: ProjectId, view: DigestsView) -> AnyView {
    let l = lang();
    if view.so_far.is_none() && view.digests.is_empty() {
        return view! { <Empty title=text::digests_title(l) hint=text::no_digests(l)/> }.into_any();
    }
    let older = (view.digests.len() == DIGESTS as usize).then(|| view.digests.last().map(|d| d.week)).flatten();
    let older = older.map(|week| {
        let to = format!("{}?before={week}", routes::digests(project));
        view! { <p><a class="button" rel="next" href=to>{text::older(l)}</a></p> }
    });
    let rows = view.so_far.into_iter().chain(view.digests).map(|digest| {
        let so_far = (!digest.is_whole())
            .then(|| view! { <span class="badge badge-busy">{text::so_far(l)}</span> });
        view! {
            <tr>
                <th scope="row" class="nowrap"><a href=routes::digest(project, digest.week)>{digest.week.to_string()}</a>" "{so_far}</th>
                <td class="prose">{words::digest_line(l, &digest)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap"><table class="table"><tbody>{rows}</tbody></table></div>
        {older}
    }
    .into_any()
}

/// `/p/:project/digests/:week`
#[component]
pub fn DigestPage() -> impl IntoView {
    let asked: Result<(ProjectId, Week), AppError> = (|| Ok((routes::param("project")?, routes::param("week")?)))();
    let data = async move {
        let (project, week) = asked?;
        Ok::<_, AppError>((project, get_digest(project, week).await?))
    };
    load(data, |(project, digest)| page(project, digest))
}

fn page(project: ProjectId, digest: Digest) -> impl IntoView {
    let l = lang();
    let (week, last_day) = (digest.week, digest.week.ends() - time::Duration::DAY);
    let span = text::digest_span(l, week.begins().date(), last_day.date());
    let json = format!("/api/v1/projects/{project}/digests/{week}");
    let so_far = (!digest.is_whole()).then(|| view! { <span class="badge badge-busy">{text::so_far(l)}</span>" " });
    let made_at = digest.made_at;
    let before = routes::digest(project, week.previous());
    view! {
        <PageHeader title=text::digest_of(l, week.year(), week.number()) lead=span>
            <a class="button button-quiet" href=json download=format!("{week}.json")>{text::json(l)}</a>
            <a class="button" rel="prev" href=before>{week.previous().to_string()}</a>
            <a class="button" href=routes::digests(project)>{text::digests_title(l)}</a>
        </PageHeader>
        <p class="muted">{so_far}<Time at=made_at/></p>
        {runs(project, &digest, l)}
        {best(project, digest.best.clone(), l)}
        {bad_cases(&digest, l)}
        {regressions(project, &digest, l)}
        {annotation(project, &digest.annotation, l)}
        {waiting(project, &digest, l)}
    }
}

/// A card with its content, or what is said where there is none.
fn card(title: &'static str, none: &'static str, content: Option<AnyView>) -> AnyView {
    let content = content.unwrap_or_else(|| view! { <p class="muted">{none}</p> }.into_any());
    view! { <section class="card"><h2>{title}</h2>{content}</section> }.into_any()
}

fn table(heads: Vec<(&'static str, bool)>, rows: Vec<AnyView>) -> AnyView {
    let heads = heads.into_iter().map(|(name, is_number)| {
        view! { <th scope="col" class=is_number.then_some("num")>{name}</th> }
    });
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead><tr>{heads.collect_view()}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn runs(project: ProjectId, digest: &Digest, l: Lang) -> AnyView {
    let items = digest.runs.iter().map(|run| {
        let name = format!("#{} {}", run.number, run.name);
        view! {
            <li><a href=routes::run(project, run.run_id)><bdi>{name}</bdi></a>" · "{words::run_status(l, run.status)}</li>
        }
    });
    let items = items.collect_view();
    let counts = [
        text::succeeded(l, integer(digest.succeeded)),
        text::failed(l, integer(digest.failed)),
        text::cancelled(l, integer(digest.cancelled)),
    ];
    let content = (!digest.runs.is_empty()).then(|| view! { <p>{counts.join(" · ")}</p><ul>{items}</ul> }.into_any());
    card(text::digest_runs(l), text::digest_no_runs(l), content)
}

fn best(project: ProjectId, best: Vec<DigestBest>, l: Lang) -> AnyView {
    let is_empty = best.is_empty();
    let rows = best.into_iter().map(|b| {
        let is_better = b.before.and_then(|before| metric::is_better(&b.metric, before, b.value));
        let gain = b.before.map(|before| {
            view! { <span class=metric::badge(is_better)>{metric::signed(&b.metric, b.value - before)}</span> }
        });
        view! {
            <tr>
                <th scope="row"><a href=routes::dataset(project, b.dataset_id)><bdi>{b.dataset_name}</bdi></a></th>
                <td data-label=text::run(l)><a href=routes::run(project, b.run_id)>{format!("#{}", b.run_number)}</a></td>
                <td data-label=text::metric(l)>{metric::name(l, &b.metric)}</td>
                <td class="num" data-label=text::this_week(l)><a href=routes::evaluation(project, b.run_id)>{metric::value(&b.metric, b.value)}</a></td>
                <td class="num" data-label=text::before(l)>{b.before.map(|x| metric::value(&b.metric, x))}</td>
                <td class="num" data-label=text::gain(l)>{gain}</td>
            </tr>
        }
        .into_any()
    });
    let heads = vec![
        (text::dataset(l), false),
        (text::run(l), false),
        (text::metric(l), false),
        (text::this_week(l), true),
        (text::before(l), true),
        (text::gain(l), true),
    ];
    let content = table(heads, rows.collect());
    card(text::digest_best(l), text::digest_no_best(l), (!is_empty).then_some(content))
}

/// Without links: the list of bad cases knows no weeks, and would show others than were counted.
fn bad_cases(digest: &Digest, l: Lang) -> AnyView {
    let rows = digest.bad_cases.iter().map(|of| {
        let name = of.cause.map_or(text::no_cause(l), |cause| words::cause_name(l, cause));
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="num" data-label=text::cases(l)>{integer(of.cases)}</td>
            </tr>
        }
        .into_any()
    });
    let content = table(vec![(text::cause(l), false), (text::cases(l), true)], rows.collect());
    card(text::digest_cases(l), text::digest_no_cases(l), (!digest.bad_cases.is_empty()).then_some(content))
}

fn regressions(project: ProjectId, digest: &Digest, l: Lang) -> AnyView {
    let items = digest.regressed.iter().map(|r| {
        let number = format!("#{}", r.run_number);
        view! {
            <li>
                <a href=routes::bad_case(project, r.bad_case_id)>{text::bad_case(l)}</a>" · "
                <a href=routes::run(project, r.run_id)>{number}</a>
            </li>
        }
    });
    let items = items.collect_view();
    let said = text::regressions_are(l, integer(digest.regressions));
    let content = (digest.regressions > 0)
        .then(|| view! { <p><a href=routes::regressions(project)>{said}</a></p><ul>{items}</ul> }.into_any());
    card(text::digest_regressions(l), text::digest_no_regressions(l), content)
}

fn annotation(project: ProjectId, of: &DigestAnnotation, l: Lang) -> AnyView {
    let said = text::judgements_are(l, integer(of.judgements), integer(of.people), integer(of.judgements_before));
    let rows = of.agreement.iter().map(|a| {
        view! {
            <tr>
                <th scope="row"><a href=routes::annotation_agreement(project, a.task_id)><bdi>{a.task.clone()}</bdi></a></th>
                <td class="prose" dir="auto" data-label=text::question(l)>{a.question.clone()}</td>
                <td class="num" data-label=text::agreement(l)>{number(a.value)}</td>
            </tr>
        }
        .into_any()
    });
    let heads = vec![(text::task(l), false), (text::question(l), false), (text::agreement(l), true)];
    let agreement = (!of.agreement.is_empty()).then(|| table(heads, rows.collect()));
    let content = (of.judgements + of.judgements_before > 0)
        .then(|| view! { <p><a href=routes::annotation(project)>{said}</a></p>{agreement} }.into_any());
    card(text::digest_annotation(l), text::digest_no_annotation(l), content)
}

fn waiting(project: ProjectId, digest: &Digest, l: Lang) -> AnyView {
    let rows = digest.waiting.iter().map(|report| {
        view! {
            <tr>
                <th scope="row"><a href=routes::report(project, report.report_id)>{format!("{} ", report.number)}<bdi>{report.title.clone()}</bdi></a></th>
                <td class="nowrap" data-label=text::since(l)><Time at=report.submitted_at/></td>
            </tr>
        }
        .into_any()
    });
    let content = table(vec![(text::name_label(l), false), (text::since(l), false)], rows.collect());
    card(text::digest_waiting(l), text::digest_none_waiting(l), (!digest.waiting.is_empty()).then_some(content))
}
