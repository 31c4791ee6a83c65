//! Choosing runs: a form of check boxes at first, then chips that remove and a list that adds.

use super::{page::Chosen, text};
use crate::{
    routes,
    text::lang,
    ui::{field::Field, format::shortened, metric},
    words,
};
use domain::{
    compare::{Comparison, MAX_RUNS},
    id::ProjectId,
    run::RunSummary,
};
use leptos::prelude::*;

/// A run's number and name, marked if it saw samples that were erased.
pub(super) fn name(run: &RunSummary) -> String {
    words::marked_run(lang(), plain_name(run), run.saw_erased)
}

fn plain_name(run: &RunSummary) -> String {
    format!("#{} {}", run.number, run.name)
}

/// All recent runs with check boxes.
pub(super) fn picker(project: ProjectId, chosen: &Chosen, choices: Vec<RunSummary>) -> AnyView {
    let l = lang();
    if choices.is_empty() {
        return view! {
            <p class="muted">{text::choose_none(l)}</p>
            <a class="button" href=routes::runs(project)>{text::runs(l)}</a>
        }
        .into_any();
    }
    let rows = choices.into_iter().map(|run| {
        let score = run.headline.as_ref().and_then(|h| Some(metric::value(&h.metric, h.tuned?)));
        let label = name(&run);
        view! {
            <tr>
                <td><input type="checkbox" name="runs" value=run.id.to_string() checked=chosen.runs.contains(&run.id) aria-label=label.clone()/></td>
                <th scope="row"><a href=routes::run(project, run.id)>{label}</a></th>
                <td class="prose" dir="auto">{format!("{} v{}", run.dataset_name, run.version_number)}</td>
                <td class="num">{score}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <form method="get" class="stack">
            <h2>{text::choose_title(l)}</h2>
            <div class="table-wrap">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col"><span class="visually-hidden">{text::compare(l)}</span></th>
                            <th scope="col">{text::run(l)}</th>
                            <th scope="col">{text::dataset(l)}</th>
                            <th scope="col" class="num">{text::status(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <button class="button button-primary" type="submit">{text::compare(l)}</button>
        </form>
    }
    .into_any()
}

/// The chosen runs as chips, and a form to add one.
pub(super) fn chips(chosen: &Chosen, comparison: &Comparison, choices: Vec<RunSummary>) -> impl IntoView + use<> {
    let l = lang();
    let chips = comparison.runs.iter().map(|run| {
        let label = name(run);
        let without =
            Chosen { runs: chosen.runs.iter().copied().filter(|id| *id != run.id).collect(), ..chosen.clone() };
        let is_baseline = run.id == comparison.baseline;
        let other = Chosen { baseline: Some(run.id), ..chosen.clone() };
        view! {
            <li class="chip">
                <span dir="auto" title=label.clone()>{label.clone()}</span>
                {if is_baseline {
                    view! { <span class="badge badge-busy">{text::baseline(l)}</span> }.into_any()
                } else {
                    view! { <a class="muted" href=other.query()>{text::make_baseline(l)}</a> }.into_any()
                }}
                <a class="chip-remove" href=without.query() aria-label=text::remove(l, label)>"×"</a>
            </li>
        }
    });
    let chips = chips.collect_view();
    let others: Vec<_> = choices.into_iter().filter(|r| !chosen.runs.contains(&r.id)).collect();
    let option = |run: &RunSummary| {
        let name = words::marked_run(l, shortened(&plain_name(run)), run.saw_erased);
        view! { <option value=run.id.to_string()>{name}</option> }
    };
    let options = others.iter().map(option).collect_view();
    let kept =
        chosen.runs.iter().map(|id| view! { <input type="hidden" name="runs" value=id.to_string()/> }).collect_view();
    let baseline = chosen.baseline.map(|id| view! { <input type="hidden" name="baseline" value=id.to_string()/> });
    let series = chosen.series.clone();
    view! {
        <ul class="chips">{chips}</ul>
        {(!others.is_empty() && chosen.runs.len() < MAX_RUNS).then(|| view! {
            <form class="filters" method="get">
                {kept}{baseline}<input type="hidden" name="series" value=series/>
                <Field id="add" label=text::add(l)><select id="add" name="runs">{options}</select></Field>
                <button class="button" type="submit">{text::add_button(l)}</button>
            </form>
        })}
    }
}
