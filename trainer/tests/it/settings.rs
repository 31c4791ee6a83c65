//! Settings of a run, end to end: optimizers that resume, early stopping, what checkpoints stay, recovery, the
//! losses of samples, the manifest.

use crate::support;
use crate::workplace::Workplace;
use domain::event::{Event, series};
use domain::run::FailureKind;
use std::collections::BTreeMap;
use std::process::Command;
use trainer::finish::Summary;
use trainer::ledger::SampleLosses;

impl Workplace {
    fn summary(&self, out: &str) -> Summary {
        serde_json::from_slice(&std::fs::read(self.path(out).join("summary.json")).unwrap()).unwrap()
    }

    /// Steps of the checkpoints that are there.
    fn checkpoints(&self, out: &str) -> Vec<u32> {
        let folders = std::fs::read_dir(self.path(out).join("checkpoints")).unwrap();
        let mut steps: Vec<u32> = folders
            .map(|f| f.unwrap().file_name().to_str().unwrap().trim_start_matches("step-").parse().unwrap())
            .collect();
        steps.sort_unstable();
        steps
    }

    fn points(&self, out: &str, series: &str) -> BTreeMap<u32, f64> {
        let of = |e: Event| match e {
            Event::Point { key, step, value, .. } if key == series => Some((step, value)),
            _ => None,
        };
        self.events(out).into_iter().filter_map(of).collect()
    }

    /// Puts a finished run back to an earlier checkpoint and resumes it.
    fn resume_from(&self, out: &str, step: u32) {
        for later in self.checkpoints(out).into_iter().filter(|s| *s > step) {
            std::fs::remove_dir_all(self.path(out).join(format!("checkpoints/step-{later:08}"))).unwrap();
        }
        std::fs::remove_dir_all(self.path(out).join("adapter")).unwrap();
        assert!(self.run(out, &["--resume"]).success());
    }

    fn says(&self, out: &str, text: &str) -> bool {
        self.events(out).iter().any(|e| matches!(e, Event::Log { message, .. } if message.contains(text)))
    }
}

const SHORT: &str = "[schedule]\nmax_steps = 24\n[batch]\nmicro_batch = 4\naccumulation = 2\n";
const QUIET: &str = "[evaluation]\nevery_steps = 8\ncheckpoint_every_steps = 8\npreviews = 0\n";

#[test]
fn every_optimizer_resumes_with_the_same_bits() {
    for kind in ["adamw", "adamw_8bit", "adafactor", "sgd"] {
        // Rank 128 makes matrices of 4096 numbers, from which on moments are kept in 8 bits. All that is random is on.
        let recipe = format!(
            "{SHORT}{QUIET}[lora]\nrank = 128\ndropout = 0.1\n[optimizer]\nkind = \"{kind}\"\nlearning_rate = 1e-3\n\
             weight_decay = 0.01\n[loss]\nneftune_alpha = 5.0\nlabel_smoothing = 0.1\n"
        );
        let place = Workplace::new(&recipe);
        assert!(place.run("out", &[]).success());
        let (whole, losses) = (place.adapter("out"), std::fs::read(place.path("out/sample-losses.jsonl")).unwrap());
        assert_eq!(place.checkpoints("out"), [16, 24]);
        place.resume_from("out", 16);
        assert_eq!(whole, place.adapter("out"), "{kind}");
        assert_eq!(losses, std::fs::read(place.path("out/sample-losses.jsonl")).unwrap());
    }
}

#[test]
fn a_run_that_gains_nothing_stops_and_hands_over_its_best() {
    // So fast that it soon only harms.
    let recipe = "[optimizer]\nlearning_rate = 0.3\n[schedule]\nshape = \"constant\"\nwarmup_ratio = 0.0\nmax_steps = 200\n\
        [batch]\nmicro_batch = 8\naccumulation = 1\n[evaluation]\nevery_steps = 2\ncheckpoint_every_steps = 50\npatience = 3\n\
        previews = 0\n[checkpoints]\nfinal_adapter = \"best\"\n";
    let place = Workplace::new(recipe);
    assert!(place.run("out", &[]).success());
    let (summary, losses) = (place.summary("out"), place.points("out", series::VALIDATION_LOSS));
    let best = summary.best.unwrap();
    assert!(summary.stopped_early && summary.steps < 200, "{summary:?}");
    assert_eq!(summary.steps, best.step + 6, "three validations without a lower loss");
    let lowest = losses.iter().min_by(|a, b| a.1.total_cmp(b.1)).unwrap();
    assert_eq!((*lowest.0, *lowest.1, best.step), (best.step, best.validation_loss, summary.adapter_step));
    let of_best = place.path(&format!("out/checkpoints/step-{:08}/adapter_model.safetensors", best.step));
    assert_eq!(std::fs::read(of_best).unwrap(), place.adapter("out"));
    assert!(place.says("out", "stopped early"));
    // What is resumed after its end does not go on.
    let adapter = place.adapter("out");
    assert!(place.run("out", &["--resume"]).success());
    assert_eq!((place.adapter("out"), place.summary("out").steps), (adapter, summary.steps));
}

