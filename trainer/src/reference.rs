//! The reference of preference learning: what the model that a run starts from says of every answer, computed once.
//!
//! The scores stand in a file of the out folder, so that a resumed run has the same bits without another pass. The
//! seal in the file tells what they were made from; a file of other inputs, or a damaged one, is made again.

use crate::checkpoint::sha256;
use crate::data::batch::{Batch, by_length};
use crate::data::masking::Encoded;
use crate::error::TrainError;
use crate::event::Sink;
use crate::manifest;
use crate::model::decoder::Decoder;
use crate::preference::{Preferences, Reference, Rejections, interleaved, log_probabilities};
use crate::setup::{self, Run};
use domain::event::Phase;
use domain::recipe::Method;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Name of the file in the out folder.
pub const REFERENCE_FILE: &str = "reference.safetensors";
const SPLITS: [&str; 2] = ["train", "validation"];
/// Entry of the file's metadata: SHA-256 of the inputs and the scores together.
const SEAL: &str = "seal";

/// Pairs to score: chosen and rejected answers.
pub type Pairs<'a> = (&'a [Encoded], &'a [Encoded]);

/// Scores both answers of all pairs of a run that is at its start, or reads the scores of an earlier attempt. `rejected`
/// answers are of the training and the validation samples. `None` when stopped.
pub fn prepare(
    run: &mut Run,
    [train, validation]: [Vec<Encoded>; 2],
    sink: &mut Sink,
    stop: &AtomicBool,
) -> Result<Option<Preferences>, TrainError> {
    if run.job.follows {
        // No number, until the leader tells.
        let unknown = |answers: Vec<Encoded>| Rejections { references: vec![[f64::NAN; 2]; answers.len()], answers };
        return Ok(Some(Preferences { train: unknown(train), validation: unknown(validation) }));
    }
    let data = [setup::digest(&run.train, &train), setup::digest(&run.validation, &validation)];
    let inputs = inputs(&data, &manifest::model_files(&run.job.model)?, run.job.adapter.as_deref())?;
    let scores = match read(&run.job.out, &inputs, [train.len(), validation.len()]) {
        Some(known) => known,
        None => {
            let Some(scores) = score_all(run, [&train, &validation], sink, stop)? else { return Ok(None) };
            write(&run.job.out, &inputs, scores.each_ref().map(Vec::as_slice))?;
            scores
        }
    };
    let [of_train, of_validation] = scores;
    Ok(Some(Preferences {
        train: Rejections { answers: train, references: of_train },
        validation: Rejections { answers: validation, references: of_validation },
    }))
}

