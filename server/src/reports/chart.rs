//! Charts on paper: plotters draws into a list of shapes, by the function that draws them on pages. For readers that see none, a
//! chart is a figure with the same text beside it as on pages, and a list of its curves.

use super::{
    flow::{BODY, Flow, INK, LEADING, LEFT, Mark, PALE, WIDTH},
    fonts::Style,
    text::{Ink, Piece, shaped},
};
use app::{
    reports::document::Chart,
    ui::chart::{Curve, on_paper, paper_ink},
};
use krilla::{
    geom::Rect,
    tagging::{BBox, ListNumbering, Tag},
};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    text_anchor::{HPos, VPos},
};
use std::convert::Infallible;

/// Plotters counts in whole pixels: so many to a point.
const FINE: f32 = 8.0;
/// Height of letters in points.
const LETTERS: f32 = 7.0;
/// Height of what the axes enclose, with their numbers.
const HEIGHT: f32 = 165.0;
/// Height of the letters of the legend.
const LEGEND: f32 = 8.0;

/// Draws a chart with its title and its legend; nothing where no curve has a point.
pub(super) fn chart(flow: &mut Flow<'_>, shown: &Chart) {
    let shapes = shapes(&shown.curves, (WIDTH, HEIGHT));
    if shapes.is_empty() {
        return;
    }
    let title = shaped(flow.fonts, vec![Piece::new(shown.title.as_str(), Style::Bold, INK)]);
    flow.make_room(HEIGHT + 3.0 * BODY * LEADING);
    flow.tagged(Tag::Caption, |flow| {
        title.lines(WIDTH / BODY).into_iter().for_each(|line| flow.line(&title, line, LEFT, BODY));
    });
    let origin = (LEFT, flow.y);
    let area = Rect::from_xywh(origin.0, origin.1, WIDTH, HEIGHT);
    let bounds = area.map(|area| BBox::new(flow.sheets.len() - 1, area));
    flow.tagged(Tag::Figure(Some(shown.title.clone())).with_bbox(bounds), |flow| {
        let place = flow.tags.content();
        for shape in shapes {
            let mark = mark(flow, shape, origin);
            flow.sheet().marks.push((place, mark));
        }
    });
    flow.y += HEIGHT;
    flow.tagged(Tag::L(ListNumbering::None), |flow| legend(flow, &shown.curves));
    flow.y += LEGEND * LEADING + 8.0;
}

fn legend(flow: &mut Flow<'_>, curves: &[Curve]) {
    let mut x = LEFT;
    for (i, curve) in curves.iter().enumerate() {
        let name = shaped(flow.fonts, vec![Piece::new(curve.name.as_str(), Style::Regular, PALE)]);
        let all = 0..name.clusters.len();
        let width = name.width_of(all.clone()) * LEGEND;
        if x > LEFT && x + width + 20.0 > LEFT + WIDTH {
            (x, flow.y) = (LEFT, flow.y + LEGEND * LEADING);
        }
        let y = flow.y;
        flow.decorate(Mark::Fill { at: (x, y + 6.0), size: (10.0, 2.5), ink: paper_ink(i) });
        flow.tagged(Tag::LI, |flow| {
            flow.tagged(Tag::LBody, |flow| flow.line_at(&name, all, (x + 14.0, y), LEGEND));
        });
        x += width + 30.0;
    }
}

/// A shape where the chart stands.
fn mark(flow: &Flow<'_>, shape: Shape, (x, y): (f32, f32)) -> Mark {
    let moved = |(dx, dy): (f32, f32)| (x + dx, y + dy);
    match shape {
        Shape::Line { points, ink, width, opacity } => {
            Mark::Path { points: points.into_iter().map(moved).collect(), ink, width, opacity }
        }
        Shape::Disc { center, radius, ink } => Mark::Disc { center: moved(center), radius, ink },
        Shape::Words { text, at, size, ink, align } => {
            let words = shaped(flow.fonts, vec![Piece::new(text, Style::Regular, ink)]);
            let all = 0..words.clusters.len();
            let left = at.0 - words.width_of(all.clone()) * size * align.0;
            // From the middle or the top of the letters to their baseline.
            let base = at.1 + size * (0.85 - 0.5 * align.1);
            Mark::Glyphs { text: words, line: all, at: moved((left, base)), size }
        }
    }
}

/// Something drawn, in points from the top left of the chart.
enum Shape {
    Line {
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
    /// `align` says how much of the width is left of the point, and of the height above it.
    Words {
        text: String,
        at: (f32, f32),
        size: f32,
        ink: Ink,
        align: (f32, f32),
    },
}

/// The shapes of a chart of this size.
fn shapes(curves: &[Curve], (width, height): (f32, f32)) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let size = ((width * FINE) as u32, (height * FINE) as u32);
    on_paper(Recorder { size, shapes: &mut shapes }, curves, f64::from(FINE), f64::from(LETTERS));
    shapes
}

/// A backend of plotters that remembers what it is told.
struct Recorder<'a> {
    size: (u32, u32),
    shapes: &'a mut Vec<Shape>,
}

type Done = Result<(), DrawingErrorKind<Infallible>>;

fn point((x, y): BackendCoord) -> (f32, f32) {
    (x as f32 / FINE, y as f32 / FINE)
}

impl Recorder<'_> {
    fn stroke(&mut self, points: Vec<BackendCoord>, color: BackendColor, width: u32) {
        if color.alpha > 0.0 {
            let points = points.into_iter().map(point).collect();
            let width = (width as f32 / FINE).max(0.4);
            self.shapes.push(Shape::Line { points, ink: color.rgb, width, opacity: color.alpha as f32 });
        }
    }
}

impl DrawingBackend for Recorder<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        Ok(())
    }

    fn draw_pixel(&mut self, _: BackendCoord, _: BackendColor) -> Done {
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Done {
        self.stroke(vec![from, to], style.color(), style.stroke_width());
        Ok(())
    }

    /// The ground is the paper's own.
    fn draw_rect<S: BackendStyle>(&mut self, _: BackendCoord, _: BackendCoord, _: &S, _: bool) -> Done {
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Done {
        self.stroke(path.into_iter().collect(), style.color(), style.stroke_width());
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, _: bool) -> Done {
        let (center, radius) = (point(center), radius as f32 / FINE);
        self.shapes.push(Shape::Disc { center, radius, ink: style.color().rgb });
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Done {
        let anchor = style.anchor();
        let across = match anchor.h_pos {
            HPos::Left => 0.0,
            HPos::Center => 0.5,
            HPos::Right => 1.0,
        };
        let down = match anchor.v_pos {
            VPos::Top => 0.0,
            VPos::Center => 1.0,
            VPos::Bottom => 2.0,
        };
        self.shapes.push(Shape::Words {
            text: text.to_owned(),
            at: point(at),
            size: style.size() as f32 / FINE,
            ink: style.color().rgb,
            align: (across, down),
        });
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = style.size();
        Ok(((text.chars().count() as f64 * size * 0.6) as u32, size as u32))
    }
}
