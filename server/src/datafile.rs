//! An uploaded data file, opened for reading, and the first look at it that people get before
//! they import it. The reading itself is `dataprep`'s.

use crate::artifacts::{ArtifactError, Artifacts};
use app::{
    api::{FirstLook, LookError, LookFuture},
    error::AppError,
};
use dataprep::{
    encoding, mapping,
    rows::{ReadError, Row},
    source::{Choices, Source, SourceError},
};
use domain::{
    dataset::{FileSyntax, LineError, LineProblem, Mapping},
    import::{ImportProblem, PREVIEW_ROWS, PREVIEW_SHOWN, Preview, PreviewRequest, PreviewRow, PreviewSample, Upload},
    sample::Sample,
};
use serde_json::Value;
use std::{io, ops::ControlFlow, sync::Arc};

/// Rows from which a mapping is guessed.
const GUESS_ROWS: usize = 20;
/// Text that a first look reads at most, since single rows may be large.
const PREVIEW_BYTES: usize = 8 << 20;
/// Characters of a cell that a first look shows.
const CELL_CHARS: usize = 300;

/// Why a data file cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum DataFileError {
    #[error(transparent)]
    Problem(#[from] ImportProblem),
    #[error("failed to read the file: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

impl From<SourceError> for DataFileError {
    fn from(e: SourceError) -> Self {
        match e {
            SourceError::Problem(problem) => Self::Problem(problem),
            SourceError::Io(e) => Self::Io(e),
        }
    }
}

/// What a person says about an upload; what is absent is detected.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    pub syntax: Option<FileSyntax>,
    pub encoding: Option<&'a str>,
    pub inside: Option<&'a str>,
}

impl Wanted<'_> {
    fn choices(self) -> Result<Choices, ImportProblem> {
        let unknown = |name: &str| ImportProblem::UnknownEncoding { name: name.to_owned() };
        let encoding = self.encoding.map(|name| encoding::by_name(name).ok_or_else(|| unknown(name))).transpose()?;
        let inside = self.inside.map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned);
        Ok(Choices { syntax: self.syntax, encoding, inside, ..Choices::default() })
    }
}

/// A file on this machine's disk, looked through.
pub struct DataFile {
    pub source: Source,
    /// Keeps the copy of a file that came from a remote store.
    _copy: Option<tempfile::TempDir>,
}

impl DataFile {
    /// Finds the file and detects what is not given.
    pub async fn open(artifacts: &Artifacts, upload: &Upload, wanted: Wanted<'_>) -> Result<Self, DataFileError> {
        let choices = wanted.choices()?;
        let (path, copy) = match artifacts.local_path(&upload.sha256) {
            Some(path) => (path, None),
            None => {
                let folder = tempfile::tempdir()?;
                let path = folder.path().join("upload");
                artifacts.place(&upload.sha256, &path).await?;
                (path, Some(folder))
            }
        };
        let name = upload.file_name.clone();
        let look = move || Source::open(&path, &name, &choices);
        let source = tokio::task::spawn_blocking(look).await.map_err(io::Error::other)??;
        Ok(Self { source, _copy: copy })
    }

    /// The mapping that a description beside the rows gives, or else the first rows suggest.
    pub fn guess_mapping(&self) -> Result<Mapping, DataFileError> {
        if let Some(mapping) = self.described() {
            return Ok(mapping);
        }
        let head = self.head(GUESS_ROWS)?;
        let nothing_fits = || match head.errors.first() {
            Some(first) => ImportProblem::NoMappingOfBad { first: Box::new(first.clone()) },
            None if head.rows.is_empty() => ImportProblem::NoRows,
            None => ImportProblem::NoMapping,
        };
        Ok(mapping::guess(&head.rows).ok_or_else(nothing_fits)?)
    }

    /// What a description in the archive says of the first file.
    fn described(&self) -> Option<Mapping> {
        self.source.files.first()?.mapping.clone()
    }

