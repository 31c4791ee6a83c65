//! The `trainer` command: fine-tunes, evaluates and runs language models without a server.

mod cli;

use clap::Parser;
use std::process::ExitCode;

/// Fine-tune, evaluate and run language models.
#[derive(Debug, clap::Parser)]
#[command(name = "trainer", version, about)]
enum Command {
    Inspect(cli::inspect::Inspect),
    Convert(cli::convert::Convert),
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Inspect(c) => c.run(),
        Command::Convert(c) => c.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
