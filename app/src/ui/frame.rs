//! The frame of every page: top bar, page header, and the page for wrong addresses.

use crate::{
    error::AppError,
    text::lang,
    ui::{form::Refused, load::refuse},
};
use domain::lang::Lang;
use leptos::prelude::*;
use leptos_meta::Title;

crate::texts! {
    skip = "Skip to content", "跳到正文";
    preferences = "Language and theme", "语言与主题";
    language = "Language", "语言";
    theme = "Theme", "主题";
    theme_auto = "System", "跟随系统";
    theme_light = "Light", "浅色";
    theme_dark = "Dark", "深色";
    account = "Account", "账户";
}

/// The bar on top of every page. `children` stand in its middle (breadcrumbs).
/// The preferences are plain forms, so that they work without JavaScript.
#[component]
pub fn TopBar(#[prop(optional)] person: Option<String>, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let l = lang();
    view! {
        <a class="skip" href="#content">{skip(l)}</a>
        <header class="topbar">
            <a class="brand" href="/" aria-label="Lathe">
                <img src="/favicon.svg" alt="" width="22" height="22"/>
                <span>"Lathe"</span>
            </a>
            <div class="topbar-middle">{children.map(|c| c())}</div>
            <Preferences/>
            {person.map(|name| view! { <a class="topbar-link" href=crate::routes::ACCOUNT title=account(l)><bdi>{name}</bdi></a> })}
        </header>
    }
}

#[component]
fn Preferences() -> impl IntoView {
    let l = lang();
    let choice = |name: &'static str, value: &'static str, text: &'static str, current: bool| {
        view! {
            <button type="submit" name=name value=value class="menu-item" aria-pressed=current.to_string() lang=(name == "lang").then_some(value)>
                {text}
            </button>
        }
    };
    view! {
        <details class="menu">
            <summary class="topbar-link" aria-label=preferences(l)>{l.name()}</summary>
            <form class="menu-box" method="post" action="/preferences">
                <p class="menu-title">{language(l)}</p>
                {Lang::ALL.map(|x| choice("lang", x.tag(), x.name(), x == l)).collect_view()}
                <p class="menu-title">{theme(l)}</p>
                {choice("theme", "auto", theme_auto(l), false)}
                {choice("theme", "light", theme_light(l), false)}
                {choice("theme", "dark", theme_dark(l), false)}
            </form>
        </details>
    }
}

/// Title of the page (also the document's) with a line below and actions to its right.
#[component]
pub fn PageHeader(
    #[prop(into)] title: String,
    #[prop(into, optional)] lead: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <Title text=title.clone()/>
        <div class="page-header">
            <div>
                <h1 dir="auto">{title}</h1>
                {(!lead.is_empty()).then(|| view! { <p class="lead" dir="auto">{lead}</p> })}
            </div>
            {children.map(|c| view! { <div class="actions">{c()}</div> })}
        </div>
    }
}

/// A page outside any project: top bar and a narrow column.
#[component]
pub fn PlainPage(#[prop(optional)] person: Option<String>, children: Children) -> impl IntoView {
    view! {
        {match person {
            Some(person) => view! { <TopBar person/> }.into_any(),
            None => view! { <TopBar/> }.into_any(),
        }}
        <main id="content" class="plain"><Refused/>{children()}</main>
    }
}

/// The page for an address that leads nowhere.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! { <PlainPage>{refuse(AppError::NotFound)}</PlainPage> }
}
