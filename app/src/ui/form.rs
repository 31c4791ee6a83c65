//! Forms that post to server functions, and what they say when the server function refuses.
//!
//! Every form is a plain post, with JavaScript and without. A refused one leads back to its page,
//! which then knows why, and what had been typed: the server's `refusals` keeps both in the session
//! for that one page. [`PostForm`] is for forms with fields: it says the reason beside them and
//! fills them again, whatever they are. What is but a button needs nothing: the frame of the page
//! shows its refusal ([`Refused`]), as it does where no form of the page takes a refusal for its own.

#[cfg(feature = "ssr")]
mod refill;
mod values;

pub use values::Values;

use crate::{error::AppError, ui::notice::Problem};
use domain::{dataset::Version, id::ProjectId};
use leptos::{prelude::*, server_fn::ServerFn};
use serde::{Deserialize, Serialize};

/// Added to the address of a server function by forms that show their refusals themselves.
const SHOWN_BY_FORM: &str = "?form";

/// What was refused, why, and what had been typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Path and query that the form posted to.
    pub address: String,
    pub error: AppError,
    /// Names and values as they were posted, without secrets.
    pub typed: Vec<(String, String)>,
}

impl Refusal {
    /// The same, for the frame of whatever page comes next to show, where its form may not be.
    #[must_use]
    pub fn for_frame(mut self) -> Self {
        self.address.truncate(self.address.trim_end_matches(SHOWN_BY_FORM).len());
        self
    }
}

/// Whether a field of this name holds a secret, which is never kept.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    name.contains("password") || name.contains("secret")
}

/// Where a form posts that shows the refusals of its server function itself.
#[must_use]
pub fn address<S: ServerFn>() -> String {
    format!("{}{SHOWN_BY_FORM}", S::url())
}

/// The refusal that led to this page, if it is one of this server function's.
#[must_use]
pub fn refusal_of<S: ServerFn>() -> Option<Refusal> {
    refusal().filter(|r| r.address == address::<S>())
}

/// Whether a refusal led to this page.
#[must_use]
pub fn is_refused() -> bool {
    refusal().is_some()
}

#[cfg(feature = "ssr")]
fn refusal() -> Option<Refusal> {
    use_context::<axum::http::request::Parts>()?.extensions.get().cloned()
}

#[cfg(not(feature = "ssr"))]
fn refusal() -> Option<Refusal> {
    None
}

/// A form with fields. For pages; an island's form posts to [`address`] and is given its
/// [`Refusal`] by the page.
#[component]
pub fn PostForm<S>(
    action: ServerAction<S>,
    #[prop(optional)] class: Option<&'static str>,
    #[prop(optional)] id: Option<&'static str>,
    children: Children,
) -> impl IntoView
where
    S: ServerFn + Clone + Send + Sync + 'static,
    S::Error: Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    // Names the server function, and nothing more: the post is the browser's own.
    let _ = action;
    let to = address::<S>();
    match refusal_of::<S>() {
        None => view! { <form method="post" action=to class=class id=id>{children()}</form> }.into_any(),
        Some(refusal) => {
            let (html, is_ours) = refilled(children(), &refusal);
            let ours = is_ours.then_some("");
            view! { <form method="post" action=to class=class id=id data-refusal=ours inner_html=html></form> }
                .into_any()
        }
    }
}

/// The fields as they had been filled, with the reason of the refusal beside the field it is
/// about, or above all; and whether it was this form that was refused.
#[cfg(feature = "ssr")]
fn refilled(fields: AnyView, refusal: &Refusal) -> (String, bool) {
    let html = fields.to_html();
    let reason = refusal.error.text(crate::text::lang());
    match refill::refill(&html, refusal, &reason) {
        // Another form of this kind was posted: one of another row.
        None => (html, false),
        Some((html, true)) => (html, true),
        Some((html, false)) => (view! { <Problem error=refusal.error.clone()/> }.to_html() + &html, true),
    }
}

#[cfg(not(feature = "ssr"))]
fn refilled(_: AnyView, _: &Refusal) -> (String, bool) {
    (String::new(), false)
}

/// The hidden fields that say which version a form is about.
pub fn version_fields(project: ProjectId, version: &Version) -> impl IntoView + use<> {
    view! {
        <input type="hidden" name="project" value=project.to_string()/>
        <input type="hidden" name="dataset" value=version.dataset_id.to_string()/>
        <input type="hidden" name="number" value=version.number.to_string()/>
    }
}

/// Why the button before this page did not work. The refusal of a form is said here as well, since
/// the frame is written before the form: the style sheet hides it where a form of the page, marked
/// with `data-refusal`, says it.
#[component]
pub fn Refused() -> impl IntoView {
    refusal().map(|r| {
        let class = r.address.ends_with(SHOWN_BY_FORM).then_some("refused-form");
        view! { <div class=class><Problem error=r.error/></div> }
    })
}
