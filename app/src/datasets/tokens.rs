//! Token statistics of a version: what is known, and counting with another model.

use super::{
    api::{StartTokenCount, VersionView},
    stats::Lengths,
    text,
};
use crate::{
    role, routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        format::{integer, shortened},
        job::JobProgress,
    },
};
use domain::{
    access::Action,
    dataset::TokenStats,
    id::{JobId, ProjectId},
};
use leptos::prelude::*;

/// Statistics by model, and the form that counts with one more.
#[component]
pub fn Tokens(project: ProjectId, view: VersionView) -> impl IntoView {
    let l = lang();
    let version = &view.version;
    let url = routes::version(project, version.dataset_id, version.number.cast_signed());
    let known = view.models.iter().filter_map(|(id, name)| {
        let stats = version.stats.tokens.get(&id.to_string())?.clone();
        Some(counted(name, stats))
    });
    let known = known.collect_view();
    let none = version.stats.tokens.is_empty().then(|| view! { <p class="muted">{text::tokens_none(l)}</p> });
    let job = routes::query::<JobId>("job").map(|job| view! { <JobProgress project job then=url/> });
    let form = if !role::may(Action::EditDatasets) {
        ().into_any()
    } else if view.models.is_empty() {
        view! { <p><a href=routes::new_model(project)>{text::tokens_no_model(l)}</a></p> }.into_any()
    } else {
        count_form(project, view).into_any()
    };
    view! {
        <section class="card">
            <h2>{text::tokens_title(l)}</h2>
            {none}
            {job}
            {known}
            {form}
        </section>
    }
}

fn counted(model: &str, stats: TokenStats) -> impl IntoView + use<> {
    let l = lang();
    let fact = |label: &'static str, value: String| view! { <div><dt>{label}</dt><dd>{value}</dd></div> };
    view! {
        <dl class="meta">
            {fact(text::model(l), model.to_owned())}
            {fact(text::tokens_total(l), integer(stats.total))}
            {fact(text::tokens_mean(l), format!("{:.1}", stats.mean))}
            {fact(text::tokens_p50(l), integer(stats.p50.into()))}
            {fact(text::tokens_p95(l), integer(stats.p95.into()))}
            {fact(text::tokens_max(l), integer(stats.max.into()))}
        </dl>
        <Lengths title=text::token_lengths(l, model) histogram=stats.histogram/>
    }
}

fn count_form(project: ProjectId, view: VersionView) -> impl IntoView {
    let l = lang();
    let version = view.version;
    let options =
        view.models.into_iter().map(|(id, name)| view! { <option value=id.to_string()>{shortened(&name)}</option> });
    view! {
        <PostForm action={ServerAction::<StartTokenCount>::new()} class="filters">
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="dataset" value=version.dataset_id.to_string()/>
            <input type="hidden" name="version" value=version.id.to_string()/>
            <input type="hidden" name="number" value=version.number.to_string()/>
            <Field id="model" label=text::model(l)>
                <select id="model" name="model" required>{options.collect_view()}</select>
            </Field>
            <button class="button" type="submit">{text::count(l)}</button>
        </PostForm>
    }
}
