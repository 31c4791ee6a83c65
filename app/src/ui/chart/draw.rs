//! The one drawing function, generic over plotters' backends. Sizes are in CSS pixels; `scale`
//! is the number of device pixels in one.
//!
//! Grid and labels are drawn here rather than by plotters' mesh, which measures text through
//! inline styles that the Content-Security-Policy forbids.

use super::scene::{Scene, label, ticks, time_label};
use plotters::{
    coord::Shift,
    drawing::DrawingAreaErrorKind,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

pub(super) const LEFT: f64 = 56.0;
pub(super) const BOTTOM: f64 = 26.0;
pub(super) const TOP: f64 = 10.0;
pub(super) const RIGHT: f64 = 14.0;
/// A curve of so few points shows each as a dot.
const DOTS: usize = 40;
/// A line that is longer than so many widths of the plot goes up and down in nearly every column: it is drawn as thin as can be and
/// without gaps, which nobody could tell from its turns, and of which a browser would have to make a hundred thousand.
const DENSE: f64 = 6.0;
/// Colours of curves. Further curves have them again, dashed.
pub(super) const COLOURS: usize = 12;
/// Strokes and gaps of a curve beyond the colours, in CSS pixels: solid, dashed, dotted, mixed, long.
pub(super) const DASHES: [&[f64]; 5] = [&[], &[7.0, 4.0], &[2.0, 3.0], &[9.0, 3.0, 2.0, 3.0], &[14.0, 5.0]];

/// Which of [`DASHES`] a curve has.
pub(super) fn dash_of(curve: usize) -> usize {
    (curve / COLOURS) % DASHES.len()
}

/// Colours of one theme.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Palette {
    pub surface: RGBColor,
    pub grid: RGBColor,
    pub ink: RGBColor,
    pub series: [RGBColor; COLOURS],
    /// Colours stand for names, and their green part counts up with the dashes.
    pub stands_in: bool,
}

impl Palette {
    fn curve(&self, index: usize) -> RGBColor {
        let RGBColor(r, g, b) = self.series[index % COLOURS];
        if self.stands_in { RGBColor(r, g + dash_of(index) as u8, b) } else { RGBColor(r, g, b) }
    }
}

/// How large things are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub scale: f64,
    /// Height of text in CSS pixels as this backend understands it.
    pub font: f64,
}

/// Draws grid, labels and lines. `dashed` is told how the strokes of the line that follows are broken.
pub(super) fn draw<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    scene: &Scene,
    palette: &Palette,
    size: Size,
    dashed: impl Fn(&[f64]),
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let px = |css: f64| (css * size.scale).round() as i32;
    root.fill(&palette.surface)?;
    let chart = ChartBuilder::on(root)
        .margin_top(px(TOP))
        .margin_right(px(RIGHT))
        .set_label_area_size(LabelAreaPosition::Left, px(LEFT))
        .set_label_area_size(LabelAreaPosition::Bottom, px(BOTTOM))
        .build_cartesian_2d(scene.x.0..scene.x.1, scene.y.0..scene.y.1)?;
    let area = chart.plotting_area();
    draw_grid(root, area, scene, palette, size)?;
    for line in &scene.lines {
        let color = palette.curve(line.curve).mix(if line.faint { 0.28 } else { 1.0 });
        let points: Vec<_> = clip(&line.points, scene.x);
        let is_dense = length(area, &points) > DENSE * f64::from(area.dim_in_pixel().0);
        let width = match is_dense {
            true => 1,
            false => (if line.faint { 1.0 } else { 1.75 } * size.scale).round().max(1.0) as u32,
        };
        if points.len() <= DOTS && !line.faint {
            for point in line.points.iter().filter(|p| (scene.x.0..=scene.x.1).contains(&p.0)) {
                area.draw(&Circle::new(*point, px(2.5), color.filled()))?;
            }
        }
        // What lies behind a smoothed line is a band: gaps in it would look like gaps in the values.
        let dash = if line.faint || is_dense { DASHES[0] } else { DASHES[dash_of(line.curve)] };
        dashed(dash);
        area.draw(&PathElement::new(points, color.stroke_width(width)))?;
        dashed(DASHES[0]);
    }
    for (curve, x) in &scene.marks {
        area.draw(&Cross::new((*x, scene.y.0), px(4.0), palette.curve(*curve).stroke_width(px(1.5).max(1) as u32)))?;
    }
    root.present()
}

