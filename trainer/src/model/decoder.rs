//! The decoder: embedding, blocks, norm and output layer, one code for every family.
//!
//! Freezing is structural: unless [`Decoder::train_weights`] made variables of them, all weights here
//! are plain tensors (or quantized) whose products never compute a weight gradient; then only what an adapter
//! attaches are variables. Adapters attach in four places: linear layers, parts of blocks, embeddings before the
//! text, keys and values before the text.

use super::Result;
use super::block::{Block, Pass, Scope};
use super::bottleneck::{Bottleneck, Part};
use super::cache::KvCache;
use super::config::DecoderConfig;
use super::error::ModelError;
use super::norm::Norm;
use super::projection::{LowRank, Projection};
use super::virtual_tokens::{VirtualTokens, drop_before, put_before};
use super::weights::Weights;
use crate::ops::attention::Geometry;
use crate::ops::linear::linear;
use crate::ops::linear_cross_entropy::{Objective, linear_cross_entropy, token_losses};
use crate::ops::noise::noise;
use crate::ops::reduced::in_f32;
use crate::ops::rope::{Head, Rotation};
use crate::ops::rows::select_rows;
use crate::ops::{Weight, tape};
use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var, bail};
use domain::recipe::TargetModule;
use std::path::PathBuf;
use std::sync::Arc;

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
    /// A weight, tracked only while training.
    pub(super) fn weight(self, weight: &Weight) -> Weight {
        match self {
            Self::Inference => weight.detach(),
            Self::Training { .. } => weight.clone(),
        }
    }

    /// A norm or bias, tracked only while training.
    pub(super) fn tensor(self, tensor: &Tensor) -> Tensor {
        match self {
            Self::Inference => tensor.detach(),
            Self::Training { .. } => tensor.clone(),
        }
    }

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
    /// Lengths of sequences that stand one behind the other in a batch of a single row; none: every row is one.
    pub lengths: Vec<usize>,
}

/// Where the tokens of a pass stand.
struct Places {
    /// Tokens per sequence, those of a prefix included, where all have the same number.
    seq: usize,
    starts: Vec<usize>,
    /// See [`Geometry::ends`].
    ends: Option<Arc<[usize]>>,
    /// Of each token within its sequence; those of a prefix, which no block computes, are left out.
    positions: Vec<usize>,
}

/// Positions of sequences that begin at these and go on for these numbers of tokens.
fn positions(starts: &[usize], lengths: &[usize]) -> Vec<usize> {
    starts.iter().zip(lengths).flat_map(|(start, length)| *start..start + length).collect()
}

/// A causal language model.
#[derive(Debug)]
pub struct Decoder {
    pub config: DecoderConfig,
    /// The file or folder that the weights are from.
    pub source: PathBuf,
    /// What activations are of.
    dtype: DType,
    /// Alpha of the noise on embeddings in training passes; 0 for none.
    pub neftune_alpha: f64,
    /// (vocabulary, hidden)
    pub(super) embedding: Weight,
    /// Learnt positions (context, hidden), added to the embeddings.
    pub(super) positions: Option<Tensor>,
    pub(super) blocks: Vec<Block>,
    pub(super) norm: Norm,
    /// (vocabulary, hidden); none when the embedding is used for it.
    pub(super) head: Option<Weight>,
    /// Embeddings before every text, (virtual tokens, hidden).
    prompt: Option<VirtualTokens>,
    /// Keys and values before every text, (virtual tokens, layers · 2 · kv_heads · head_dim): of
    /// each layer first the key, then the value.
    prefix: Option<VirtualTokens>,
}

impl Decoder {
    /// Takes the decoder's tensors out of `weights`.
    pub fn new(config: DecoderConfig, weights: &mut Weights) -> Result<Self, ModelError> {
        let embedding = weights.take_matrix(config.family.embedding())?;
        let positions = config.family.learnt_positions().map(|name| weights.take(name)).transpose()?;
        let head = if config.tie_embeddings { None } else { Some(weights.take_matrix("lm_head.weight")?) };
        let blocks =
            (0..config.layers).map(|layer| Block::new(&config, layer, weights)).collect::<Result<_, ModelError>>()?;
        let norm = Norm::take(&config, config.family.last_norm(), weights)?;
        Ok(Self {
            config,
            source: weights.path().to_owned(),
            dtype: weights.dtype(),
            neftune_alpha: 0.0,
            embedding,
            positions,
            blocks,
            norm,
            head,
            prompt: None,
            prefix: None,
        })
    }

