//! Weights and activations of two bytes: gradients stay near those of f32, a run learns, resumes to the same bits and
//! hands over f32, and what cannot work is refused. On the CPU here, by the operations that other devices use.

use crate::support;
use crate::workplace::Workplace;
use candle_core::{DType, Device, Tensor};
use domain::event::{Event, series};
use domain::recipe::{Activation, Method, Precision, Recipe};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use trainer::adapt::{self, Adapter};
use trainer::data::batch::Batch;
use trainer::data::masking::Encoded;
use trainer::device;
use trainer::event::Sink;
use trainer::model::decoder::Decoder;
use trainer::model::family::Family;
use trainer::model::recompute::Backward;
use trainer::model::weights;
use trainer::ops::linear_cross_entropy::Objective;
use trainer::setup::{Job, Run};
use trainer::train::{Ending, train};

const CPU: Device = Device::Cpu;

/// Every method, and LoRA with what is particular to it.
fn recipes() -> Vec<(&'static str, Recipe)> {
    let of = |method: Method, change: fn(&mut Recipe)| {
        let mut recipe = Recipe { method, seed: 5, ..Recipe::default() };
        (recipe.lora.rank, recipe.lora.alpha) = (3, 6.0);
        recipe.prompt_tuning.virtual_tokens = 4;
        recipe.p_tuning.virtual_tokens = 4;
        recipe.prefix_tuning.virtual_tokens = 4;
        recipe.bottleneck.size = 6;
        change(&mut recipe);
        recipe
    };
    vec![
        ("LoRA", of(Method::Lora, |_| ())),
        ("LoRA with dropout", of(Method::Lora, |r| r.lora.dropout = 0.2)),
        ("DoRA", of(Method::Lora, |r| r.lora.dora = true)),
        ("full", of(Method::Full, |_| ())),
        ("half of full", of(Method::Full, |r| (r.full.freeze_blocks_below, r.full.train_embeddings) = (1, false))),
        ("prompt tuning", of(Method::PromptTuning, |_| ())),
        ("P-tuning", of(Method::PTuning, |_| ())),
        ("prefix tuning", of(Method::PrefixTuning, |_| ())),
        // At the kink of a ReLU there is no gradient to be near to.
        ("bottlenecks", of(Method::Bottleneck, |r| r.bottleneck.activation = Activation::Gelu)),
    ]
}

/// Three sequences one behind the other, as runs have them.
fn batch() -> Batch {
    let ids = [2, 70, 71, 3, 90, 91, 92];
    let of = |length: usize| Encoded {
        ids: ids[..length].to_vec(),
        carries_loss: (0..length).map(|place| place > 0).collect(),
        weight: 1.0,
        line: 0,
    };
    Batch::new(&[&of(7), &of(4), &of(6)], &CPU).unwrap()
}

/// A model of this precision with an adapter none of whose values is what it began as.
fn moved(folder: &Path, recipe: &Recipe, dtype: DType) -> (Decoder, Box<dyn Adapter>) {
    let mut base = weights::open(folder, &CPU).unwrap();
    if recipe.method != Method::Full {
        base.weights.round_to(dtype);
    }
    let mut decoder = Decoder::new(base.config.clone(), &mut base.weights).unwrap();
    let adapter = adapt::new(recipe, &decoder, &base.tokenizer).unwrap();
    for (i, (_, v)) in adapter.variables().iter().enumerate() {
        assert_eq!(v.dtype(), DType::F32);
        let noise: Vec<f32> = (0..v.elem_count()).map(|j| ((i * 31 + j * 17) % 13) as f32 / 40.0 - 0.15).collect();
        v.set(&(v.as_tensor() + Tensor::from_vec(noise, v.shape(), &CPU).unwrap()).unwrap().detach()).unwrap();
    }
    adapter.attach_to(&mut decoder);
    decoder.round_to(dtype).unwrap();
    (decoder, adapter)
}

/// Loss and all gradients one behind the other.
fn gradients(decoder: &Decoder, adapter: &dyn Adapter, recomputes: bool, loss_scale: f64) -> (f32, Vec<f64>) {
    let (batch, how) = (batch(), Backward { seed: 3, recomputes, loss_scale });
    let objective = Objective::plain(&batch.targets.tokens, 14.0);
    let (loss, _, store) = decoder.scaled_gradients(&batch.ids, &batch.targets, &objective, how).unwrap();
    let of = |v: &candle_core::Var| -> Vec<f32> {
        let gradient = store.get(v).unwrap();
        assert_eq!(gradient.dtype(), DType::F32);
        gradient.flatten_all().unwrap().to_vec1().unwrap()
    };
    let all = adapter.variables().iter().flat_map(|(_, v)| of(v)).map(|g| f64::from(g) / loss_scale).collect();
    (loss, all)
}

/// ‖a − b‖ / ‖b‖
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

