//! Causal grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245), computed in blocks of
//! queries so that the score matrix never exists as a whole (Dao et al. 2022, arXiv:2205.14135).
//!
//! Per head, with scores S = s · q kᵀ restricted to visible keys and P = softmax(S): `o = P v`; s is 1/√d as a
//! rule. With D = rowsum(g ∘ o): `dv = Pᵀ g`, `dS = s · P ∘ (g vᵀ − D)`, `dq = dS k`, `dk = dSᵀ q`; P is
//! rebuilt from each row's saved maximum and sum (their logarithm would cost a digit). Query i of a sequence
//! that starts at position p sees keys (p + i − window, p + i].

use super::cpu::{fused, slice, tensor, with};
use super::reduced::{in_f32, like};
use super::tape::{apply3, records};
use candle_core::{CpuStorage, CustomOp3, D, Layout, Result, Shape, Tensor};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

mod kernel;
mod portable;
mod single;
use kernel::RowSum;

/// Sizes of one attention call, and where its sequences begin.
#[derive(Clone, Debug)]
pub struct Geometry {
    pub heads: usize,
    /// Number of key/value heads; divides `heads`.
    pub kv_heads: usize,
    pub head_dim: usize,
    /// s, by which scores are multiplied.
    pub scale: f32,
    /// Queries per sequence, where all have the same number.
    pub seq: usize,
    /// Where each sequence ends among the queries, where their numbers differ: sequences then stand one behind the
    /// other without padding, and no query sees a key of another sequence.
    pub ends: Option<Arc<[usize]>>,
    /// How many keys back a query sees, itself included; `None` for all.
    pub window: Option<usize>,
    /// Position of each sequence's first query: 0 without a cache, else the number of cached keys.
    pub starts: Arc<[usize]>,
}

impl Geometry {
    /// First key that the query at `position` sees.
    fn first_key(&self, position: usize) -> usize {
        self.window.map_or(0, |w| (position + 1).saturating_sub(w))
    }

    /// A sequence's rows among the queries.
    fn rows(&self, sequence: usize) -> Range<usize> {
        match &self.ends {
            Some(ends) => sequence.checked_sub(1).map_or(0, |before| ends[before])..ends[sequence],
            None => sequence * self.seq..(sequence + 1) * self.seq,
        }
    }

    /// Number of queries in all sequences.
    fn queries(&self) -> usize {
        self.starts.len().checked_sub(1).map_or(0, |last| self.rows(last).end)
    }

    /// The row of a sequence's first key among `keys` rows.
    fn first_key_row(&self, sequence: usize, keys: usize) -> usize {
        if self.ends.is_some() { self.rows(sequence).start } else { sequence * (keys / self.starts.len()) }
    }

    /// The same for one sequence alone.
    fn alone(&self, sequence: usize) -> Self {
        let (seq, starts) = (self.rows(sequence).len(), Arc::from([self.starts[sequence]]));
        Self { seq, starts, ends: None, ..self.clone() }
    }
}

/// `q` (batch · seq, heads · head_dim), `k` and `v` (batch · keys, kv_heads · head_dim) where
/// `keys` is `seq` or the capacity of a cache → (batch · seq, heads · head_dim). Differentiable
/// when there is no cache.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, geometry: &Geometry) -> Result<Tensor> {
    if fused(q) {
        apply3(q, k, v, Attention { geometry: geometry.clone(), sums: OnceLock::new() })
    } else if records(&[q, k, v]) {
        portable::attention(q, k, v, geometry)
    } else {
        plain(q, k, v, geometry)
    }
}

/// The same from candle's own operations.
pub fn plain(q: &Tensor, k: &Tensor, v: &Tensor, geometry: &Geometry) -> Result<Tensor> {
    if geometry.ends.is_some() {
        let of = |sequence: usize| {
            let rows = geometry.rows(sequence);
            let part = |t: &Tensor| t.narrow(0, rows.start, rows.len());
            plain(&part(q)?, &part(k)?, &part(v)?, &geometry.alone(sequence))
        };
        return Tensor::cat(&(0..geometry.starts.len()).map(of).collect::<Result<Vec<_>>>()?, 0);
    }
    let (q, k, v) = (geometry.queries_by_head(q)?, geometry.keys_by_head(k)?, geometry.keys_by_head(v)?);
    geometry.by_row(&like(&probabilities(&q, &k, geometry)?, &v)?.matmul(&v)?)
}

