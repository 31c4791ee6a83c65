//! A text as glyphs, broken into lines: shaping by rustybuzz, break opportunities by UAX #14 (Unicode Line Breaking Algorithm),
//! so that Chinese breaks between letters but not before punctuation. Words of scripts that run from right to left are shaped
//! whole and stand in the order of the text.

use super::fonts::{Fonts, Style};
use app::reports::document::Span;
use rustybuzz::{Direction, UnicodeBuffer, shape};
use std::{ops::Range, sync::Arc};
use unicode_linebreak::{BreakOpportunity, linebreaks};

/// Red, green and blue.
pub(super) type Ink = (u8, u8, u8);

/// A piece of text that looks alike.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) style: Style,
    pub(super) ink: Ink,
    pub(super) href: Option<String>,
}

/// A glyph; lengths are in units of the font size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    pub(super) id: u32,
    pub(super) advance: f32,
    pub(super) dx: f32,
    pub(super) dy: f32,
}

/// Letters that are drawn together.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    /// In the whole text, in bytes.
    pub(super) range: Range<usize>,
    pub(super) font: usize,
    pub(super) piece: usize,
    pub(super) glyphs: Vec<Glyph>,
    pub(super) width: f32,
    is_space: bool,
    /// What may come behind it.
    then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Same,
    MayBreak,
    MustBreak,
}

/// A shaped text.
#[derive(Clone, Debug)]
pub(super) struct Shaped {
    pub(super) text: String,
    pub(super) pieces: Vec<Piece>,
    pub(super) clusters: Vec<Cluster>,
}

impl Piece {
    pub(super) fn new(text: impl Into<String>, style: Style, ink: Ink) -> Self {
        Self { text: text.into(), style, ink, href: None }
    }

    /// Of a span in an ink, or in that of links where it is one.
    pub(super) fn of(span: &Span, ink: Ink, link: Ink) -> Self {
        let ink = if span.href.is_some() { link } else { ink };
        Self { text: span.text.clone(), style: Style::of(span), ink, href: span.href.clone() }
    }
}

/// Shapes pieces that follow each other.
pub(super) fn shaped(fonts: &Fonts<'_>, pieces: Vec<Piece>) -> Arc<Shaped> {
    let mut text = String::new();
    let mut clusters = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        // A tab would have no glyph, and a line break is no letter.
        let start = text.len();
        text.extend(
            piece.text.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| *c == '\n' || !c.is_control()),
        );
        for (range, font) in runs(fonts, piece.style, &text, start) {
            shape_run(fonts, &text, range, font, i, &mut clusters);
        }
    }
    mark_breaks(&text, &mut clusters);
    Arc::new(Shaped { text, pieces, clusters })
}

/// Stretches of the text from `start` on that one font has.
fn runs(fonts: &Fonts<'_>, style: Style, text: &str, start: usize) -> Vec<(Range<usize>, usize)> {
    let mut runs: Vec<(Range<usize>, usize)> = Vec::new();
    for (at, c) in text[start..].char_indices() {
        let (at, font) = (start + at, fonts.place(style, c));
        let end = at + c.len_utf8();
        match runs.last_mut() {
            Some((range, of)) if *of == font || matches!(c, ' ' | '\n') => range.end = end,
            _ => runs.push((at..end, font)),
        }
    }
    runs
}

fn shape_run(fonts: &Fonts<'_>, text: &str, run: Range<usize>, font: usize, piece: usize, clusters: &mut Vec<Cluster>) {
    let face = &fonts.faces[font];
    let unit = face.units_per_em() as f32;
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(&text[run.clone()]);
    buffer.guess_segment_properties();
    let runs_right = buffer.direction() != Direction::RightToLeft;
    let shaped = shape(face, &[], buffer);
    let glyphs = shaped.glyph_infos().iter().zip(shaped.glyph_positions()).map(|(info, position)| {
        let glyph = Glyph {
            id: info.glyph_id,
            advance: position.x_advance as f32 / unit,
            dx: position.x_offset as f32 / unit,
            dy: position.y_offset as f32 / unit,
        };
        (run.start + info.cluster as usize, glyph)
    });
    let first = clusters.len();
    for (at, glyph) in glyphs {
        match clusters[first..].last_mut() {
            // What runs to the left is one cluster: its glyphs are in the order in which they are seen.
            Some(last) if !runs_right || last.range.start == at => {
                last.width += glyph.advance;
                last.glyphs.push(glyph);
            }
            _ => clusters.push(Cluster {
                range: if runs_right { at..at } else { run.clone() },
                font,
                piece,
                glyphs: vec![glyph],
                width: glyph.advance,
                is_space: false,
                then: Then::Same,
            }),
        }
    }
    let mut end = run.end;
    for cluster in clusters[first..].iter_mut().rev().filter(|_| runs_right) {
        cluster.range.end = end;
        end = cluster.range.start;
    }
    for cluster in &mut clusters[first..] {
        let letters = &text[cluster.range.clone()];
        cluster.is_space = letters.chars().all(char::is_whitespace);
        if letters == "\n" {
            (cluster.width, cluster.glyphs) = (0.0, Vec::new());
        }
    }
}

