//! Every family computes what `transformers` computes: logits, loss and gradients of a tiny random model, against
//! numbers that `golden/make.py` got in double precision. Single precision has its price; the files also say what it
//! costs PyTorch, and ours may cost at most [`ALLOWANCE`] times that.

use crate::support;
use candle_core::{DType, Device, Tensor, Var};
use domain::recipe::{Dpo, DpoLoss};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use trainer::data::batch::Batch;
use trainer::data::masking::Encoded;
use trainer::model::decoder::{Decoder, Targets};
use trainer::model::family::Family;
use trainer::model::projection::LowRank;
use trainer::model::weights;
use trainer::ops::linear_cross_entropy::{Objective, Total};
use trainer::preference::{PairLoss, Reference, log_probabilities};

const CPU: Device = Device::Cpu;
/// How many times PyTorch's own distance from double precision is allowed.
const ALLOWANCE: f64 = 3.0;
/// Allowed on top: half a unit in the last place of a number near 1.
const FLOOR: f64 = 6e-8;

/// Relative distances from double precision.
#[derive(Debug, Deserialize)]
struct Distances {
    logits: f64,
    loss: f64,
    gradient_median: f64,
    gradient_max: f64,
}

/// What `make.py` wrote for one family.
struct Golden {
    tensors: HashMap<String, Tensor>,
    torch: Distances,
    scale: f64,
}

fn folder(family: Family) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(family.as_str())
}

fn golden(family: Family) -> Golden {
    let bytes = std::fs::read(folder(family).join("golden.safetensors")).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = header.metadata().clone().unwrap();
    Golden {
        tensors: candle_core::safetensors::load_buffer(&bytes, &CPU).unwrap(),
        torch: serde_json::from_str(&metadata["torch"]).unwrap(),
        scale: metadata["scale"].parse().unwrap(),
    }
}

/// The model, opened as a user's would be: from a Hugging Face folder.
fn decoder(family: Family) -> Decoder {
    let copy = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors"] {
        std::fs::copy(folder(family).join(file), copy.path().join(file)).unwrap();
    }
    support::write_tokenizer(copy.path()).unwrap();
    let mut base = weights::open(copy.path(), &CPU).unwrap();
    assert_eq!((base.config.family, base.card.family.as_str()), (family, family.as_str()));
    Decoder::new(base.config.clone(), &mut base.weights).unwrap()
}

/// Puts the file's low-rank matrices on the decoder; returns them by name.
fn attach(golden: &Golden, decoder: &mut Decoder) -> Vec<(String, Var)> {
    let mut pairs = HashMap::new();
    let mut variables = Vec::new();
    for projection in decoder.projections() {
        let mut variable = |which: &str| {
            let name = format!("{}.{which}", projection.path());
            let var = Var::from_tensor(&golden.tensors[&format!("adapter.{name}")]).unwrap();
            variables.push((name, var.clone()));
            var
        };
        let pair = LowRank { a: variable("A"), b: variable("B"), scale: golden.scale, dropout: 0.0, magnitude: None };
        pairs.insert((projection.layer, projection.module), pair);
    }
    let adapted = golden.tensors.keys().filter(|name| name.starts_with("adapter.")).count();
    assert_eq!(variables.len(), adapted, "every linear layer of the reference is one here");
    decoder.attach(|layer, module| pairs.get(&(layer, module)).cloned());
    variables
}