/// softmax(S) of heads' queries and keys, (batch, heads, seq, keys), in f32.
fn probabilities(q: &Tensor, k: &Tensor, geometry: &Geometry) -> Result<Tensor> {
    let scores = (in_f32(&q.matmul(&k.t()?)?)? * f64::from(geometry.scale))?;
    let scores = scores.broadcast_add(&mask(geometry, k.dim(2)?, q.device())?)?;
    candle_nn::ops::softmax(&scores, D::Minus1)
}

impl Geometry {
    /// (batch · seq, heads · head_dim) → (batch, heads, seq, head_dim).
    fn queries_by_head(&self, q: &Tensor) -> Result<Tensor> {
        q.reshape((self.starts.len(), self.seq, self.heads, self.head_dim))?.transpose(1, 2)?.contiguous()
    }

    /// (batch · keys, kv_heads · head_dim) → (batch, heads, keys, head_dim): every head gets the keys of its group.
    fn keys_by_head(&self, k: &Tensor) -> Result<Tensor> {
        let (batch, keys) = (self.starts.len(), k.dim(0)? / self.starts.len());
        let k = k.reshape((batch, keys, self.kv_heads, self.head_dim))?.transpose(1, 2)?.unsqueeze(2)?;
        k.expand((batch, self.kv_heads, self.heads / self.kv_heads, keys, self.head_dim))?.contiguous()?.reshape((
            batch,
            self.heads,
            keys,
            self.head_dim,
        ))
    }

    /// (batch, heads, seq, head_dim) → (batch · seq, heads · head_dim).
    fn by_row(&self, o: &Tensor) -> Result<Tensor> {
        o.transpose(1, 2)?.contiguous()?.reshape((self.starts.len() * self.seq, self.heads * self.head_dim))
    }
}

/// 0 where a query sees a key and −∞ elsewhere, (batch, 1, seq, keys).
fn mask(geometry: &Geometry, keys: usize, device: &candle_core::Device) -> Result<Tensor> {
    let mut mask = Vec::with_capacity(geometry.starts.len() * geometry.seq * keys);
    for start in geometry.starts.iter() {
        for position in *start..start + geometry.seq {
            let visible = geometry.first_key(position)..=position;
            mask.extend((0..keys).map(|key| if visible.contains(&key) { 0f32 } else { f32::NEG_INFINITY }));
        }
    }
    Tensor::from_vec(mask, (geometry.starts.len(), 1, geometry.seq, keys), device)
}

