//! Checkpoints: all that a run needs to go on as if it had never stopped.
//!
//! A checkpoint folder holds the adapter's own files (so it can be used as it is), the
//! optimizer's state, the losses of samples and `state.json`. There is no generator state: every random choice is a
//! function of seed and step. A folder is written under a temporary name, flushed to disk, and
//! renamed, so it is there completely or not at all; its manifest holds a SHA-256 of every file,
//! which reading verifies.

use crate::adapt::Adapter;
use crate::error::TrainError;
use crate::ledger::Ledger;
use crate::loss_scale::LossScale;
use crate::optim::Optimizer;
use crate::patience::Patience;
use crate::recovery::Remedies;
use candle_core::{Device, Tensor};
use domain::recipe::{Precision, Recipe};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

mod keep;
use keep::OnDisk;

type Result<T, E = TrainError> = std::result::Result<T, E>;

/// Folder of all checkpoints in the out folder.
pub const FOLDER: &str = "checkpoints";
const OPTIMIZER: &str = "optimizer.safetensors";
const LEDGER: &str = "sample-losses.safetensors";
const STATE: &str = "state.json";
const MANIFEST: &str = "manifest.json";
/// Room for the small files of a checkpoint.
const SMALL_FILES_BYTES: u64 = 64 << 10;

/// The numbers of a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Optimizer steps taken.
    pub step: u32,
    pub recipe: Recipe,
    /// SHA-256 of the tokenized training samples: a resumed run must see the same.
    pub data_sha256: String,
    /// Tokens trained on so far.
    pub tokens: u64,
    /// Loss of the last step; NaN, which JSON writes as null, before the first.
    #[serde(deserialize_with = "number_or_nan")]
    pub train_loss: f64,
    pub best: Option<Best>,
    #[serde(default)]
    pub patience: Patience,
    #[serde(default)]
    pub remedies: Remedies,
    #[serde(default)]
    pub loss_scale: LossScale,
    /// What `auto` came to be, if the recipe says so: another device must not change it half-way.
    #[serde(default)]
    pub precision: Precision,
}

fn number_or_nan<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// The step with the lowest validation loss so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    pub step: u32,
    pub validation_loss: f64,
}

/// A checkpoint on disk that has been verified.
#[derive(Debug)]
pub struct Checkpoint {
    pub folder: PathBuf,
    pub state: State,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    /// SHA-256 by file name.
    files: BTreeMap<String, String>,
}

/// Name of the checkpoint folder of a step, relative to the out folder.
#[must_use]
pub fn folder_name(step: u32) -> String {
    format!("{FOLDER}/step-{step:08}")
}

/// Writes a checkpoint, before that deletes what the disk budget has no room for, after that what need not be kept.
pub fn save(
    out: &Path,
    state: &State,
    adapter: &dyn Adapter,
    base_model: &str,
    optimizer: &Optimizer,
    ledger: &Ledger,
) -> Result<()> {
    let root = out.join(FOLDER);
    let (target, temporary) = (out.join(folder_name(state.step)), root.join(format!(".writing-{}", state.step)));
    let write = |path: &Path, source: io::Error| TrainError::Write { path: path.to_owned(), source };
    let (settings, best) = (&keep::settings(&state.recipe), state.best.map(|b| b.step));
    let mut there = on_disk(&root).map_err(|e| write(&root, e))?;
    there.retain(|c| c.step != state.step);
    let needed = bytes_needed(adapter, optimizer, ledger.bytes())?;
    for step in keep::in_the_way(&there, best, needed, settings)? {
        remove_if_there(&out.join(folder_name(step))).map_err(|e| write(&root, e))?;
    }
    remove_if_there(&temporary).and_then(|()| fs::create_dir_all(&temporary)).map_err(|e| write(&temporary, e))?;
    adapter.save(&temporary, base_model)?;
    let path = temporary.join(OPTIMIZER);
    safetensors::serialize_to_file(optimizer.state()?, None, &path).map_err(|e| write(&path, into_io(e)))?;
    let path = temporary.join(LEDGER);
    safetensors::serialize_to_file([(LEDGER, ledger.tensor()?)], None, &path).map_err(|e| write(&path, into_io(e)))?;
    let path = temporary.join(STATE);
    let text = serde_json::to_vec_pretty(state).map_err(|e| write(&path, e.into()))?;
    fs::write(&path, text).map_err(|e| write(&path, e))?;
    seal(&temporary).map_err(|e| write(&temporary, e))?;
    remove_if_there(&target).and_then(|()| fs::rename(&temporary, &target)).map_err(|e| write(&target, e))?;
    let prune = || {
        sync(&root)?;
        let superfluous = keep::superfluous(&on_disk(&root)?, best, settings);
        superfluous.into_iter().try_for_each(|step| remove_if_there(&out.join(folder_name(step))))
    };
    prune().map_err(|e| write(&root, e))
}

/// Bytes that the next checkpoint takes.
pub fn bytes_needed(adapter: &dyn Adapter, optimizer: &Optimizer, ledger_bytes: u64) -> Result<u64> {
    Ok(adapter.file_bytes() + optimizer.state_bytes()? + ledger_bytes + SMALL_FILES_BYTES)
}

/// Deletes the checkpoints of `step` and later.
pub fn remove_from(out: &Path, step: u32) -> Result<()> {
    let root = out.join(FOLDER);
    let remove = || steps(&root)?.range(step..).try_for_each(|(_, folder)| remove_if_there(folder));
    remove().map_err(|source| TrainError::Write { path: root.clone(), source })
}

