//! Before the first step: open the model, tokenize the data, make or restore the adapter.

mod encode;

pub(crate) use encode::digest;

use crate::adapt::{self, Adapter};
use crate::checkpoint::{self, Best, Checkpoint};
use crate::data::masking::{Encoded, Encoder};
use crate::data::order::Order;
use crate::data::samples;
use crate::data::template::ChatTemplate;
use crate::data::tokenizer::Tokenizer;
use crate::device;
use crate::error::{TrainError, advice};
use crate::event::Sink;
use crate::infer::Chat;
use crate::ledger::Ledger;
use crate::loss_scale::LossScale;
use crate::memory;
use crate::model::decoder::Decoder;
use crate::model::family::Family;
use crate::model::weights::{self, BaseModel};
use crate::optim::Optimizer;
use crate::parallel::Followers;
use crate::patience::Patience;
use crate::preference::Preferences;
use crate::recovery::Remedies;
use crate::reference;
use candle_core::{DType, Device};
use domain::dataset::VersionStats;
use domain::estimate::Misfit;
use domain::event::{Event, Level, Phase};
use domain::model::ModelCard;
use domain::recipe::{Method, Objective, Precision, Recipe, RecipeTextError};
use domain::run::FailureKind;
use domain::sample::Sample;
use encode::{encode_all, weigh};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// What a run is given.
#[derive(Clone, Debug)]
pub struct Job {
    pub recipe: Recipe,
    /// Hugging Face folder or GGUF file.
    pub model: PathBuf,
    /// Sample files, JSON lines.
    pub train: PathBuf,
    pub validation: Option<PathBuf>,
    pub test: Option<PathBuf>,
    /// An adapter to go on training; `None` begins a fresh one.
    pub adapter: Option<PathBuf>,
    /// Where everything is written.
    pub out: PathBuf,
    /// Go on from the newest checkpoint in `out`, if there is one.
    pub resume: bool,
    /// Samples per forward pass instead of the recipe's `batch.micro_batch`; the effective batch stays.
    pub micro_batch: Option<u32>,
    pub device: Device,
    /// Whether another process leads the run, see [`crate::parallel`]: it tells what only one need find out.
    pub follows: bool,
    /// Names of the devices of all processes; `device` is the first.
    pub devices: Vec<String>,
}

impl Job {
    /// The base model's name in adapter files: the last part of its path.
    #[must_use]
    pub fn base_model_name(&self) -> String {
        let name = self.model.file_stem().filter(|_| self.model.is_file()).or(self.model.file_name());
        name.unwrap_or(self.model.as_os_str()).to_string_lossy().into_owned()
    }

    /// Samples per forward pass.
    #[must_use]
    pub fn micro_batch(&self) -> usize {
        self.micro_batch.unwrap_or(self.recipe.batch.micro_batch).max(1) as usize
    }
}

/// A run that is ready to take steps.
#[derive(Debug)]
pub struct Run {
    pub job: Job,
    pub card: ModelCard,
    pub tokenizer: Tokenizer,
    pub template: ChatTemplate,
    pub decoder: Decoder,
    pub adapter: Box<dyn Adapter>,
    pub optimizer: Optimizer,
    pub train: Vec<Encoded>,
    pub validation: Vec<Encoded>,
    /// Where preferences are learnt, what goes with `train` and `validation`.
    pub preferences: Option<Preferences>,
    /// The samples of `validation`, for previews.
    pub validation_samples: Vec<Sample>,
    /// Labels of the training samples: what a classification may answer.
    pub labels: BTreeSet<String>,
    pub order: Order,
    pub data_sha256: String,
    pub total_steps: u32,
    /// Steps taken so far.
    pub step: u32,
    pub tokens: u64,
    pub train_loss: f64,
    pub best: Option<Best>,
    pub patience: Patience,
    pub remedies: Remedies,
    pub loss_scale: LossScale,
    pub ledger: Ledger,
    /// Other processes that compute parts of every step.
    pub followers: Option<Followers>,
}

