//! The sample project: a small open model and a real dataset, from public packages or from files
//! the user already has, so that a first run is two clicks away.
//!
//! The data are movie-review sentences with the mean of 20 people's ratings, from the Python
//! package vaderSentiment (MIT licence; Hutto & Gilbert, VADER, ICWSM 2014). Clear ratings become
//! the labels `positive` and `negative`; the rest is left out.

use crate::{
    fetch::{FetchError, archive::untar_member, pypi::Distribution},
    jobs::{
        JobContext, JobError,
        import_dataset::import_dataset,
        register_model::{fetch_package, register_model},
    },
};
use axum::body::Bytes;
use domain::{
    dataset::{BadLines, FileSyntax, Mapping, SplitPlan},
    id::UploadId,
    import::{ImportRequest, ImportTarget},
    job::FetchProblem,
    model::{ModelOrigin, RegisterModel, SampleProject},
};
use serde_json::json;
use std::{fs::File, path::Path};

/// Kind of this job in the queue.
pub const KIND: &str = "sample_project";
const MODEL_NAME: &str = "SmolLM2-135M-Instruct";
const DATASET_NAME: &str = "Movie reviews";
const PACKAGE: (&str, &str) = ("vaderSentiment", "3.3.2");
/// The archive inside the package, and the file inside that.
const MEMBERS: (&str, &str) = ("/additional_resources/hutto_ICWSM_2014.tar.gz", "/movieReviewSnippets_GroundTruth.txt");
/// Mean ratings go from -4 to 4; nearer to 0 than this they are not clear.
const CLEAR: f64 = 0.5;
const MEMBER_LIMIT: u64 = 64 << 20;

/// The handler. What an earlier attempt made already is not made twice.
pub async fn sample_project(context: JobContext, request: SampleProject) -> Result<serde_json::Value, JobError> {
    if store::models::list(&context.db, context.project).await?.is_empty() {
        let origin = match request.model_upload {
            Some(upload) => ModelOrigin::Uploads { uploads: vec![upload] },
            None => ModelOrigin::sample(),
        };
        register_model(context.clone(), RegisterModel { name: MODEL_NAME.to_owned(), origin }).await?;
    }
    if store::versions::of_project(&context.db, context.project).await?.is_empty() {
        let upload = match request.dataset_upload {
            Some(upload) => upload,
            None => fetch_dataset(&context).await?,
        };
        import_dataset(context.clone(), import_of(upload, request.dataset_upload.is_none())).await?;
    }
    Ok(json!({ "project_id": context.project }))
}

/// Fetches the package, makes the JSON lines, and keeps them as an upload, as if sent by hand.
async fn fetch_dataset(context: &JobContext) -> Result<UploadId, JobError> {
    let archive = fetch_package(context, PACKAGE.0, PACKAGE.1, Distribution::Source).await?;
    context.progress("unpacking", 0, 0).await?;
    let lines = tokio::task::spawn_blocking(move || samples_in(&archive)).await.map_err(JobError::internal)??;
    let stored = context.artifacts.put_bytes(Bytes::from(lines)).await?;
    let upload = store::uploads::create(
        &context.db,
        context.project,
        context.user,
        "movie-reviews.jsonl",
        &stored.sha256,
        stored.size_bytes,
    )
    .await?;
    Ok(upload.id)
}

fn samples_in(archive: &Path) -> Result<String, FetchError> {
    let broken = |detail: String| {
        let container = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
        FetchProblem::Archive { container, detail }
    };
    let outer = File::open(archive).map_err(|e| broken(e.to_string()))?;
    let inner = untar_member(outer, archive, MEMBERS.0, MEMBER_LIMIT)?;
    let text = untar_member(inner.as_slice(), archive, MEMBERS.1, MEMBER_LIMIT)?;
    let text = String::from_utf8(text).map_err(|e| broken(e.to_string()))?;
    Ok(to_json_lines(&text))
}

/// `id \t mean rating \t text` lines as JSON lines with a label.
fn to_json_lines(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut cells = line.split('\t').map(str::trim);
        let (Some(_), Some(rating), Some(text)) = (cells.next(), cells.next(), cells.next()) else { continue };
        let label = match rating.parse::<f64>() {
            Ok(x) if x > CLEAR => "positive",
            Ok(x) if x < -CLEAR => "negative",
            _ => continue,
        };
        out.push_str(&json!({ "text": text, "label": label }).to_string());
        out.push('\n');
    }
    out
}

/// Our own file's mapping is known; a user's file is guessed.
fn import_of(upload_id: UploadId, ours: bool) -> ImportRequest {
    let mapping = Mapping::TextLabel {
        text: "text".to_owned(),
        label: "label".to_owned(),
        instruction: Some("Is this movie review positive or negative? Answer with one word.".to_owned()),
    };
    ImportRequest {
        upload_id,
        target: ImportTarget::Name(DATASET_NAME.to_owned()),
        syntax: ours.then_some(FileSyntax::Jsonl),
        encoding: None,
        mapping: ours.then_some(mapping),
        inside: None,
        append: None,
        bad_lines: BadLines::Skip,
        split: SplitPlan::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::to_json_lines;

    #[test]
    fn only_clear_ratings_become_samples() {
        let text = "1\t2.3\tA joy.\r\n2\t-1.5\tA bore.\r\n3\t0.1\tA film.\r\nbroken line\r\n";
        let lines = to_json_lines(text);
        assert_eq!(
            lines,
            "{\"text\":\"A joy.\",\"label\":\"positive\"}\n{\"text\":\"A bore.\",\"label\":\"negative\"}\n"
        );
    }
}