/// The checkpoint of a step, which must be undamaged.
pub fn of_step(out: &Path, step: u32) -> Result<Checkpoint> {
    let folder = out.join(folder_name(step));
    match verify(&folder) {
        Ok(state) => Ok(Checkpoint { folder, state }),
        Err(problem) => Err(TrainError::Checkpoint { path: folder, problem }),
    }
}

/// The newest checkpoint that is undamaged, and what was wrong with newer ones.
pub fn latest(out: &Path) -> Result<(Option<Checkpoint>, Vec<TrainError>)> {
    latest_before(out, u32::MAX)
}

/// The newest undamaged checkpoint of a step before `limit`, and what was wrong with newer ones.
pub fn latest_before(out: &Path, limit: u32) -> Result<(Option<Checkpoint>, Vec<TrainError>)> {
    let root = out.join(FOLDER);
    let mut damaged = Vec::new();
    let all = steps(&root).map_err(|source| TrainError::Read { path: root.clone(), source })?;
    for (step, folder) in all.into_iter().rev().filter(|(step, _)| *step < limit) {
        match verify(&folder) {
            Ok(state) if state.step == step => return Ok((Some(Checkpoint { folder, state }), damaged)),
            Ok(state) => damaged.push(TrainError::Checkpoint {
                path: folder,
                problem: format!("it says it is of step {}", state.step),
            }),
            Err(problem) => damaged.push(TrainError::Checkpoint { path: folder, problem }),
        }
    }
    Ok((None, damaged))
}

impl Checkpoint {
    /// Puts the saved values into the adapter's variables and the optimizer.
    pub fn restore(&self, adapter: &dyn Adapter, optimizer: &mut Optimizer, device: &Device) -> Result<()> {
        self.restore_adapter(adapter)?;
        let moments: HashMap<String, Tensor> = candle_core::safetensors::load(self.folder.join(OPTIMIZER), device)?;
        let missing = |name: &str| candle_core::Error::Msg(format!("the checkpoint has no {name}"));
        // Steps that were passed over moved nothing, so the optimizer does not count them.
        let taken = self.state.step.saturating_sub(self.state.loss_scale.skipped);
        optimizer.restore(taken, |name| moments.get(name).cloned().ok_or_else(|| missing(name)))?;
        Ok(())
    }

    /// Puts the losses of samples into the ledger.
    pub fn restore_ledger(&self, ledger: &mut Ledger) -> Result<()> {
        let path = self.folder.join(LEDGER);
        if path.exists() {
            let tensors = candle_core::safetensors::load(path, &Device::Cpu)?;
            tensors.get(LEDGER).map_or(Ok(()), |saved| ledger.restore(saved))?;
        }
        Ok(())
    }

    /// Puts the saved values into the adapter's variables.
    pub fn restore_adapter(&self, adapter: &dyn Adapter) -> Result<()> {
        Ok(adapter.restore(&self.folder)?)
    }
}

/// Checkpoint folders by step, ascending.
fn steps(root: &Path) -> io::Result<BTreeMap<u32, PathBuf>> {
    if !root.exists() {
        return Ok(BTreeMap::new());
    }
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let step = entry.file_name().to_str().and_then(|n| n.strip_prefix("step-")?.parse().ok());
        if let Some(step) = step {
            found.insert(step, entry.path());
        }
    }
    Ok(found)
}

/// Checkpoints with their sizes, ascending by step.
fn on_disk(root: &Path) -> io::Result<Vec<OnDisk>> {
    steps(root)?.into_iter().map(|(step, folder)| Ok(OnDisk { step, bytes: size(&folder)? })).collect()
}

/// Bytes of the files in a folder.
pub(crate) fn size(folder: &Path) -> io::Result<u64> {
    fs::read_dir(folder)?.map(|file| Ok(file?.metadata()?.len())).sum()
}

/// Bytes of the files in a folder; 0 where it cannot be read.
#[must_use]
pub fn folder_bytes(folder: &Path) -> u64 {
    size(folder).unwrap_or(0)
}

/// Bytes of all checkpoints in the out folder.
#[must_use]
pub fn bytes_on_disk(out: &Path) -> u64 {
    on_disk(&out.join(FOLDER)).unwrap_or_default().iter().map(|c| c.bytes).sum()
}

/// Flushes every file to disk and writes the manifest.
fn seal(folder: &Path) -> io::Result<()> {
    let mut manifest = Manifest { files: BTreeMap::new() };
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        sync(&path)?;
        manifest.files.insert(name(&path), sha256(&path)?);
    }
    let path = folder.join(MANIFEST);
    fs::write(&path, serde_json::to_vec_pretty(&manifest)?)?;
    sync(&path)?;
    sync(folder)
}

fn verify(folder: &Path) -> Result<State, String> {
    let read = |file: &str| fs::read(folder.join(file)).map_err(|e| format!("{file}: {e}"));
    let manifest: Manifest = serde_json::from_slice(&read(MANIFEST)?).map_err(|e| format!("{MANIFEST}: {e}"))?;
    for (file, want) in &manifest.files {
        let have = sha256(&folder.join(file)).map_err(|e| format!("{file}: {e}"))?;
        if have != *want {
            return Err(format!("{file} does not have the checksum of the manifest"));
        }
    }
    serde_json::from_slice(&read(STATE)?).map_err(|e| format!("{STATE}: {e}"))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// SHA-256 of a file, in hexadecimal.
pub(crate) fn sha256(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut fs::File::open(path)?, &mut hasher)?;
    Ok(hex::encode(hasher.finalize()))
}

fn sync(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()
}

fn remove_if_there(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

fn into_io(error: safetensors::SafeTensorError) -> io::Error {
    match error {
        safetensors::SafeTensorError::IoError(e) => e,
        other => io::Error::other(other),
    }
}