struct Attention {
    geometry: Geometry,
    /// Of each query and head, (batch · seq, heads).
    sums: OnceLock<Vec<RowSum>>,
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        q_layout: &Layout,
        k: &CpuStorage,
        k_layout: &Layout,
        v: &CpuStorage,
        v_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (q, k, v, geometry) = (slice(q, q_layout)?, slice(k, k_layout)?, slice(v, v_layout)?, &self.geometry);
        let is_single =
            geometry.seq == 1 && geometry.ends.is_none() && k.len() / geometry.kv_heads > q.len() / geometry.heads;
        let (o, sums) = if is_single { single::forward(q, k, v, geometry) } else { kernel::forward(q, k, v, geometry) };
        self.sums.get_or_init(|| sums);
        Ok((CpuStorage::F32(o), q_layout.shape().clone()))
    }

    fn bwd(
        &self,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        o: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let Some(sums) = self.sums.get() else { candle_core::bail!("backward before forward") };
        if k.dim(0)? != q.dim(0)? || self.geometry.starts.iter().any(|s| *s != 0) {
            candle_core::bail!("attention over a cache has no backward pass");
        }
        let [dq, dk, dv] = with(q, |q| {
            with(k, |k| {
                with(v, |v| {
                    with(o, |o| {
                        with(g, |g| Ok(kernel::backward(&kernel::Saved { q, k, v, o, sums }, g, &self.geometry)))
                    })
                })
            })
        })?;
        Ok((Some(tensor(dq, q.shape())?), Some(tensor(dk, k.shape())?), Some(tensor(dv, v.shape())?)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, assert_same_on_tape, random};
    use super::*;

    fn geometry(window: Option<usize>, starts: &[usize], seq: usize) -> Geometry {
        Geometry { heads: 4, kv_heads: 2, head_dim: 6, scale: 0.5, seq, ends: None, window, starts: starts.into() }
    }

    /// Sequences of these lengths one behind the other.
    fn ragged(window: Option<usize>, lengths: &[usize]) -> Geometry {
        let ends: Vec<usize> = lengths
            .iter()
            .scan(0, |end, length| {
                *end += length;
                Some(*end)
            })
            .collect();
        Geometry { ends: Some(ends.into()), ..geometry(window, &vec![0; lengths.len()], 0) }
    }

    #[test]
    fn sequences_of_different_lengths_do_not_see_each_other() -> Result<()> {
        for window in [None, Some(3)] {
            let g = ragged(window, &[4, 1, 5]);
            let inputs = [random((10, 24), 1)?, random((10, 12), 2)?, random((10, 12), 3)?];
            assert_same_gradients(&inputs, |v| attention(&v[0], &v[1], &v[2], &g), |v| plain(&v[0], &v[1], &v[2], &g))?;
            let by_hand = |v: &[Tensor]| portable::attention(&v[0], &v[1], &v[2], &g);
            assert_same_on_tape(&inputs, by_hand, |v| plain(&v[0], &v[1], &v[2], &g))?;
        }
        let g = ragged(Some(90), &[70, 3, 130]);
        let (q, k, v) = (random((203, 24), 1)?, random((203, 12), 2)?, random((203, 12), 3)?);
        let difference = (attention(&q, &k, &v, &g)? - plain(&q, &k, &v, &g)?)?.abs()?.max_all()?;
        assert!(difference.to_scalar::<f32>()? < 1e-5);
        Ok(())
    }

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        for window in [None, Some(3)] {
            let g = geometry(window, &[0, 0], 5);
            let inputs = [random((10, 24), 1)?, random((10, 12), 2)?, random((10, 12), 3)?];
            assert_same_gradients(&inputs, |v| attention(&v[0], &v[1], &v[2], &g), |v| plain(&v[0], &v[1], &v[2], &g))?;
            let by_hand = |v: &[Tensor]| portable::attention(&v[0], &v[1], &v[2], &g);
            assert_same_on_tape(&inputs, by_hand, |v| plain(&v[0], &v[1], &v[2], &g))?;
        }
        Ok(())
    }

    #[test]
    fn one_query_over_a_cache_equals_plain_operations() -> Result<()> {
        for (window, starts) in [(None, [0, 99]), (Some(7), [3, 60]), (None, [250, 299])] {
            let g = geometry(window, &starts, 1);
            let (q, k, v) = (random((2, 24), 1)?, random((600, 12), 2)?, random((600, 12), 3)?);
            let difference = (attention(&q, &k, &v, &g)? - plain(&q, &k, &v, &g)?)?.abs()?.max_all()?;
            assert!(difference.to_scalar::<f32>()? < 1e-5);
        }
        Ok(())
    }

    #[test]
    fn many_blocks_equal_plain_operations() -> Result<()> {
        for (window, starts, keys) in [(None, [0, 0], 150), (Some(40), [0, 0], 150), (Some(70), [5, 31], 190)] {
            let g = geometry(window, &starts, 150);
            let (q, k, v) = (random((300, 24), 1)?, random((2 * keys, 12), 2)?, random((2 * keys, 12), 3)?);
            let difference = (attention(&q, &k, &v, &g)? - plain(&q, &k, &v, &g)?)?.abs()?.max_all()?;
            assert!(difference.to_scalar::<f32>()? < 1e-5);
        }
        Ok(())
    }
}
