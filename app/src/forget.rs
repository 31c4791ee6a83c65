//! Forgetting rows: an owner looks for somebody's texts in all versions, sees what holds them, and erases it by typing how
//! many samples there are. Below stands what was forgotten before, with the uploaded files that hold it still.

pub mod api;
pub mod text;

use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::Field,
        form::{PostForm, refusal_of},
        format::{Time, bytes, integer},
        frame::PageHeader,
        load::load,
        notice::{Empty, Problem},
    },
};
use api::{DeleteFile, ForgetRows, ForgetView, look_for};
use domain::{
    access::Action,
    forget::{ForgetFile, ForgetFound, Forgetting},
    id::ProjectId,
};
use leptos::prelude::*;

/// What a form posted to the page asks for: it stands in no address, which logs and histories keep. The server puts it into
/// the request's extensions.
#[derive(Clone)]
pub struct Asked(pub String);

#[cfg(feature = "ssr")]
fn asked() -> String {
    let asked = use_context::<axum::http::request::Parts>().and_then(|head| head.extensions.get::<Asked>().cloned());
    asked.map(|asked| asked.0).unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
fn asked() -> String {
    String::new()
}

/// `/p/:project/datasets/forget`.
#[component]
pub fn ForgetPage() -> impl IntoView {
    let project = routes::param::<ProjectId>("project");
    let asked = asked();
    let texts = asked.clone();
    let data = async move {
        let project = project?;
        Ok::<_, AppError>((project, look_for(project, texts).await?))
    };
    load(data, move |(project, view)| page(project, asked, view))
}

fn page(project: ProjectId, asked: String, view: ForgetView) -> impl IntoView {
    let l = lang();
    let problem = view.problem.map(|problem| view! { <p class="notice notice-bad" role="alert">{problem}</p> });
    let found = view.found.map(|found| found_card(project, &asked, found));
    let search = role::may(Action::Administer).then(|| search(project, asked.clone()));
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>
            <a class="button" href=routes::datasets(project)>{text::to_datasets(l)}</a>
        </PageHeader>
        {search}
        {problem}
        {found}
        {history(project, view.before)}
    }
}

fn search(project: ProjectId, asked: String) -> impl IntoView {
    let l = lang();
    view! {
        <form class="card stack" method="post" action=routes::forget(project) role="search">
            <Field id="text" label=text::texts(l) help=text::texts_help(l)>
                <textarea id="text" name="secret_texts" required rows="3" dir="auto" aria-describedby="text-help" autocomplete="off">{asked}</textarea>
            </Field>
            <button class="button button-primary" type="submit">{text::look(l)}</button>
        </form>
    }
}

fn found_card(project: ProjectId, asked: &str, found: ForgetFound) -> impl IntoView + use<> {
    let l = lang();
    if found == ForgetFound::default() {
        return view! { <Empty title=text::nothing(l) hint=text::nothing_hint(l)/> }.into_any();
    }
    let versions = found.versions.iter().map(|v| {
        let name = format!("{} v{}", v.dataset_name, v.number);
        let href = routes::version(project, v.dataset_id, v.number.cast_signed());
        let next = v.is_newest.then(|| text::new_version(l, v.number + 1));
        view! {
            <tr>
                <th scope="row"><a href=href><bdi>{name}</bdi></a></th>
                <td class="num" data-label=text::samples(l)>{integer(v.samples)}</td>
                <td data-label=text::becomes(l)>{next.unwrap_or_else(|| text::places_stay(l).to_owned())}</td>
            </tr>
        }
    });
    let versions = versions.collect_view();
    let runs = found.runs.iter().map(|run| {
        let name = format!("#{} {}", run.number, run.name);
        view! { <li><a href=routes::run(project, run.id)><bdi>{name}</bdi></a> ": " {text::run_saw(l, integer(run.samples))}</li> }
    });
    let runs = runs.collect_view();
    let examples = found.examples.iter().map(|example| {
        view! { <li dir="auto"><span class="muted">{example.dataset_name.clone()} " " {example.id.to_string()} ": "</span>{example.text.clone()}</li> }
    });
    let examples = examples.collect_view();
    let files = found.files.iter().map(|file| view! { <li dir="auto">{file_name(file)}</li> }).collect_view();
    view! {
        <section class="card stack">
            <h2>{text::found(l, integer(found.samples))}</h2>
            <p>{text::others(l, integer(found.predictions), integer(found.bad_cases))}</p>
            <div class="table-wrap">
                <table class="table table-cards">
                    <thead><tr><th scope="col">{text::version(l)}</th><th scope="col" class="num">{text::samples(l)}</th><th scope="col">{text::becomes(l)}</th></tr></thead>
                    <tbody>{versions}</tbody>
                </table>
            </div>
            {(!found.runs.is_empty()).then(|| view! { <h3>{text::runs(l)}</h3> <p>{text::runs_help(l)}</p> <ul>{runs}</ul> })}
            {(!found.files.is_empty()).then(|| view! { <h3>{text::files(l)}</h3> <p>{text::files_help(l)}</p> <ul>{files}</ul> })}
            <details class="fold"><summary>{text::examples(l)}</summary><ul>{examples}</ul></details>
            {confirm(project, asked, found.samples)}
        </section>
    }
    .into_any()
}

