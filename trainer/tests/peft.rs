//! An adapter written here loads in Python's PEFT over the same base model and gives the same
//! logits, for each family. Needs a Python with torch, transformers and peft: the one that
//! LATHE_PEFT_PYTHON names, else `python3`; says so and passes where there is none
//! (`scripts/peft-venv.sh` makes one).
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use candle_core::{Device, Tensor};
use domain::recipe::Lora;
use serde::Deserialize;
use serde_json::{Value, json};
use std::process::Command;
use tempfile::TempDir;
use trainer::adapt::LoraAdapter;
use trainer::model::decoder::Decoder;
use trainer::model::family::Family;
use trainer::model::weights;

const SCRIPT: &str = include_str!("peft/logits.py");
/// Largest difference of any logit. They are of order 10 in single precision.
const TOLERANCE: f32 = 1e-4;

/// A Python that can import peft.
fn python() -> Option<String> {
    let program = std::env::var("LATHE_PEFT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&program).args(["-c", "import torch, transformers, peft"]).output();
    found.is_ok_and(|o| o.status.success()).then_some(program)
}

#[derive(Deserialize)]
struct Logits {
    base: Vec<Vec<f32>>,
    tuned: Vec<Vec<f32>>,
}

/// One model with an adapter, in a folder of its own, and what it computes here.
struct Case {
    name: &'static str,
    folder: TempDir,
    plain: Tensor,
    tuned: Tensor,
}

fn case(family: Family, config: &Value) -> Case {
    let folder = tempfile::tempdir().unwrap();
    let (model, target) = (folder.path().join("model"), folder.path().join("adapter"));
    support::write_model_of(&model, config).unwrap();
    let mut base = weights::open(&model, &Device::Cpu).unwrap();
    let mut decoder = Decoder::new(base.config.clone(), &mut base.weights).unwrap();
    let adapter = LoraAdapter::new(&base.config, &Lora::default(), 3, &Device::Cpu).unwrap();
    for (_, variable) in adapter.variables() {
        variable.set(&Tensor::randn(0f32, 0.05, variable.shape(), &Device::Cpu).unwrap()).unwrap();
    }
    std::fs::create_dir_all(&target).unwrap();
    adapter.save(&target, "model").unwrap();
    let ids: Vec<u32> = (0..24).map(|i| (i * 37 + 11) % 260).collect();
    std::fs::write(folder.path().join("ids.json"), json!(ids).to_string()).unwrap();
    let input = Tensor::new(ids.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let logits = |decoder: &Decoder| decoder.logits(&decoder.forward(&input, None).unwrap()).unwrap();
    let plain = logits(&decoder);
    adapter.attach_to(&mut decoder);
    Case { name: family.class_name(), folder, plain, tuned: logits(&decoder) }
}

/// Has Python write `logits.json` into the folder of every case.
fn ask(python: &str, cases: &[Case]) {
    let run = Command::new(python).args(["-c", SCRIPT]).args(cases.iter().map(|c| c.folder.path())).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

fn largest_difference(ours: &Tensor, theirs: &[Vec<f32>]) -> f32 {
    let ours: Vec<Vec<f32>> = ours.to_vec2().unwrap();
    assert_eq!(ours.len(), theirs.len());
    ours.iter().flatten().zip(theirs.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn peft_gives_the_same_logits() {
    let Some(python) = python() else {
        println!("skipped: no Python with torch, transformers and peft; set LATHE_PEFT_PYTHON to one");
        return;
    };
    let cases: Vec<Case> = support::families().iter().map(|(family, config)| case(*family, config)).collect();
    ask(&python, &cases);
    for Case { name, folder, plain, tuned } in &cases {
        let theirs: Logits =
            serde_json::from_slice(&std::fs::read(folder.path().join("logits.json")).unwrap()).unwrap();
        let (base_gap, tuned_gap) = (largest_difference(plain, &theirs.base), largest_difference(tuned, &theirs.tuned));
        let moved = largest_difference(tuned, &theirs.base);
        println!(
            "{name}: base differs by {base_gap:.1e}, tuned by {tuned_gap:.1e}; the adapter moves logits by {moved:.1e}"
        );
        assert!(base_gap < TOLERANCE && tuned_gap < TOLERANCE, "{name}");
        assert!(moved > 0.1, "{name}: the adapter does nothing");
    }
}
