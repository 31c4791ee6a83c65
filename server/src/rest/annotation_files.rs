//! Judgements and labels of an annotation task as files, written page by page while they are sent.

use crate::rest::{Problem, export};
use axum::{
    body::{Body, Bytes},
    response::Response,
};
use dataprep::export::{CsvTable, Formulas};
use domain::{
    annotation::{
        answer::Answer,
        design::{Design, QuestionKind},
        exchange::{Agreed, ExportKind, cell, conll, label_studio},
    },
    id::{ItemId, TaskId},
    page::MAX_LIMIT,
};
use futures::stream::try_unfold;
use std::io;
use store::{PgPool, annotation::exchange};

/// A file being written.
struct File {
    db: PgPool,
    task: TaskId,
    design: Design,
    kind: ExportKind,
    formulas: Formulas,
    /// The question whose spans are tagged.
    spans: String,
    cursor: Option<String>,
    is_begun: bool,
    is_done: bool,
}

/// The file; a problem where the task has nothing of the kind.
pub fn file(
    db: PgPool,
    task: TaskId,
    design: Design,
    kind: ExportKind,
    formulas: Formulas,
) -> Result<Response, Problem> {
    let spans = design.questions.iter().find(|q| matches!(q.kind, QuestionKind::Spans { .. })).map(|q| q.name.clone());
    if kind == ExportKind::Conll && spans.is_none() {
        return Err(Problem::invalid("kind", "the task asks for no spans"));
    }
    let (name, media_type) = match kind {
        ExportKind::Judgements => ("judgements.jsonl", "application/jsonl"),
        ExportKind::Consensus => ("consensus.jsonl", "application/jsonl"),
        ExportKind::Csv => ("consensus.csv", "text/csv; charset=utf-8"),
        ExportKind::LabelStudio => ("label-studio.json", "application/json"),
        ExportKind::Conll => ("spans.conll", "text/plain; charset=utf-8"),
    };
    let spans = spans.unwrap_or_default();
    let file = File { db, task, design, kind, formulas, spans, cursor: None, is_begun: false, is_done: false };
    let body = Body::from_stream(try_unfold(file, |file| async move {
        file.next().await.inspect_err(|error| tracing::warn!(%error, "export broken off"))
    }));
    Ok(export::attachment(name, media_type, body))
}

impl File {
    /// The next part, and what follows it.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.is_done {
            return Ok(None);
        }
        let (part, cursor) = match self.kind {
            ExportKind::Judgements => self.judgements().await?,
            ExportKind::Consensus | ExportKind::Csv | ExportKind::Conll => self.labels().await?,
            ExportKind::LabelStudio => self.tasks().await?,
        };
        self.is_begun = true;
        self.is_done = cursor.is_none();
        self.cursor = cursor;
        Ok(Some((part.into(), self)))
    }

    fn after<T: std::str::FromStr>(&self) -> Option<T> {
        self.cursor.as_deref().and_then(|cursor| cursor.parse().ok())
    }

    async fn judgements(&self) -> io::Result<(Vec<u8>, Option<String>)> {
        let page =
            exchange::judgements(&self.db, self.task, self.after(), MAX_LIMIT).await.map_err(io::Error::other)?;
        Ok((lines(&page.items)?, page.next_cursor))
    }

    async fn labels(&self) -> io::Result<(Vec<u8>, Option<String>)> {
        let page = exchange::agreed(&self.db, self.task, self.after(), MAX_LIMIT).await.map_err(io::Error::other)?;
        let part = match self.kind {
            ExportKind::Csv => self.table(&page.items)?,
            ExportKind::Conll => self.tagged(&page.items).await?,
            _ => lines(&page.items)?,
        };
        Ok((part, page.next_cursor))
    }

    /// A line an item: its answers, and how sure each is.
    fn table(&self, items: &[Agreed]) -> io::Result<Vec<u8>> {
        let mut table = CsvTable::new(Vec::new(), self.formulas);
        let names = || self.design.questions.iter().map(|q| q.name.as_str());
        if !self.is_begun {
            let fixed = ["item_id", "sample_id", "rank", "status", "judgements", "method"].map(str::to_owned);
            let sure = names().map(|name| format!("{name}_confidence"));
            table.row(fixed.into_iter().chain(names().map(str::to_owned)).chain(sure))?;
        }
        for item in items {
            let fixed = [
                item.item_id.to_string(),
                item.sample_id.to_string(),
                item.rank.to_string(),
                item.status.as_str().to_owned(),
                item.judgements.to_string(),
                item.method.as_str().to_owned(),
            ];
            let answers = names().map(|name| item.answers.get(name).map(cell).unwrap_or_default());
            let sure = names().map(|name| item.confidence.get(name).map(|c| format!("{c:.4}")).unwrap_or_default());
            table.row(fixed.into_iter().chain(answers).chain(sure))?;
        }
        table.finish()
    }

    async fn tagged(&self, items: &[Agreed]) -> io::Result<Vec<u8>> {
        let ids: Vec<ItemId> = items.iter().map(|item| item.item_id).collect();
        let texts = exchange::texts(&self.db, self.task, &ids).await.map_err(io::Error::other)?;
        let mut out = String::new();
        for item in items {
            if let (Some(Answer::Spans { spans, .. }), Some(text)) =
                (item.answers.get(&self.spans), texts.get(&item.item_id))
            {
                out.push_str(&conll::document(text, spans));
            }
        }
        Ok(out.into_bytes())
    }

    /// A part of Label Studio's list of tasks.
    async fn tasks(&self) -> io::Result<(Vec<u8>, Option<String>)> {
        let page = exchange::whole(&self.db, self.task, self.after(), MAX_LIMIT).await.map_err(io::Error::other)?;
        let mut out = Vec::new();
        let mut separator: &[u8] = if self.is_begun { b",\n" } else { b"[\n" };
        for (sample, item) in &page.items {
            out.extend_from_slice(separator);
            let task = label_studio::task(item.id, *sample, &item.content, &item.judgements);
            serde_json::to_writer(&mut out, &task)?;
            separator = b",\n";
        }
        if page.next_cursor.is_none() {
            let is_empty = !self.is_begun && page.items.is_empty();
            out.extend_from_slice(if is_empty { b"[]\n" } else { b"\n]\n" });
        }
        Ok((out, page.next_cursor))
    }
}

/// A line of JSON each.
fn lines<T: serde::Serialize>(items: &[T]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    for item in items {
        serde_json::to_writer(&mut out, item)?;
        out.push(b'\n');
    }
    Ok(out)
}