    /// Where the weights are.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.embedding.device()
    }

    /// The type of activations.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// From now on activations are of this type, and matrices too unless they are trained, which stay f32.
    pub fn round_to(&mut self, dtype: DType) -> Result<()> {
        self.dtype = dtype;
        self.embedding.round_to(dtype)?;
        let mut projections = self.blocks.iter_mut().flat_map(Block::projections_mut);
        projections.try_for_each(|projection| projection.weight.round_to(dtype))?;
        self.head.as_mut().map_or(Ok(()), |head| head.round_to(dtype))
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
            block.attention_bottleneck = of(layer, Part::Attention);
            block.mlp_bottleneck = of(layer, Part::FeedForward);
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

    /// Embeddings (ids, hidden) of tokens, in f32.
    pub fn embed(&self, ids: &[u32]) -> Result<Tensor> {
        in_f32(&self.embedded(ids, Mode::Inference)?)
    }

    /// A cache with room for `batch` texts of up to `capacity` tokens. It begins with the virtual
    /// tokens, as they are now.
    pub fn new_cache(&self, batch: usize, capacity: usize) -> Result<KvCache> {
        let count = self.virtual_tokens();
        if count == 0 {
            return KvCache::new(&self.config, batch, capacity, self.dtype, self.device());
        }
        let mut first = KvCache::new(&self.config, 1, count, self.dtype, self.device())?;
        if let Some(prefix) = &self.prefix {
            let width = self.config.kv_heads * self.config.head_dim;
            let values = prefix.values(Mode::Inference)?.to_dtype(self.dtype)?;
            for layer in 0..self.config.layers {
                let of = |which: usize| values.narrow(1, (2 * layer + which) * width, width)?.contiguous();
                first.write(layer, &of(0)?, &of(1)?)?;
            }
            first.advance(prefix.count());
        }
        if let Some(prompt) = &self.prompt {
            let (values, mode) = (prompt.values(Mode::Inference)?.to_dtype(self.dtype)?, Mode::Inference);
            let (x, mut pass) = self.begin(values, vec![prompt.count()], false, Some(&mut first), mode)?;
            self.through_blocks(x, &mut pass)?;
        }
        first.select_behind(count, &vec![0; batch], capacity)
    }

    /// Final hidden states (batch · seq, hidden) of `ids` (batch, seq), u32. With a cache the tokens
    /// continue the cached sequences, whose lengths grow by seq. A sequence shorter than seq is padded on the
    /// right: causality keeps padding out of the rows before it; with a cache,
    /// [`KvCache::truncate`] then forgets it.
    pub fn forward(&self, ids: &Tensor, cache: Option<&mut KvCache>) -> Result<Tensor> {
        self.norm.forward(&self.states(ids, &[], cache, Mode::Inference)?, Mode::Inference)
    }

    /// Final hidden states (tokens, hidden) of `ids` (1, tokens): sequences of these lengths one behind the other.
    pub fn hidden(&self, ids: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        self.norm.forward(&self.states(ids, lengths, None, Mode::Inference)?, Mode::Inference)
    }

    /// −log p(target), in nats, of each target, given the final hidden states of all tokens.
    pub fn target_losses(&self, hidden: &Tensor, targets: &Targets) -> Result<Vec<f32>> {
        self.token_losses(&select_rows(hidden, &targets.rows)?, &targets.tokens)
    }

    /// Logits (rows, vocabulary) of final hidden states (rows, hidden), in f32.
    pub fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        in_f32(&linear(hidden, &self.head(Mode::Inference), None)?)
    }

    /// −log p(token), in nats, of the token that follows each final hidden state (rows, hidden).
    pub fn token_losses(&self, hidden: &Tensor, tokens: &[u32]) -> Result<Vec<f32>> {
        token_losses(hidden, &self.head(Mode::Inference), tokens)
    }

    /// −log p(target), in nats, of each target of `ids` (batch, seq).
    pub fn losses(&self, ids: &Tensor, targets: &Targets) -> Result<Vec<f32>> {
        let mode = Mode::Inference;
        let hidden = self.target_rows(&self.states(ids, &targets.lengths, None, mode)?, targets, mode)?;
        token_losses(&hidden, &self.head(mode), &targets.tokens)
    }

    /// The scalar Σ −log p(target) / `denominator` over the targets of `ids` (batch, seq), tracked for a
    /// backward pass.
    pub fn training_loss(&self, ids: &Tensor, targets: &Targets, denominator: f64, seed: u64) -> Result<Tensor> {
        Ok(self.objective(ids, targets, &Objective::plain(&targets.tokens, denominator), seed)?.0)
    }

    /// The value of [`Decoder::training_loss`] and its gradients by every variable it depends on.
    pub fn loss_and_gradients(
        &self,
        ids: &Tensor,
        targets: &Targets,
        denominator: f64,
        seed: u64,
    ) -> Result<(f32, GradStore)> {
        tape::value_and_gradients(|| self.training_loss(ids, targets, denominator, seed))
    }

    /// The scalar loss of an objective whose rows are those of `targets`, tracked for a backward pass, and −log
    /// p(target), in nats, of each.
    pub fn objective(
        &self,
        ids: &Tensor,
        targets: &Targets,
        objective: &Objective,
        seed: u64,
    ) -> Result<(Tensor, Vec<f32>)> {
        let mode = Mode::Training { seed };
        let hidden = self.target_rows(&self.states(ids, &targets.lengths, None, mode)?, targets, mode)?;
        linear_cross_entropy(&hidden, &self.head(mode), objective)
    }

    /// The output layer's weight.
    pub(super) fn head(&self, mode: Mode) -> Weight {
        mode.weight(self.head.as_ref().unwrap_or(&self.embedding))
    }

    /// Final hidden states of the rows that have a target, (targets, hidden).
    pub(super) fn target_rows(&self, states: &Tensor, targets: &Targets, mode: Mode) -> Result<Tensor> {
        self.norm.forward(&select_rows(states, &targets.rows)?, mode)
    }

    /// Hidden states before the last norm, (batch · seq, hidden), of `ids` (batch, seq), or of (1, seq) when there
    /// are `lengths`.
    fn states(&self, ids: &Tensor, lengths: &[usize], cache: Option<&mut KvCache>, mode: Mode) -> Result<Tensor> {
        let (x, mut pass) = self.enter(ids, lengths, cache, mode)?;
        let x = self.through_blocks(x, &mut pass)?;
        self.texts_of(&x, &pass)
    }

    fn through_blocks(&self, mut x: Tensor, pass: &mut Pass) -> Result<Tensor> {
        for block in &self.blocks {
            x = block.forward(&x, pass)?;
        }
        if let Some(cache) = &mut pass.cache {
            cache.advance(pass.rows.first().copied().unwrap_or(0));
        }
        Ok(x)
    }

    /// What goes into the first block, and what all blocks share. Without a cache the rows of a prompt stand before
    /// those of every text.
    pub(super) fn enter<'a>(
        &self,
        ids: &Tensor,
        lengths: &[usize],
        cache: Option<&'a mut KvCache>,
        mode: Mode,
    ) -> Result<(Tensor, Pass<'a>)> {
        let (batch, seq) = ids.dims2()?;
        if !lengths.is_empty() && (cache.is_some() || batch != 1 || lengths.iter().sum::<usize>() != seq) {
            bail!("sequences of {lengths:?} tokens do not make up {batch} rows of {seq} without a cache");
        }
        let mut rows = if lengths.is_empty() { vec![seq; batch] } else { lengths.to_vec() };
        let mut x = self.embedded(&ids.to_dtype(DType::U32)?.flatten_all()?.to_vec1::<u32>()?, mode)?;
        if let Mode::Training { seed } = mode
            && self.neftune_alpha > 0.0
        {
            let noise = noise(&rows, self.config.hidden_size, self.neftune_alpha, seed, self.device())?;
            x = (x + noise.to_dtype(self.dtype)?)?;
        }
        // A cache begins with the virtual tokens.
        if let Some(prompt) = self.prompt.as_ref().filter(|_| cache.is_none()) {
            x = put_before(&x, &prompt.values(mode)?.to_dtype(self.dtype)?, &rows)?;
            rows.iter_mut().for_each(|rows| *rows += prompt.count());
        }
        self.begin(x, rows, !lengths.is_empty(), cache, mode)
    }

    /// As [`Decoder::enter`], from embeddings of sequences of these numbers of rows, which are equal unless the
    /// sequences are packed.
    fn begin<'a>(
        &self,
        x: Tensor,
        rows: Vec<usize>,
        is_packed: bool,
        cache: Option<&'a mut KvCache>,
        mode: Mode,
    ) -> Result<(Tensor, Pass<'a>)> {
        let starts = cache.as_ref().map_or_else(|| vec![0; rows.len()], |c| c.starts().to_vec());
        if starts.len() != rows.len() {
            bail!("{} sequences but a cache of {}", rows.len(), starts.len());
        }
        let prefix = self.prefix.as_ref().filter(|_| cache.is_none());
        let before = prefix.map_or(0, VirtualTokens::count);
        let firsts: Vec<usize> = starts.iter().map(|start| start + before).collect();
        let running = |end: &mut usize, rows: &usize| {
            *end += before + rows;
            Some(*end)
        };
        let places = Places {
            seq: before + rows.first().copied().unwrap_or(0),
            ends: is_packed.then(|| rows.iter().scan(0, running).collect()),
            positions: positions(&firsts, &rows),
            starts,
        };
        let everywhere = self.scope(&places, false)?;
        let slides = self.config.sliding_layers.contains(&true);
        let nearby = if slides { self.scope(&places, true)? } else { everywhere.clone() };
        let x = tape::gathered(&self.positioned(x, &places, mode)?)?;
        let prefix = prefix.map(|p| tape::gathered(&p.values(mode)?)).transpose()?;
        Ok((x, Pass { scopes: [everywhere, nearby], mode, rows, prefix, cache }))
    }

    /// The rows of the texts alone, of what came out of a block.
    pub(super) fn texts_of(&self, x: &Tensor, pass: &Pass) -> Result<Tensor> {
        match &self.prompt {
            Some(prompt) if pass.cache.is_none() => {
                let texts: Vec<usize> = pass.rows.iter().map(|rows| rows - prompt.count()).collect();
                drop_before(x, prompt.count(), &texts)
            }
            _ => Ok(x.clone()),
        }
    }

    /// Embeddings (ids, hidden) of tokens.
    fn embedded(&self, ids: &[u32], mode: Mode) -> Result<Tensor> {
        let x = mode.weight(&self.embedding).rows(ids)?.to_dtype(self.dtype)?;
        self.config.embedding_scale().map_or(Ok(x.clone()), |scale| x * scale)
    }

    /// Embeddings with learnt positions added, where the model has any. Those of a prompt have some too, as in PEFT.
    fn positioned(&self, x: Tensor, places: &Places, mode: Mode) -> Result<Tensor> {
        let Some(learnt) = &self.positions else { return Ok(x) };
        let context = self.config.context_length;
        if places.positions.iter().any(|position| *position >= context) {
            bail!("a text is longer than the {context} positions that the model has learnt");
        }
        let positions: Vec<u32> = places.positions.iter().map(|position| *position as u32).collect();
        x + select_rows(&mode.tensor(learnt), &positions)?.to_dtype(self.dtype)?
    }

    /// What the layers with or without a sliding window share.
    fn scope(&self, places: &Places, sliding: bool) -> Result<Scope> {
        let c = &self.config;
        let geometry = Geometry {
            heads: c.heads,
            kv_heads: c.kv_heads,
            head_dim: c.head_dim,
            scale: (1.0 / c.score_divisor.sqrt()) as f32,
            seq: places.seq,
            ends: places.ends.clone(),
            window: c.sliding_window.filter(|_| sliding),
            starts: places.starts.as_slice().into(),
        };
        Ok(Scope { geometry, rotation: self.rotation(places, sliding)? })
    }

    /// One row of angles per token, or per position when all sequences stand at the same.
    fn rotation(&self, places: &Places, sliding: bool) -> Result<Option<Rotation>> {
        let Some(pairing) = self.config.family.pairing() else { return Ok(None) };
        let together = places.ends.is_none() && places.starts.windows(2).all(|w| w[0] == w[1]);
        let rows = places.positions.len() / if together { places.starts.len().max(1) } else { 1 };
        let head = Head { dim: self.config.head_dim, pairing };
        Rotation::new(&places.positions[..rows], &self.config.inverse_frequencies(sliding), head, self.device())
            .map(Some)
    }
}
