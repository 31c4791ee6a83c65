//! Editing many samples at once: those that a search and filters find on the page for exploring are deleted, labelled anew,
//! moved or rewritten, which makes the dataset's next version. A preview shows the first of them before and after; all
//! state is in the address.

pub mod api;
pub mod form;
pub mod text;

use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        conversation::Compared,
        field::Field,
        form::PostForm,
        format::integer,
        frame::PageHeader,
        job::JobProgress,
        load::{load, refuse},
        notice::Problem,
    },
    words,
};
use api::{EditSamples, EditView, TagSamples, get_edit};
use domain::{
    access::Action,
    edit::{EditExample, EditPreview},
    id::{DatasetId, JobId, ProjectId},
    sample::Split,
};
use form::{ACTIONS, EditForm, WITHIN};
use leptos::prelude::*;

/// `/p/:project/datasets/:dataset/v/:number/edit`, with the search and the filters of the page for exploring.
#[component]
pub fn EditPage() -> impl IntoView {
    if !role::may(Action::EditDatasets) {
        return refuse(AppError::Forbidden).into_any();
    }
    let asked = || -> Result<(ProjectId, DatasetId, u32), AppError> {
        Ok((routes::param("project")?, routes::param("dataset")?, routes::param("number")?))
    };
    let (asked, form) = (asked(), EditForm::of_address());
    let wanted = form.clone();
    let data = async move {
        let (project, dataset, number) = asked?;
        Ok::<_, AppError>((project, get_edit(project, dataset, number, wanted).await?))
    };
    load(data, move |(project, view)| page(project, &form, view)).into_any()
}

fn page(project: ProjectId, form: &EditForm, view: EditView) -> impl IntoView + use<> {
    let l = lang();
    let version = view.version;
    let explore =
        format!("{}?{}", routes::explore(project, version.dataset_id, version.number), form.selection_query());
    let progress = routes::query::<JobId>("job").map(|job| {
        let then = format!("/p/{project}/datasets/{{dataset_id}}/v/{{number}}");
        view! { <JobProgress project job then/> }
    });
    let ids = [
        ("project", project.to_string()),
        ("dataset", version.dataset_id.to_string()),
        ("number", version.number.to_string()),
    ];
    let selected = match view.selected {
        Some(n) => text::selected(l, integer(n)),
        None => text::not_indexed(l).to_owned(),
    };
    let here = routes::bulk_edit(project, version.dataset_id, version.number);
    let preview = match view.preview {
        None => ().into_any(),
        Some(Err(problem)) => view! { <Problem error=AppError::Conflict(problem)/> }.into_any(),
        Some(Ok(preview)) => previewed(form, ids.clone().to_vec(), &preview).into_any(),
    };
    view! {
        <PageHeader title=text::title(l, &version.dataset_name, version.number) lead=text::lead(l)>
            <a class="button" href=explore>{text::to_list(l)}</a>
        </PageHeader>
        {progress}
        <p role="status"><strong>{selected}</strong> " " {form.in_words(l)}</p>
        {choice(form, here)}
        {preview}
        {tags(form, ids.to_vec())}
    }
}

