//! The files of a registered model, and of a run's adapter, laid out for a trainer.

use crate::jobs::{JobContext, JobError};
use domain::{
    id::{ModelId, RunId},
    job::{Gone, JobFailure},
};
use std::path::PathBuf;
use tempfile::TempDir;

/// Files together in one folder for as long as this lives.
pub(super) struct ModelFiles {
    /// The model's folder, or the single file in it.
    pub(super) path: PathBuf,
    /// The folder of the run's adapter, if one was asked for.
    pub(super) adapter: Option<PathBuf>,
    /// Holds both, and may hold more.
    pub(super) folder: TempDir,
}

impl ModelFiles {
    pub(super) async fn gather(context: &JobContext, model: ModelId, run: Option<RunId>) -> Result<Self, JobError> {
        if store::models::get(&context.db, context.project, model).await?.is_none() {
            return Err(JobFailure::Gone { what: Gone::Model }.into());
        }
        let folder = context.folder()?;
        let place = folder.path().join("model");
        let mut only = None;
        let files = store::models::files(&context.db, model).await?;
        for file in &files {
            let target = place.join(&file.path);
            context.artifacts.place(&file.sha256, &target).await?;
            only = (files.len() == 1).then_some(target);
        }
        let adapter = match run {
            Some(run) => Some(Self::place_adapter(context, &folder, model, run).await?),
            None => None,
        };
        Ok(Self { path: only.unwrap_or(place), adapter, folder })
    }

    async fn place_adapter(
        context: &JobContext,
        folder: &TempDir,
        model: ModelId,
        run: RunId,
    ) -> Result<PathBuf, JobError> {
        let found = store::runs::get(&context.db, context.project, run).await?;
        let found = found.filter(|run| run.summary.model_id == model && !run.adapter.is_empty());
        let place = folder.path().join("adapter");
        for file in found.ok_or(JobFailure::Gone { what: Gone::Adapter })?.adapter {
            context.artifacts.place(&file.sha256, &place.join(&file.path)).await?;
        }
        Ok(place)
    }
}
