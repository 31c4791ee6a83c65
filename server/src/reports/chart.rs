//! Charts on paper: plotters draws into a list of shapes, by the function that draws them on pages.

use super::text::Ink;
use app::ui::chart::{Curve, on_paper};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    text_anchor::{HPos, VPos},
};
use std::convert::Infallible;

/// Plotters counts in whole pixels: so many to a point.
const FINE: f32 = 8.0;
/// Height of letters in points.
const LETTERS: f32 = 7.0;

/// Something drawn, in points from the top left of the chart.
pub(super) enum Shape {
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

/// The colour of a curve, as the legend has it.
pub(super) fn ink(curve: usize) -> Ink {
    app::ui::chart::paper_ink(curve)
}

/// The shapes of a chart of this size.
pub(super) fn shapes(curves: &[Curve], (width, height): (f32, f32)) -> Vec<Shape> {
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
