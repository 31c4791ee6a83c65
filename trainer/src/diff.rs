//! Whether two runs gave the same bits and, if not, what of their manifests differs.

use crate::checkpoint::sha256;
use crate::error::TrainError;
use crate::event::EVENTS_FILE;
use crate::finish::ADAPTER_FOLDER;
use crate::manifest::Manifest;
use domain::event::{Event, series};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

/// What two out folders have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Files of the adapter with other bits, or that only one run has.
    pub adapter: Vec<String>,
    /// The first step whose training loss differs, or that only one run has, with both losses.
    pub first_loss: Option<(u32, Option<f64>, Option<f64>)>,
    /// Entries of the manifests that differ: name and both values.
    pub manifest: Vec<(String, Option<String>, Option<String>)>,
}

impl Comparison {
    /// Whether adapter and losses are the same bits.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.adapter.is_empty() && self.first_loss.is_none()
    }
}

/// Compares the finished runs in two out folders.
pub fn compare(a: &Path, b: &Path) -> Result<Comparison, TrainError> {
    let manifest = differing(&Manifest::read(a)?.lines(), &Manifest::read(b)?.lines());
    let adapter = differing(&adapter(a)?, &adapter(b)?).into_iter().map(|(file, _, _)| file).collect();
    // Bits, so that a NaN equals itself.
    let first_loss = differing(&losses(a)?, &losses(b)?).into_iter().next();
    let first_loss = first_loss.map(|(step, a, b)| (step, a.map(f64::from_bits), b.map(f64::from_bits)));
    Ok(Comparison { adapter, first_loss, manifest })
}

/// Keys with different values, ascending.
fn differing<K: Ord + Clone, V: PartialEq + Clone>(
    a: &BTreeMap<K, V>,
    b: &BTreeMap<K, V>,
) -> Vec<(K, Option<V>, Option<V>)> {
    let mut keys: Vec<&K> = a.keys().chain(b.keys()).collect();
    keys.sort();
    keys.dedup();
    let both = keys.into_iter().map(|k| (k.clone(), a.get(k).cloned(), b.get(k).cloned()));
    both.filter(|(_, x, y)| x != y).collect()
}

/// SHA-256 by file of weights in the final adapter's folder.
fn adapter(out: &Path) -> Result<BTreeMap<String, String>, TrainError> {
    let folder = out.join(ADAPTER_FOLDER);
    let hashes = fs::read_dir(&folder).and_then(|entries| {
        let files = entries.map(|e| Ok(e?.path())).collect::<io::Result<Vec<_>>>()?;
        let weights = files.into_iter().filter(|f| f.extension().is_some_and(|e| e == "safetensors"));
        let name = |f: &Path| f.file_name().unwrap_or_default().to_string_lossy().into_owned();
        weights.map(|f| Ok((name(&f), sha256(&f)?))).collect()
    });
    hashes.map_err(|source| TrainError::Read { path: folder, source })
}

/// Bits of the training loss by step. A step that was taken twice counts as it was last.
fn losses(out: &Path) -> Result<BTreeMap<u32, u64>, TrainError> {
    let path = out.join(EVENTS_FILE);
    let text = fs::read_to_string(&path).map_err(|source| TrainError::Read { path, source })?;
    let events = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    Ok(events
        .filter_map(|event| match event {
            Event::Point { key, step, value, .. } if key == series::TRAIN_LOSS => Some((step, value.to_bits())),
            _ => None,
        })
        .collect())
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let either = |value: &Option<f64>| value.map_or_else(|| "nothing".to_owned(), |v| v.to_string());
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        if self.is_same() {
            writeln!(f, "the same bits: adapter and training losses")?;
        }
        for file in &self.adapter {
            writeln!(f, "the adapters differ: {file}")?;
        }
        if let Some((step, a, b)) = &self.first_loss {
            writeln!(f, "the training losses differ first at step {step}: {} and {}", either(a), either(b))?;
        }
        for (name, a, b) in &self.manifest {
            writeln!(f, "{name}: {} and {}", text(a), text(b))?;
        }
        if self.manifest.is_empty() {
            writeln!(f, "the manifests are the same")?;
        }
        Ok(())
    }
}
