//! The command line.

mod data;

use crate::{
    check,
    config::{Config, ConfigError, Slot, parse_slot},
    postgres, serve,
};
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Lathe: turns an open base model into a fine-tuned one.
///
/// Without a command it serves the web application. Settings come from lathe.toml (see
/// lathe.example.toml) and the environment: DATABASE_URL, LATHE_LISTEN, LATHE_DATA, LATHE_PUBLIC_URL,
/// LATHE_ARTIFACT_URL, LATHE_WORKERS, LATHE_TRAINER, LATHE_SITE, LATHE_MODEL_PATHS, LATHE_MAX_UPLOAD_BYTES, LATHE_IMPORT_HOSTS,
/// LATHE_PYPI_URL, LATHE_HUB_URL, LATHE_LOG_FORMAT.
#[derive(Debug, Parser)]
#[command(version, verbatim_doc_comment)]
pub struct Cli {
    /// Settings file; ./lathe.toml is read if it exists.
    #[arg(long, env = "LATHE_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the web application (the default).
    Serve,
    /// Say in words what is wrong with the settings and the machine.
    Check,
    /// Print a new one-time set-up link; older ones stop working.
    SetupLink,
    /// Clean data files with data recipes, without database or web application.
    Data {
        #[command(subcommand)]
        command: data::DataCommand,
    },
    /// Train queued runs on this machine's devices, without the web application. Needs DATABASE_URL.
    Work {
        /// Device slot: cpu, metal or cuda:N. Repeat it for several; left out: the settings' slots.
        #[arg(long = "device", value_parser = slot)]
        devices: Vec<Slot>,
    },
}

fn slot(word: &str) -> Result<Slot, ConfigError> {
    parse_slot(word)
}

impl Cli {
    /// Runs the command; an error is for the person at the terminal.
    pub async fn run(self) -> anyhow::Result<()> {
        let config = Config::load(self.config.as_deref())?;
        crate::log::init(config.log_format);
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::serve(config).await,
            Command::Check => check::run(&config).await,
            Command::SetupLink => print_setup_link(&config).await,
            Command::Data { command } => command.run(),
            Command::Work { devices } => serve::work(config, devices).await,
        }
    }
}

async fn print_setup_link(config: &Config) -> anyhow::Result<()> {
    let database = postgres::open(config).await?;
    let link = serve::setup_link(&database.pool, config).await;
    database.close().await;
    match link? {
        Some(link) => println!("{link}"),
        None => println!("there is an administrator already: sign in at {}", config.public_address()),
    }
    Ok(())
}
