//! The decoder: embedding, blocks, norm and output layer, one code for every family.
//!
//! Freezing is structural: all weights here are plain tensors whose products never compute a
//! weight gradient; only what an adapter attaches are variables. Adapters attach in four places:
//! linear layers, parts of blocks, embeddings before the text, keys and values before the text.

use super::Result;
use super::block::{Block, Pass};
use super::bottleneck::{Bottleneck, Part};
use super::cache::KvCache;
use super::config::DecoderConfig;
use super::error::ModelError;
use super::projection::{LowRank, Projection};
use super::virtual_tokens::{self, VirtualTokens};
use super::weights::Weights;
use crate::ops::attention::Geometry;
use crate::ops::linear::linear;
use crate::ops::linear_cross_entropy::{linear_cross_entropy, token_losses};
use crate::ops::rms_norm::rms_norm;
use crate::ops::rope::Rotation;
use candle_core::{DType, Device, Tensor, Var, bail};
use domain::recipe::TargetModule;

/// Whether a pass is part of training: then adapter matrices are tracked and dropout is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Inference,
    /// `seed` decides the dropout masks of this pass.
    Training {
        seed: u64,
    },
}

impl Mode {
    /// The value of a variable, tracked while training.
    #[must_use]
    pub fn of(self, variable: &Var) -> Tensor {
        match self {
            Self::Inference => variable.as_detached_tensor(),
            Self::Training { .. } => variable.as_tensor().clone(),
        }
    }
}

/// Which rows of a flattened batch predict which token.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    /// Indices into (batch · seq).
    pub rows: Vec<u32>,
    /// The token that follows each row.
    pub tokens: Vec<u32>,
}

/// A causal language model.
#[derive(Debug)]
pub struct Decoder {
    pub config: DecoderConfig,
    frequencies: Vec<f32>,
    /// (vocabulary, hidden)
    embedding: Tensor,
    blocks: Vec<Block>,
    norm: Tensor,
    /// (vocabulary, hidden); the embedding when the two are tied.
    head: Tensor,
    /// Embeddings before every text, (virtual tokens, hidden).
    prompt: Option<VirtualTokens>,
    /// Keys and values before every text, (virtual tokens, layers · 2 · kv_heads · head_dim): of
    /// each layer first the key, then the value.
    prefix: Option<VirtualTokens>,
}

impl Decoder {
    /// Takes the decoder's tensors out of `weights`.
    pub fn new(config: DecoderConfig, weights: &mut Weights) -> Result<Self, ModelError> {
        let embedding = weights.take("model.embed_tokens.weight")?;
        let head = if config.tie_embeddings { embedding.clone() } else { weights.take("lm_head.weight")? };
        let blocks =
            (0..config.layers).map(|layer| Block::new(&config, layer, weights)).collect::<Result<_, ModelError>>()?;
        let norm = weights.take("model.norm.weight")?;
        let frequencies = config.inverse_frequencies().into_iter().map(|f| f as f32).collect();
        Ok(Self { config, frequencies, embedding, blocks, norm, head, prompt: None, prefix: None })
    }

