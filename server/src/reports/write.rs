//! Writes pages as a PDF: glyphs that can be searched and copied, links, an outline, title, language and time, and tags that say
//! what is a heading, a table or a figure. It claims PDF/UA-1 (ISO 14289-1) where krilla's validator agrees.

use super::{
    flow::{Entry, Flow, Mark, PAGE},
    fonts::{Fonts, PdfError},
    tags::Place,
    text::{Ink, Shaped},
};
use app::reports::document::Document;
use krilla::{
    SerializeSettings,
    action::LinkAction,
    annotation::{Annotation, LinkAnnotation, Target},
    color::rgb,
    configure::{Accessibility, Configuration, ConfigurationBuilder},
    destination::XyzDestination,
    error::KrillaError,
    geom::{Path, PathBuilder, Point, Rect},
    metadata::{DateTime, Metadata},
    num::NormalizedF32,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::{Fill, LineCap, LineJoin, Stroke},
    surface::Surface,
    tagging::{Artifact, ContentTag, Identifier, SpanTag},
    text::{GlyphId, KrillaGlyph},
};
use std::ops::Range;
use time::OffsetDateTime;

/// How far a Bézier's control points are from its ends in a quarter of a circle: 4/3·(√2 − 1).
const QUARTER: f32 = 0.552_285;

pub(super) fn write(
    document: &Document,
    flow: &Flow<'_>,
    fonts: &Fonts<'_>,
    made_at: OffsetDateTime,
) -> Result<Vec<u8>, PdfError> {
    let accessible = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish();
    let accessible = accessible.map_err(|e| PdfError::Internal(format!("{e:?}")))?;
    let made = match written(document, flow, fonts, made_at, accessible) {
        // As for a letter that no font has: it has the same tags then, but claims nothing.
        Err(Refusal::Krilla(KrillaError::Validation(found))) => {
            tracing::debug!(problems = found.len(), "a report's PDF is not PDF/UA-1");
            written(document, flow, fonts, made_at, Configuration::default())
        }
        made => made,
    };
    made.map_err(|refusal| match refusal {
        Refusal::NoPage => PdfError::Internal("a page has no size".to_owned()),
        Refusal::Krilla(e) => PdfError::Internal(format!("{e:?}")),
    })
}

/// Why nothing was written.
enum Refusal {
    NoPage,
    Krilla(KrillaError),
}

fn written(
    document: &Document,
    flow: &Flow<'_>,
    fonts: &Fonts<'_>,
    made_at: OffsetDateTime,
    configuration: Configuration,
) -> Result<Vec<u8>, Refusal> {
    let lang = document.lang.tag();
    let mut pdf = krilla::Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    // What each piece of content became.
    let mut drawn: Vec<Vec<Identifier>> = vec![Vec::new(); flow.tags.contents()];
    for sheet in &flow.sheets {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or(Refusal::NoPage)?;
        let mut page = pdf.start_page_with(settings);
        let mut surface = page.surface();
        for marks in sheet.marks.chunk_by(|a, b| a.0 == b.0) {
            let Some((place, _)) = marks.first() else { continue };
            let identifier = surface.start_tagged(content_tag(*place, marks));
            marks.iter().for_each(|(_, mark)| draw(&mut surface, fonts, mark));
            surface.end_tagged();
            if let Place::Content(at) = place {
                drawn[*at].push(identifier);
            }
        }
        surface.finish();
        for way in &sheet.ways {
            let (left, top, right, bottom) = way.area;
            if let Some(area) = Rect::from_ltrb(left, top, right, bottom) {
                let target = Target::Action(LinkAction::new(way.href.clone()).into());
                let link = Annotation::new_link(LinkAnnotation::new(area, target), Some(way.says.clone()));
                drawn[way.content].push(page.add_tagged_annotation(link));
            }
        }
        page.finish();
    }
    pdf.set_outline(outline(&flow.entries));
    pdf.set_tag_tree(flow.tags.tree(&drawn, lang));
    let metadata = Metadata::new()
        .title(document.title.clone())
        .language(lang.to_owned())
        .creator("Lathe".to_owned())
        .creation_date(date(made_at));
    pdf.set_metadata(metadata);
    pdf.finish().map_err(Refusal::Krilla)
}

fn content_tag(place: Place, marks: &[(Place, Mark)]) -> ContentTag<'static> {
    match place {
        Place::Artifact(kind) => ContentTag::Artifact(Artifact::with_kind(kind)),
        Place::Content(_) if marks.iter().all(|(_, mark)| matches!(mark, Mark::Glyphs { .. })) => {
            ContentTag::Span(SpanTag::empty())
        }
        Place::Content(_) => ContentTag::Other,
    }
}

