//! The files of Hugging Face PEFT: `adapter_config.json` and `adapter_model.safetensors`.
//!
//! Field names and tensor keys follow `peft/tuners/lora/config.py` and
//! `peft/utils/save_and_load.py`, so that an adapter written here loads there and the other
//! way round. Variants of LoRA that compute something else are refused.

use super::lora::AdapterError;
use crate::model::family::Family;
use crate::model::projection::path;
use candle_core::{Device, Tensor};
use domain::recipe::{Lora, TargetModule};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

pub(super) const CONFIG: &str = "adapter_config.json";
pub(super) const TENSORS: &str = "adapter_model.safetensors";

/// The fields of `adapter_config.json` that matter here; PEFT fills in the rest.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PeftConfig {
    peft_type: String,
    #[serde(default)]
    task_type: Option<String>,
    #[serde(default)]
    base_model_name_or_path: Option<String>,
    r: u32,
    lora_alpha: f64,
    #[serde(default)]
    lora_dropout: f64,
    target_modules: Targets,
    #[serde(default = "no_bias")]
    bias: String,
    #[serde(default)]
    fan_in_fan_out: bool,
    #[serde(default)]
    inference_mode: bool,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    use_dora: bool,
    #[serde(default)]
    modules_to_save: Option<Vec<String>>,
    #[serde(default)]
    rank_pattern: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    alpha_pattern: serde_json::Map<String, serde_json::Value>,
}

/// A list of module names, or a pattern, which only `all-linear` is read of.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Targets {
    Names(Vec<String>),
    Pattern(String),
}

fn no_bias() -> String {
    "none".to_owned()
}

impl PeftConfig {
    pub(super) fn new(settings: &Lora, family: Family, base_model: &str) -> Self {
        Self {
            peft_type: "LORA".to_owned(),
            task_type: Some("CAUSAL_LM".to_owned()),
            base_model_name_or_path: Some(base_model.to_owned()),
            r: settings.rank,
            lora_alpha: settings.alpha,
            lora_dropout: settings.dropout,
            target_modules: Targets::Names(
                family.peft_names(&settings.target_modules).into_iter().map(str::to_owned).collect(),
            ),
            bias: no_bias(),
            fan_in_fan_out: family.stores_inputs_first(),
            inference_mode: true,
            use_rslora: false,
            use_dora: false,
            modules_to_save: None,
            rank_pattern: serde_json::Map::new(),
            alpha_pattern: serde_json::Map::new(),
        }
    }

    fn settings(&self, family: Family) -> Result<Lora, String> {
        let refused = [
            ("peft_type other than LORA", self.peft_type != "LORA"),
            ("use_dora", self.use_dora),
            ("use_rslora", self.use_rslora),
            ("fan_in_fan_out", self.fan_in_fan_out && !family.stores_inputs_first()),
            ("bias", self.bias != "none"),
            ("modules_to_save", self.modules_to_save.as_ref().is_some_and(|m| !m.is_empty())),
            ("rank_pattern", !self.rank_pattern.is_empty()),
            ("alpha_pattern", !self.alpha_pattern.is_empty()),
            ("r = 0", self.r == 0),
        ];
        if let Some((feature, _)) = refused.iter().find(|(_, found)| *found) {
            return Err(format!("{feature} is not supported"));
        }
        let names = match &self.target_modules {
            Targets::Names(names) => names.as_slice(),
            Targets::Pattern(p) if p == "all-linear" => &TargetModule::ALL.map(|m| family.linear(m).to_owned()),
            Targets::Pattern(p) => return Err(format!("the target module pattern {p:?} is not supported")),
        };
        let mut target_modules = Vec::new();
        for name in names {
            let found = family.modules_named(name);
            if found.is_empty() {
                return Err(format!("the target module {name:?} is not supported"));
            }
            target_modules.extend(found);
        }
        let target_modules = family.with_companions(&target_modules);
        let (rank, alpha, dropout) = (self.r, self.lora_alpha, self.lora_dropout);
        Ok(Lora { rank, alpha, dropout, target_modules, ..Lora::default() })
    }
}

/// `base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight`
pub(super) fn key(family: Family, layer: usize, module: TargetModule, which: &str) -> String {
    format!("base_model.model.{}.lora_{which}.weight", path(family, layer, module))
}

pub(super) fn write_config(folder: &Path, config: &PeftConfig) -> Result<(), AdapterError> {
    let path = folder.join(CONFIG);
    let text = serde_json::to_string_pretty(config).map_err(std::io::Error::other);
    text.and_then(|t| std::fs::write(&path, t)).map_err(|source| AdapterError::Write { path, source })
}

pub(super) fn read_config(folder: &Path, family: Family) -> Result<Lora, AdapterError> {
    let path = folder.join(CONFIG);
    let text = std::fs::read_to_string(&path).map_err(|source| AdapterError::Read { path: path.clone(), source })?;
    let config: Result<PeftConfig, _> = serde_json::from_str(&text);
    config
        .map_err(|e| e.to_string())
        .and_then(|c| c.settings(family))
        .map_err(|problem| AdapterError::Malformed { path, problem })
}

pub(super) fn write_tensors(path: &Path, tensors: impl Iterator<Item = (String, Tensor)>) -> Result<(), AdapterError> {
    // transformers asks for this metadata entry when it reads the file.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize_to_file(tensors.collect::<Vec<_>>(), Some(metadata), path).map_err(|e| match e {
        safetensors::SafeTensorError::IoError(source) => AdapterError::Write { path: path.to_owned(), source },
        other => AdapterError::Malformed { path: path.to_owned(), problem: other.to_string() },
    })
}

pub(super) fn read_tensors(path: &Path, device: &Device) -> Result<HashMap<String, Tensor>, AdapterError> {
    let bytes = std::fs::read(path).map_err(|source| AdapterError::Read { path: path.to_owned(), source })?;
    candle_core::safetensors::load_buffer(&bytes, device)
        .map_err(|e| AdapterError::Malformed { path: path.to_owned(), problem: e.to_string() })
}
