//! Everything that can be wrong with a model's files, said so that a person knows what to do.
//!
//! Model files are hostile input: nothing here panics, and no size a file claims is believed
//! before it is compared with the bytes that are there.

use domain::model::ModelProblem;
use std::path::{Path, PathBuf};

/// Why a model cannot be opened. Each message names the file and, where there is one, the remedy.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{} is not a model: give a folder with config.json, tokenizer.json and safetensors files, or one GGUF file", path.display())]
    NotAModel { path: PathBuf },
    #[error("{} has no {name}: copy it from the model's repository", path.display())]
    MissingFile { path: PathBuf, name: String },
    #[error(
        "{} holds weights as Python pickles only, which can run code when read: use the model's safetensors files instead",
        path.display()
    )]
    Pickle { path: PathBuf },
    #[error("{} is damaged: {problem}; fetch the file again and compare its checksum", path.display())]
    Malformed { path: PathBuf, problem: String },
    #[error(
        "{} has the architecture {architecture:?}, which is not supported: use a text model of the Llama, Mistral, Qwen2, Qwen3, Gemma 3, GLM-4 (glm4) or GPT-2 family",
        path.display()
    )]
    UnsupportedArchitecture { path: PathBuf, architecture: String },
    #[error(
        "{} holds no quantized weights that could stay as they are: use a GGUF file of the type Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K, or switch lora.quantized_base off",
        path.display()
    )]
    NotQuantized { path: PathBuf },
    #[error("{} uses a feature that is not supported: {feature}", path.display())]
    UnsupportedFeature { path: PathBuf, feature: String },
    #[error("tensor {tensor} in {} has the type {dtype}, which is not supported: {advice}", path.display())]
    UnsupportedDtype { path: PathBuf, tensor: String, dtype: String, advice: &'static str },
    #[error("{} lacks the tensor {tensor}: the download may be incomplete", path.display())]
    MissingTensor { path: PathBuf, tensor: String },
    #[error(
        "tensor {tensor} in {} has the shape {found:?} where the configuration asks for {expected:?}: configuration and weights are of different models",
        path.display()
    )]
    WrongShape { path: PathBuf, tensor: String, expected: Vec<usize>, found: Vec<usize> },
    #[error("the configuration in {} is not usable: {field} {problem}", path.display())]
    Config { path: PathBuf, field: String, problem: String },
    #[error("the tokenizer in {} is not usable: {problem}", path.display())]
    Tokenizer { path: PathBuf, problem: String },
    #[error("the chat template in {} is not usable: {problem}", path.display())]
    Template { path: PathBuf, problem: String },
    #[error("cannot place the weights of {} on the device: {source}", path.display())]
    Device { path: PathBuf, source: candle_core::Error },
}

impl ModelError {
    /// The same as data, for a page in the reader's language; without the folders of this machine.
    #[must_use]
    pub fn problem(&self) -> ModelProblem {
        let file = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match self {
            Self::Read { path, source } | Self::Write { path, source } => {
                ModelProblem::Unreadable { file: file(path), detail: source.to_string() }
            }
            Self::NotAModel { .. } => ModelProblem::NotAModel,
            Self::MissingFile { name, .. } => ModelProblem::MissingFile { file: name.clone() },
            Self::Pickle { .. } => ModelProblem::Pickle,
            Self::Malformed { path, problem } => ModelProblem::Damaged { file: file(path), detail: problem.clone() },
            Self::UnsupportedArchitecture { architecture, .. } => {
                ModelProblem::Architecture { architecture: architecture.clone() }
            }
            Self::NotQuantized { path } => ModelProblem::NotQuantized { file: file(path) },
            Self::UnsupportedFeature { path, feature } => {
                ModelProblem::Feature { file: file(path), detail: feature.clone() }
            }
            Self::UnsupportedDtype { path, tensor, dtype, advice } => ModelProblem::TensorType {
                file: file(path),
                tensor: tensor.clone(),
                dtype: dtype.clone(),
                detail: (*advice).to_owned(),
            },
            Self::MissingTensor { path, tensor } => {
                ModelProblem::MissingTensor { file: file(path), tensor: tensor.clone() }
            }
            Self::WrongShape { path, tensor, expected, found } => ModelProblem::TensorShape {
                file: file(path),
                tensor: tensor.clone(),
                expected: expected.clone(),
                found: found.clone(),
            },
            Self::Config { path, field, problem } => {
                ModelProblem::Configuration { file: file(path), field: field.clone(), detail: problem.clone() }
            }
            Self::Tokenizer { path, problem } => ModelProblem::Tokenizer { file: file(path), detail: problem.clone() },
            Self::Template { path, problem } => ModelProblem::Template { file: file(path), detail: problem.clone() },
            Self::Device { path, source } => ModelProblem::Device { file: file(path), detail: source.to_string() },
        }
    }

    pub(crate) fn malformed(path: &Path, problem: impl Into<String>) -> Self {
        Self::Malformed { path: path.to_owned(), problem: problem.into() }
    }

    pub(crate) fn config(path: &Path, field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Config { path: path.to_owned(), field: field.into(), problem: problem.into() }
    }

    pub(crate) fn read(path: &Path, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::UnexpectedEof {
            return Self::malformed(path, "it ends too early");
        }
        Self::Read { path: path.to_owned(), source }
    }
}
