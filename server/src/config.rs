//! The server's settings: built-in defaults, then one TOML file, then the environment, each
//! overriding the one before. `lathe.example.toml` documents every key.

mod endpoints;

pub use endpoints::Endpoint;

use crate::fetch::allowed::AllowedHost;
use domain::judge::identity::AskedEndpoint;
use serde::Deserialize;
use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
};
use url::Url;

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// Somebody else's Postgres.
    Url(String),
    /// A private cluster that the server starts and stops.
    Embedded,
}

/// One place where a run can train.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot(pub String);

/// Everything the server can be told. Paths are absolute.
#[derive(Clone, Debug)]
pub struct Config {
    pub database: Database,
    pub listen: SocketAddr,
    pub data: PathBuf,
    /// Address under which users reach the server, without a trailing slash.
    pub public_url: Url,
    pub artifact_url: Url,
    pub workers: Vec<Slot>,
    pub trainer: PathBuf,
    /// Built browser files: `pkg/`, `hash.txt`, public files.
    pub site: PathBuf,
    /// Folders from which models may be registered by path.
    pub model_paths: Vec<PathBuf>,
    pub pypi_url: Url,
    pub hub_url: Url,
    pub max_upload_bytes: u64,
    /// Hosts from which data may be fetched.
    pub import_hosts: Vec<AllowedHost>,
    /// Services that write texts for augmentation.
    pub endpoints: Vec<Endpoint>,
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("failed to read the settings file {path}: {error}")]
    Read { path: PathBuf, error: std::io::Error },
    #[error("failed to understand the settings file {path}: {error}")]
    Syntax { path: PathBuf, error: toml::de::Error },
    #[error("failed to use {key} = {value:?}: {problem}")]
    Value { key: &'static str, value: String, problem: String },
    #[error("failed to find the current directory: {0}")]
    CurrentDir(std::io::Error),
}

/// The TOML file. Unknown keys are refused with their line.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    database_url: Option<String>,
    listen: Option<String>,
    data: Option<String>,
    public_url: Option<String>,
    artifact_url: Option<String>,
    workers: Option<Vec<String>>,
    trainer: Option<String>,
    site: Option<String>,
    model_paths: Option<Vec<String>>,
    pypi_url: Option<String>,
    hub_url: Option<String>,
    max_upload_bytes: Option<u64>,
    import_hosts: Option<Vec<String>>,
    endpoints: Option<Vec<endpoints::EndpointSettings>>,
    log_format: Option<LogFormat>,
}

impl Config {
    /// The endpoints as judges are asked through them.
    #[must_use]
    pub fn asked_endpoints(&self) -> Vec<AskedEndpoint> {
        self.endpoints.iter().map(Endpoint::asked).collect()
    }

    /// Reads `file` (or `./lathe.toml` if it exists), then the process environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let default = Path::new("lathe.toml");
        let settings = match file {
            Some(path) => Settings::read(path)?,
            None if default.exists() => Settings::read(default)?,
            None => Settings::default(),
        };
        settings.overridden_by(|key| std::env::var(key).ok().filter(|v| !v.is_empty()))?.resolve()
    }

    /// Whether users come over TLS, so that cookies may be marked `Secure`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The public address without a trailing slash.
    #[must_use]
    pub fn public_address(&self) -> &str {
        self.public_url.as_str().trim_end_matches('/')
    }
}

