//! The decoder: embedding, blocks, norm and output layer, one code for every family.
//!
//! Freezing is structural: unless [`Decoder::train_weights`] made variables of them, all weights here
//! are plain tensors (or quantized) whose products never compute a weight gradient; then only the
//! matrices of an attached adapter are variables.

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
use crate::ops::linear_cross_entropy::{linear_cross_entropy, token_losses};
use crate::ops::rope::{Head, Rotation};
use crate::ops::rows::select_rows;
use crate::ops::{Weight, tape};
use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var, bail};
use domain::recipe::TargetModule;
use std::collections::BTreeMap;

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
    /// (vocabulary, hidden)
    embedding: Weight,
    /// Learnt positions (context, hidden), added to the embeddings.
    positions: Option<Tensor>,
    blocks: Vec<Block>,
    norm: Norm,
    /// (vocabulary, hidden); none when the embedding is used for it.
    head: Option<Weight>,
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
        Ok(Self { config, embedding, positions, blocks, norm, head })
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
                projection.weight = weight.into();
            }
        }
    }

    /// Makes variables of the weights that `wanted` chooses by Hugging Face name, and returns them.
    /// Quantized matrices stay frozen.
    pub fn train_weights(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Var)>> {
        let mut variables = Vec::new();
        self.tensors_mut(&mut |name: &str, tensor: &mut Tensor| {
            if wanted(name) {
                let variable = Var::from_tensor(tensor)?;
                *tensor = variable.as_tensor().clone();
                variables.push((name.to_owned(), variable));
            }
            Ok(())
        })?;
        Ok(variables)
    }

    /// Makes plain tensors of all weights again, with the values that they have.
    pub fn freeze_weights(&mut self) -> Result<()> {
        self.tensors_mut(&mut |_: &str, tensor: &mut Tensor| {
            *tensor = tensor.detach();
            Ok(())
        })
    }

    /// Gradients of [`Decoder::training_loss`] by every dense weight, under their Hugging Face names. The
    /// weights are frozen afterwards.
    pub fn weight_gradients(
        &mut self,
        ids: &Tensor,
        targets: &Targets,
        denominator: f64,
    ) -> Result<BTreeMap<String, Tensor>> {
        let variables = self.train_weights(|_| true)?;
        let computed = self.loss_and_gradients(ids, targets, denominator, 0);
        self.freeze_weights()?;
        let (_, mut store) = computed?;
        let found = variables.into_iter().filter_map(|(name, v)| store.remove(&v).map(|gradient| (name, gradient)));
        let projections: Vec<String> = self.projections().map(|p| format!("{}.weight", p.path())).collect();
        let is_transposed = |name: &String| self.config.family.stores_inputs_first() && projections.contains(name);
        found.map(|(name, g)| if is_transposed(&name) { Ok((name, g.t()?)) } else { Ok((name, g)) }).collect()
    }

    fn tensors_mut(&mut self, f: &mut impl FnMut(&str, &mut Tensor) -> Result<()>) -> Result<()> {
        if let Weight::Dense(embedding) = &mut self.embedding {
            f(self.config.family.embedding(), embedding)?;
        }
        self.blocks.iter_mut().try_for_each(|block| block.tensors_mut(f))?;
        self.norm.tensors_mut(f)?;
        if let (Some(name), Some(positions)) = (self.config.family.learnt_positions(), &mut self.positions) {
            f(name, positions)?;
        }
        match &mut self.head {
            Some(Weight::Dense(head)) => f("lm_head.weight", head),
            _ => Ok(()),
        }
    }

    /// Final hidden states (batch · seq, hidden) of `ids` (batch, seq), u32. With a cache the tokens
    /// continue the cached sequences, whose lengths grow by seq. A sequence shorter than seq is padded on the
    /// right: causality keeps padding out of the rows before it; with a cache,
    /// [`KvCache::truncate`] then forgets it.
    pub fn forward(&self, ids: &Tensor, cache: Option<&mut KvCache>) -> Result<Tensor> {
        self.norm.forward(&self.states(ids, cache, Mode::Inference)?, Mode::Inference)
    }

    /// Logits (rows, vocabulary) of final hidden states (rows, hidden).
    pub fn logits(&self, hidden: &Tensor) -> Result<Tensor> {
        linear(hidden, &self.head(Mode::Inference), None)
    }

    /// −log p(token), in nats, of the token that follows each final hidden state (rows, hidden).
    pub fn token_losses(&self, hidden: &Tensor, tokens: &[u32]) -> Result<Vec<f32>> {
        token_losses(hidden, &self.head(Mode::Inference), tokens)
    }

    /// −log p(target), in nats, of each target of `ids` (batch, seq).
    pub fn losses(&self, ids: &Tensor, targets: &Targets) -> Result<Vec<f32>> {
        let hidden = self.target_rows(ids, targets, Mode::Inference)?;
        token_losses(&hidden, &self.head(Mode::Inference), &targets.tokens)
    }

    /// The scalar Σ −log p(target) / `denominator` over the targets of `ids` (batch, seq), tracked for a
    /// backward pass.
    pub fn training_loss(&self, ids: &Tensor, targets: &Targets, denominator: f64, seed: u64) -> Result<Tensor> {
        let mode = Mode::Training { seed };
        let hidden = self.target_rows(ids, targets, mode)?;
        linear_cross_entropy(&hidden, &self.head(mode), &targets.tokens, denominator)
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

    /// Final hidden states of the rows that have a target, (targets, hidden).
    fn target_rows(&self, ids: &Tensor, targets: &Targets, mode: Mode) -> Result<Tensor> {
        self.norm.forward(&select_rows(&self.states(ids, None, mode)?, &targets.rows)?, mode)
    }

    /// The output layer's weight.
    fn head(&self, mode: Mode) -> Weight {
        mode.weight(self.head.as_ref().unwrap_or(&self.embedding))
    }

    /// Hidden states before the last norm, (batch · seq, hidden).
    fn states(&self, ids: &Tensor, mut cache: Option<&mut KvCache>, mode: Mode) -> Result<Tensor> {
        let (batch, seq) = ids.dims2()?;
        let starts = cache.as_ref().map_or_else(|| vec![0; batch], |c| c.lengths().to_vec());
        if starts.len() != batch {
            bail!("{batch} sequences but a cache of {}", starts.len());
        }
        let everywhere = self.scope(seq, &starts, false)?;
        let slides = self.config.sliding_layers.contains(&true);
        let nearby = if slides { self.scope(seq, &starts, true)? } else { everywhere.clone() };
        let mut pass = Pass { scopes: [everywhere, nearby], mode, cache: cache.as_deref_mut() };
        let mut x = tape::gathered(&self.embedded(ids, &starts, mode)?)?;
        for block in &self.blocks {
            x = block.forward(&x, &mut pass)?;
        }
        if let Some(cache) = cache {
            cache.advance(seq);
        }
        Ok(x)
    }

    /// Embeddings (batch · seq, hidden) of `ids` (batch, seq).
    fn embedded(&self, ids: &Tensor, starts: &[usize], mode: Mode) -> Result<Tensor> {
        let seq = ids.dim(1)?;
        let mut x = mode.weight(&self.embedding).rows(&ids.to_dtype(DType::U32)?.flatten_all()?.to_vec1()?)?;
        if let Some(scale) = self.config.embedding_scale() {
            x = (x * scale)?;
        }
        let Some(learnt) = &self.positions else { return Ok(x) };
        let context = self.config.context_length;
        if starts.iter().any(|start| start + seq > context) {
            bail!("a text is longer than the {context} positions that the model has learnt");
        }
        let positions: Vec<u32> = starts.iter().flat_map(|start| *start as u32..(start + seq) as u32).collect();
        x + select_rows(&mode.tensor(learnt), &positions)?
    }

    /// What the layers with or without a sliding window share.
    fn scope(&self, seq: usize, starts: &[usize], sliding: bool) -> Result<Scope> {
        let c = &self.config;
        let geometry = Geometry {
            heads: c.heads,
            kv_heads: c.kv_heads,
            head_dim: c.head_dim,
            scale: (1.0 / c.score_divisor.sqrt()) as f32,
            seq,
            window: c.sliding_window.filter(|_| sliding),
            starts: starts.into(),
        };
        Ok(Scope { geometry, rotation: self.rotation(seq, starts, sliding)? })
    }

    /// One row of angles per token, or per position when all sequences start at the same.
    fn rotation(&self, seq: usize, starts: &[usize], sliding: bool) -> Result<Option<Rotation>> {
        let Some(pairing) = self.config.family.pairing() else { return Ok(None) };
        let together = starts.windows(2).all(|w| w[0] == w[1]);
        let different = if together { &starts[..starts.len().min(1)] } else { starts };
        let positions: Vec<usize> = different.iter().flat_map(|start| *start..start + seq).collect();
        let head = Head { dim: self.config.head_dim, pairing };
        Rotation::new(&positions, &self.config.inverse_frequencies(sliding), head, self.device()).map(Some)
    }
}