#[test]
fn the_checkpoints_that_stay_are_those_of_the_recipe() {
    let place = Workplace::new(&format!(
        "{SHORT}[evaluation]\nevery_steps = 24\ncheckpoint_every_steps = 4\npreviews = 0\n\
        [checkpoints]\nkeep_last = 1\nkeep_every_steps = 8\n"
    ));
    assert!(place.run("out", &[]).success());
    assert_eq!(place.checkpoints("out"), [8, 16, 24]);
}

#[test]
fn checkpoints_stay_within_their_budget() {
    // Rank 128: about 1.7 MiB each.
    let recipe = |budget: u32| {
        format!(
            "{SHORT}[lora]\nrank = 128\n[evaluation]\nevery_steps = 24\ncheckpoint_every_steps = 2\npreviews = 0\n\
            [checkpoints]\nkeep_last = 1000\nbudget_mib = {budget}\n"
        )
    };
    let place = Workplace::new(&recipe(12));
    assert!(place.run("out", &[]).success());
    let files = std::fs::read_dir(place.path("out/checkpoints"))
        .unwrap()
        .flat_map(|f| std::fs::read_dir(f.unwrap().path()).unwrap());
    let total: u64 = files.map(|f| f.unwrap().metadata().unwrap().len()).sum();
    assert!((6 << 20..12 << 20).contains(&total), "{total} bytes");
    assert_eq!(place.checkpoints("out").last(), Some(&24));
    let place = Workplace::new(&recipe(2));
    assert!(!place.run("out", &[]).success(), "refused before any work");
    let events = place.events("out");
    assert!(
        matches!(events.last(), Some(Event::Failed { kind: FailureKind::InvalidInput, message, .. }) if message.contains("budget_mib")),
        "{:?}",
        events.last()
    );
}

/// Steps of size 1 at a scale of 4096: with [`amplify`]d activations, gradients overflow in the sixth.
const EXPLODES: &str = "[lora]\nrank = 1\nalpha = 4096.0\n[optimizer]\nlearning_rate = 1.0\n[schedule]\nshape = \"constant\"\n\
    warmup_ratio = 0.0\nmax_steps = 40\n[batch]\nmicro_batch = 4\naccumulation = 1\n\
    [evaluation]\nevery_steps = 50\ncheckpoint_every_steps = 50\npreviews = 0\n";

/// Multiplies the gains of the first norm by a hundred million.
fn amplify(place: &Workplace) {
    let weights = place.path("model/model.safetensors");
    let mut tensors = candle_core::safetensors::load(&weights, &candle_core::Device::Cpu).unwrap();
    let norm = tensors.get_mut("model.layers.0.input_layernorm.weight").unwrap();
    *norm = (&*norm * 1e8).unwrap();
    candle_core::safetensors::save(&tensors, &weights).unwrap();
}

#[test]
fn a_run_that_breaks_goes_back_and_on_more_slowly() {
    let place = Workplace::new(EXPLODES);
    amplify(&place);
    assert!(!place.run("out", &[]).success());
    assert!(matches!(place.events("out").last(), Some(Event::Failed { kind: FailureKind::NotANumber, .. })));
    let recovery = "[recovery]\nnot_a_number_retries = 10\nnot_a_number_lr_factor = 1e-6\n";
    let place = Workplace::new(&format!("{EXPLODES}{recovery}"));
    amplify(&place);
    assert!(place.run("out", &[]).success(), "{:?}", place.events("out").last());
    assert!(place.says("out", "going on from step 0 with 0.000001 times the learning rate (retry 1)"));
    let rates = place.points("out", series::LEARNING_RATE);
    assert!(rates[&40] <= 1e-6, "{rates:?}");
    assert!(place.points("out", series::TRAIN_LOSS).values().all(|loss| loss.is_finite()));
}

