//! Taking the labels of a task out: one answer for each item, the next version of the dataset, files. And judgements of other
//! tools in.

use super::{
    api::results::{ComputeConsensus, LabelsView, PublishLabels, TakeJudgements, get_labels},
    asked, ids,
    list::day,
    text,
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{field::Field, form::PostForm, format::integer, frame::PageHeader, job::JobProgress, load::load},
};
use domain::{
    annotation::{
        design::Question,
        exchange::ImportKind,
        publish::Becomes,
        view::{ConsensusMethod, Task},
    },
    id::{JobId, ProjectId, TaskId},
    import::Upload,
    lang::Lang,
};
use leptos::prelude::*;

/// `/p/:project/annotation/:task/labels?job=&import=`.
#[component]
pub fn LabelsPage() -> impl IntoView {
    let asked = asked();
    let data = async move {
        let (project, task) = asked?;
        Ok::<_, AppError>((project, task, get_labels(project, task).await?))
    };
    load(data, |(project, task, view)| page(project, task, view))
}

fn page(project: ProjectId, task: TaskId, view: LabelsView) -> impl IntoView {
    let l = lang();
    let then = format!("/p/{project}/datasets/{{dataset_id}}/v/{{number}}");
    let job = routes::query::<JobId>("job").map(|job| view! { <JobProgress project job then/> });
    let made = view.versions.into_iter().map(|(dataset, name, number)| {
        let href = routes::version(project, dataset, number.cast_signed());
        view! { <li><a href=href dir="auto">{text::version_name(l, name, number)}</a></li> }
    });
    let made: Vec<_> = made.collect();
    let made = (!made.is_empty())
        .then(|| view! { <section class="card"><h2>{text::versions_made(l)}</h2><ul>{made}</ul></section> });
    view! {
        <PageHeader title=format!("{}: {}", text::labels_title(l), view.task.summary.name) lead=text::labels_lead(l)>
            <a class="button" href=routes::annotation_task(project, task)>{text::back(l)}</a>
        </PageHeader>
        {job}
        {imported(project, task, l)}
        {compute(project, task, l)}
        {publish(project, &view.task, l)}
        {made}
        {import(project, task, &view.uploads, l)}
        {export(project, task, l)}
    }
}

/// The job that reads judgements, and what it came to once it is over.
fn imported(project: ProjectId, task: TaskId, l: Lang) -> impl IntoView {
    let here = routes::annotation_labels(project, task);
    let then = format!("{here}?taken={{taken}}&again={{again}}&unknown={{unknown}}&refused={{refused}}");
    let job = routes::query::<JobId>("import").map(|job| view! { <JobProgress project job then/> });
    let number = |name: &str| integer(routes::query::<u64>(name).unwrap_or_default());
    let done = routes::query::<u64>("taken").map(|taken| {
        let words = text::import_done(l, integer(taken), number("again"), number("unknown"), number("refused"));
        view! { <p class="notice notice-good" role="status">{words}</p> }
    });
    view! { {job} {done} }
}

fn import(project: ProjectId, task: TaskId, uploads: &[Upload], l: Lang) -> impl IntoView + use<> {
    let files = uploads.iter().map(|u| {
        let words = format!("{} · {}", u.file_name, day(&u.created_at));
        view! { <option value=u.id.to_string()>{words}</option> }
    });
    let files = files.collect_view();
    let kinds = ImportKind::ALL.iter().map(|kind| {
        view! { <option value=kind.as_str()>{text::import_kind(l, *kind)}</option> }
    });
    let kinds = kinds.collect_view();
    let form = (!files.is_empty()).then(|| {
        view! {
            <PostForm action={ServerAction::<TakeJudgements>::new()} class="stack">
                {ids(project, task)}
                <Field id="upload" label=text::import_file(l) help=text::import_file_help(l)>
                    <select id="upload" name="upload" aria-describedby="upload-help">{files}</select>
                </Field>
                <Field id="kind" label=text::import_format(l) help=text::import_format_help(l)>
                    <select id="kind" name="kind" aria-describedby="kind-help">{kinds}</select>
                </Field>
                <div class="actions"><button class="button" type="submit">{text::import(l)}</button></div>
            </PostForm>
        }
    });
    view! {
        <section class="card stack">
            <h2>{text::import_title(l)}</h2>
            <p class="help">{text::import_help(l)}</p>
            {form}
            <p class="help">
                {text::import_upload(l)}" "<a href=routes::new_dataset(project)>{text::import_to_upload(l)}</a>
            </p>
        </section>
    }
}

