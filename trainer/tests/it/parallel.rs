//! A run in several processes: the same bits as in one, and a clear end when one of them dies.

use crate::workplace::Workplace;
use domain::event::Event;
use domain::run::{FailureKind, RunProblem};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

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
    let Some(Event::Failed { kind, message, problem }) = events.last() else { panic!("no failure reported") };
    assert_eq!(*kind, FailureKind::Crashed);
    assert!(message.contains("the process that computes on cpu has ended (signal 6)"), "{message}");
    assert_eq!(*problem, Some(follower(RunProblem::Signalled { signal: 6, words: String::new() })));
}

fn follower(problem: RunProblem) -> RunProblem {
    RunProblem::Follower { device: "cpu".to_owned(), problem: Box::new(problem) }
}

/// The one follower of a leader, once it is there.
fn follower_of(leader: u32) -> u32 {
    for _ in 0..500 {
        if let [follower] = children(leader)[..] {
            return follower;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("no follower in time");
}

fn signal(name: &str, process: u32) {
    assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_follower_without_memory_is_told_as_such() {
    let place = Workplace::new(&SCHEDULE.replace("max_steps = 30", "max_steps = 100000"));
    // Else the C library could go on for minutes with the memory that it has.
    let asks_the_system = ("MALLOC_MMAP_THRESHOLD_", "4096");
    let mut child = place.start_with("out", &["--device", "cpu+cpu"], &[asks_the_system]);
    place.wait_for_checkpoint("out", 10);
    let process = rustix::process::Pid::from_raw(follower_of(child.id()) as i32);
    let none = rustix::process::Rlimit { current: Some(1 << 20), maximum: Some(1 << 20) };
    rustix::process::prlimit(process, rustix::process::Resource::Data, none).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let events = place.events("out");
    let Some(Event::Failed { kind, problem, .. }) = events.last() else { panic!("no failure reported") };
    assert_eq!(*kind, FailureKind::OutOfMemory, "{problem:?}: what started the run may halve its micro-batch");
    let Some(RunProblem::Follower { problem, .. }) = problem else { panic!("{problem:?}") };
    assert!(matches!(**problem, RunProblem::AllocationFailed { .. }), "{problem:?}");
}

#[test]
fn a_follower_that_refuses_says_why() {
    let place = Workplace::new(SCHEDULE);
    // No machine has so many.
    assert!(!place.run("out", &["--device", "cpu+cuda:99"]).success());
    let events = place.events("out");
    let Some(Event::Failed { kind, message, problem }) = events.last() else { panic!("no failure reported") };
    assert_eq!(*kind, FailureKind::InvalidInput, "{message}");
    assert!(matches!(problem, Some(RunProblem::Follower { device, .. }) if device == "cuda:99"), "{problem:?}");
    assert!(!message.contains("exit code"), "{message}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_leader_that_waits_for_a_follower_can_be_stopped() {
    let stops_at_once = |child: &mut std::process::Child| {
        let asked = std::time::Instant::now();
        signal("-TERM", child.id());
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(asked.elapsed() < std::time::Duration::from_secs(2), "{:?}", asked.elapsed());
    };
    let place = Workplace::new(&SCHEDULE.replace("max_steps = 30", "max_steps = 100000"));
    let mut child = place.start("steps", &["--device", "cpu+cpu"]);
    place.wait_for_checkpoint("steps", 10);
    signal("-STOP", follower_of(child.id()));
    std::thread::sleep(std::time::Duration::from_millis(300));
    stops_at_once(&mut child);

    let mut child = place.start("beginning", &["--device", "cpu+cpu"]);
    signal("-STOP", follower_of(child.id()));
    std::thread::sleep(std::time::Duration::from_millis(1500));
    stops_at_once(&mut child);
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
