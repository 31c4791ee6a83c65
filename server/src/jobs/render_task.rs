//! Makes samples of a task file of lm-evaluation-harness and its data: a file that is imported like any other. Its templates
//! are programs, so that `trainer task` runs them, in a process with limits.

use crate::{
    jobs::{JobContext, JobError},
    trainer::{self, TrainerError},
};
use domain::{
    id::UploadId,
    import::{ImportProblem, TaskUpload, Upload},
    job::{Gone, JobFailure},
};
use serde::Serialize;
use std::path::Path;

/// Kind of this job in the queue.
pub const KIND: &str = "render_task";

/// What the job made.
#[derive(Debug, Serialize)]
pub struct Rendered {
    pub upload_id: UploadId,
    pub file_name: String,
    pub task: String,
}

/// The handler.
pub async fn render_task(context: JobContext, request: TaskUpload) -> Result<Rendered, JobError> {
    let (task, data) = (find(&context, request.task_upload_id).await?, find(&context, request.data_upload_id).await?);
    let folder = context.folder()?;
    let [task_path, data_path, out] = ["task.yaml", "data", "samples.jsonl"].map(|name| folder.path().join(name));
    context.artifacts.place(&task.sha256, &task_path).await?;
    context.artifacts.place(&data.sha256, &data_path).await?;
    context.progress("reading", 0, 0).await?;
    let told = trainer::render_task(&context.config, &task_path, &data_path, &out).await;
    let told = told.map_err(|error| refused(error, folder.path()))?;
    context.progress("storing", 0, 0).await?;
    let stored = context.artifacts.put_file(&out).await?;
    let stem = task.file_name.rsplit_once('.').map_or(task.file_name.as_str(), |(stem, _)| stem);
    let file = store::uploads::Rendered {
        file_name: &format!("{stem}.jsonl"),
        sha256: &stored.sha256,
        size_bytes: stored.size_bytes,
        task: &told,
        from: [task.id, data.id],
    };
    let upload = store::uploads::create_rendered(&context.db, context.project, context.user, file).await?;
    Ok(Rendered { upload_id: upload.id, file_name: upload.file_name, task: told.task })
}

async fn find(context: &JobContext, id: UploadId) -> Result<Upload, JobError> {
    let upload = store::uploads::get(&context.db, context.project, id).await?;
    Ok(upload.ok_or(JobFailure::Gone { what: Gone::Upload })?)
}

/// What is wrong with the file, as the trainer says it.
fn refused(error: TrainerError, folder: &Path) -> JobError {
    let detail = match error {
        TrainerError::Program { .. } => return JobError::internal(error),
        // Where its copies lie is nobody's business.
        TrainerError::Sample(detail) => detail.replace(&format!("{}/", folder.display()), ""),
        TrainerError::Model(problem) => problem.to_string(),
    };
    ImportProblem::BadTaskFile { detail }.into()
}
