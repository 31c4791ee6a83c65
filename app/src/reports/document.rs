//! A composed report: headings, paragraphs, tables and charts, which a page, a file or a PDF draw each in its way. Addresses
//! are those of this site, without its name.

use crate::ui::{
    chart::Curve,
    markdown::parse::{Block, Inline, blocks},
};
use domain::lang::Lang;

/// A whole report.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub lang: Lang,
    pub title: String,
    /// What stands below the title: which report, whose, how far.
    pub front: Vec<Part>,
    pub sections: Vec<Section>,
}

/// A block of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    pub key: u32,
    /// Empty for a block that is text alone.
    pub heading: String,
    pub parts: Vec<Part>,
}

/// Something with lines of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Within a section; its level, from 1.
    Heading(usize, String),
    Paragraph(Vec<Span>),
    List {
        numbered: bool,
        items: Vec<Vec<Span>>,
    },
    Quote(Vec<Span>),
    Code(String),
    Table(Table),
    Chart(Chart),
    /// A sentence that stands out.
    Note(Tone, Vec<Span>),
    Rule,
}

/// A piece of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub href: Option<String>,
    pub is_strong: bool,
    pub is_emphasis: bool,
    pub is_code: bool,
}

/// What a value or a note means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Bad,
    Warn,
    Quiet,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub head: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// Numbers stand at the right.
    pub is_number: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub spans: Vec<Span>,
    pub tone: Tone,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    pub title: String,
    pub curves: Vec<Curve>,
}

impl Span {
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn strong(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_strong: true, ..Self::default() }
    }

    pub fn link(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: Some(href.into()), ..Self::default() }
    }
}

impl From<Span> for Cell {
    fn from(span: Span) -> Self {
        Self { spans: vec![span], tone: Tone::Plain }
    }
}

impl Cell {
    pub fn plain(text: impl Into<String>) -> Self {
        Span::plain(text).into()
    }

    pub fn link(text: impl Into<String>, href: impl Into<String>) -> Self {
        Span::link(text, href).into()
    }

    #[must_use]
    pub fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

impl Table {
    /// Columns of text, and behind `|` of numbers: `["Metric", "|Base"]`.
    #[must_use]
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        let column = |name: &str| match name.strip_prefix('|') {
            Some(name) => Column { name: name.to_owned(), is_number: true },
            None => Column { name: name.to_owned(), is_number: false },
        };
        Self { head: head.map(column).to_vec(), rows: Vec::new() }
    }

    pub fn push<const N: usize>(&mut self, row: [Cell; N]) {
        self.rows.push(row.to_vec());
    }
}

impl Document {
    /// The same with addresses that lead here from elsewhere. `site` has no trailing slash.
    #[must_use]
    pub fn reaching(mut self, site: &str) -> Self {
        let sections = self.sections.iter_mut().flat_map(|section| &mut section.parts);
        for span in self.front.iter_mut().chain(sections).flat_map(spans_of) {
            if let Some(href) = span.href.as_mut().filter(|href| href.starts_with('/')) {
                href.insert_str(0, site);
            }
        }
        self
    }
}

/// Every piece of text in a part that may be a link.
fn spans_of(part: &mut Part) -> Vec<&mut Span> {
    match part {
        Part::Paragraph(spans) | Part::Quote(spans) | Part::Note(_, spans) => spans.iter_mut().collect(),
        Part::List { items, .. } => items.iter_mut().flatten().collect(),
        Part::Table(table) => table.rows.iter_mut().flatten().flat_map(|cell| &mut cell.spans).collect(),
        Part::Heading(..) | Part::Code(_) | Part::Chart(_) | Part::Rule => Vec::new(),
    }
}

/// What a person wrote as Markdown.
#[must_use]
pub fn of_markdown(text: &str) -> Vec<Part> {
    blocks(text).into_iter().map(part).collect()
}

fn part(block: Block) -> Part {
    match block {
        Block::Heading(level, text) => {
            Part::Heading(level, spans(text).into_iter().map(|span| span.text).collect::<String>())
        }
        Block::Paragraph(text) => Part::Paragraph(spans(text)),
        Block::Quote(text) => Part::Quote(spans(text)),
        Block::Code(text) => Part::Code(text),
        Block::List(numbered, items) => Part::List { numbered, items: items.into_iter().map(spans).collect() },
        Block::Rule => Part::Rule,
    }
}

fn spans(text: Vec<Inline>) -> Vec<Span> {
    let mut out = Vec::new();
    collect(text, &Span::default(), &mut out);
    out
}

/// Marks within marks add up.
fn collect(text: Vec<Inline>, around: &Span, out: &mut Vec<Span>) {
    for inline in text {
        let mut here = around.clone();
        match inline {
            Inline::Text(text) => out.push(Span { text, ..here }),
            Inline::Code(text) => out.push(Span { text, is_code: true, ..here }),
            Inline::Strong(inside) => {
                here.is_strong = true;
                collect(inside, &here, out);
            }
            Inline::Emphasis(inside) => {
                here.is_emphasis = true;
                collect(inside, &here, out);
            }
            Inline::Link(inside, href) => {
                here.href = Some(href);
                collect(inside, &here, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_within_marks_add_up() {
        let parts = of_markdown("# 结论\n用 **[第 3 个](/p/1)** 版本");
        let link = Span { is_strong: true, ..Span::link("第 3 个", "/p/1") };
        let text = vec![Span::plain("用 "), link, Span::plain(" 版本")];
        assert_eq!(parts, [Part::Heading(1, "结论".to_owned()), Part::Paragraph(text)]);
    }

    #[test]
    fn columns_of_numbers_are_marked() {
        let table = Table::new(["A", "|B"]);
        assert_eq!(
            table.head.iter().map(|c| (c.name.as_str(), c.is_number)).collect::<Vec<_>>(),
            [("A", false), ("B", true)]
        );
    }
}