/// How long a line is, in pixels.
fn length<DB: DrawingBackend, CT: CoordTranslate<From = (f64, f64)>>(
    area: &DrawingArea<DB, CT>,
    points: &[(f64, f64)],
) -> f64 {
    let placed: Vec<_> = points.iter().map(|point| area.map_coordinate(point)).collect();
    placed.windows(2).map(|pair| f64::from(pair[1].0 - pair[0].0).hypot(f64::from(pair[1].1 - pair[0].1))).sum()
}

fn draw_grid<DB: DrawingBackend, CT: CoordTranslate<From = (f64, f64)>>(
    root: &DrawingArea<DB, Shift>,
    area: &DrawingArea<DB, CT>,
    scene: &Scene,
    palette: &Palette,
    size: Size,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let font = FontDesc::new(FontFamily::Name("system-ui, sans-serif"), size.font * size.scale, FontStyle::Normal);
    let text = TextStyle::from(font).color(&palette.ink);
    let gap = (6.0 * size.scale) as i32;
    let (width, height) = area.dim_in_pixel();
    // Steps are whole numbers: no line stands between two of them.
    let most = if scene.by_time { f64::INFINITY } else { scene.x.1 - scene.x.0 };
    let x_ticks = ticks(scene.x, (f64::from(width) / size.scale / 90.0).min(most));
    let (x_step, y_ticks) = (distance(&x_ticks), ticks(scene.y, f64::from(height) / size.scale / 32.0));
    let y_step = distance(&y_ticks);
    for x in x_ticks {
        area.draw(&PathElement::new(vec![(x, scene.y.0), (x, scene.y.1)], palette.grid))?;
        let at = area.map_coordinate(&(x, scene.y.0));
        let words = if scene.by_time { time_label(x, scene.x.1 - scene.x.0) } else { label(x, x_step) };
        root.draw_text(&words, &text.pos(Pos::new(HPos::Center, VPos::Top)), (at.0, at.1 + gap))?;
    }
    for y in y_ticks {
        area.draw(&PathElement::new(vec![(scene.x.0, y), (scene.x.1, y)], palette.grid))?;
        let at = area.map_coordinate(&(scene.x.0, y));
        let words = if scene.log { log_label(y) } else { label(y, y_step) };
        root.draw_text(&words, &text.pos(Pos::new(HPos::Right, VPos::Center)), (at.0 - gap, at.1))?;
    }
    Ok(())
}

/// A tick of a logarithmic scale as the value it stands for.
fn log_label(exponent: f64) -> String {
    let value = 10f64.powf(exponent);
    if (1e-3..1e4).contains(&value) {
        format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{value:.1e}")
    }
}

fn distance(ticks: &[f64]) -> f64 {
    match ticks {
        [a, b, ..] => b - a,
        _ => 1.0,
    }
}

/// The part of a line inside the x range; segments that cross an edge end there.
fn clip(points: &[(f64, f64)], (from, to): (f64, f64)) -> Vec<(f64, f64)> {
    let at = |a: (f64, f64), b: (f64, f64), x: f64| (x, a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0));
    let mut out = Vec::with_capacity(points.len());
    for (i, &p) in points.iter().enumerate() {
        let before = i.checked_sub(1).map(|j| points[j]);
        if let Some(b) = before {
            if b.0 < from && p.0 > from {
                out.push(at(b, p, from));
            }
            if b.0 < to && p.0 > to {
                out.push(at(b, p, to));
            }
        }
        if (from..=to).contains(&p.0) {
            out.push(p);
        }
    }
    out
}

/// The chart as an `<svg>` whose colours are the page's own, in either theme.
#[cfg(feature = "ssr")]
pub(super) fn svg(scene: &Scene, width: u32, height: u32) -> String {
    let mut out = String::new();
    {
        let root = SVGBackend::with_string(&mut out, (width, height)).into_drawing_area();
        // plotters writes a font size 1.24 times smaller than asked for.
        if draw(&root, scene, &stand_ins(), Size { scale: 1.0, font: 11.0 * 1.24 }, |_| ()).is_err() {
            return String::new();
        }
    }
    named(&out)
}

