//! Reads the part of Markdown that is shown.

/// Inline marks inside of each other, at most.
const DEEPEST: usize = 4;

/// A part of a text with lines of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Its level, from 1.
    Heading(usize, Vec<Inline>),
    Paragraph(Vec<Inline>),
    Quote(Vec<Inline>),
    Code(String),
    /// Whether it is numbered, and its items.
    List(bool, Vec<Vec<Inline>>),
    Rule,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Inline {
    Text(String),
    Code(String),
    Strong(Vec<Inline>),
    Emphasis(Vec<Inline>),
    /// With an address that leads to a page, never to a script.
    Link(Vec<Inline>, String),
}

/// What a line begins.
enum Line<'a> {
    Blank,
    Rule,
    Heading(usize, &'a str),
    Quote(&'a str),
    Item(bool, &'a str),
    Text(&'a str),
}

pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    // Lines that go on in the next one.
    let mut open: Option<Open> = None;
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("```") {
            blocks.extend(open.take().map(Open::close));
            let code: Vec<&str> = lines.by_ref().take_while(|l| !l.trim_start().starts_with("```")).collect();
            blocks.push(Block::Code(code.join("\n")));
            continue;
        }
        open = match (open.take(), read(line)) {
            (Some(Open::Paragraph(text)), Line::Text(more)) => Some(Open::Paragraph(text + "\n" + more)),
            (Some(Open::Quote(text)), Line::Quote(more)) => Some(Open::Quote(text + "\n" + more)),
            (Some(Open::List(numbered, mut items)), Line::Item(n, item)) if n == numbered => {
                items.push(item.to_owned());
                Some(Open::List(numbered, items))
            }
            (Some(Open::List(numbered, mut items)), Line::Text(more)) => {
                if let Some(last) = items.last_mut() {
                    last.push('\n');
                    last.push_str(more);
                }
                Some(Open::List(numbered, items))
            }
            (before, line) => {
                blocks.extend(before.map(Open::close));
                match line {
                    Line::Blank => None,
                    Line::Rule => {
                        blocks.push(Block::Rule);
                        None
                    }
                    Line::Heading(level, text) => {
                        blocks.push(Block::Heading(level, inlines(text, 0)));
                        None
                    }
                    Line::Quote(text) => Some(Open::Quote(text.to_owned())),
                    Line::Item(numbered, text) => Some(Open::List(numbered, vec![text.to_owned()])),
                    Line::Text(text) => Some(Open::Paragraph(text.to_owned())),
                }
            }
        };
    }
    blocks.extend(open.map(Open::close));
    blocks
}

enum Open {
    Paragraph(String),
    Quote(String),
    List(bool, Vec<String>),
}

impl Open {
    fn close(self) -> Block {
        match self {
            Self::Paragraph(text) => Block::Paragraph(inlines(&text, 0)),
            Self::Quote(text) => Block::Quote(inlines(&text, 0)),
            Self::List(numbered, items) => Block::List(numbered, items.iter().map(|item| inlines(item, 0)).collect()),
        }
    }
}

fn read(line: &str) -> Line<'_> {
    let line = line.trim();
    if line.is_empty() {
        return Line::Blank;
    }
    if line.len() >= 3 && (line.bytes().all(|b| b == b'-') || line.bytes().all(|b| b == b'*')) {
        return Line::Rule;
    }
    let level = line.bytes().take_while(|b| *b == b'#').count();
    if (1..=6).contains(&level)
        && let Some(title) = line[level..].strip_prefix(' ')
    {
        return Line::Heading(level, title.trim());
    }
    if let Some(quote) = line.strip_prefix('>') {
        return Line::Quote(quote.trim());
    }
    if let Some(item) = ["- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark)) {
        return Line::Item(false, item.trim());
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=3).contains(&digits)
        && let Some(item) = line[digits..].strip_prefix(". ")
    {
        return Line::Item(true, item.trim());
    }
    Line::Text(line)
}