impl Settings {
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Read { path: path.to_owned(), error })?;
        toml::from_str(&text).map_err(|error| ConfigError::Syntax { path: path.to_owned(), error })
    }

    /// Replaces what `variable` knows. Lists are separated by commas.
    fn overridden_by(mut self, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let list = |text: String| text.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect();
        let replace = |field: &mut Option<String>, key| {
            if let Some(value) = variable(key) {
                *field = Some(value);
            }
        };
        replace(&mut self.database_url, "DATABASE_URL");
        replace(&mut self.listen, "LATHE_LISTEN");
        replace(&mut self.data, "LATHE_DATA");
        replace(&mut self.public_url, "LATHE_PUBLIC_URL");
        replace(&mut self.artifact_url, "LATHE_ARTIFACT_URL");
        replace(&mut self.trainer, "LATHE_TRAINER");
        replace(&mut self.site, "LATHE_SITE");
        replace(&mut self.pypi_url, "LATHE_PYPI_URL");
        replace(&mut self.hub_url, "LATHE_HUB_URL");
        self.workers = variable("LATHE_WORKERS").map(list).or(self.workers);
        self.import_hosts = variable("LATHE_IMPORT_HOSTS").map(list).or(self.import_hosts);
        self.model_paths = variable("LATHE_MODEL_PATHS").map(list).or(self.model_paths);
        if let Some(value) = variable("LATHE_MAX_UPLOAD_BYTES") {
            let bytes = value
                .parse()
                .map_err(|e| wrong("LATHE_MAX_UPLOAD_BYTES", &value, format!("not a number of bytes: {e}")))?;
            self.max_upload_bytes = Some(bytes);
        }
        if let Some(value) = variable("LATHE_LOG_FORMAT") {
            self.log_format = Some(match value.as_str() {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => return Err(wrong("LATHE_LOG_FORMAT", &value, "expected text or json")),
            });
        }
        Ok(self)
    }

    fn resolve(self) -> Result<Config, ConfigError> {
        let here = std::env::current_dir().map_err(ConfigError::CurrentDir)?;
        let absolute = |text: &str| here.join(text);
        let data = absolute(self.data.as_deref().unwrap_or("data"));
        let listen_text = self.listen.as_deref().unwrap_or("127.0.0.1:3000");
        let listen = parse_listen(listen_text)?;
        let public_url = match &self.public_url {
            Some(text) => parse_http_url("public_url", text)?,
            None => parse_http_url("public_url", &format!("http://{listen}"))?,
        };
        Ok(Config {
            database: match self.database_url {
                Some(url) => Database::Url(check_database_url(url)?),
                None => Database::Embedded,
            },
            listen,
            public_url,
            artifact_url: artifact_url(self.artifact_url.as_deref(), &data)?,
            workers: parse_slots(self.workers)?,
            trainer: self.trainer.as_deref().map_or_else(default_trainer, absolute),
            site: self.site.as_deref().map_or_else(|| default_site(&here), absolute),
            model_paths: match self.model_paths {
                Some(paths) => paths.iter().map(|p| absolute(p)).collect(),
                None => vec![data.join("models-inbox")],
            },
            pypi_url: parse_http_url("pypi_url", self.pypi_url.as_deref().unwrap_or("https://pypi.org"))?,
            hub_url: parse_http_url("hub_url", self.hub_url.as_deref().unwrap_or("https://huggingface.co"))?,
            import_hosts: import_hosts(self.import_hosts)?,
            endpoints: endpoints::endpoints(self.endpoints.unwrap_or_default(), |key| {
                std::env::var(key).ok().filter(|v| !v.is_empty())
            })?,
            max_upload_bytes: self.max_upload_bytes.unwrap_or(4 << 30),
            log_format: self.log_format.unwrap_or_default(),
            data,
        })
    }
}

fn wrong(key: &'static str, value: &str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Value { key, value: value.to_owned(), problem: problem.into() }
}

/// The hosts named, or those of the Hugging Face Hub. `none` names none.
fn import_hosts(words: Option<Vec<String>>) -> Result<Vec<AllowedHost>, ConfigError> {
    let words = words.unwrap_or_else(|| ["huggingface.co", "*.huggingface.co", "*.hf.co"].map(str::to_owned).to_vec());
    let parse = |word: &String| {
        let expected = "expected none, HOST, HOST:PORT, *.DOMAIN, or one of these behind private:";
        AllowedHost::parse(word).ok_or_else(|| wrong("import_hosts", word, expected))
    };
    words.iter().filter(|word| *word != "none").map(parse).collect()
}

fn parse_listen(text: &str) -> Result<SocketAddr, ConfigError> {
    let mut found = text.to_socket_addrs().map_err(|e| wrong("listen", text, format!("expected HOST:PORT ({e})")))?;
    found.next().ok_or_else(|| wrong("listen", text, "the host has no address"))
}

fn parse_http_url(key: &'static str, text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).map_err(|e| wrong(key, text, e.to_string()))?;
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
        return Err(wrong(key, text, "expected an address that begins with http:// or https://"));
    }
    Ok(url)
}

fn check_database_url(text: String) -> Result<String, ConfigError> {
    match Url::parse(&text) {
        Ok(url) if ["postgres", "postgresql"].contains(&url.scheme()) => Ok(text),
        Ok(_) => Err(wrong("database_url", &redact(&text), "expected postgres://USER:PASSWORD@HOST/DATABASE")),
        Err(e) => Err(wrong("database_url", &redact(&text), e.to_string())),
    }
}

/// The URL without what may be a password.
fn redact(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(start), Some(at)) if start + 3 < at => format!("{}…{}", &url[..start + 3], &url[at..]),
        _ => url.to_owned(),
    }
}