impl Run {
    /// Loads, tokenizes and restores; emits `Started`. `None` when `stop` was set before all was ready.
    pub fn set_up(job: Job, sink: &mut Sink, stop: &AtomicBool) -> Result<Option<Self>, TrainError> {
        sink.phase(Phase::Loading, 0, 1)?;
        let recipe = &job.recipe;
        recipe.check().map_err(RecipeTextError::Fields)?;
        let mut base = weights::open(&job.model, &job.device)?;
        let context = context_left(&base, recipe);
        if context == 0 {
            let tokens = recipe.virtual_tokens();
            return Err(TrainError::Invalid(format!("{tokens} virtual tokens fill the model's whole context")));
        }
        if recipe.batch.max_length as usize > context {
            sink.log(
                Level::Warn,
                format!("samples are cut at the model's context of {context} tokens, below batch.max_length"),
            )?;
        }
        for warning in recipe.warnings() {
            sink.log(Level::Warn, warning.to_string())?;
        }
        let encoder = encoder(&base, recipe);
        let train_samples = samples::read(&job.train)?;
        let skip = |s: &Sample| samples::is_left_out(s, &recipe.loss);
        let mut training = encode_all(&encoder, &train_samples, recipe.objective, "training", skip, sink)?;
        weigh(&mut training.samples, &train_samples, &job)?;
        if training.samples.is_empty() {
            let what = if recipe.objective == Objective::Dpo { "preference pair" } else { "sample" };
            return Err(TrainError::Invalid(format!("{} holds no {what} to train on", job.train.display())));
        }
        let limit = recipe.evaluation.validation_samples as usize;
        let held_out = job.validation.as_deref().map_or_else(|| Ok(Vec::new()), samples::read)?;
        let of_use = |s: &Sample| recipe.objective == Objective::Sft || s.rejected.is_some();
        let held_out = held_out.into_iter().filter(of_use).collect();
        let held_out: Vec<Sample> = samples::choose(held_out, limit).into_iter().map(|(_, s)| s).collect();
        let validation = encode_all(&encoder, &held_out, recipe.objective, "validation", |_| false, sink)?;
        if recipe.keeps_base_quantized() {
            base.weights.keep_quantized()?;
        }
        let dtype = dtype(&job, &base)?;
        // What is trained begins with all digits that the files have.
        if recipe.method != Method::Full {
            base.weights.round_to(dtype);
        }
        let mut decoder = Decoder::new(base.config.clone(), &mut base.weights)?;
        decoder.neftune_alpha = recipe.loss.neftune_alpha;
        let adapter = adapt::new(recipe, &decoder, &base.tokenizer)?;
        if let Some(folder) = &job.adapter {
            adapter.restore(folder)?;
        }
        let optimizer = Optimizer::new(&recipe.optimizer, adapter.parameters())?;
        let ledger = Ledger::new(train_samples.len());
        let mut run = Self {
            data_sha256: training.digest(),
            total_steps: recipe.total_steps(training.samples.len() as u64),
            order: Order::new(training.samples.len(), recipe.seed),
            card: base.card,
            tokenizer: base.tokenizer,
            template: base.template,
            validation_samples: validation.kept,
            labels: train_samples.into_iter().filter_map(|s| s.label).collect(),
            step: 0,
            tokens: 0,
            train_loss: f64::NAN,
            best: None,
            patience: Patience::default(),
            remedies: Remedies::default(),
            loss_scale: LossScale::new(dtype),
            ledger,
            followers: None,
            decoder,
            adapter,
            optimizer,
            train: training.samples,
            validation: validation.samples,
            preferences: None,
            job,
        };
        run.adapter.attach_to(&mut run.decoder);
        run.decoder.round_to(dtype)?;
        run.check_budget()?;
        if run.job.recipe.objective == Objective::Dpo {
            run.preferences = reference::prepare(&mut run, [training.rejected, validation.rejected], sink, stop)?;
            if run.preferences.is_none() {
                return Ok(None);
            }
        }
        if run.job.resume {
            run.resume(sink)?;
        }
        run.warn_of_memory(sink)?;
        run.announce(sink)?;
        Ok(Some(run))
    }

