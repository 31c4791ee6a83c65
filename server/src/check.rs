//! `server check`: what is wrong with the settings or the machine, in words, before anything starts.

use crate::{
    config::{Config, Database},
    data_folder::{self, DataFolderError},
    postgres,
};
use std::path::Path;

/// One thing looked at.
struct Finding {
    what: String,
    /// `Err` says what is wrong and what to do.
    result: Result<String, String>,
}

/// Prints every finding; an error when something is wrong.
pub async fn run(config: &Config) -> anyhow::Result<()> {
    let running = matches!(data_folder::take(&config.data), Err(DataFolderError::Taken(_)));
    let mut findings = vec![data(config, running), listen(config, running).await, database(config, running).await];
    findings.extend([artifacts(config), trainer(config), site(config)]);
    let mut wrong = 0;
    for Finding { what, result } in &findings {
        match result {
            Ok(text) => println!("ok     {what}: {text}"),
            Err(text) => println!("WRONG  {what}: {text}"),
        }
        wrong += usize::from(result.is_err());
    }
    match wrong {
        0 => Ok(()),
        1 => anyhow::bail!("1 thing is wrong"),
        n => anyhow::bail!("{n} things are wrong"),
    }
}

fn data(config: &Config, running: bool) -> Finding {
    let what = format!("data folder {}", config.data.display());
    let result = if running {
        Ok("in use by a running server".to_owned())
    } else {
        data_folder::take(&config.data).map(|_| "can be written".to_owned()).map_err(|e| e.to_string())
    };
    Finding { what, result }
}

async fn listen(config: &Config, running: bool) -> Finding {
    let result = match tokio::net::TcpListener::bind(config.listen).await {
        Ok(_) => Ok("free".to_owned()),
        Err(_) if running => Ok("in use, as it should be while the server runs".to_owned()),
        Err(error) => {
            Err(format!("cannot be listened on ({error}): stop the program that uses it, or set LATHE_LISTEN"))
        }
    };
    Finding { what: format!("address {}", config.listen), result }
}

async fn database(config: &Config, running: bool) -> Finding {
    let (what, result) = match &config.database {
        Database::Url(_) => ("database of DATABASE_URL".to_owned(), reach(config).await),
        Database::Embedded if running => ("embedded Postgres".to_owned(), reach(config).await),
        Database::Embedded => {
            let found = postgres::available();
            let versions: Vec<_> = found.iter().map(|p| format!("{} in {}", p.major, p.folder.display())).collect();
            let result = match versions.as_slice() {
                [] => Err(postgres::PostgresError::NotInstalled.to_string()),
                some => Ok(format!("found version {}", some.join(", "))),
            };
            ("embedded Postgres".to_owned(), result)
        }
    };
    Finding { what, result }
}

async fn reach(config: &Config) -> Result<String, String> {
    match postgres::open(config).await {
        Ok(open) => {
            open.close().await;
            Ok("answers".to_owned())
        }
        Err(error) => Err(format!("{error}; check the address, user, password and that the server runs")),
    }
}

fn artifacts(config: &Config) -> Finding {
    let result = match config.artifact_url.to_file_path() {
        Ok(folder) => std::fs::create_dir_all(&folder)
            .and_then(|()| tempfile::tempfile_in(&folder))
            .map(|_| "can be written".to_owned())
            .map_err(|e| format!("cannot be written: {e}")),
        Err(()) => Ok("a bucket; it is reached on first use".to_owned()),
    };
    Finding { what: format!("artifacts {}", config.artifact_url), result }
}

fn trainer(config: &Config) -> Finding {
    let what = format!("trainer {}", config.trainer.display());
    if config.workers.is_empty() {
        return Finding { what, result: Ok("not needed: no worker slots here".to_owned()) };
    }
    let result = match std::process::Command::new(&config.trainer).arg("--version").output() {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        Ok(output) => Err(format!("does not run: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!(
            "cannot be started ({error}): build it with `cargo build --release -p trainer`, or set LATHE_TRAINER"
        )),
    };
    Finding { what, result }
}

fn site(config: &Config) -> Finding {
    let built = |name: &Path| config.site.join(name).exists();
    let result = if built(Path::new("hash.txt")) || built(Path::new("pkg/css.css")) {
        Ok("built".to_owned())
    } else {
        Err("is not built: run `make site`, or set LATHE_SITE".to_owned())
    };
    Finding { what: format!("browser files {}", config.site.display()), result }
}
