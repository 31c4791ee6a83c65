//! Full fine-tuning: its files are a model, the base comes back, what is frozen stays, and a run of the command
//! resumes to the same bits.

use crate::support;
use crate::workplace::Workplace;
use candle_core::{Device, Tensor};
use domain::event::Event;
use domain::recipe::{Method, Recipe};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use trainer::adapt::{self, Adapter};
use trainer::model::decoder::{Decoder, Targets};
use trainer::model::weights::{BaseModel, open};
use trainer::ops::linear_cross_entropy::Objective;
use trainer::optim::Optimizer;

const CPU: Device = Device::Cpu;
const IDS: [u32; 6] = [2, 70, 71, 3, 90, 91];

fn load(folder: &Path) -> (BaseModel, Decoder) {
    let mut base = open(folder, &CPU).unwrap();
    let decoder = Decoder::new(base.config.clone(), &mut base.weights).unwrap();
    (base, decoder)
}

fn values(decoder: &Decoder) -> Vec<(String, Vec<f32>)> {
    let flat = |t: Tensor| t.flatten_all().unwrap().to_vec1().unwrap();
    decoder.weights().into_iter().map(|(name, t)| (name, flat(t))).collect()
}

fn recipe() -> Recipe {
    Recipe { method: Method::Full, ..Recipe::default() }
}

/// Three steps along the gradient of predicting the next token.
fn train(decoder: &Decoder, adapter: &dyn Adapter, recomputes: bool) {
    let mut optimizer = Optimizer::new(&recipe().optimizer, adapter.parameters()).unwrap();
    let targets = Targets { rows: (0..5).collect(), tokens: IDS[1..].to_vec(), ..Targets::default() };
    let objective = Objective::plain(&targets.tokens, 5.0);
    let ids = Tensor::new(&IDS, &CPU).unwrap().unsqueeze(0).unwrap();
    for step in 0..3 {
        let (.., store) = decoder.objective_and_gradients(&ids, &targets, &objective, step, recomputes).unwrap();
        let gradients: Vec<Tensor> =
            optimizer.parameters().iter().map(|p| store.get(&p.variable).expect(&p.name).clone()).collect();
        optimizer.step(&gradients, 1.0, 1e-3).unwrap();
    }
}

#[test]
fn the_result_is_a_model_and_the_base_comes_back() {
    for (family, config) in support::families() {
        let folder = tempfile::tempdir().unwrap();
        let (model, out) = (folder.path().join("model"), folder.path().join("out"));
        support::write_model_of(&model, &config).unwrap();
        let (base, mut decoder) = load(&model);
        let before = values(&decoder);
        let adapter = adapt::new(&recipe(), &decoder, &base.tokenizer).unwrap();
        adapter.attach_to(&mut decoder);
        assert_eq!(values(&decoder), before, "{family:?}: a fresh one is the base");
        assert_eq!((adapter.parameter_count(), adapter.added_parameters()), (base.card.parameters, 0));
        train(&decoder, adapter.as_ref(), false);
        let after = values(&decoder);
        assert!(before.iter().zip(&after).all(|(a, b)| a != b), "{family:?}: every weight moves");

        std::fs::create_dir(&out).unwrap();
        adapter.save(&out, "model").unwrap();
        let (written, read) = load(&out);
        assert_eq!(values(&read), after, "{family:?}: the files hold the tuned model's bits");
        assert_eq!(written.config, base.config);
        assert_eq!(written.card.chat_template, base.card.chat_template);
        let bytes = std::fs::metadata(out.join("model.safetensors")).unwrap().len();
        assert!(bytes < adapter.file_bytes() && bytes > 4 * base.card.parameters);
        adapter.save(&out, "model").unwrap();

        adapter.detach_from(&mut decoder).unwrap();
        assert_eq!(values(&decoder), before, "{family:?}: the base is the same bits");
        adapt::load(&out, &decoder).unwrap().attach_to(&mut decoder);
        assert_eq!(values(&decoder), values(&read), "{family:?}: as an adapter it gives the tuned model too");
    }
}

#[test]
fn recomputing_blocks_trains_to_the_same_weights() {
    for (family, config) in support::families() {
        let folder = tempfile::tempdir().unwrap();
        support::write_model_of(folder.path(), &config).unwrap();
        let of = |recomputes: bool| {
            let (base, mut decoder) = load(folder.path());
            let adapter = adapt::new(&recipe(), &decoder, &base.tokenizer).unwrap();
            adapter.attach_to(&mut decoder);
            train(&decoder, adapter.as_ref(), recomputes);
            values(&decoder)
        };
        let far = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-4;
        for ((name, plain), (_, recomputed)) in of(false).iter().zip(&of(true)) {
            assert!(!plain.iter().zip(recomputed).any(far), "{family:?}: {name}");
        }
    }
}

#[test]
fn frozen_weights_stay() {
    for (family, config) in support::families() {
        let folder = tempfile::tempdir().unwrap();
        support::write_model_of(folder.path(), &config).unwrap();
        let (base, mut decoder) = load(folder.path());
        let before = values(&decoder);
        let mut recipe = recipe();
        (recipe.full.freeze_blocks_below, recipe.full.train_embeddings) = (1, false);
        let adapter = adapt::new(&recipe, &decoder, &base.tokenizer).unwrap();
        adapter.attach_to(&mut decoder);
        train(&decoder, adapter.as_ref(), false);
        for ((name, before), (_, after)) in before.iter().zip(values(&decoder)) {
            let is_trained = [".layers.1.", ".h.1.", "model.norm.", ".ln_f."].iter().any(|part| name.contains(part));
            assert_eq!(*before != after, is_trained, "{family:?}: {name}");
        }
    }
}

