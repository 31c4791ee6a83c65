//! A frozen matrix that stays in the blocks of its GGUF file: QLoRA's base (Dettmers et al. 2023, arXiv:2305.14314).
//!
//! Products never see the whole matrix in f32: blocks of rows are written into one buffer that is used
//! again and again, by all threads, and multiplied from there. Values are exactly those of the
//! dequantized matrix. Blocks run along the columns, so rows can be reordered as they are.

mod blocks;

use candle_core::quantized::GgmlDType;
use candle_core::{Device, Result, Tensor, bail};
use rayon::prelude::*;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Rows that one task takes at a time.
const ROWS: usize = 16;

/// A matrix in quantized blocks. Clones share the bytes.
#[derive(Clone)]
pub struct Quantized {
    rows: usize,
    columns: usize,
    dtype: GgmlDType,
    bytes: Arc<[u8]>,
    device: Device,
}

impl Quantized {
    /// Whether a matrix of this format can stay quantized. Formats of two and three bits cannot.
    #[must_use]
    pub fn supports(dtype: GgmlDType) -> bool {
        blocks::is_known(dtype)
    }

    /// A matrix of `rows` rows whose blocks are `bytes`; `device` is where its products are wanted.
    pub fn new(dtype: GgmlDType, bytes: Vec<u8>, (rows, columns): (usize, usize), device: &Device) -> Result<Self> {
        let whole = columns.is_multiple_of(dtype.block_size());
        if !Self::supports(dtype) || !whole || bytes.len() != rows * (columns / dtype.block_size() * dtype.type_size())
        {
            bail!("{} bytes are no {rows} x {columns} matrix of type {dtype:?}", bytes.len());
        }
        Ok(Self { rows, columns, dtype, bytes: bytes.into(), device: device.clone() })
    }

    /// (rows, columns)
    #[must_use]
    pub fn dims(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Memory of the blocks.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The format of the blocks.
    pub(super) fn dtype(&self) -> GgmlDType {
        self.dtype
    }

    /// The blocks as the file has them.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where products with it are wanted.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The whole matrix in f32 on its device.
    pub fn dequantize(&self) -> Result<Tensor> {
        let mut values = vec![0f32; self.rows * self.columns];
        self.read(0..self.rows, &mut values);
        Tensor::from_vec(values, (self.rows, self.columns), &Device::Cpu)?.to_device(&self.device)
    }

    /// The matrix whose row i is row `order[i]` of this one.
    #[must_use]
    pub fn reordered(&self, order: &[usize]) -> Self {
        let width = self.row_bytes();
        let bytes = order.iter().flat_map(|row| &self.bytes[row * width..(row + 1) * width]).copied().collect();
        Self { rows: order.len(), bytes, ..self.clone() }
    }

    /// Writes the values of `rows` into `y`, with all threads.
    pub(super) fn read(&self, rows: Range<usize>, y: &mut [f32]) {
        let width = self.row_bytes();
        let bytes = &self.bytes[rows.start * width..rows.end * width];
        let tasks = y.par_chunks_mut(ROWS * self.columns).zip(bytes.par_chunks(ROWS * width));
        tasks.for_each(|(y, bytes)| blocks::dequantize(self.dtype, bytes, y));
    }

    fn row_bytes(&self) -> usize {
        self.columns / self.dtype.block_size() * self.dtype.type_size()
    }
}

impl fmt::Debug for Quantized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quantized({} x {}, {:?})", self.rows, self.columns, self.dtype)
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::random;
    use super::*;
    use candle_core::quantized::QTensor;

    const FORMATS: [GgmlDType; 10] = [
        GgmlDType::F16,
        GgmlDType::BF16,
        GgmlDType::Q4_0,
        GgmlDType::Q4_1,
        GgmlDType::Q5_0,
        GgmlDType::Q5_1,
        GgmlDType::Q8_0,
        GgmlDType::Q4K,
        GgmlDType::Q5K,
        GgmlDType::Q6K,
    ];

    #[test]
    fn every_format_gives_candles_bits() -> Result<()> {
        for dtype in FORMATS {
            let stored = QTensor::quantize(&random((37, 512), 3)?, dtype)?;
            let ours = Quantized::new(dtype, stored.data()?.into_owned(), (37, 512), &Device::Cpu)?;
            let want: Vec<f32> = stored.dequantize(&Device::Cpu)?.flatten_all()?.to_vec1()?;
            assert_eq!(ours.dequantize()?.flatten_all()?.to_vec1::<f32>()?, want, "{dtype:?}");
            let mut part = vec![0f32; 5 * 512];
            ours.read(30..35, &mut part);
            assert_eq!(part, want[30 * 512..35 * 512], "{dtype:?}");
            let swapped = ours.reordered(&[36, 0]).dequantize()?.flatten_all()?.to_vec1::<f32>()?;
            assert_eq!(swapped, [&want[36 * 512..], &want[..512]].concat(), "{dtype:?}");
        }
        Ok(())
    }

    #[test]
    fn bytes_that_do_not_fit_are_refused() {
        let new = |dtype, bytes, columns| Quantized::new(dtype, vec![0; bytes], (2, columns), &Device::Cpu);
        assert!(new(GgmlDType::Q8_0, 68, 32).is_ok());
        for (dtype, bytes, columns) in
            [(GgmlDType::Q8_0, 67, 32), (GgmlDType::Q8_0, 68, 33), (GgmlDType::Q2K, 168, 256)]
        {
            assert!(new(dtype, bytes, columns).is_err());
        }
    }
}
