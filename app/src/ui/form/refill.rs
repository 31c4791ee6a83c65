//! Fills the HTML of a form again with what had been typed into it, and marks the field that was
//! wrong. Reads HTML that we have rendered ourselves: well-formed, values of attributes escaped.

use super::Refusal;
use crate::error::AppError;

/// Id of the reason, for `aria-describedby`.
const REASON: &str = "refused";

/// The filled form, and whether the reason stands beside the field it is about. `None` when it is
/// another form of the same kind: one whose hidden inputs, numbers apart, say something else. (A
/// number is a revision, which may have grown meanwhile.)
pub(super) fn refill(html: &str, refusal: &Refusal, reason: &str) -> Option<(String, bool)> {
    let mut form = Form { refusal, reason, out: String::new(), select: None, is_marked: false };
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        form.out.push_str(&rest[..start]);
        rest = &rest[start..];
        let (tag, behind) = match Tag::read(rest) {
            Some(read) => read,
            // A comment or the end of an element.
            None => {
                let end = rest.find('>').map_or(rest.len(), |i| i + 1);
                form.out.push_str(&rest[..end]);
                if rest.starts_with("</select") {
                    form.end_select();
                }
                rest = &rest[end..];
                continue;
            }
        };
        rest = behind;
        match tag.name {
            "input" => form.input(tag)?,
            "select" => form.select(tag),
            "option" => form.option(tag),
            "textarea" => rest = form.textarea(tag, rest),
            _ => tag.write(&mut form.out),
        }
    }
    form.out.push_str(rest);
    Some((form.out, form.is_marked))
}

struct Form<'a> {
    refusal: &'a Refusal,
    reason: &'a str,
    out: String,
    /// Name of the list whose options follow, and whether the reason stands behind its end.
    select: Option<(String, bool)>,
    is_marked: bool,
}

impl Form<'_> {
    fn typed(&self, name: &str) -> Option<&str> {
        self.refusal.typed.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn is_typed(&self, name: &str, value: &str) -> bool {
        self.refusal.typed.iter().any(|(n, v)| n == name && v == value)
    }

    fn input(&mut self, mut tag: Tag) -> Option<()> {
        let name = tag.get("name").unwrap_or_default();
        let value = tag.get("value");
        match tag.get("type").as_deref().unwrap_or("text") {
            "hidden" => {
                let differs = |value: &str| self.typed(&name).is_some_and(|t| t != value);
                if value.is_some_and(|v| differs(&v) && v.parse::<i64>().is_err()) {
                    return None;
                }
                tag.write(&mut self.out);
                return Some(());
            }
            "password" | "file" => {}
            "checkbox" | "radio" => tag.set_flag("checked", self.is_typed(&name, value.as_deref().unwrap_or("on"))),
            _ => {
                if let Some(typed) = self.typed(&name) {
                    tag.set("value", typed);
                }
            }
        }
        let is_wrong = self.mark(&mut tag, &name);
        tag.write(&mut self.out);
        self.explain(is_wrong);
        Some(())
    }

    fn select(&mut self, mut tag: Tag) {
        let name = tag.get("name").unwrap_or_default();
        let is_wrong = self.mark(&mut tag, &name);
        tag.write(&mut self.out);
        self.select = Some((name, is_wrong));
    }

    fn option(&mut self, mut tag: Tag) {
        if let Some((name, _)) = self.select.as_ref().filter(|(name, _)| self.typed(name).is_some()) {
            let value = tag.get("value").unwrap_or_default();
            tag.set_flag("selected", self.is_typed(name, &value));
        }
        tag.write(&mut self.out);
    }

    fn end_select(&mut self) {
        let is_wrong = self.select.take().is_some_and(|s| s.1);
        self.explain(is_wrong);
    }

    /// Writes the element whole and returns what is behind it.
    fn textarea<'h>(&mut self, mut tag: Tag, content: &'h str) -> &'h str {
        const END: &str = "</textarea>";
        let (old, behind) = content.split_once(END).unwrap_or((content, ""));
        let name = tag.get("name").unwrap_or_default();
        let is_wrong = self.mark(&mut tag, &name);
        tag.write(&mut self.out);
        match self.typed(&name) {
            // The first line break behind the tag would be dropped.
            Some(typed) => self.out = format!("{}\n{}", self.out, escape(typed)),
            None => self.out.push_str(old),
        }
        self.out.push_str(END);
        self.explain(is_wrong);
        behind
    }

    /// Marks the control if the reason is about it.
    fn mark(&mut self, tag: &mut Tag, name: &str) -> bool {
        let AppError::Invalid { field, .. } = &self.refusal.error else { return false };
        // Elsewhere the browser shall not look.
        tag.set_flag("autofocus", false);
        let is_wrong = !self.is_marked && (name == field || name.ends_with(&format!("[{field}]")));
        if is_wrong {
            let described = tag.get("aria-describedby").map_or(REASON.to_owned(), |ids| format!("{ids} {REASON}"));
            tag.set("aria-describedby", &described);
            tag.set("aria-invalid", "true");
            tag.set_flag("autofocus", true);
            self.is_marked = true;
        }
        is_wrong
    }

    fn explain(&mut self, is_wrong: bool) {
        if is_wrong {
            self.out.push_str(&format!(r#"<p class="error" role="alert" id="{REASON}">{}</p>"#, escape(self.reason)));
        }
    }
}

/// A start tag. Values stay escaped.
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, Option<String>)>,
}

