//! The trainer program: how it is started, and short questions that it answers about a model.
//!
//! The server never opens a model's files itself. They are hostile input, chat templates are
//! programs, and what a template or a tokenizer makes of memory must end a process of its own.

use crate::{config::Config, worker::memory};
use domain::{
    brief::{brief_of, map_texts},
    event::{Event, Phase},
    model::{ModelCard, ModelProblem},
    sample::Sample,
    task_file::TaskFile,
};
use serde::de::DeserializeOwned;
use std::{ffi::OsStr, io, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
};

/// Memory that opening a model's headers and tokenizer may take; the largest published tokenizers need a tenth.
const MEMORY_MIB: u64 = 3072;
/// Processor time that looking at a model may take.
const INSPECT_SECONDS: u64 = 120;
/// Longest card that is read of a program.
const CARD_BYTES: u64 = 16 << 20;
/// Longest complaint that is read of a program.
const COMPLAINT_BYTES: u64 = 64 << 10;
/// Longest part of a complaint that is passed on, in characters.
const DETAIL: usize = 300;
/// Longest line that holds the length of a sample.
const LENGTH_BYTES: u64 = 32;
/// How long a program that has stopped answering may take to end.
const LAST_WORDS: Duration = Duration::from_secs(10);

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
    let is_key = |key: &str| config.endpoints.iter().any(|e| e.key_variable.as_deref() == Some(key));
    for (key, _) in
        std::env::vars_os().filter(|(key, _)| is_secret(&key.to_string_lossy()) || is_key(&key.to_string_lossy()))
    {
        command.env_remove(key);
    }
    command
}

fn is_secret(key: &str) -> bool {
    key == "DATABASE_URL" || ["LATHE_", "AWS_", "PG"].iter().any(|prefix| key.starts_with(prefix))
}

/// Checks a model's files; its card when a run can start from it.
pub async fn inspect(config: &Config, model: &Path) -> Result<ModelCard, TrainerError> {
    answered(config, [OsStr::new("inspect"), model.as_os_str()]).await
}

/// Has the samples of a task file and its data written to `out`; what the task says.
pub async fn render_task(config: &Config, task: &Path, data: &Path, out: &Path) -> Result<TaskFile, TrainerError> {
    let [data_flag, out_flag] = ["--data", "--out"].map(OsStr::new);
    let arguments = [OsStr::new("task"), task.as_os_str(), data_flag, data.as_os_str(), out_flag, out.as_os_str()];
    answered(config, arguments).await
}

/// Whether the trainer can keep a program that nobody has read within walls on this machine, and these samples have tests that it
/// can run; why not, where it cannot.
pub async fn can_run_programs(config: &Config, samples: &Path) -> Result<(), TrainerError> {
    let [command, walls, flag] = ["code-check", "--only-walls", "--samples"].map(OsStr::new);
    let _: serde::de::IgnoredAny = answered(config, [command, walls, flag, samples.as_os_str()]).await?;
    Ok(())
}

/// What a short command prints.
async fn answered<'a, T: DeserializeOwned>(
    config: &Config,
    arguments: impl IntoIterator<Item = &'a OsStr>,
) -> Result<T, TrainerError> {
    let failed = failure(config);
    let mut command = bounded(config, arguments);
    command.args(["--max-seconds", &INSPECT_SECONDS.to_string()]).stdin(Stdio::null());
    let mut child = command.spawn().map_err(&failed)?;
    let (card, complaint) = (child.stdout.take(), child.stderr.take());
    let (card, complaint) =
        tokio::try_join!(beginning(card, CARD_BYTES), beginning(complaint, COMPLAINT_BYTES)).map_err(&failed)?;
    let status = child.wait().await.map_err(&failed)?;
    if !status.success() {
        return Err(refusal(status.code(), &complaint, Some(INSPECT_SECONDS)));
    }
    serde_json::from_slice(&card).map_err(|e| failed(e.into()))
}

/// The first bytes of what a program says. The rest is read too, so that the program can end, but not kept.
async fn beginning(stream: Option<impl AsyncRead + Unpin>, limit: u64) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    if let Some(mut stream) = stream {
        (&mut stream).take(limit).read_to_end(&mut kept).await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    }
    Ok(kept)
}

/// A trainer that counts tokens for one model. Dropped, it ends.
pub struct TokenCounter {
    program: String,
    child: Child,
    /// Until it is told that there are no more.
    samples: Option<ChildStdin>,
    lengths: BufReader<ChildStdout>,
    complaint: JoinHandle<io::Result<Vec<u8>>>,
}

impl TokenCounter {
    /// Starts it. Whether the model can be read shows at the first count.
    pub fn start(config: &Config, model: &Path) -> Result<Self, TrainerError> {
        let mut command = bounded(config, [OsStr::new("count"), OsStr::new("--model"), model.as_os_str()]);
        command.stdin(Stdio::piped());
        Self::spawn(config.trainer.display().to_string(), command)
    }

