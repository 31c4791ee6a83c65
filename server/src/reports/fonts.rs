//! Fonts of the system that have the letters of a document, in the order of taste. None comes with the server.

use app::reports::document::Span;
use fontdb::{Database, Family, ID, Query, Stretch, Weight};
use rustybuzz::{Face, ttf_parser};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// Families with Chinese letters.
const CHINESE: [&str; 10] = [
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Noto Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Noto Serif CJK SC",
];
/// Families with Latin letters.
const LATIN: [&str; 6] = ["Noto Sans", "DejaVu Sans", "Liberation Sans", "Arial", "Helvetica", "FreeSans"];
/// Families whose letters are all of one width.
const MONO: [&str; 5] =
    ["Noto Sans Mono CJK SC", "Noto Sans Mono", "DejaVu Sans Mono", "Liberation Mono", "Courier New"];
/// A document of which more letters are lost is refused: one in fifty.
const LOST: usize = 50;
/// Letters that a refusal names.
const NAMED: usize = 12;

/// Why there is no PDF.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PdfError {
    /// No font of the system has these letters, which are too many to leave out.
    #[error(
        "no font on the server has the letters {letters:?}: install fonts that do, such as the packages fonts-noto-cjk and \
         fonts-dejavu-core of Debian and Ubuntu (google-noto-sans-cjk-fonts and dejavu-sans-fonts of Fedora), then ask again"
    )]
    NoGlyphs { letters: String },
    #[error("failed to write a PDF: {0}")]
    Internal(String),
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Style {
    Regular,
    Bold,
    Italic,
    Mono,
}

impl Style {
    pub(super) fn of(span: &Span) -> Self {
        match (span.is_code, span.is_strong, span.is_emphasis) {
            (true, ..) => Self::Mono,
            (_, true, _) => Self::Bold,
            (_, _, true) => Self::Italic,
            _ => Self::Regular,
        }
    }
}

/// The fonts of the system, which are looked for once: an installation needs a restart to be seen.
static SYSTEM: LazyLock<System> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_system_fonts();
    tracing::debug!(faces = fonts.len(), "fonts were looked for");
    System::new(fonts)
});

/// Fonts, with the files of those that documents have needed so far: one with Chinese letters has 20 MB.
pub(super) struct System {
    fonts: Database,
    loaded: Mutex<HashMap<ID, Arc<Vec<u8>>>>,
}

impl System {
    pub(super) fn new(fonts: Database) -> Self {
        Self { fonts, loaded: Mutex::default() }
    }

    /// The file of a face, copied the first time.
    fn file(&self, id: ID, data: &[u8]) -> Arc<Vec<u8>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(loaded.entry(id).or_insert_with(|| Arc::new(data.to_vec())))
    }
}

/// The files that a document needs, and which of them has a letter.
#[derive(Default)]
pub(super) struct FontFiles {
    files: Vec<(Arc<Vec<u8>>, u32)>,
    by_letter: HashMap<(Style, char), usize>,
}

/// Finds them.
pub(super) fn find(letters: &BTreeSet<(Style, char)>) -> Result<FontFiles, PdfError> {
    find_in(&SYSTEM, letters)
}

pub(super) fn find_in(system: &System, letters: &BTreeSet<(Style, char)>) -> Result<FontFiles, PdfError> {
    let mut files = FontFiles::default();
    let mut known: HashMap<ID, usize> = HashMap::new();
    let is_chinese = letters.iter().any(|(_, c)| is_han(*c));
    let mut lost: Vec<char> = Vec::new();
    for style in [Style::Regular, Style::Bold, Style::Italic, Style::Mono] {
        let mut missing: BTreeSet<char> = letters.iter().filter(|(s, _)| *s == style).map(|(_, c)| *c).collect();
        for id in candidates(&system.fonts, style, is_chinese) {
            if missing.is_empty() {
                break;
            }
            files.take(system, id, style, &mut missing, &mut known);
        }
        lost.extend(missing.into_iter().filter(|c| c.is_alphanumeric()));
    }
    // A rare letter is drawn as the sign of a missing one, and still copied as what it is.
    let written = letters.iter().filter(|(_, c)| c.is_alphanumeric()).count();
    if lost.len() * LOST <= written && !files.files.is_empty() {
        return Ok(files);
    }
    let named: BTreeSet<char> = lost.into_iter().collect();
    Err(PdfError::NoGlyphs { letters: named.into_iter().take(NAMED).collect() })
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// Faces in the order in which they are tried: those of taste, then all upright ones.
fn candidates(system: &Database, style: Style, is_chinese: bool) -> Vec<ID> {
    let first: &[&str] = if style == Style::Mono { &MONO } else { &[] };
    // One font for all letters looks calmer than two that take turns.
    let (second, third): (&[&str], &[&str]) = if is_chinese { (&CHINESE, &LATIN) } else { (&LATIN, &CHINESE) };
    let named = first.iter().chain(second).chain(third).filter_map(|family| {
        system.query(&Query {
            families: &[Family::Name(family)],
            weight: if style == Style::Bold { Weight::BOLD } else { Weight::NORMAL },
            stretch: Stretch::Normal,
            style: if style == Style::Italic { fontdb::Style::Italic } else { fontdb::Style::Normal },
        })
    });
    let rest = system.faces().filter(|face| face.style == fontdb::Style::Normal).map(|face| face.id);
    let mut ids: Vec<ID> = Vec::new();
    for id in named.chain(rest) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

impl FontFiles {
    /// Takes what a face has of the letters that are missing.
    fn take(
        &mut self,
        system: &System,
        id: ID,
        style: Style,
        missing: &mut BTreeSet<char>,
        known: &mut HashMap<ID, usize>,
    ) {
        let loaded = system.fonts.with_face_data(id, |data, index| {
            let face = ttf_parser::Face::parse(data, index).ok()?;
            let has = |c: &char| face.glyph_index(*c).is_some();
            let found: Vec<char> = missing.iter().copied().filter(has).collect();
            let file = (!found.is_empty() && !known.contains_key(&id)).then(|| (system.file(id, data), index));
            Some((found, file))
        });
        let Some((found, file)) = loaded.flatten() else { return };
        if found.is_empty() {
            return;
        }
        let place = *known.entry(id).or_insert(self.files.len());
        self.files.extend(file);
        for c in found {
            missing.remove(&c);
            self.by_letter.insert((style, c), place);
        }
    }
}

/// The fonts of a document, ready to shape and to write with.
pub(super) struct Fonts<'a> {
    files: &'a FontFiles,
    pub(super) faces: Vec<Face<'a>>,
    pub(super) written: Vec<krilla::text::Font>,
}

impl<'a> Fonts<'a> {
    pub(super) fn new(files: &'a FontFiles) -> Result<Self, PdfError> {
        let bad = || PdfError::Internal("a font cannot be read".to_owned());
        let mut fonts = Self { files, faces: Vec::new(), written: Vec::new() };
        for (data, index) in &files.files {
            fonts.faces.push(Face::from_slice(data, *index).ok_or_else(bad)?);
            fonts.written.push(krilla::text::Font::new(Arc::clone(data).into(), *index).ok_or_else(bad)?);
        }
        Ok(fonts)
    }

    /// The font that has a letter; the first one, with its sign for a missing letter, where none has.
    pub(super) fn place(&self, style: Style, c: char) -> usize {
        self.files.by_letter.get(&(style, c)).copied().unwrap_or_default()
    }
}
