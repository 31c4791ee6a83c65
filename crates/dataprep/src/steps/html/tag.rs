//! Reading one tag, comment or doctype at the beginning of a text, after the tokenizer of WHATWG HTML, section 13.2.5, but
//! strict: what a page would forgive is no tag here.

use super::Closed;

/// Longest tag, in bytes.
const MAX_BYTES: usize = 20_000;

/// What an element does to the text around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An empty line around.
    Paragraph,
    /// A line of its own.
    Line,
    /// A line break.
    Break,
    Item,
    Cell,
    Link,
    /// Its content is no text for a reader.
    Hidden,
    Inline,
}

#[derive(Debug)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) closes: bool,
    /// Where a link leads.
    pub(super) address: Option<String>,
}

const PARAGRAPHS: &[&str] = &[
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "dl",
    "table",
    "blockquote",
    "pre",
    "hr",
    "figure",
    "fieldset",
    "article",
    "section",
];
const LINES: &[&str] = &[
    "div",
    "tr",
    "header",
    "footer",
    "main",
    "nav",
    "aside",
    "form",
    "address",
    "dt",
    "dd",
    "html",
    "body",
    "caption",
    "thead",
    "tbody",
    "tfoot",
    "figcaption",
    "details",
    "summary",
    "center",
    "legend",
    "option",
    "menu",
    "dialog",
    "search",
    "hgroup",
    "optgroup",
];
const HIDDEN: &[&str] = &[
    "script", "style", "noscript", "template", "head", "svg", "iframe", "object", "title", "canvas", "audio", "video",
];
const INLINE: &[&str] = &[
    "b", "i", "u", "s", "q", "em", "strong", "span", "small", "big", "sub", "sup", "code", "kbd", "samp", "var",
    "mark", "del", "ins", "abbr", "cite", "dfn", "time", "font", "tt", "strike", "label", "button", "bdi", "bdo",
    "ruby", "rt", "rp", "data", "map", "picture", "textarea", "select", "output", "progress", "meter", "colgroup",
    "acronym", "slot", "nobr",
];
/// Elements without an end.
const VOID: &[&str] =
    &["img", "input", "meta", "link", "wbr", "col", "area", "base", "embed", "source", "track", "param", "br", "hr"];
/// Elements whose end may be left away.
const OPEN: &[&str] =
    &["p", "li", "tr", "td", "th", "dt", "dd", "option", "html", "body", "thead", "tbody", "tfoot", "div"];
/// Attributes without a value.
const SWITCHES: &[&str] = &[
    "checked",
    "disabled",
    "selected",
    "hidden",
    "required",
    "controls",
    "autoplay",
    "async",
    "defer",
    "nowrap",
    "novalidate",
    "readonly",
    "multiple",
    "loop",
    "muted",
    "open",
    "reversed",
    "allowfullscreen",
    "noshade",
    "compact",
    "itemscope",
    "crossorigin",
    "autofocus",
];

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "br" => Kind::Break,
        "li" => Kind::Item,
        "td" | "th" => Kind::Cell,
        "a" => Kind::Link,
        _ if PARAGRAPHS.contains(&name) => Kind::Paragraph,
        _ if LINES.contains(&name) => Kind::Line,
        _ if HIDDEN.contains(&name) => Kind::Hidden,
        _ if INLINE.contains(&name) || VOID.contains(&name) => Kind::Inline,
        _ => return None,
    })
}

/// Names of the elements that have an end somewhere.
pub(super) fn closed(text: &str) -> Closed {
    let names = text.split("</").skip(1).map(|rest| rest[..name_length(rest)].to_ascii_lowercase());
    names.filter(|name| !name.is_empty()).collect()
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len())
}

/// Bytes up to and with the end of an element; all that is left where it has none.
pub(super) fn until_closed(text: &str, name: &str) -> usize {
    let mut from = 0;
    while let Some(at) = text[from..].find("</") {
        let start = from + at + 2;
        let found = name_length(&text[start..]);
        if text[start..start + found].eq_ignore_ascii_case(name) {
            return text[start..].find('>').map_or(text.len(), |end| start + end + 1);
        }
        from = start;
    }
    text.len()
}

/// The tag at the beginning of a text and its bytes. `before` is the character before it, `closed` what the text closes.
pub(super) fn read(text: &str, before: Option<char>, closed: &Closed) -> Option<(Tag, usize)> {
    let body = text.strip_prefix('<')?;
    let nothing =
        |length| Some((Tag { name: String::new(), kind: Kind::Inline, closes: false, address: None }, length));
    if let Some(comment) = body.strip_prefix("!--") {
        return comment.find("-->").and_then(|at| nothing(4 + at + 3));
    }
    if body.get(..8).is_some_and(|head| head.eq_ignore_ascii_case("!doctype")) {
        return body.find('>').and_then(|at| nothing(1 + at + 1));
    }
    let closes = body.starts_with('/');
    let body = body.strip_prefix('/').unwrap_or(body);
    let length = name_length(body);
    let name = body[..length].to_ascii_lowercase();
    let kind = kind(&name)?;
    let (address, attributes, any) = attributes(&body[length..])?;
    // `Option<i>` is no element, nor is `<b` of "a<b".
    let opens_well = VOID.contains(&name.as_str())
        || closed.contains(&name)
        || any
        || (OPEN.contains(&name.as_str()) && !before.is_some_and(|c| c.is_ascii_alphanumeric()));
    if !closes && !opens_well {
        return None;
    }
    let bytes = 1 + usize::from(closes) + length + attributes;
    let hidden_without_end =
        kind == Kind::Hidden && !closes && !closed.contains(&name) && !matches!(name.as_str(), "script" | "style");
    let kind = if hidden_without_end { Kind::Inline } else { kind };
    Some((Tag { name, kind, closes, address }, bytes))
}

/// Attributes up to and with the `>`: the `href` among them, their bytes, and whether there are any. `None` for what is not
/// written as attributes are.
fn attributes(text: &str) -> Option<(Option<String>, usize, bool)> {
    let mut address = None;
    let mut any = false;
    let mut at = 0;
    loop {
        let rest = text.get(at..).filter(|_| at < MAX_BYTES)?;
        let body = rest.trim_start();
        let space = rest.len() - body.len();
        at += space;
        if body.starts_with('>') {
            return Some((address, at + 1, any));
        }
        if body.starts_with("/>") {
            return Some((address, at + 2, any));
        }
        // Space parts attributes; a value in quotes may touch the next one.
        if space == 0 && !text[..at].ends_with(['"', '\'']) {
            return None;
        }
        let length = body
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.' | '@' | '*')))
            .filter(|n| *n > 0)?;
        let name = body[..length].to_ascii_lowercase();
        let behind = body[length..].trim_start();
        let Some(value) = behind.strip_prefix('=') else {
            if !SWITCHES.contains(&name.as_str()) {
                return None;
            }
            any = true;
            at += length;
            continue;
        };
        let value = value.trim_start();
        let start = at + (body.len() - value.len());
        let (value, length) = match value.chars().next()? {
            quote @ ('"' | '\'') => {
                let end = value[1..].find(quote)?;
                (&value[1..=end], end + 2)
            }
            _ => {
                let end = value.find(|c: char| c.is_whitespace() || c == '>')?;
                (&value[..end], end)
            }
        };
        if length == 0 {
            return None;
        }
        any = true;
        at = start + length;
        if name == "href" && (value.starts_with("http") || value.starts_with("mailto:")) {
            address = Some(html_escape::decode_html_entities(value).into_owned());
        }
    }
}