    fn spawn(program: String, mut command: Command) -> Result<Self, TrainerError> {
        let failed = |error| TrainerError::Program { program: program.clone(), error };
        let mut child = command.spawn().map_err(failed)?;
        let (Some(samples), Some(out)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed(io::Error::other("it has no pipes")));
        };
        let complaint = tokio::spawn(beginning(child.stderr.take(), COMPLAINT_BYTES));
        Ok(Self { program, child, samples: Some(samples), lengths: BufReader::new(out), complaint })
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
        let Some(input) = &mut self.samples else { return Ok(None) };
        input.write_all(&lines).await?;
        input.flush().await?;
        let mut lengths = Vec::with_capacity(samples.len());
        while lengths.len() < samples.len() {
            let mut line = String::new();
            if (&mut self.lengths).take(LENGTH_BYTES).read_line(&mut line).await? == 0 {
                return Ok(None);
            }
            lengths.push(line.trim_end().parse().map_err(io::Error::other)?);
        }
        Ok(Some(lengths))
    }

    async fn last_words(&mut self) -> TrainerError {
        let failed = |error| TrainerError::Program { program: self.program.clone(), error };
        self.samples = None;
        let Ok(status) = tokio::time::timeout(LAST_WORDS, self.child.wait()).await else {
            // It will not end by itself, so its status would say nothing.
            return failed(self.child.start_kill().err().unwrap_or_else(|| io::Error::other("it answered nonsense")));
        };
        let complaint = (&mut self.complaint).await.map_err(io::Error::other).flatten();
        match status.and_then(|status| Ok((status, complaint?))) {
            Ok((status, complaint)) => refusal(status.code(), &complaint, None),
            Err(error) => failed(error),
        }
    }
}

/// Samples of a file to be scored.
#[derive(Clone, Copy, Debug)]
pub struct ScoreFile<'a> {
    pub model: &'a Path,
    pub adapter: Option<&'a Path>,
    /// JSON lines.
    pub samples: &'a Path,
    /// Is there when all is done.
    pub out: &'a Path,
    pub embed: bool,
}

/// Samples of a file that a model is evaluated on.
#[derive(Clone, Copy, Debug)]
pub struct EvalFile<'a> {
    pub model: &'a Path,
    pub adapter: Option<&'a Path>,
    /// JSON lines.
    pub samples: &'a Path,
    /// The same, with every label of the closed set.
    pub labels: Option<&'a Path>,
    /// The [`TaskFile`] that the samples were made of: where answers end, and what is taken of them.
    pub task: Option<&'a Path>,
    /// Folder for predictions.jsonl, metrics.json and timing.json.
    pub out: &'a Path,
    pub max_new_tokens: u32,
    /// Without the chat template.
    pub plain: bool,
}

impl EvalFile<'_> {
    /// Has it done on the CPU, within the memory that is left.
    pub fn start(&self, config: &Config) -> Result<Scoring, TrainerError> {
        let mut command = command(config);
        command.arg("eval").arg("--model").arg(self.model).arg("--test").arg(self.samples).arg("--out").arg(self.out);
        command.args(["--timed", "--events", "-", "--max-new-tokens", &self.max_new_tokens.to_string()]);
        if let Some(labels) = self.labels {
            command.arg("--labels-from").arg(labels);
        }
        if let Some(task) = self.task {
            command.arg("--task").arg(task);
        }
        if self.plain {
            command.arg("--plain");
        }
        if let Some(adapter) = self.adapter {
            command.arg("--adapter").arg(adapter);
        }
        Scoring::start(config, command)
    }
}

/// Programs that a model wrote, each to be run against its sample's tests.
#[derive(Clone, Copy, Debug)]
pub struct CodeFile<'a> {
    /// JSON lines.
    pub samples: &'a Path,
    /// Predictions as JSON lines.
    pub answers: &'a Path,
    /// Is there when all is done: what became of each.
    pub out: &'a Path,
}

impl CodeFile<'_> {
    /// Has them run.
    pub fn start(&self, config: &Config) -> Result<Scoring, TrainerError> {
        let mut command = command(config);
        command.arg("code-check").arg("--samples").arg(self.samples).arg("--answers").arg(self.answers);
        command.arg("--out").arg(self.out).args(["--events", "-"]);
        Scoring::start(config, command)
    }
}

/// A trainer that scores or evaluates a file, or runs its programs. Dropped, it ends.
pub struct Scoring {
    program: String,
    child: Child,
    events: Lines<BufReader<ChildStdout>>,
    complaint: JoinHandle<io::Result<Vec<u8>>>,
    memory_mib: u64,
}