fn score_all(
    run: &mut Run,
    [train, validation]: [&[Encoded]; 2],
    sink: &mut Sink,
    stop: &AtomicBool,
) -> Result<Option<[Vec<Reference>; 2]>, TrainError> {
    // A fresh adapter may already do something. Weights that are all trained are the base's at their start.
    let is_base = run.job.adapter.is_none() && run.job.recipe.method != Method::Full;
    if is_base {
        run.adapter.detach_from(&mut run.decoder)?;
    }
    let (total, size) = (train.len() + validation.len(), run.job.micro_batch());
    let mut of = |pairs: Pairs<'_>, before: usize| {
        score(&run.decoder, pairs, size, &mut |done| {
            sink.phase(Phase::Referencing, (before + done) as u32, total as u32)?;
            Ok(if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
    };
    let Some(of_train) = of((&run.train, train), 0)? else { return Ok(None) };
    let Some(of_validation) = of((&run.validation, validation), train.len())? else { return Ok(None) };
    if is_base {
        run.adapter.attach_to(&mut run.decoder);
    }
    Ok(Some([of_train, of_validation]))
}

/// log π₀ of both answers of each pair under `decoder` as it stands, `size` pairs at a time. `None` when
/// `on_progress`, which is told how many pairs are done, breaks.
pub fn score<'a>(
    decoder: &Decoder,
    (chosen, rejected): Pairs<'a>,
    size: usize,
    on_progress: &mut dyn FnMut(usize) -> Result<ControlFlow<()>, TrainError>,
) -> Result<Option<Vec<Reference>>, TrainError> {
    let mut scores = vec![Reference::default(); chosen.len()];
    let mut done = 0;
    for places in by_length(&chosen.iter().collect::<Vec<_>>(), size) {
        if on_progress(done)?.is_break() {
            return Ok(None);
        }
        let of = |all: &'a [Encoded]| -> Vec<&'a Encoded> { places.iter().map(|place| &all[*place]).collect() };
        let batch = Batch::new(&interleaved(&of(chosen), &of(rejected)), decoder.device())?;
        let losses = decoder.losses(&batch.ids, &batch.targets)?;
        for (place, score) in places.iter().zip(log_probabilities(&batch.owners, &losses)) {
            scores[*place] = score;
        }
        done += places.len();
    }
    Ok(Some(scores))
}

/// What scores depend on: the tokens, the base model's files and those of the adapter that the run starts with.
fn inputs(tokens_sha256: &[String; 2], model: &[PathBuf], adapter: Option<&Path>) -> Result<String, TrainError> {
    let mut hasher = Sha256::new();
    tokens_sha256.iter().for_each(|digest| hasher.update(digest));
    for file in model.iter().cloned().chain(adapter.map_or_else(|| Ok(Vec::new()), files)?) {
        hasher.update(sha256(&file).map_err(|source| TrainError::Read { path: file, source })?);
    }
    Ok(hex::encode(hasher.finalize()))
}

/// The files of a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, TrainError> {
    let entries = fs::read_dir(folder).and_then(|all| all.map(|e| Ok(e?.path())).collect::<io::Result<Vec<_>>>());
    let mut files = entries.map_err(|source| TrainError::Read { path: folder.to_owned(), source })?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

/// The scores of both splits in the out folder; `None` unless an undamaged file of these inputs is there.
fn read(out: &Path, inputs: &str, pairs: [usize; 2]) -> Option<[Vec<Reference>; 2]> {
    let bytes = fs::read(out.join(REFERENCE_FILE)).ok()?;
    let (_, header) = SafeTensors::read_metadata(&bytes).ok()?;
    let file = SafeTensors::deserialize(&bytes).ok()?;
    let of = |split: &str| file.tensor(split).ok().filter(|t| t.dtype() == Dtype::F64).map(|t| t.data().to_vec());
    let [train, validation] = [of(SPLITS[0])?, of(SPLITS[1])?];
    let is_intact = header.metadata().as_ref()?.get(SEAL)? == &seal(inputs, [&train, &validation]);
    let scores = [from_bytes(&train), from_bytes(&validation)];
    (is_intact && scores.each_ref().map(Vec::len) == pairs).then_some(scores)
}

/// Writes the scores of both splits into the out folder, whole or not at all.
fn write(out: &Path, inputs: &str, scores: [&[Reference]; 2]) -> Result<(), TrainError> {
    let bytes = scores.map(|scores| scores.iter().flatten().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
    let said = HashMap::from([(SEAL.to_owned(), seal(inputs, bytes.each_ref()))]);
    let (path, temporary) = (out.join(REFERENCE_FILE), out.join(format!(".{REFERENCE_FILE}")));
    let write = || {
        let mut tensors = Vec::new();
        for ((split, bytes), scores) in SPLITS.into_iter().zip(&bytes).zip(scores) {
            tensors.push((split, TensorView::new(Dtype::F64, vec![scores.len(), 2], bytes).map_err(io::Error::other)?));
        }
        safetensors::serialize_to_file(tensors, Some(said), &temporary).map_err(io::Error::other)?;
        fs::File::open(&temporary)?.sync_all()?;
        fs::rename(&temporary, &path)
    };
    write().map_err(|source| TrainError::Write { path: path.clone(), source })
}

fn seal(inputs: &str, scores: [&Vec<u8>; 2]) -> String {
    hex::encode(Sha256::new().chain_update(inputs).chain_update(scores[0]).chain_update(scores[1]).finalize())
}

fn from_bytes(bytes: &[u8]) -> Vec<Reference> {
    let number = |b: &[u8]| b.try_into().map(f64::from_le_bytes).unwrap_or(f64::NAN);
    bytes.chunks_exact(16).map(|pair| [number(&pair[..8]), number(&pair[8..])]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_come_back_unless_something_changed() -> Result<(), TrainError> {
        let out = std::env::temp_dir().join(format!("lathe-reference-{}", std::process::id()));
        fs::create_dir_all(&out).map_err(|source| TrainError::Write { path: out.clone(), source })?;
        let scores: [&[Reference]; 2] = [&[[-1.0 / 3.0, -2.5], [-0.0, f64::MIN_POSITIVE]], &[]];
        write(&out, "these", scores)?;
        assert_eq!(read(&out, "these", [2, 0]), Some(scores.map(<[_]>::to_vec)));
        assert_eq!((read(&out, "others", [2, 0]), read(&out, "these", [1, 1])), (None, None));
        let path = out.join(REFERENCE_FILE);
        let mut bytes = fs::read(&path).unwrap_or_default();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, bytes).map_err(|source| TrainError::Write { path, source })?;
        assert_eq!(read(&out, "these", [2, 0]), None, "damaged");
        fs::remove_dir_all(&out).map_err(|source| TrainError::Write { path: out, source })
    }
}