/// Puts the style sheet's names in the place of the colours that stand for them, in one pass: `#01GGII`, whose green part is
/// 2 and the dashes, and whose blue part is the place in [`TOKENS`].
#[cfg(feature = "ssr")]
fn named(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len() + svg.len() / 8);
    let mut rest = svg;
    while let Some(at) = rest.find("\"#01") {
        let code = rest.get(at + 4..at + 8).and_then(|hex| u16::from_str_radix(hex, 16).ok());
        let dash = code.map(|code| usize::from(code >> 8)).and_then(|g| DASHES.get(g.checked_sub(2)?));
        let token = code.and_then(|code| TOKENS.get(usize::from(code & 0xff)));
        out.push_str(&rest[..at]);
        match (dash, token) {
            (Some(dash), Some(token)) => {
                out.push_str(&format!("\"var(--{token})\""));
                if !dash.is_empty() {
                    let lengths: Vec<String> = dash.iter().map(ToString::to_string).collect();
                    out.push_str(&format!(" stroke-dasharray=\"{}\"", lengths.join(" ")));
                }
            }
            _ => out.push_str(&rest[at..at + 9]),
        }
        rest = &rest[at + 9..];
    }
    out.push_str(rest);
    out
}

/// Curves as an `<svg>` that does not move, for what is read rather than explored; `None` where there is nothing to draw.
#[cfg(feature = "ssr")]
#[must_use]
pub fn still(curves: &[super::Curve], width: u32, height: u32) -> Option<String> {
    Some(svg(&Scene::new(curves, &super::scene::View::default(), width as usize)?, width, height))
}

/// Draws curves in the colours of the light theme on any of plotters' backends, which has so many pixels to a unit of length and
/// letters of so many units; false where there is nothing to draw, or the backend refuses.
#[cfg(feature = "ssr")]
pub fn on_paper<DB: DrawingBackend>(backend: DB, curves: &[super::Curve], scale: f64, font: f64) -> bool {
    let (width, _) = backend.get_size();
    let scene = Scene::new(curves, &super::scene::View::default(), (f64::from(width) / scale) as usize);
    let palette = Palette::of(|i| PAPER[i]);
    scene
        .is_some_and(|scene| draw(&backend.into_drawing_area(), &scene, &palette, Size { scale, font }, |_| ()).is_ok())
}

/// The colour of a curve on paper.
#[cfg(feature = "ssr")]
#[must_use]
pub fn paper_ink(curve: usize) -> (u8, u8, u8) {
    let RGBColor(r, g, b) = PAPER[3 + curve % COLOURS];
    (r, g, b)
}

/// The colours of the light theme in the order of [`TOKENS`], as `style/tokens.css` has them.
#[cfg(feature = "ssr")]
const PAPER: [RGBColor; 3 + COLOURS] = [
    RGBColor(0xff, 0xff, 0xff),
    RGBColor(0xdf, 0xe3, 0xe6),
    RGBColor(0x66, 0x73, 0x7f),
    RGBColor(0x0f, 0x76, 0x6e),
    RGBColor(0xc2, 0x41, 0x0c),
    RGBColor(0x1d, 0x5f, 0xae),
    RGBColor(0x8b, 0x3f, 0xa8),
    RGBColor(0x8a, 0x6d, 0x00),
    RGBColor(0xb3, 0x26, 0x1e),
    RGBColor(0x4d, 0x7c, 0x0f),
    RGBColor(0xbe, 0x2f, 0x7e),
    RGBColor(0x0e, 0x74, 0x90),
    RGBColor(0x6b, 0x4f, 0xd8),
    RGBColor(0x8a, 0x4b, 0x2a),
    RGBColor(0x55, 0x61, 0x6d),
];

/// The style sheet's names of the colours of a [`Palette`].
pub(super) const TOKENS: [&str; 3 + COLOURS] = [
    "surface",
    "line",
    "ink-3",
    "series-1",
    "series-2",
    "series-3",
    "series-4",
    "series-5",
    "series-6",
    "series-7",
    "series-8",
    "series-9",
    "series-10",
    "series-11",
    "series-12",
];