impl Scoring {
    /// Starts a command that tells its progress on standard output, within the memory that is left.
    fn start(config: &Config, mut command: Command) -> Result<Self, TrainerError> {
        let program = config.trainer.display().to_string();
        let failed = |error| TrainerError::Program { program: program.clone(), error };
        let memory_mib = memory::available_bytes().map_or(MEMORY_MIB, |bytes| bytes >> 20).max(MEMORY_MIB);
        command.args(["--json-errors", "--max-memory-mib", &memory_mib.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(failed)?;
        let events = child.stdout.take().ok_or_else(|| failed(io::Error::other("it has no pipe")))?;
        let complaint = tokio::spawn(beginning(child.stderr.take(), COMPLAINT_BYTES));
        Ok(Self { events: BufReader::new(events).lines(), program, child, complaint, memory_mib })
    }

    /// How many lines are done, and their number; `None` when all is done.
    pub async fn next(&mut self) -> Result<Option<(u64, u64)>, TrainerError> {
        let failed = |error| TrainerError::Program { program: self.program.clone(), error };
        while let Some(line) = self.events.next_line().await.map_err(failed)? {
            if let Ok(Event::Phase { phase: Phase::Scoring, done, total, .. }) = serde_json::from_str(&line) {
                return Ok(Some((done.into(), total.into())));
            }
        }
        let status = self.child.wait().await.map_err(failed)?;
        let complaint = (&mut self.complaint).await.map_err(io::Error::other).flatten().map_err(failed)?;
        match status.code() {
            Some(0) => Ok(None),
            None => Err(TrainerError::Model(ModelProblem::TooMuch { mib: self.memory_mib, seconds: None })),
            code => Err(refusal(code, &complaint, None)),
        }
    }
}

impl ScoreFile<'_> {
    /// Has it done on the CPU, within the memory that is left.
    pub fn start(&self, config: &Config) -> Result<Scoring, TrainerError> {
        let mut command = command(config);
        command.arg("score").args([self.model, self.samples]).arg("--out").arg(self.out).args(["--events", "-"]);
        if let Some(adapter) = self.adapter {
            command.arg("--adapter").arg(adapter);
        }
        if self.embed {
            command.arg("--embed");
        }
        Scoring::start(config, command)
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
fn refusal(status: Option<i32>, complaint: &[u8], seconds: Option<u64>) -> TrainerError {
    if status.is_none() {
        return TrainerError::Model(ModelProblem::TooMuch { mib: MEMORY_MIB, seconds });
    }
    let text = String::from_utf8_lossy(complaint);
    // Texts of a problem quote files and libraries.
    let short = |text: String| brief_of(&text, DETAIL);
    let problem = |line| serde_json::from_value(map_texts(serde_json::from_str(line).ok()?, &short)).ok();
    match text.lines().find_map(problem) {
        Some(problem) => TrainerError::Model(problem),
        None => TrainerError::Sample(brief_of(text.trim().trim_start_matches("error: "), DETAIL)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_exit_is_a_refusal_and_a_signal_a_limit() {
        let refused = refusal(
            Some(1),
            b"{\"code\":\"missing_file\",\"file\":\"config.json\"}\nerror: x has no config.json\n",
            None,
        );
        assert!(matches!(&refused, TrainerError::Model(ModelProblem::MissingFile { file }) if file == "config.json"));
        let sample = refusal(Some(1), b"error: standard input, line 1: no template\n", None);
        assert!(matches!(&sample, TrainerError::Sample(words) if words == "standard input, line 1: no template"));
        let ended = refusal(None, b"memory allocation failed", None);
        assert!(matches!(ended, TrainerError::Model(ModelProblem::TooMuch { seconds: None, .. })));
        let long = format!("{{\"code\":\"missing_file\",\"file\":\"{}\"}}", "x".repeat(1000));
        let long = refusal(Some(1), long.as_bytes(), None);
        assert!(
            matches!(&long, TrainerError::Model(ModelProblem::MissingFile { file }) if file.len() < 310),
            "{long:?}"
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_that_complains_at_length_hangs_nobody() {
        let mut command = Command::new("sh");
        command.args(["-c", "head -c 300000 /dev/zero | tr '\\0' x >&2; exit 1"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut counter = TokenCounter::spawn("sh".to_owned(), command).unwrap();
        let sample = Sample {
            messages: Vec::new(),
            label: None,
            rejected: None,
            slices: std::collections::BTreeMap::new(),
            ..Sample::default()
        };
        let counted = tokio::time::timeout(Duration::from_secs(30), counter.count(&[sample])).await.unwrap();
        let Err(TrainerError::Sample(words)) = counted else { panic!("{counted:?}") };
        assert_eq!(words.chars().count(), DETAIL + 1);
    }

    #[test]
    fn secrets_stay_here() {
        assert!(is_secret("DATABASE_URL") && is_secret("AWS_SECRET_ACCESS_KEY") && is_secret("PGPASSWORD"));
        assert!(!is_secret("PATH") && !is_secret("CUDA_VISIBLE_DEVICES"));
    }
}