    /// The first rows, at most `limit` lines of them.
    fn head(&self, limit: usize) -> Result<Head, DataFileError> {
        let mut head = Head::default();
        let (mut lines, mut bytes) = (0, 0);
        let end = self.source.rows(&Arc::default(), &mut |_, row| {
            if lines == limit || bytes > PREVIEW_BYTES {
                head.has_more = true;
                return ControlFlow::Break(());
            }
            lines += 1;
            match row {
                Ok(row) => {
                    bytes += row.value.values().map(|v| v.to_string().len()).sum::<usize>();
                    head.rows.push(row);
                }
                Err(error) => head.errors.push(error),
            }
            ControlFlow::Continue(())
        });
        match end {
            Ok(reading) => head.has_replacements = reading.has_replacements,
            Err(ReadError::Broken(error)) => head.errors.push(error),
            Err(error) => return Err(SourceError::from(error).into()),
        }
        Ok(head)
    }
}

/// Refuses what the database cannot hold.
pub fn check_storable(line: u64, sample: Sample) -> Result<Sample, LineError> {
    let has_nul = sample.messages.iter().any(|m| m.content.contains('\0'))
        || [&sample.label, &sample.rejected].into_iter().flatten().any(|text| text.contains('\0'))
        || sample.spans.iter().any(|s| s.label.contains('\0'))
        || sample.choices.iter().any(|text| text.contains('\0'))
        || sample.slices.iter().any(|(k, v)| k.contains('\0') || v.contains('\0'));
    if has_nul { Err(LineError::whole(line, LineProblem::NulCharacter)) } else { Ok(sample) }
}

/// The beginning of a file.
#[derive(Default)]
struct Head {
    rows: Vec<Row>,
    errors: Vec<LineError>,
    has_more: bool,
    has_replacements: bool,
}

impl FirstLook for Artifacts {
    fn look(&self, upload: Upload, request: PreviewRequest) -> LookFuture {
        let artifacts = self.clone();
        Box::pin(async move { preview(&artifacts, upload, request).await.map_err(LookError::from) })
    }
}

impl From<DataFileError> for LookError {
    fn from(e: DataFileError) -> Self {
        match e {
            DataFileError::Problem(problem) => Self::Problem(problem),
            DataFileError::Io(_) | DataFileError::Artifact(_) => Self::Other(AppError::internal_from(e)),
        }
    }
}