fn artifact_url(text: Option<&str>, data: &Path) -> Result<Url, ConfigError> {
    let Some(text) = text else {
        let folder = data.join("artifacts");
        return Url::from_directory_path(&folder)
            .map_err(|()| wrong("artifact_url", &folder.to_string_lossy(), "not an absolute path"));
    };
    let url = Url::parse(text).map_err(|e| wrong("artifact_url", text, e.to_string()))?;
    match url.scheme() {
        "file" if url.to_file_path().is_ok() => Ok(url),
        "s3" if url.host_str().is_some() => Ok(url),
        _ => Err(wrong("artifact_url", text, "expected file:///FOLDER or s3://BUCKET/PREFIX")),
    }
}

fn parse_slots(words: Option<Vec<String>>) -> Result<Vec<Slot>, ConfigError> {
    let words = words.unwrap_or_else(|| vec!["cpu".to_owned()]);
    words
        .into_iter()
        .map(|word| if word == "none" { Ok(None) } else { parse_slot(&word).map(Some) })
        .filter_map(Result::transpose)
        .collect()
}

/// Reads `cpu`, `metal` or `cuda:N`, or several with `+`: the processes of one run.
pub fn parse_slot(word: &str) -> Result<Slot, ConfigError> {
    let known = |device: &str| {
        device == "cpu" || device == "metal" || device.strip_prefix("cuda:").is_some_and(|n| n.parse::<u8>().is_ok())
    };
    if word.split('+').all(known) {
        Ok(Slot(word.to_owned()))
    } else {
        Err(wrong(
            "workers",
            word,
            "expected none, cpu, metal or cuda:N, or several devices for one run: cuda:0+cuda:1",
        ))
    }
}

/// The folder of this program.
fn program_folder() -> PathBuf {
    std::env::current_exe().ok().and_then(|p| p.parent().map(Path::to_owned)).unwrap_or_default()
}

fn default_trainer() -> PathBuf {
    program_folder().join(format!("trainer{}", std::env::consts::EXE_SUFFIX))
}

/// `site` beside the program (an installation), else beside the build profile's folder.
fn default_site(here: &Path) -> PathBuf {
    let program = program_folder();
    [program.join("site"), program.join("../site"), here.join("target/site")]
        .into_iter()
        .find(|p| p.join("pkg").is_dir())
        .unwrap_or_else(|| here.join("target/site"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_example_file_is_the_defaults() {
        let text = include_str!("../../lathe.example.toml");
        let on: String = text.lines().filter_map(|l| l.strip_prefix("#: ")).map(|l| format!("{l}\n")).collect();
        let example = toml::from_str::<Settings>(&on).unwrap();
        assert_eq!(example.listen.as_deref(), Some("127.0.0.1:3000"));
        assert_eq!(example.max_upload_bytes, Settings::default().resolve().ok().map(|c| c.max_upload_bytes));
    }

    #[test]
    fn the_environment_wins() {
        let file: Settings = toml::from_str("listen = \"127.0.0.1:1\"\nworkers = [\"cpu\"]").unwrap();
        let env = |key: &str| (key == "LATHE_WORKERS").then(|| "cuda:0, cuda:1".to_owned());
        let config = file.overridden_by(env).unwrap().resolve().unwrap();
        assert_eq!(config.listen.port(), 1);
        assert_eq!(config.workers, [Slot("cuda:0".to_owned()), Slot("cuda:1".to_owned())]);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = toml::from_str::<Settings>("data = \"x\"\nlisten_on = \"y\"").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("listen_on"), "{error}");
    }

    #[test]
    fn wrong_values_are_named() {
        let text = |toml: &str| toml::from_str::<Settings>(toml).unwrap().resolve().unwrap_err().to_string();
        assert!(text("listen = \"nonsense\"").contains("listen"));
        assert!(text("public_url = \"ftp://x\"").contains("http://"));
        assert!(text("workers = [\"gpu\"]").contains("cuda:N"));
        assert!(text("workers = [\"cuda:0+\"]").contains("cuda:0+cuda:1"));
        assert!(parse_slot("cuda:0+cuda:1").is_ok() && parse_slot("cpu+cpu").is_ok());
        assert!(text("import_hosts = [\"https://x.org\"]").contains("*.DOMAIN"));
        assert!(text("artifact_url = \"gs://b\"").contains("s3://"));
        let password = text("database_url = \"mysql://me:secret@host/db\"");
        assert!(!password.contains("secret"), "{password}");
    }
}
