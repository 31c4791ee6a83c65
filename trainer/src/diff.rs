//! What two out folders of finished runs hold, to be compared bit by bit.

use crate::checkpoint::sha256;
use crate::error::TrainError;
use crate::event::EVENTS_FILE;
use crate::finish::ADAPTER_FOLDER;
use crate::manifest::Manifest;
use domain::event::{Event, series};
use domain::run::{Comparable, Differences};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// Compares the finished runs in two out folders.
pub fn compare(a: &Path, b: &Path) -> Result<Differences, TrainError> {
    Ok(Differences::between(&comparable(a)?, &comparable(b)?))
}

fn comparable(out: &Path) -> Result<Comparable, TrainError> {
    Ok(Comparable { weights: weights(out)?, losses: losses(out)?, manifest: Manifest::read(out)?.lines() })
}

/// SHA-256 by file of weights in the final adapter's folder.
fn weights(out: &Path) -> Result<BTreeMap<String, String>, TrainError> {
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
