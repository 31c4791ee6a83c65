//! A version compared with another: how many samples were added, removed, changed or moved, each with its text word by word
//! and the reason where it is on record. All state is in the address.

pub mod api;
mod rows;
pub mod text;

use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        format::integer,
        frame::PageHeader,
        job::JobProgress,
        load::load,
        notice::{Empty, not_applied},
        pager::{self, pager},
    },
    words,
};
use api::{CompareAgain, DiffView, LookAtDiff, Waiting, get_diff, rest_of_address};
use domain::{
    diff::{Delta, DiffKind, VersionDiff},
    id::{DatasetId, ProjectId},
    page::DEFAULT_LIMIT,
    sample::Split,
};
use leptos::prelude::*;

/// The version that is looked at, and what the address asks about it.
#[derive(Clone, Debug)]
struct Asked {
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    kind: Option<DiffKind>,
    look: Option<String>,
    after: Option<u32>,
}

/// `/p/:project/datasets/:dataset/v/:number/diff`.
#[component]
pub fn DiffPage() -> impl IntoView {
    let asked = asked();
    let from = routes::query::<u32>("from");
    let data = async move {
        let asked = asked?;
        let Asked { project, dataset, number, kind, look, after } = asked.clone();
        let view = get_diff(project, dataset, number, from, kind, look, after).await?;
        Ok::<_, AppError>((asked, view))
    };
    load(data, |(asked, view)| page(&asked, view))
}

fn asked() -> Result<Asked, AppError> {
    Ok(Asked {
        project: routes::param("project")?,
        dataset: routes::param("dataset")?,
        number: routes::param("number")?,
        kind: routes::query("kind"),
        look: routes::query("look"),
        after: routes::query("after"),
    })
}

fn page(asked: &Asked, view: DiffView) -> impl IntoView + use<> {
    let l = lang();
    let version = view.version;
    let to_version = routes::version(asked.project, asked.dataset, asked.number.cast_signed());
    let json = view.diff.as_ref().map(|diff| {
        format!("/api/v1/projects/{}/versions/{}/diff?from={}", asked.project, version.id, diff.from.version_id)
    });
    let body = match (view.diff, view.waiting, view.from) {
        (Some(diff), ..) => results(asked, diff, view.looking).into_any(),
        (None, Some(waiting), Some(from)) => comparing(asked, waiting, from).into_any(),
        _ => view! { <Empty title=text::nothing_before(l) hint=text::nothing_before_hint(l)/> }.into_any(),
    };
    view! {
        <PageHeader title=text::title(l, &version.dataset_name, asked.number) lead=text::lead(l)>
            {json.map(|href| view! { <a class="button button-quiet" href=href>"JSON"</a> })}
            <a class="button" href=to_version>{text::to_version(l)}</a>
        </PageHeader>
        {not_applied([routes::misread::<u32>("from"), routes::misread::<DiffKind>("kind"), routes::misread::<u32>("after")])}
        {choose(asked, &view.others, view.from)}
        {body}
    }
}

/// Which version it is compared with.
fn choose(asked: &Asked, others: &[u32], from: Option<u32>) -> impl IntoView + use<> {
    let l = lang();
    let options = others.iter().map(|number| {
        view! { <option value=number.to_string() selected={Some(*number) == from}>{format!("v{number}")}</option> }
    });
    let options = options.collect_view();
    let here = routes::diff(asked.project, asked.dataset, asked.number, None);
    (!others.is_empty()).then(|| {
        view! {
            <form class="filters" method="get" action=here>
                <Field id="from" label=text::compare_with(l)>
                    <select id="from" name="from">{options}</select>
                </Field>
                <button class="button" type="submit">{text::compare(l)}</button>
            </form>
        }
    })
}

/// What stands there while a job compares two large versions.
fn comparing(asked: &Asked, Waiting { job, failed }: Waiting, from: u32) -> impl IntoView + use<> {
    let l = lang();
    let (project, dataset, number) = (asked.project, asked.dataset, asked.number);
    let here = routes::diff(project, dataset, number, Some(from));
    let then = format!("{here}{}", rest_of_address(asked.kind, asked.look.as_deref()));
    let kind = asked.kind.map(|kind| view! { <input type="hidden" name="kind" value=kind.as_str()/> });
    let look = asked.look.clone().map(|look| view! { <input type="hidden" name="look" value=look/> });
    let again = failed.then(|| {
        view! {
            <PostForm action={ServerAction::<CompareAgain>::new()}>
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="dataset" value=dataset.to_string()/>
                <input type="hidden" name="number" value=number.to_string()/>
                <input type="hidden" name="from" value=from.to_string()/>
                {kind}
                {look}
                <button class="button button-small" type="submit">{text::again(l)}</button>
            </PostForm>
        }
    });
    view! {
        <section class="card">
            <h2>{if failed { text::not_compared(l) } else { text::comparing(l) }}</h2>
            <p>{text::comparing_help(l)}</p>
            {again}
        </section>
        <JobProgress project job then/>
    }
}

