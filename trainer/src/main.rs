//! The `trainer` command: fine-tunes, evaluates and runs language models without a server.

mod cli;

use clap::Parser;
use std::ffi::OsString;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: trainer::ops::allocator::Reporting = trainer::ops::allocator::Reporting;

/// Fine-tune, evaluate and run language models.
#[derive(Debug, clap::Parser)]
#[command(name = "trainer", version, about)]
enum Command {
    Run(cli::run::RunCommand),
    Preflight(cli::preflight::PreflightCommand),
    #[command(hide = true)]
    Follow(cli::follow::Follow),
    Bench(cli::bench::Bench),
    Inspect(cli::inspect::Inspect),
    Count(cli::count::Count),
    Convert(cli::convert::Convert),
    Diff(cli::diff::Diff),
    Merge(cli::merge::Merge),
    Generate(cli::generate::Generate),
    Eval(cli::eval::Eval),
    Score(cli::score::Score),
    Measure(cli::measure::Measure),
    Task(cli::task::Task),
    CodeCheck(cli::code_check::CodeCheck),
    #[command(hide = true)]
    Confined(cli::confined::Confined),
}

/// Stack of the working thread: a backward pass recurses once per operation of the forward pass.
const STACK_BYTES: usize = 256 << 20;

/// What was typed. `score --task` is another name of `measure`: predictions are scored as samples are, and `--task` says that
/// there is no model.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let has_task = arguments.iter().any(|a| a.to_str().is_some_and(|a| a == "--task" || a.starts_with("--task=")));
    if let Some(command) = arguments.get_mut(1).filter(|command| has_task && **command == *"score") {
        *command = "measure".into();
    }
    arguments
}

fn main() -> ExitCode {
    let command = Command::parse_from(arguments());
    let command = match command {
        // By the first thread and before there is another: its limits leave no room for one.
        Command::Confined(c) => return c.run(),
        command => command,
    };
    let work = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(|| match command {
        Command::Run(c) => c.run(),
        Command::Preflight(c) => c.run(),
        Command::Follow(c) => c.run().map(|()| ExitCode::SUCCESS),
        Command::Bench(c) => c.run().map(|()| ExitCode::SUCCESS),
        Command::Inspect(c) => c.run().map(|()| ExitCode::SUCCESS),
        Command::Count(c) => c.run().map(|()| ExitCode::SUCCESS),
        Command::Convert(c) => c.run().map(|()| ExitCode::SUCCESS),
        Command::Diff(c) => c.run(),
        Command::Merge(c) => c.run().map(|()| ExitCode::SUCCESS),
        Command::Generate(c) => c.run().map(|()| ExitCode::SUCCESS),
        Command::Eval(c) => c.run().map(|()| ExitCode::SUCCESS),
        Command::Score(c) => c.run(),
        Command::Measure(c) => c.run().map(|()| ExitCode::SUCCESS),
        Command::Task(c) => c.run().map(|()| ExitCode::SUCCESS),
        Command::CodeCheck(c) => c.run().map(|()| ExitCode::SUCCESS),
        Command::Confined(c) => Ok(c.run()),
    });
    match work.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(code))) => code,
        Ok(Ok(Err(error))) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
        // A panic has already said what happened.
        Ok(Err(_)) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: cannot start a thread: {error}");
            ExitCode::FAILURE
        }
    }
}