fn date(at: OffsetDateTime) -> DateTime {
    let at = at.to_offset(time::UtcOffset::UTC);
    DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(at.month().into())
        .day(at.day())
        .hour(at.hour())
        .minute(at.minute())
        .second(at.second())
        .utc_offset_hour(0)
}

/// Sections, and below each the headings within it.
fn outline(entries: &[Entry]) -> Outline {
    let mut outline = Outline::new();
    let mut open: Option<OutlineNode> = None;
    for entry in entries {
        let to = XyzDestination::new(entry.page, Point::from_xy(0.0, (entry.y - 8.0).max(0.0)));
        let node = OutlineNode::new(entry.text.clone(), to);
        match (&mut open, entry.level) {
            (Some(parent), 2..) => parent.push_child(node),
            _ => {
                if let Some(done) = open.replace(node) {
                    outline.push_child(done);
                }
            }
        }
    }
    if let Some(done) = open {
        outline.push_child(done);
    }
    outline
}

fn filled(ink: Ink) -> Fill {
    Fill { paint: rgb::Color::new(ink.0, ink.1, ink.2).into(), ..Fill::default() }
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts<'_>, mark: &Mark) {
    match mark {
        Mark::Glyphs { text, line, at, size } => glyphs(surface, fonts, text, line.clone(), *at, *size),
        Mark::Fill { at, size, ink } => {
            surface.set_stroke(None);
            surface.set_fill(Some(filled(*ink)));
            let mut path = PathBuilder::new();
            if let Some(area) = Rect::from_xywh(at.0, at.1, size.0, size.1) {
                path.push_rect(area);
            }
            path.finish().iter().for_each(|path| surface.draw_path(path));
        }
        Mark::Path { points, ink, width, opacity } => {
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke {
                paint: rgb::Color::new(ink.0, ink.1, ink.2).into(),
                width: *width,
                line_cap: LineCap::Round,
                line_join: LineJoin::Round,
                opacity: NormalizedF32::new(opacity.clamp(0.0, 1.0)).unwrap_or(NormalizedF32::ONE),
                ..Stroke::default()
            }));
            polyline(points).iter().for_each(|path| surface.draw_path(path));
        }
        Mark::Disc { center, radius, ink } => {
            surface.set_stroke(None);
            surface.set_fill(Some(filled(*ink)));
            disc(*center, *radius).iter().for_each(|path| surface.draw_path(path));
        }
    }
}

fn polyline(points: &[(f32, f32)]) -> Option<Path> {
    let (first, rest) = points.split_first()?;
    let mut path = PathBuilder::new();
    path.move_to(first.0, first.1);
    rest.iter().for_each(|point| path.line_to(point.0, point.1));
    path.finish()
}

fn disc((x, y): (f32, f32), r: f32) -> Option<Path> {
    let k = r * QUARTER;
    let mut path = PathBuilder::new();
    path.move_to(x + r, y);
    path.cubic_to(x + r, y + k, x + k, y + r, x, y + r);
    path.cubic_to(x - k, y + r, x - r, y + k, x - r, y);
    path.cubic_to(x - r, y - k, x - k, y - r, x, y - r);
    path.cubic_to(x + k, y - r, x + r, y - k, x + r, y);
    path.close();
    path.finish()
}

/// Draws a line in stretches of one font and one ink.
fn glyphs(
    surface: &mut Surface<'_>,
    fonts: &Fonts<'_>,
    text: &Shaped,
    line: Range<usize>,
    (mut x, y): (f32, f32),
    size: f32,
) {
    surface.set_stroke(None);
    for stretch in text.clusters[line].chunk_by(|a, b| (a.font, a.piece) == (b.font, b.piece)) {
        let Some(first) = stretch.first() else { continue };
        let of_cluster = stretch.iter().flat_map(|cluster| {
            let glyph = |g: &super::text::Glyph| {
                KrillaGlyph::new(GlyphId::new(g.id), g.advance, g.dx, g.dy, 0.0, cluster.range.clone(), None)
            };
            cluster.glyphs.iter().map(glyph)
        });
        let drawn: Vec<KrillaGlyph> = of_cluster.collect();
        surface.set_fill(Some(filled(text.pieces[first.piece].ink)));
        let font = fonts.written[first.font].clone();
        if !drawn.is_empty() {
            surface.draw_glyphs(Point::from_xy(x, y), &drawn, font, &text.text, size, false);
        }
        x += stretch.iter().map(|cluster| cluster.width * size).sum::<f32>();
    }
}
