//! The look through a data file: how it is packed, which files in it have rows, and how each is read.

use super::dataset_info::{DatasetInfo, FILE_NAME};
use super::unpack::{self, Inner};
use super::{Choices, Counted, DataFile, Source, SourceError, folder, io_error};
use crate::HEAD_BYTES;
use crate::encoding::{self, Encoding, TextReader};
use crate::rows::ReadError;
use crate::syntax;
use domain::brief::brief;
use domain::dataset::{Archive, FileLeftOut, FileSyntax, Packing};
use domain::import::ImportProblem;
use encoding_rs::UTF_8;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// Largest `dataset_info.json` that is read.
const INFO_BYTES: u64 = 4 << 20;
/// How far the first letter that is not ASCII is looked for in what is packed: it tells the encoding.
const LETTERS_BYTES: u64 = 16 << 20;
/// Files left out that are listed.
const LEFT_OUT_LISTED: usize = 200;

const STRUCTURED: [&str; 6] = ["jsonl", "ndjson", "json", "csv", "tsv", "parquet"];
const PLAIN: [&str; 3] = ["txt", "text", "md"];

pub(super) fn open(path: &Path, name: &str, choices: &Choices) -> Result<Source, SourceError> {
    let mut file = File::open(path)?;
    let head = head_of(&mut file)?;
    file.rewind()?;
    if let Some(kind) = syntax::not_text(name, &head) {
        return Err(ImportProblem::NotText { kind }.into());
    }
    let packing = packing(name, &head, &mut file)?;
    let mut source = Source {
        path: path.to_owned(),
        name: name.to_owned(),
        packing,
        files: Vec::new(),
        left_out: Vec::new(),
        has_folders: false,
        bounds: choices.bounds,
    };
    if packing.is_packed() {
        find_files(&mut source, file, choices)?;
    } else {
        let encoding = match (choices.encoding, is_parquet(&head)) {
            (Some(encoding), _) => encoding,
            (None, true) => UTF_8,
            (None, false) => encoding::detect_file(&mut file)?,
        };
        let syntax = syntax_of(name, &head, encoding, choices.syntax)??;
        let (name, size_bytes) = (name.to_owned(), Some(file.metadata()?.len()));
        source.files.push(DataFile { name, size_bytes, syntax, encoding, mapping: None, index: 0 });
    }
    Ok(source)
}