/// What the first rows of an upload show under the given assumptions.
pub async fn preview(artifacts: &Artifacts, upload: Upload, request: PreviewRequest) -> Result<Preview, DataFileError> {
    let (encoding, inside) = (request.encoding.as_deref(), request.inside.as_deref());
    let file = DataFile::open(artifacts, &upload, Wanted { syntax: request.syntax, encoding, inside }).await?;
    let work = move || -> Result<Preview, DataFileError> {
        let head = file.head(PREVIEW_ROWS)?;
        Ok(preview_of(upload, &file, head, request.mapping))
    };
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn preview_of(upload: Upload, file: &DataFile, head: Head, wanted: Option<Mapping>) -> Preview {
    let lines = (head.rows.len() + head.errors.len()) as u64;
    let guess_from = &head.rows[..head.rows.len().min(GUESS_ROWS)];
    let fields = mapping::field_names(guess_from);
    let mapping = wanted.or_else(|| file.described()).or_else(|| mapping::guess(guess_from));
    let syntax = file.source.syntax();
    let mut errors = head.errors;
    let mut samples = Vec::new();
    if let Some(mapping) = &mapping {
        for row in &head.rows {
            match mapping::apply(mapping, row).and_then(|sample| check_storable(row.line, sample)) {
                Ok(sample) if samples.len() < PREVIEW_SHOWN => samples.push(PreviewSample { line: row.line, sample }),
                Ok(_) => {}
                Err(error) => errors.push(error.counted_in(syntax)),
            }
        }
    }
    // Files of an archive come in order; within each, rows that are no rows and rows that are no samples mix.
    errors.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let shown = head.rows.iter().take(PREVIEW_SHOWN);
    let rows =
        shown.map(|row| PreviewRow { line: row.line, cells: fields.iter().map(|f| cell(row, f)).collect() }).collect();
    Preview {
        upload,
        packing: file.source.packing,
        files: file.source.listed(),
        left_out: file.source.left_out.clone(),
        syntax,
        encoding: file.source.files.first().map_or("", |f| f.encoding.name()).to_owned(),
        has_replacements: head.has_replacements,
        fields,
        rows,
        mapping,
        samples,
        lines,
        errors,
        has_more: head.has_more,
    }
}

/// A field of a row as text, shortened.
fn cell(row: &Row, field: &str) -> Option<String> {
    let value = mapping::lookup(&row.value, field)?;
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Some(match text.char_indices().nth(CELL_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use time::OffsetDateTime;

    fn look(name: &str, content: &[u8], request: PreviewRequest) -> Preview {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("upload");
        std::fs::write(&path, content).unwrap();
        let encoding = request.encoding.as_deref();
        let choices = Wanted { syntax: request.syntax, encoding, inside: None }.choices().unwrap();
        let source = Source::open(&path, name, &choices).unwrap();
        let file = DataFile { source, _copy: Some(folder) };
        let upload = Upload {
            id: domain::id::UploadId::new(),
            file_name: name.to_owned(),
            size_bytes: content.len() as u64,
            sha256: String::new(),
            created_at: OffsetDateTime::UNIX_EPOCH,
        };
        let head = file.head(PREVIEW_ROWS).unwrap();
        preview_of(upload, &file, head, request.mapping)
    }

    #[test]
    fn a_first_look_shows_fields_samples_and_errors() {
        let file = "text,label\nlovely,good\n,good\n\"two\nlines\",bad\n";
        let preview = look("reviews.csv", file.as_bytes(), PreviewRequest::default());
        assert_eq!((preview.syntax, preview.encoding.as_str()), (FileSyntax::Csv, "UTF-8"));
        assert_eq!(preview.fields, ["text", "label"]);
        assert_eq!(preview.samples.iter().map(|s| s.line).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(
            preview.errors.iter().map(|e| (e.line, e.field.as_deref())).collect::<Vec<_>>(),
            [(3, Some("text"))]
        );
        assert!(!preview.has_more);
    }

    #[test]
    fn a_first_look_is_bounded() {
        let file = "{\"prompt\": \"a\", \"completion\": \"b\"}\n".repeat(PREVIEW_ROWS + 1);
        let preview = look("a.jsonl", file.as_bytes(), PreviewRequest::default());
        assert_eq!(
            (preview.lines, preview.samples.len(), preview.has_more),
            (PREVIEW_ROWS as u64, PREVIEW_SHOWN, true)
        );
    }

    /// Why no mapping is guessed for a file.
    fn unmapped(name: &str, content: &[u8]) -> ImportProblem {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("upload");
        std::fs::write(&path, content).unwrap();
        let opened = Source::open(&path, name, &Choices::default()).map_err(DataFileError::from);
        let mapped = opened.and_then(|source| DataFile { source, _copy: None }.guess_mapping());
        let Err(DataFileError::Problem(problem)) = mapped else { panic!("{name}") };
        problem
    }

    #[test]
    fn a_file_that_gives_no_mapping_says_why() {
        for (name, content) in [("a.csv", "text,label\n"), ("a.csv", "\n\n"), ("a", " \n"), ("a.jsonl", "\r\n")] {
            assert_eq!(unmapped(name, content.as_bytes()), ImportProblem::NoRows, "{name} {content:?}");
        }
        let ImportProblem::NoMappingOfBad { first } = unmapped("a.jsonl", b"{\"a\n{\"a\n") else { panic!() };
        assert_eq!(first.line, 1);
        assert_eq!(unmapped("a.jsonl", b"{\"foo\": \"x\"}\n"), ImportProblem::NoMapping);
        let kind = domain::import::FileKind::Rar;
        assert_eq!(unmapped("a.rar", b"Rar!\x1a\x07\x00"), ImportProblem::NotText { kind });
        assert!(matches!(unmapped("a.jsonl.gz", b"\x1f\x8b\x08\x00"), ImportProblem::BrokenPacking { .. }));
    }

    #[test]
    fn elements_of_json_are_called_so() {
        let preview = look("a.json", br#"[{"prompt": "", "completion": "b"}]"#, PreviewRequest::default());
        assert!(preview.errors[0].to_string().starts_with("element 1, field prompt"), "{}", preview.errors[0]);
    }

    #[test]
    fn a_nul_character_is_refused() {
        let preview = look("a.jsonl", br#"{"prompt": "a\u0000", "completion": "b"}"#, PreviewRequest::default());
        assert!(preview.samples.is_empty());
        assert_eq!(preview.errors, [LineError::whole(1, LineProblem::NulCharacter)]);
    }
}