    /// Where the weights are.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.embedding.device()
    }

    /// All linear layers of all blocks, block by block in the order of [`TargetModule::ALL`].
    pub fn projections(&self) -> impl Iterator<Item = &Projection> {
        self.blocks.iter().flat_map(Block::projections)
    }

    /// Puts on every linear layer the adapter that `of` gives for it (or none).
    pub fn attach(&mut self, of: impl Fn(usize, TargetModule) -> Option<LowRank>) {
        for projection in self.blocks.iter_mut().flat_map(Block::projections_mut) {
            projection.adapter = of(projection.layer, projection.module);
        }
    }

    /// Puts behind every part of every block the bottleneck that `of` gives for it (or none).
    pub fn attach_bottlenecks(&mut self, of: impl Fn(usize, Part) -> Option<Bottleneck>) {
        for (layer, block) in self.blocks.iter_mut().enumerate() {
            block.after_attention = of(layer, Part::Attention);
            block.after_feed_forward = of(layer, Part::FeedForward);
        }
    }

    /// Puts embeddings (virtual tokens, hidden) before every text.
    pub fn attach_prompt(&mut self, prompt: VirtualTokens) {
        self.prompt = Some(prompt);
    }

    /// Puts keys and values (virtual tokens, layers · 2 · kv_heads · head_dim) before every text.
    pub fn attach_prefix(&mut self, prefix: VirtualTokens) {
        self.prefix = Some(prefix);
    }

    /// Removes all adapters: what remains is exactly the base model.
    pub fn detach(&mut self) {
        self.attach(|_, _| None);
        self.attach_bottlenecks(|_, _| None);
        (self.prompt, self.prefix) = (None, None);
    }

    /// Virtual tokens before every text.
    #[must_use]
    pub fn virtual_tokens(&self) -> usize {
        [&self.prompt, &self.prefix].into_iter().flatten().map(VirtualTokens::count).sum()
    }

    /// Longest text in tokens: the model's context, less what virtual tokens take.
    #[must_use]
    pub fn context_length(&self) -> usize {
        self.config.context_length.saturating_sub(self.virtual_tokens())
    }

    /// Embeddings (ids, hidden) of tokens.
    pub fn embed(&self, ids: &[u32]) -> Result<Tensor> {
        self.embedding.index_select(&Tensor::new(ids, self.device())?, 0)
    }

    /// A cache with room for `batch` texts of up to `capacity` tokens. It begins with the virtual
    /// tokens, as they are now.
    pub fn new_cache(&self, batch: usize, capacity: usize) -> Result<KvCache> {
        let count = self.virtual_tokens();
        if count == 0 {
            return KvCache::new(&self.config, batch, capacity, self.device());
        }
        let mut first = KvCache::new(&self.config, 1, count, self.device())?;
        if let Some(prefix) = &self.prefix {
            let width = self.config.kv_heads * self.config.head_dim;
            let values = prefix.values(Mode::Inference)?;
            for layer in 0..self.config.layers {
                let of = |which: usize| values.narrow(1, (2 * layer + which) * width, width)?.contiguous();
                first.write(layer, &of(0)?, &of(1)?)?;
            }
            first.advance(prefix.count());
        }
        if let Some(prompt) = &self.prompt {
            self.through_blocks(prompt.values(Mode::Inference)?, 1, Some(&mut first), Mode::Inference)?;
        }
        first.select_behind(count, &vec![0; batch], capacity)
    }

    /// Replaces the weights of linear layers by those that `of` gives for their Hugging Face names.
    pub fn replace_weights(&mut self, of: impl Fn(&str) -> Option<Tensor>) {
        for projection in self.blocks.iter_mut().flat_map(Block::projections_mut) {
            if let Some(weight) = of(&format!("{}.weight", projection.path())) {
                projection.weight = weight;
            }
        }
    }

    /// Final hidden states (batch · seq, hidden) of `ids` (batch, seq), u32. With a cache the tokens
    /// continue the cached sequences, whose lengths grow by seq. A sequence shorter than seq is padded on the
    /// right: causality keeps padding out of the rows before it; with a cache,
    /// [`KvCache::truncate`] then forgets it.
    pub fn forward(&self, ids: &Tensor, cache: Option<&mut KvCache>) -> Result<Tensor> {
        rms_norm(&self.states(ids, cache, Mode::Inference)?, &self.norm, self.config.norm_epsilon)
    }

    /// Logits (rows, vocabulary) of final hidden states (rows, hidden).
    pub fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        linear(hidden, &self.head, None)
    }

    /// −log p(token), in nats, of the token that follows each final hidden state (rows, hidden).
    pub fn token_losses(&self, hidden: &Tensor, tokens: &[u32]) -> Result<Vec<f32>> {
        token_losses(hidden, &self.head, tokens)
    }

    /// −log p(target), in nats, of each target of `ids` (batch, seq).
    pub fn losses(&self, ids: &Tensor, targets: &Targets) -> Result<Vec<f32>> {
        let hidden = self.target_rows(&self.states(ids, None, Mode::Inference)?, targets)?;
        token_losses(&hidden, &self.head, &targets.tokens)
    }

    /// The scalar Σ −log p(target) / `denominator` over the targets of `ids` (batch, seq), tracked for a
    /// backward pass.
    pub fn training_loss(&self, ids: &Tensor, targets: &Targets, denominator: f64, seed: u64) -> Result<Tensor> {
        let hidden = self.target_rows(&self.states(ids, None, Mode::Training { seed })?, targets)?;
        linear_cross_entropy(&hidden, &self.head, &targets.tokens, denominator)
    }

    fn target_rows(&self, states: &Tensor, targets: &Targets) -> Result<Tensor> {
        let rows = Tensor::new(targets.rows.as_slice(), self.device())?;
        rms_norm(&states.index_select(&rows, 0)?, &self.norm, self.config.norm_epsilon)
    }

    /// Hidden states before the last norm, (batch · seq, hidden).
    fn states(&self, ids: &Tensor, cache: Option<&mut KvCache>, mode: Mode) -> Result<Tensor> {
        let batch = ids.dim(0)?;
        let x = self.embedding.index_select(&ids.to_dtype(DType::U32)?.flatten_all()?, 0)?;
        match &self.prompt {
            // A cache begins with the virtual tokens.
            Some(prompt) if cache.is_none() => {
                let x = virtual_tokens::put_before(&x, &prompt.values(mode)?, batch)?;
                virtual_tokens::drop_before(&self.through_blocks(x, batch, None, mode)?, prompt.count(), batch)
            }
            _ => self.through_blocks(x, batch, cache, mode),
        }
    }

    /// Hidden states (batch · seq, hidden) from embeddings of the same shape.
    fn through_blocks(
        &self,
        mut x: Tensor,
        batch: usize,
        mut cache: Option<&mut KvCache>,
        mode: Mode,
    ) -> Result<Tensor> {
        let seq = x.dim(0)? / batch;
        let starts = cache.as_ref().map_or_else(|| vec![0; batch], |c| c.starts().to_vec());
        if starts.len() != batch {
            bail!("{batch} sequences but a cache of {}", starts.len());
        }
        let prefix = self.prefix.as_ref().filter(|_| cache.is_none());
        let before = prefix.map_or(0, VirtualTokens::count);
        let positions: Vec<usize> = starts.iter().map(|start| start + before).collect();
        let mut pass = Pass {
            geometry: self.geometry(before + seq, &starts),
            rotation: self.rotation(seq, &positions)?,
            mode,
            prefix: prefix.map(|p| p.values(mode)).transpose()?,
            cache: cache.as_deref_mut(),
        };
        for block in &self.blocks {
            x = block.forward(&x, &mut pass)?;
        }
        if let Some(cache) = cache {
            cache.advance(seq);
        }
        Ok(x)
    }

    fn geometry(&self, seq: usize, starts: &[usize]) -> Geometry {
        let c = &self.config;
        Geometry {
            heads: c.heads,
            kv_heads: c.kv_heads,
            head_dim: c.head_dim,
            seq,
            window: c.sliding_window,
            starts: starts.into(),
        }
    }

    /// One row of angles per token, or per position when all sequences start at the same.
    fn rotation(&self, seq: usize, starts: &[usize]) -> Result<Rotation> {
        let together = starts.windows(2).all(|w| w[0] == w[1]);
        let different = if together { &starts[..starts.len().min(1)] } else { starts };
        let positions: Vec<usize> = different.iter().flat_map(|start| *start..start + seq).collect();
        Rotation::new(&positions, &self.frequencies, self.device())
    }
}