#[test]
fn another_micro_batch_gives_the_same_up_to_rounding() {
    let place = Workplace::new(&format!("{SHORT}{QUIET}"));
    assert!(place.run("out", &[]).success());
    assert!(place.run("halved", &["--micro-batch", "2"]).success());
    let (a, b) = (place.points("out", series::TRAIN_LOSS), place.points("halved", series::TRAIN_LOSS));
    assert_eq!(a.len(), 24);
    for (step, loss) in &a {
        assert!((loss - b[step]).abs() < 1e-3, "step {step}: {loss} {}", b[step]);
    }
    assert_ne!(place.adapter("out"), place.adapter("halved"), "additions are in another order");
}

#[test]
fn every_sample_has_a_loss_for_each_epoch() {
    let place = Workplace::new(
        "[optimizer]\nlearning_rate = 1e-2\n[schedule]\nepochs = 3.0\n[batch]\nmicro_batch = 4\naccumulation = 2\n",
    );
    assert!(place.run("out", &[]).success());
    let text = std::fs::read_to_string(place.path("out/sample-losses.jsonl")).unwrap();
    let samples: Vec<SampleLosses> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(samples.iter().map(|s| s.index).collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    assert!(samples.iter().all(|s| s.losses.len() == 3 && s.losses.iter().all(Option::is_some)));
    let mean = |epoch: usize| samples.iter().filter_map(|s| s.losses[epoch]).sum::<f32>() / 40.0;
    assert!(mean(2) < mean(0), "{} {}", mean(0), mean(2));
    // An epoch is five steps of eight samples: its losses are those of the steps, weighed by their targets.
    let steps = place.points("out", series::TRAIN_LOSS);
    let of_steps = (1..=5).map(|step| steps[&step]).sum::<f64>() / 5.0;
    assert!((f64::from(mean(0)) - of_steps).abs() < 0.1 * of_steps, "{} {of_steps}", mean(0));
    let learning = place.summary("out").learning;
    let never = samples.iter().filter(|s| s.losses.iter().flatten().all(|l| *l >= std::f32::consts::LN_2)).count();
    assert_eq!((learning.seen, learning.never_learnt as usize), (40, never));
}

#[test]
fn a_weight_of_two_is_a_sample_twice() {
    let place = Workplace::new(
        "[loss]\nweight_field = \"weight\"\n[schedule]\nmax_steps = 1\n[batch]\nmicro_batch = 8\naccumulation = 1\n",
    );
    let samples = support::samples(4);
    let mut weighted = samples.clone();
    weighted[1].slices.insert("weight".to_owned(), "2".to_owned());
    support::write_samples(&place.path("train.jsonl"), &weighted).unwrap();
    let recipe = std::fs::read_to_string(place.path("recipe.toml")).unwrap();
    std::fs::write(place.path("recipe.toml"), recipe.replace("micro_batch = 8", "micro_batch = 4")).unwrap();
    assert!(place.run("weighted", &[]).success());
    std::fs::write(place.path("recipe.toml"), recipe.replace("micro_batch = 8", "micro_batch = 5")).unwrap();
    support::write_samples(&place.path("train.jsonl"), &[samples.clone(), vec![samples[1].clone()]].concat()).unwrap();
    assert!(place.run("twice", &[]).success());
    let loss = |out: &str| place.points(out, series::TRAIN_LOSS)[&1];
    assert!((loss("weighted") - loss("twice")).abs() < 1e-5, "{} {}", loss("weighted"), loss("twice"));
    weighted[2].slices.insert("weight".to_owned(), "heavy".to_owned());
    support::write_samples(&place.path("train.jsonl"), &weighted).unwrap();
    assert!(!place.run("bad", &[]).success());
    let events = place.events("bad");
    let Some(Event::Failed { kind, message, .. }) = events.last() else { panic!("no failure reported") };
    assert!(*kind == FailureKind::InvalidInput && message.contains("train.jsonl line 3"), "{message}");
}

#[test]
fn augmented_samples_weigh_what_the_recipe_says() {
    let recipe = |weight: f64, batch: usize| {
        format!(
            "[loss]\naugmented_weight = {weight:?}\n[schedule]\nmax_steps = 1\n[batch]\nmicro_batch = {batch}\naccumulation = 1\n"
        )
    };
    let place = Workplace::new(&recipe(0.0, 3));
    let samples = support::samples(4);
    let mut augmented = samples.clone();
    augmented[1].slices.insert("augmented".to_owned(), "paraphrase".to_owned());
    let loss = |out: &str, samples: &[domain::sample::Sample], weight, batch| {
        support::write_samples(&place.path("train.jsonl"), samples).unwrap();
        let input = "[input]\nmodel = \"model\"\ntrain = \"train.jsonl\"\nvalidation = \"validation.jsonl\"\n";
        std::fs::write(place.path("recipe.toml"), format!("{}{input}", recipe(weight, batch))).unwrap();
        assert!(place.run(out, &[]).success());
        place.points(out, series::TRAIN_LOSS)[&1]
    };
    let without = [samples[0].clone(), samples[2].clone(), samples[3].clone()];
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-5, "{a} {b}");
    close(loss("left-out", &augmented, 0.0, 3), loss("gone", &without, 1.0, 3));
    close(loss("as-any", &augmented, 1.0, 4), loss("plain", &samples, 1.0, 4));
    let twice = [samples.clone(), vec![samples[1].clone()]].concat();
    close(loss("double", &augmented, 2.0, 4), loss("twice", &twice, 1.0, 5));
}

