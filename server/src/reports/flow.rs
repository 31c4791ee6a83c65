//! Puts a document on pages of A4, top to bottom, and says of each mark what it belongs to. Lengths are in points (1/72 inch).

use super::{
    chart,
    fonts::{Fonts, Style},
    table,
    tags::{Place, Tags},
    text::{Cluster, Ink, Piece, Shaped, shaped},
};
use app::reports::document::{Document, Part, Span, Tone};
use krilla::tagging::{ArtifactType, ListNumbering, Tag, TagKind};
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
    /// Its text, for those who do not see it.
    pub(super) says: String,
    /// The piece of content that it is.
    pub(super) content: usize,
}

#[derive(Default)]
pub(super) struct Sheet {
    pub(super) marks: Vec<(Place, Mark)>,
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
    pub(super) tags: Tags,
    pub(super) y: f32,
}

/// The pages of a document.
pub(super) fn lay_out<'a>(document: &Document, fonts: &'a Fonts<'a>) -> Flow<'a> {
    let (sheets, tags) = (vec![Sheet::default()], Tags::default());
    let mut flow = Flow { fonts, sheets, entries: Vec::new(), tags, y: TOP };
    flow.heading(0, &document.title);
    document.front.iter().for_each(|part| flow.part(part));
    for section in &document.sections {
        flow.y += 8.0;
        flow.tags.leave_headings(1);
        flow.tagged(Tag::Section, |flow| {
            flow.heading(1, &section.heading);
            section.parts.iter().for_each(|part| flow.part(part));
        });
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

    /// Draws something that has a role in the document.
    pub(super) fn tagged(&mut self, tag: impl Into<TagKind>, draw: impl FnOnce(&mut Self)) {
        self.tags.open(tag);
        draw(self);
        self.tags.close();
    }

    /// Draws a rule or something else that only looks well.
    pub(super) fn decorate(&mut self, mark: Mark) {
        self.sheet().marks.push((Place::Artifact(ArtifactType::Layout), mark));
    }

    /// Of the title (0), a section (1) or a part of one; nothing where it has no text.
    fn heading(&mut self, level: usize, text: &str) {
        if text.trim().is_empty() {
            return;
        }
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
        let tag = self.tags.heading(level, text);
        self.tagged(tag, |flow| lines.into_iter().for_each(|line| flow.line(&text_shaped, line, LEFT, size)));
        if level == 1 {
            let at = (LEFT, self.y);
            self.decorate(Mark::Fill { at, size: (WIDTH, 0.6), ink: LINE });
        }
        self.y += if level < 2 { 6.0 } else { 3.0 };
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Heading(level, text) => self.heading(level + 1, text),
            Part::Paragraph(spans) => self.tagged(Tag::P, |flow| flow.paragraph(spans, INK, 0.0)),
            Part::Quote(spans) => {
                self.tagged(Tag::BlockQuote, |flow| flow.tagged(Tag::P, |flow| flow.paragraph(spans, PALE, 12.0)));
            }
            Part::Note(tone, spans) => self.tagged(Tag::P, |flow| flow.paragraph(spans, ink_of(*tone), 8.0)),
            Part::List { numbered, items } => self.list(*numbered, items),
            Part::Code(text) => {
                let shaped = shaped(self.fonts, vec![Piece::new(text.as_str(), Style::Mono, INK)]);
                self.tagged(Tag::P, |flow| flow.tagged(Tag::Code, |flow| flow.block(&shaped, 8.0, 8.5)));
            }
            Part::Table(shown) => table::table(self, shown),
            Part::Chart(shown) => chart::chart(self, shown),
            Part::Rule => {
                let at = (LEFT, self.y + 4.0);
                self.decorate(Mark::Fill { at, size: (WIDTH, 0.6), ink: LINE });
                self.y += 10.0;
            }
        }
    }

    fn list(&mut self, is_numbered: bool, items: &[Vec<Span>]) {
        let numbering = if is_numbered { ListNumbering::Decimal } else { ListNumbering::Disc };
        self.tagged(Tag::L(numbering), |flow| {
            for (i, item) in items.iter().enumerate() {
                let sign = if is_numbered { format!("{}.", i + 1) } else { "•".to_owned() };
                flow.tagged(Tag::LI, |flow| flow.item(sign, item));
            }
        });
        self.y += 4.0;
    }

    fn item(&mut self, sign: String, item: &[Span]) {
        self.make_room(BODY * LEADING);
        let (sign, y) = (shaped(self.fonts, vec![Piece::new(sign, Style::Regular, INK)]), self.y);
        let all = 0..sign.clusters.len();
        self.tagged(Tag::Lbl, |flow| flow.line(&sign, all, LEFT + 2.0, BODY));
        self.y = y;
        self.tagged(Tag::LBody, |flow| flow.paragraph(item, INK, 16.0));
        self.y -= 4.0;
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

    /// Draws a line whose top is at `y`, and leads where its links lead.
    pub(super) fn line_at(&mut self, text: &Arc<Shaped>, line: Range<usize>, (x, y): (f32, f32), size: f32) {
        let href = |cluster: &Cluster| text.pieces[cluster.piece].href.as_deref();
        let (mut left, mut start) = (x, line.start);
        for stretch in text.clusters[line.clone()].chunk_by(|a, b| href(a) == href(b)) {
            let Some(first) = stretch.first() else { continue };
            let right = left + stretch.iter().map(|cluster| cluster.width * size).sum::<f32>();
            let end = start + stretch.len();
            // What is read aloud or copied has a blank between the last word of a line and the first of the next.
            let drawn = start..if end == line.end { text.behind_blanks(end) } else { end };
            let at = (left, y + size * BASELINE);
            let mark = Mark::Glyphs { text: Arc::clone(text), line: drawn, at, size };
            match href(first) {
                Some(href) => {
                    let says = text.pieces[first.piece].text.trim();
                    self.link(href, says, (left, y, right, y + size * LEADING), mark);
                }
                None => self.draw(mark),
            }
            (left, start) = (right, end);
        }
    }

    fn link(&mut self, href: &str, says: &str, area: (f32, f32, f32, f32), mark: Mark) {
        self.tags.open_link(href);
        if let Place::Content(content) = self.tags.content() {
            let says = if says.is_empty() { href } else { says }.to_owned();
            self.sheet().ways.push(Way { area, href: href.to_owned(), says, content });
        }
        self.draw(mark);
        self.tags.close();
    }

    /// Draws what the open element says.
    fn draw(&mut self, mark: Mark) {
        let place = self.tags.content();
        self.sheet().marks.push((place, mark));
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
            let name = Mark::Glyphs { text: Arc::clone(&name), line: name_line.clone(), at: (LEFT, y), size: 7.5 };
            let number = Mark::Glyphs { text: number, line: all, at: (x, y), size: 7.5 };
            let foot = [name, number].map(|mark| (Place::Artifact(ArtifactType::Footer), mark));
            self.sheets[page].marks.extend(foot);
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
