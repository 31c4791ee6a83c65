//! The canvas of a chart in the browser: drawing in device pixels with the page's colours, and
//! saving as PNG.

use super::{
    draw::{Palette, Size, TOKENS, draw},
    scene::Scene,
};
use plotters::{drawing::IntoDrawingArea, style::RGBColor};
use plotters_canvas::CanvasBackend;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::HtmlCanvasElement;

/// Draws on the canvas, after fitting its bitmap to its size on the page.
pub(super) fn paint(canvas: &HtmlCanvasElement, scene: &Scene) {
    let scale = leptos::prelude::window().device_pixel_ratio().max(1.0);
    let (width, height) = (canvas.client_width(), canvas.client_height());
    if width == 0 || height == 0 {
        return;
    }
    canvas.set_width((f64::from(width) * scale) as u32);
    canvas.set_height((f64::from(height) * scale) as u32);
    // The backend draws with this context, which a canvas has but one of.
    let context = canvas.get_context("2d").ok().flatten();
    let context = context.and_then(|c| c.dyn_into::<web_sys::CanvasRenderingContext2d>().ok());
    let dashed = |lengths: &[f64]| {
        let array = js_sys::Array::new();
        for length in lengths {
            array.push(&(length * scale).into());
        }
        let _ = context.as_ref().map(|c| c.set_line_dash(&array));
    };
    if let Some(backend) = CanvasBackend::with_canvas_object(canvas.clone()) {
        // A chart that cannot be drawn leaves an empty canvas; the numbers stand beside it.
        let _ = draw(&backend.into_drawing_area(), scene, &palette(canvas), Size { scale, font: 11.0 }, dashed);
    }
}

/// The colours of the page's theme at this moment.
fn palette(canvas: &HtmlCanvasElement) -> Palette {
    let style = leptos::prelude::window().get_computed_style(canvas).ok().flatten();
    Palette::of(|i| {
        let value = style.as_ref().and_then(|s| s.get_property_value(&format!("--{}", TOKENS[i])).ok());
        value.as_deref().and_then(rgb).unwrap_or(RGBColor(128, 128, 128))
    })
}

/// Reads `#rrggbb`.
fn rgb(text: &str) -> Option<RGBColor> {
    let n = u32::from_str_radix(text.trim().strip_prefix('#').filter(|h| h.len() == 6)?, 16).ok()?;
    Some(RGBColor((n >> 16) as u8, (n >> 8) as u8, n as u8))
}

/// Saves the canvas as a PNG file.
pub(super) fn save_png(canvas: &HtmlCanvasElement, file_name: String) {
    let save = Closure::once_into_js(move |blob: Option<web_sys::Blob>| {
        let url = blob.and_then(|b| web_sys::Url::create_object_url_with_blob(&b).ok());
        let link = leptos::prelude::document().create_element("a").ok();
        if let (Some(url), Some(Ok(link))) = (url, link.map(|l| l.dyn_into::<web_sys::HtmlAnchorElement>())) {
            link.set_href(&url);
            link.set_download(&file_name);
            link.click();
            let _ = web_sys::Url::revoke_object_url(&url);
        }
    });
    let _ = canvas.to_blob(save.unchecked_ref());
}
