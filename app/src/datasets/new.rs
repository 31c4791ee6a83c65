//! Sending a file, then the import form around its preview.

use super::{
    api::{Attempt, FetchFromAddress, ImportView, Sending, StartImport, list_uploads, look_at_upload},
    form::ImportForm,
    preview::{Choices, Findings},
    task::task_file,
    text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        format::{Time, bytes, shortened},
        frame::PageHeader,
        job::{Head, JobProgress},
        load::{load, refuse},
        notice::not_applied,
        upload::UploadField,
    },
};
use domain::{
    access::Action,
    dataset::{BadLines, DatasetSummary, SplitPlan},
    id::{JobId, ProjectId, UploadId},
    import::Upload,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Endings of the files that are read.
const ACCEPTED: &str = ".jsonl,.ndjson,.json,.csv,.tsv,.txt,.md,.parquet,.gz,.tgz,.zst,.bz2,.xz,.zip,.tar,.yaml,.yml";

/// `/p/:project/datasets/new`, and with `?upload=` the preview of that upload.
#[component]
pub fn NewDatasetPage() -> impl IntoView {
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    if !role::may(Action::EditDatasets) {
        return refuse(AppError::Forbidden).into_any();
    }
    let form = use_query_map().with_untracked(|q| ImportForm::from_pairs(q.latest_values()));
    match routes::query::<UploadId>("upload") {
        None => view! { <SendPage project form/> }.into_any(),
        Some(upload) => {
            let looked = look_at_upload(project, upload, routes::query::<JobId>("job"), form.clone());
            load(looked, move |view| import_page(project, form, view)).into_any()
        }
    }
}

/// Choosing a file. What the form holds already (the dataset to append to) is carried on.
#[component]
fn SendPage(project: ProjectId, form: ImportForm) -> impl IntoView {
    let dataset = form.given("dataset").map(str::to_owned);
    load(list_uploads(project), move |sending| send_page(project, dataset, sending))
}

fn send_page(project: ProjectId, dataset: Option<String>, sending: Sending) -> impl IntoView {
    let l = lang();
    let dataset_again = dataset.clone().unwrap_or_default();
    let rendered = task_file(project, dataset_again.clone(), &sending.uploads);
    view! {
        <PageHeader title=text::new_title(l) lead=text::new_lead(l, bytes(sending.max_bytes))/>
        {not_applied([routes::misread::<UploadId>("upload")])}
        <form class="card" method="get" action=routes::new_dataset(project)>
            {dataset.map(|id| view! { <input type="hidden" name="dataset" value=id/> })}
            <UploadField project name="upload".to_owned() help=String::new() multiple=false accept=ACCEPTED.to_owned() submit=true given=String::new()/>
        </form>
        <noscript>
            <form class="card" method="post" action=format!("/api/v1/projects/{project}/uploads/form") enctype="multipart/form-data">
                <p>{text::plain_form(l)}</p>
                <Field id="file" label=text::file(l)>
                    <input id="file" name="file" type="file" required/>
                </Field>
                <button class="button button-primary" type="submit">{text::send(l)}</button>
            </form>
        </noscript>
        {from_address(project, dataset_again, sending.hosts)}
        {rendered}
        {recent(project, sending.uploads)}
    }
}

/// A form for a file that lies elsewhere, and the transfer that it began.
fn from_address(project: ProjectId, dataset: String, hosts: Vec<String>) -> impl IntoView {
    let l = lang();
    if let Some(job) = routes::query::<JobId>("fetch") {
        let then =
            format!("{}?dataset={}&upload={{upload_id}}", routes::new_dataset(project), routes::encode(&dataset));
        let again = format!("{}?dataset={}", routes::new_dataset(project), routes::encode(&dataset));
        let head = Head { going: text::fetching(l), failed: text::fetch_failed(l), again };
        return view! { <JobProgress project job then head/> }.into_any();
    }
    if hosts.is_empty() {
        return ().into_any();
    }
    view! {
        <h2>{text::from_address(l)}</h2>
        <PostForm action={ServerAction::<FetchFromAddress>::new()} class="card stack">
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="dataset" value=dataset/>
            <Field id="url" label=text::address(l) help=text::address_help(l, hosts.join(", "))>
                <input id="url" name="url" type="url" required dir="ltr" placeholder="https://" maxlength="2000" aria-describedby="url-help"/>
            </Field>
            <button class="button" type="submit">{text::fetch(l)}</button>
        </PostForm>
    }
    .into_any()
}

fn recent(project: ProjectId, uploads: Vec<Upload>) -> impl IntoView {
    let l = lang();
    let any = !uploads.is_empty();
    let rows = uploads.into_iter().map(|u| {
        view! {
            <tr>
                <th scope="row"><a href=format!("{}?upload={}", routes::new_dataset(project), u.id)><bdi>{u.file_name}</bdi></a></th>
                <td class="num">{bytes(u.size_bytes)}</td>
                <td class="nowrap"><Time at=u.created_at/></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    any.then(|| {
        view! {
            <h2>{text::recent(l)}</h2>
            <div class="table-wrap">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">{text::file(l)}</th>
                            <th scope="col" class="num">{text::size(l)}</th>
                            <th scope="col">{text::sent_at(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
    })
}

fn import_page(project: ProjectId, form: ImportForm, view: ImportView) -> impl IntoView {
    let l = lang();
    let title = text::import_title(l, &view.upload.file_name);
    let goes_on = view.attempt.as_ref().is_some_and(|a| !a.failed);
    view! {
        <PageHeader title lead=bytes(view.upload.size_bytes)/>
        {view.attempt.clone().map(|attempt| attempt_box(project, attempt))}
        {(!goes_on).then(|| import_form(project, form, view))}
    }
}

/// The last import of this form: on its way, or failed.
fn attempt_box(project: ProjectId, attempt: Attempt) -> impl IntoView {
    let l = lang();
    let then = format!("{}/{{dataset_id}}/v/{{number}}", routes::datasets(project));
    let report = format!("/api/v1/projects/{project}/jobs/{}/bad-lines", attempt.job);
    view! {
        <section class="stack">
            <h2>{if attempt.failed { text::attempt_failed(l) } else { text::importing(l) }}</h2>
            <p class="muted">{if attempt.failed { text::attempt_failed_hint(l) } else { text::importing_hint(l) }}</p>
            <JobProgress project job=attempt.job then/>
            // The same address: rendered anew, it brings the form back once the job has failed.
            {(!attempt.failed).then(|| view! { <p><a href="">{text::after_failure(l)}</a></p> })}
            {attempt.has_report.then(|| view! {
                <p class="actions">
                    <span>{text::bad_lines_report(l)}</span>
                    <a class="button button-small" href=report.clone() download>"JSONL"</a>
                    <a class="button button-small" href=format!("{report}?format=csv") download>"CSV"</a>
                </p>
            })}
        </section>
    }
}

/// One form with two buttons: one asks for the preview again, the other starts the import.
fn import_form(project: ProjectId, form: ImportForm, view: ImportView) -> impl IntoView {
    let l = lang();
    let action = ServerAction::<StartImport>::new();
    let problem = view.preview.as_ref().err().cloned();
    let can_start = view.preview.as_ref().is_ok_and(|p| !p.samples.is_empty());
    let findings = view.preview.clone().ok();
    view! {
        <PostForm action class="stack" id="import">
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="upload" value=view.upload.id.to_string()/>
            <Choices project form=form.clone() preview=view.preview.clone().ok()/>
            {problem.map(|problem| view! { <p class="notice notice-bad" role="alert" dir="auto">{problem}</p> })}
            {findings.map(|preview| view! { <Findings form=form.clone() preview/> })}
            {target(&form, view.datasets, &view.upload)}
            <div class="actions">
                <button class="button button-primary" type="submit" disabled=!can_start>{text::start_import(l)}</button>
            </div>
        </PostForm>
    }
}

/// Where the samples go, what happens to bad lines, and the division into splits.
fn target(form: &ImportForm, datasets: Vec<DatasetSummary>, upload: &Upload) -> impl IntoView + use<> {
    let l = lang();
    let chosen = form.get("dataset").to_owned();
    let options = datasets.into_iter().map(|d| {
        let id = d.id.to_string();
        view! { <option value=id.clone() selected={id == chosen}>{text::new_version_of(l, shortened(&d.name))}</option> }
    });
    let options = options.collect_view();
    let default_name = upload.file_name.rsplit_once('.').map_or(upload.file_name.as_str(), |(stem, _)| stem);
    let name = form.given("name").unwrap_or(default_name).to_owned();
    let skips = form.get("bad_lines") == "skip";
    let choice = |value: &'static str, which: BadLines, checked: bool| {
        view! {
            <label class="check">
                <input type="radio" name="bad_lines" value=value checked=checked/>
                {text::bad_lines_choice(l, which)}
            </label>
        }
    };
    view! {
        <fieldset>
            <legend>{text::what_becomes(l)}</legend>
            <div class="field-row">
                <Field id="dataset" label=text::into(l)>
                    <select id="dataset" name="dataset">
                        <option value="">{text::new_dataset(l)}</option>
                        {options}
                    </select>
                </Field>
                <Field id="name" label=text::name_of_new(l) help=text::name_help(l)>
                    <input id="name" name="name" dir="auto" value=name maxlength="200" autocomplete="off" aria-describedby="name-help"/>
                </Field>
            </div>
            {growth(form)}
            <div class="field" role="radiogroup" aria-label=text::bad_lines(l)>
                <span class="field-label">{text::bad_lines(l)}</span>
                <div class="checks">{choice("stop", BadLines::Stop, !skips)} {choice("skip", BadLines::Skip, skips)}</div>
            </div>
            {shares(form)}
        </fieldset>
    }
}

/// What a new version of a dataset that exists holds.
fn growth(form: &ImportForm) -> impl IntoView + use<> {
    let l = lang();
    let chosen = form.get("growth").to_owned();
    let choice = |value: &'static str, words: &'static str| {
        view! {
            <label class="check">
                <input type="radio" name="growth" value=value checked={chosen == value}/>
                {words}
            </label>
        }
    };
    let choices = [
        choice("", text::growth_replace(l)),
        choice("leave_out", text::growth_leave_out(l)),
        choice("keep", text::growth_keep(l)),
    ];
    view! {
        <div class="field" role="radiogroup" aria-label=text::growth(l)>
            <span class="field-label">{text::growth(l)}</span>
            <div class="checks">{choices.collect_view()}</div>
            <p class="help">{text::growth_help(l)}</p>
        </div>
    }
}

fn shares(form: &ImportForm) -> impl IntoView + use<> {
    let l = lang();
    let default = SplitPlan::default();
    let share = |name: &'static str, label: &'static str, default: f64| {
        let value = form.given(name).map_or_else(|| format!("{:.0}", default * 100.0), str::to_owned);
        view! {
            <Field id=name label=label>
                <input id=name name=name type="number" min="0" step="any" required value=value aria-describedby="split-help"/>
            </Field>
        }
    };
    let seed = form.given("seed").map_or_else(|| default.seed.to_string(), str::to_owned);
    view! {
        <p class="field-label">{text::split(l)}</p>
        <div class="field-row">
            {share("train", text::train_share(l), default.train)}
            {share("validation", text::validation_share(l), default.validation)}
            {share("test", text::test_share(l), default.test)}
            <Field id="seed" label=text::seed(l)>
                <input id="seed" name="seed" type="number" min="0" step="1" required value=seed/>
            </Field>
        </div>
        <p class="help" id="split-help">{text::split_help(l)}</p>
    }
}
