//! The `trainer run` command as a user or a worker starts it, on a tiny model.

use crate::support;
use crate::workplace::Workplace;
use domain::event::Event;
use domain::run::FailureKind;
use std::process::Command;
use trainer::manifest::Manifest;

const LONG: &str = "[schedule]\nmax_steps = 300\n[lora]\nrank = 4\ndropout = 0.1\n[batch]\nmicro_batch = 4\naccumulation = 2\n\
    [evaluation]\nevery_steps = 50\ncheckpoint_every_steps = 20\npreviews = 0\n";

#[test]
fn a_run_killed_and_resumed_equals_an_uninterrupted_one() {
    let place = Workplace::new(LONG);
    assert!(place.run("whole", &[]).success());
    let mut child = place.start("killed", &[]);
    place.wait_for_checkpoint("killed", 60);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!place.path("killed/adapter").exists(), "killed before its end");
    assert!(!place.run("killed", &[]).success(), "an existing run is not overwritten");
    assert!(place.run("killed", &["--resume"]).success());
    let resumed = place
        .events("killed")
        .iter()
        .any(|e| matches!(e, Event::Started { resumed_from_step, .. } if *resumed_from_step >= 60));
    assert!(resumed);
    let manifest = |out: &str| Manifest::read(&place.path(out)).unwrap();
    let (whole, killed) = (manifest("whole"), manifest("killed"));
    assert_eq!((whole.from_step, whole.earlier.len()), (0, 0));
    assert!(killed.from_step >= 60 && killed.earlier.len() == 1, "{killed:?}");
    assert_eq!(Manifest { from_step: 0, earlier: Vec::new(), ..killed.clone() }, whole);
    assert_eq!(killed.earlier[0], whole, "the first attempt was made of the same");
    assert_eq!(place.adapter("whole"), place.adapter("killed"), "the same bits");
}

#[test]
fn every_method_resumes_to_the_same_bits() {
    let methods = [
        "method = \"lora\"\n[lora]\ndora = true\nrslora = true\nplus_ratio = 4.0\ndropout = 0.1\n",
        "method = \"prompt_tuning\"\n",
        "method = \"p_tuning\"\n",
        "method = \"prefix_tuning\"\n",
        "method = \"prefix_tuning\"\n[prefix_tuning]\nprojection = true\n",
        "method = \"bottleneck\"\n",
    ];
    for method in methods {
        let place = Workplace::new(&format!(
            "{method}[schedule]\nmax_steps = 60\n[batch]\nmicro_batch = 4\naccumulation = 2\n\
             [evaluation]\nevery_steps = 20\ncheckpoint_every_steps = 10\npreviews = 1\n"
        ));
        assert!(place.run("whole", &[]).success(), "{method}");
        let mut child = place.start("killed", &[]);
        place.wait_for_checkpoint("killed", 20);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!place.path("killed/adapter").exists(), "{method}: killed before its end");
        assert!(place.run("killed", &["--resume"]).success(), "{method}");
        assert_eq!(place.adapter("whole"), place.adapter("killed"), "{method}: the same bits");
    }
}

#[test]
fn a_run_goes_on_from_an_adapter() {
    let recipe =
        |method: &str| format!("{method}[schedule]\nmax_steps = 20\n[evaluation]\nevery_steps = 20\npreviews = 0\n");
    for method in ["[optimizer]\nlearning_rate = 1e-2\n", "method = \"p_tuning\"\n"] {
        let place = Workplace::new(&recipe(method));
        assert!(place.run("first", &[]).success());
        let adapter = place.path("first/adapter");
        assert!(place.run("second", &["--adapter", adapter.to_str().unwrap()]).success());
        let validation = |out: &str| -> Vec<f64> {
            let loss = |e: &Event| match e {
                Event::Point { key, value, .. } if key == "validation_loss" => Some(*value),
                _ => None,
            };
            place.events(out).iter().filter_map(loss).collect()
        };
        let (first, second) = (validation("first"), validation("second"));
        assert_eq!(first.last(), second.first(), "{method}: it begins where the other ended");
        assert!(first.first() > second.first() && second.first() > second.last(), "{method}: {first:?} {second:?}");
    }
    let place = Workplace::new(&recipe(""));
    assert!(place.run("first", &[]).success());
    let adapter = place.path("first/adapter");
    let text = std::fs::read_to_string(place.path("recipe.toml")).unwrap();
    let input = format!("[input]\nadapter = {adapter:?}\n");
    std::fs::write(place.path("recipe.toml"), format!("[lora]\nrank = 4\n{}", text.replace("[input]\n", &input)))
        .unwrap();
    assert!(!place.run("other", &[]).success(), "another rank is another adapter");
    let events = place.events("other");
    let Some(Event::Failed { kind, message, .. }) = events.last() else { panic!("no failure reported") };
    assert_eq!(*kind, FailureKind::InvalidInput);
    assert!(message.contains("its rank is 8, the recipe's lora.rank is 4"), "{message}");
}

#[test]
fn a_damaged_checkpoint_is_passed_over() {
    let place = Workplace::new(LONG);
    assert!(place.run("out", &[]).success());
    let whole = place.adapter("out");
    let newest = place.path("out/checkpoints/step-00000300/optimizer.safetensors");
    let mut bytes = std::fs::read(&newest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&newest, bytes).unwrap();
    assert!(place.run("out", &["--resume"]).success());
    let from = place
        .events("out")
        .iter()
        .filter_map(|e| match e {
            Event::Started { resumed_from_step, .. } => Some(*resumed_from_step),
            _ => None,
        })
        .next_back();
    assert_eq!(from, Some(280));
    assert_eq!(whole, place.adapter("out"));
}

