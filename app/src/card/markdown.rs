//! The data card as Markdown, with the front matter that Hugging Face reads.

use super::{
    facts::{Section, sections},
    text,
};
use domain::{card::DataCard, id::ProjectId, lang::Lang};

/// The whole file. `site` is the address of this server, without a trailing slash, before the addresses of its pages.
#[must_use]
pub fn markdown(l: Lang, site: &str, project: ProjectId, card: &DataCard) -> String {
    let mut out = card.front_matter();
    out.push_str(&format!("\n# {}\n", one_line(&text::title(l, &card.name, card.number))));
    if !card.description.is_empty() {
        out.push_str(&format!("\n{}\n", card.description.trim()));
    }
    for Section { title, facts } in sections(l, project, card) {
        out.push_str(&format!("\n## {title}\n\n"));
        for fact in facts {
            let value = one_line(&fact.value);
            let value = match fact.href {
                Some(href) if href.starts_with('/') => format!("[{value}]({site}{href})"),
                Some(href) => format!("[{value}](<{}>)", href.replace(['<', '>'], "")),
                None => value,
            };
            out.push_str(&format!("- **{}:** {value}\n", one_line(&fact.label)));
        }
    }
    out
}

/// A text that Markdown shows as it is, in one line.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup() {
        assert_eq!(one_line("a_b [x](y)\n<b>"), "a\\_b \\[x\\](y) \\<b\\>");
    }
}
