//! HTML in texts: tags go, their blocks become lines, entities become characters.
//!
//! Written here and not by a parser for pages: training texts are prose with some tags, in which `a < b`, `Vec<String>` and
//! code in backticks must survive. A parser takes the first `<` for the beginning of a page. Only names of HTML's elements are
//! tags (WHATWG HTML, section 4), and of elements that must be closed only those which are.

mod tag;

use super::{RowStep, text::Rewrite};
use domain::steps::Html;
use std::collections::HashSet;
use tag::{Kind, Tag};

/// Names of elements that a text closes; see [`tag::closed`].
type Closed = HashSet<String>;

pub(super) fn step(settings: &Html) -> Box<dyn RowStep> {
    let s = settings.clone();
    Box::new(Rewrite { within: s.within, rule: move |text: &str| strip(text, &s) })
}

/// The text without HTML; `None` where there is none.
fn strip(text: &str, settings: &Html) -> Option<String> {
    if !text.contains(['<', '&']) {
        return None;
    }
    let mut out = Output { settings, text: String::with_capacity(text.len()), breaks: 0, link: None };
    let closed = tag::closed(text);
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(code) = code(rest, out.text.is_empty() || out.text.ends_with('\n') || out.breaks > 0) {
            out.verbatim(&rest[..code]);
            rest = &rest[code..];
            continue;
        }
        match tag::read(rest, out.text.chars().next_back(), &closed) {
            Some((tag, length)) => {
                let inner = out.tag(&tag, &rest[length..]);
                rest = &rest[length + inner..];
            }
            None => {
                let first = rest.chars().next().map_or(1, char::len_utf8);
                let end = rest[first..].find(['<', '`', '~']).map_or(rest.len(), |at| first + at);
                out.prose(&rest[..end]);
                rest = &rest[end..];
            }
        }
    }
    let made = out.finish();
    (made != text).then_some(made)
}

/// Bytes of the code that the text begins with: a fenced block, or what stands between equal runs of backticks.
fn code(text: &str, at_line_start: bool) -> Option<usize> {
    let sign = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let run = text.chars().take_while(|c| *c == sign).count();
    let fence = &text[..run];
    if run >= 3 && at_line_start {
        let closing = format!("\n{fence}");
        return Some(text[run..].find(&closing).map_or(text.len(), |at| run + at + closing.len()));
    }
    if sign != '`' {
        return None;
    }
    let paragraph = &text[..text.find("\n\n").unwrap_or(text.len())];
    let mut from = run;
    while let Some(at) = paragraph.get(from..)?.find(fence) {
        let start = from + at;
        let length = paragraph[start..].chars().take_while(|c| *c == sign).count();
        if length == run {
            return Some(start + length);
        }
        from = start + length;
    }
    None
}

/// The text being written, with breaks that wait until something follows.
struct Output<'a> {
    settings: &'a Html,
    text: String,
    breaks: usize,
    /// Address of the open link, and where its text begins.
    link: Option<(String, usize)>,
}