fn compute(project: ProjectId, task: TaskId, l: Lang) -> impl IntoView {
    let methods = [(ConsensusMethod::Majority, text::majority(l)), (ConsensusMethod::DawidSkene, text::dawid_skene(l))];
    let options = methods.map(|(method, words)| view! { <option value=method.as_str()>{words}</option> });
    view! {
        <section class="card stack">
            <h2>{text::compute_title(l)}</h2>
            <p class="help">{text::compute_help(l)}</p>
            <PostForm action={ServerAction::<ComputeConsensus>::new()} class="filters">
                {ids(project, task)}
                <Field id="method" label=text::method(l)>
                    <select id="method" name="method">{options}</select>
                </Field>
                <button class="button" type="submit">{text::compute(l)}</button>
            </PostForm>
            <p class="help">{text::computed_here(l)}</p>
        </section>
    }
}

fn publish(project: ProjectId, task: &Task, l: Lang) -> impl IntoView + use<> {
    let fields = task.design.questions.iter().enumerate().map(|(i, q)| use_of(l, q, i == 0)).collect_view();
    let id = task.summary.id;
    view! {
        <section class="card stack">
            <h2>{text::publish_title(l)}</h2>
            <p class="help">{text::publish_help(l)}</p>
            <PostForm action={ServerAction::<PublishLabels>::new()} class="stack">
                {ids(project, id)}
                <div class="field-row">{fields}</div>
                <div class="field-row">
                    <Field id="min_confidence" label=text::min_confidence(l) help=text::min_confidence_help(l)>
                        <input id="min_confidence" name="min_confidence" inputmode="decimal" value="0" aria-describedby="min_confidence-help"/>
                    </Field>
                </div>
                <label class="check"><input type="checkbox" name="only_judged" value="on"/>{text::only_judged(l)}</label>
                <div class="actions"><button class="button button-primary" type="submit">{text::publish(l)}</button></div>
            </PostForm>
        </section>
    }
}

/// What the answers to a question become. The first question offers what suits it best.
fn use_of(l: Lang, question: &Question, is_first: bool) -> impl IntoView + use<> {
    let name = format!("use.{}", question.name);
    let suited: Vec<Becomes> = Becomes::ALL.iter().copied().filter(|b| b.suits(&question.kind)).collect();
    let usual = if is_first { suited.first().copied() } else { Some(Becomes::Slice) };
    let options = suited.into_iter().map(|b| {
        view! { <option value=b.as_str() selected=usual == Some(b)>{text::becomes(l, b)}</option> }
    });
    let options = options.collect_view();
    view! {
        <Field id=name.clone() label=question.title.clone()>
            <select id=name.clone() name=name>
                <option value="">{text::nowhere(l)}</option>
                {options}
            </select>
        </Field>
    }
}

fn export(project: ProjectId, task: TaskId, l: Lang) -> impl IntoView {
    let files = [
        ("judgements", text::export_judgements(l)),
        ("consensus", text::export_consensus(l)),
        ("csv", text::export_csv(l)),
        ("label_studio", text::export_label_studio(l)),
        ("conll", text::export_conll(l)),
    ];
    let links = files.map(|(kind, words)| {
        let href = format!("/api/v1/projects/{project}/annotation-tasks/{task}/export?kind={kind}");
        view! { <a class="button" href=href>{words}</a> }
    });
    view! {
        <section class="card stack">
            <h2>{text::export_title(l)}</h2>
            <p class="help">{text::export_help(l)}</p>
            <div class="actions">{links}</div>
        </section>
    }
}
