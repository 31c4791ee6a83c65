//! One pre-norm transformer block: attention and feed-forward, each behind a residual.
//!
//! `x ← x + norm₂(Wo · attention(rope(Wq n₁), rope(Wk n₁), Wv n₁))` with n₁ = norm₁(x), then
//! `x ← x + norm₄(Wdown · (φ(Wgate n₃) ∘ Wup n₃))` with n₃ = norm₃(x). Families leave parts out (norm₂, norm₄, the
//! gate, the rotation), normalise queries and keys per head, or keep several matrices as one.

use super::Result;
use super::bottleneck::Bottleneck;
use super::cache::KvCache;
use super::config::{DecoderConfig, Linear};
use super::decoder::Mode;
use super::error::ModelError;
use super::norm::Norm;
use super::projection::{Projection, path};
use super::virtual_tokens::{drop_before, put_before};
use super::weights::Weights;
use crate::ops::Weight;
use crate::ops::activation::{Activation, activate};
use crate::ops::attention::{Geometry, attention};
use crate::ops::gated::gated;
use crate::ops::reduced::like;
use crate::ops::rope::{Rotation, rope};
use crate::ops::tape::add;
use candle_core::{Tensor, bail};
use domain::recipe::TargetModule::{self, DownProj, GateProj, KProj, OProj, QProj, UpProj, VProj};

/// What the layers that look equally far share in one forward pass.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) geometry: Geometry,
    /// `None`: positions are in the embeddings already.
    pub(super) rotation: Option<Rotation>,
}

/// What all blocks share in one forward pass.
pub(super) struct Pass<'a> {
    /// Of the layers that see everything, and of those with a sliding window.
    pub(super) scopes: [Scope; 2],
    pub(super) mode: Mode,
    /// Rows of each sequence.
    pub(super) rows: Vec<usize>,
    /// Trained keys and values of all layers, in f32; `None` where there are none or a cache holds them.
    /// A scope's geometry counts them, its rotation and `rows` do not.
    pub(super) prefix: Option<Tensor>,
    pub(super) cache: Option<&'a mut KvCache>,
}

/// A decoder block.
#[derive(Debug)]
pub(super) struct Block {
    layer: usize,
    slides: bool,
    activation: Activation,
    /// In the order of [`DecoderConfig::linear_layers`].
    linears: Vec<Projection>,
    before_attention: Norm,
    after_attention: Option<Norm>,
    /// Adapters on what each part adds to the residual.
    pub(super) attention_bottleneck: Option<Bottleneck>,
    before_mlp: Norm,
    after_mlp: Option<Norm>,
    pub(super) mlp_bottleneck: Option<Bottleneck>,
    /// Of each query head and of each key head.
    head_norms: Option<(Norm, Norm)>,
}

impl Block {
    /// Takes the block's tensors out of `weights`.
    pub(super) fn new(config: &DecoderConfig, layer: usize, weights: &mut Weights) -> Result<Self, ModelError> {
        let (family, name) = (config.family, config.family.block(layer));
        let linears = config.linear_layers().into_iter().map(|linear| projection(config, layer, linear, weights));
        let linears = linears.collect::<Result<_, ModelError>>()?;
        let mut norm = |part: &str| Norm::take(config, &format!("{name}.{part}"), weights);
        let names = family.norms();
        Ok(Self {
            attention_bottleneck: None,
            mlp_bottleneck: None,
            layer,
            slides: config.sliding_layers[layer],
            activation: config.activation,
            linears,
            before_attention: norm(names.before_attention)?,
            after_attention: names.after_attention.map(&mut norm).transpose()?,
            before_mlp: norm(names.before_mlp)?,
            after_mlp: names.after_mlp.map(&mut norm).transpose()?,
            head_norms: if family.normalises_heads() {
                Some((norm("self_attn.q_norm")?, norm("self_attn.k_norm")?))
            } else {
                None
            },
        })
    }

    /// All linear layers, in the order of [`TargetModule::ALL`].
    pub(super) fn projections(&self) -> impl Iterator<Item = &Projection> {
        self.linears.iter()
    }

