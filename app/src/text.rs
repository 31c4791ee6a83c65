//! The texts of the interface, in every language at once.
//!
//! [`texts!`](crate::texts) makes one function per text. Both languages stand side by side, so a missing
//! translation does not compile, and nothing is loaded at run time.

use domain::lang::Lang;

/// Declares texts: `name = "English", "中文";`, or with values:
/// `steps(n) = "{n} steps", "{n} 步";`, which are shown with [`std::fmt::Display`].
#[macro_export]
macro_rules! texts {
    () => {};
    ($(#[$doc:meta])* $name:ident = $en:literal, $zh:literal; $($rest:tt)*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(lang: ::domain::lang::Lang) -> &'static str {
            match lang {
                ::domain::lang::Lang::En => $en,
                ::domain::lang::Lang::Zh => $zh,
            }
        }
        $crate::texts! { $($rest)* }
    };
    ($(#[$doc:meta])* $name:ident($($arg:ident),+) = $en:literal, $zh:literal; $($rest:tt)*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(lang: ::domain::lang::Lang, $($arg: impl ::std::fmt::Display),+) -> String {
            match lang {
                ::domain::lang::Lang::En => format!($en),
                ::domain::lang::Lang::Zh => format!($zh),
            }
        }
        $crate::texts! { $($rest)* }
    };
}

/// The language of this request (on the server) or of this page (in the browser).
#[must_use]
pub fn lang() -> Lang {
    #[cfg(feature = "ssr")]
    {
        leptos::prelude::use_context::<axum::http::request::Parts>().map_or(Lang::En, |p| of_headers(&p.headers))
    }
    #[cfg(not(feature = "ssr"))]
    {
        of_page()
    }
}

/// The remembered choice, or the browser's preference.
#[cfg(feature = "ssr")]
#[must_use]
pub fn of_headers(headers: &axum::http::HeaderMap) -> Lang {
    cookie(headers, "lang").and_then(Lang::from_tag).unwrap_or_else(|| {
        let accept = headers.get(axum::http::header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
        accept.and_then(Lang::from_accept).unwrap_or_default()
    })
}

/// The value of a cookie.
#[cfg(feature = "ssr")]
#[must_use]
pub fn cookie<'a>(headers: &'a axum::http::HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(axum::http::header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
fn of_page() -> Lang {
    leptos::prelude::document()
        .document_element()
        .and_then(|e| Lang::from_tag(&e.get_attribute("lang")?))
        .unwrap_or_default()
}

#[cfg(not(any(feature = "hydrate", feature = "ssr")))]
fn of_page() -> Lang {
    Lang::default()
}
