//! A composed report as elements of a page. Nothing in it moves: pages show it, and files keep it.

use super::document::{Cell, Chart, Part, Section, Span, Table, Tone};
use crate::ui::chart;
use leptos::prelude::*;

/// Size of a chart in CSS pixels; it shrinks with the page.
const CHART: (u32, u32) = (720, 240);

/// A section with its heading.
pub(super) fn section(section: Section) -> AnyView {
    let heading = (!section.heading.is_empty()).then(|| view! { <h2>{section.heading}</h2> });
    view! {
        <section class="report-section" id=format!("block-{}", section.key)>
            {heading}
            {parts(section.parts)}
        </section>
    }
    .into_any()
}

pub(super) fn parts(parts: Vec<Part>) -> Vec<AnyView> {
    parts.into_iter().map(part).collect()
}

fn part(part: Part) -> AnyView {
    match part {
        Part::Heading(1, text) => view! { <h3 dir="auto">{text}</h3> }.into_any(),
        Part::Heading(2, text) => view! { <h4 dir="auto">{text}</h4> }.into_any(),
        Part::Heading(_, text) => view! { <h5 dir="auto">{text}</h5> }.into_any(),
        Part::Paragraph(text) => view! { <p dir="auto">{spans(text)}</p> }.into_any(),
        Part::List { numbered: false, items } => view! { <ul dir="auto">{lines(items)}</ul> }.into_any(),
        Part::List { numbered: true, items } => view! { <ol dir="auto">{lines(items)}</ol> }.into_any(),
        Part::Quote(text) => view! { <blockquote dir="auto"><p>{spans(text)}</p></blockquote> }.into_any(),
        Part::Code(text) => view! { <pre class="code" dir="auto">{text}</pre> }.into_any(),
        Part::Table(shown) => table(shown),
        Part::Chart(shown) => drawing(shown),
        Part::Note(tone, text) => {
            let class = match tone {
                Tone::Good => "notice notice-good",
                Tone::Bad => "notice notice-bad",
                Tone::Warn => "notice notice-warn",
                Tone::Plain | Tone::Quiet => "notice",
            };
            view! { <p class=class dir="auto">{spans(text)}</p> }.into_any()
        }
        Part::Rule => view! { <hr/> }.into_any(),
    }
}

fn lines(items: Vec<Vec<Span>>) -> impl IntoView {
    items.into_iter().map(|item| view! { <li>{spans(item)}</li> }).collect_view()
}

fn spans(text: Vec<Span>) -> Vec<AnyView> {
    text.into_iter().map(span).collect()
}

fn span(span: Span) -> AnyView {
    let Span { text, href, is_strong, is_emphasis, is_code } = span;
    let mut shown = if is_code { view! { <code>{text}</code> }.into_any() } else { text.into_any() };
    if is_emphasis {
        shown = view! { <em>{shown}</em> }.into_any();
    }
    if is_strong {
        shown = view! { <strong>{shown}</strong> }.into_any();
    }
    match href {
        Some(href) => view! { <a href=href rel="noreferrer">{shown}</a> }.into_any(),
        None => shown,
    }
}

fn table(table: Table) -> AnyView {
    let heads = table.head.clone().into_iter().map(|column| {
        let class = column.is_number.then_some("num");
        view! { <th scope="col" class=class dir="auto">{column.name}</th> }
    });
    let heads = heads.collect_view();
    let rows = table.rows.into_iter().map(|row| {
        let cells = row.into_iter().zip(table.head.clone()).enumerate().map(|(i, (shown, column))| {
            let class = format!("{}{}", if column.is_number { "num" } else { "prose" }, tone(&shown));
            let content = cell(shown);
            match i {
                0 => view! { <th scope="row" class=class dir="auto">{content}</th> }.into_any(),
                _ => view! { <td class=class data-label=column.name dir="auto">{content}</td> }.into_any(),
            }
        });
        view! { <tr>{cells.collect_view()}</tr> }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead><tr>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn tone(cell: &Cell) -> &'static str {
    match cell.tone {
        Tone::Good => " report-good",
        Tone::Bad => " report-bad",
        Tone::Warn => " report-warn",
        Tone::Quiet => " muted",
        Tone::Plain => "",
    }
}

fn cell(cell: Cell) -> Vec<AnyView> {
    spans(cell.spans)
}

fn drawing(shown: Chart) -> AnyView {
    let Some(svg) = chart::still(&shown.curves, CHART.0, CHART.1) else { return ().into_any() };
    let names = shown.curves.into_iter().enumerate().map(|(i, curve)| {
        view! {
            <span class=format!("legend-item legend-{}", i % 6 + 1)>
                <span class="legend-swatch" aria-hidden="true"></span>
                <span dir="auto">{curve.name}</span>
            </span>
        }
    });
    let names = names.collect_view();
    let label = shown.title.clone();
    view! {
        <figure class="chart report-chart" aria-label=label>
            <figcaption class="chart-head"><span class="chart-title" dir="auto">{shown.title}</span></figcaption>
            <div class="chart-static" inner_html=svg></div>
            <div class="legend">{names}</div>
        </figure>
    }
    .into_any()
}
