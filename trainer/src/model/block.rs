//! One pre-norm transformer block: attention and feed-forward, each behind a residual.
//!
//! `x ← x + Wo · attention(rope(Wq n₁), rope(Wk n₁), Wv n₁)` with n₁ = norm(x), then
//! `x ← x + Wdown · (silu(Wgate n₂) ∘ Wup n₂)` with n₂ = norm(x).

use super::Result;
use super::cache::KvCache;
use super::config::DecoderConfig;
use super::decoder::Mode;
use super::error::ModelError;
use super::projection::{self, Projection};
use super::weights::Weights;
use crate::ops::Weight;
use crate::ops::attention::{Geometry, attention};
use crate::ops::rms_norm::rms_norm;
use crate::ops::rope::{Rotation, rope};
use crate::ops::swiglu::swiglu;
use crate::ops::tape::add;
use candle_core::Tensor;
use domain::recipe::TargetModule;

/// What all blocks share in one forward pass.
pub(super) struct Pass<'a> {
    pub(super) geometry: Geometry,
    pub(super) rotation: Rotation,
    pub(super) mode: Mode,
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
    mlp_norm: Tensor,
    gate: Projection,
    up: Projection,
    down: Projection,
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
                weight: weights.take_matrix(&format!("{path}.weight"))?,
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

    /// Calls `f` with every dense tensor and its Hugging Face name.
    pub(super) fn tensors_mut(&mut self, f: &mut impl FnMut(&str, &mut Tensor) -> Result<()>) -> Result<()> {
        let layer = self.layer;
        for projection in self.projections_mut() {
            let path = projection.path();
            if let Weight::Dense(weight) = &mut projection.weight {
                f(&format!("{path}.weight"), weight)?;
            }
            if let Some(bias) = &mut projection.bias {
                f(&format!("{path}.bias"), bias)?;
            }
        }
        f(&format!("model.layers.{layer}.input_layernorm.weight"), &mut self.attention_norm)?;
        f(&format!("model.layers.{layer}.post_attention_layernorm.weight"), &mut self.mlp_norm)
    }

    /// (tokens, hidden) → (tokens, hidden).
    pub(super) fn forward(&self, x: &Tensor, pass: &mut Pass) -> Result<Tensor> {
        let norm = |x: &Tensor, gain: &Tensor, mode: Mode| rms_norm(x, &mode.tensor(gain), self.epsilon);
        let x = add(x, &self.attend(&norm(x, &self.attention_norm, pass.mode)?, pass)?)?;
        let y = norm(&x, &self.mlp_norm, pass.mode)?;
        let gated = swiglu(&self.gate.forward(&y, pass.mode)?, &self.up.forward(&y, pass.mode)?)?;
        add(&x, &self.down.forward(&gated, pass.mode)?)
    }

    fn attend(&self, y: &Tensor, pass: &mut Pass) -> Result<Tensor> {
        let q = rope(&self.q.forward(y, pass.mode)?, &pass.rotation)?;
        let k = rope(&self.k.forward(y, pass.mode)?, &pass.rotation)?;
        let v = self.v.forward(y, pass.mode)?;
        let (k, v) = match &mut pass.cache {
            Some(cache) => cache.write(self.layer, &k, &v)?,
            None => (k, v),
        };
        self.o.forward(&attention(&q, &k, &v, &pass.geometry)?, pass.mode)
    }
}
