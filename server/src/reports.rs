//! Reports as PDF, made here and not by a browser: fonts of the system ([`fonts`]), text shaped and broken into lines ([`text`]),
//! put on pages ([`flow`], [`table`], [`chart`]), given roles for readers that do not see them ([`tags`]) and written ([`write`]).
//! What a report says is composed by the pages' own code.

mod chart;
mod flow;
mod fonts;
mod table;
mod tags;
mod text;
mod write;

pub(crate) use fonts::PdfError;

use app::reports::document::{Document, Part, Span, Table};
use fonts::{Fonts, Style};
use std::collections::BTreeSet;
use time::OffsetDateTime;
use tokio::sync::Semaphore;

/// PDFs that are written at a time: each takes a core, and memory for its pages and for the fonts that it embeds.
static TURNS: Semaphore = Semaphore::const_new(2);

/// A document as a PDF, on a thread of its own. Its addresses must reach the server from elsewhere.
pub(crate) async fn pdf(document: Document, made_at: OffsetDateTime) -> Result<Vec<u8>, PdfError> {
    let turn = TURNS.acquire().await.map_err(|e| PdfError::Internal(e.to_string()))?;
    let work = move || {
        // Until the work is done: it goes on when whoever asked has left.
        let _turn = turn;
        pdf_now(&document, made_at)
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| PdfError::Internal(e.to_string()))?
}

fn pdf_now(document: &Document, made_at: OffsetDateTime) -> Result<Vec<u8>, PdfError> {
    let files = fonts::find(&letters(document))?;
    let fonts = Fonts::new(&files)?;
    write::write(document, &flow::lay_out(document, &fonts), &fonts, made_at)
}

/// All that is written, by how it is written.
fn letters(document: &Document) -> BTreeSet<(Style, char)> {
    let mut found = BTreeSet::new();
    // Page numbers, bullets, and what stands for a letter that no font has.
    add(&mut found, Style::Regular, "0123456789/.•−… □");
    for style in [Style::Regular, Style::Bold] {
        add(&mut found, style, &document.title);
    }
    for section in &document.sections {
        add(&mut found, Style::Bold, &section.heading);
    }
    let parts = document.sections.iter().flat_map(|section| &section.parts);
    for part in document.front.iter().chain(parts) {
        of_part(part, &mut found);
    }
    found
}

fn of_part(part: &Part, found: &mut BTreeSet<(Style, char)>) {
    match part {
        Part::Heading(_, text) => add(found, Style::Bold, text),
        Part::Paragraph(spans) | Part::Quote(spans) | Part::Note(_, spans) => of_spans(spans, found),
        Part::List { items, .. } => items.iter().for_each(|item| of_spans(item, found)),
        Part::Code(text) => add(found, Style::Mono, text),
        Part::Table(Table { head, rows }) => {
            head.iter().for_each(|column| add(found, Style::Bold, &column.name));
            rows.iter().flatten().for_each(|cell| {
                // What a cell means is written bold.
                cell.spans.iter().for_each(|span| add(found, Style::Bold, &span.text));
                of_spans(&cell.spans, found);
            });
        }
        Part::Chart(chart) => {
            add(found, Style::Bold, &chart.title);
            add(found, Style::Regular, "0123456789.-ek");
            chart.curves.iter().for_each(|curve| add(found, Style::Regular, &curve.name));
        }
        Part::Rule => {}
    }
}

fn of_spans(spans: &[Span], found: &mut BTreeSet<(Style, char)>) {
    spans.iter().for_each(|span| add(found, Style::of(span), &span.text));
}

fn add(found: &mut BTreeSet<(Style, char)>, style: Style, text: &str) {
    found.extend(text.chars().filter(|c| !c.is_control()).map(|c| (style, c)));
}

#[cfg(test)]
mod tests;
