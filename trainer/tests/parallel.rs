//! A run in several processes: the same bits as in one, and a clear end when one of them dies.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;
#[path = "support/workplace.rs"]
mod workplace;

use domain::event::Event;
use domain::run::FailureKind;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use workplace::Workplace;

const SCHEDULE: &str = "[schedule]\nmax_steps = 30\n[batch]\nmicro_batch = 3\naccumulation = 3\n\
    [evaluation]\nevery_steps = 10\ncheckpoint_every_steps = 10\npreviews = 0\n";

fn losses(place: &Workplace, out: &str) -> Vec<(u32, f64)> {
    let loss = |e: Event| match e {
        Event::Point { key, step, value, .. } if key == "train_loss" || key == "validation_loss" => Some((step, value)),
        _ => None,
    };
    place.events(out).into_iter().filter_map(loss).collect()
}

fn weights(place: &Workplace, out: &str) -> Vec<u8> {
    let file = |name: &str| fs::read(place.path(out).join("adapter").join(name));
    file("adapter_model.safetensors").or_else(|_| file("model.safetensors")).unwrap()
}

#[test]
fn several_processes_give_the_bits_of_one() {
    for method in ["[lora]\nrank = 4\ndropout = 0.1\n", "method = \"full\"\n", "method = \"p_tuning\"\n"] {
        let place = Workplace::new(&format!("{method}{SCHEDULE}"));
        assert!(place.run("one", &[]).success(), "{method}");
        // Three micro-batches a step: with two processes one of them has less to do, with four one has nothing.
        for (out, devices) in [("two", "cpu+cpu"), ("four", "cpu+cpu+cpu+cpu")] {
            assert!(place.run(out, &["--device", devices]).success(), "{method}");
            assert_eq!(weights(&place, "one"), weights(&place, out), "{method}: {devices}");
            assert_eq!(losses(&place, "one"), losses(&place, out), "{method}: {devices}");
        }
    }
}

#[test]
fn a_run_goes_on_with_another_number_of_processes() {
    let place = Workplace::new(&SCHEDULE.replace("max_steps = 30", "max_steps = 300"));
    assert!(place.run("whole", &[]).success());
    let mut child = place.start("killed", &["--device", "cpu+cpu"]);
    place.wait_for_checkpoint("killed", 20);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!place.path("killed/adapter").exists(), "killed before its end");
    assert!(place.run("killed", &["--resume"]).success());
    assert_eq!(place.adapter("whole"), place.adapter("killed"), "the same bits");
}

/// Processes whose parent is this one.
fn children(parent: u32) -> Vec<u32> {
    let stat = |process: PathBuf| fs::read_to_string(process.join("stat")).ok();
    let numbers = |stat: String| {
        let after = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok()?;
        Some((stat.split_once(' ')?.0.parse::<u32>().ok()?, after))
    };
    let all = fs::read_dir("/proc").unwrap().filter_map(|entry| stat(entry.ok()?.path()));
    all.filter_map(numbers).filter(|(_, its_parent)| *its_parent == parent).map(|(process, _)| process).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn the_death_of_one_process_ends_the_run_and_is_named() {
    let place = Workplace::new(&SCHEDULE.replace("max_steps = 30", "max_steps = 3000"));
    let mut child = place.start("out", &["--device", "cpu+cpu"]);
    place.wait_for_checkpoint("out", 10);
    let followers = children(child.id());
    assert_eq!(followers.len(), 1, "{followers:?}");
    assert!(Command::new("kill").args(["-ABRT", &followers[0].to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let events = place.events("out");
    let Some(Event::Failed { kind, message, .. }) = events.last() else { panic!("no failure reported") };
    assert_eq!(*kind, FailureKind::Crashed);
    assert!(message.contains("the process that computes on cpu has ended (signal 6)"), "{message}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_ends_with_its_leader() {
    let place = Workplace::new(&SCHEDULE.replace("max_steps = 30", "max_steps = 3000"));
    let mut child = place.start("out", &["--device", "cpu+cpu"]);
    place.wait_for_checkpoint("out", 10);
    let followers = children(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    let folder = PathBuf::from(format!("/proc/{}", followers[0]));
    let is_gone = (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        // A zombie waits for whoever inherited it.
        fs::read_to_string(folder.join("stat")).map_or(true, |stat| stat.contains(") Z "))
    });
    assert!(is_gone, "it computes for nobody");
}
