//! `trainer code-check`: programs that a model wrote, run against their tests where they can do no harm.

use anyhow::{Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};
use trainer::code_check::{Answer, CheckError, Checked, Problem, check, read_lines, sorted, summary};
use trainer::sandbox::{Limits, Sandbox};

/// Runs programs against their tests and prints pass@k as JSON. Each is a process without network and with limits.
#[derive(Debug, clap::Args)]
pub(crate) struct CodeCheck {
    /// Problems as HumanEval has them: a JSON object a line with task_id, prompt, entry_point and test.
    #[arg(long)]
    problems: PathBuf,
    /// Answers, one JSON object a line: task_id with completion, or the predictions of `trainer eval`. Several of one problem
    /// are several programs.
    #[arg(long, required_unless_present = "canonical", conflicts_with = "canonical")]
    answers: Option<PathBuf>,
    /// Try the problems' own solutions instead: shows whether interpreter and tests work here.
    #[arg(long)]
    canonical: bool,
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
}

impl CodeCheck {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let problems: Vec<Problem> = read_lines(&self.problems)?;
        let answers = match &self.answers {
            Some(path) => sorted(&problems, read_lines::<Answer>(path)?)?,
            None => problems.iter().map(|problem| vec![problem.canonical_solution.clone()]).collect(),
        };
        let helper = std::env::current_exe().context("cannot find this program")?;
        let limits = Limits { seconds: self.seconds, memory_mib: self.memory_mib, ..Limits::default() };
        let sandbox = Sandbox::new(&helper, &self.python, limits, self.without_namespace)?;
        super::use_threads(self.jobs)?;
        let bar = indicatif::ProgressBar::new(answers.iter().map(Vec::len).sum::<usize>() as u64);
        bar.set_style(indicatif::ProgressStyle::with_template("{pos}/{len} programs {wide_bar} {eta} left")?);
        let checked: Result<Vec<Checked>, CheckError> = check(&sandbox, &problems, &answers, &|| bar.inc(1));
        bar.finish_and_clear();
        let checked = checked?;
        if let Some(out) = &self.out {
            write(out, &checked)?;
        }
        println!("{}", serde_json::to_string_pretty(&summary(&checked))?);
        Ok(())
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
