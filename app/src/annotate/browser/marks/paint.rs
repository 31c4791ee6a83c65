//! Marked text, the list of its marks and the choices for relations, as HTML.

use crate::annotate::{
    browser::dom::escaped,
    spans::{
        Marks,
        drawing::{Piece, pieces},
    },
};
use domain::sample::Span;

/// What there is to draw.
pub(super) struct Drawing<'a> {
    pub(super) chars: &'a [char],
    pub(super) marks: &'a Marks,
    /// Values and titles of the labels, in the order of their colours.
    pub(super) labels: &'a [(String, String)],
}

impl Drawing<'_> {
    fn slice(&self, start: u32, end: u32) -> String {
        let end = (end as usize).min(self.chars.len());
        escaped(&self.chars[(start as usize).min(end)..end].iter().collect::<String>())
    }

    /// The colour of a label, and its title.
    fn label(&self, value: &str) -> (usize, String) {
        let at = self.labels.iter().position(|(v, _)| v == value).unwrap_or_default();
        let title = self.labels.get(at).map_or(value, |(_, title)| title.as_str());
        (at % 6, escaped(title))
    }

    pub(super) fn text(&self, picked: Option<(u32, u32)>) -> String {
        let caret = "<span class=\"caret\"></span>";
        let mut html = String::new();
        for piece in pieces(self.chars.len() as u32, &self.marks.spans, picked) {
            if picked.is_some_and(|(_, at)| at == piece.start) {
                html.push_str(caret);
            }
            html.push_str(&self.piece(&piece));
        }
        if picked.is_some_and(|(_, at)| at as usize == self.chars.len()) {
            html.push_str(caret);
        }
        html
    }

    fn piece(&self, piece: &Piece) -> String {
        let mut html = self.slice(piece.start, piece.end);
        if piece.picked {
            html = format!("<span class=\"picked\">{html}</span>");
        }
        for (layer, at) in &piece.spans {
            let (colour, title) = self.label(&self.marks.spans[*at].label);
            let layer = layer.min(&4);
            html =
                format!("<span class=\"span span-layer-{layer} mark-colour-{colour}\" title=\"{title}\">{html}</span>");
        }
        html
    }

    pub(super) fn list(&self, remove: &str) -> String {
        let button = |name: &str, at: usize, what: &str| {
            let label = format!("{}: {what}", escaped(remove));
            format!(
                "<button type=\"button\" class=\"button button-quiet\" {name}=\"{at}\" aria-label=\"{label}\">×</button>"
            )
        };
        let mut html = String::new();
        for (at, span) in self.marks.spans.iter().enumerate() {
            let (colour, title) = self.label(&span.label);
            let text = self.slice(span.start, span.end);
            let button = button("data-drop", at, &text);
            html.push_str(&format!(
                "<li><span class=\"span mark-colour-{colour}\" dir=\"auto\">{text}</span> <span class=\"muted\">{title}</span>{button}</li>"
            ));
        }
        let quoted =
            |at: u32| self.marks.spans.get(at as usize).map(|s| self.slice(s.start, s.end)).unwrap_or_default();
        for (at, relation) in self.marks.relations.iter().enumerate() {
            let link = format!("{} → {}", quoted(relation.from), quoted(relation.to));
            let button = button("data-unlink", at, &link);
            let label = escaped(&relation.label);
            html.push_str(&format!(
                "<li><span dir=\"auto\">{link}</span> <span class=\"muted\">{label}</span>{button}</li>"
            ));
        }
        html
    }

    pub(super) fn options(&self) -> String {
        let option = |(at, span): (usize, &Span)| {
            format!("<option value=\"{at}\">{} · {}</option>", at + 1, self.slice(span.start, span.end))
        };
        self.marks.spans.iter().enumerate().map(option).collect()
    }
}