impl Output<'_> {
    /// What a tag becomes; says how many bytes behind it belong to it and are skipped.
    fn tag(&mut self, tag: &Tag, behind: &str) -> usize {
        match tag.kind {
            Kind::Hidden if !tag.closes => return tag::until_closed(behind, &tag.name),
            Kind::Paragraph => self.breaks = self.breaks.max(2),
            Kind::Line => self.breaks = self.breaks.max(1),
            Kind::Break => self.breaks += 1,
            Kind::Cell if tag.closes => self.gap("\t"),
            Kind::Item if !tag.closes => {
                self.breaks = self.breaks.max(1);
                self.flush();
                self.text.push_str("- ");
            }
            Kind::Link if self.settings.links => self.link(tag),
            _ => {}
        }
        0
    }

    fn link(&mut self, tag: &Tag) {
        if !tag.closes {
            self.link = tag.address.clone().map(|address| (address, self.text.len()));
        } else if let Some((address, start)) = self.link.take()
            && self.text.get(start..).is_some_and(|text| text.trim() != address)
        {
            self.text.push_str(&format!(" ({address})"));
        }
    }

    /// Words between tags.
    fn prose(&mut self, words: &str) {
        // Space around a tag that breaks the line only shows how the source was written.
        let words = if self.breaks > 0 { words.trim_start() } else { words };
        if words.is_empty() {
            return;
        }
        self.flush();
        if self.settings.entities && words.contains('&') {
            let words = words.replace("&nbsp;", " ").replace("&#160;", " ");
            self.text.push_str(&html_escape::decode_html_entities(&words));
        } else {
            self.text.push_str(words);
        }
    }

    fn verbatim(&mut self, code: &str) {
        self.flush();
        self.text.push_str(code);
    }

    fn gap(&mut self, gap: &str) {
        if self.breaks == 0 && !self.text.is_empty() && !self.text.ends_with(['\n', '\t']) {
            let end = self.text.trim_end_matches([' ', '\n']).len();
            self.text.truncate(end);
            self.text.push_str(gap);
        }
    }

    /// The breaks that waited; not at the beginning.
    fn flush(&mut self) {
        if self.breaks == 0 {
            return;
        }
        let end = self.text.trim_end().len();
        let written = self.text[end..].matches('\n').count();
        self.text.truncate(end);
        if !self.text.is_empty() {
            self.text.push_str(&"\n".repeat(self.breaks.max(written).min(2)));
        }
        self.breaks = 0;
    }

    fn finish(mut self) -> String {
        if self.breaks > 0 || self.text.ends_with('\t') {
            let end = self.text.trim_end().len();
            self.text.truncate(end);
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> String {
        strip(text, &Html::default()).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn blocks_become_lines_and_what_is_no_text_goes() {
        let page = "<!DOCTYPE html><html><head><title>Shop</title><style>p { color: red }</style></head><body>\n\
            <h1>Tea &amp; cups</h1>\n<p>Good <b>green</b>\n tea.<br>Fresh.</p><!-- old --><script>var a = '<p>';</script>\
            <ul><li>cup</li><li>pot</li></ul><table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table></body></html>";
        assert_eq!(plain(page), "Tea & cups\n\nGood green\n tea.\nFresh.\n\n- cup\n- pot\n\na\tb\nc\td");
        assert_eq!(plain("<p>你好，<strong>世界</strong>！</p><p>再见&hellip;</p>"), "你好，世界！\n\n再见…");
        assert_eq!(plain("5&nbsp;kg &lt;b&gt; &#20320;&#x597d; &copy;"), "5 kg <b> 你好 ©");
    }

    #[test]
    fn what_only_looks_like_a_tag_stays() {
        for text in [
            "a < b and c > d",
            "if a<b: return x>y",
            "Vec<String> and HashMap<K, V>",
            "x <- y, I <3 you",
            "use `<b>bold</b>` for bold",
            "```html\n<p>kept</p> &amp;\n```",
            "~~~\n<br>\n~~~",
            "AT&T, R&D; fish & chips",
            "价格<100元，大于>50元",
            "Option<i> is one, <unknown>tag</unknown> another",
            "<|im_start|>user",
            "mail <jane@example.org> or see <https://example.org>",
        ] {
            assert_eq!(strip(text, &Html::default()), None, "{text}");
        }
    }

    #[test]
    fn links_and_entities_are_as_asked() {
        let text = "see <a class=\"x\" href='https://example.org/?a=1&amp;b=2'>the <i>page</i></a> &lt; now";
        assert_eq!(plain(text), "see the page < now");
        let settings = Html { links: true, entities: false, ..Html::default() };
        let found = strip(text, &settings);
        assert_eq!(found.as_deref(), Some("see the page (https://example.org/?a=1&b=2) &lt; now"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "(<|</|>|p|b|br|script|!--|-->|`|```|~~~|&|amp;|\n| |=|'|\"|好|é|/){0,30}") {
            let _ = strip(&text, &Html { links: true, ..Html::default() });
        }

        #[test]
        fn text_without_signs_stays(text in "[a-z好 \n\t.]{0,40}") {
            prop_assert_eq!(strip(&text, &Html::default()), None);
        }
    }
}
