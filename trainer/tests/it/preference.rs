//! Runs that learn preferences, end to end on a tiny model: they prefer in the end what was chosen, and resume to the
//! same bits with every method.

use crate::support;
use crate::workplace::Workplace;
use domain::eval::Prediction;
use domain::event::{Event, Phase, series};
use domain::sample::Sample;
use std::collections::BTreeMap;
use trainer::finish::Summary;
use trainer::ledger::SampleLosses;

const SHORT: &str = "[schedule]\nmax_steps = 40\n[batch]\nmicro_batch = 4\naccumulation = 2\n\
    [evaluation]\nevery_steps = 20\ncheckpoint_every_steps = 10\npreviews = 1\n";

/// The samples of a workplace with the wrong label as what was rejected.
fn pairs(samples: &[Sample]) -> Vec<Sample> {
    let wrong = |s: &Sample| if s.label.as_deref() == Some("vowel") { "consonant" } else { "vowel" };
    samples.iter().map(|s| Sample { label: None, rejected: Some(wrong(s).to_owned()), ..s.clone() }).collect()
}

fn workplace(recipe: &str) -> Workplace {
    let place = Workplace::new(&format!("objective = \"dpo\"\n{recipe}"));
    let samples = pairs(&support::samples(60));
    for (name, range) in [("train", 0..40), ("validation", 40..50), ("test", 50..60)] {
        support::write_samples(&place.path(&format!("{name}.jsonl")), &samples[range]).unwrap();
    }
    place
}

fn points(place: &Workplace, out: &str, wanted: &str) -> BTreeMap<u32, f64> {
    let of = |e: Event| match e {
        Event::Point { key, step, value, .. } if key == wanted => Some((step, value)),
        _ => None,
    };
    place.events(out).into_iter().filter_map(of).collect()
}

/// How often a run said that it scores the reference.
fn scored(place: &Workplace, out: &str) -> usize {
    let is_scoring = |e: &Event| matches!(e, Event::Phase { phase: Phase::Referencing, done: 0, .. });
    place.events(out).iter().filter(|e| is_scoring(e)).count()
}

/// Preference accuracy and mean margin on the test pairs of the run in `out`.
fn tested(place: &Workplace, subject: &str) -> (f64, f64) {
    let events = place.events("out");
    let metrics = events.iter().find_map(|e| match e {
        Event::Evaluated { subject: of, metrics, .. } if of.as_str() == subject => Some(metrics),
        _ => None,
    });
    let lines = std::fs::read_to_string(place.path(&format!("out/predictions-{subject}.jsonl"))).unwrap();
    let margins: Vec<f64> =
        lines.lines().map(|l| serde_json::from_str::<Prediction>(l).unwrap().scores["preference_margin"]).collect();
    (metrics.unwrap().values["preference_accuracy"], margins.iter().sum::<f64>() / margins.len() as f64)
}

#[test]
fn a_run_learns_to_prefer_what_was_chosen() {
    for more in ["", "[dpo]\nloss = \"ipo\"\nbeta = 0.5\n", "[dpo]\nlabel_smoothing = 0.1\nsft_weight = 0.5\n"] {
        let place = workplace(&format!("[optimizer]\nlearning_rate = 5e-3\n{more}{SHORT}"));
        let test = place.path("test.jsonl");
        assert!(place.run("out", &["--test", test.to_str().unwrap()]).success(), "{more}");
        let of = |series: &str| -> Vec<f64> { points(&place, "out", series).into_values().collect() };
        let losses = of(series::VALIDATION_LOSS);
        assert!(losses[0] > losses[1] && losses[1] > losses[2], "{more}: {losses:?}");
        if more.is_empty() {
            assert!((losses[0] - std::f64::consts::LN_2).abs() < 1e-5, "the run begins as the reference: {losses:?}");
            assert!(of(series::CHOSEN_REWARD)[0].abs() < 1e-5 && of(series::REWARD_MARGIN)[39] > 0.5);
        }
        let margins = of(series::CHOSEN_REWARD).into_iter().zip(of(series::REJECTED_REWARD));
        let said = of(series::REWARD_MARGIN);
        assert!(margins.zip(&said).all(|((c, r), m)| (c - r - m).abs() < 1e-12) && said.len() == 40);
        assert!(of(series::VALIDATION_REWARD_ACCURACY)[2] > 0.75, "{more}");
        let late = &of(series::REWARD_ACCURACY)[30..];
        assert!(late.iter().sum::<f64>() / 10.0 > 0.8, "{more}: {late:?}");
        let losses = std::fs::read_to_string(place.path("out/sample-losses.jsonl")).unwrap();
        assert_eq!(losses.lines().count(), 40, "every pair has its losses");
        let summary = std::fs::read(place.path("out/summary.json")).unwrap();
        let learning = serde_json::from_slice::<Summary>(&summary).unwrap().learning;
        assert!(learning.seen == 40 && learning.never_learnt < 10, "margins above 0 are learnt: {learning:?}");
        let first = losses.lines().filter_map(|l| serde_json::from_str::<SampleLosses>(l).unwrap().losses[0]);
        let at_start = first.filter(|loss| (loss - std::f32::consts::LN_2).abs() < 1e-5).count();
        assert!(at_start >= 4, "a margin of 0 before the first step: {at_start}");
        let (base, tuned) = (tested(&place, "base"), tested(&place, "tuned"));
        assert!(base.0 <= tuned.0 && base.1 + 1.0 < tuned.1, "{more}: {base:?} → {tuned:?}");
    }
}

