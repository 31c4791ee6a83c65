//! Services that write texts: OpenAI-compatible endpoints that the administrator names. Users choose one by its name; its
//! address and key stay here.

use super::{ConfigError, parse_http_url, wrong};
use domain::judge::identity::AskedEndpoint;
use serde::Deserialize;
use url::Url;

/// Longest name.
const NAME_CHARS: usize = 60;

/// One service.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub name: String,
    /// What `/chat/completions` is appended to.
    pub url: Url,
    pub model: String,
    pub key: Option<String>,
    /// The variable of the environment that the key came from: no program that the server starts gets it.
    pub key_variable: Option<String>,
}

impl Endpoint {
    /// What of it decides what it answers.
    #[must_use]
    pub fn asked(&self) -> AskedEndpoint {
        AskedEndpoint { name: self.name.clone(), url: self.url.to_string(), model: self.model.clone() }
    }
}

/// Nobody logs a key by accident.
impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("name", &self.name).field("model", &self.model).finish_non_exhaustive()
    }
}

/// One `[[endpoints]]` table of the settings file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointSettings {
    name: String,
    url: String,
    model: String,
    /// The variable of the environment that holds the key.
    key_env: Option<String>,
}

/// Reads the tables; `variable` knows the environment.
pub(super) fn endpoints(
    tables: Vec<EndpointSettings>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Endpoint>, ConfigError> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for table in tables {
        let name = table.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_CHARS || endpoints.iter().any(|e| e.name == name) {
            return Err(wrong(
                "endpoints.name",
                &table.name,
                format!("expected a name of its own, 1 to {NAME_CHARS} characters"),
            ));
        }
        let key = match &table.key_env {
            Some(key) => Some(
                variable(key).ok_or_else(|| wrong("endpoints.key_env", key, "the environment has no such variable"))?,
            ),
            None => None,
        };
        let mut url = parse_http_url("endpoints.url", &table.url)?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        endpoints.push(Endpoint { name, url, model: table.model, key, key_variable: table.key_env });
    }
    Ok(endpoints)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn read(toml: &str) -> Result<Vec<Endpoint>, ConfigError> {
        #[derive(Deserialize)]
        struct File {
            endpoints: Vec<EndpointSettings>,
        }
        let file: File = toml::from_str(toml).unwrap();
        endpoints(file.endpoints, |key| (key == "KEY").then(|| "s3cret".to_owned()))
    }

    #[test]
    fn a_key_comes_from_the_environment_and_is_not_shown() {
        let read = read("[[endpoints]]\nname = \"big\"\nurl = \"https://x.org/v1\"\nmodel = \"m\"\nkey_env = \"KEY\"")
            .unwrap();
        assert_eq!(read[0].key.as_deref(), Some("s3cret"));
        assert_eq!(read[0].url.join("chat/completions").unwrap().as_str(), "https://x.org/v1/chat/completions");
        assert!(!format!("{read:?}").contains("s3cret"));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let text = |toml: &str| read(toml).unwrap_err().to_string();
        assert!(
            text("[[endpoints]]\nname = \"a\"\nurl = \"https://x.org\"\nmodel = \"m\"\nkey_env = \"NONE\"")
                .contains("NONE")
        );
        assert!(text("[[endpoints]]\nname = \"a\"\nurl = \"x.org\"\nmodel = \"m\"").contains("url"));
        assert!(text("[[endpoints]]\nname = \" \"\nurl = \"https://x.org\"\nmodel = \"m\"").contains("name"));
    }
}
