//! Making a report: its title, its language, the runs that it is about.

use super::{
    api::{CreateReport, choices},
    text,
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        frame::PageHeader,
        load::{load, refuse},
        metric,
        notice::Empty,
    },
    words,
};
use domain::{
    id::{ProjectId, RunId},
    lang::Lang,
    report::{MAX_RUNS, MAX_TITLE_CHARS},
    run::RunSummary,
};
use leptos::prelude::*;

/// `/p/:project/reports/new?runs=…,…`
#[component]
pub fn NewReportPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    let mut named: Vec<RunId> = routes::chosen_runs().iter().filter_map(|id| id.parse().ok()).collect();
    named.truncate(MAX_RUNS);
    view! {
        <PageHeader title=text::new_title(l) lead=text::new_lead(l)>
            <a class="button" href=routes::reports(project)>{text::all_reports(l)}</a>
        </PageHeader>
        {load(choices(project, named.clone()), move |runs| form(project, &named, runs))}
    }
    .into_any()
}

fn form(project: ProjectId, named: &[RunId], runs: Vec<RunSummary>) -> AnyView {
    let l = lang();
    if runs.is_empty() {
        return view! { <Empty title=text::no_runs_title(l) hint=text::no_runs_hint(l)/> }.into_any();
    }
    let title = match (named, runs.first()) {
        ([_], Some(run)) => format!("#{} {}", run.number, run.name),
        _ => String::new(),
    };
    let languages = Lang::ALL.map(|x| view! { <option value=x.tag() selected=x == l>{x.name()}</option> });
    let rows = runs.into_iter().map(|run| row(project, named.contains(&run.id), run, l)).collect_view();
    view! {
        <PostForm action={ServerAction::<CreateReport>::new()} class="card stack">
            <input type="hidden" name="project" value=project.to_string()/>
            <div class="field-row">
                <Field id="title" label=text::name_label(l) help=text::title_help(l, MAX_TITLE_CHARS)>
                    <input id="title" name="title" dir="auto" required value=title aria-describedby="title-help" autocomplete="off"/>
                </Field>
                <Field id="language" label=text::language_label(l) help=text::language_help(l)>
                    <select id="language" name="language" aria-describedby="language-help">{languages.collect_view()}</select>
                </Field>
            </div>
            <fieldset class="stack">
                <legend>{text::choose_runs(l, MAX_RUNS)}</legend>
                <div class="table-wrap"><table class="table"><tbody>{rows}</tbody></table></div>
            </fieldset>
            <div class="actions"><button class="button button-primary" type="submit">{text::create(l)}</button></div>
        </PostForm>
    }
    .into_any()
}

fn row(project: ProjectId, is_named: bool, run: RunSummary, l: Lang) -> impl IntoView {
    let score = run.headline.as_ref().and_then(|h| Some(metric::value(&h.metric, h.tuned?)));
    let label = words::marked_run(l, format!("#{} {}", run.number, run.name), run.saw_erased);
    view! {
        <tr>
            <td><input type="checkbox" name="runs[]" value=run.id.to_string() checked=is_named aria-label=label.clone()/></td>
            <th scope="row"><a href=routes::run(project, run.id)>{label}</a></th>
            <td>{words::run_status(l, run.state.status)}</td>
            <td class="prose" dir="auto">{format!("{} v{}", run.dataset_name, run.version_number)}</td>
            <td class="num">{score}</td>
        </tr>
    }
}
