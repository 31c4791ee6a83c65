//! The matrix of a linear layer in one of four states: dense and frozen, dense and trained, quantized, or laid out
//! for products in whole numbers.
//!
//! What follows from the state is decided here and nowhere else: a trained matrix is a variable
//! and gets a gradient, the others do not; a quantized one is multiplied block by block, with the values of its
//! dequantized self. Only one that was laid out for inference rounds its inputs.

use super::cpu::with;
use super::gemm::{self, Mat, Threads};
use super::integer::Integer;
use super::quantized::Quantized;
use super::rows::select_rows;
use candle_core::{DType, Device, Result, Tensor, bail};
use std::cell::Cell;
use std::ops::Range;

/// Elements of a quantized matrix that exist in f32 at a time.
const BLOCK: usize = 1 << 20;

thread_local! {
    /// The f32 values of the block at hand.
    static BUFFER: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// A matrix (out, in).
#[derive(Clone, Debug)]
pub enum Weight {
    /// f32, or of a reduced type. Trained if it is a variable, which is always f32.
    Dense(Tensor),
    Quantized(Quantized),
    /// On the CPU, for inference.
    Integer(Integer),
}

impl From<Tensor> for Weight {
    fn from(tensor: Tensor) -> Self {
        Self::Dense(tensor)
    }
}

impl Weight {
    /// (out, in)
    pub fn dims2(&self) -> Result<(usize, usize)> {
        match self {
            Self::Dense(tensor) => tensor.dims2(),
            Self::Quantized(matrix) => Ok(matrix.dims()),
            Self::Integer(matrix) => Ok(matrix.dims()),
        }
    }

    /// Where it is multiplied.
    #[must_use]
    pub fn device(&self) -> &Device {
        match self {
            Self::Dense(tensor) => tensor.device(),
            Self::Quantized(matrix) => matrix.device(),
            Self::Integer(_) => &Device::Cpu,
        }
    }

    /// Memory of its elements.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Dense(tensor) => tensor.elem_count() * tensor.dtype().size_in_bytes(),
            Self::Quantized(matrix) => matrix.size_bytes(),
            Self::Integer(matrix) => matrix.size_bytes(),
        }
    }

    /// The matrix as a tensor; a quantized one is dequantized into a new one.
    pub fn dense(&self) -> Result<Tensor> {
        match self {
            Self::Dense(tensor) => Ok(tensor.clone()),
            Self::Quantized(matrix) => matrix.dequantize(),
            Self::Integer(matrix) => matrix.dequantize(),
        }
    }

    /// The matrix as it is in memory, unless it is quantized.
    #[must_use]
    pub fn as_dense(&self) -> Option<&Tensor> {
        match self {
            Self::Dense(tensor) => Some(tensor),
            Self::Quantized(_) | Self::Integer(_) => None,
        }
    }

    /// Rounds a dense matrix that is not trained to this type.
    pub fn round_to(&mut self, dtype: DType) -> Result<()> {
        if let Self::Dense(tensor) = self
            && !tensor.track_op()
        {
            *tensor = tensor.to_dtype(dtype)?;
        }
        Ok(())
    }

    /// The same matrix, of which nobody asks a gradient.
    #[must_use]
    pub fn detach(&self) -> Self {
        match self {
            Self::Dense(tensor) => Self::Dense(tensor.detach()),
            Self::Quantized(_) | Self::Integer(_) => self.clone(),
        }
    }

    /// The matrix itself where it is trained.
    pub(super) fn trained(&self) -> Option<&Tensor> {
        match self {
            Self::Dense(tensor) if tensor.track_op() => Some(tensor),
            _ => None,
        }
    }

    /// Rows by their numbers, (ids, in): an embedding's lookup.
    pub fn rows(&self, ids: &[u32]) -> Result<Tensor> {
        if let Self::Dense(tensor) = self {
            return select_rows(tensor, ids);
        }
        let (rows, columns) = self.dims2()?;
        if let Some(id) = ids.iter().find(|id| **id as usize >= rows) {
            bail!("row {id} of a table of {rows}");
        }
        let mut values = vec![0f32; ids.len() * columns];
        for (id, row) in ids.iter().zip(values.chunks_exact_mut(columns)) {
            self.read(*id as usize..*id as usize + 1, row);
        }
        Tensor::from_vec(values, (ids.len(), columns), &Device::Cpu)?.to_device(self.device())
    }

    /// Writes the values of rows of a matrix that is not dense.
    fn read(&self, rows: Range<usize>, y: &mut [f32]) {
        match self {
            Self::Dense(_) => {}
            Self::Quantized(matrix) => matrix.read(rows, y),
            Self::Integer(matrix) => matrix.read(rows, y),
        }
    }

    /// Calls `f` with the first row and the values of consecutive blocks of at most `limit` rows (CPU).
    pub(super) fn blocks(&self, limit: usize, mut f: impl FnMut(usize, Mat)) -> Result<()> {
        let (rows, columns) = self.dims2()?;
        let each = |limit: usize, block: &mut dyn FnMut(usize, usize)| {
            (0..rows).step_by(limit.max(1)).for_each(|first| block(first, limit.min(rows - first)));
        };
        match self {
            Self::Dense(tensor) => with(tensor, |w| {
                each(limit, &mut |first, n| f(first, Mat::new(&w[first * columns..], n, columns)));
                Ok(())
            }),
            Self::Quantized(_) | Self::Integer(_) => {
                let mut buffer = BUFFER.take();
                each(limit.min((BLOCK / columns).max(1)), &mut |first, n| {
                    buffer.resize(n * columns, 0.0);
                    self.read(first..first + n, &mut buffer);
                    f(first, Mat::new(&buffer, n, columns));
                });
                BUFFER.set(buffer);
                Ok(())
            }
        }
    }

    /// y += x Wᵀ for `x` (tokens, in) and `y` (tokens, out).
    pub(super) fn add_product_transposed(&self, x: Mat, y: &mut [f32]) -> Result<()> {
        let out = self.dims2()?.0;
        if let (Self::Integer(matrix), Some(x)) = (self, x.dense()) {
            y.iter_mut().zip(matrix.product(x)).for_each(|(y, more)| *y += more);
            return Ok(());
        }
        self.blocks(usize::MAX, |first, w| gemm::add(&mut y[first..], out, x, w.t(), 1.0, Threads::All))
    }

    /// x Wᵀ, (tokens, out), for `x` (tokens, in).
    pub(super) fn product_transposed(&self, x: Mat) -> Result<Vec<f32>> {
        let out = self.dims2()?.0;
        if let Self::Dense(tensor) = self {
            let columns = tensor.dim(1)?;
            return with(tensor, |w| Ok(gemm::product(x, Mat::new(w, out, columns).t(), 1.0)));
        }
        if let (Self::Integer(matrix), Some(x)) = (self, x.dense()) {
            return Ok(matrix.product(x));
        }
        let mut y = vec![0f32; x.rows() * out];
        self.blocks(usize::MAX, |first, w| gemm::set(&mut y[first..], out, x, w.t(), 1.0, Threads::All))?;
        Ok(y)
    }

    /// dx (+)= g W for `g` (tokens, out) and `dx` (tokens, in); `accumulate` adds to what is there.
    pub(super) fn product(&self, g: &[f32], tokens: usize, dx: &mut [f32], accumulate: bool) -> Result<()> {
        let (out, width) = self.dims2()?;
        self.blocks(usize::MAX, |first, w| {
            let g = Mat::strided(&g[first..], tokens, w.rows(), out);
            let run = if accumulate || first > 0 { gemm::add } else { gemm::set };
            run(dx, width, g, w, 1.0, Threads::All);
        })
    }
}