#[test]
fn samples_weigh_as_sure_as_people_were() {
    let recipe = |loss: &str, batch: usize| {
        format!("[loss]\n{loss}\n[schedule]\nmax_steps = 1\n[batch]\nmicro_batch = {batch}\naccumulation = 1\n")
    };
    let place = Workplace::new(&recipe("", 3));
    let samples = support::samples(4);
    let sure = |confidences: [&str; 4]| {
        let mut sure = samples.clone();
        for (sample, confidence) in sure.iter_mut().zip(confidences) {
            sample.slices.insert(domain::annotation::publish::CONFIDENCE.to_owned(), confidence.to_owned());
        }
        sure
    };
    let run = |out: &str, samples: &[domain::sample::Sample], loss: &str, batch| {
        support::write_samples(&place.path("train.jsonl"), samples).unwrap();
        let input = "[input]\nmodel = \"model\"\ntrain = \"train.jsonl\"\nvalidation = \"validation.jsonl\"\n";
        std::fs::write(place.path("recipe.toml"), format!("{}{input}", recipe(loss, batch))).unwrap();
        place.run(out, &[]).success()
    };
    let loss = |out: &str, samples: &[domain::sample::Sample], settings: &str, batch| {
        assert!(run(out, samples, settings, batch), "{out}");
        place.points(out, series::TRAIN_LOSS)[&1]
    };
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-5, "{a} {b}");
    // Weights count relative to each other: one of 1 beside halves is that sample twice; squared, four times.
    let halves = sure(["0.5", "1", "0.5", "0.5"]);
    let twice = [samples.clone(), vec![samples[1].clone()]].concat();
    close(loss("weighed", &halves, "confidence_weight = 1.0", 4), loss("twice", &twice, "", 5));
    let four = [twice.clone(), vec![samples[1].clone(); 2]].concat();
    close(loss("squared", &halves, "confidence_weight = 2.0", 4), loss("four", &four, "", 7));
    close(loss("as-any", &halves, "", 4), loss("plain", &samples, "", 4));
    // The doubtful are left out.
    let without = [samples[0].clone(), samples[2].clone(), samples[3].clone()];
    let doubted = sure(["0.9", "0.4", "0.9", "0.9"]);
    close(loss("strict", &doubted, "min_confidence = 0.6", 3), loss("gone", &without, "", 3));
    let bad = sure(["1", "very", "1", "1"]);
    assert!(!run("bad", &bad, "confidence_weight = 1.0", 4));
    let events = place.events("bad");
    let Some(Event::Failed { kind, message, .. }) = events.last() else { panic!("no failure reported") };
    assert!(*kind == FailureKind::InvalidInput && message.contains("train.jsonl line 2"), "{message}");
}

#[test]
fn a_difference_is_traced_to_the_manifest() {
    let place = Workplace::new(&format!("{SHORT}{QUIET}"));
    assert!(place.run("a", &[]).success() && place.run("b", &[]).success());
    let diff = |a: &str, b: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
            .arg("diff")
            .args([place.path(a), place.path(b)])
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = diff("a", "b");
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text, "the same bits: trained weights and training losses\nthe manifests are the same\n");
    let recipe = std::fs::read_to_string(place.path("recipe.toml")).unwrap();
    std::fs::write(place.path("recipe.toml"), format!("seed = 7\n{recipe}")).unwrap();
    assert!(place.run("c", &[]).success());
    let (code, text) = diff("a", "c");
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.contains(&"the trained weights differ: adapter_model.safetensors"), "{text}");
    assert!(lines.contains(&"recipe.seed: 42 and 7"), "{text}");
    assert!(text.contains("the training losses differ first at step 1:") && lines.len() == 3, "{text}");
}