fn results(asked: &Asked, diff: VersionDiff, looking: bool) -> impl IntoView + use<> {
    let l = lang();
    let here = routes::diff(asked.project, asked.dataset, asked.number, Some(diff.from.number));
    let look = asked.look.clone().filter(|_| looking).map(|look| format!("&look={look}")).unwrap_or_default();
    let tabs = DiffKind::ALL.map(|kind| {
        let href = format!("{here}&kind={}{look}", kind.as_str());
        view! {
            <a href=href aria-current=(kind == diff.kind).then_some("page")>
                {text::kind(l, kind)} " " <span class="muted">{integer(diff.counts.of(kind))}</span>
            </a>
        }
    });
    let sealed = (diff.sealed > 0).then(|| sealed(asked, &diff));
    let address = format!("{here}&kind={}{look}", diff.kind.as_str());
    let place = pager::Place {
        shown: diff.rows.items.len(),
        size: DEFAULT_LIMIT,
        total: Some(diff.counts.of(diff.kind)),
        next_cursor: diff.rows.next_cursor.clone(),
    };
    let at = |after: &str| if after.is_empty() { address.clone() } else { format!("{address}&after={after}") };
    let pages = pager(at, "#samples", &asked.after.map(|a| a.to_string()).unwrap_or_default(), place);
    let list = if diff.counts.total() == 0 && diff.sealed == 0 {
        view! { <Empty title=text::same(l) hint=text::same_hint(l)/> }.into_any()
    } else {
        view! {
            <nav class="tabs" id="samples" aria-label=text::kinds(l)>{tabs.collect_view()}</nav>
            <p class="muted">{text::kind_help(l, diff.kind)}</p>
            {rows::list(asked, &diff)}
            {pages}
        }
        .into_any()
    };
    view! {
        {looking.then(|| view! { <p class="notice notice-warn" role="status">{text::looking(l)}</p> })}
        {sealed}
        <div class="split">
            {deltas(text::splits(l), &diff.splits, &|name| name.parse::<Split>().map_or_else(|_| name.to_owned(), |split| words::split(lang(), split).to_owned()))}
            {deltas(text::labels(l), &diff.labels, &str::to_owned)}
        </div>
        {list}
    }
}

/// Counts before and after.
fn deltas(title: &'static str, deltas: &[Delta], name: &dyn Fn(&str) -> String) -> impl IntoView + use<> {
    let l = lang();
    let rows = deltas.iter().map(|delta| {
        let change = delta.change();
        let change = match change {
            0 => "±0".to_owned(),
            1.. => format!("+{}", integer(change.unsigned_abs())),
            _ => format!("−{}", integer(change.unsigned_abs())),
        };
        view! {
            <tr>
                <th scope="row"><span class="clip" dir="auto">{name(&delta.name)}</span></th>
                <td class="num" data-label=text::before(l)>{integer(delta.before)}</td>
                <td class="num" data-label=text::after(l)>{integer(delta.after)}</td>
                <td class="num" data-label=text::change(l)>{change}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    (!deltas.is_empty()).then(|| {
        view! {
            <section class="card">
                <h2>{title}</h2>
                <table class="table table-cards">
                    <thead>
                        <tr>
                            <th scope="col">{title}</th>
                            <th scope="col" class="num">{text::before(l)}</th>
                            <th scope="col" class="num">{text::after(l)}</th>
                            <th scope="col" class="num">{text::change(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </section>
        }
    })
}

/// Says that samples of the test split differ, with the button that shows them.
fn sealed(asked: &Asked, diff: &VersionDiff) -> impl IntoView + use<> {
    let l = lang();
    let (project, dataset) = (asked.project.to_string(), asked.dataset.to_string());
    let (number, from) = (asked.number.to_string(), diff.from.number.to_string());
    view! {
        <div class="notice">
            <strong>{text::sealed_title(l, integer(diff.sealed))}</strong>
            <p>{text::sealed_help(l)}</p>
            <PostForm action={ServerAction::<LookAtDiff>::new()}>
                <input type="hidden" name="project" value=project/>
                <input type="hidden" name="dataset" value=dataset/>
                <input type="hidden" name="number" value=number/>
                <input type="hidden" name="from" value=from/>
                <button class="button button-small" type="submit">{text::look(l)}</button>
            </PostForm>
        </div>
    }
}
