//! Tables: columns as wide as they need, lines broken within cells, and the head again on every page.

use super::{
    flow::{Flow, INK, LEADING, LEFT, LINE, LINK, Mark, PALE, WIDTH, ink_of},
    fonts::Style,
    text::{Piece, Shaped, shaped},
};
use app::reports::document::{Cell, Table, Tone};
use krilla::tagging::{TableHeaderScope, Tag, TagKind};
use std::{ops::Range, sync::Arc};

/// Font sizes that are tried, until all columns fit.
const SIZES: [f32; 4] = [8.5, 7.5, 6.5, 5.5];
/// Between the edge of a cell and its text.
const PAD: (f32, f32) = (4.0, 2.5);

/// A row, ready to be drawn.
struct Row {
    cells: Vec<(Arc<Shaped>, Vec<Range<usize>>)>,
    height: f32,
}

pub(super) fn table(flow: &mut Flow<'_>, table: &Table) {
    let head: Vec<Arc<Shaped>> = table.head.iter().map(|column| words(flow, &column.name, Style::Bold)).collect();
    let rows: Vec<Vec<Arc<Shaped>>> =
        table.rows.iter().map(|row| row.iter().map(|cell| content(flow, cell)).collect()).collect();
    let (size, widths) = columns(&head, &rows);
    let is_number: Vec<bool> = table.head.iter().map(|column| column.is_number).collect();
    let head = row(head, &widths, size);
    let mut rows = rows.into_iter().map(|cells| row(cells, &widths, size)).peekable();
    // The head stays with the first row.
    let first = rows.peek().map_or(0.0, |row| row.height);
    flow.make_room(head.height + first + 1.0);
    flow.tagged(Tag::Table, |flow| {
        flow.tagged(Tag::THead, |flow| draw_head(flow, &head, &widths, &is_number, size));
        flow.tagged(Tag::TBody, |flow| {
            for row in rows {
                if flow.make_room(row.height) {
                    flow.tags.repeat(true);
                    draw_head(flow, &head, &widths, &is_number, size);
                    flow.tags.repeat(false);
                }
                draw(flow, &row, &widths, &is_number, size, body_cell);
            }
        });
    });
    flow.y += 8.0;
}

/// As on pages: the first cell of a row says what the row is about.
fn body_cell(column: usize) -> TagKind {
    if column == 0 { Tag::TH(TableHeaderScope::Row).into() } else { Tag::TD.into() }
}

fn head_cell(_: usize) -> TagKind {
    Tag::TH(TableHeaderScope::Column).into()
}

fn words(flow: &Flow<'_>, text: &str, style: Style) -> Arc<Shaped> {
    shaped(flow.fonts, vec![Piece::new(text, style, PALE)])
}

fn content(flow: &Flow<'_>, cell: &Cell) -> Arc<Shaped> {
    let is_judged = matches!(cell.tone, Tone::Good | Tone::Bad | Tone::Warn);
    let pieces = cell.spans.iter().map(|span| {
        let ink = ink_of(cell.tone);
        // A colour that means something goes before that of links.
        let mut piece = Piece::of(span, ink, if cell.tone == Tone::Plain { LINK } else { ink });
        if is_judged {
            piece.style = Style::Bold;
        }
        piece
    });
    shaped(flow.fonts, pieces.collect())
}

/// The largest size at which no word must be broken, and the widths of the columns.
fn columns(head: &[Arc<Shaped>], rows: &[Vec<Arc<Shaped>>]) -> (f32, Vec<f32>) {
    let measured = |i: usize| {
        let cells = rows.iter().filter_map(|row| row.get(i)).chain(head.get(i));
        cells.map(|cell| cell.widths()).fold((0.0f32, 0.0f32), |(all, part), (a, p)| (all.max(a), part.max(p)))
    };
    let measured: Vec<(f32, f32)> = (0..head.len()).map(measured).collect();
    let room = WIDTH - 2.0 * PAD.0 * head.len() as f32;
    let sum = |of: fn(&(f32, f32)) -> f32| measured.iter().map(of).sum::<f32>();
    let (natural, least) = (sum(|m| m.0), sum(|m| m.1));
    let size = SIZES.into_iter().find(|size| least * size <= room).unwrap_or(SIZES[SIZES.len() - 1]);
    let width = |(all, part): &(f32, f32)| {
        let (all, part) = (all * size, part * size);
        if natural * size <= room {
            // What is left over goes to the wide ones.
            all + (room - natural * size) * all / (natural * size).max(1.0)
        } else if least * size <= room {
            part + (room - least * size) * (all - part) / (natural - least).max(0.01) / size
        } else {
            room * part / (least * size)
        }
    };
    (size, measured.iter().map(|m| width(m) + 2.0 * PAD.0).collect())
}

fn row(cells: Vec<Arc<Shaped>>, widths: &[f32], size: f32) -> Row {
    let cells: Vec<(Arc<Shaped>, Vec<Range<usize>>)> = cells
        .into_iter()
        .zip(widths)
        .map(|(cell, width)| {
            // A hair more, so that what was measured fits.
            let lines = cell.lines((width - 2.0 * PAD.0) / size + 0.01);
            (cell, lines)
        })
        .collect();
    let lines = cells.iter().map(|(_, lines)| lines.len()).max().unwrap_or_default().max(1);
    Row { cells, height: lines as f32 * size * LEADING + 2.0 * PAD.1 }
}

fn draw_head(flow: &mut Flow<'_>, head: &Row, widths: &[f32], is_number: &[bool], size: f32) {
    draw(flow, head, widths, is_number, size, head_cell);
    let at = (LEFT, flow.y - 0.8);
    flow.decorate(Mark::Fill { at, size: (widths.iter().sum(), 0.8), ink: INK });
}

/// Draws a row in letters of a size; `cell` says what the cell of a column is.
fn draw(flow: &mut Flow<'_>, row: &Row, widths: &[f32], is_number: &[bool], size: f32, cell: fn(usize) -> TagKind) {
    flow.tagged(Tag::TR, |flow| {
        let mut x = LEFT;
        for (i, (((text, lines), width), is_number)) in row.cells.iter().zip(widths).zip(is_number).enumerate() {
            flow.tagged(cell(i), |flow| {
                let mut y = flow.y + PAD.1;
                for line in lines {
                    let free = width - 2.0 * PAD.0 - text.width_of(line.clone()) * size;
                    let left = x + PAD.0 + if *is_number { free.max(0.0) } else { 0.0 };
                    flow.line_at(text, line.clone(), (left, y), size);
                    y += size * LEADING;
                }
            });
            x += width;
        }
    });
    flow.y += row.height;
    let at = (LEFT, flow.y);
    flow.decorate(Mark::Fill { at, size: (widths.iter().sum(), 0.4), ink: LINE });
}