#[test]
fn gradients_are_near_those_of_f32() {
    for (family, config) in support::families() {
        let folder = tempfile::tempdir().unwrap();
        support::write_model_of(folder.path(), &config).unwrap();
        for (name, recipe) in recipes() {
            let (decoder, adapter) = moved(folder.path(), &recipe, DType::F32);
            let (want_loss, want) = gradients(&decoder, adapter.as_ref(), false, 1.0);
            for (dtype, tolerance, loss_scale) in [(DType::BF16, 0.06, 1.0), (DType::F16, 0.008, 1024.0)] {
                let (decoder, adapter) = moved(folder.path(), &recipe, dtype);
                for recomputes in [false, true] {
                    let (loss, got) = gradients(&decoder, adapter.as_ref(), recomputes, loss_scale);
                    let (far, off) = (distance(&got, &want), (loss / want_loss - 1.0).abs());
                    assert!(far < tolerance, "{family:?} {name} {dtype:?}, recomputed {recomputes}: {far}");
                    assert!(off < 0.02, "{family:?} {name} {dtype:?}: {loss} instead of {want_loss}");
                    assert!(far > 1e-6, "it is computed in the reduced type");
                }
            }
        }
    }
}

#[test]
fn answers_go_through_the_cache_as_without_it() {
    let folder = tempfile::tempdir().unwrap();
    support::write_model(folder.path()).unwrap();
    for (name, recipe) in recipes().into_iter().filter(|(_, r)| r.method != Method::Full) {
        let (decoder, _) = moved(folder.path(), &recipe, DType::BF16);
        let whole = Tensor::new(&[[2u32, 70, 71, 3, 90]], &CPU).unwrap();
        let logits = |hidden: Tensor| -> Vec<f32> {
            let last = hidden.narrow(0, hidden.dim(0).unwrap() - 1, 1).unwrap();
            decoder.logits(&last).unwrap().flatten_all().unwrap().to_vec1().unwrap()
        };
        let want = logits(decoder.forward(&whole, None).unwrap());
        let mut cache = decoder.new_cache(1, 8).unwrap();
        decoder.forward(&whole.narrow(1, 0, 4).unwrap(), Some(&mut cache)).unwrap();
        let got = logits(decoder.forward(&whole.narrow(1, 4, 1).unwrap(), Some(&mut cache)).unwrap());
        let size = want.iter().fold(0f32, |m, x| m.max(x.abs()));
        assert!(want.iter().zip(&got).all(|(a, b)| (a - b).abs() < 0.03 * size), "{name}");
    }
}

fn validation(place: &Workplace, out: &str) -> Vec<f64> {
    let loss = |e: &Event| match e {
        Event::Point { key, value, .. } if key == series::VALIDATION_LOSS => Some(*value),
        _ => None,
    };
    place.events(out).iter().filter_map(loss).collect()
}

#[test]
fn a_run_learns_resumes_to_the_same_bits_and_hands_over_f32() {
    for precision in ["bf16", "f16"] {
        for method in [
            "[lora]\nrank = 4\ndropout = 0.1\n[optimizer]\nlearning_rate = 1e-2\n",
            "[optimizer]\nlearning_rate = 1e-3\n",
        ] {
            let (is_full, what) = (!method.contains("lora"), format!("{precision} {method:?}"));
            let name = if is_full { "method = \"full\"\n" } else { "" };
            let place = Workplace::new(&format!(
                "precision = \"{precision}\"\n{name}{method}[schedule]\nmax_steps = 40\n[batch]\nmicro_batch = 4\n\
                 accumulation = 2\n[evaluation]\nevery_steps = 20\ncheckpoint_every_steps = 10\npreviews = 1\n"
            ));
            let test = place.path("test.jsonl");
            let more = ["--test", test.to_str().unwrap()];
            assert!(place.run("whole", &more).success(), "{what}");
            let mut child = place.start("killed", &more);
            place.wait_for_checkpoint("killed", 10);
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(!place.path("killed/adapter").exists(), "{what}: killed before its end");
            assert!(place.run("killed", &[more.as_slice(), &["--resume"]].concat()).success(), "{what}");
            let file = if is_full { "adapter/model.safetensors" } else { "adapter/adapter_model.safetensors" };
            let bytes = |out: &str| std::fs::read(place.path(out).join(file)).unwrap();
            assert_eq!(bytes("whole"), bytes("killed"), "{what}: the same bits");
            let losses = validation(&place, "whole");
            assert!(losses.last().unwrap() < &(0.8 * losses[0]), "{what}: {losses:?}");
            let tensors = candle_core::safetensors::load(place.path("whole").join(file), &CPU).unwrap();
            assert!(tensors.values().all(|t| t.dtype() == DType::F32), "{what}");

            // It loads into a model in f32 and is as good there.
            let mut base = weights::open(&place.path("model"), &CPU).unwrap();
            let mut decoder = Decoder::new(base.config.clone(), &mut base.weights).unwrap();
            let batch = batch();
            let loss = |d: &Decoder| -> f32 { d.losses(&batch.ids, &batch.targets).unwrap().iter().sum() };
            let before = loss(&decoder);
            adapt::load(&place.path("whole/adapter"), &decoder).unwrap().attach_to(&mut decoder);
            assert_ne!(loss(&decoder), before, "{what}");
            let summary: trainer::finish::Summary =
                serde_json::from_slice(&std::fs::read(place.path("whole/summary.json")).unwrap()).unwrap();
            assert!(summary.tuned.unwrap().values["perplexity"] < summary.base.unwrap().values["perplexity"], "{what}");
        }
    }
}

