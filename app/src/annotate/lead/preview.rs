//! The fields of a task as an annotator sees them, for the page where it is planned.

use crate::annotate::{
    content::content,
    fields::{Filled, fields},
};
use domain::annotation::{answer::ItemContent, design::Design};
use leptos::prelude::*;

/// The item and its questions. The fields are switched off: they stand within the form of the task.
pub(super) fn html(design: &Design, item: &ItemContent) -> String {
    let (shown, asked) = (content(design, item, &[]), fields(design, item, &[], Filled::default()));
    view! { <fieldset class="annotation-off" disabled=true>{shown}{asked}</fieldset> }.to_html()
}
