//! Reads judgements of an annotation task from a file: our own lines, a table, Label Studio's JSON, or tagged tokens.

use crate::jobs::{JobContext, JobError};
use dataprep::{encoding::TextReader, rows::read_rows};
use domain::{
    annotation::{
        answer::{Answer, Judgement},
        design::{Design, Question, QuestionKind},
        exchange::{ImportJudgements, ImportKind, Imported, Raw, Read, Refused, conll, label_studio, table},
    },
    dataset::FileSyntax,
    id::{ItemId, TaskId},
    job::{Gone, JobFailure},
    sample::Span,
};
use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{BufRead, BufReader},
    ops::ControlFlow,
    path::{Path, PathBuf},
};
use store::{PgPool, annotation::exchange};

/// Largest file that is read, in bytes: its judgements are all in memory at once.
const MAX_BYTES: u64 = 512 << 20;
/// Judgements written at a time.
const BATCH: usize = 1000;
/// Reasons that are told of judgements not taken.
const EXAMPLES: usize = 20;
/// Characters that are told of a text whose item is not found.
const SHOWN_CHARS: usize = 40;

/// The handler.
pub async fn import_judgements(context: JobContext, request: ImportJudgements) -> Result<Imported, JobError> {
    let upload = store::uploads::get(&context.db, context.project, request.upload_id).await?;
    let upload = upload.ok_or(JobFailure::Gone { what: Gone::Upload })?;
    let design = exchange::design(&context.db, context.project, request.task_id).await?;
    let design = design.ok_or(JobFailure::Gone { what: Gone::AnnotationTask })?;
    if upload.size_bytes > MAX_BYTES {
        let detail = format!("it has {} bytes, and at most {MAX_BYTES} are read", upload.size_bytes);
        return Err(JobFailure::NotJudgements { detail }.into());
    }
    context.progress("reading", 0, 0).await?;
    let folder = context.folder()?;
    let path = folder.path().join("judgements");
    context.artifacts.place(&upload.sha256, &path).await?;
    let read = match request.kind {
        ImportKind::Conll => tagged(&context.db, request.task_id, path, &design).await?,
        kind => {
            let read = tokio::task::spawn_blocking(move || read(&path, kind, &design));
            read.await.map_err(JobError::internal)??
        }
    };
    let (mut imported, total) = (
        Imported { refused: read.bad, unknown: read.unknown, examples: read.examples, ..Imported::default() },
        read.good.len(),
    );
    let mut first = 1;
    for batch in read.good.chunks(BATCH) {
        context.progress("importing", first - 1, total as u64).await?;
        let taken = exchange::take(&context.db, context.project, request.task_id, batch, first).await?;
        let taken = taken.ok_or(JobFailure::Gone { what: Gone::AnnotationTask })?;
        imported.taken += taken.taken;
        imported.again += taken.again;
        imported.unknown += taken.unknown;
        imported.refused += taken.refused;
        imported.examples.extend(taken.examples);
        imported.examples.truncate(EXAMPLES);
        first += batch.len() as u64;
    }
    Ok(imported)
}

/// What a file holds.
#[derive(Default)]
struct Found {
    good: Vec<Read>,
    /// Lines that are no judgements, and what the first of them are.
    bad: u64,
    /// Judgements of no item.
    unknown: u64,
    examples: Vec<Refused>,
}

impl Found {
    fn refuse(&mut self, at: u64, problem: String) {
        self.bad += 1;
        self.tell(at, problem);
    }

    fn tell(&mut self, at: u64, problem: String) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(Refused { at, problem });
        }
    }
}

fn read(path: &Path, kind: ImportKind, design: &Design) -> Result<Found, JobError> {
    let file = BufReader::new(File::open(path)?);
    match kind {
        ImportKind::Judgements => lines(file),
        ImportKind::Csv => rows(file, design),
        // Its items are found in the database: see [`tagged`].
        ImportKind::Conll => Ok(Found::default()),
        ImportKind::LabelStudio => {
            let whole: serde_json::Value = serde_json::from_reader(file)
                .map_err(|e| JobError::from(JobFailure::NotJudgements { detail: e.to_string() }))?;
            let Some(tasks) = whole.as_array() else {
                let detail = "it is no list of tasks".to_owned();
                return Err(JobFailure::NotJudgements { detail }.into());
            };
            let good = tasks.iter().flat_map(|task| label_studio::read(design, task)).collect();
            Ok(Found { good, ..Found::default() })
        }
    }
}