fn job(place: &Workplace, out: &str, change: impl FnOnce(&mut Recipe)) -> Job {
    let mut recipe = Recipe { precision: Precision::F16, ..Recipe::default() };
    (recipe.schedule.max_steps, recipe.batch.accumulation, recipe.evaluation.previews) = (12, 1, 0);
    recipe.evaluation.checkpoint_every_steps = 6;
    change(&mut recipe);
    std::fs::create_dir_all(place.path(out)).unwrap();
    Job {
        recipe,
        model: place.path("model"),
        train: place.path("train.jsonl"),
        validation: None,
        test: None,
        adapter: None,
        out: place.path(out),
        resume: false,
        micro_batch: None,
        device: CPU,
        follows: false,
        devices: vec!["cpu".to_owned()],
    }
}

fn values(run: &Run) -> Vec<f32> {
    let flat = |v: candle_core::Var| v.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    run.adapter.variables().into_iter().flat_map(|(_, v)| flat(v)).collect()
}

#[test]
fn steps_that_overflow_are_passed_over_and_counted() {
    let place = Workplace::new("");
    let never = AtomicBool::new(false);
    let set_up = |out: &str, resume: bool| {
        let job = Job { resume, ..job(&place, out, |recipe| recipe.checkpoints.keep_last = 9) };
        let mut sink = Sink::open(&place.path(out), None, false).unwrap();
        (Run::set_up(job, &mut sink, &never).unwrap().unwrap(), sink)
    };
    let (mut run, mut sink) = set_up("whole", false);
    let before = values(&run);
    // So large that the first steps must fail.
    run.loss_scale.scale = f64::from(1u32 << 18);
    assert_eq!(train(&mut run, &mut sink, &never).unwrap(), Ending::Complete);
    let skipped = run.loss_scale.skipped;
    assert!((1..6).contains(&skipped), "{skipped}");
    assert_ne!(values(&run), before, "later steps move");
    let said = |e: &Event| if let Event::Skipped { skipped, .. } = e { Some(*skipped) } else { None };
    let said: Vec<u32> = place.events("whole").iter().filter_map(said).collect();
    assert_eq!(said, (1..=skipped).collect::<Vec<_>>());

    // From the checkpoint in the middle, which knows what was skipped.
    let name = "checkpoints/step-00000006";
    std::fs::create_dir_all(place.path("parts").join(name)).unwrap();
    for file in std::fs::read_dir(place.path("whole").join(name)).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), place.path("parts").join(name).join(file.file_name())).unwrap();
    }
    let (mut again, mut sink) = set_up("parts", true);
    assert_eq!((again.step, again.loss_scale.skipped), (6, skipped));
    train(&mut again, &mut sink, &never).unwrap();
    assert_eq!((values(&again) == values(&run), again.loss_scale), (true, run.loss_scale), "the same bits");
}

#[test]
fn what_cannot_work_is_refused_and_auto_follows_the_device() {
    let place = Workplace::new("");
    let never = AtomicBool::new(false);
    let set_up = |change: &dyn Fn(&mut Job)| {
        let mut job = job(&place, "out", |_| ());
        change(&mut job);
        let mut sink = Sink::open(&place.path("out"), None, false).unwrap();
        Run::set_up(job, &mut sink, &never).map(Option::unwrap)
    };
    let gemma = place.path("gemma");
    let (_, config) = support::families().into_iter().find(|(family, _)| *family == Family::Gemma3).unwrap();
    support::write_model_of(&gemma, &config).unwrap();
    let refused = set_up(&|job| job.model = gemma.clone()).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("precision") && refused.contains("f16"), "{refused}");
    let auto = set_up(&|job| job.recipe.precision = Precision::Auto).unwrap();
    assert_eq!((auto.decoder.dtype(), auto.precision()), (DType::F32, Precision::F32));
    let names = ["cpu", "cuda:0"].map(str::to_owned);
    let mixed = device::check_precision(Precision::Auto, &names).unwrap_err().to_string();
    assert!(mixed.starts_with("precision: auto"), "{mixed}");
    assert!(device::check_precision(Precision::Bf16, &names).is_ok());
}
