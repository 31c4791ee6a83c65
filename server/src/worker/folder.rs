//! The folder of one run: what the trainer reads, and what it writes.

use crate::{
    artifacts::{ArtifactError, Artifacts},
    jobs::JobError,
};
use domain::{
    id::{ModelId, ProjectId, RunId, VersionId},
    recipe::Recipe,
    run::Failure,
    sample::Split,
};
use futures::TryStreamExt;
use std::{
    io,
    path::{Component, Path, PathBuf},
};
use store::{PgPool, StoreError};
use tokio::{
    fs,
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufWriter},
};

/// Why the input of a run could not be laid out.
#[derive(Debug, thiserror::Error)]
pub(super) enum PrepareError {
    #[error("failed to prepare the run's folder: {0}")]
    Io(#[from] io::Error),
    #[error("failed to prepare the model's files: {0}")]
    Artifact(#[from] ArtifactError),
    #[error("failed to read the run's data: {0}")]
    Store(#[from] StoreError),
    #[error("failed to write a sample: {0}")]
    Encode(#[from] serde_json::Error),
    #[error("failed to prepare the model: {0}")]
    Model(String),
    #[error("failed to look for leaks: {0}")]
    Looking(#[from] JobError),
    /// Training has seen what the run would be measured with.
    #[error("{}", .0.problem)]
    Leaks(Box<Failure>),
    #[error("the run {0}, whose adapter is to be trained on, has none")]
    Adapter(RunId),
}

impl PrepareError {
    /// Whether the same may succeed another time, as when the database or the artifact store did not answer.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Artifact(error) => error.is_transient(),
            Self::Store(error) => error.is_transient(),
            Self::Looking(JobError::Store(error)) => error.is_transient(),
            Self::Io(_) | Self::Encode(_) | Self::Model(_) | Self::Adapter(_) | Self::Looking(_) | Self::Leaks(_) => {
                false
            }
        }
    }

    /// Whether the disk is full.
    pub(super) fn is_disk_full(&self) -> bool {
        let error = match self {
            Self::Io(e) | Self::Artifact(ArtifactError::Io(e)) => e,
            _ => return false,
        };
        error.kind() == io::ErrorKind::StorageFull
    }
}

/// What the input of a run is made of.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) db: &'a PgPool,
    pub(super) artifacts: &'a Artifacts,
    pub(super) model: ModelId,
    pub(super) version: VersionId,
    pub(super) recipe: &'a Recipe,
    pub(super) project: ProjectId,
    /// The run whose adapter it goes on training.
    pub(super) continues: Option<RunId>,
}

/// Paths of one run.
#[derive(Clone, Debug)]
pub(super) struct RunFolder {
    root: PathBuf,
    out: PathBuf,
}

impl RunFolder {
    /// Where the folders of all runs lie.
    pub(super) fn parent(data: &Path) -> PathBuf {
        data.join("runs")
    }

    pub(super) fn of(data: &Path, run: RunId) -> Self {
        let root = Self::parent(data).join(run.to_string());
        Self { out: root.join("out"), root }
    }

    /// What a preflight writes.
    pub(super) fn preflight(&self) -> PathBuf {
        self.root.join("preflight")
    }

    /// What the trainer writes.
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    pub(super) fn events(&self) -> PathBuf {
        self.out.join("events.jsonl")
    }

    /// What the trainer says besides its events.
    pub(super) fn log(&self) -> PathBuf {
        self.root.join("trainer.log")
    }

    pub(super) fn recipe(&self) -> PathBuf {
        self.root.join("recipe.toml")
    }

    /// The model: a folder, or the one GGUF file in it.
    pub(super) async fn model(&self) -> io::Result<PathBuf> {
        let folder = self.root.join("model");
        let mut files = fs::read_dir(&folder).await?;
        while let Some(file) = files.next_entry().await? {
            if file.path().extension().is_some_and(|e| e.eq_ignore_ascii_case("gguf")) {
                return Ok(file.path());
            }
        }
        Ok(folder)
    }

    /// The file of a split, if the version has samples in it.
    pub(super) fn split(&self, split: Split) -> Option<PathBuf> {
        Some(self.root.join(format!("{}.jsonl", split.as_str()))).filter(|p| p.metadata().is_ok_and(|m| m.len() > 0))
    }

    /// The adapter that the run goes on training, if it continues another run.
    pub(super) fn adapter(&self) -> Option<PathBuf> {
        Some(self.root.join("adapter")).filter(|folder| folder.exists())
    }

    /// Whether an earlier attempt trained here. It may have died before its first checkpoint; the trainer
    /// then begins anew, but refuses to unless it is told to resume.
    pub(super) fn was_begun(&self) -> bool {
        self.out.join("checkpoints").exists()
    }

    /// Samples per forward pass, where memory ran out with as many as the recipe says.
    pub(super) fn micro_batch(&self) -> Option<u32> {
        std::fs::read_to_string(self.root.join("micro-batch")).ok()?.trim().parse().ok()
    }

    /// Lets the next attempt take half as many samples at once; how many, or `None` where one is all there is.
    pub(super) async fn halve_micro_batch(&self, recipe: &Recipe) -> io::Result<Option<u32>> {
        let now = self.micro_batch().unwrap_or(recipe.batch.micro_batch);
        if now <= 1 {
            return Ok(None);
        }
        fs::write(self.root.join("micro-batch"), (now / 2).to_string()).await?;
        Ok(Some(now / 2))
    }

    /// Bytes of checkpoints and adapter so far.
    pub(super) fn written_bytes(&self) -> u64 {
        let size = |folder: PathBuf| -> u64 {
            let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
            files.filter_map(|f| f.metadata().ok()).filter(std::fs::Metadata::is_file).map(|m| m.len()).sum()
        };
        let checkpoints = std::fs::read_dir(self.out.join("checkpoints")).into_iter().flatten().flatten();
        checkpoints.map(|c| size(c.path())).sum::<u64>() + size(self.out.join("adapter"))
    }

    /// The last lines that the trainer wrote to its error output.
    pub(super) fn last_words(&self) -> String {
        let text = std::fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text[text.len().saturating_sub(4096)..]).into_owned();
        let lines: Vec<_> = text.lines().filter(|l| !l.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }

    fn prepared(&self) -> PathBuf {
        self.root.join("prepared")
    }

    /// Whether the input is laid out.
    pub(super) fn is_prepared(&self) -> bool {
        self.prepared().exists()
    }

    /// Lays out the input, unless a preflight or an earlier attempt did.
    pub(super) async fn prepare(&self, input: Input<'_>) -> Result<(), PrepareError> {
        let complete = self.prepared();
        if !fs::try_exists(&complete).await? {
            fs::create_dir_all(&self.out).await?;
            self.place_model(input).await?;
            self.place_adapter(input).await?;
            for split in Split::ALL {
                self.write_split(input, split).await?;
            }
            fs::write(self.recipe(), input.recipe.to_toml()).await?;
            fs::write(&complete, "").await?;
        }
        Ok(())
    }

    /// Makes room for the events of this attempt.
    pub(super) async fn put_earlier_events_aside(&self, attempt: i32) -> Result<(), PrepareError> {
        match fs::rename(self.events(), self.out.join(format!("events-{}.jsonl", attempt - 1))).await {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    async fn place_model(&self, input: Input<'_>) -> Result<(), PrepareError> {
        let folder = self.root.join("model");
        if fs::try_exists(&folder).await? {
            fs::remove_dir_all(&folder).await?;
        }
        let files = store::models::files(input.db, input.model).await?;
        if files.is_empty() {
            return Err(PrepareError::Model("it has no files".to_owned()));
        }
        for file in files {
            let inside = Path::new(&file.path).components().all(|c| matches!(c, Component::Normal(_)));
            if !inside {
                return Err(PrepareError::Model(format!("{} is not a path inside the model", file.path)));
            }
            input.artifacts.place(&file.sha256, &folder.join(&file.path)).await?;
        }
        Ok(())
    }

    /// Fetches the adapter of the run that this one continues.
    async fn place_adapter(&self, input: Input<'_>) -> Result<(), PrepareError> {
        let Some(earlier) = input.continues else { return Ok(()) };
        let found = store::runs::get(input.db, input.project, earlier).await?;
        let files = found.map(|run| run.adapter).unwrap_or_default();
        if files.is_empty() {
            return Err(PrepareError::Adapter(earlier));
        }
        for file in files {
            input.artifacts.place(&file.sha256, &self.root.join("adapter").join(&file.path)).await?;
        }
        Ok(())
    }

    /// Writes the samples of a split as JSON lines, and beside them their ids, by which
    /// predictions find their samples.
    async fn write_split(&self, input: Input<'_>, split: Split) -> Result<(), PrepareError> {
        let file = |extension| self.root.join(format!("{}.{extension}", split.as_str()));
        let mut lines = BufWriter::with_capacity(1 << 18, fs::File::create(file("jsonl")).await?);
        let mut ids = BufWriter::new(fs::File::create(file("ids")).await?);
        let mut samples = store::versions::stream_split(input.db, input.version, split);
        while let Some((_, id, sample)) = samples.try_next().await? {
            let mut line = serde_json::to_vec(&sample)?;
            line.push(b'\n');
            lines.write_all(&line).await?;
            ids.write_all(format!("{id}\n").as_bytes()).await?;
        }
        lines.flush().await?;
        ids.flush().await?;
        Ok(())
    }

    /// The ids of the samples in the test file, in its order.
    pub(super) async fn test_ids(&self) -> io::Result<Vec<domain::id::SampleId>> {
        let mut lines = BufReader::new(fs::File::open(self.root.join("test.ids")).await?).lines();
        let mut ids = Vec::new();
        while let Some(line) = lines.next_line().await? {
            ids.push(line.trim().parse().map_err(io::Error::other)?);
        }
        Ok(ids)
    }

    /// Removes what quotes samples: what the trainer wrote of a run that is over, and its log.
    pub(super) async fn forget(&self) {
        for gone in [fs::remove_dir_all(&self.out).await, fs::remove_file(self.log()).await] {
            if let Err(error) = gone
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(%error, path = %self.root.display(), "failed to remove what a run wrote of erased samples");
            }
        }
    }

    /// Removes what takes space and is of no use once the run is over. Its log and events stay.
    pub(super) async fn tidy(&self) {
        let adapter = self.root.join("adapter");
        for path in [self.root.join("model"), adapter, self.out.join("checkpoints"), self.preflight()] {
            if let Err(error) = fs::remove_dir_all(&path).await
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(%error, path = %path.display(), "failed to remove files of a run that is over");
            }
        }
        for split in Split::ALL {
            let _ = fs::remove_file(self.root.join(format!("{}.jsonl", split.as_str()))).await;
        }
        let _ = fs::remove_file(self.prepared()).await;
    }
}