fn file_name(file: &ForgetFile) -> String {
    format!("{} ({}, SHA-256 {}…)", file.file_name, bytes(file.size_bytes), file.sha256.get(..12).unwrap_or_default())
}

/// The form that erases. The texts are a secret, which no way back to a page keeps: it is posted to this page, which is the
/// answer where it is refused.
fn confirm(project: ProjectId, asked: &str, samples: u64) -> impl IntoView + use<> {
    let l = lang();
    let asked = asked.to_owned();
    let refusal = refusal_of::<ForgetRows>();
    let ours = refusal.as_ref().map(|_| "");
    let typed = refusal.as_ref().and_then(|r| r.typed.first()).map(|(_, number)| number.clone());
    let (beside, above) = match refusal.map(|r| r.error) {
        Some(AppError::Invalid { problem, .. }) => (Some(problem), None),
        other => (None, other),
    };
    let described = if beside.is_some() { "confirm-help confirm-error" } else { "confirm-help" };
    let is_wrong = beside.is_some().then_some("true");
    let beside = beside.map(|why| view! { <p class="error" role="alert" id="confirm-error">{why}</p> });
    let above = above.map(|error| view! { <Problem error/> });
    role::may(Action::Administer).then(|| {
        view! {
            <form method="post" action=routes::forget(project) class="stack" id="erase" data-refusal=ours>
                <input type="hidden" name="project" value=project.to_string()/>
                <textarea hidden name="secret_texts">{asked}</textarea>
                <p class="notice notice-bad">{text::for_good(l)}</p>
                {above}
                <Field id="confirm" label=text::type_number(l, samples) help=text::type_number_help(l)>
                    <input id="confirm" name="confirm" inputmode="numeric" required autocomplete="off" value=typed aria-describedby=described aria-invalid=is_wrong/>
                    {beside}
                </Field>
                <button class="button button-danger" type="submit">{text::erase(l)}</button>
            </form>
        }
    })
}

/// What was forgotten before.
fn history(project: ProjectId, before: Vec<Forgetting>) -> impl IntoView {
    let l = lang();
    let may = role::may(Action::Administer);
    let any = !before.is_empty();
    let rows = before.into_iter().map(|forgetting| {
        let who = forgetting.by.unwrap_or_else(|| text::gone(l).to_owned());
        let files = forgetting.files.into_iter().map(|file| {
            let delete = may.then(|| {
                view! {
                    <PostForm action={ServerAction::<DeleteFile>::new()}>
                        <input type="hidden" name="project" value=project.to_string()/>
                        <input type="hidden" name="upload" value=file.upload_id.to_string()/>
                        <button class="button button-small button-danger" type="submit">{text::delete_file(l)}</button>
                    </PostForm>
                }
            });
            view! { <li class="actions"><span dir="auto">{file_name(&file)}</span> {delete}</li> }
        });
        view! {
            <li>
                <p><Time at=forgetting.at/> " · " <bdi>{who}</bdi> " · " {text::forgotten(l, integer(forgetting.samples), integer(forgetting.runs))}</p>
                <ul class="facet">{files.collect_view()}</ul>
            </li>
        }
    });
    let rows = rows.collect_view();
    any.then(|| view! { <section class="card"><h2>{text::before(l)}</h2><ul>{rows}</ul></section> })
}
