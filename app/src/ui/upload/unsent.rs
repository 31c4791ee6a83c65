//! Nothing is sent while a page is rendered on the server.

use super::State;
use domain::id::ProjectId;
use leptos::prelude::*;

pub(super) struct Files;
pub(super) struct Cancel;

pub(super) fn chosen(_: NodeRef<leptos::html::Input>) -> Option<Files> {
    None
}

pub(super) fn dropped(_: &leptos::ev::DragEvent) -> Option<Files> {
    None
}

pub(super) fn count(_: &Files) -> u32 {
    0
}

pub(super) fn stop(_: &[Cancel], _: usize) {}

pub(super) fn pause(_: &[Cancel], _: usize) {}

pub(super) fn resume(_: &[Cancel], _: usize) {}

pub(super) fn submit_form_of(_: NodeRef<leptos::html::Input>, _: &str) {}

pub(super) fn all(_: ProjectId, _: Files, _: RwSignal<Vec<(String, State)>>) -> Vec<Cancel> {
    Vec::new()
}