/// Texts of tagged tokens, as answers to the first question that asks for spans. Their items are found by their words.
async fn tagged(db: &PgPool, task: TaskId, path: PathBuf, design: &Design) -> Result<Found, JobError> {
    let broken = |detail: String| JobError::from(JobFailure::NotJudgements { detail });
    let is_spans = |q: &&Question| matches!(q.kind, QuestionKind::Spans { .. });
    let Some(question) = design.questions.iter().find(is_spans) else {
        return Err(broken("the task asks for no spans".to_owned()));
    };
    let file = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await.map_err(JobError::internal)?;
    let file = file.map_err(|e| broken(e.to_string()))?;
    let read = tokio::task::spawn_blocking(move || conll::read(&file)).await.map_err(JobError::internal)?;
    let wanted: HashSet<String> = read.iter().flatten().map(conll::Tagged::words).collect();
    let items = exchange::of_words(db, task, &wanted).await?;
    let (mut found, mut used) = (Found::default(), HashMap::new());
    for text in read {
        let tagged = match text {
            Ok(tagged) => tagged,
            Err(unread) => {
                found.refuse(unread.line, unread.to_string());
                continue;
            }
        };
        let words = tagged.words();
        // Of items with the same words each is one of the texts with them, in their order.
        let nth = used.entry(words.clone()).or_insert(0_usize);
        let same = items.get(&words);
        let Some((item, text)) = same.and_then(|same| same.get(*nth).or(same.last())) else {
            found.unknown += 1;
            let begin = words.chars().take(SHOWN_CHARS).collect();
            found.tell(tagged.line, conll::Problem::Words(begin).to_string());
            continue;
        };
        *nth += 1;
        match tagged.spans(text, question) {
            Ok(spans) => found.good.push(of_spans(*item, question, spans)),
            Err(unread) => found.refuse(unread.line, unread.to_string()),
        }
    }
    Ok(found)
}

/// A judgement that answers one question. Such a file names nobody.
fn of_spans(item: ItemId, question: &Question, spans: Vec<Span>) -> Read {
    let answers = [(question.name.clone(), Answer::Spans { spans, relations: Vec::new() })].into();
    let judgement = Judgement { answers, ..Judgement::default() };
    Read { item_id: Some(item), sample_id: None, text: None, by: String::new(), judgement, duration_ms: None }
}

fn rows(file: impl std::io::Read, design: &Design) -> Result<Found, JobError> {
    let broken = |e: &dyn std::fmt::Display| JobError::from(JobFailure::NotJudgements { detail: e.to_string() });
    let mut found = Found::default();
    let text = TextReader::new(file, None).map_err(|e| broken(&e))?;
    read_rows(text, FileSyntax::Csv, |row| {
        let judged = match row {
            Ok(row) => table::read(design, &row.value).map_err(|problem| (row.line, problem)),
            Err(e) => Err((e.line, e.to_string())),
        };
        match judged {
            Ok(judged) => found.good.push(judged),
            Err((at, problem)) => found.refuse(at, problem),
        }
        ControlFlow::Continue(())
    })
    .map_err(|e| broken(&e))?;
    Ok(found)
}

fn lines(file: impl BufRead) -> Result<Found, JobError> {
    let mut found = Found::default();
    for (at, line) in (1..).zip(file.lines()) {
        let line = line.map_err(|e| JobError::from(JobFailure::NotJudgements { detail: e.to_string() }))?;
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<Raw>(&line) {
            Ok(raw) => found.good.push(raw.into()),
            Err(e) => found.refuse(at, e.to_string()),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn rows_of_a_table_are_judgements() {
        let design: Design = serde_json::from_str(
            r#"{"questions": [{"name": "q", "title": "Q", "kind": "rating", "min": 1, "max": 5}]}"#,
        )
        .unwrap();
        let found = rows("item_id,by,q\n1,Ada,5\n2,Bea,high\n".as_bytes(), &design).unwrap();
        assert_eq!((found.good.len(), found.bad, found.examples[0].at), (1, 1, 3));
        assert_eq!(found.good[0].judgement.answers["q"], domain::annotation::answer::Answer::Rating { value: 5 });
    }

    #[test]
    fn lines_that_are_no_judgements_are_told() {
        let text = "{\"item_id\": 1, \"by\": \"Ada\", \"answers\": {}}\n\n{\"item_id\": 2, \"answers\": {\"q\": {\"kind\": \"?\"}}}\n";
        let found = lines(text.as_bytes()).unwrap();
        assert_eq!((found.good.len(), found.bad, found.examples[0].at), (1, 1, 3));
        assert_eq!(found.good[0].by, "Ada");
    }
}
