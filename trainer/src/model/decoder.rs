//! The decoder: embedding, blocks, norm and output layer, one code for every family.
//!
//! Freezing is structural: all weights here are plain tensors whose products never compute a
//! weight gradient; only the matrices of an attached adapter are variables.

use super::Result;
use super::block::{Block, Pass, Scope};
use super::cache::KvCache;
use super::config::DecoderConfig;
use super::error::ModelError;
use super::norm::Norm;
use super::projection::{LowRank, Projection};
use super::weights::Weights;
use crate::ops::attention::Geometry;
use crate::ops::linear::linear;
use crate::ops::linear_cross_entropy::{Objective, linear_cross_entropy, token_losses};
use crate::ops::noise::noise;
use crate::ops::rope::{Head, Rotation};
use candle_core::{DType, Device, Tensor, bail};
use domain::recipe::TargetModule;
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
    /// Tokens per sequence, where all have the same number.
    seq: usize,
    starts: Vec<usize>,
    /// See [`Geometry::ends`].
    ends: Option<Arc<[usize]>>,
    /// Of each token within its sequence.
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
    /// Alpha of the noise on embeddings in training passes; 0 for none.
    pub neftune_alpha: f64,
    /// (vocabulary, hidden)
    embedding: Tensor,
    /// Learnt positions (context, hidden), added to the embeddings.
    positions: Option<Tensor>,
    pub(super) blocks: Vec<Block>,
    norm: Norm,
    /// (vocabulary, hidden); the embedding when the two are tied.
    head: Tensor,
}

impl Decoder {
    /// Takes the decoder's tensors out of `weights`.
    pub fn new(config: DecoderConfig, weights: &mut Weights) -> Result<Self, ModelError> {
        let embedding = weights.take(config.family.embedding())?;
        let positions = config.family.learnt_positions().map(|name| weights.take(name)).transpose()?;
        let head = if config.tie_embeddings { embedding.clone() } else { weights.take("lm_head.weight")? };
        let blocks =
            (0..config.layers).map(|layer| Block::new(&config, layer, weights)).collect::<Result<_, ModelError>>()?;
        let norm = Norm::take(&config, config.family.last_norm(), weights)?;
        Ok(Self { config, neftune_alpha: 0.0, embedding, positions, blocks, norm, head })
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

    /// Removes all adapters: what remains is exactly the base model.
    pub fn detach(&mut self) {
        self.attach(|_, _| None);
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
        self.norm.forward(&self.states(ids, &[], cache, Mode::Inference)?)
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
        let hidden = self.target_rows(&self.states(ids, &targets.lengths, None, Mode::Inference)?, targets)?;
        token_losses(&hidden, &self.head, &targets.tokens)
    }

    /// The scalar Σ −log p(target) / `denominator` over the targets of `ids` (batch, seq), tracked for a
    /// backward pass.
    pub fn training_loss(&self, ids: &Tensor, targets: &Targets, denominator: f64, seed: u64) -> Result<Tensor> {
        Ok(self.objective(ids, targets, &Objective::plain(&targets.tokens, denominator), seed)?.0)
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
        let hidden = self.target_rows(&self.states(ids, &targets.lengths, None, Mode::Training { seed })?, targets)?;
        linear_cross_entropy(&hidden, &self.head, objective)
    }

    /// The output layer's weight.
    pub(super) fn head(&self) -> &Tensor {
        &self.head
    }

    pub(super) fn target_rows(&self, states: &Tensor, targets: &Targets) -> Result<Tensor> {
        let rows = Tensor::new(targets.rows.as_slice(), self.device())?;
        self.norm.forward(&states.index_select(&rows, 0)?)
    }

    /// Hidden states before the last norm, (batch · seq, hidden), of `ids` (batch, seq), or of (1, seq) when there
    /// are `lengths`.
    fn states(&self, ids: &Tensor, lengths: &[usize], cache: Option<&mut KvCache>, mode: Mode) -> Result<Tensor> {
        let (mut x, mut pass) = self.enter(ids, lengths, cache, mode)?;
        for block in &self.blocks {
            x = block.forward(&x, &mut pass)?;
        }
        if let Some(cache) = pass.cache {
            cache.advance(ids.dim(1)?);
        }
        Ok(x)
    }

    /// What goes into the first block, and what all blocks share.
    pub(super) fn enter<'a>(
        &self,
        ids: &Tensor,
        lengths: &[usize],
        cache: Option<&'a mut KvCache>,
        mode: Mode,
    ) -> Result<(Tensor, Pass<'a>)> {
        let (batch, seq) = ids.dims2()?;
        let starts = cache.as_ref().map_or_else(|| vec![0; batch], |c| c.lengths().to_vec());
        if starts.len() != batch {
            bail!("{batch} sequences but a cache of {}", starts.len());
        }
        let places = if lengths.is_empty() {
            Places { seq, positions: positions(&starts, &vec![seq; batch]), starts, ends: None }
        } else if cache.is_some() || batch != 1 || lengths.iter().sum::<usize>() != seq {
            bail!("sequences of {lengths:?} tokens do not make up {batch} rows of {seq} without a cache");
        } else {
            let running = |end: &mut usize, length: &usize| {
                *end += length;
                Some(*end)
            };
            let (starts, ends) = (vec![0; lengths.len()], lengths.iter().scan(0, running).collect());
            Places { seq, positions: positions(&starts, lengths), starts, ends: Some(ends) }
        };
        let everywhere = self.scope(&places, false)?;
        let slides = self.config.sliding_layers.contains(&true);
        let nearby = if slides { self.scope(&places, true)? } else { everywhere.clone() };
        let mut x = self.embedded(ids, &places)?;
        if let Mode::Training { seed } = mode
            && self.neftune_alpha > 0.0
        {
            let each = if lengths.is_empty() { vec![seq; batch] } else { lengths.to_vec() };
            x = (x + noise(&each, self.config.hidden_size, self.neftune_alpha, seed, self.device())?)?;
        }
        Ok((x, Pass { scopes: [everywhere, nearby], mode, cache }))
    }

    /// Embeddings (batch · seq, hidden) of `ids` (batch, seq).
    fn embedded(&self, ids: &Tensor, places: &Places) -> Result<Tensor> {
        let mut x = self.embedding.index_select(&ids.to_dtype(DType::U32)?.flatten_all()?, 0)?;
        if let Some(scale) = self.config.embedding_scale() {
            x = (x * scale)?;
        }
        let Some(learnt) = &self.positions else { return Ok(x) };
        let context = self.config.context_length;
        if places.positions.iter().any(|position| *position >= context) {
            bail!("a text is longer than the {context} positions that the model has learnt");
        }
        let positions: Vec<u32> = places.positions.iter().map(|position| *position as u32).collect();
        x + learnt.index_select(&Tensor::new(positions, self.device())?, 0)?
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
        let rows = if together { places.seq.min(places.positions.len()) } else { places.positions.len() };
        let head = Head { dim: self.config.head_dim, pairing };
        Rotation::new(&places.positions[..rows], &self.config.inverse_frequencies(sliding), head, self.device())
            .map(Some)
    }
}
