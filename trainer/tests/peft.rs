//! An adapter written here loads in Python's PEFT over the same base model and gives the same
//! logits, for each family. Needs a Python with torch, transformers and peft: the one that
//! LATHE_PEFT_PYTHON names, else `python3`; says so and passes where there is none
//! (`scripts/peft-venv.sh` makes one).
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use candle_core::{Device, Tensor};
use domain::recipe::Lora;
use serde::Deserialize;
use serde_json::json;
use std::path::Path;
use std::process::Command;
use trainer::adapt::LoraAdapter;
use trainer::model::decoder::Decoder;
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

fn ask(python: &str, folder: &Path, ids: &[u32]) -> Logits {
    let (script, input, output) = (folder.join("logits.py"), folder.join("ids.json"), folder.join("logits.json"));
    std::fs::write(&script, SCRIPT).unwrap();
    std::fs::write(&input, json!(ids).to_string()).unwrap();
    let run = Command::new(python)
        .arg(&script)
        .args([folder.join("model"), folder.join("adapter"), input, output.clone()])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&std::fs::read(output).unwrap()).unwrap()
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
    for (family, config) in support::families() {
        let class = family.class_name();
        let folder = tempfile::tempdir().unwrap();
        support::write_model_of(&folder.path().join("model"), &config).unwrap();
        let mut base = weights::open(&folder.path().join("model"), &Device::Cpu).unwrap();
        let mut decoder = Decoder::new(base.config.clone(), &mut base.weights).unwrap();
        let adapter = LoraAdapter::new(&base.config, &Lora::default(), 3, &Device::Cpu).unwrap();
        for (_, variable) in adapter.variables() {
            variable.set(&Tensor::randn(0f32, 0.05, variable.shape(), &Device::Cpu).unwrap()).unwrap();
        }
        let target = folder.path().join("adapter");
        std::fs::create_dir_all(&target).unwrap();
        adapter.save(&target, "model").unwrap();
        let ids: Vec<u32> = (0..24).map(|i| (i * 37 + 11) % 260).collect();
        let input = Tensor::new(ids.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
        let logits = |decoder: &Decoder| {
            let hidden = decoder.forward(&input, None).unwrap();
            decoder.logits(&hidden.reshape((ids.len(), ())).unwrap()).unwrap()
        };
        let plain = logits(&decoder);
        adapter.attach_to(&mut decoder);
        let tuned = logits(&decoder);
        let theirs = ask(&python, folder.path(), &ids);
        let (base_gap, tuned_gap) =
            (largest_difference(&plain, &theirs.base), largest_difference(&tuned, &theirs.tuned));
        let moved = largest_difference(&tuned, &theirs.base);
        println!(
            "{class}: base differs by {base_gap:.1e}, tuned by {tuned_gap:.1e}; the adapter moves logits by {moved:.1e}"
        );
        assert!(base_gap < TOLERANCE && tuned_gap < TOLERANCE, "{class}");
        assert!(moved > 0.1, "{class}: the adapter does nothing");
    }
}
