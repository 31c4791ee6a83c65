//! `trainer merge`: an adapter folded into its base is the same model, in every kind of file.

use crate::support;
use candle_core::{Device, Tensor};
use domain::recipe::{Method, Recipe};
use serde_json::json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trainer::adapt;
use trainer::convert::ConvertError;
use trainer::merge::{MergeError, merge};
use trainer::model::decoder::Decoder;
use trainer::model::gguf_write::GgufType;
use trainer::model::weights;

const CPU: Device = Device::Cpu;

struct Place {
    folder: TempDir,
}

impl Place {
    /// The tiny model as a folder and as a GGUF file, and an adapter of it.
    fn new(recipe: &Recipe) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let mut config = support::config();
        config["tie_word_embeddings"] = json!(false);
        support::write_model_of(&place.path("model"), &config).unwrap();
        support::add_merge(&place.path("model/tokenizer.json"));
        support::gguf::write(&place.path("model"), &place.path("model.gguf")).unwrap();
        let mut base = weights::open(&place.path("model"), &CPU).unwrap();
        let decoder = Decoder::new(base.config.clone(), &mut base.weights).unwrap();
        let adapter = adapt::new(recipe, &decoder, &base.tokenizer).unwrap();
        for (i, (_, v)) in adapter.variables().iter().enumerate() {
            let noise: Vec<f32> = (0..v.elem_count()).map(|j| ((i * 7 + j * 17) % 13) as f32 / 40.0 - 0.15).collect();
            v.set(&(v.as_tensor() + Tensor::from_vec(noise, v.shape(), &CPU).unwrap()).unwrap().detach()).unwrap();
        }
        std::fs::create_dir(place.path("adapter")).unwrap();
        adapter.save(&place.path("adapter"), "model").unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn merge(&self, model: &str, out: &str, gguf: Option<GgufType>) -> Result<(), MergeError> {
        merge(&self.path(model), &self.path("adapter"), &self.path(out), gguf)
    }
}

fn dora() -> Recipe {
    let mut recipe = Recipe::default();
    recipe.lora.dora = true;
    recipe
}

fn logits(model: &Path, adapter: Option<&Path>) -> Vec<f32> {
    let mut base = weights::open(model, &CPU).unwrap();
    let mut decoder = Decoder::new(base.config, &mut base.weights).unwrap();
    if let Some(folder) = adapter {
        adapt::load(folder, &decoder).unwrap().attach_to(&mut decoder);
    }
    let ids = Tensor::new(&[[2u32, 70, 71, 3, 90]], &CPU).unwrap();
    let hidden = decoder.forward(&ids, None).unwrap();
    decoder.logits(&hidden).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

#[test]
fn a_merged_model_answers_as_base_and_adapter_do() {
    for recipe in [Recipe::default(), dora()] {
        let place = Place::new(&recipe);
        let want = logits(&place.path("model"), Some(&place.path("adapter")));
        assert!(largest_difference(&want, &logits(&place.path("model"), None)) > 0.1);
        place.merge("model", "a", None).unwrap();
        place.merge("model.gguf", "b", None).unwrap();
        place.merge("model.gguf", "c.gguf", Some(GgufType::F32)).unwrap();
        place.merge("model.gguf", "d.gguf", Some(GgufType::F16)).unwrap();
        place.merge("model.gguf", "e.gguf", Some(GgufType::Q8_0)).unwrap();
        place.merge("model.gguf", "f.gguf", Some(GgufType::Q4_0)).unwrap();
        let tolerances =
            [("a", 2e-4), ("b", 2e-4), ("c.gguf", 2e-4), ("d.gguf", 3e-2), ("e.gguf", 0.6), ("f.gguf", 6.0)];
        for (out, tolerance) in tolerances {
            let difference = largest_difference(&want, &logits(&place.path(out), None));
            println!("{out}: {difference:.1e}");
            assert!(difference < tolerance, "{out}: {difference}");
        }
    }
}

#[test]
fn a_merged_gguf_file_keeps_tokenizer_and_template() {
    let place = Place::new(&Recipe::default());
    place.merge("model.gguf", "out.gguf", Some(GgufType::Q8_0)).unwrap();
    let (a, b) = (
        weights::open(&place.path("model.gguf"), &CPU).unwrap(),
        weights::open(&place.path("out.gguf"), &CPU).unwrap(),
    );
    assert_eq!(a.config, b.config);
    assert_eq!(a.card.chat_template, b.card.chat_template);
    assert_eq!(a.tokenizer.encode("abba 12 <|end|>\n").unwrap(), b.tokenizer.encode("abba 12 <|end|>\n").unwrap());
    assert!(b.card.quantization.starts_with("Q8_0"), "{}", b.card.quantization);
    assert!(b.card.size_bytes < a.card.size_bytes);
}

#[test]
fn what_cannot_be_merged_is_refused_and_leaves_nothing() {
    for method in [Method::PromptTuning, Method::PTuning, Method::PrefixTuning, Method::Bottleneck] {
        let place = Place::new(&Recipe { method, ..Recipe::default() });
        let entries = || std::fs::read_dir(place.folder.path()).unwrap().count();
        let before = entries();
        let refusal = place.merge("model", "out", None).unwrap_err();
        assert!(matches!(refusal, MergeError::NotWeights(_)), "{method:?}: {refusal}");
        assert!(place.merge("model.gguf", "out.gguf", Some(GgufType::F16)).is_err());
        assert_eq!(before, entries(), "{method:?}");
    }
    let place = Place::new(&Recipe::default());
    let refusal = place.merge("model", "out.gguf", Some(GgufType::F16)).unwrap_err();
    assert!(matches!(refusal, MergeError::Convert(ConvertError::NotGguf(_))), "{refusal}");
    assert!(place.merge("model", "model", None).is_err(), "what exists stays");
}

#[test]
fn the_command_merges() {
    let place = Place::new(&Recipe::default());
    let run = |gguf: &[&str], model: &str, out: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_trainer"));
        command.arg("merge").arg("--model").arg(place.path(model)).arg("--adapter").arg(place.path("adapter"));
        command.arg("--out").arg(place.path(out)).args(gguf).output().unwrap()
    };
    assert!(run(&[], "model", "folder").status.success());
    assert!(run(&["--gguf", "q8_0"], "model.gguf", "out.gguf").status.success());
    let want = logits(&place.path("model"), Some(&place.path("adapter")));
    assert!(largest_difference(&want, &logits(&place.path("folder"), None)) < 2e-4);
    let refused = run(&["--gguf", "f16"], "model", "no.gguf");
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("leave out --gguf"));
}