fn head_of(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn is_parquet(head: &[u8]) -> bool {
    head.starts_with(b"PAR1")
}

/// What has to be taken off; the file is left at its beginning.
fn packing(name: &str, head: &[u8], file: &mut File) -> Result<Packing, SourceError> {
    if unpack::is_zip(head) {
        return Ok(Packing { compression: None, archive: Some(Archive::Zip) });
    }
    let Some(compression) = unpack::compression(head) else {
        let archive = unpack::is_tar(head).then_some(Archive::Tar);
        return Ok(Packing { compression: None, archive });
    };
    let mut inside = Vec::new();
    // What is broken here is told when it is read, with its name.
    if let Ok(mut decoder) = unpack::decoder(compression, BufReader::new(&mut *file)) {
        let mut chunk = [0; 512];
        while inside.len() < 512
            && let Ok(n) = decoder.read(&mut chunk)
            && n > 0
        {
            inside.extend_from_slice(&chunk[..n]);
        }
    }
    file.rewind()?;
    if unpack::is_zip(&inside) || unpack::compression(&inside).is_some() {
        return Err(ImportProblem::NestedArchive { file: unpack::unpacked_name(name) }.into());
    }
    Ok(Packing { compression: Some(compression), archive: unpack::is_tar(&inside).then_some(Archive::Tar) })
}

/// The syntax asked for, or that of the file's beginning; inside, why there is none.
fn syntax_of(
    name: &str,
    head: &[u8],
    encoding: &'static Encoding,
    wanted: Option<FileSyntax>,
) -> io::Result<Result<FileSyntax, ImportProblem>> {
    if is_parquet(head) && wanted.is_none_or(|s| s == FileSyntax::Parquet) {
        return Ok(Ok(FileSyntax::Parquet));
    }
    if let Some(wanted) = wanted {
        return Ok(Ok(wanted));
    }
    let mut text = Vec::new();
    TextReader::new(head, Some(encoding))?.take(HEAD_BYTES as u64).read_to_end(&mut text)?;
    Ok(syntax::guess(name, &text).ok_or(if text.trim_ascii().is_empty() {
        ImportProblem::NoRows
    } else {
        ImportProblem::UnknownSyntax
    }))
}

/// The encoding of something that can be read only once, and its beginning.
fn encoding_and_head(reader: &mut dyn Read) -> io::Result<(&'static Encoding, Vec<u8>)> {
    let head = head_of(reader)?;
    let found = encoding::detect(&head);
    if found != UTF_8 || !head.is_ascii() || head.len() < HEAD_BYTES {
        return Ok((found, head));
    }
    let mut window = vec![0; HEAD_BYTES];
    let mut rest = reader.take(LETTERS_BYTES);
    loop {
        let n = rest.read(&mut window)?;
        if n == 0 {
            return Ok((found, head));
        }
        if let Some(at) = window[..n].iter().position(|b| !b.is_ascii()) {
            // From the beginning of a line, so that no character is cut in two.
            let start = window[..at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
            let mut letters = window[start..n].to_vec();
            rest.take(HEAD_BYTES as u64).read_to_end(&mut letters)?;
            return Ok((encoding::detect(&letters), head));
        }
    }
}

/// A file of an archive that may be read.
struct Candidate {
    file: DataFile,
    is_plain: bool,
}

/// Everything that the walk through a packed file finds.
#[derive(Default)]
struct Found {
    candidates: Vec<Candidate>,
    left_out: Vec<FileLeftOut>,
    info: Option<(String, DatasetInfo)>,
}

impl Found {
    fn leave_out(&mut self, name: &str, problem: Option<ImportProblem>) {
        if self.left_out.len() < LEFT_OUT_LISTED {
            self.left_out.push(FileLeftOut { name: brief(name), problem });
        }
    }
}

fn find_files(source: &mut Source, file: File, choices: &Choices) -> Result<(), SourceError> {
    let mut found = Found::default();
    let is_archive = source.packing.archive.is_some();
    let counted = Counted { inner: file, bytes_read: Arc::default() };
    let mut each = |inner: Inner<'_>| look_at(&mut found, inner, is_archive, choices);
    unpack::each_file(counted, &source.name, source.packing, source.bounds, &mut each, None)?;
    choose(source, found, choices)
}

fn look_at(
    found: &mut Found,
    inner: Inner<'_>,
    is_archive: bool,
    choices: &Choices,
) -> Result<ControlFlow<()>, ReadError> {
    let Inner { name, index, size_bytes, reader } = inner;
    let base = name.rsplit('/').next().unwrap_or_default();
    if is_archive && base == FILE_NAME {
        let mut text = Vec::new();
        reader.take(INFO_BYTES).read_to_end(&mut text)?;
        let info = DatasetInfo::parse(&text).map_err(|detail| io_error(ImportProblem::BadDatasetInfo { detail }))?;
        found.info = Some((name, info));
        return Ok(ControlFlow::Continue(()));
    }
    let kind = kind_of(base);
    let is_wanted = match &choices.inside {
        _ if !is_archive => true,
        Some(pattern) => fits(pattern, &name) || fits(pattern, base),
        None => kind.is_some() && !name.starts_with("__MACOSX/") && !base.starts_with('.'),
    };
    if !is_wanted {
        found.leave_out(&name, None);
        return Ok(ControlFlow::Continue(()));
    }
    let is_plain = kind == Some(Kind::Plain);
    let (detected, head) = encoding_and_head(reader)?;
    if unpack::is_zip(&head) || unpack::is_tar(&head) || unpack::compression(&head).is_some() {
        found.leave_out(&name, Some(ImportProblem::NestedArchive { file: brief(&name) }));
        return Ok(ControlFlow::Continue(()));
    }
    let encoding = choices.encoding.unwrap_or(detected);
    // A folder of texts: one sample each, whatever they look like.
    let wanted = choices.syntax.or((is_archive && is_plain).then_some(FileSyntax::Text));
    let plain_name = unpack::unpacked_name(&name);
    let problem = match syntax::not_text(&plain_name, &head) {
        Some(kind) => Err(ImportProblem::NotText { kind }),
        None => syntax_of(&plain_name, &head, encoding, wanted)?,
    };
    match problem {
        Ok(syntax) => {
            let file = DataFile { name, size_bytes, syntax, encoding, mapping: None, index };
            found.candidates.push(Candidate { file, is_plain });
        }
        Err(problem) if is_archive => found.leave_out(&name, Some(problem)),
        Err(problem) => return Err(io_error(problem).into()),
    }
    Ok(ControlFlow::Continue(()))
}

/// Which of the files that were found are read.
fn choose(source: &mut Source, mut found: Found, choices: &Choices) -> Result<(), SourceError> {
    if let (Some((info_name, info)), None) = (&found.info, &choices.inside) {
        let (described, others): (Vec<_>, Vec<_>) =
            found.candidates.into_iter().partition(|c| info.mapping_of(info_name, &c.file.name).is_some());
        // A description of nothing that is here describes something else.
        let (read, left) = if described.is_empty() { (others, Vec::new()) } else { (described, others) };
        found.candidates = read;
        for candidate in &mut found.candidates {
            candidate.file.mapping = info.mapping_of(info_name, &candidate.file.name).cloned();
        }
        let mut more = left.iter().map(|c| FileLeftOut { name: brief(&c.file.name), problem: None }).collect();
        found.left_out.append(&mut more);
    }
    let has_structured = found.candidates.iter().any(|c| !c.is_plain);
    let wants_plain = choices.syntax.is_some_and(FileSyntax::is_plain_text);
    let has_plain = found.candidates.iter().any(|c| c.is_plain);
    if choices.inside.is_none() && has_structured && has_plain {
        let (read, left): (Vec<_>, Vec<_>) = found.candidates.into_iter().partition(|c| c.is_plain == wants_plain);
        found.candidates = read;
        let mut more = left.iter().map(|c| FileLeftOut { name: brief(&c.file.name), problem: None }).collect();
        found.left_out.append(&mut more);
    }
    found.left_out.truncate(LEFT_OUT_LISTED);
    let files: Vec<DataFile> = found.candidates.into_iter().map(|c| c.file).collect();
    let Some(first) = files.first() else {
        return Err(no_file(choices, found.left_out).into());
    };
    if let Some(other) = files.iter().find(|f| group(f.syntax) != group(first.syntax)) {
        return Err(ImportProblem::MixedSyntaxes { first: brief(&first.name), second: brief(&other.name) }.into());
    }
    let folders: BTreeSet<&str> = files.iter().map(|f| folder(&f.name)).collect();
    source.has_folders = first.syntax.is_plain_text() && folders.len() > 1;
    source.files = files;
    source.left_out = found.left_out;
    Ok(())
}

fn no_file(choices: &Choices, left_out: Vec<FileLeftOut>) -> ImportProblem {
    let first = left_out.into_iter().find_map(|f| f.problem);
    match (&choices.inside, first) {
        (_, Some(problem)) => problem,
        (Some(pattern), None) => ImportProblem::NoFileFits { pattern: brief(pattern) },
        (None, None) => ImportProblem::NoFileInside,
    }
}

/// Both kinds of JSON go together.
fn group(syntax: FileSyntax) -> FileSyntax {
    if syntax == FileSyntax::Json { FileSyntax::Jsonl } else { syntax }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Structured,
    Plain,
}

/// What a file of an archive is by its name; `None` for what holds no rows.
fn kind_of(base: &str) -> Option<Kind> {
    let name = unpack::unpacked_name(base).to_ascii_lowercase();
    let (_, extension) = name.rsplit_once('.')?;
    if STRUCTURED.contains(&extension) {
        Some(Kind::Structured)
    } else {
        PLAIN.contains(&extension).then_some(Kind::Plain)
    }
}

/// Whether a name fits a pattern in which `*` stands for any characters.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.trim().split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, expected) in [
            ("*.jsonl", "train.jsonl", true),
            ("train*.jsonl", "train-00.jsonl", true),
            ("train*.jsonl", "test.jsonl", false),
            ("a.csv", "a.csv", true),
            ("a.csv", "b/a.csv", false),
            ("*a*a*", "aXa", true),
            ("*ab*ab", "ab", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