fn doubles(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// ‖got − want‖ / ‖want‖
fn distance(got: &Tensor, want: &Tensor) -> f64 {
    let (got, want) = (doubles(got), doubles(want));
    assert_eq!(got.len(), want.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    norm(&mut got.iter().zip(&want).map(|(g, w)| g - w)) / norm(&mut want.iter().copied())
}

/// The loss is the mean over all tokens but each sequence's first.
fn targets(ids: &[Vec<u32>]) -> Targets {
    let mut targets = Targets::default();
    for (sequence, tokens) in ids.iter().enumerate() {
        for (at, next) in tokens.iter().skip(1).enumerate() {
            targets.rows.push((sequence * tokens.len() + at) as u32);
            targets.tokens.push(*next);
        }
    }
    targets
}

fn measured(family: Family, golden: &Golden) -> Distances {
    let mut decoder = decoder(family);
    let variables = attach(golden, &mut decoder);
    let ids = golden.tensors["ids"].to_dtype(DType::U32).unwrap();
    let logits = decoder.logits(&decoder.forward(&ids, None).unwrap()).unwrap();
    let targets = targets(&ids.to_vec2().unwrap());
    let loss = decoder.training_loss(&ids, &targets, targets.rows.len() as f64, 0).unwrap();
    let store = loss.backward().unwrap();
    let of = |(name, variable): &(String, Var)| {
        distance(store.get(variable).unwrap(), &golden.tensors[&format!("gradient.{name}")])
    };
    let mut gradients: Vec<f64> = variables.iter().map(of).collect();
    gradients.sort_by(f64::total_cmp);
    Distances {
        logits: distance(&logits, &golden.tensors["logits"]),
        loss: distance(&loss, &golden.tensors["loss"]),
        gradient_median: gradients[gradients.len() / 2],
        gradient_max: gradients[gradients.len() - 1],
    }
}

#[test]
fn every_family_computes_what_transformers_computes() {
    let mut failures = Vec::new();
    for family in Family::ALL {
        let golden = golden(family);
        let (ours, torch) = (measured(family, &golden), &golden.torch);
        for (what, ours, torch) in [
            ("logits", ours.logits, torch.logits),
            ("loss", ours.loss, torch.loss),
            ("median gradient", ours.gradient_median, torch.gradient_median),
            ("worst gradient", ours.gradient_max, torch.gradient_max),
        ] {
            let line = format!("{} {what}: {ours:.1e}, PyTorch {torch:.1e}", family.as_str());
            println!("{line}");
            if ours > ALLOWANCE * torch + FLOOR {
                failures.push(line);
            }
        }
    }
    assert!(failures.is_empty(), "too far from double precision:\n{}", failures.join("\n"));
}

/// The pairs of `golden/preference.py`, one answer behind the other.
fn pairs(file: &HashMap<String, Tensor>) -> Batch {
    let whole = |name: &str| -> Vec<i64> { file[name].to_vec1().unwrap() };
    let ids: Vec<u32> = whole("ids").into_iter().map(|id| id as u32).collect();
    let mut first = 0;
    let sequences: Vec<Encoded> = whole("lengths")
        .into_iter()
        .zip(whole("prompts"))
        .map(|(length, prompt)| {
            let ids = ids[first..first + length as usize].to_vec();
            first += length as usize;
            Encoded { carries_loss: (0..length).map(|at| at >= prompt).collect(), ids, weight: 1.0, line: 0 }
        })
        .collect();
    Batch::new(&sequences.iter().collect::<Vec<_>>(), &CPU).unwrap()
}

/// DPO's losses and gradients are those of PyTorch in double precision.
#[test]
fn preferences_cost_what_they_cost_in_pytorch() {
    let file = candle_core::safetensors::load(folder(Family::Llama).join("preference.safetensors"), &CPU).unwrap();
    let mut decoder = decoder(Family::Llama);
    let batch = pairs(&file);
    let references: Vec<Reference> = file["references"].to_vec2().unwrap().iter().map(|r| [r[0], r[1]]).collect();
    let ours = log_probabilities(&batch.owners, &decoder.losses(&batch.ids, &batch.targets).unwrap());
    for (ours, theirs) in ours.iter().flatten().zip(references.iter().flatten()) {
        assert!((ours - theirs).abs() < 1e-5 * theirs.abs(), "the reference: {ours} and {theirs}");
    }
    let variables = attach(&golden(Family::Llama), &mut decoder);
    let plain = Dpo::default();
    for (variant, settings) in [
        ("sigmoid", plain.clone()),
        ("conservative", Dpo { beta: 0.5, label_smoothing: 0.2, ..plain.clone() }),
        ("with_sft", Dpo { sft_weight: 0.7, ..plain.clone() }),
        ("ipo", Dpo { beta: 0.3, loss: DpoLoss::Ipo, ..plain }),
    ] {
        let loss = PairLoss::new(&settings, &batch, references.clone(), vec![1.0 / 3.0; 3]);
        let total = Total::Of(Arc::new(loss));
        let objective = Objective { targets: batch.targets.tokens.clone(), total, smoothing: 0.0 };
        let want: f64 = file[&format!("{variant}.loss")].to_vec1().unwrap()[0];
        for recomputes in [false, true] {
            let passed = decoder.objective_and_gradients(&batch.ids, &batch.targets, &objective, 0, recomputes);
            let (value, _, store) = passed.unwrap();
            assert!((f64::from(value) - want).abs() < 1e-5 * want, "{variant}: {value} and {want}");
            for (name, variable) in &variables {
                let want = &file[&format!("{variant}.gradient.{name}")];
                let apart = distance(store.get(variable).unwrap(), want);
                assert!(apart < 1e-4, "{variant}, {name}: {apart:.1e}");
            }
        }
    }
}
