//! A run that is killed again and again at random steps ends as one that never was: weights, optimizer, losses of
//! samples, and curves without a gap or a double point.

use crate::workplace::Workplace;
use domain::event::Event;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

const STEPS: u32 = 600;
const KILLS: usize = 20;
const RECIPE: &str = "[lora]\nrank = 4\ndropout = 0.1\n[loss]\nneftune_alpha = 5.0\n[schedule]\nmax_steps = 600\n\
    [batch]\nmicro_batch = 2\naccumulation = 2\n[evaluation]\nevery_steps = 100\ncheckpoint_every_steps = 7\npreviews = 0\n";

/// Waits until the run has taken `step` or has ended; whether it lives.
fn lives_until(place: &Workplace, out: &str, child: &mut Child, step: u32) -> bool {
    let deadline = Instant::now() + Duration::from_secs(60);
    let reached = |e: &Event| matches!(e, Event::Point { step: s, .. } if *s >= step);
    while !place.path(out).join("events.jsonl").exists() || !place.events(out).iter().rev().any(reached) {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(Instant::now() < deadline, "step {step} was not reached");
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

/// Bits by curve and step, as whoever reads the events must understand them: a resumed run forgets what came
/// after its checkpoint.
fn curves(place: &Workplace, out: &str) -> BTreeMap<String, BTreeMap<u32, u64>> {
    let mut curves: BTreeMap<String, BTreeMap<u32, u64>> = BTreeMap::new();
    for event in place.events(out) {
        match event {
            Event::Started { resumed_from_step, .. } => {
                curves.values_mut().for_each(|c| c.retain(|step, _| *step <= resumed_from_step));
            }
            Event::Point { key, step, value, .. }
                if key.ends_with("loss") || key == "learning_rate" || key == "epoch" =>
            {
                let before = curves.entry(key.clone()).or_default().insert(step, value.to_bits());
                // What is validated at the checkpoint itself may be measured again, to the same bits.
                assert!(before.is_none_or(|b| b == value.to_bits()), "{key} has two points at step {step}");
            }
            _ => {}
        }
    }
    curves
}

#[test]
fn twenty_kills_at_random_steps_change_no_bit() {
    let place = Workplace::new(RECIPE);
    assert!(place.run("whole", &[]).success());

    let mut random = ChaCha8Rng::seed_from_u64(7);
    let (mut kills, mut step) = (0, 0);
    while kills < KILLS {
        let mut child = place.start("killed", &["--resume"]);
        step = (step + random.random_range(1..28)).min(STEPS - 1);
        assert!(lives_until(&place, "killed", &mut child, step), "it ended before it could be killed {KILLS} times");
        // Not always right after a step.
        std::thread::sleep(Duration::from_micros(random.random_range(0..8000)));
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(!place.path("killed/adapter").exists(), "killed before its end");
    assert!(place.run("killed", &["--resume"]).success());

    assert_eq!(place.adapter("whole"), place.adapter("killed"), "the same weights");
    for file in ["optimizer.safetensors", "sample-losses.safetensors", "state.json"] {
        let read =
            |out: &str| fs::read(place.path(out).join(format!("checkpoints/step-{STEPS:08}")).join(file)).unwrap();
        assert_eq!(read("whole"), read("killed"), "{file}");
    }
    let (whole, killed) = (curves(&place, "whole"), curves(&place, "killed"));
    assert_eq!(whole, killed);
    assert!(killed["train_loss"].keys().copied().eq(1..=STEPS), "no gap");
}
