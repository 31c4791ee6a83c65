//! The seal of the test split on the page: what it hides, how it is opened, and who opened it.

use super::{
    address::{Asked, Place},
    api::LookAtTest,
    ids, text,
};
use crate::{
    text::lang,
    ui::{
        form::PostForm,
        format::{Time, integer},
    },
};
use domain::{
    dataset::Version,
    explore::{TestLook, TestLooks},
    id::SampleId,
};
use leptos::prelude::*;

/// Says that test samples are hidden, with the button that opens them.
pub(super) fn notice(place: Place, asked: &Asked, sample: Option<SampleId>, count: u64) -> impl IntoView + use<> {
    let l = lang();
    let title = match sample {
        Some(_) => text::sealed_sample(l).to_owned(),
        None => text::sealed_title(l, integer(count)),
    };
    let query = Asked { look: None, ..asked.clone() }.query();
    view! {
        <div class="notice">
            <strong>{title}</strong>
            <p>{text::sealed_help(l)}</p>
            <PostForm action={ServerAction::<LookAtTest>::new()}>
                {ids(place)}
                {sample.map(|id| view! { <input type="hidden" name="sample" value=id.to_string()/> })}
                <input type="hidden" name="query" value=query/>
                <button class="button button-small" type="submit">{text::look(l)}</button>
            </PostForm>
        </div>
    }
}

/// How often the test split was looked at, and by whom.
pub(super) fn log(place: Place, version: &Version, looks: TestLooks) -> impl IntoView + use<> {
    let l = lang();
    let title = match looks.count {
        0 => text::looks_none(l).to_owned(),
        _ => text::looks(l, integer(looks.count), integer(looks.people)),
    };
    let download = format!("/api/v1/projects/{}/versions/{}/download?split=test", place.project, version.id);
    let rows = looks.latest.into_iter().map(|TestLook { by, how, at, .. }| {
        view! {
            <tr>
                <td><Time at/></td>
                <td dir="auto">{by.unwrap_or_else(|| text::gone(l).to_owned())}</td>
                <td>{text::looked_by(l, how)}</td>
            </tr>
        }
    });
    let table = (looks.count > 0).then(|| {
        view! {
            <div class="table-wrap">
                <table class="table">
                    <thead><tr><th scope="col">{text::when(l)}</th><th scope="col">{text::who(l)}</th><th scope="col">{text::how(l)}</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        }
    });
    view! {
        <details class="card fold" id="looks">
            <summary>{title}</summary>
            {table}
            <p><a class="button button-small" href=download download rel="nofollow">{text::download_test(l)}</a></p>
        </details>
    }
}
