//! One pre-norm transformer block: attention and feed-forward, each behind a residual.
//!
//! `x ← x + Wo · attention(rope(Wq n₁), rope(Wk n₁), Wv n₁)` with n₁ = norm(x), then
//! `x ← x + Wdown · (silu(Wgate n₂) ∘ Wup n₂)` with n₂ = norm(x).

use super::Result;
use super::bottleneck::Bottleneck;
use super::cache::KvCache;
use super::config::DecoderConfig;
use super::decoder::Mode;
use super::error::ModelError;
use super::projection::{self, Projection};
use super::virtual_tokens::{drop_before, put_before};
use super::weights::Weights;
use crate::ops::attention::{Geometry, attention};
use crate::ops::rms_norm::rms_norm;
use crate::ops::rope::{Rotation, rope};
use crate::ops::swiglu::swiglu;
use candle_core::Tensor;
use domain::recipe::TargetModule;

/// What all blocks share in one forward pass.
pub(super) struct Pass<'a> {
    pub(super) geometry: Geometry,
    pub(super) rotation: Rotation,
    pub(super) mode: Mode,
    /// Trained keys and values of all layers; `None` where there are none or a cache holds them.
    /// `geometry` counts them, `rotation` does not.
    pub(super) prefix: Option<Tensor>,
    pub(super) cache: Option<&'a mut KvCache>,
}

/// A decoder block.
#[derive(Debug)]
pub(super) struct Block {
    layer: usize,
    epsilon: f64,
    attention_norm: Tensor,
    q: Projection,
    k: Projection,
    v: Projection,
    o: Projection,
    pub(super) after_attention: Option<Bottleneck>,
    mlp_norm: Tensor,
    gate: Projection,
    up: Projection,
    down: Projection,
    pub(super) after_feed_forward: Option<Bottleneck>,
}

impl Block {
    /// Takes the block's tensors out of `weights`.
    pub(super) fn new(config: &DecoderConfig, layer: usize, weights: &mut Weights) -> Result<Self, ModelError> {
        use TargetModule::{DownProj, GateProj, KProj, OProj, QProj, UpProj, VProj};
        let norm = |name: &str| format!("model.layers.{layer}.{name}.weight");
        let (attention_norm, mlp_norm) =
            (weights.take(&norm("input_layernorm"))?, weights.take(&norm("post_attention_layernorm"))?);
        let mut take = |module: TargetModule| {
            let path = projection::path(layer, module);
            let has_bias = config.qkv_bias && matches!(module, QProj | KProj | VProj);
            let bias = if has_bias { Some(weights.take(&format!("{path}.bias"))?) } else { None };
            Ok::<_, ModelError>(Projection {
                layer,
                module,
                weight: weights.take(&format!("{path}.weight"))?,
                bias,
                adapter: None,
            })
        };
        Ok(Self {
            q: take(QProj)?,
            k: take(KProj)?,
            v: take(VProj)?,
            o: take(OProj)?,
            gate: take(GateProj)?,
            up: take(UpProj)?,
            down: take(DownProj)?,
            after_attention: None,
            after_feed_forward: None,
            epsilon: config.norm_epsilon,
            layer,
            attention_norm,
            mlp_norm,
        })
    }

    /// All linear layers, in the order of [`TargetModule::ALL`].
    pub(super) fn projections(&self) -> [&Projection; 7] {
        [&self.q, &self.k, &self.v, &self.o, &self.gate, &self.up, &self.down]
    }

    /// All linear layers, in the order of [`TargetModule::ALL`].
    pub(super) fn projections_mut(&mut self) -> [&mut Projection; 7] {
        [&mut self.q, &mut self.k, &mut self.v, &mut self.o, &mut self.gate, &mut self.up, &mut self.down]
    }

    /// (tokens, hidden) → (tokens, hidden).
    pub(super) fn forward(&self, x: &Tensor, pass: &mut Pass) -> Result<Tensor> {
        let mode = pass.mode;
        let adapted = |y: Tensor, adapter: &Option<Bottleneck>| match adapter {
            Some(adapter) => adapter.forward(&y, mode),
            None => Ok(y),
        };
        let y = self.attend(&rms_norm(x, &self.attention_norm, self.epsilon)?, pass)?;
        let x = (x + adapted(y, &self.after_attention)?)?;
        let y = rms_norm(&x, &self.mlp_norm, self.epsilon)?;
        let gated = swiglu(&self.gate.forward(&y, mode)?, &self.up.forward(&y, mode)?)?;
        x + adapted(self.down.forward(&gated, mode)?, &self.after_feed_forward)?
    }

    fn attend(&self, y: &Tensor, pass: &mut Pass) -> Result<Tensor> {
        let q = rope(&self.q.forward(y, pass.mode)?, &pass.rotation)?;
        let k = rope(&self.k.forward(y, pass.mode)?, &pass.rotation)?;
        let v = self.v.forward(y, pass.mode)?;
        let (k, v) = match &mut pass.cache {
            Some(cache) => cache.write(self.layer, &k, &v)?,
            None => (k, v),
        };
        let attended = match &pass.prefix {
            Some(prefix) => self.attend_behind(prefix, [&q, &k, &v], &pass.geometry)?,
            None => attention(&q, &k, &v, &pass.geometry)?,
        };
        self.o.forward(&attended, pass.mode)
    }

    /// Attention over this layer's part of the prefix and the text. The prefix gets queries of zeros, whose
    /// results are dropped, so that queries and keys are as many: a backward pass wants that.
    fn attend_behind(&self, prefix: &Tensor, [q, k, v]: [&Tensor; 3], geometry: &Geometry) -> Result<Tensor> {
        let (batch, (count, _), width) = (geometry.starts.len(), prefix.dims2()?, k.dim(1)?);
        let of = |which: usize| prefix.narrow(1, (2 * self.layer + which) * width, width);
        let nothing = Tensor::zeros((count, q.dim(1)?), q.dtype(), q.device())?;
        let (q, k, v) =
            (put_before(q, &nothing, batch)?, put_before(k, &of(0)?, batch)?, put_before(v, &of(1)?, batch)?);
        drop_before(&attention(&q, &k, &v, geometry)?, count, batch)
    }
}
