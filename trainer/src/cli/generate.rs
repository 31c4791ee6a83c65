//! `trainer generate`: one answer of a model, with or without an adapter, streamed to the terminal.

use super::model::LoadedModel;
use anyhow::{Context, Result};
use candle_core::Device;
use domain::sample::{Message, Speaker};
use std::io::{BufRead, IsTerminal, Read, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use trainer::infer::generate::{GenerateOptions, generate};
use trainer::infer::sampler::Sampling;

/// Lets a model answer a prompt.
#[derive(Debug, clap::Args)]
pub(crate) struct Generate {
    /// A Hugging Face folder or a GGUF file.
    #[arg(long)]
    model: PathBuf,
    /// A folder with adapter_config.json and adapter_model.safetensors, or a fully tuned model.
    #[arg(long)]
    adapter: Option<PathBuf>,
    /// What the user says. Without it, a JSON list of {role, content} is read from standard input.
    #[arg(long)]
    prompt: Option<String>,
    /// Answer many: each line of standard input is a JSON list of {role, content}, each line of the output the answer as
    /// a JSON string.
    #[arg(long, conflicts_with = "prompt")]
    lines: bool,
    /// The system message put before the prompt.
    #[arg(long, requires = "prompt")]
    system: Option<String>,
    #[arg(long, default_value_t = 256)]
    max_new_tokens: usize,
    /// 0 answers greedily; larger is more varied.
    #[arg(long, default_value_t = 0.0)]
    temperature: f64,
    /// Only the likeliest tokens that together reach this probability.
    #[arg(long, default_value_t = 1.0)]
    top_p: f64,
    /// Only this many of the likeliest tokens; 0: all.
    #[arg(long, default_value_t = 0)]
    top_k: usize,
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Say of each answer, as a line of JSON on standard error, how long it took to its first text and to its end.
    #[arg(long)]
    timings: bool,
    /// Compute with the exact values of quantized weights in f32: slower, and takes more memory.
    #[arg(long)]
    exact: bool,
}

impl Generate {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        if self.lines {
            return self.answer_lines();
        }
        let messages = self.messages()?;
        let model = LoadedModel::open(&self.model, self.adapter.as_deref(), self.exact, &Device::Cpu)?;
        let options = self.options(0);
        let mut out = std::io::stdout();
        let mut written = 0;
        let mut clock = Clock::start();
        let generated = generate(model.chat(), &messages, &options, |text| {
            clock.text_came();
            written += text.len();
            // A closed pipe means that nobody reads on.
            if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        self.tell(&clock, generated.tokens);
        // Bytes held back as half a character until the very end.
        let rest = generated.text.get(written..).unwrap_or_default();
        writeln!(out, "{rest}").context("cannot write the answer")
    }

    /// How line `number` is answered: each has chances of its own, whatever stands before it.
    fn options(&self, number: u64) -> GenerateOptions {
        let seed = self.seed.wrapping_add(number);
        GenerateOptions {
            sampling: Sampling { temperature: self.temperature, top_p: self.top_p, top_k: self.top_k, seed },
            max_new_tokens: self.max_new_tokens,
        }
    }

    fn answer_lines(&self) -> Result<()> {
        let model = LoadedModel::open(&self.model, self.adapter.as_deref(), self.exact, &Device::Cpu)?;
        let mut out = std::io::stdout();
        for (number, line) in std::io::stdin().lock().lines().enumerate() {
            let line = line.context("cannot read standard input")?;
            let messages: Vec<Message> = serde_json::from_str(&line).with_context(|| {
                format!("standard input, line {}: not a JSON list of {{role, content}}", number + 1)
            })?;
            let mut clock = Clock::start();
            let generated = generate(model.chat(), &messages, &self.options(number as u64), |_| {
                clock.text_came();
                ControlFlow::Continue(())
            });
            let generated = generated.with_context(|| format!("standard input, line {}", number + 1))?;
            self.tell(&clock, generated.tokens);
            let answer = serde_json::to_string(&generated.text).context("cannot write the answer")?;
            writeln!(out, "{answer}").and_then(|()| out.flush()).context("cannot write the answer")?;
        }
        Ok(())
    }

    fn tell(&self, clock: &Clock, tokens: usize) {
        if self.timings {
            let seconds = clock.started.elapsed().as_secs_f64();
            let first = clock.first.map_or(seconds, |first| first.as_secs_f64());
            let told = serde_json::json!({
                "first_text_seconds": first, "seconds": seconds, "tokens_out": tokens,
                "tokens_per_second": tokens as f64 / seconds
            });
            eprintln!("{told}");
        }
    }

    fn messages(&self) -> Result<Vec<Message>> {
        if let Some(prompt) = &self.prompt {
            let system = self.system.iter().map(|s| Message::new(Speaker::System, s));
            return Ok(system.chain([Message::new(Speaker::User, prompt)]).collect());
        }
        if std::io::stdin().is_terminal() {
            anyhow::bail!("give --prompt TEXT, or a JSON list of messages on standard input");
        }
        let mut json = String::new();
        std::io::stdin().read_to_string(&mut json).context("cannot read standard input")?;
        serde_json::from_str(&json).context("standard input is not a JSON list of {role, content}")
    }
}

/// How long an answer takes.
struct Clock {
    started: Instant,
    first: Option<Duration>,
}

impl Clock {
    fn start() -> Self {
        Self { started: Instant::now(), first: None }
    }

    fn text_came(&mut self) {
        self.first.get_or_insert_with(|| self.started.elapsed());
    }
}