impl<'a> Tag<'a> {
    /// The start tag that `html` begins with, and what is behind it.
    fn read(html: &'a str) -> Option<(Self, &'a str)> {
        let inside = html.strip_prefix('<').filter(|h| h.starts_with(|c: char| c.is_ascii_alphabetic()))?;
        let (name, mut rest) = split_at_any(inside, &[' ', '>', '/', '\n']);
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start_matches([' ', '\n', '/']);
            if let Some(behind) = rest.strip_prefix('>') {
                return Some((Self { name, attributes }, behind));
            }
            let (key, behind) = split_at_any(rest, &['=', ' ', '>', '/', '\n']);
            if key.is_empty() {
                return None;
            }
            let Some(value) = behind.strip_prefix('=') else {
                attributes.push((key, None));
                rest = behind;
                continue;
            };
            let (value, behind) = match value.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => split_at_any(value, &[' ', '>', '\n']),
            };
            attributes.push((key, Some(value.to_owned())));
            rest = behind;
        }
    }

    /// An attribute's value as it is meant.
    fn get(&self, key: &str) -> Option<String> {
        self.attributes.iter().find(|a| a.0 == key).map(|a| unescape(a.1.as_deref().unwrap_or_default()))
    }

    fn set(&mut self, key: &'a str, value: &str) {
        self.set_flag(key, false);
        self.attributes.push((key, Some(escape(value))));
    }

    /// Sets or removes an attribute without a value.
    fn set_flag(&mut self, key: &'a str, on: bool) {
        self.attributes.retain(|a| a.0 != key);
        if on {
            self.attributes.push((key, None));
        }
    }

    fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(self.name);
        for (key, value) in &self.attributes {
            out.push(' ');
            out.push_str(key);
            if let Some(value) = value {
                out.push_str(&format!("=\"{value}\""));
            }
        }
        out.push('>');
    }
}

fn split_at_any<'a>(text: &'a str, ends: &[char]) -> (&'a str, &'a str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn unescape(text: &str) -> String {
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    marks.into_iter().fold(text.to_owned(), |text, (escaped, meant)| text.replace(escaped, meant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(html: &str, typed: &[(&str, &str)], error: AppError) -> Option<(String, bool)> {
        let typed = typed.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        refill(html, &Refusal { address: String::new(), error, typed }, "too <long>")
    }

    fn form(html: &str, typed: &[(&str, &str)]) -> String {
        filled(html, typed, AppError::Forbidden).unwrap_or_default().0
    }

    #[test]
    fn every_kind_of_field_is_filled() {
        assert_eq!(
            form(r#"<input name="a" value="old" required>"#, &[("a", "\"<&")]),
            r#"<input name="a" required value="&quot;&lt;&amp;">"#
        );
        assert_eq!(
            form(r#"<textarea name="a" rows="2">old</textarea>x"#, &[("a", "1\n<2")]),
            "<textarea name=\"a\" rows=\"2\">\n1\n&lt;2</textarea>x"
        );
        let list = r#"<select name="a"><option value="x" selected>X</option><!----><option value="R&amp;D">Y</option></select>"#;
        assert_eq!(
            form(list, &[("a", "R&D")]),
            r#"<select name="a"><option value="x">X</option><!----><option value="R&amp;D" selected>Y</option></select>"#
        );
        let boxes = r#"<input type="checkbox" name="a" value="1" checked><input type="radio" name="b" value="2">"#;
        assert_eq!(
            form(boxes, &[("b", "2")]),
            r#"<input type="checkbox" name="a" value="1"><input type="radio" name="b" value="2" checked>"#
        );
    }

    #[test]
    fn secrets_files_and_hidden_inputs_stay_as_they_are() {
        let html =
            r#"<input type="password" name="a"><input type="file" name="b"><input type="hidden" name="c" value="7">"#;
        assert_eq!(form(html, &[("a", "x"), ("b", "x"), ("c", "6")]), html);
    }

    #[test]
    fn the_form_of_another_row_is_not_touched() {
        let html = r#"<input type="hidden" name="user" value="u-1"><input name="role" value="r">"#;
        assert_eq!(filled(html, &[("user", "u-2"), ("role", "x")], AppError::Forbidden), None);
        assert!(form(html, &[("user", "u-1"), ("role", "x")]).contains(r#"value="x""#));
    }

    #[test]
    fn the_wrong_field_is_marked_and_explained() {
        let html = r#"<input name="b" autofocus><input name="edit[a]" aria-describedby="h"><p>z</p>"#;
        let (html, is_marked) = filled(html, &[], AppError::invalid("a", "")).unwrap_or_default();
        assert!(is_marked);
        assert_eq!(
            html,
            r#"<input name="b"><input name="edit[a]" aria-describedby="h refused" aria-invalid="true" autofocus><p class="error" role="alert" id="refused">too &lt;long&gt;</p><p>z</p>"#
        );
        let list = r#"<select name="a"><option value="x">X</option></select>"#;
        let (html, _) = filled(list, &[], AppError::invalid("a", "")).unwrap_or_default();
        assert!(html.contains("</select><p class=\"error\""), "{html}");
    }

    proptest! {
        #[test]
        fn nothing_typed_becomes_markup(text in "\\PC*") {
            let html = form(r#"<p>"quoted" &lt;</p><input name="a"><textarea name="b"></textarea>"#, &[("a", &text), ("b", &text)]);
            prop_assert_eq!(html.matches('<').count(), 5);
            let (tag, _) = Tag::read(&html[html.find("<input").unwrap_or(0)..]).ok_or(TestCaseError::fail("no tag"))?;
            prop_assert_eq!(tag.get("value"), Some(text));
        }
    }
}
