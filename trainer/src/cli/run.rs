//! `trainer run RECIPE.toml --out DIR`: a whole fine-tuning run.

use anyhow::{Context, Result, bail};
use domain::event::Event;
use domain::recipe::Recipe;
use serde::Deserialize;
use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use trainer::error::{TrainError, advice};
use trainer::event::Sink;
use trainer::manifest::Manifest;
use trainer::setup::{self, Job, Run};
use trainer::train::Ending;
use trainer::{finish, train};

/// Exit status of a run that was asked to stop, as shells give it for an interrupt.
const STOPPED: u8 = 130;

/// Fine-tunes a model as a recipe says. Writes adapter, checkpoints, events and evaluation into
/// the out folder.
#[derive(Debug, clap::Args)]
pub(crate) struct RunCommand {
    /// The recipe (TOML). Its optional [input] table may name model, train, validation, test and
    /// adapter, relative to the recipe's folder.
    pub(super) recipe: PathBuf,
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
    /// Folder for everything the run writes.
    #[arg(long)]
    pub(super) out: PathBuf,
    /// Go on from the newest checkpoint in the out folder, if there is one.
    #[arg(long)]
    resume: bool,
    /// Samples per forward pass instead of the recipe's: the same effective batch with less memory.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    micro_batch: Option<u32>,
    /// cpu, cuda:N or metal.
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Threads of the CPU [default: all cores].
    #[arg(long)]
    pub(super) threads: Option<usize>,
    /// Copy events as JSON lines to `-` (standard output) or a named pipe.
    #[arg(long)]
    events: Option<PathBuf>,
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

impl RunCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<ExitCode> {
        super::use_threads(self.threads)?;
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&stop)).context("failed to watch for signals")?;
        }
        setup::prepare_out(&self.out, self.resume)?;
        let mut sink = self.sink()?;
        match self.work(&mut sink, &stop) {
            Ok(Ending::Complete) => Ok(ExitCode::SUCCESS),
            Ok(Ending::Stopped) => Ok(ExitCode::from(STOPPED)),
            Err(error) => {
                let kind = error.kind();
                let message = format!("{error}; {}", advice(kind));
                sink.emit(&Event::Failed { kind, message: message.clone(), problem: error.problem() })?;
                bail!("{message}")
            }
        }
    }

    /// Where the events go; running out of memory is one.
    pub(super) fn sink(&self) -> Result<Sink> {
        let pipe = self.events.as_deref().map(open_pipe).transpose()?;
        let sink = Sink::open(&self.out, pipe, std::io::stderr().is_terminal())?;
        trainer::ops::allocator::report_to(sink.descriptors());
        Ok(sink)
    }

    fn work(&self, sink: &mut Sink, stop: &AtomicBool) -> Result<Ending, TrainError> {
        let mut run = Run::set_up(self.job()?, sink)?;
        Manifest::of(&run)?.write(&self.out)?;
        match train::train(&mut run, sink, stop)? {
            Ending::Complete => finish::finish(&mut run, sink, stop),
            Ending::Stopped => Ok(Ending::Stopped),
        }
    }

    pub(super) fn job(&self) -> Result<Job, TrainError> {
        let (recipe, input) = read_run_file(&self.recipe)?;
        let folder = self.recipe.parent().unwrap_or(Path::new("."));
        let either =
            |flag: &Option<PathBuf>, file: Option<PathBuf>| flag.clone().or_else(|| file.map(|f| folder.join(f)));
        let needed = |path: Option<PathBuf>, name: &str| {
            path.ok_or_else(|| {
                TrainError::Invalid(format!("no {name}: give --{name} or `{name}` in the recipe's [input] table"))
            })
        };
        Ok(Job {
            recipe,
            model: needed(either(&self.model, input.model), "model")?,
            train: needed(either(&self.train, input.train), "train")?,
            validation: either(&self.validation, input.validation),
            test: either(&self.test, input.test),
            adapter: either(&self.adapter, input.adapter),
            out: self.out.clone(),
            resume: self.resume,
            micro_batch: self.micro_batch,
            device: trainer::device::parse(&self.device)?,
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

fn open_pipe(path: &Path) -> Result<File> {
    let file = if path == Path::new("-") {
        std::io::stdout().as_fd().try_clone_to_owned().map(File::from)
    } else {
        File::options().append(true).create(true).open(path)
    };
    file.with_context(|| format!("failed to open {} for events", path.display()))
}
