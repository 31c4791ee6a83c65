//! Why the files of a model are refused, as far as a person has to know: a closed set, so that
//! pages say it in the reader's language. `Display` is the English of the REST API and of logs.

use serde::{Deserialize, Serialize};

/// What is wrong with a model. `file` is a name inside the model, without the folders of this
/// machine; `detail` names the spot in the words of whoever read the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ModelProblem {
    #[error("failed to read {file}: {detail}")]
    Unreadable { file: String, detail: String },
    #[error(
        "this is not a model: give a folder with config.json, tokenizer.json and safetensors files, or one GGUF file"
    )]
    NotAModel,
    #[error("the model has no {file}: copy it from the model's repository")]
    MissingFile { file: String },
    #[error(
        "the model holds weights as Python pickles only, which can run code when read: use its safetensors files instead"
    )]
    Pickle,
    #[error("{file} is damaged: {detail}; fetch the file again and compare its checksum")]
    Damaged { file: String, detail: String },
    #[error(
        "the architecture {architecture:?} is not supported: use a text model of the Llama, Mistral, Qwen2, Qwen3, Gemma 3, GLM-4 (glm4) or GPT-2 family"
    )]
    Architecture { architecture: String },
    #[error(
        "{file} holds no quantized weights that could stay as they are: use a GGUF file of the type Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K, or switch lora.quantized_base off"
    )]
    NotQuantized { file: String },
    #[error("{file} uses a feature that is not supported: {detail}")]
    Feature { file: String, detail: String },
    #[error("the tensor {tensor} in {file} has the type {dtype}, which is not supported: {detail}")]
    TensorType { file: String, tensor: String, dtype: String, detail: String },
    #[error("{file} lacks the tensor {tensor}: the download may be incomplete")]
    MissingTensor { file: String, tensor: String },
    #[error(
        "the tensor {tensor} in {file} has the shape {found:?} where the configuration asks for {expected:?}: configuration and weights are of different models"
    )]
    TensorShape { file: String, tensor: String, expected: Vec<usize>, found: Vec<usize> },
    #[error("the configuration in {file} cannot be used: {field} {detail}")]
    Configuration { file: String, field: String, detail: String },
    #[error("the tokenizer in {file} cannot be used: {detail}")]
    Tokenizer { file: String, detail: String },
    #[error("the chat template in {file} cannot be used: {detail}")]
    Template { file: String, detail: String },
    #[error("the weights of {file} do not fit onto the device: {detail}")]
    Device { file: String, detail: String },
    /// `seconds` where processor time was limited too.
    #[error(
        "the model's tokenizer or chat template needs more than {mib} MiB of memory{} to be read: the files are damaged, or made to do harm",
        seconds.map(|s| format!(" or {s} s")).unwrap_or_default()
    )]
    TooMuch { mib: u64, seconds: Option<u64> },
}
