//! LLaMA-Factory's `dataset_info.json`: which files of a folder are datasets, and what their fields are.
//!
//! `{"name": {"file_name": …, "formatting": "alpaca" | "sharegpt", "ranking": false, "columns": {…}, "tags": {…}}}`; what
//! is absent has the defaults of that project's data/README.md.

use domain::brief::brief;
use domain::dataset::{Mapping, TurnWords};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Name of the file.
pub(super) const FILE_NAME: &str = "dataset_info.json";

/// The mapping of each file, by its path beside the description.
#[derive(Debug)]
pub(super) struct DatasetInfo(BTreeMap<String, Mapping>);

#[derive(Deserialize)]
struct Entry {
    file_name: Option<String>,
    #[serde(default)]
    formatting: Option<String>,
    #[serde(default)]
    ranking: bool,
    #[serde(default)]
    columns: BTreeMap<String, Option<String>>,
    #[serde(default)]
    tags: BTreeMap<String, Option<String>>,
}

impl DatasetInfo {
    /// Reads the description; the error says what is wrong, shortly.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let entries: BTreeMap<String, Entry> = serde_json::from_slice(text).map_err(|e| brief(&e.to_string()))?;
        let mut mappings = BTreeMap::new();
        for (name, entry) in entries {
            let Some(file) = &entry.file_name else { continue };
            let mapping = entry
                .mapping()
                .map_err(|formatting| format!("{}: unknown formatting {:?}", brief(&name), brief(formatting)))?;
            mappings.insert(file.trim_start_matches("./").to_owned(), mapping);
        }
        Ok(Self(mappings))
    }

    /// What the fields of the file `name` are, when the description lies at `info_name`.
    pub(super) fn mapping_of(&self, info_name: &str, name: &str) -> Option<&Mapping> {
        let folder = info_name.strip_suffix(FILE_NAME).unwrap_or_default();
        let beside = name.strip_prefix(folder)?;
        self.0.get(beside).or_else(|| self.0.get(&super::unpack::unpacked_name(beside)))
    }
}

impl Entry {
    /// The error is the unknown formatting.
    fn mapping(&self) -> Result<Mapping, &str> {
        let column = |key: &str| self.columns.get(key).cloned().flatten();
        let or = |key: &str, default: &str| column(key).unwrap_or_else(|| default.to_owned());
        let is_turns = match self.formatting.as_deref().unwrap_or("alpaca") {
            "alpaca" => false,
            "sharegpt" | "openai" => true,
            other => return Err(other),
        };
        let turns = or("messages", "conversations");
        if self.ranking {
            return Ok(Mapping::Preference {
                prompt: Some(if is_turns { turns } else { or("prompt", "instruction") }),
                input: if is_turns { None } else { Some(or("query", "input")) },
                system: column("system"),
                chosen: or("chosen", "chosen"),
                rejected: or("rejected", "rejected"),
            });
        }
        Ok(if is_turns {
            Mapping::ShareGpt { conversations: turns, system: column("system"), words: self.words() }
        } else {
            Mapping::Alpaca {
                instruction: or("prompt", "instruction"),
                input: Some(or("query", "input")),
                output: or("response", "output"),
                system: column("system"),
                history: column("history"),
            }
        })
    }

    /// How turns are spelt, where the tags say something.
    fn words(&self) -> Option<TurnWords> {
        let is_openai = self.formatting.as_deref() == Some("openai");
        if self.tags.is_empty() && !is_openai {
            return None;
        }
        let usual =
            if is_openai { ["role", "content", "user", "assistant"] } else { ["from", "value", "human", "gpt"] };
        let tag =
            |key: &str, default: &str| self.tags.get(key).cloned().flatten().unwrap_or_else(|| default.to_owned());
        Some(TurnWords {
            role_key: tag("role_tag", usual[0]),
            content_key: tag("content_tag", usual[1]),
            user: tag("user_tag", usual[2]),
            assistant: tag("assistant_tag", usual[3]),
            system: tag("system_tag", "system"),
        })
    }
}
