//! Language and theme: a form on every page posts here; the choice is remembered in cookies.

use axum::{
    Form,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::lang::Lang;

#[derive(serde::Deserialize)]
pub struct Preferences {
    lang: Option<String>,
    theme: Option<String>,
}

/// Sets the cookies and goes back to the page the form was on.
pub async fn set(headers: HeaderMap, Form(form): Form<Preferences>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let lang = form.lang.as_deref().and_then(Lang::from_tag).map(|l| ("lang", l.tag()));
    let theme = form.theme.as_deref().filter(|t| ["auto", "light", "dark"].contains(t)).map(|t| ("theme", t));
    for (name, value) in [lang, theme].into_iter().flatten() {
        let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    let back = headers.get(header::REFERER).and_then(|v| v.to_str().ok()).map_or("/", app::routes::path_of);
    if let Ok(back) = HeaderValue::from_str(app::routes::safe_next(back)) {
        response.headers_mut().insert(header::LOCATION, back);
    }
    response
}
