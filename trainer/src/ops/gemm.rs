//! Matrix products on slices: a bounds-checked door to the `gemm` crate.
#![expect(unsafe_code, reason = "the gemm crate takes raw pointers; every index is checked first")]

/// A matrix inside a slice: element (i, j) lies at `i · row_stride + j · col_stride`.
#[derive(Clone, Copy)]
pub(super) struct Mat<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> Mat<'a> {
    /// A row-major matrix without gaps.
    pub(super) fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// A row-major matrix whose rows begin `row_stride` elements apart.
    pub(super) fn strided(data: &'a [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        Self { data, rows, cols, row_stride, col_stride: 1 }
    }

    /// The transpose, as another view of the same data.
    pub(super) fn t(self) -> Self {
        Self { rows: self.cols, cols: self.rows, row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The elements row by row, when they stand so without gaps.
    pub(super) fn dense(&self) -> Option<&'a [f32]> {
        let is_dense = self.col_stride == 1 && self.row_stride == self.cols;
        self.data.get(..self.rows * self.cols).filter(|_| is_dense)
    }

    fn is_inside(&self) -> bool {
        (self.rows - 1) * self.row_stride + (self.cols - 1) * self.col_stride < self.data.len()
    }
}

/// Who computes: all threads of the pool, or the calling thread because the caller is already
/// one of many.
#[derive(Clone, Copy)]
pub(super) enum Threads {
    All,
    One,
}

impl Threads {
    fn parallelism(self) -> gemm::Parallelism {
        match (self, rayon::current_num_threads()) {
            (Self::One, _) | (_, 0 | 1) => gemm::Parallelism::None,
            (Self::All, n) => gemm::Parallelism::Rayon(n),
        }
    }
}

/// `c = alpha · a·b` into a row-major slice whose rows begin `row_stride` apart.
pub(super) fn set(c: &mut [f32], row_stride: usize, a: Mat, b: Mat, alpha: f32, threads: Threads) {
    run(c, row_stride, a, b, alpha, false, threads);
}

/// `c += alpha · a·b` into a row-major slice whose rows begin `row_stride` apart.
pub(super) fn add(c: &mut [f32], row_stride: usize, a: Mat, b: Mat, alpha: f32, threads: Threads) {
    run(c, row_stride, a, b, alpha, true, threads);
}

fn run(c: &mut [f32], row_stride: usize, a: Mat, b: Mat, alpha: f32, accumulate: bool, threads: Threads) {
    let (m, n, k) = (a.rows, b.cols, a.cols);
    assert_eq!(k, b.rows, "inner dimensions of a matrix product");
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    assert!(
        a.is_inside() && b.is_inside() && n <= row_stride && (m - 1) * row_stride + n <= c.len(),
        "matrix outside its slice"
    );
    // SAFETY: the assertion above shows that every element that gemm reads or writes lies
    // inside the three slices; `c` is borrowed mutably, so it overlaps neither input.
    unsafe { raw(c.as_mut_ptr(), row_stride, a, b, alpha, accumulate, threads) }
}

/// A fresh row-major `alpha · a·b`, all threads. Saves the zeroing of memory that the product overwrites anyway.
pub(super) fn product(a: Mat, b: Mat, alpha: f32) -> Vec<f32> {
    let (m, n, k) = (a.rows, b.cols, a.cols);
    assert_eq!(k, b.rows, "inner dimensions of a matrix product");
    if m == 0 || n == 0 || k == 0 {
        return vec![0.0; m * n];
    }
    assert!(a.is_inside() && b.is_inside(), "matrix outside its slice");
    let mut c = Vec::with_capacity(m * n);
    // SAFETY: inputs are inside their slices (asserted); the output has capacity m·n, gemm
    // writes all of it without reading (`accumulate` is false), and only then is the length set.
    unsafe {
        raw(c.as_mut_ptr(), n, a, b, alpha, false, Threads::All);
        c.set_len(m * n);
    }
    c
}

/// # Safety
/// Every element of `a`, `b` and of the (a.rows, b.cols) matrix at `c` must be inside its allocation, `c` must
/// overlap neither input, and must be initialised when `accumulate` is set.
unsafe fn raw(c: *mut f32, row_stride: usize, a: Mat, b: Mat, alpha: f32, accumulate: bool, threads: Threads) {
    let stride = |s: usize| s as isize;
    // SAFETY: passed on to the caller.
    unsafe {
        gemm::gemm(
            a.rows,
            b.cols,
            a.cols,
            c,
            1,
            stride(row_stride),
            accumulate,
            a.data.as_ptr(),
            stride(a.col_stride),
            stride(a.row_stride),
            b.data.as_ptr(),
            stride(b.col_stride),
            stride(b.row_stride),
            if accumulate { 1.0 } else { 0.0 },
            alpha,
            false,
            false,
            false,
            threads.parallelism(),
        );
    }
}

/// Speed of a large product on all threads, in 10⁹ floating-point operations per second: the
/// ceiling that a training step is compared with, and the basis of time estimates.
#[must_use]
pub fn measure_gflops() -> f64 {
    let (m, n, k) = (512, 1536, 576);
    let (a, b, mut c) = (vec![0.5f32; m * k], vec![0.25f32; n * k], vec![0f32; m * n]);
    let flops = 2.0 * (m * n * k) as f64;
    let mut best = 0f64;
    for _ in 0..7 {
        let start = std::time::Instant::now();
        for _ in 0..8 {
            set(&mut c, n, Mat::new(&a, m, k), Mat::new(&b, n, k).t(), 1.0, Threads::All);
        }
        best = best.max(8.0 * flops / start.elapsed().as_secs_f64() / 1e9);
    }
    std::hint::black_box(c);
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_follow_the_definition() {
        let a: Vec<f32> = (0..6).map(|x| x as f32).collect();
        let b: Vec<f32> = (0..6).map(|x| x as f32 + 1.0).collect();
        // [0 1 2; 3 4 5] · [1 2 3; 4 5 6]ᵀ
        assert_eq!(product(Mat::new(&a, 2, 3), Mat::new(&b, 2, 3).t(), 1.0), [8.0, 17.0, 26.0, 62.0]);
        let mut c = vec![1.0; 5];
        add(&mut c, 3, Mat::new(&a, 2, 3), Mat::new(&b, 2, 3).t(), 2.0, Threads::One);
        assert_eq!(c, [17.0, 35.0, 1.0, 53.0, 125.0]);
    }

    #[test]
    #[should_panic(expected = "matrix outside its slice")]
    fn a_matrix_outside_its_slice_is_refused() {
        product(Mat::new(&[1.0; 5], 2, 3), Mat::new(&[1.0; 6], 3, 2), 1.0);
    }
}
