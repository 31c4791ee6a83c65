//! Keys and values of the tokens already read, so that generation reads each token once.

use super::config::DecoderConfig;
use crate::ops::rows::put_rows;
use candle_core::{DType, Device, Result, Tensor, bail};

/// A cache for a batch of sequences of different lengths. Its tensors are written in place, so
/// it is deliberately not `Clone`; see [`KvCache::select`].
#[derive(Debug)]
pub struct KvCache {
    /// Keys and values of each layer, both (batch · capacity, kv_heads · head_dim).
    layers: Vec<(Tensor, Tensor)>,
    /// Tokens of each sequence that are valid.
    lengths: Vec<usize>,
    capacity: usize,
    /// Tokens at the beginning of every sequence that are no text. `lengths` and `capacity` count
    /// them, callers outside the model do not.
    virtual_tokens: usize,
}

impl KvCache {
    /// Room for `batch` sequences of up to `capacity` tokens, of activations of this type.
    pub fn new(config: &DecoderConfig, batch: usize, capacity: usize, dtype: DType, device: &Device) -> Result<Self> {
        let shape = (batch * capacity, config.kv_heads * config.head_dim);
        let zeros = || Tensor::zeros(shape, dtype, device);
        let layers = (0..config.layers).map(|_| Ok((zeros()?, zeros()?))).collect::<Result<_>>()?;
        Ok(Self { layers, lengths: vec![0; batch], capacity, virtual_tokens: 0 })
    }

    /// Tokens of each text read so far.
    #[must_use]
    pub fn lengths(&self) -> Vec<usize> {
        self.lengths.iter().map(|length| length - self.virtual_tokens).collect()
    }

    /// Longest text that fits, in tokens.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity - self.virtual_tokens
    }

    /// Keys and values of each layer, both (batch · capacity, kv_heads · head_dim).
    pub(crate) fn layers(&self) -> &[(Tensor, Tensor)] {
        &self.layers
    }

    /// The position of each sequence's next token.
    pub(super) fn starts(&self) -> &[usize] {
        &self.lengths
    }

    /// Forgets everything after the first `lengths[i]` tokens of each text: the padding of
    /// a prompt, or a continuation that was only scored.
    pub fn truncate(&mut self, lengths: &[usize]) {
        for (have, want) in self.lengths.iter_mut().zip(lengths) {
            *have = (*have).min(want + self.virtual_tokens);
        }
    }

    /// As [`KvCache::select`], the first `virtual_tokens` tokens of this cache being no text.
    pub(super) fn select_behind(&self, virtual_tokens: usize, rows: &[usize], capacity: usize) -> Result<Self> {
        let mut selected = self.select(rows, virtual_tokens + capacity)?;
        selected.virtual_tokens = virtual_tokens;
        Ok(selected)
    }

    /// A cache whose sequence `i` is a copy of sequence `rows[i]` of this one, with room for
    /// `capacity` tokens each.
    pub fn select(&self, rows: &[usize], capacity: usize) -> Result<Self> {
        let capacity = capacity + self.virtual_tokens;
        let lengths: Vec<usize> = rows.iter().map(|row| self.lengths[*row]).collect();
        if let Some(length) = lengths.iter().find(|length| **length > capacity) {
            bail!("a cache of {capacity} tokens cannot hold {length}");
        }
        let copy = |from: &Tensor| -> Result<Tensor> {
            let to = Tensor::zeros((rows.len() * capacity, from.dim(1)?), from.dtype(), from.device())?;
            for (i, (row, length)) in rows.iter().zip(&lengths).enumerate().filter(|(_, (_, length))| **length > 0) {
                to.slice_set(&from.narrow(0, row * self.capacity, *length)?, 0, i * capacity)?;
            }
            Ok(to)
        };
        let layers = self.layers.iter().map(|(k, v)| Ok((copy(k)?, copy(v)?))).collect::<Result<_>>()?;
        Ok(Self { layers, lengths, capacity, virtual_tokens: self.virtual_tokens })
    }

    /// Writes the keys and values (batch · seq, width) of the next tokens behind the valid ones
    /// and returns the whole buffers. [`KvCache::advance`] makes them valid.
    pub(super) fn write(&mut self, layer: usize, k: &Tensor, v: &Tensor) -> Result<(Tensor, Tensor)> {
        let seq = k.dim(0)? / self.lengths.len();
        if let Some(length) = self.lengths.iter().find(|length| **length + seq > self.capacity) {
            bail!("a cache of {} tokens cannot hold {}", self.capacity, length + seq);
        }
        let rows: Vec<usize> = self.lengths.iter().enumerate().map(|(i, length)| i * self.capacity + length).collect();
        let (keys, values) = &self.layers[layer];
        put_rows(keys, k, &rows)?;
        put_rows(values, v, &rows)?;
        Ok((keys.clone(), values.clone()))
    }

    pub(super) fn advance(&mut self, seq: usize) {
        for length in &mut self.lengths {
            *length += seq;
        }
    }
}
