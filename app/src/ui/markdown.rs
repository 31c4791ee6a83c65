//! A small part of Markdown as elements of a page: headings, paragraphs, lists, quotes, code, emphasis, links. Everything
//! else stays the text that it is, so that nothing a person writes becomes markup of its own: no HTML, no images.

pub(crate) mod parse;

use leptos::prelude::*;
use parse::{Block, Inline, blocks};

/// A text of several blocks.
pub fn markdown(text: &str) -> impl IntoView + use<> {
    let shown = blocks(text).into_iter().map(block).collect_view();
    view! { <div class="markdown" dir="auto">{shown}</div> }
}

fn block(block: Block) -> AnyView {
    match block {
        // The page has the first level, a card the second.
        Block::Heading(1, text) => view! { <h3>{inlines(text)}</h3> }.into_any(),
        Block::Heading(2, text) => view! { <h4>{inlines(text)}</h4> }.into_any(),
        Block::Heading(_, text) => view! { <h5>{inlines(text)}</h5> }.into_any(),
        Block::Paragraph(text) => view! { <p>{inlines(text)}</p> }.into_any(),
        Block::Quote(text) => view! { <blockquote><p>{inlines(text)}</p></blockquote> }.into_any(),
        Block::Code(text) => view! { <pre class="code">{text}</pre> }.into_any(),
        Block::List(false, items) => view! { <ul>{lines(items)}</ul> }.into_any(),
        Block::List(true, items) => view! { <ol>{lines(items)}</ol> }.into_any(),
        Block::Rule => view! { <hr/> }.into_any(),
    }
}

fn lines(items: Vec<Vec<Inline>>) -> impl IntoView {
    items.into_iter().map(|item| view! { <li>{inlines(item)}</li> }).collect_view()
}

fn inlines(text: Vec<Inline>) -> Vec<AnyView> {
    text.into_iter().map(inline).collect()
}

fn inline(part: Inline) -> AnyView {
    match part {
        Inline::Text(text) => text.into_any(),
        Inline::Code(text) => view! { <code>{text}</code> }.into_any(),
        Inline::Strong(text) => view! { <strong>{inlines(text)}</strong> }.into_any(),
        Inline::Emphasis(text) => view! { <em>{inlines(text)}</em> }.into_any(),
        Inline::Link(text, href) => view! { <a href=href rel="noreferrer">{inlines(text)}</a> }.into_any(),
    }
}
