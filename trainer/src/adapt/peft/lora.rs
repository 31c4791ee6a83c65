//! PEFT's `adapter_config.json` of LoRA, and the names of its tensors.
//!
//! Field names and tensor keys follow `peft/tuners/lora/config.py` and
//! `peft/utils/save_and_load.py`. Variants of LoRA that compute something else are refused.

use super::{AdapterError, bad_config};
use crate::model::family::Family;
use crate::model::projection::path;
use domain::recipe::{Lora, TargetModule};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The fields of `adapter_config.json` that matter here; PEFT fills in the rest.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapt) struct LoraConfig {
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
    /// Activated LoRA: the adapter acts from these tokens on.
    #[serde(default, skip_serializing)]
    alora_invocation_tokens: Option<serde_json::Value>,
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

impl LoraConfig {
    pub(in crate::adapt) fn new(settings: &Lora, family: Family, base_model: &str) -> Self {
        Self {
            peft_type: super::LORA.to_owned(),
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
            use_rslora: settings.rslora,
            use_dora: settings.dora,
            modules_to_save: None,
            alora_invocation_tokens: None,
            rank_pattern: serde_json::Map::new(),
            alpha_pattern: serde_json::Map::new(),
        }
    }

    fn settings(&self, family: Family) -> Result<Lora, String> {
        let refused = [
            ("alora_invocation_tokens", self.alora_invocation_tokens.is_some()),
            ("fan_in_fan_out", self.fan_in_fan_out && !family.stores_inputs_first()),
            ("bias", self.bias != "none"),
            ("modules_to_save", self.modules_to_save.as_ref().is_some_and(|m| !m.is_empty())),
            ("rank_pattern", !self.rank_pattern.is_empty()),
            ("alpha_pattern", !self.alpha_pattern.is_empty()),
            ("r outside 1–4096", !(1..=4096).contains(&self.r)),
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
        Ok(Lora {
            rank: self.r,
            alpha: self.lora_alpha,
            dropout: self.lora_dropout,
            target_modules: family.with_companions(&target_modules),
            rslora: self.use_rslora,
            dora: self.use_dora,
            ..Lora::default()
        })
    }
}

/// `base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight`
pub(in crate::adapt) fn key(family: Family, layer: usize, module: TargetModule, which: &str) -> String {
    format!("base_model.model.{}.lora_{which}.weight", path(family, layer, module))
}

/// `base_model.model.model.layers.3.self_attn.q_proj.lora_magnitude_vector`
pub(in crate::adapt) fn magnitude_key(family: Family, layer: usize, module: TargetModule) -> String {
    format!("base_model.model.{}.lora_magnitude_vector", path(family, layer, module))
}

/// The settings of the LoRA adapter in `folder`.
pub(in crate::adapt) fn read_settings(folder: &Path, family: Family) -> Result<Lora, AdapterError> {
    super::expect_kind(folder, &[super::LORA])?;
    let config: LoraConfig = super::read_config(folder)?;
    config.settings(family).map_err(|problem| bad_config(folder, problem))
}
