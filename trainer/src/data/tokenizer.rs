//! Text to tokens and back, by the tokenizer that came with the base model.
//!
//! Special tokens are added to a plain text alone: otherwise the chat template writes them out.

mod gguf;

use crate::model::error::ModelError;
use std::path::Path;

/// A base model's tokenizer.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
}

/// Why a text could not be turned into tokens.
#[derive(Debug, thiserror::Error)]
#[error("cannot tokenize the text: {0}")]
pub struct TokenizeError(String);

impl Tokenizer {
    /// Reads the text of a `tokenizer.json`. Truncation and padding that it may ask for are turned
    /// off: cutting a sample is the trainer's decision.
    pub fn from_json(path: &Path, json: &[u8]) -> Result<Self, ModelError> {
        let refuse = |problem: String| ModelError::Tokenizer { path: path.to_owned(), problem };
        // The parser of untrusted tables may panic on impossible ones; that is an error like others.
        let parsed = std::panic::catch_unwind(|| tokenizers::Tokenizer::from_bytes(json));
        let mut inner = parsed
            .map_err(|_| refuse("its tables contradict each other".to_owned()))?
            .map_err(|e| refuse(e.to_string()))?;
        if inner.get_vocab_size(true) == 0 {
            return Err(refuse("its vocabulary is empty".to_owned()));
        }
        inner.with_truncation(None).map_err(|e| refuse(e.to_string()))?;
        inner.with_padding(None);
        Ok(Self { inner })
    }

    /// Builds the tokenizer that the metadata of a GGUF file describes.
    pub(crate) fn from_gguf(file: &crate::model::gguf::Gguf) -> Result<Self, ModelError> {
        let json = gguf::tokenizer_json(file)?;
        Self::from_json(&file.path, json.to_string().as_bytes())
    }

    /// The tokens of a text, special tokens recognised where they are written out.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        let encoding = self.inner.encode_fast(text, false).map_err(|e| TokenizeError(e.to_string()))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The tokens of a text that stands by itself, with the special tokens that the tokenizer's own rule puts around it.
    pub fn encode_alone(&self, text: &str) -> Result<Vec<u32>, TokenizeError> {
        let encoding = self.inner.encode_fast(text, true).map_err(|e| TokenizeError(e.to_string()))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The text of some tokens, special tokens left out. Tokens out of range are left out too.
    #[must_use]
    pub fn decode(&self, ids: &[u32]) -> String {
        self.inner.decode(ids, true).unwrap_or_default()
    }

    /// The text of some tokens, special tokens written out.
    #[must_use]
    pub fn decode_all(&self, ids: &[u32]) -> String {
        self.inner.decode(ids, false).unwrap_or_default()
    }

    /// The id of a token given as text.
    #[must_use]
    pub fn token_id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The text of a single token as the vocabulary writes it.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// Whether a token is a mark such as the end of a turn, not part of text.
    #[must_use]
    pub fn is_special(&self, id: u32) -> bool {
        self.inner.get_added_tokens_decoder().get(&id).is_some_and(|token| token.special)
    }

    /// The `tokenizer.json` of this tokenizer.
    pub fn to_json(&self) -> Result<String, TokenizeError> {
        self.inner.to_string(false).map_err(|e| TokenizeError(e.to_string()))
    }
}
