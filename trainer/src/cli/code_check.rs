//! `trainer code-check`: programs that a model wrote, run against their tests where they can do no harm.

use super::limits::Limits;
use super::model::read_samples;
use super::run::open_pipe;
use anyhow::{Context, Result};
use domain::event::Phase;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use trainer::code_check::{Answer, CheckError, Checked, Problem, check, read_lines, sorted, summary};
use trainer::event::Sink;
use trainer::sandbox::{self, Sandbox};

/// Runs programs against their tests and prints pass@k as JSON. Each is a process without network and with limits.
#[derive(Debug, clap::Args)]
pub(crate) struct CodeCheck {
    /// Problems as HumanEval has them: a JSON object a line with task_id, prompt, entry_point and test.
    #[arg(long, required_unless_present_any = ["samples", "only_walls"], conflicts_with = "samples")]
    problems: Option<PathBuf>,
    /// Samples in their place, as trainer eval takes them: the last turn before the answer is the prompt and the answer is the
    /// tests, as in lm-evaluation-harness's humaneval and mbpp. The field entry_point names the function.
    #[arg(long)]
    samples: Option<PathBuf>,
    /// Answers, one JSON object a line: task_id with completion, or the predictions of `trainer eval`. Several of one problem
    /// are several programs.
    #[arg(long, required_unless_present_any = ["canonical", "only_walls"], conflicts_with = "canonical")]
    answers: Option<PathBuf>,
    /// Try the problems' own solutions instead: shows whether interpreter and tests work here.
    #[arg(long, conflicts_with = "samples")]
    canonical: bool,
    /// Run none, and only find out whether programs can be run here, and whether the samples, if there are any, have tests to run.
    #[arg(long)]
    only_walls: bool,
    /// A file for what became of each problem, one JSON object a line, which `trainer measure --task generation` reads.
    #[arg(long)]
    out: Option<PathBuf>,
    /// The Python interpreter.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// A program may run for so long.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Memory of a program, its interpreter included.
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(64..=1_048_576))]
    memory_mib: u64,
    /// Programs run at the same time [default: one per core].
    #[arg(long)]
    jobs: Option<usize>,
    /// Run without a user and network namespace where the system gives none: the filter of system calls alone then keeps
    /// programs from the network.
    #[arg(long)]
    without_namespace: bool,
    /// Copy events as JSON lines to `-` (standard output) or a named pipe. Then nothing else is printed.
    #[arg(long)]
    events: Option<PathBuf>,
    #[command(flatten)]
    limits: Limits,
}

impl CodeCheck {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        self.limits.apply()?;
        let problems = self.read_problems()?;
        let answers = if self.only_walls { None } else { Some(self.read_answers(&problems)?) };
        let helper = std::env::current_exe().context("cannot find this program")?;
        let limits =
            sandbox::Limits { seconds: self.seconds, memory_mib: self.memory_mib, ..sandbox::Limits::default() };
        let sandbox = Sandbox::new(&helper, &self.python, limits, self.without_namespace)?;
        let Some(answers) = answers else {
            println!("true");
            return Ok(());
        };
        super::use_threads(self.jobs)?;
        let checked = self.check(&sandbox, &problems, &answers)?;
        if let Some(out) = &self.out {
            write(out, &checked)?;
        }
        if self.events.is_none() {
            println!("{}", serde_json::to_string_pretty(&summary(&checked))?);
        }
        Ok(())
    }

    fn read_problems(&self) -> Result<Vec<Problem>> {
        let problems: Result<Vec<Problem>, CheckError> = match (&self.samples, &self.problems) {
            (Some(samples), _) => {
                let samples = read_samples(samples)?;
                samples.iter().enumerate().map(|(place, sample)| Problem::of_sample(place, sample)).collect()
            }
            (None, Some(problems)) => read_lines(problems),
            (None, None) => Ok(Vec::new()),
        };
        Ok(problems?)
    }

    /// The answers to each of the problems.
    fn read_answers(&self, problems: &[Problem]) -> Result<Vec<Vec<String>>> {
        Ok(match &self.answers {
            Some(path) => sorted(problems, read_lines::<Answer>(path)?)?,
            None => problems.iter().map(|problem| vec![problem.canonical_solution.clone()]).collect(),
        })
    }

    fn check(&self, sandbox: &Sandbox, problems: &[Problem], answers: &[Vec<String>]) -> Result<Vec<Checked>> {
        let programs = answers.iter().map(Vec::len).sum::<usize>();
        let bar = indicatif::ProgressBar::new(programs as u64);
        bar.set_style(indicatif::ProgressStyle::with_template("{pos}/{len} programs {wide_bar} {eta} left")?);
        let pipe = self.events.as_deref().map(open_pipe).transpose()?;
        let told = Mutex::new((Sink::piped(pipe, false)?, 0));
        let total = u32::try_from(programs).unwrap_or(u32::MAX);
        let checked: Result<Vec<Checked>, CheckError> = check(sandbox, problems, answers, &|| {
            bar.inc(1);
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            let (sink, done) = &mut *told;
            *done += 1;
            // Nothing is kept of events here, so that no program fails of a lost one.
            let _ = sink.phase(Phase::Scoring, *done, total);
        });
        bar.finish_and_clear();
        Ok(checked?)
    }
}

fn write(path: &Path, checked: &[Checked]) -> Result<()> {
    let fail = || format!("cannot write {}", path.display());
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).with_context(fail)?);
    for one in checked {
        serde_json::to_writer(&mut file, one)?;
        file.write_all(b"\n").with_context(fail)?;
    }
    file.flush().with_context(fail)
}
