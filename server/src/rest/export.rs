//! Whole lists as files: CSV for spreadsheets, JSON for scripts. Written page by page while they
//! are sent, so memory does not grow with the list.

use axum::{
    body::{Body, Bytes},
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use dataprep::export::{CsvTable, Formulas};
use domain::page::Page;
use futures::{future::BoxFuture, stream::try_unfold};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use store::StoreError;
use utoipa::{IntoParams, ToSchema};

/// Which kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    Json,
}

/// Whether to answer with a file.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// Everything that matches as one file, instead of a page.
    #[param(inline)]
    pub format: Option<Format>,
    /// In CSV: write cells as they are. Else a `'` stands before those that a spreadsheet would run as a formula.
    #[serde(default)]
    keep_formulas: bool,
}

impl ExportQuery {
    #[must_use]
    pub fn formulas(&self) -> Formulas {
        if self.keep_formulas { Formulas::Keep } else { Formulas::Neutralise }
    }
}

/// What can be a line of a CSV file.
pub trait Record: Serialize {
    const COLUMNS: &'static [&'static str];
    /// One cell per column.
    fn cells(&self) -> Vec<String>;
}

/// The next page of a list, from its cursor.
pub type NextPage<T> = BoxFuture<'static, Result<Page<T>, StoreError>>;

/// A whole list as a file called `name` and its format. `page` gives the page after a cursor. A
/// failure midway breaks the transfer off, so that nobody takes a part for the whole.
pub fn list<T: Record + 'static>(
    name: &str,
    format: Format,
    formulas: Formulas,
    page: impl FnMut(Option<String>) -> NextPage<T> + Send + 'static,
) -> Response {
    let columns = T::COLUMNS.iter().map(|name| (*name).to_owned()).collect();
    list_of_columns(name, format, formulas, columns, page)
}

/// [`list`] of records whose columns are known only now.
pub fn list_of_columns<T: Record + 'static>(
    name: &str,
    format: Format,
    formulas: Formulas,
    columns: Vec<String>,
    page: impl FnMut(Option<String>) -> NextPage<T> + Send + 'static,
) -> Response {
    let (extension, media_type) = match format {
        Format::Csv => ("csv", "text/csv; charset=utf-8"),
        Format::Json => ("json", "application/json"),
    };
    let file = File { format, formulas, columns, page, cursor: None, place: Place::Begin };
    let body = Body::from_stream(try_unfold(file, |file| async move {
        file.next().await.inspect_err(|error| tracing::warn!(%error, "export broken off"))
    }));
    attachment(&format!("{name}.{extension}"), media_type, body)
}

/// Items that are at hand as a file.
pub fn items<T: Record + Send + 'static>(name: &str, format: Format, formulas: Formulas, items: Vec<T>) -> Response {
    let mut items = Some(items);
    list(name, format, formulas, move |_| {
        let page = Page { items: items.take().unwrap_or_default(), next_cursor: None };
        Box::pin(async move { Ok(page) })
    })
}

/// A file to be saved under `name`.
#[must_use]
pub fn attachment(name: &str, media_type: &str, body: Body) -> Response {
    let ascii: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
    let disposition = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", app::routes::encode(name));
    ([(CONTENT_TYPE, media_type.to_owned()), (CONTENT_DISPOSITION, disposition)], body).into_response()
}

/// How much of a file is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Begin,
    Middle,
    End,
}

/// A file being written.
struct File<P> {
    format: Format,
    formulas: Formulas,
    columns: Vec<String>,
    page: P,
    cursor: Option<String>,
    place: Place,
}

impl<P> File<P> {
    /// The next part, and what follows it.
    async fn next<T: Record>(mut self) -> io::Result<Option<(Bytes, Self)>>
    where
        P: FnMut(Option<String>) -> NextPage<T>,
    {
        if self.place == Place::End {
            return Ok(None);
        }
        let page = (self.page)(self.cursor.take()).await.map_err(io::Error::other)?;
        let is_last = page.next_cursor.is_none();
        let part = match self.format {
            Format::Csv => self.csv(&page.items)?,
            Format::Json => self.json(&page.items, is_last)?,
        };
        self.cursor = page.next_cursor;
        self.place = if is_last { Place::End } else { Place::Middle };
        Ok(Some((part.into(), self)))
    }

    fn csv<T: Record>(&self, items: &[T]) -> io::Result<Vec<u8>> {
        let mut table = CsvTable::new(Vec::new(), self.formulas);
        if self.place == Place::Begin {
            table.row(&self.columns)?;
        }
        for item in items {
            table.row(item.cells())?;
        }
        table.finish()
    }

    /// An array with an item per line.
    fn json<T: Record>(&self, items: &[T], is_last: bool) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut separator: &[u8] = if self.place == Place::Begin { b"[\n" } else { b",\n" };
        for item in items {
            out.write_all(separator)?;
            serde_json::to_writer(&mut out, item)?;
            separator = b",\n";
        }
        if is_last {
            let empty = self.place == Place::Begin && items.is_empty();
            out.write_all(if empty { b"[]\n" } else { b"\n]\n" })?;
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    impl Record for u32 {
        const COLUMNS: &'static [&'static str] = &["n"];
        fn cells(&self) -> Vec<String> {
            vec![self.to_string()]
        }
    }

    async fn text_of(format: Format, pages: &'static [&'static [u32]]) -> String {
        let response = list("n", format, Formulas::Keep, move |cursor| {
            Box::pin(async move {
                let i: usize = cursor.map_or(0, |c| c.parse().unwrap());
                let next_cursor = (i + 1 < pages.len()).then(|| (i + 1).to_string());
                Ok(Page { items: pages[i].to_vec(), next_cursor })
            })
        });
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn pages_become_one_file() {
        assert_eq!(text_of(Format::Csv, &[&[1, 2], &[3]]).await, "n\n1\n2\n3\n");
        const CASES: [(&[&[u32]], &[u32]); 3] = [(&[&[1, 2], &[3]], &[1, 2, 3]), (&[&[]], &[]), (&[&[7], &[]], &[7])];
        for (pages, expected) in CASES {
            let json = text_of(Format::Json, pages).await;
            assert_eq!(serde_json::from_str::<Vec<u32>>(&json).unwrap(), expected, "{json}");
        }
    }
}