fn mark_breaks(text: &str, clusters: &mut [Cluster]) {
    let mut breaks = linebreaks(text).peekable();
    for cluster in clusters {
        while let Some((_, found)) = breaks.next_if(|(at, _)| *at <= cluster.range.end) {
            cluster.then = match found {
                BreakOpportunity::Mandatory => Then::MustBreak,
                BreakOpportunity::Allowed if cluster.then == Then::Same => Then::MayBreak,
                BreakOpportunity::Allowed => cluster.then,
            };
        }
    }
}

impl Shaped {
    /// Clusters of each line that is no wider, in units of the font size. Blanks at the ends of lines are left out.
    pub(super) fn lines(&self, width: f32) -> Vec<Range<usize>> {
        let mut lines = Vec::new();
        let (mut start, mut last_break, mut used) = (0, None, 0.0);
        let mut i = 0;
        while i < self.clusters.len() {
            let cluster = &self.clusters[i];
            if used + cluster.width > width && i > start && !cluster.is_space {
                // A word that is wider than the line breaks anywhere.
                let end = last_break.unwrap_or(i);
                lines.push(self.trimmed(start..end));
                (start, last_break, used, i) = (end, None, 0.0, end);
                continue;
            }
            used += cluster.width;
            i += 1;
            match cluster.then {
                Then::MustBreak => {
                    lines.push(self.trimmed(start..i));
                    (start, last_break, used) = (i, None, 0.0);
                }
                Then::MayBreak => last_break = Some(i),
                Then::Same => {}
            }
        }
        if start < self.clusters.len() {
            lines.push(self.trimmed(start..self.clusters.len()));
        }
        lines
    }

    fn trimmed(&self, mut line: Range<usize>) -> Range<usize> {
        while line.end > line.start && self.clusters[line.end - 1].is_space {
            line.end -= 1;
        }
        line
    }

    /// The end of a line with the blanks that were left out there.
    pub(super) fn behind_blanks(&self, end: usize) -> usize {
        let is_left_out = |cluster: &&Cluster| cluster.is_space && cluster.then != Then::MustBreak;
        end + self.clusters[end..].iter().take_while(is_left_out).count()
    }

    pub(super) fn width_of(&self, line: Range<usize>) -> f32 {
        self.clusters[line].iter().map(|cluster| cluster.width).sum()
    }

    /// Width in one line, and of the widest part that cannot be broken.
    pub(super) fn widths(&self) -> (f32, f32) {
        let (mut all, mut widest, mut part) = (0.0f32, 0.0f32, 0.0f32);
        let mut line = 0.0f32;
        for cluster in &self.clusters {
            line += cluster.width;
            if !cluster.is_space {
                part += cluster.width;
            }
            widest = widest.max(part);
            all = all.max(line);
            if cluster.then != Then::Same {
                part = 0.0;
            }
            if cluster.then == Then::MustBreak {
                line = 0.0;
            }
        }
        (all, widest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text whose letters are all as wide as the font size, without a font.
    fn by_hand(text: &str) -> Shaped {
        let cluster = |(at, c): (usize, char)| Cluster {
            range: at..at + c.len_utf8(),
            font: 0,
            piece: 0,
            glyphs: Vec::new(),
            width: if c == '\n' { 0.0 } else { 1.0 },
            is_space: c.is_whitespace(),
            then: Then::Same,
        };
        let mut clusters: Vec<Cluster> = text.char_indices().map(cluster).collect();
        mark_breaks(text, &mut clusters);
        Shaped { text: text.to_owned(), pieces: vec![Piece::new(text, Style::Regular, (0, 0, 0))], clusters }
    }

    fn broken(text: &str, width: f32) -> Vec<String> {
        let shaped = by_hand(text);
        let letters = |line: Range<usize>| shaped.clusters[line].iter().map(|c| &text[c.range.clone()]).collect();
        shaped.lines(width).into_iter().map(letters).collect()
    }

    #[test]
    fn latin_breaks_at_blanks_and_chinese_between_letters() {
        assert_eq!(broken("ab cde f", 6.0), ["ab cde", "f"]);
        assert_eq!(broken("模型更好。但是", 4.0), ["模型更", "好。但是"], "a full stop begins no line");
        assert_eq!(broken("用 LoRA 微调", 6.0), ["用 LoRA", "微调"], "a blank takes no room at the end");
    }

    #[test]
    fn lines_end_where_the_text_says_so_and_long_words_anywhere() {
        assert_eq!(broken("a\n\nb", 9.0), ["a", "", "b"]);
        assert_eq!(broken("abcdefgh", 3.0), ["abc", "def", "gh"]);
        assert_eq!(broken("", 3.0), Vec::<String>::new());
    }

    #[test]
    fn blanks_at_the_ends_of_lines_can_be_had_back() {
        let ends = |text: &str, width: f32| -> Vec<usize> {
            let shaped = by_hand(text);
            shaped.lines(width).into_iter().map(|line| shaped.behind_blanks(line.end)).collect()
        };
        assert_eq!(ends("ab cde", 3.0), [3, 6]);
        assert_eq!(ends("a \n  b", 9.0), [2, 6], "the next line keeps what it begins with");
    }

    #[test]
    fn widths_are_of_the_longest_line_and_the_longest_word() {
        assert_eq!(by_hand("ab cde\nf").widths(), (6.0, 3.0));
        assert_eq!(by_hand("模型").widths(), (2.0, 1.0));
    }
}