#[cfg(unix)]
#[test]
fn a_run_asked_to_stop_leaves_a_checkpoint() {
    let place = Workplace::new(LONG);
    let mut child = place.start("out", &[]);
    place.wait_for_checkpoint("out", 20);
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(matches!(place.events("out").last(), Some(Event::Checkpoint { .. })));
    assert!(place.run("out", &["--resume"]).success());
}

#[test]
fn base_and_tuned_model_are_evaluated() {
    let recipe = "[optimizer]\nlearning_rate = 1e-2\n[schedule]\nmax_steps = 60\n[batch]\nmicro_batch = 8\naccumulation = 1\n[evaluation]\nevery_steps = 20\npreviews = 1\n";
    let place = Workplace::new(recipe);
    let test = place.path("test.jsonl");
    assert!(place.run("out", &["--test", test.to_str().unwrap()]).success());
    let summary: trainer::finish::Summary =
        serde_json::from_slice(&std::fs::read(place.path("out/summary.json")).unwrap()).unwrap();
    let (base, tuned) = (summary.base.unwrap(), summary.tuned.unwrap());
    assert!(tuned.values["perplexity"] < base.values["perplexity"]);
    for file in ["predictions-base.jsonl", "predictions-tuned.jsonl"] {
        assert_eq!(std::fs::read_to_string(place.path("out").join(file)).unwrap().lines().count(), 10);
    }
    let events = place.events("out");
    assert_eq!(events.iter().filter(|e| matches!(e, Event::Preview { .. })).count(), 4);
    assert!(matches!(events.last(), Some(Event::Finished { steps: 60, .. })));
}

#[test]
fn a_quantized_base_is_trained_on_and_resumed() {
    let recipe = "[lora]\nquantized_base = true\ndropout = 0.1\n[optimizer]\nlearning_rate = 1e-2\n[schedule]\nmax_steps = 40\n\
        [batch]\nmicro_batch = 4\naccumulation = 2\n[evaluation]\nevery_steps = 20\ncheckpoint_every_steps = 10\npreviews = 1\n";
    let place = Workplace::new(recipe);
    let (file, test) = (place.path("model.gguf"), place.path("test.jsonl"));
    support::write_quantized(&place.path("model"), &file).unwrap();
    let more = ["--model", file.to_str().unwrap(), "--test", test.to_str().unwrap()];
    assert!(place.run("whole", &more).success());
    let mut child = place.start("killed", &more);
    place.wait_for_checkpoint("killed", 20);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(place.run("killed", &[more.as_slice(), &["--resume"]].concat()).success());
    assert_eq!(place.adapter("whole"), place.adapter("killed"), "the same bits");
    let summary: trainer::finish::Summary =
        serde_json::from_slice(&std::fs::read(place.path("whole/summary.json")).unwrap()).unwrap();
    assert!(summary.tuned.unwrap().values["perplexity"] < summary.base.unwrap().values["perplexity"]);
    assert!(!place.run("dense", &[]).success(), "a folder of f32 cannot stay quantized");
    let events = place.events("dense");
    let Some(Event::Failed { kind, message, .. }) = events.last() else { panic!("no failure reported") };
    assert_eq!(*kind, FailureKind::InvalidInput);
    assert!(message.contains("use a GGUF file"), "{message}");
}

#[test]
fn a_bad_line_is_named() {
    let place = Workplace::new(LONG);
    std::fs::write(place.path("train.jsonl"), "{\"messages\": []}\n").unwrap();
    assert_eq!(place.run("out", &[]).code(), Some(1));
    let events = place.events("out");
    let Some(Event::Failed { kind, message, .. }) = events.last() else { panic!("no failure reported") };
    assert_eq!(*kind, FailureKind::InvalidInput);
    assert!(message.contains("train.jsonl line 1"), "{message}");
}

#[test]
fn a_loss_that_explodes_is_named() {
    let place = Workplace::new(LONG);
    let weights = place.path("model/model.safetensors");
    let mut tensors = candle_core::safetensors::load(&weights, &candle_core::Device::Cpu).unwrap();
    let norm = tensors.get_mut("model.norm.weight").unwrap();
    *norm = (norm.ones_like().unwrap() * 1e38).unwrap();
    candle_core::safetensors::save(&tensors, &weights).unwrap();
    assert_eq!(place.run("out", &[]).code(), Some(1));
    let events = place.events("out");
    assert!(matches!(events.last(), Some(Event::Failed { kind: FailureKind::NotANumber, .. })), "{:?}", events.last());
}

#[test]
fn running_out_of_memory_is_named() {
    let place = Workplace::new(LONG);
    let command = format!(
        "ulimit -v 500000; exec {} run {} --out {} --threads 1",
        env!("CARGO_BIN_EXE_trainer"),
        place.path("recipe.toml").display(),
        place.path("out").display()
    );
    let mut samples = support::samples(1024);
    samples.iter_mut().for_each(|s| s.messages[0].content = "apple ".repeat(33));
    support::write_samples(&place.path("train.jsonl"), &samples).unwrap();
    // Half a gigabyte of address space is less than a batch of this size needs.
    let recipe =
        std::fs::read_to_string(place.path("recipe.toml")).unwrap().replace("micro_batch = 4", "micro_batch = 1024");
    std::fs::write(place.path("recipe.toml"), recipe).unwrap();
    assert_eq!(Command::new("sh").args(["-c", &command]).status().unwrap().code(), Some(1));
    let events = place.events("out");
    assert!(matches!(events.last(), Some(Event::Failed { kind: FailureKind::OutOfMemory, .. })), "{:?}", events.last());
}
