//! The page that shows the OpenAPI document: rendered here, without scripts or foreign files.

mod schema;

use crate::state::AppState;
use app::ui::frame::TopBar;
use axum::{
    Extension,
    extract::State,
    http::{HeaderValue, header, request::Parts},
    response::{Html, IntoResponse, Response},
};
use leptos::{prelude::*, reactive::owner::Owner};
use schema::{Types, type_name};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

app::texts! {
    title = "REST API", "REST API";
    lead = "Everything the pages can do, by script. The reference itself is in English.", "页面上的一切操作均可通过脚本完成。接口说明为英文。";
    download = "OpenAPI document", "OpenAPI 文档";
    parameters = "Parameters", "参数";
    name = "Name", "名称";
    place = "In", "位置";
    kind = "Type", "类型";
    meaning = "Meaning", "含义";
    body = "Request body", "请求体";
    answers = "Answers", "响应";
    types = "Types", "数据类型";
    example = "Try it", "试一试";
}

/// Styles and the icon are ours, forms go to the preferences; nothing else loads or runs.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page.
pub async fn page(State(state): State<AppState>, Extension(doc): Extension<Arc<Value>>, parts: Parts) -> Response {
    let address = state.config.public_address().to_owned();
    let html = Owner::new().with(|| {
        provide_context(parts);
        render(&doc, &state.site.files.stylesheet, &address)
    });
    let mut response = Html(format!("<!DOCTYPE html>{html}")).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn render(doc: &Value, stylesheet: &str, address: &str) -> String {
    let l = app::text::lang();
    let theme = use_context::<Parts>().and_then(|p| app::text::cookie(&p.headers, "theme").map(str::to_owned));
    let theme = theme.filter(|t| t == "light" || t == "dark");
    let example = format!("curl -H 'Authorization: Bearer lathe_…' {address}/api/v1/me");
    view! {
        <html lang=l.tag() data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <title>{format!("{} · Lathe", title(l))}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=stylesheet.to_owned()/>
            </head>
            <body>
                <TopBar/>
                <main id="content" class="plain plain-wide">
                    <div class="page-header">
                        <div><h1>{title(l)}</h1><p class="lead">{lead(l)}</p></div>
                        <div class="actions"><a class="button" href="/api/v1/openapi.json">{download(l)}</a></div>
                    </div>
                    <p>{prose(&text(&doc["info"]["description"]))}</p>
                    <h2>{example_title()}</h2>
                    <pre class="code">{example}</pre>
                    {by_tag(doc).into_iter().map(|(tag, operations)| view! {
                        <section class="stack"><h2>{tag}</h2>{operations}</section>
                    }).collect_view()}
                    <section class="stack"><h2>{types(l)}</h2><Types doc=doc["components"]["schemas"].clone()/></section>
                </main>
            </body>
        </html>
    }
    .to_html()
}

fn example_title() -> &'static str {
    example(app::text::lang())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A description, with what stands between backticks as code.
fn prose(text: &str) -> Vec<AnyView> {
    let pieces = text.split('`').map(str::to_owned).enumerate();
    pieces
        .map(|(i, piece)| if i % 2 == 1 { view! { <code>{piece}</code> }.into_any() } else { piece.into_any() })
        .collect()
}

/// Operations by tag, in the document's order.
fn by_tag(doc: &Value) -> Vec<(String, Vec<AnyView>)> {
    let mut tags: Vec<String> = Vec::new();
    let mut groups: BTreeMap<String, Vec<AnyView>> = BTreeMap::new();
    for (path, item) in doc["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten().filter(|(_, o)| o.get("responses").is_some())
        {
            let tag = text(&operation["tags"][0]);
            if !tags.contains(&tag) {
                tags.push(tag.clone());
            }
            let (method, path, operation) = (method.to_uppercase(), path.clone(), operation.clone());
            groups.entry(tag).or_default().push(view! { <Operation method path operation/> }.into_any());
        }
    }
    tags.into_iter().map(|tag| (tag.clone(), groups.remove(&tag).unwrap_or_default())).collect()
}

#[component]
fn Operation(method: String, path: String, operation: Value) -> impl IntoView {
    let l = app::text::lang();
    let rows = operation["parameters"].as_array().cloned().unwrap_or_default();
    let request = operation["requestBody"]["content"].as_object().cloned().unwrap_or_default();
    let badge = if method == "GET" { "badge badge-quiet" } else { "badge badge-busy" };
    view! {
        <details class="card operation" id=text(&operation["operationId"])>
            <summary><span class=badge>{method}</span> <code>{path}</code> " " <span class="muted">{text(&operation["summary"])}</span></summary>
            {operation["description"].as_str().map(|d| view! { <p>{prose(d)}</p> })}
            {(!rows.is_empty()).then(|| view! { <h3>{parameters(l)}</h3> <Parameters rows/> })}
            {(!request.is_empty()).then(|| view! { <h3>{body(l)}</h3> <ul><Contents content=request/></ul> })}
            <h3>{answers(l)}</h3>
            <ul>
                {operation["responses"].as_object().into_iter().flatten().map(|(status, response)| view! {
                    <li>
                        <code>{status.clone()}</code> " " {text(&response["description"])}
                        {response["content"].as_object().map(|content| view! { <ul><Contents content=content.clone()/></ul> })}
                    </li>
                }).collect_view()}
            </ul>
        </details>
    }
}

#[component]
fn Parameters(rows: Vec<Value>) -> impl IntoView {
    let l = app::text::lang();
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead><tr><th scope="col">{name(l)}</th><th scope="col">{place(l)}</th><th scope="col">{kind(l)}</th><th scope="col">{meaning(l)}</th></tr></thead>
                <tbody>
                    {rows.into_iter().map(|p| view! {
                        <tr>
                            <th scope="row"><code>{text(&p["name"])}</code></th>
                            <td>{text(&p["in"])}</td>
                            <td>{type_name(&p["schema"])}</td>
                            <td>{text(&p["description"])}</td>
                        </tr>
                    }).collect_view()}
                </tbody>
            </table>
        </div>
    }
}

/// Media types with the type of what they carry.
#[component]
fn Contents(content: serde_json::Map<String, Value>) -> impl IntoView {
    content
        .into_iter()
        .map(|(media, body)| view! { <li><code>{media}</code> " " {type_name(&body["schema"])}</li> })
        .collect_view()
}
