//! What one evaluation of a candidate yielded: every score with how it is computed, and every answer.

use super::{
    api::{ResultView, get_result},
    rows, text,
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        conversation::{Conversation, Turn},
        download::CsvDownload,
        field::Field,
        format::{gist, integer},
        frame::PageHeader,
        load::load,
        metric,
        notice::not_applied,
        pager::{Place, pager},
    },
};
use domain::{
    eval::view::Outcome,
    id::{DatasetId, ProjectId, SuiteId, SuiteResultId},
    lang::Lang,
    suite::{SuitePrediction, SuitePredictionQuery, SuiteResult},
};
use leptos::prelude::*;

const ROWS: u32 = 50;

/// `/p/:project/suites/:suite/results/:result?outcome=&q=&label=&slice=&cursor=`
#[component]
pub fn SuiteResultPage() -> impl IntoView {
    let ids = ids();
    let slice = routes::query::<String>("slice");
    let query = SuitePredictionQuery {
        outcome: routes::query("outcome").unwrap_or_default(),
        search: routes::query("q"),
        label: routes::query("label"),
        slice: slice
            .as_deref()
            .and_then(|s| s.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        cursor: routes::query("cursor"),
        limit: Some(ROWS),
    };
    let asked = query.clone();
    let data = async move {
        let (project, suite, result) = ids?;
        let view = get_result(project, suite, result, asked).await?;
        Ok::<_, AppError>((project, suite, view))
    };
    load(data, move |(project, suite, view)| body((project, suite), view, &query))
}

/// Which result the address names.
pub(super) fn ids() -> Result<(ProjectId, SuiteId, SuiteResultId), AppError> {
    Ok((routes::param("project")?, routes::param("suite")?, routes::param("result")?))
}

fn body((project, suite): (ProjectId, SuiteId), view: ResultView, query: &SuitePredictionQuery) -> AnyView {
    let l = lang();
    let ResultView { suite_name, result, dataset, number, page } = view;
    let base = format!("/api/v1/projects/{project}/suites/{suite}/results/{}/predictions", result.id);
    let (shown, scores) = (page.items.len(), scores(project, &result, l));
    let labels: Vec<String> = result.measurement.classes.iter().map(|class| class.label.clone()).collect();
    let is_whole =
        query.outcome == Outcome::All && query.search.is_none() && query.label.is_none() && query.slice.is_none();
    let total = is_whole.then_some(result.measurement.samples);
    let place = Place { shown, size: ROWS, total, next_cursor: page.next_cursor };
    let pages = pager(|cursor| address(query, cursor), "#answers", query.cursor.as_deref().unwrap_or_default(), place);
    let answers = page.items.into_iter().map(|row| one((project, dataset, number), row, l)).collect_view();
    let none = (shown == 0).then(|| view! { <p class="muted">{text::no_match(l)}</p> });
    let contaminated = (result.contaminated > 0).then(|| {
        view! { <p class="notice notice-warn">{text::contaminated(l, integer(result.contaminated.into()))}</p> }
    });
    view! {
        <PageHeader title=text::result_title(l, &result.candidate_name, &result.evaluation) lead=text::result_lead(l, suite_name)>
            <a class="button" href=routes::suite(project, suite)>{text::to_suite(l)}</a>
            <a class="button" href=routes::suite_slices(project, suite, result.id)>{text::show_slices(l)}</a>
        </PageHeader>
        {contaminated}
        {scores}
        <section class="card stack" id="answers">
            <div class="card-title">
                <h2>{text::answers(l)}</h2>
                <a class="button button-small" href=format!("{base}?format=json")>{text::json(l)}</a>
            </div>
            <CsvDownload action=base.clone() label=text::csv(l)/>
            {filters(query, &labels, l)}
            {not_applied([routes::misread::<Outcome>("outcome")])}
            {none}
            <div>{answers}</div>
            {pages}
        </section>
    }
    .into_any()
}

fn scores(project: ProjectId, result: &SuiteResult, l: Lang) -> impl IntoView + use<> {
    let rows = result.measurement.scores.iter().map(|(name, score)| {
        let judged = result.judged.get(name).map(|figure| rows::judged(project, figure, l));
        view! {
            <tr>
                <th scope="row">{metric::name(l, name)}{judged}</th>
                <td class="num" data-label=text::score(l)>{metric::scored(name, score.value)}</td>
                <td data-label=text::interval(l)>{rows::interval(name, score)}</td>
                <td class="prose" data-label=text::signature(l)><code>{score.signature.clone()}</code></td>
            </tr>
        }
    });
    let samples = text::samples(l, integer(result.measurement.samples));
    view! {
        <section class="card">
            <div class="card-title"><h2>{text::scores(l)}</h2><span class="muted">{samples}</span></div>
            <div class="table-wrap">
                <table class="table table-cards">
                    <thead>
                        <tr>
                            <th scope="col">{text::metric(l)}</th>
                            <th scope="col" class="num">{text::score(l)}</th>
                            <th scope="col">{text::interval(l)}</th>
                            <th scope="col">{text::signature(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}

fn address(query: &SuitePredictionQuery, cursor: &str) -> String {
    let slice = query.slice.as_ref().map(|(name, value)| format!("{name}:{value}")).unwrap_or_default();
    let pairs = [
        ("outcome", query.outcome.as_str()),
        ("q", query.search.as_deref().unwrap_or_default()),
        ("label", query.label.as_deref().unwrap_or_default()),
        ("slice", slice.as_str()),
        ("cursor", cursor),
    ];
    routes::with_query("", &pairs)
}

fn filters(query: &SuitePredictionQuery, labels: &[String], l: Lang) -> impl IntoView + use<> {
    let outcomes = [(Outcome::All, text::all(l)), (Outcome::Wrong, text::wrong(l)), (Outcome::Right, text::right(l))];
    let outcomes = outcomes.map(|(outcome, name)| {
        view! { <option value=outcome.as_str() selected=outcome == query.outcome>{name}</option> }
    });
    let options = labels.iter().map(|label| {
        view! { <option value=label.clone() selected=query.label.as_ref() == Some(label)>{label.clone()}</option> }
    });
    let options = options.collect_view();
    let slice = query.slice.as_ref().map(|(name, value)| format!("{name}:{value}"));
    let search = query.search.clone();
    view! {
        <form class="filters" method="get" action="#answers">
            <Field id="outcome" label=text::outcome(l)>
                <select id="outcome" name="outcome">{outcomes.collect_view()}</select>
            </Field>
            {(!labels.is_empty()).then(|| view! {
                <Field id="label" label=text::field_label(l)>
                    <select id="label" name="label"><option value="">{text::all(l)}</option>{options}</select>
                </Field>
            })}
            <Field id="slice" label=text::slice(l) help=text::slice_help(l)>
                <input id="slice" name="slice" dir="auto" value=slice aria-describedby="slice-help"/>
            </Field>
            <Field id="q" label=text::search(l)>
                <input id="q" type="search" name="q" dir="auto" value=search/>
            </Field>
            <button class="button" type="submit">{text::apply(l)}</button>
        </form>
    }
}

fn clip(text_of: &str, l: Lang) -> String {
    let line = gist(text_of);
    if line.is_empty() { text::empty_output(l).to_owned() } else { line }
}

fn one((project, dataset, number): (ProjectId, DatasetId, u32), row: SuitePrediction, l: Lang) -> impl IntoView {
    let prompt = row.sample.prompt().last().map(|m| gist(&m.content));
    let class = if row.correct { "badge badge-good" } else { "badge badge-bad" };
    let word = if row.correct { text::right(l) } else { text::wrong(l) };
    let scores = row.scores.iter().map(|(name, value)| {
        view! { <div><dt>{metric::name(l, name)}</dt><dd>{metric::scored(name, *value)}</dd></div> }
    });
    let scores = scores.collect_view();
    view! {
        <details class="prediction">
            <summary>
                <span dir="auto">{prompt}</span>
                <span dir="auto">{clip(&row.expected, l)}</span>
                <span dir="auto">{clip(&row.output, l)}</span>
                <span><span class=class>{word}</span></span>
            </summary>
            <div class="sample">
                <Conversation messages=row.sample.prompt().to_vec()/>
                <Turn who=text::expected(l) text=row.expected/>
                <Turn who=text::output(l) text=row.output bad=!row.correct/>
            </div>
            <dl class="meta">{scores}</dl>
            <p><a href=routes::explored_sample(project, dataset, number, row.sample_id)>{text::open_sample(l)}</a></p>
        </details>
    }
}
