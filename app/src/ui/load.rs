//! Showing what a future yields, or why it did not.

use crate::{
    error::AppError,
    text::lang,
    ui::{
        frame::{PageHeader, PlainPage},
        notice::Problem,
    },
};
use leptos::{either::Either, prelude::*};
use std::future::Future;

crate::texts! {
    not_found_title = "Page not found", "页面不存在";
    forbidden_title = "Not allowed", "无权访问";
}

/// Waits for `data` while the page is rendered and shows `view` of it, or the problem.
/// Whoever is not signed in is sent to the sign-in page and comes back here afterwards.
pub fn load<T, V>(
    data: impl Future<Output = Result<T, AppError>> + Send + 'static,
    view: impl FnOnce(T) -> V + Send + 'static,
) -> impl IntoView
where
    T: 'static,
    V: IntoView + 'static,
{
    load_or(data, view, refuse)
}

/// [`load`] for a part of a page that stands without it.
pub fn load_part<T, V>(
    data: impl Future<Output = Result<T, AppError>> + Send + 'static,
    view: impl FnOnce(T) -> V + Send + 'static,
) -> impl IntoView
where
    T: 'static,
    V: IntoView + 'static,
{
    load_or(data, view, |error| view! { <Problem error/> })
}

/// [`load`] for what brings the frame of the page: the problem needs a frame of its own.
pub fn load_page<T, V>(
    data: impl Future<Output = Result<T, AppError>> + Send + 'static,
    view: impl FnOnce(T) -> V + Send + 'static,
) -> impl IntoView
where
    T: 'static,
    V: IntoView + 'static,
{
    load_or(data, view, |error| view! { <PlainPage>{refuse(error)}</PlainPage> })
}

fn load_or<T, V, P>(
    data: impl Future<Output = Result<T, AppError>> + Send + 'static,
    view: impl FnOnce(T) -> V + Send + 'static,
    problem: impl FnOnce(AppError) -> P + Send + 'static,
) -> impl IntoView
where
    T: 'static,
    V: IntoView + 'static,
    P: IntoView + 'static,
{
    let suspended = Suspend::new(async move {
        match data.await {
            Ok(value) => Either::Left(view(value)),
            Err(error) => Either::Right(problem(error)),
        }
    });
    view! { <Suspense>{suspended}</Suspense> }
}

/// A page, or a part of one, that is not there for this person: the response gets the error's status,
/// and a page that leads nowhere says so in its title.
pub fn refuse(error: AppError) -> impl IntoView {
    answer(&error);
    let title = match error {
        AppError::NotFound => Some(not_found_title(lang())),
        AppError::Forbidden => Some(forbidden_title(lang())),
        _ => None,
    };
    view! {
        {title.map(|title| view! { <PageHeader title/> })}
        <Problem error/>
    }
}

/// Gives the response the status of the error.
#[cfg(feature = "ssr")]
fn answer(error: &AppError) {
    use axum::http::StatusCode;
    if *error == AppError::SignIn {
        let here = use_context::<axum::http::request::Parts>()
            .and_then(|p| p.uri.path_and_query().map(ToString::to_string))
            .unwrap_or_default();
        leptos_axum::redirect(&crate::routes::sign_in_then(&here));
    } else if let (Some(response), Ok(status)) =
        (use_context::<leptos_axum::ResponseOptions>(), StatusCode::from_u16(error.status()))
    {
        response.set_status(status);
    }
}

#[cfg(not(feature = "ssr"))]
fn answer(_: &AppError) {}
