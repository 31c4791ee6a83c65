//! Puts a document on pages of A4, top to bottom. Lengths are in points (1/72 inch).

use super::{
    chart,
    fonts::{Fonts, Style},
    table,
    text::{Ink, Piece, Shaped, shaped},
};
use app::reports::document::{Chart, Document, Part, Span, Tone};
use std::{ops::Range, sync::Arc};

/// A4.
pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
pub(super) const LEFT: f32 = 56.7;
pub(super) const WIDTH: f32 = PAGE.0 - 2.0 * LEFT;
const TOP: f32 = 62.0;
const BOTTOM: f32 = PAGE.1 - 62.0;
/// Distance of two lines, in font sizes: Chinese needs more than Latin.
pub(super) const LEADING: f32 = 1.5;
/// From the top of a line to its baseline, in font sizes.
const BASELINE: f32 = 1.1;
pub(super) const BODY: f32 = 9.5;

pub(super) const INK: Ink = (0x16, 0x20, 0x2a);
pub(super) const PALE: Ink = (0x66, 0x73, 0x7f);
pub(super) const LINK: Ink = (0x0f, 0x76, 0x6e);
pub(super) const LINE: Ink = (0xdf, 0xe3, 0xe6);
pub(super) const GOOD: Ink = (0x15, 0x70, 0x3a);
pub(super) const BAD: Ink = (0xb3, 0x26, 0x1e);
pub(super) const WARN: Ink = (0x8a, 0x53, 0x00);

/// Something drawn.
pub(super) enum Mark {
    /// Clusters of a shaped text from a point on its baseline.
    Glyphs {
        text: Arc<Shaped>,
        line: Range<usize>,
        at: (f32, f32),
        size: f32,
    },
    Fill {
        at: (f32, f32),
        size: (f32, f32),
        ink: Ink,
    },
    Path {
        points: Vec<(f32, f32)>,
        ink: Ink,
        width: f32,
        opacity: f32,
    },
    Disc {
        center: (f32, f32),
        radius: f32,
        ink: Ink,
    },
}

/// A rectangle that leads somewhere: left, top, right, bottom.
pub(super) struct Way {
    pub(super) area: (f32, f32, f32, f32),
    pub(super) href: String,
}

#[derive(Default)]
pub(super) struct Sheet {
    pub(super) marks: Vec<Mark>,
    pub(super) ways: Vec<Way>,
}

/// A heading and where it stands.
pub(super) struct Entry {
    pub(super) level: usize,
    pub(super) text: String,
    pub(super) page: usize,
    pub(super) y: f32,
}

/// Pages on which a document is laid out.
pub(super) struct Flow<'a> {
    pub(super) fonts: &'a Fonts<'a>,
    pub(super) sheets: Vec<Sheet>,
    pub(super) entries: Vec<Entry>,
    pub(super) y: f32,
}

/// The pages of a document.
pub(super) fn lay_out<'a>(document: &Document, fonts: &'a Fonts<'a>) -> Flow<'a> {
    let mut flow = Flow { fonts, sheets: vec![Sheet::default()], entries: Vec::new(), y: TOP };
    flow.heading(0, &document.title);
    document.front.iter().for_each(|part| flow.part(part));
    for section in &document.sections {
        flow.y += 8.0;
        if !section.heading.is_empty() {
            flow.heading(1, &section.heading);
        }
        section.parts.iter().for_each(|part| flow.part(part));
    }
    flow.footers(&document.title);
    flow
}