    /// All linear layers, in the order of [`TargetModule::ALL`].
    pub(super) fn projections_mut(&mut self) -> impl Iterator<Item = &mut Projection> {
        self.linears.iter_mut()
    }

    /// Every dense tensor and its Hugging Face name.
    pub(super) fn tensors(&self) -> Vec<(String, &Tensor)> {
        let mut tensors = Vec::new();
        for projection in &self.linears {
            let path = projection.path();
            tensors.extend(projection.weight.as_dense().map(|weight| (format!("{path}.weight"), weight)));
            tensors.extend(projection.bias.as_ref().map(|bias| (format!("{path}.bias"), bias)));
        }
        let around = [Some(&self.before_attention), self.after_attention.as_ref()];
        let around = around.into_iter().chain([Some(&self.before_mlp), self.after_mlp.as_ref()]).flatten();
        let of_heads = self.head_norms.iter().flat_map(|(q, k)| [q, k]);
        tensors.extend(around.chain(of_heads).flat_map(Norm::tensors));
        tensors
    }

    /// Calls `f` with every dense tensor and its Hugging Face name.
    pub(super) fn tensors_mut(&mut self, f: &mut impl FnMut(&str, &mut Tensor)) {
        for projection in self.projections_mut() {
            let path = projection.path();
            if let Weight::Dense(weight) = &mut projection.weight {
                f(&format!("{path}.weight"), weight);
            }
            if let Some(bias) = &mut projection.bias {
                f(&format!("{path}.bias"), bias);
            }
        }
        let around = [Some(&mut self.before_attention), self.after_attention.as_mut()];
        let around = around.into_iter().chain([Some(&mut self.before_mlp), self.after_mlp.as_mut()]).flatten();
        let of_heads = self.head_norms.iter_mut().flat_map(|(q, k)| [q, k]);
        around.chain(of_heads).for_each(|norm| norm.tensors_mut(f));
    }

    /// (tokens, hidden) → (tokens, hidden).
    pub(super) fn forward(&self, x: &Tensor, pass: &mut Pass) -> Result<Tensor> {
        let mode = pass.mode;
        let attended = self.attend(&self.before_attention.forward(x, mode)?, pass)?;
        let attended = normalised(attended, self.after_attention.as_ref(), mode)?;
        let x = add(x, &adapted(attended, self.attention_bottleneck.as_ref(), mode)?)?;
        let fed = self.feed(&self.before_mlp.forward(&x, mode)?, mode)?;
        let fed = normalised(fed, self.after_mlp.as_ref(), mode)?;
        add(&x, &adapted(fed, self.mlp_bottleneck.as_ref(), mode)?)
    }

    fn attend(&self, y: &Tensor, pass: &mut Pass) -> Result<Tensor> {
        let Scope { geometry, rotation } = &pass.scopes[usize::from(self.slides)];
        let (q_width, kv_width) = (geometry.heads * geometry.head_dim, geometry.kv_heads * geometry.head_dim);
        let [q, k, v] = self.parts(y, [QProj, KProj, VProj], [q_width, kv_width, kv_width], pass.mode)?;
        let (q, k) = match &self.head_norms {
            Some((q_norm, k_norm)) => (q_norm.per_head(&q, pass.mode)?, k_norm.per_head(&k, pass.mode)?),
            None => (q, k),
        };
        let (q, k) = match rotation {
            Some(rotation) => (rope(&q, rotation)?, rope(&k, rotation)?),
            None => (q, k),
        };
        let (k, v) = match &mut pass.cache {
            Some(cache) => cache.write(self.layer, &k, &v)?,
            None => (k, v),
        };
        let attended = match &pass.prefix {
            Some(prefix) => self.attend_behind(prefix, [&q, &k, &v], &pass.rows, geometry)?,
            None => attention(&q, &k, &v, geometry)?,
        };
        self.linear(OProj)?.forward(&attended, pass.mode)
    }

