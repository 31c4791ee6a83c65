//! What a run is made from, as the commands name it: recipe, model, data and devices.

use domain::recipe::Recipe;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;
use trainer::device;
use trainer::error::TrainError;
use trainer::parallel::Starting;
use trainer::setup::Job;

/// Arguments of commands that set a run up.
#[derive(Debug, clap::Args)]
pub(crate) struct Inputs {
    /// The recipe (TOML). Its optional [input] table may name model, train, validation, test and
    /// adapter, relative to the recipe's folder.
    pub(crate) recipe: PathBuf,
    /// Base model: a Hugging Face folder or a GGUF file.
    #[arg(long)]
    model: Option<PathBuf>,
    /// Training samples, JSON lines.
    #[arg(long)]
    train: Option<PathBuf>,
    /// Validation samples, JSON lines.
    #[arg(long)]
    validation: Option<PathBuf>,
    /// Test samples, JSON lines: base and tuned model are scored on them at the end.
    #[arg(long)]
    test: Option<PathBuf>,
    /// An adapter to go on training, of the recipe's method and settings: a folder as a run or PEFT leaves it.
    #[arg(long)]
    adapter: Option<PathBuf>,
    /// Samples per forward pass instead of the recipe's: the same effective batch with less memory.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    micro_batch: Option<u32>,
    /// cpu, cuda:N or metal; several share the micro-batches of every step: cpu+cpu is two processes.
    #[arg(long, default_value = "cpu")]
    device: String,
    /// CPU threads of each process [default: all cores, divided].
    #[arg(long)]
    threads: Option<usize>,
}

/// A run file: a recipe and, perhaps, where its input is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    model: Option<PathBuf>,
    train: Option<PathBuf>,
    validation: Option<PathBuf>,
    test: Option<PathBuf>,
    adapter: Option<PathBuf>,
}

impl Inputs {
    /// Starts the processes that share the work of the run, one for each device after the first.
    pub(crate) fn start_followers(&self) -> Result<Option<Starting>, TrainError> {
        let devices = device::names(&self.device).split_off(1);
        if devices.is_empty() {
            return Ok(None);
        }
        let program = std::env::current_exe()
            .map_err(|e| TrainError::Invalid(format!("this program does not know its own path: {e}")))?;
        let commands = devices.into_iter().map(|device| (device.clone(), self.follow(&program, &device)));
        Starting::spawn(commands.collect()).map(Some)
    }

    /// `trainer follow` with the same inputs on another device.
    fn follow(&self, program: &Path, device: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("follow").arg(&self.recipe).args(["--device", device]);
        for (flag, path) in [("--model", &self.model), ("--train", &self.train), ("--adapter", &self.adapter)] {
            if let Some(path) = path {
                command.arg(flag).arg(path);
            }
        }
        let samples = self.micro_batch.map(|n| n as usize);
        for (flag, number) in [("--micro-batch", samples), ("--threads", self.threads_per_process())] {
            if let Some(number) = number {
                command.arg(flag).arg(number.to_string());
            }
        }
        command
    }

    /// CPU threads of this process; `None` for all cores.
    pub(crate) fn threads_per_process(&self) -> Option<usize> {
        let processes = device::names(&self.device).len();
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.or_else(|| (processes > 1).then(|| (cores() / processes).max(1)))
    }

    /// What `trainer run` is to do in this process.
    pub(crate) fn job(&self, out: &Path, resume: bool) -> Result<Job, TrainError> {
        let (recipe, input) = read_run_file(&self.recipe)?;
        let folder = self.recipe.parent().unwrap_or(Path::new("."));
        let either =
            |flag: &Option<PathBuf>, file: Option<PathBuf>| flag.clone().or_else(|| file.map(|f| folder.join(f)));
        let needed = |path: Option<PathBuf>, name: &str| {
            path.ok_or_else(|| {
                TrainError::Invalid(format!("no {name}: give --{name} or `{name}` in the recipe's [input] table"))
            })
        };
        let devices = device::names(&self.device);
        device::check_names(&devices)?;
        Ok(Job {
            recipe,
            model: needed(either(&self.model, input.model), "model")?,
            train: needed(either(&self.train, input.train), "train")?,
            validation: either(&self.validation, input.validation),
            test: either(&self.test, input.test),
            adapter: either(&self.adapter, input.adapter),
            out: out.to_owned(),
            resume,
            micro_batch: self.micro_batch,
            device: device::parse(&devices[0])?,
            devices,
            follows: false,
        })
    }
}

fn read_run_file(path: &Path) -> Result<(Recipe, Input), TrainError> {
    let syntax = |e: String| TrainError::Recipe(domain::recipe::RecipeTextError::Syntax(e));
    let text = std::fs::read_to_string(path).map_err(|source| TrainError::Read { path: path.to_owned(), source })?;
    let mut table: toml::Table = text.parse().map_err(|e: toml::de::Error| syntax(e.to_string()))?;
    let Some(input) = table.remove("input") else { return Ok((Recipe::from_toml(&text)?, Input::default())) };
    let input = input.try_into().map_err(|e| syntax(format!("in [input]: {e}")))?;
    let rest = toml::to_string(&table).map_err(|e| syntax(e.to_string()))?;
    Ok((Recipe::from_toml(&rest)?, input))
}
