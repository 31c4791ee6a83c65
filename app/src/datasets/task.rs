//! Samples of a task file of lm-evaluation-harness: which of the files that were sent it is, which are its data, and the work
//! on it.

use super::{api::RenderTaskFile, text};
use crate::{
    routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        format::shortened,
        job::{Head, JobProgress},
    },
};
use domain::{
    id::{JobId, ProjectId},
    import::Upload,
};
use leptos::prelude::*;

/// Whether a file is a task file, by its name.
fn is_task(upload: &Upload) -> bool {
    let name = upload.file_name.to_lowercase();
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// The form, once a task file was sent, or the progress of what it began.
pub(super) fn task_file(project: ProjectId, dataset: String, uploads: &[Upload]) -> AnyView {
    let l = lang();
    let again = format!("{}?dataset={}", routes::new_dataset(project), routes::encode(&dataset));
    if let Some(job) = routes::query::<JobId>("render") {
        let then = format!("{again}&upload={{upload_id}}");
        let head = Head { going: text::rendering(l), failed: text::render_failed(l), again };
        return view! { <JobProgress project job then head/> }.into_any();
    }
    if !uploads.iter().any(is_task) {
        return ().into_any();
    }
    let options = |of_tasks: bool| {
        let files = uploads.iter().filter(move |upload| is_task(upload) == of_tasks);
        files.map(|u| view! { <option value=u.id.to_string()>{shortened(&u.file_name)}</option> }).collect_view()
    };
    let (tasks, data) = (options(true), options(false));
    view! {
        <h2>{text::task_title(l)}</h2>
        <PostForm action={ServerAction::<RenderTaskFile>::new()} class="card stack">
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="dataset" value=dataset/>
            <p class="help">{text::task_help(l)}</p>
            <div class="field-row">
                <Field id="task" label=text::task_file(l)>
                    <select id="task" name="task" required>{tasks}</select>
                </Field>
                <Field id="data" label=text::task_data(l)>
                    <select id="data" name="data" required>{data}</select>
                </Field>
            </div>
            <button class="button" type="submit">{text::render(l)}</button>
        </PostForm>
    }
    .into_any()
}