    /// Attention over this layer's part of the prefix and the text, which has `rows` of each sequence. The prefix gets
    /// queries of zeros, whose results are dropped, so that queries and keys are as many: a backward pass wants that.
    fn attend_behind(
        &self,
        prefix: &Tensor,
        [q, k, v]: [&Tensor; 3],
        rows: &[usize],
        geometry: &Geometry,
    ) -> Result<Tensor> {
        let ((count, _), width) = (prefix.dims2()?, k.dim(1)?);
        let of = |which: usize| like(&prefix.narrow(1, (2 * self.layer + which) * width, width)?.contiguous()?, q);
        let nothing = Tensor::zeros((count, q.dim(1)?), q.dtype(), q.device())?;
        let (q, k, v) = (put_before(q, &nothing, rows)?, put_before(k, &of(0)?, rows)?, put_before(v, &of(1)?, rows)?);
        drop_before(&attention(&q, &k, &v, geometry)?, count, rows)
    }

    fn feed(&self, y: &Tensor, mode: Mode) -> Result<Tensor> {
        let inner = self.linear(DownProj)?.weight.dims2()?.1;
        let active = if self.find(GateProj).is_some() {
            let [gate, up] = self.parts(y, [GateProj, UpProj], [inner, inner], mode)?;
            gated(&gate, &up, self.activation)?
        } else {
            activate(&self.linear(UpProj)?.forward(y, mode)?, self.activation)?
        };
        self.linear(DownProj)?.forward(&active, mode)
    }

    /// The outputs of modules that read the same input, whether each is a layer or all are one.
    fn parts<const N: usize>(
        &self,
        y: &Tensor,
        modules: [TargetModule; N],
        widths: [usize; N],
        mode: Mode,
    ) -> Result<[Tensor; N]> {
        let first = self.linear(modules[0])?.forward(y, mode)?;
        let parts: Result<Vec<Tensor>> = if first.dim(1)? == widths[0] {
            std::iter::once(Ok(first)).chain(modules[1..].iter().map(|m| self.linear(*m)?.forward(y, mode))).collect()
        } else {
            let ends = widths.iter().scan(0, |end, width| {
                *end += width;
                Some(*end)
            });
            ends.zip(widths).map(|(end, width)| first.narrow(1, end - width, width)?.contiguous()).collect()
        };
        parts?.try_into().map_err(|_| candle_core::Error::msg("a layer with other outputs than its parts"))
    }

    fn find(&self, module: TargetModule) -> Option<&Projection> {
        self.linears.iter().find(|linear| linear.module == module)
    }

    fn linear(&self, module: TargetModule) -> Result<&Projection> {
        match self.find(module) {
            Some(linear) => Ok(linear),
            None => bail!("block {} has no {}", self.layer, module.as_str()),
        }
    }
}

fn normalised(x: Tensor, norm: Option<&Norm>, mode: Mode) -> Result<Tensor> {
    match norm {
        Some(norm) => norm.forward(&x, mode),
        None => Ok(x),
    }
}

fn adapted(x: Tensor, bottleneck: Option<&Bottleneck>, mode: Mode) -> Result<Tensor> {
    match bottleneck {
        Some(bottleneck) => bottleneck.forward(&x, mode),
        None => Ok(x),
    }
}

fn projection(
    config: &DecoderConfig,
    layer: usize,
    linear: Linear,
    weights: &mut Weights,
) -> Result<Projection, ModelError> {
    let name = path(config.family, layer, linear.modules[0]);
    let weight = if config.family.stores_inputs_first() {
        let stored = weights.take(&format!("{name}.weight"))?;
        let turned = stored.t().and_then(|w| w.contiguous()?.to_dtype(weights.dtype()));
        turned.map_err(|source| weights.device_error(source))?.into()
    } else {
        weights.take_matrix(&format!("{name}.weight"))?
    };
    let bias = if linear.bias { Some(weights.take(&format!("{name}.bias"))?) } else { None };
    Ok(Projection { family: config.family, layer, module: linear.modules[0], weight, bias, adapter: None })
}