fn inlines(text: &str, depth: usize) -> Vec<Inline> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((part, behind)) = marked(rest, depth) {
            if !plain.is_empty() {
                parts.push(Inline::Text(std::mem::take(&mut plain)));
            }
            parts.push(part);
            rest = behind;
            continue;
        }
        let escaped = rest.strip_prefix('\\').and_then(|r| r.chars().next()).filter(char::is_ascii_punctuation);
        let (shown, length) = escaped.map_or((c, c.len_utf8()), |e| (e, 1 + e.len_utf8()));
        plain.push(shown);
        rest = &rest[length..];
    }
    if !plain.is_empty() {
        parts.push(Inline::Text(plain));
    }
    parts
}

/// A part that the text begins with and that is more than text, and what is behind it.
fn marked(text: &str, depth: usize) -> Option<(Inline, &str)> {
    if let Some(code) = text.strip_prefix('`') {
        let (code, behind) = code.split_once('`').filter(|(code, _)| !code.is_empty())?;
        return Some((Inline::Code(code.to_owned()), behind));
    }
    if depth >= DEEPEST {
        return None;
    }
    if let Some(inside) = text.strip_prefix("**") {
        let (inside, behind) = inside.split_once("**").filter(|(inside, _)| is_word(inside))?;
        return Some((Inline::Strong(inlines(inside, depth + 1)), behind));
    }
    if let Some(inside) = text.strip_prefix('*') {
        let (inside, behind) = inside.split_once('*').filter(|(inside, _)| is_word(inside))?;
        return Some((Inline::Emphasis(inlines(inside, depth + 1)), behind));
    }
    let (title, behind) = text.strip_prefix('[')?.split_once("](")?;
    let (address, behind) = behind.split_once(')')?;
    let leads_to_page = address.starts_with("https://")
        || address.starts_with("http://")
        || address.starts_with('#')
        || (address.starts_with('/') && !address.starts_with("//"));
    leads_to_page.then(|| (Inline::Link(inlines(title, depth + 1), address.to_owned()), behind))
}

/// Marks stand at a word: `2 * 3 * 4` is no emphasis.
fn is_word(inside: &str) -> bool {
    !inside.is_empty() && !inside.starts_with(char::is_whitespace) && !inside.ends_with(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Inline {
        Inline::Text(text.to_owned())
    }

    #[test]
    fn blocks_are_told_apart() {
        let read = blocks(
            "# Tone\nLook at\nthe text.\n\n- good\n- bad:\n  rude\n1. first\n\n> said\n```\n# no title\n```\n---",
        );
        assert_eq!(
            read,
            [
                Block::Heading(1, vec![text("Tone")]),
                Block::Paragraph(vec![text("Look at\nthe text.")]),
                Block::List(false, vec![vec![text("good")], vec![text("bad:\nrude")]]),
                Block::List(true, vec![vec![text("first")]]),
                Block::Quote(vec![text("said")]),
                Block::Code("# no title".to_owned()),
                Block::Rule,
            ]
        );
    }

    #[test]
    fn emphasis_code_and_links_are_read() {
        let strong = Inline::Strong(vec![text("很"), Inline::Code("x".to_owned())]);
        assert_eq!(inlines("a **很`x`** \\*b", 0), [text("a "), strong, text(" *b")]);
        let link = Inline::Link(vec![text("rules")], "https://example.org/a".to_owned());
        assert_eq!(inlines("[rules](https://example.org/a)", 0), [link]);
        assert_eq!(inlines("2 * 3 * 4", 0), [text("2 * 3 * 4")]);
    }

    #[test]
    fn nothing_becomes_a_script() {
        for bad in ["[x](javascript:alert(1))", "[x](//evil.example)", "<b>x</b>", "[x](data:text/html,x)"] {
            assert_eq!(inlines(bad, 0), [text(bad)], "{bad}");
        }
    }
}
