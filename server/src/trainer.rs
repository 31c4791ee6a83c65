//! The trainer program: how it is started, and short questions that it answers about a model.
//!
//! The server never opens a model's files itself. They are hostile input, chat templates are
//! programs, and what a template or a tokenizer makes of memory must end a process of its own.

use crate::config::Config;
use domain::{
    model::{ModelCard, ModelProblem},
    sample::Sample,
};
use std::{ffi::OsStr, io, path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// Memory that opening a model's headers and tokenizer may take; the largest published tokenizers need a tenth.
const MEMORY_MIB: u64 = 3072;
/// Processor time that looking at a model may take.
const INSPECT_SECONDS: u64 = 120;
/// Longest complaint that is read of a program.
const COMPLAINT_BYTES: u64 = 4096;

/// Why the trainer did not answer.
#[derive(Debug, thiserror::Error)]
pub enum TrainerError {
    /// Something is wrong with the model's files, or its limits ended it.
    #[error("{0}")]
    Model(ModelProblem),
    /// The model's tokenizer or chat template refuses a sample.
    #[error("{0}")]
    Sample(String),
    #[error("failed to run the trainer program {program}: {error}")]
    Program { program: String, error: io::Error },
}

/// A command that starts the trainer with none of the server's secrets.
pub fn command(config: &Config) -> Command {
    let mut command = Command::new(&config.trainer);
    for (key, _) in std::env::vars_os().filter(|(key, _)| is_secret(&key.to_string_lossy())) {
        command.env_remove(key);
    }
    command
}

fn is_secret(key: &str) -> bool {
    key == "DATABASE_URL" || ["LATHE_", "AWS_", "PG"].iter().any(|prefix| key.starts_with(prefix))
}

/// Checks a model's files; its card when a run can start from it.
pub async fn inspect(config: &Config, model: &Path) -> Result<ModelCard, TrainerError> {
    let failed = failure(config);
    let mut command = bounded(config, [OsStr::new("inspect"), model.as_os_str()]);
    command.args(["--max-seconds", &INSPECT_SECONDS.to_string()]).stdin(Stdio::null());
    let output = command.output().await.map_err(&failed)?;
    if !output.status.success() {
        return Err(refusal(output.status.code(), &output.stderr));
    }
    serde_json::from_slice(&output.stdout).map_err(|e| failed(e.into()))
}

/// A trainer that counts tokens for one model. Dropped, it ends.
pub struct TokenCounter {
    program: String,
    child: Child,
    samples: ChildStdin,
    lengths: Lines<BufReader<ChildStdout>>,
}

impl TokenCounter {
    /// Starts it. Whether the model can be read shows at the first count.
    pub fn start(config: &Config, model: &Path) -> Result<Self, TrainerError> {
        let failed = failure(config);
        let mut command = bounded(config, [OsStr::new("count"), OsStr::new("--model"), model.as_os_str()]);
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(&failed)?;
        let (Some(samples), Some(out)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed(io::Error::other("it has no pipes")));
        };
        let program = config.trainer.display().to_string();
        Ok(Self { program, child, samples, lengths: BufReader::new(out).lines() })
    }

    /// The length of each sample, a few hundred at a time at most: answers wait in a pipe until all are asked.
    pub async fn count(&mut self, samples: &[Sample]) -> Result<Vec<u32>, TrainerError> {
        match self.ask(samples).await {
            Ok(Some(lengths)) => Ok(lengths),
            // It has ended, and has said why.
            Ok(None) | Err(_) => Err(self.last_words().await),
        }
    }

    async fn ask(&mut self, samples: &[Sample]) -> io::Result<Option<Vec<u32>>> {
        let mut lines = Vec::new();
        for sample in samples {
            serde_json::to_writer(&mut lines, sample)?;
            lines.push(b'\n');
        }
        self.samples.write_all(&lines).await?;
        self.samples.flush().await?;
        let mut lengths = Vec::with_capacity(samples.len());
        while lengths.len() < samples.len() {
            let Some(line) = self.lengths.next_line().await? else { return Ok(None) };
            lengths.push(line.parse().map_err(io::Error::other)?);
        }
        Ok(Some(lengths))
    }

    async fn last_words(&mut self) -> TrainerError {
        let failed = |error| TrainerError::Program { program: self.program.clone(), error };
        let mut complaint = Vec::new();
        if let Some(stderr) = &mut self.child.stderr
            && let Err(error) = stderr.take(COMPLAINT_BYTES).read_to_end(&mut complaint).await
        {
            return failed(error);
        }
        match self.child.wait().await {
            Ok(status) => refusal(status.code(), &complaint),
            Err(error) => failed(error),
        }
    }
}

/// A command with a memory limit, that ends with whoever waits for it.
fn bounded<'a>(config: &Config, arguments: impl IntoIterator<Item = &'a OsStr>) -> Command {
    let mut command = command(config);
    command.args(arguments).args(["--json-errors", "--max-memory-mib", &MEMORY_MIB.to_string()]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

fn failure(config: &Config) -> impl Fn(io::Error) -> TrainerError {
    let program = config.trainer.display().to_string();
    move |error| TrainerError::Program { program: program.clone(), error }
}

/// What an exit status and a complaint mean: a line of JSON is about the model, other words are about a sample.
/// No status: a signal, which its limits send.
fn refusal(status: Option<i32>, complaint: &[u8]) -> TrainerError {
    if status.is_none() {
        return TrainerError::Model(ModelProblem::TooMuch { mib: MEMORY_MIB, seconds: INSPECT_SECONDS });
    }
    let text = String::from_utf8_lossy(complaint);
    match text.lines().find_map(|line| serde_json::from_str(line).ok()) {
        Some(problem) => TrainerError::Model(problem),
        None => TrainerError::Sample(text.trim().trim_start_matches("error: ").to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_is_a_refusal_and_a_signal_a_limit() {
        let refused =
            refusal(Some(1), b"{\"code\":\"missing_file\",\"file\":\"config.json\"}\nerror: x has no config.json\n");
        assert!(matches!(&refused, TrainerError::Model(ModelProblem::MissingFile { file }) if file == "config.json"));
        let sample = refusal(Some(1), b"error: standard input, line 1: no template\n");
        assert!(matches!(&sample, TrainerError::Sample(words) if words == "standard input, line 1: no template"));
        let ended = refusal(None, b"memory allocation failed");
        assert!(matches!(ended, TrainerError::Model(ModelProblem::TooMuch { .. })));
    }

    #[test]
    fn secrets_stay_here() {
        assert!(is_secret("DATABASE_URL") && is_secret("AWS_SECRET_ACCESS_KEY") && is_secret("PGPASSWORD"));
        assert!(!is_secret("PATH") && !is_secret("CUDA_VISIBLE_DEVICES"));
    }
}
