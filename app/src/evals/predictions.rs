//! The predictions: filters, and one fold per sample with both models' answers.

use super::{api::list_predictions, text};
use crate::{
    routes,
    text::lang,
    ui::{
        conversation::{ChoiceList, Conversation, Rejected, Turn},
        download::CsvDownload,
        field::Field,
        format::{gist, shortened},
        load::load,
        metric,
        notice::not_applied,
        pager::{Place, pager},
    },
};
use domain::{
    eval::view::{Answer, Outcome, PredictionQuery, PredictionRow, SliceIs},
    id::{ProjectId, RunId},
    lang::Lang,
    page::Page,
};
use leptos::prelude::*;

const ROWS: u32 = 50;

/// The list with its filters, all from the page's query. `samples` is how many there are unfiltered.
#[component]
pub fn Predictions(project: ProjectId, run: RunId, labels: Vec<String>, samples: u64) -> impl IntoView {
    let l = lang();
    let query = PredictionQuery {
        outcome: routes::query("outcome").unwrap_or_default(),
        search: routes::query("q"),
        label: routes::query("label"),
        predicted: routes::query("predicted"),
        slice: routes::query("slice"),
        cursor: routes::query("cursor"),
        limit: Some(ROWS),
    };
    let unfiltered = PredictionQuery { cursor: query.cursor.clone(), limit: query.limit, ..PredictionQuery::default() };
    let is_whole = query == unfiltered;
    let total = is_whole.then_some(samples);
    let base = format!("/api/v1/projects/{project}/runs/{run}/predictions");
    view! {
        <section class="card" id="predictions">
            <div class="card-title">
                <h2>{text::predictions_title(l)}</h2>
                <span class="actions">
                    <a class="button button-small" href=format!("{base}?format=json")>{text::export_json(l)}</a>
                </span>
            </div>
            <CsvDownload action=base label=text::export_csv(l)/>
            {filters(query.clone(), labels, l)}
            {not_applied([routes::misread::<Outcome>("outcome"), routes::misread::<SliceIs>("slice")])}
            {load(list_predictions(project, run, query.clone()), move |page| rows(project, &query, page, total))}
        </section>
    }
}

fn outcome_name(l: Lang, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::All => text::all(l),
        Outcome::Wrong => text::wrong(l),
        Outcome::Right => text::right(l),
        Outcome::Better => text::changed_better(l),
        Outcome::Worse => text::changed_worse(l),
    }
}

fn filters(query: PredictionQuery, labels: Vec<String>, l: Lang) -> impl IntoView {
    let outcomes = Outcome::ALL
        .map(|o| view! { <option value=o.as_str() selected=o == query.outcome>{outcome_name(l, o)}</option> });
    let options = |chosen: &Option<String>| {
        labels
            .iter()
            .map(|x| view! { <option value=x.clone() selected=chosen.as_ref() == Some(x)>{shortened(x)}</option> })
            .collect_view()
    };
    let (expected, predicted) = (options(&query.label), options(&query.predicted));
    let slice = query.slice.as_ref().map(ToString::to_string);
    view! {
        <form class="filters" method="get" action="#predictions">
            <Field id="outcome" label=text::outcome(l)>
                <select id="outcome" name="outcome">{outcomes.collect_view()}</select>
            </Field>
            {(!labels.is_empty()).then(|| view! {
                <Field id="label" label=text::label(l)>
                    <select id="label" name="label"><option value="">{text::any(l)}</option>{expected}</select>
                </Field>
                <Field id="predicted" label=text::predicted(l)>
                    <select id="predicted" name="predicted"><option value="">{text::any(l)}</option>{predicted}</select>
                </Field>
            })}
            <Field id="slice" label=text::slice(l) help=text::slice_help(l)>
                <input id="slice" name="slice" dir="auto" value=slice aria-describedby="slice-help"/>
            </Field>
            <Field id="q" label=text::search(l)>
                <input id="q" type="search" dir="auto" name="q" value=query.search placeholder=text::search_help(l)/>
            </Field>
            <button class="button" type="submit">{text::apply(l)}</button>
        </form>
    }
}

fn rows(project: ProjectId, query: &PredictionQuery, page: Page<PredictionRow>, total: Option<u64>) -> AnyView {
    let l = lang();
    if page.items.is_empty() {
        return view! { <p class="muted">{text::no_match(l)}</p> }.into_any();
    }
    let slice = query.slice.as_ref().map(ToString::to_string).unwrap_or_default();
    let link = |cursor: &str| {
        let pairs = [
            ("outcome", query.outcome.as_str()),
            ("label", query.label.as_deref().unwrap_or_default()),
            ("predicted", query.predicted.as_deref().unwrap_or_default()),
            ("slice", slice.as_str()),
            ("q", query.search.as_deref().unwrap_or_default()),
            ("cursor", cursor),
        ];
        routes::with_query("", &pairs)
    };
    let place = Place { shown: page.items.len(), size: ROWS, total, next_cursor: page.next_cursor };
    let pages = pager(link, "#predictions", query.cursor.as_deref().unwrap_or_default(), place);
    view! {
        <div>
            <div class="prediction-head"><span>{text::prompt(l)}</span><span>{text::expected(l)}</span><span>{text::base(l)}</span><span>{text::tuned(l)}</span></div>
            {page.items.into_iter().map(|row| one(project, row, l)).collect_view()}
        </div>
        {pages}
    }
    .into_any()
}

fn badge(answer: &Answer, l: Lang) -> impl IntoView + use<> {
    let class = if answer.correct { "badge badge-good" } else { "badge badge-bad" };
    view! { <span class=class dir="auto" title=if answer.correct { text::right_badge(l) } else { text::wrong_badge(l) }>{clip(&answer.output, l)}</span> }
}

/// The first line of a text, short enough for a row.
fn clip(text: &str, l: Lang) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    if line.is_empty() {
        return text::empty_output(l).to_owned();
    }
    let short: String = line.chars().take(60).collect();
    if short.len() < text.trim().len() { format!("{short}…") } else { short }
}

fn one(project: ProjectId, row: PredictionRow, l: Lang) -> impl IntoView {
    let prompt = row.sample.prompt().last().map(|m| gist(&m.content));
    let base = row.base.clone();
    view! {
        <details class="prediction">
            <summary>
                <span dir="auto">{prompt}</span>
                <span dir="auto">{clip(&row.expected, l)}</span>
                <span>{base.as_ref().map(|b| badge(b, l))}</span>
                <span>{badge(&row.tuned, l)}</span>
            </summary>
            <div class="sample">
                <Conversation messages=row.sample.prompt().to_vec()/>
                <Turn who=text::expected(l) text=row.expected/>
                {base.map(|b| view! { <Turn who=text::base(l) text=b.output bad=!b.correct/> })}
                <Turn who=text::tuned(l) text=row.tuned.output.clone() bad=!row.tuned.correct/>
            </div>
            <ChoiceList sample=row.sample.clone()/>
            <Rejected text=row.sample.rejected.clone()/>
            <dl class="meta">
                {row.tuned.scores.iter().map(|(k, v)| view! { <div><dt>{metric::name(l, k)}</dt><dd>{metric::value(k, *v)}</dd></div> }).collect_view()}
            </dl>
            {row.bad_case_id.map(|id| view! { <p><a href=routes::bad_case(project, id)>{text::open_bad_case(l)}</a></p> })}
        </details>
    }
}
