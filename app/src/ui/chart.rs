//! Line charts of curves that may have a hundred thousand points and may still grow.
//!
//! One drawing function (`draw::draw`, with plotters) serves the server, which sends an SVG, and
//! the browser, which draws on a canvas and adds hover, zoom, log scale, smoothing, a time axis,
//! a legend that hides curves, and PNG and CSV export. Without JavaScript the SVG remains.
//!
//! Use [`Chart`] inside an island whose curves change (a signal), [`FixedChart`] on a page whose
//! curves do not:
//! ```ignore
//! view! { <FixedChart title="Loss".to_owned() curves=vec![Curve::new("train", points)] csv="/api/…/points?format=csv".to_owned()/> }
//! ```

#[cfg(feature = "hydrate")]
mod canvas;
mod component;
mod draw;
mod scene;
mod series;
mod text;

pub use component::{Chart, FixedChart};
pub use scene::View;
pub use series::{downsample, smooth};

#[cfg(feature = "ssr")]
pub use draw::{on_paper, paper_ink, still};

use serde::{Deserialize, Serialize};

/// A named line: `(step, value, seconds)` by rising step. Values that are not finite are gaps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    pub name: String,
    pub points: Vec<(f64, f64, f64)>,
    /// What is drawn faintly behind the line, if it is smoothed already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub behind: Vec<(f64, f64, f64)>,
    /// Steps with a mark at the lower edge: values there are no numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<f64>,
}

impl Curve {
    #[must_use]
    pub fn new(name: impl Into<String>, points: Vec<(f64, f64, f64)>) -> Self {
        Self { name: name.into(), points, ..Self::default() }
    }
}