#[test]
fn every_method_resumes_to_the_same_bits_and_scores_the_reference_once() {
    for method in [
        "method = \"lora\"\n[lora]\ndropout = 0.1\n",
        "method = \"full\"\n",
        "method = \"prompt_tuning\"\n",
        "method = \"p_tuning\"\n",
        "method = \"prefix_tuning\"\n",
        "method = \"bottleneck\"\n[loss]\nneftune_alpha = 5.0\n",
    ] {
        let place = workplace(&format!("{method}{SHORT}"));
        assert!(place.run("whole", &[]).success(), "{method}");
        let mut child = place.start("killed", &[]);
        place.wait_for_checkpoint("killed", 10);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!place.path("killed/adapter").exists(), "{method}: killed before its end");
        let reference = std::fs::read(place.path("killed/reference.safetensors")).unwrap();
        assert!(place.run("killed", &["--resume"]).success(), "{method}");
        assert_eq!((scored(&place, "whole"), scored(&place, "killed")), (1, 1), "{method}");
        assert_eq!(reference, std::fs::read(place.path("killed/reference.safetensors")).unwrap());
        let file =
            if method.contains("full") { "adapter/model.safetensors" } else { "adapter/adapter_model.safetensors" };
        let bits = |out: &str| std::fs::read(place.path(out).join(file)).unwrap();
        assert!(bits("whole") == bits("killed"), "{method}: the same bits");
    }
}

#[test]
fn several_processes_give_the_bits_of_one_and_share_its_reference() {
    let place = workplace(&format!("[optimizer]\nlearning_rate = 5e-3\n{SHORT}"));
    assert!(place.run("one", &[]).success());
    for (out, devices) in [("two", "cpu+cpu"), ("three", "cpu+cpu+cpu")] {
        assert!(place.run(out, &["--device", devices]).success());
        assert_eq!(place.adapter("one"), place.adapter(out), "{devices}");
        for series in [series::TRAIN_LOSS, series::REWARD_MARGIN, series::REWARD_ACCURACY] {
            assert_eq!(points(&place, "one", series), points(&place, out, series), "{devices}: {series}");
        }
    }
}

#[test]
fn a_lost_reference_is_scored_again_from_the_start_of_the_run() {
    let place = workplace(&format!("[optimizer]\nlearning_rate = 5e-3\n{SHORT}"));
    assert!(place.run("out", &[]).success());
    let (reference, adapter) = (place.path("out/reference.safetensors"), place.adapter("out"));
    let scores = std::fs::read(&reference).unwrap();
    std::fs::remove_file(&reference).unwrap();
    for step in [30, 40] {
        std::fs::remove_dir_all(place.path(&format!("out/checkpoints/step-{step:08}"))).unwrap();
    }
    assert!(place.run("out", &["--resume"]).success());
    assert!(scores == std::fs::read(&reference).unwrap(), "not with the checkpoint's adapter");
    assert_eq!((scored(&place, "out"), place.adapter("out")), (2, adapter));
}

#[test]
fn the_reference_is_the_adapter_that_a_run_goes_on_from() {
    let place = workplace(&format!("[optimizer]\nlearning_rate = 5e-3\n{SHORT}"));
    assert!(place.run("first", &[]).success());
    let adapter = place.path("first/adapter");
    assert!(place.run("second", &["--adapter", adapter.to_str().unwrap()]).success());
    let first = points(&place, "second", series::VALIDATION_LOSS)[&0];
    assert!((first - std::f64::consts::LN_2).abs() < 1e-5, "{first}");
    let scores = |out: &str| std::fs::read(place.path(out).join("reference.safetensors")).unwrap();
    assert!(scores("first") != scores("second"));
}

#[test]
fn samples_that_are_no_pairs_are_left_out() {
    let place = workplace(SHORT);
    let mut samples = pairs(&support::samples(40));
    samples[..10].iter_mut().for_each(|s| s.rejected = None);
    samples[10].rejected = samples[10].answer().map(str::to_owned);
    support::write_samples(&place.path("train.jsonl"), &samples).unwrap();
    assert!(place.run("out", &[]).success());
    let events = place.events("out");
    assert!(events.iter().any(|e| matches!(e, Event::Started { train_samples: 29, .. })));
    let says = |text: &str| events.iter().any(|e| matches!(e, Event::Log { message, .. } if message.contains(text)));
    assert!(says("left out 10 of 40 training samples: they are no preference pairs"));
    assert!(says("left out 1 of 30 training samples"));

    support::write_samples(&place.path("train.jsonl"), &support::samples(10)).unwrap();
    assert_eq!(place.run("none", &[]).code(), Some(1));
    let events = place.events("none");
    let Some(Event::Failed { message, .. }) = events.last() else { panic!("no failure reported") };
    assert!(message.contains("holds no preference pair"), "{message}");
}
