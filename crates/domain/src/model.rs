//! What is known of a base model from its files alone.

use serde::{Deserialize, Serialize};

/// The facts shown for a model; `trainer inspect PATH` prints the same as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelCard {
    /// Hugging Face class or GGUF architecture, for example `LlamaForCausalLM`.
    pub architecture: String,
    /// Decoder family the trainer uses: `llama`, `mistral`, `qwen2`.
    pub family: String,
    pub format: ModelFormat,
    pub parameters: u64,
    pub layers: u32,
    pub hidden_size: u32,
    pub intermediate_size: u32,
    pub attention_heads: u32,
    pub key_value_heads: u32,
    pub head_dim: u32,
    /// Longest sequence in tokens.
    pub context_length: u32,
    pub vocabulary: u32,
    /// Weight type(s), for example `BF16` or `Q4_1 (Q6_K output)`.
    pub quantization: String,
    /// SPDX id or name when the files say so.
    pub licence: Option<String>,
    /// Jinja source when the files carry one.
    pub chat_template: Option<String>,
    pub tied_embeddings: bool,
    pub size_bytes: u64,
}

/// On-disk layout of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ModelFormat {
    /// A folder with config.json, tokenizer.json and safetensors.
    HuggingFace,
    /// A single GGUF file.
    Gguf,
}

/// Where a model came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelSource {
    /// A folder or file on the server's disk.
    Path { path: String },
    /// Uploaded through the browser or API.
    Upload { file_name: String },
    /// A repository of the Hugging Face Hub.
    Hub { repo: String, revision: String },
    /// A Python package that carries the weights.
    Package { name: String, version: String },
}