impl Flow<'_> {
    pub(super) fn sheet(&mut self) -> &mut Sheet {
        if self.sheets.is_empty() {
            self.sheets.push(Sheet::default());
        }
        let last = self.sheets.len() - 1;
        &mut self.sheets[last]
    }

    pub(super) fn break_page(&mut self) {
        self.sheets.push(Sheet::default());
        self.y = TOP;
    }

    /// Goes on to the next page unless there is so much room on this one.
    pub(super) fn make_room(&mut self, height: f32) -> bool {
        let is_full = self.y + height > BOTTOM && self.y > TOP;
        if is_full {
            self.break_page();
        }
        is_full
    }

    /// Of the title (0), a section (1) or a part of one.
    fn heading(&mut self, level: usize, text: &str) {
        let size = match level {
            0 => 18.0,
            1 => 13.0,
            2 => 11.0,
            _ => 10.0,
        };
        let text_shaped = shaped(self.fonts, vec![Piece::new(text, Style::Bold, INK)]);
        let lines = text_shaped.lines(WIDTH / size);
        // A heading stays with what follows it.
        self.make_room(lines.len() as f32 * size * LEADING + 4.0 * BODY * LEADING);
        let (page, y) = (self.sheets.len() - 1, self.y);
        self.entries.push(Entry { level, text: text.to_owned(), page, y });
        for line in lines {
            self.line(&text_shaped, line, LEFT, size);
        }
        if level == 1 {
            let at = (LEFT, self.y);
            self.sheet().marks.push(Mark::Fill { at, size: (WIDTH, 0.6), ink: LINE });
        }
        self.y += if level < 2 { 6.0 } else { 3.0 };
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Heading(level, text) => self.heading(level + 1, text),
            Part::Paragraph(spans) => self.paragraph(spans, INK, 0.0),
            Part::Quote(spans) => self.paragraph(spans, PALE, 12.0),
            Part::Note(tone, spans) => self.paragraph(spans, ink_of(*tone), 8.0),
            Part::List { numbered, items } => {
                for (i, item) in items.iter().enumerate() {
                    let sign = if *numbered { format!("{}.", i + 1) } else { "•".to_owned() };
                    self.make_room(BODY * LEADING);
                    let (sign, y) = (shaped(self.fonts, vec![Piece::new(sign, Style::Regular, INK)]), self.y);
                    let all = 0..sign.clusters.len();
                    self.line(&sign, all, LEFT + 2.0, BODY);
                    self.y = y;
                    self.paragraph(item, INK, 16.0);
                    self.y -= 4.0;
                }
                self.y += 4.0;
            }
            Part::Code(text) => {
                let shaped = shaped(self.fonts, vec![Piece::new(text.as_str(), Style::Mono, INK)]);
                self.block(&shaped, 8.0, 8.5);
            }
            Part::Table(shown) => table::table(self, shown),
            Part::Chart(shown) => self.chart(shown),
            Part::Rule => {
                let at = (LEFT, self.y + 4.0);
                self.sheet().marks.push(Mark::Fill { at, size: (WIDTH, 0.6), ink: LINE });
                self.y += 10.0;
            }
        }
    }

    fn paragraph(&mut self, spans: &[Span], ink: Ink, indent: f32) {
        let pieces = spans.iter().map(|span| Piece::of(span, ink, LINK)).collect();
        let shaped = shaped(self.fonts, pieces);
        self.block(&shaped, indent, BODY);
    }

    fn block(&mut self, text: &Arc<Shaped>, indent: f32, size: f32) {
        for line in text.lines((WIDTH - indent) / size) {
            self.make_room(size * LEADING);
            self.line(text, line, LEFT + indent, size);
        }
        self.y += 5.0;
    }

    /// Draws a line at `x` and goes below it.
    pub(super) fn line(&mut self, text: &Arc<Shaped>, line: Range<usize>, x: f32, size: f32) {
        let y = self.y;
        self.line_at(text, line, (x, y), size);
        self.y += size * LEADING;
    }

    /// Draws a line whose top is at `y`.
    pub(super) fn line_at(&mut self, text: &Arc<Shaped>, line: Range<usize>, (x, y): (f32, f32), size: f32) {
        let mut left = x;
        let mut ways: Vec<Way> = Vec::new();
        for cluster in &text.clusters[line.clone()] {
            let right = left + cluster.width * size;
            if let Some(href) = &text.pieces[cluster.piece].href {
                match ways.last_mut() {
                    Some(way) if way.href == *href && (way.area.2 - left).abs() < 0.01 => way.area.2 = right,
                    _ => ways.push(Way { area: (left, y, right, y + size * LEADING), href: href.clone() }),
                }
            }
            left = right;
        }
        let sheet = self.sheet();
        sheet.ways.extend(ways);
        sheet.marks.push(Mark::Glyphs { text: Arc::clone(text), line, at: (x, y + size * BASELINE), size });
    }

    fn chart(&mut self, shown: &Chart) {
        const HEIGHT: f32 = 165.0;
        let title = shaped(self.fonts, vec![Piece::new(shown.title.as_str(), Style::Bold, INK)]);
        self.make_room(HEIGHT + 3.0 * BODY * LEADING);
        for line in title.lines(WIDTH / BODY) {
            self.line(&title, line, LEFT, BODY);
        }
        let origin = (LEFT, self.y);
        for shape in chart::shapes(&shown.curves, (WIDTH, HEIGHT)) {
            self.shape(shape, origin);
        }
        self.y += HEIGHT;
        let mut x = LEFT;
        for (i, curve) in shown.curves.iter().enumerate() {
            let name = shaped(self.fonts, vec![Piece::new(curve.name.as_str(), Style::Regular, PALE)]);
            let all = 0..name.clusters.len();
            let width = name.width_of(all.clone()) * 8.0;
            if x > LEFT && x + width + 20.0 > LEFT + WIDTH {
                (x, self.y) = (LEFT, self.y + 8.0 * LEADING);
            }
            let y = self.y;
            self.sheet().marks.push(Mark::Fill { at: (x, y + 6.0), size: (10.0, 2.5), ink: chart::ink(i) });
            self.line_at(&name, all, (x + 14.0, y), 8.0);
            x += width + 30.0;
        }
        self.y += 8.0 * LEADING + 8.0;
    }

    fn shape(&mut self, shape: chart::Shape, (x, y): (f32, f32)) {
        let moved = |(dx, dy): (f32, f32)| (x + dx, y + dy);
        let mark = match shape {
            chart::Shape::Line { points, ink, width, opacity } => {
                Mark::Path { points: points.into_iter().map(moved).collect(), ink, width, opacity }
            }
            chart::Shape::Disc { center, radius, ink } => Mark::Disc { center: moved(center), radius, ink },
            chart::Shape::Words { text, at, size, ink, align } => {
                let words = shaped(self.fonts, vec![Piece::new(text, Style::Regular, ink)]);
                let all = 0..words.clusters.len();
                let left = at.0 - words.width_of(all.clone()) * size * align.0;
                // From the middle or the top of the letters to their baseline.
                let base = at.1 + size * (0.85 - 0.5 * align.1);
                Mark::Glyphs { text: words, line: all, at: moved((left, base)), size }
            }
        };
        self.sheet().marks.push(mark);
    }

    /// The title and the number of each page.
    fn footers(&mut self, title: &str) {
        let pages = self.sheets.len();
        let name = shaped(self.fonts, vec![Piece::new(title, Style::Regular, PALE)]);
        let name_line = name.lines((WIDTH - 60.0) / 7.5).into_iter().next().unwrap_or_default();
        for page in 0..pages {
            let number = format!("{} / {pages}", page + 1);
            let number = shaped(self.fonts, vec![Piece::new(number, Style::Regular, PALE)]);
            let all = 0..number.clusters.len();
            let x = LEFT + WIDTH - number.width_of(all.clone()) * 7.5;
            let y = PAGE.1 - 36.0;
            let marks = &mut self.sheets[page].marks;
            marks.push(Mark::Glyphs { text: Arc::clone(&name), line: name_line.clone(), at: (LEFT, y), size: 7.5 });
            marks.push(Mark::Glyphs { text: number, line: all, at: (x, y), size: 7.5 });
        }
    }
}

/// The ink of a note or a value.
pub(super) fn ink_of(tone: Tone) -> Ink {
    match tone {
        Tone::Plain => INK,
        Tone::Quiet => PALE,
        Tone::Good => GOOD,
        Tone::Bad => BAD,
        Tone::Warn => WARN,
    }
}
