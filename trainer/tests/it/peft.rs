//! An adapter written here loads in Python's PEFT over the same base model and gives the same
//! logits, for each family and method; and the other way round. Needs a Python with torch, transformers and peft: the one that
//! LATHE_PEFT_PYTHON names, else `python3`; says so and passes where there is none
//! (`scripts/peft-venv.sh` makes one).

use crate::support;
use candle_core::{Device, Tensor};
use domain::recipe::{Method, Recipe};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use trainer::adapt;
use trainer::model::decoder::Decoder;
use trainer::model::weights::{self, BaseModel};

const SCRIPT: &str = concat!(include_str!("../peft/common.py"), "\n\n", include_str!("../peft/logits.py"));
const MAKE_SCRIPT: &str = concat!(include_str!("../peft/common.py"), "\n\n", include_str!("../peft/make.py"));
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
    /// By the adapter's folder name.
    tuned: HashMap<String, Vec<Vec<f32>>>,
}

fn ask(python: &str, folder: &Path, ids: &[u32]) -> Logits {
    run_script(python, SCRIPT, folder, ids)
}

/// Runs a script on `folder/model` and `folder/adapters`.
fn run_script(python: &str, text: &str, folder: &Path, ids: &[u32]) -> Logits {
    let (script, input, output) = (folder.join("script.py"), folder.join("ids.json"), folder.join("logits.json"));
    std::fs::write(&script, text).unwrap();
    std::fs::write(&input, json!(ids).to_string()).unwrap();
    let run = Command::new(python)
        .arg(&script)
        .args([folder.join("model"), folder.join("adapters"), input, output.clone()])
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

/// The methods that PEFT has, as recipes.
fn recipes() -> Vec<(&'static str, Recipe)> {
    let of = |method: Method, change: fn(&mut Recipe)| {
        let mut recipe = Recipe { method, seed: 3, ..Recipe::default() };
        recipe.prompt_tuning.virtual_tokens = 5;
        recipe.p_tuning.virtual_tokens = 5;
        recipe.prefix_tuning.virtual_tokens = 5;
        change(&mut recipe);
        recipe
    };
    vec![
        ("LoRA", of(Method::Lora, |_| ())),
        ("rsLoRA", of(Method::Lora, |r| r.lora.rslora = true)),
        ("DoRA", of(Method::Lora, |r| r.lora.dora = true)),
        ("prompt tuning", of(Method::PromptTuning, |_| ())),
        ("P-tuning", of(Method::PTuning, |_| ())),
        ("prefix tuning", of(Method::PrefixTuning, |_| ())),
        ("projected prefix tuning", of(Method::PrefixTuning, |r| r.prefix_tuning.projection = true)),
    ]
}

/// The base model in `folder/model` and a decoder of it.
fn write_model(folder: &Path, config: &Value) -> (BaseModel, Decoder) {
    support::write_model_of(&folder.join("model"), config).unwrap();
    let mut base = weights::open(&folder.join("model"), &Device::Cpu).unwrap();
    let decoder = Decoder::new(base.config.clone(), &mut base.weights).unwrap();
    (base, decoder)
}

#[test]
fn peft_gives_the_same_logits() {
    let Some(python) = python() else {
        println!("skipped: no Python with torch, transformers and peft; set LATHE_PEFT_PYTHON to one");
        return;
    };
    for (family, config) in support::families() {
        let (class, folder) = (family.class_name(), tempfile::tempdir().unwrap());
        let (base, mut decoder) = write_model(folder.path(), &config);
        let ids: Vec<u32> = (0..24).map(|i| (i * 37 + 11) % 260).collect();
        let input = Tensor::new(ids.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
        let logits = |decoder: &Decoder| {
            let hidden = decoder.forward(&input, None).unwrap();
            decoder.logits(&hidden.reshape((ids.len(), ())).unwrap()).unwrap()
        };
        let plain = logits(&decoder);
        let mut ours = Vec::new();
        for (name, recipe) in recipes() {
            let adapter = adapt::new(&recipe, &decoder, &base.tokenizer).unwrap();
            for (_, variable) in adapter.variables() {
                let noise = Tensor::randn(0f32, 0.05, variable.shape(), &Device::Cpu).unwrap();
                variable.set(&(variable.as_tensor() + noise).unwrap().detach()).unwrap();
            }
            let target = folder.path().join("adapters").join(name);
            std::fs::create_dir_all(&target).unwrap();
            adapter.save(&target, "model").unwrap();
            adapter.attach_to(&mut decoder);
            ours.push((name, logits(&decoder)));
            adapter.detach_from(&mut decoder).unwrap();
        }
        let theirs = ask(&python, folder.path(), &ids);
        let base_gap = largest_difference(&plain, &theirs.base);
        assert!(base_gap < TOLERANCE, "{class}: base differs by {base_gap}");
        for (name, tuned) in ours {
            let gap = largest_difference(&tuned, &theirs.tuned[name]);
            let moved = largest_difference(&tuned, &theirs.base);
            println!("{class}, {name}: differs by {gap:.1e}; the adapter moves logits by {moved:.1e}");
            assert!(gap < TOLERANCE, "{class}, {name}: {gap}");
            assert!(moved > 0.05, "{class}, {name}: the adapter does nothing");
        }
    }
}

/// Adapters that PEFT made and trained a step: ours to use, and to go on from.
#[test]
fn peft_adapters_load_here() {
    let Some(python) = python() else {
        println!("skipped: no Python with torch, transformers and peft; set LATHE_PEFT_PYTHON to one");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (base, mut decoder) = write_model(folder.path(), &support::config());
    let ids: Vec<u32> = (0..24).map(|i| (i * 37 + 11) % 260).collect();
    let theirs = run_script(&python, MAKE_SCRIPT, folder.path(), &ids);
    let input = Tensor::new(ids.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    for (name, mut recipe) in recipes() {
        let path = folder.path().join("adapters").join(name);
        let adapter = adapt::load(&path, &decoder).unwrap();
        adapter.attach_to(&mut decoder);
        let hidden = decoder.forward(&input, None).unwrap();
        let gap = largest_difference(&decoder.logits(&hidden).unwrap(), &theirs.tuned[name]);
        println!("{name}: differs by {gap:.1e}");
        assert!(gap < TOLERANCE, "{name}: {gap}");
        adapter.detach_from(&mut decoder).unwrap();
        // What was made by a network goes on without it.
        recipe.prefix_tuning.projection = false;
        if recipe.method == Method::PTuning {
            recipe.method = Method::PromptTuning;
        }
        adapt::new(&recipe, &decoder, &base.tokenizer).unwrap().restore(&path).unwrap();
    }
}