#[test]
fn a_model_of_another_shape_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (small, large) = (folder.path().join("small"), folder.path().join("large"));
    support::write_model(&small).unwrap();
    let mut config = support::config();
    config["intermediate_size"] = json!(64);
    support::write_model_of(&large, &config).unwrap();
    let error = adapt::load(&large, &load(&small).1).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("has the shape"), "{error}");
}

#[test]
fn a_run_of_the_command_resumes_to_the_same_bits_and_gives_a_model() {
    let place = Workplace::new(
        "method = \"full\"\n[optimizer]\nlearning_rate = 1e-3\n[schedule]\nmax_steps = 60\n[batch]\nmicro_batch = 4\naccumulation = 2\n\
         [evaluation]\nevery_steps = 20\ncheckpoint_every_steps = 10\npreviews = 1\n",
    );
    let test = place.path("test.jsonl");
    let more = ["--test", test.to_str().unwrap()];
    assert!(place.run("whole", &more).success());
    let mut child = place.start("killed", &more);
    place.wait_for_checkpoint("killed", 20);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!place.path("killed/adapter").exists(), "killed before its end");
    assert!(place.run("killed", &[more.as_slice(), &["--resume"]].concat()).success());
    let weights = |out: &str| std::fs::read(place.path(out).join("adapter/model.safetensors")).unwrap();
    assert_eq!(weights("whole"), weights("killed"), "the same bits");
    let summary: trainer::finish::Summary =
        serde_json::from_slice(&std::fs::read(place.path("whole/summary.json")).unwrap()).unwrap();
    assert!(summary.tuned.unwrap().values["perplexity"] < summary.base.unwrap().values["perplexity"]);
    let started = place.events("whole").into_iter().find_map(|e| match e {
        Event::Started { trainable_parameters, total_parameters, .. } => Some((trainable_parameters, total_parameters)),
        _ => None,
    });
    let (trainable, total) = started.unwrap();
    assert_eq!(trainable, total);

    // The same answer from the model alone, and from the base with it as adapter.
    let (model, tuned) = (place.path("model"), place.path("whole/adapter"));
    let answer = |arguments: &[&std::ffi::OsStr]| {
        let command = Command::new(env!("CARGO_BIN_EXE_trainer")).arg("generate").args(arguments).output().unwrap();
        assert!(command.status.success(), "{}", String::from_utf8_lossy(&command.stderr));
        command.stdout
    };
    let prompt = ["--prompt".as_ref(), "apple".as_ref()];
    let alone = answer(&[&["--model".as_ref(), tuned.as_os_str()], prompt.as_slice()].concat());
    let adapted = answer(
        &[&["--model".as_ref(), model.as_os_str(), "--adapter".as_ref(), tuned.as_os_str()], prompt.as_slice()]
            .concat(),
    );
    assert_eq!(alone, adapted);
}

#[test]
fn a_finished_run_is_a_model_that_every_command_accepts() {
    let place = Workplace::new(
        "method = \"full\"\nprecision = \"bf16\"\n[schedule]\nmax_steps = 2\n[evaluation]\nevery_steps = 2\npreviews = 0\n",
    );
    let (base, tuned) = (place.path("model"), place.path("out/adapter"));
    std::fs::write(base.join("README.md"), "---\nlicense: apache-2.0\ntags: [a]\n---\nText\n").unwrap();
    // A base that nobody has taught to chat.
    std::fs::write(base.join("tokenizer_config.json"), json!({ "eos_token": "<|end|>" }).to_string()).unwrap();
    assert!(place.run("out", &[]).success());
    let command = |arguments: &[&std::ffi::OsStr]| {
        let done = Command::new(env!("CARGO_BIN_EXE_trainer")).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    };
    let card = |folder: &Path| -> domain::model::ModelCard {
        serde_json::from_slice(&command(&["inspect".as_ref(), folder.as_os_str()])).unwrap()
    };
    let (before, after) = (card(&base), card(&tuned));
    assert_eq!(after.licence.as_deref(), Some("apache-2.0"));
    assert_eq!(after.chat_template.as_deref(), Some(trainer::data::template::CHATML), "what it was trained with");
    let expected = domain::model::ModelCard { chat_template: after.chat_template.clone(), ..before };
    assert_eq!(domain::model::ModelCard { size_bytes: expected.size_bytes, ..after }, expected);
    let model = ["--model".as_ref(), tuned.as_os_str()];
    let prompt: [&std::ffi::OsStr; 4] =
        ["--prompt".as_ref(), "apple".as_ref(), "--max-new-tokens".as_ref(), "3".as_ref()];
    command(&[&["generate".as_ref()], model.as_slice(), &prompt].concat());
    // And it can be the base of the next run.
    std::fs::rename(&base, place.path("old")).unwrap();
    std::fs::rename(&tuned, &base).unwrap();
    assert!(place.run("next", &[]).success());
}
