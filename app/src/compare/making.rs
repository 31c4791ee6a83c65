//! What the runs were made of: data, base model, machine and packages; and what came out last of the same prompts.

use super::{choose::name, text};
use crate::{
    routes,
    ui::{
        conversation::pieces,
        format::{gist, integer},
    },
};
use domain::{
    compare::{Comparison, DataRow},
    id::ProjectId,
    lang::Lang,
    run::{Answers, RunSummary},
};
use leptos::prelude::*;

/// The data of every run, and how it differs from the baseline's.
pub(super) fn data_table(project: ProjectId, c: &Comparison, data: &[DataRow], l: Lang) -> impl IntoView + use<> {
    let baseline = c.runs.iter().find(|run| run.id == c.baseline);
    let row = |(run, data): (&RunSummary, &DataRow)| {
        let version = format!("{} v{}", run.dataset_name, run.version_number);
        let href = routes::version(project, run.dataset_id, run.version_number);
        view! {
            <tr>
                <th scope="row" dir="auto">{name(run)}</th>
                <td data-label=text::version(l)><a href=href><bdi>{version}</bdi></a></td>
                <td class="num" data-label=text::train(l)>{integer(data.train)}</td>
                <td class="num" data-label=text::validation(l)>{integer(data.validation)}</td>
                <td class="num" data-label=text::test(l)>{integer(data.test)}</td>
                <td data-label=text::against(l)>{baseline.map(|b| against(project, b, run, data, l))}</td>
            </tr>
        }
    };
    let rows = c.runs.iter().filter_map(|run| Some((run, data.iter().find(|d| d.run == run.id)?))).map(row);
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead>
                    <tr>
                        <th scope="col">{text::run(l)}</th>
                        <th scope="col">{text::version(l)}</th>
                        <th scope="col" class="num">{text::train(l)}</th>
                        <th scope="col" class="num">{text::validation(l)}</th>
                        <th scope="col" class="num">{text::test(l)}</th>
                        <th scope="col">{text::against(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn against(project: ProjectId, baseline: &RunSummary, run: &RunSummary, data: &DataRow, l: Lang) -> AnyView {
    if run.id == baseline.id {
        return view! { <span class="badge badge-busy">{text::baseline(l)}</span> }.into_any();
    }
    if run.version_id == baseline.version_id {
        return view! { <span class="muted">{text::same_version(l)}</span> }.into_any();
    }
    if run.dataset_id != baseline.dataset_id {
        return view! { <span class="muted">{text::other_dataset(l)}</span> }.into_any();
    }
    let from = Some(baseline.version_number.cast_unsigned());
    let href = routes::diff(project, run.dataset_id, run.version_number.cast_unsigned(), from);
    let words = match data.changes {
        Some(n) => text::changed(l, integer(n.added), integer(n.removed), integer(n.changed), integer(n.moved)),
        None => text::see_changes(l).to_owned(),
    };
    view! { <a href=href>{words}</a> }.into_any()
}

/// Base model, device, and what the manifests say differently.
pub(super) fn making_table(c: &Comparison, l: Lang) -> impl IntoView + use<> {
    let heads = c.runs.iter().map(
        |run| view! { <th scope="col"><span class="clip clip-short" dir="auto" title=name(run)>{name(run)}</span></th> },
    );
    let heads = heads.collect_view();
    let row = |label: AnyView, values: Vec<String>| {
        let cells = values.into_iter().zip(&c.runs).map(|(v, run)| view! { <td data-label=name(run)>{short(&v)}</td> });
        view! { <tr><th scope="row">{label}</th>{cells.collect_view()}</tr> }
    };
    let models = c.runs.iter().map(|run| run.model_name.clone()).collect();
    let devices = c.runs.iter().map(|run| run.state.device.clone()).collect();
    let mut rows = vec![row(text::base_model(l).into_any(), models), row(text::device(l).into_any(), devices)];
    for entry in &c.making {
        let label = view! { <code class="muted">{entry.field.clone()}</code> }.into_any();
        rows.push(row(label, entry.values.clone()));
    }
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead><tr><th scope="col">{text::entry(l)}</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {c.making.is_empty().then(|| view! { <p class="muted">{text::same_making(l)}</p> })}
        <p class="help">{text::making_help(l)}</p>
    }
}

/// The beginning of a checksum is enough to see that two differ.
fn short(value: &str) -> String {
    let is_checksum = value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit());
    if is_checksum { format!("{}…", &value[..12]) } else { value.to_owned() }
}

/// What the runs answered last, a column for each.
pub(super) fn answer_table(c: &Comparison, answers: Vec<Answers>, l: Lang) -> Option<impl IntoView + use<>> {
    if answers.is_empty() {
        return None;
    }
    let heads = c.runs.iter().map(|run| view! { <th scope="col" dir="auto">{name(run)}</th> }).collect_view();
    let rows = answers.into_iter().map(|row| {
        let cells = row.answers.into_iter().zip(&c.runs).map(|(cell, run)| {
            let shown = cell.map(|cell| {
                view! {
                    <div>
                        <div class="answer-text" dir="auto">{pieces(cell.pieces)}</div>
                        <span class="muted">{text::step(l, integer(cell.step.into()))}</span> " "
                        {cell.is_right.then(|| view! { <span class="badge badge-good">{text::right(l)}</span> })}
                    </div>
                }
            });
            view! { <td class="answer" data-label=name(run)>{shown}</td> }
        });
        let cells = cells.collect_view();
        let gist = gist(&row.prompt);
        view! {
            <tr>
                <th scope="row" class="answer" dir="auto" title=row.prompt>{gist}</th>
                <td class="answer" dir="auto" data-label=text::expected(l)>{row.expected}</td>
                {cells}
            </tr>
        }
    });
    let rows = rows.collect_view();
    Some(view! {
        <section class="card">
            <h2>{text::answers(l)}</h2>
            <p class="help">{text::answers_help(l)}</p>
            <div class="table-wrap">
                <table class="table table-cards answers">
                    <thead>
                        <tr>
                            <th scope="col">{text::prompt(l)}</th>
                            <th scope="col">{text::expected(l)}</th>
                            {heads}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    })
}