    /// The model as it is now, as something that answers.
    #[must_use]
    pub fn chat(&self) -> Chat<'_> {
        Chat { decoder: &self.decoder, tokenizer: &self.tokenizer, template: &self.template }
    }

    fn resume(&mut self, sink: &mut Sink) -> Result<(), TrainError> {
        let (checkpoint, damaged) = checkpoint::latest(&self.job.out)?;
        for problem in damaged {
            sink.log(Level::Warn, format!("{problem}; going back to an earlier one"))?;
        }
        let Some(checkpoint) = checkpoint else { return Ok(()) };
        self.check_same_run(&checkpoint)?;
        self.restore(checkpoint)?;
        sink.log(Level::Info, format!("resumed from the checkpoint of step {}", self.step))
    }

    /// Goes to where a checkpoint was written.
    pub fn restore(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError> {
        checkpoint.restore(self.adapter.as_ref(), &mut self.optimizer, &self.job.device)?;
        checkpoint.restore_ledger(&mut self.ledger)?;
        let state = checkpoint.state;
        (self.step, self.tokens, self.train_loss, self.best) = (state.step, state.tokens, state.train_loss, state.best);
        (self.patience, self.remedies, self.loss_scale) = (state.patience, state.remedies, state.loss_scale);
        Ok(())
    }

    /// All but the adapter and the optimizer, as a checkpoint holds it.
    #[must_use]
    pub fn state(&self) -> checkpoint::State {
        checkpoint::State {
            step: self.step,
            recipe: self.job.recipe.clone(),
            data_sha256: self.data_sha256.clone(),
            tokens: self.tokens,
            train_loss: self.train_loss,
            best: self.best,
            patience: self.patience,
            remedies: self.remedies,
            loss_scale: self.loss_scale,
            precision: self.precision(),
        }
    }

    /// What the recipe's precision means on the devices of this run.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.job.recipe.precision.on(self.decoder.dtype() == DType::F32)
    }

    /// A budget that not even the newest, the best and the next checkpoint fit into is refused before any work.
    fn check_budget(&self) -> Result<(), TrainError> {
        let budget_mib = u64::from(self.job.recipe.checkpoints.budget_mib);
        // The losses of samples grow with every epoch; what counts is how long they get.
        let visits = u64::from(self.total_steps) * self.job.recipe.effective_batch();
        let epochs = visits.div_ceil(self.train.len().max(1) as u64);
        let ledger_bytes = self.ledger.bytes_after(epochs);
        let each = checkpoint::bytes_needed(self.adapter.as_ref(), &self.optimizer, ledger_bytes)?;
        let needed_mib = (3 * each).div_ceil(1 << 20);
        if budget_mib > 0 && needed_mib > budget_mib {
            return Err(TrainError::Budget { needed_mib, budget_mib });
        }
        Ok(())
    }

    /// A resumed run equals an uninterrupted one only when recipe and data are the same.
    fn check_same_run(&self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        let changed = self.job.recipe.differences(&checkpoint.state.recipe);
        if let Some((field, now, then)) = changed.first() {
            return Err(TrainError::Invalid(format!(
                "cannot resume: {field} was {then} and is now {now}; use another --out"
            )));
        }
        let (then, now) = (checkpoint.state.precision, self.precision());
        if then != now {
            let (then, now) = (then.as_str(), now.as_str());
            return Err(TrainError::Invalid(format!(
                "cannot resume: precision = \"auto\" meant {then} where the run began and means {now} on this device"
            )));
        }
        if checkpoint.state.data_sha256 != self.data_sha256 {
            return Err(TrainError::Invalid(
                "cannot resume: the training data has changed; use another --out".to_owned(),
            ));
        }
        Ok(())
    }

    /// Says so beforehand when the run will probably need more memory than there is.
    fn warn_of_memory(&self, sink: &mut Sink) -> Result<(), TrainError> {
        let samples = self.train.len() as u64;
        let tokens: usize = self.train.iter().map(|s| s.ids.len()).sum();
        let data = VersionStats { samples, train: samples, ..VersionStats::default() };
        let mean = tokens as f64 / samples as f64;
        let cost = domain::estimate::estimate(&self.job.recipe, &self.card, &data, Some(mean), None);
        let (needed, resident) = (cost.memory_bytes >> 20, memory::resident_mib().unwrap_or(0.0) as u64);
        match memory::available_mib() {
            Some(available) if self.job.device.is_cpu() && needed > available + resident => {
                let there = available + resident;
                let text = format!("this run needs about {needed} MiB of memory and {there} MiB are there; ");
                sink.log(Level::Warn, text + advice(FailureKind::OutOfMemory))
            }
            _ => Ok(()),
        }
    }

    fn announce(&self, sink: &mut Sink) -> Result<(), TrainError> {
        sink.emit(&Event::Started {
            total_steps: self.total_steps,
            resumed_from_step: self.step,
            train_samples: self.train.len() as u32,
            validation_samples: self.validation.len() as u32,
            trainable_parameters: self.adapter.parameter_count(),
            total_parameters: self.card.parameters + self.adapter.added_parameters(),
            device: self.job.devices.join("+"),
        })
    }
}

/// Tokens that virtual ones leave of the model's context.
fn context_left(base: &BaseModel, recipe: &Recipe) -> usize {
    base.config.context_length.saturating_sub(recipe.virtual_tokens() as usize)
}

/// The type of activations and frozen weights, which the model must be able to bear.
fn dtype(job: &Job, base: &BaseModel) -> Result<DType, TrainError> {
    device::check_precision(job.recipe.precision, &job.devices)?;
    let dtype = device::dtype_on(job.recipe.precision, &job.device);
    if dtype == DType::F16 && base.config.family == Family::Gemma3 {
        return Err(RecipeTextError::Fields(vec![Misfit::TooLargeForF16.into()]).into());
    }
    Ok(dtype)
}

/// How the samples of a run are encoded.
pub(crate) fn encoder<'a>(base: &'a BaseModel, recipe: &Recipe) -> Encoder<'a> {
    Encoder {
        template: &base.template,
        tokenizer: &base.tokenizer,
        end_tokens: &base.config.eos_token_ids,
        max_length: (recipe.batch.max_length as usize).min(context_left(base, recipe)),
        mask_prompt: recipe.batch.mask_prompt,
    }
}

/// Makes the out folder; `resume` decides whether an earlier run may be in it.
pub fn prepare_out(out: &Path, resume: bool) -> Result<(), TrainError> {
    if !resume && out.join(checkpoint::FOLDER).exists() {
        let text =
            format!("{} already holds a run: add --resume to go on with it, or choose another --out", out.display());
        return Err(TrainError::Invalid(text));
    }
    std::fs::create_dir_all(out).map_err(|source| TrainError::Write { path: out.to_owned(), source })
}
