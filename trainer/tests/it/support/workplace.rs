//! A folder with a tiny model, samples and a recipe, and the `trainer` command run in it.

use crate::support;
use domain::event::Event;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

pub(crate) struct Workplace {
    folder: tempfile::TempDir,
}

impl Workplace {
    pub(crate) fn new(recipe: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        support::write_model(&at.join("model")).unwrap();
        let samples = support::samples(60);
        support::write_samples(&at.join("train.jsonl"), &samples[..40]).unwrap();
        support::write_samples(&at.join("validation.jsonl"), &samples[40..50]).unwrap();
        support::write_samples(&at.join("test.jsonl"), &samples[50..]).unwrap();
        let input = "\n[input]\nmodel = \"model\"\ntrain = \"train.jsonl\"\nvalidation = \"validation.jsonl\"\n";
        std::fs::write(at.join("recipe.toml"), format!("{recipe}{input}")).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn start(&self, out: &str, more: &[&str]) -> Child {
        self.start_with(out, more, &[])
    }

    /// The same with variables in its environment.
    pub(crate) fn start_with(&self, out: &str, more: &[&str], variables: &[(&str, &str)]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_trainer"))
            .envs(variables.iter().copied())
            .arg("run")
            .arg(self.path("recipe.toml"))
            .arg("--out")
            .arg(self.path(out))
            .args(["--threads", "1"])
            .args(more)
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap()
    }

    pub(crate) fn run(&self, out: &str, more: &[&str]) -> ExitStatus {
        self.start(out, more).wait().unwrap()
    }

    pub(crate) fn events(&self, out: &str) -> Vec<Event> {
        events(&self.path(out).join("events.jsonl"))
    }

    pub(crate) fn adapter(&self, out: &str) -> Vec<u8> {
        std::fs::read(self.path(out).join("adapter/adapter_model.safetensors")).unwrap()
    }

    /// Waits until the run in `out` has written a checkpoint at or after `step`.
    pub(crate) fn wait_for_checkpoint(&self, out: &str, step: u32) {
        let started = Instant::now();
        let reached = |e: &Event| matches!(e, Event::Checkpoint { step: s, .. } if *s >= step);
        while !self.path(out).join("events.jsonl").exists() || !self.events(out).iter().any(reached) {
            assert!(started.elapsed() < Duration::from_secs(60), "no checkpoint in time");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The complete lines of an event file.
pub(crate) fn events(path: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(path).unwrap();
    let whole = &text[..text.rfind('\n').map_or(0, |i| i + 1)];
    whole.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}
