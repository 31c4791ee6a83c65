//! One comparison of models by people: the ranking with its intervals, what each pair comes to, and who won how often.

use super::{api::get_human_evaluation, text, verdict, with_interval};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        download::CsvDownload,
        format::{integer, number},
        frame::PageHeader,
        job::JobProgress,
        load::load,
        notice::Empty,
    },
};
use domain::{
    id::{HumanEvaluationId, JobId, ProjectId},
    judge::{
        ranking::{Ranked, Ranking},
        view::HumanEvaluation,
    },
    lang::Lang,
};
use leptos::prelude::*;

/// `/p/:project/human-evaluations/:evaluation`.
#[component]
pub fn HumanEvaluationPage() -> impl IntoView {
    let ids =
        routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<HumanEvaluationId>("evaluation")?)));
    let data = async move {
        let (project, evaluation) = ids?;
        let (found, filling) = get_human_evaluation(project, evaluation).await?;
        Ok::<_, AppError>((project, found, filling))
    };
    load(data, |(project, found, filling)| page(project, found, filling))
}

fn page(project: ProjectId, found: HumanEvaluation, filling: Option<JobId>) -> impl IntoView {
    let l = lang();
    let s = found.summary;
    let here = routes::human_evaluation(project, s.id);
    let job = filling.map(|job| view! { <JobProgress project job then=here/> });
    let task = routes::annotation_task(project, s.task_id);
    let file = format!("/api/v1/projects/{project}/human-evaluations/{}", s.id);
    let lead = format!("{} · {}", text::models_count(l, s.models), text::of(l, integer(s.given), integer(s.wanted)));
    let names = found.evaluations.into_iter().map(|e| view! { <li dir="auto">{e.name}</li> }).collect_view();
    let body = match found.ranking {
        Some(ranking) => ranked(l, &ranking, file.clone()).into_any(),
        None if found.is_blind => view! { <p class="notice" role="status">{text::blind(l)}</p> }.into_any(),
        None => view! { <Empty title=text::no_ranking(l) hint=text::no_ranking_hint(l)/> }.into_any(),
    };
    view! {
        <PageHeader title=s.name lead=lead>
            <a class="button button-quiet" href=routes::judges(project)>{text::title(l)}</a>
            <a class="button" href=file>"JSON"</a>
            <a class="button" href=task>{text::to_task(l)}</a>
        </PageHeader>
        {job}
        {body}
        <section class="card"><h2>{text::models_label(l)}</h2><ul>{names}</ul><p class="muted">{text::seed(l)}": "{found.seed}</p></section>
    }
}

fn ranked(l: Lang, ranking: &Ranking, file: String) -> impl IntoView + use<> {
    let penalised =
        ranking.penalised.then(|| view! { <p class="notice notice-warn" role="status">{text::penalised(l)}</p> });
    let rows = ranking.models.iter().enumerate().map(|(at, model)| row(l, at + 1, model)).collect_view();
    let (pairs, matrix) = (pairs(l, ranking), matrix(l, ranking));
    view! {
        <section class="card stack" id="ranking">
            <h2>{text::ranking(l)}</h2>
            {penalised}
            <div class="table-wrap">
                <table class="table table-cards">
                    <thead><tr>
                        <th scope="col" class="num">"#"</th>
                        <th scope="col">{text::model(l)}</th>
                        <th scope="col" class="num">{text::strength(l)}</th>
                        <th scope="col">{text::interval(l)}</th>
                        <th scope="col" class="num">{text::elo(l)}</th>
                        <th scope="col" class="num">{text::won(l)}</th>
                        <th scope="col" class="num">{text::tied(l)}</th>
                        <th scope="col" class="num">{text::lost(l)}</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="help">{text::ranking_help(l)}</p>
            <CsvDownload action=file label=text::download(l)/>
        </section>
        {pairs}
        {matrix}
    }
}

fn row(l: Lang, place: usize, model: &Ranked) -> impl IntoView + use<> {
    let s = model.strength;
    view! {
        <tr>
            <td class="num">{place}</td>
            <th scope="row" dir="auto">{model.name.clone()}</th>
            <td class="num" data-label=text::strength(l)>{format!("{:.0}", s.value)}</td>
            <td class="nowrap" data-label=text::interval(l)>{format!("{:.0} … {:.0}", s.low, s.high)}</td>
            <td class="num" data-label=text::elo(l)>{format!("{:.0}", model.elo)}</td>
            <td class="num" data-label=text::won(l)>{integer(model.wins)}</td>
            <td class="num" data-label=text::tied(l)>{integer(model.ties)}</td>
            <td class="num" data-label=text::lost(l)>{integer(model.losses)}</td>
        </tr>
    }
}

fn name(ranking: &Ranking, place: u32) -> String {
    ranking.models.get(place as usize).map(|model| model.name.clone()).unwrap_or_default()
}

fn pairs(l: Lang, ranking: &Ranking) -> impl IntoView + use<> {
    let rows = ranking.pairs.iter().map(|pair| {
        let badge = verdict(l, pair.verdict);
        let share = pair.share.map_or_else(|| "–".to_owned(), with_interval);
        let record = text::wins_losses(l, integer(pair.wins), integer(pair.ties), integer(pair.losses));
        let (first, second) = (name(ranking, pair.first), text::against(l, name(ranking, pair.second)));
        view! {
            <tr>
                <th scope="row" dir="auto">{first}<div class="muted">{second}</div></th>
                <td class="nowrap">{record}</td>
                <td class="num" data-label=text::share(l)>{share}</td>
                <td class="num" data-label=text::adjusted(l)>{number(pair.adjusted)}</td>
                <td data-label=text::verdict(l)>{badge}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="card stack" id="pairs">
            <h2>{text::pairs(l)}</h2>
            <div class="table-wrap">
                <table class="table table-cards">
                    <thead><tr>
                        <th scope="col">{text::model(l)}</th>
                        <th scope="col">{text::won(l)}</th>
                        <th scope="col" class="num">{text::share(l)}</th>
                        <th scope="col" class="num">{text::adjusted(l)}</th>
                        <th scope="col">{text::verdict(l)}</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="help">{text::pairs_note(l)}</p>
        </section>
    }
}

/// Wins of the row over the column.
fn matrix(l: Lang, ranking: &Ranking) -> impl IntoView + use<> {
    let models = ranking.models.len() as u32;
    let wins = |row: u32, column: u32| {
        let met = ranking.pairs.iter().find_map(|p| match (p.first, p.second) {
            pair if pair == (row, column) => Some(p.wins),
            pair if pair == (column, row) => Some(p.losses),
            _ => None,
        });
        met.map_or_else(|| "–".to_owned(), integer)
    };
    let head = (1..=models).map(|place| view! { <th scope="col" class="num">{place}</th> }).collect_view();
    let rows = (0..models).map(|row| {
        let cells = (0..models).map(|column| view! { <td class="num">{wins(row, column)}</td> }).collect_view();
        view! { <tr><th scope="row" dir="auto">{format!("{}. {}", row + 1, name(ranking, row))}</th>{cells}</tr> }
    });
    let rows = rows.collect_view();
    view! {
        <details class="card fold" id="matrix">
            <summary>{text::matrix(l)}</summary>
            <div class="table-wrap">
                <table class="table">
                    <thead><tr><th scope="col">{text::model(l)}</th>{head}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}