fn hidden(values: Vec<(&'static str, String)>) -> impl IntoView {
    values.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()
}

/// What is to be done, with everything that each choice needs; leads to the preview.
fn choice(form: &EditForm, here: String) -> impl IntoView + use<> {
    let l = lang();
    let option = |value: &'static str, name: &'static str, chosen: &str| {
        view! { <option value=value selected={value == chosen}>{name}</option> }
    };
    let actions = ACTIONS.map(|action| option(action, text::action(l, action), &form.action));
    let (find, with, label) = (form.find.clone(), form.with.clone(), form.label.clone());
    let splits =
        [Split::Train, Split::Validation].map(|split| option(split.as_str(), words::split(l, split), &form.split));
    let within = WITHIN.map(|word| option(word, text::within_word(l, word), &form.within));
    view! {
        <form class="card stack" method="get" action=here>
            {hidden(form.selection_fields())}
            <Field id="action" label=text::what(l) help=text::what_help(l)>
                <select id="action" name="action" aria-describedby="action-help">{actions.collect_view()}</select>
            </Field>
            <div class="field-row">
                <Field id="find" label=text::find(l) help=text::find_help(l)>
                    <input id="find" name="find" dir="auto" maxlength="1000" aria-describedby="find-help" value=find/>
                </Field>
                <Field id="with" label=text::with(l) help=text::with_help(l)>
                    <input id="with" name="with" dir="auto" maxlength="1000" aria-describedby="with-help" value=with/>
                </Field>
                <Field id="within" label=text::within(l) help=text::within_help(l)>
                    <select id="within" name="within" aria-describedby="within-help">{within.collect_view()}</select>
                </Field>
            </div>
            <div class="actions">
            <label class="check"><input type="checkbox" name="regex" value="1" checked={!form.regex.is_empty()}/>{text::regex(l)}</label>
            <label class="check"><input type="checkbox" name="ignore_case" value="1" checked={!form.ignore_case.is_empty()}/>{text::ignore_case(l)}</label>
            </div>
            <div class="field-row">
                <Field id="label" label=text::label(l) help=text::label_help(l)>
                    <input id="label" name="label" dir="auto" maxlength="1000" aria-describedby="label-help" value=label/>
                </Field>
                <Field id="split" label=text::split(l) help=text::split_help(l)>
                    <select id="split" name="split" aria-describedby="split-help">{splits.collect_view()}</select>
                </Field>
            </div>
            <button class="button button-primary" type="submit" name="preview" value="1">{text::preview(l)}</button>
        </form>
    }
}

/// What the edit would do, and the button that does it.
fn previewed(form: &EditForm, ids: Vec<(&'static str, String)>, preview: &EditPreview) -> impl IntoView + use<> {
    let l = lang();
    let changed = if preview.looked_at < preview.selected {
        text::changed_of_first(l, integer(preview.changed), integer(preview.looked_at), integer(preview.selected))
    } else {
        text::changed(l, integer(preview.changed), integer(preview.selected))
    };
    let examples = preview.examples.iter().map(example).collect_view();
    let fields: Vec<_> = ids.into_iter().chain(form.selection_fields()).chain(form.action_fields()).collect();
    let apply = (preview.changed > 0 || preview.looked_at < preview.selected).then(|| {
        view! {
            <PostForm action={ServerAction::<EditSamples>::new()}>
                {hidden(fields)}
                <button class="button button-primary" type="submit">{text::apply(l)}</button>
                <p class="help">{text::apply_help(l)}</p>
            </PostForm>
        }
    });
    view! {
        <section class="card stack" id="preview">
            <h2>{text::preview(l)}</h2>
            <p>{changed}</p>
            <ol class="diff-list">{examples}</ol>
            {apply}
        </section>
    }
}

fn example(example: &EditExample) -> impl IntoView + use<> {
    let l = lang();
    let number = integer(u64::from(example.position) + 1);
    let fate = match &example.after {
        None => text::will_go(l).to_owned(),
        Some(_) => words::split(l, example.split).to_owned(),
    };
    view! {
        <li>
            <p class="diff-places">{text::position(l, number)} " " <span class="badge">{fate}</span></p>
            <Compared texts=example.texts.clone()/>
        </li>
    }
}

/// Tags are put on samples as they are: no version is made of them.
fn tags(form: &EditForm, ids: Vec<(&'static str, String)>) -> impl IntoView + use<> {
    let l = lang();
    let fields: Vec<_> = ids.into_iter().chain(form.selection_fields()).collect();
    view! {
        <section class="card">
            <h2>{text::tags(l)}</h2>
            <PostForm action={ServerAction::<TagSamples>::new()} class="filters">
                {hidden(fields)}
                <Field id="tag" label=text::tag(l) help=text::tag_help(l)>
                    <input id="tag" name="tag" required maxlength="60" dir="auto" aria-describedby="tag-help"/>
                </Field>
                <button class="button" type="submit" name="op" value="add">{text::add_tag(l)}</button>
                <button class="button" type="submit" name="op" value="remove">{text::remove_tag(l)}</button>
            </PostForm>
        </section>
    }
}
