//! Attention from candle's own operations on any device and in any type, with the backward pass by hand: scores and
//! probabilities, which are far larger than all else, are computed again instead of kept.

use super::super::reduced::{in_f32, like};
use super::super::tape::note;
use super::{Geometry, plain, probabilities};
use candle_core::{D, Result, Tensor, bail};

/// As [`super::attention`] without a cache.
pub(super) fn attention(q: &Tensor, k: &Tensor, v: &Tensor, geometry: &Geometry) -> Result<Tensor> {
    if k.dim(0)? != q.dim(0)? || geometry.starts.iter().any(|start| *start != 0) {
        bail!("attention over a cache has no backward pass");
    }
    let inputs = [q.detach(), k.detach(), v.detach()];
    let [q_values, k_values, v_values] = &inputs;
    let (o, geometry) = (plain(q_values, k_values, v_values, geometry)?, geometry.clone());
    note([q, k, v], &o, move |g| backward(&inputs, g, &geometry).map(|gradients| gradients.map(Some)))
}

/// Gradients of q, k and v, given that of o.
fn backward([q, k, v]: &[Tensor; 3], g: &Tensor, geometry: &Geometry) -> Result<[Tensor; 3]> {
    if geometry.ends.is_none() {
        return of_equal_lengths([q, k, v], g, geometry);
    }
    let mut parts: [Vec<Tensor>; 3] = Default::default();
    for sequence in 0..geometry.starts.len() {
        let rows = geometry.rows(sequence);
        let part = |t: &Tensor| t.narrow(0, rows.start, rows.len());
        let inputs = [&part(q)?, &part(k)?, &part(v)?];
        let gradients = of_equal_lengths(inputs, &part(g)?, &geometry.alone(sequence))?;
        parts.iter_mut().zip(gradients).for_each(|(parts, gradient)| parts.push(gradient));
    }
    let [dq, dk, dv] = parts;
    Ok([Tensor::cat(&dq, 0)?, Tensor::cat(&dk, 0)?, Tensor::cat(&dv, 0)?])
}

fn of_equal_lengths([q, k, v]: [&Tensor; 3], g: &Tensor, geometry: &Geometry) -> Result<[Tensor; 3]> {
    let (q, g) = (geometry.queries_by_head(q)?, geometry.queries_by_head(g)?);
    let (k, v) = (geometry.keys_by_head(k)?, geometry.keys_by_head(v)?);
    let p = probabilities(&q, &k, geometry)?;
    let dv = like(&p, &g)?.t()?.matmul(&g)?;
    let dp = in_f32(&g.matmul(&v.t()?)?)?;
    let d = (&p * &dp)?.sum_keepdim(D::Minus1)?;
    let ds = like(&((p * dp.broadcast_sub(&d)?)? * f64::from(geometry.scale))?, &q)?;
    let (dq, dk) = (ds.matmul(&k)?, ds.t()?.matmul(&q)?);
    Ok([geometry.by_row(&dq)?, of_groups(&dk, geometry)?, of_groups(&dv, geometry)?])
}

/// Sums over the heads that share keys: (batch, heads, keys, head_dim) → (batch · keys, kv_heads · head_dim).
fn of_groups(x: &Tensor, geometry: &Geometry) -> Result<Tensor> {
    let (batch, heads, keys, head_dim) = x.dims4()?;
    let groups = in_f32(x)?.reshape((batch, geometry.kv_heads, heads / geometry.kv_heads, keys, head_dim))?;
    let sums = groups.sum(2)?.transpose(1, 2)?.contiguous()?;
    like(&sums.reshape((batch * keys, geometry.kv_heads * head_dim))?, x)
}
