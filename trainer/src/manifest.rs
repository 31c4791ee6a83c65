//! `manifest.json`: everything that decides the bits of a run's result, so that two results that differ can be
//! explained (see [`crate::diff`]). Times, folders and names of machines are deliberately not in it.

use crate::checkpoint::sha256;
use crate::error::TrainError;
use crate::setup::Run;
use domain::recipe::Recipe;
use domain::run::manifest_lines;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Name of the manifest in the out folder.
pub const MANIFEST_FILE: &str = "manifest.json";

/// The lockfile that this trainer was built with.
const LOCKFILE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"));

/// Packages that compute, tokenize or draw random numbers: another version may give other bits.
const PACKAGES: [&str; 13] = [
    "candle-core",
    "candle-nn",
    "gemm",
    "half",
    "minijinja",
    "minijinja-contrib",
    "pulp",
    "rand",
    "rand_chacha",
    "rayon",
    "safetensors",
    "tokenizers",
    "trainer",
];

/// What a run was made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Versions by package.
    pub packages: BTreeMap<String, String>,
    /// SHA-256 by file of the base model, and under `adapter/` of the adapter that the run goes on training.
    pub model: BTreeMap<String, String>,
    /// SHA-256 by input: `train`, `validation`, `test`, and `tokens`, the training samples after tokenizing.
    pub data: BTreeMap<String, String>,
    /// SHA-256 of the tokenizer and of the chat template.
    pub text: BTreeMap<String, String>,
    pub machine: Machine,
    /// Samples per forward pass, the recipe's unless overridden.
    pub micro_batch: u64,
    pub recipe: Recipe,
    /// Steps that earlier attempts had taken.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub from_step: u32,
    /// What earlier attempts were made of, the first one first; another machine or micro-batch may have computed part of
    /// the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Manifest>,
}

/// What computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// `cpu`, `cuda:0`, `metal`; of several processes all: `cpu+cpu`.
    pub device: String,
    /// The processor's name; its instructions decide the order of additions.
    pub processor: String,
    pub threads: u64,
}

impl Manifest {
    /// The manifest of a run that is set up.
    pub fn of(run: &Run) -> Result<Self, TrainError> {
        let job = &run.job;
        let tokenizer = run.tokenizer.to_json().map_err(crate::data::masking::EncodeError::from)?;
        let template = run.card.chat_template.as_deref().unwrap_or_default();
        let inputs =
            [("train", Some(&job.train)), ("validation", job.validation.as_ref()), ("test", job.test.as_ref())];
        let mut data = BTreeMap::from([("tokens".to_owned(), run.data_sha256.clone())]);
        for (name, path) in inputs {
            if let Some(path) = path {
                data.insert(name.to_owned(), file_sha256(path)?);
            }
        }
        let mut model = BTreeMap::new();
        for file in model_files(&job.model)? {
            model.insert(name(&file), file_sha256(&file)?);
        }
        for file in job.adapter.iter().map(|folder| model_files(folder)).collect::<Result<Vec<_>, _>>()?.concat() {
            model.insert(format!("adapter/{}", name(&file)), file_sha256(&file)?);
        }
        Ok(Self {
            packages: packages(),
            model,
            data,
            text: [("tokenizer", tokenizer.as_str()), ("template", template)]
                .map(|(name, text)| (name.to_owned(), hex::encode(Sha256::digest(text))))
                .into(),
            machine: Machine {
                device: job.devices.join("+"),
                processor: processor(),
                threads: rayon::current_num_threads() as u64,
            },
            micro_batch: job.micro_batch() as u64,
            recipe: job.recipe.clone(),
            from_step: run.step,
            earlier: Vec::new(),
        })
    }

    /// The same after the attempts that an out folder knows of.
    #[must_use]
    pub fn after(self, out: &Path) -> Self {
        // An attempt that ended before it wrote one has left nothing in the result either.
        let Ok(mut last) = Self::read(out) else { return self };
        let mut earlier = std::mem::take(&mut last.earlier);
        earlier.push(last);
        Self { earlier, ..self }
    }

    /// Writes it into the out folder, completely or not at all.
    pub fn write(&self, out: &Path) -> Result<(), TrainError> {
        let path = out.join(MANIFEST_FILE);
        let temporary = path.with_extension("writing");
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        let written = text.and_then(|t| fs::write(&temporary, t)).and_then(|()| fs::rename(&temporary, &path));
        written.map_err(|source| TrainError::Write { path, source })
    }

    /// Reads the manifest of an out folder.
    pub fn read(out: &Path) -> Result<Self, TrainError> {
        let path = out.join(MANIFEST_FILE);
        let text = fs::read(&path).and_then(|t| Ok(serde_json::from_slice(&t)?));
        text.map_err(|source| TrainError::Read { path, source })
    }

    /// Every entry as a dotted name and text.
    #[must_use]
    pub fn lines(&self) -> BTreeMap<String, String> {
        serde_json::to_value(self).map(|manifest| manifest_lines(&manifest)).unwrap_or_default()
    }
}

fn is_zero(step: &u32) -> bool {
    *step == 0
}

/// Versions of [`PACKAGES`], as the lockfile has them; where it has several, the newest.
fn packages() -> BTreeMap<String, String> {
    let lockfile: toml::Table = LOCKFILE.parse().unwrap_or_default();
    let all = lockfile.get("package").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    let text = |package: &toml::Value, key: &str| package.get(key)?.as_str().map(str::to_owned);
    let versions = all.iter().filter_map(|package| Some((text(package, "name")?, text(package, "version")?)));
    versions.filter(|(name, _)| PACKAGES.contains(&name.as_str())).collect()
}

/// The files that make up a base model, sorted.
pub(crate) fn model_files(path: &Path) -> Result<Vec<PathBuf>, TrainError> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files: Vec<PathBuf> = fs::read_dir(path)
        .and_then(|entries| entries.map(|e| Ok(e?.path())).collect::<io::Result<_>>())
        .map_err(|source| TrainError::Read { path: path.to_owned(), source })?;
    files.retain(|f| f.is_file() && f.extension().is_some_and(|e| e == "json" || e == "safetensors"));
    files.sort();
    Ok(files)
}

fn file_sha256(path: &Path) -> Result<String, TrainError> {
    sha256(path).map_err(|source| TrainError::Read { path: path.to_owned(), source })
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What Linux calls the processor; empty where it does not say.
fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix("model name"));
    line.map(|l| l.trim_start_matches([' ', '\t', ':']).to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lockfile_names_every_package() {
        let packages = packages();
        assert_eq!(packages.keys().map(String::as_str).collect::<Vec<_>>(), PACKAGES);
        assert_eq!(packages["trainer"], env!("CARGO_PKG_VERSION"));
    }
}