impl Palette {
    /// The colours in the order of [`TOKENS`].
    pub(super) fn of(color: impl Fn(usize) -> RGBColor) -> Self {
        let series = std::array::from_fn(|i| color(i + 3));
        Self { surface: color(0), grid: color(1), ink: color(2), series, stands_in: false }
    }
}

/// Colours that nothing else uses, to be replaced by the names of the page's.
#[cfg(feature = "ssr")]
fn stand_ins() -> Palette {
    Palette { stands_in: true, ..Palette::of(|i| RGBColor(1, 2, i as u8)) }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::{super::scene::View, *};
    use crate::ui::chart::Curve;

    #[test]
    fn the_svg_follows_the_theme_and_has_no_inline_style() {
        let curve =
            Curve::new("loss", (0..500).map(|i| (f64::from(i), 1.0 / f64::from(i + 1), f64::from(i))).collect());
        let svg = Scene::new(&[curve], &View::default(), 600).map(|s| svg(&s, 720, 240)).unwrap_or_default();
        assert!(svg.contains("var(--series-1)") && svg.contains("var(--ink-3)"), "{svg}");
        assert!(!svg.contains("style=") && !svg.contains("#0102"));
    }

    #[test]
    fn no_two_of_fifty_curves_look_alike() {
        let line = |i: u32| Curve::new(i.to_string(), vec![(0.0, f64::from(i), 0.0), (50.0, f64::from(i), 50.0)]);
        let curves: Vec<_> = (0..50).map(line).collect();
        let svg = Scene::new(&curves, &View::default(), 600).map(|s| svg(&s, 720, 240)).unwrap_or_default();
        let looks = svg.split("<polyline").skip(1).map(|line| {
            let stroke = line.split("stroke=").nth(1).unwrap_or_default();
            stroke.split(" stroke-width").next().unwrap_or_default().to_owned()
        });
        let looks: std::collections::BTreeSet<_> = looks.filter(|stroke| stroke.contains("--series-")).collect();
        assert_eq!(looks.len(), 50, "{looks:?}");
    }

    #[test]
    fn a_line_that_goes_up_and_down_everywhere_is_thin() {
        let widths = |turns: u32| {
            let curve = Curve::new("a", (0..600).map(|i| (f64::from(i), f64::from(i / turns % 2), 0.0)).collect());
            let svg = Scene::new(&[curve], &View::default(), 600).map(|s| svg(&s, 720, 240)).unwrap_or_default();
            svg.matches("stroke-width=\"2\"").count()
        };
        assert_eq!((widths(1), widths(200)), (0, 1));
    }

    #[test]
    fn a_value_that_is_no_number_is_marked() {
        let curve = Curve { marks: vec![5.0], ..Curve::new("a", vec![(0.0, 1.0, 0.0), (9.0, 2.0, 9.0)]) };
        let with =
            Scene::new(std::slice::from_ref(&curve), &View::default(), 600).map(|s| (s.marks.len(), svg(&s, 720, 240)));
        let without =
            Scene::new(&[Curve { marks: Vec::new(), ..curve }], &View::default(), 600).map(|s| svg(&s, 720, 240));
        let (marks, with) = with.unwrap_or_default();
        assert!(marks == 1 && with.len() > without.unwrap_or_default().len());
    }

    #[test]
    fn paper_has_the_colours_of_the_light_theme() {
        let sheet = include_str!("../../../../style/tokens.css");
        for (token, color) in TOKENS.iter().zip(PAPER) {
            let wanted = format!("--{token}: #{:02x}{:02x}{:02x};", color.0, color.1, color.2);
            assert!(sheet.contains(&wanted), "{wanted}");
        }
    }

    #[test]
    fn lines_are_cut_at_the_edges() {
        assert_eq!(
            clip(&[(0.0, 0.0), (10.0, 10.0), (20.0, 0.0)], (5.0, 15.0)),
            [(5.0, 5.0), (10.0, 10.0), (15.0, 5.0)]
        );
        assert_eq!(clip(&[(0.0, 0.0), (20.0, 20.0)], (5.0, 15.0)), [(5.0, 5.0), (15.0, 15.0)]);
    }
}
