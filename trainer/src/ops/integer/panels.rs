//! The layout that the products read: panels of 16 rows, whose blocks stand one behind the other.
//!
//! One instruction multiplies four consecutive numbers of each of 16 rows, so four numbers of row 0 stand first,
//! then four of row 1, …: a [`Line`]. Formats differ in how many bits a number has, how many numbers
//! share a scale, and whether they have a minimum too; all numbers are stored unsigned, less an offset.

use super::kernel::{Factors, Layout, Line, Panel};
use candle_core::quantized::GgmlDType;
use half::f16;

mod formats;
use formats::Plain;

/// Rows of a panel.
pub(super) const LANES: usize = 16;
/// Values that share a scale of the input.
pub(super) const BLOCK: usize = 32;

/// A matrix in panels. Its last panel may be filled up with zeros.
pub(super) struct Panels {
    rows: usize,
    columns: usize,
    layout: Layout,
    offset: i32,
    lines: Box<[Line]>,
    scales: Stored,
    minimums: Option<Stored>,
}

/// Factors of the 16 rows of each group, in the precision that loses nothing.
enum Stored {
    Half(Box<[[f16; LANES]]>),
    Single(Box<[[f32; LANES]]>),
}

impl Stored {
    fn new(values: Vec<[f32; LANES]>, is_half: bool) -> Self {
        if is_half {
            Self::Half(values.into_iter().map(|lanes| lanes.map(f16::from_f32)).collect())
        } else {
            Self::Single(values.into())
        }
    }

    fn part(&self, first: usize, count: usize) -> Factors<'_> {
        match self {
            Self::Half(all) => Factors::Half(&all[first..first + count]),
            Self::Single(all) => Factors::Single(&all[first..first + count]),
        }
    }

    fn size_bytes(&self) -> usize {
        match self {
            Self::Half(all) => size_of_val(&**all),
            Self::Single(all) => size_of_val(&**all),
        }
    }
}

impl Panels {
    /// Lays out the blocks of a matrix; `None` when its format is another.
    pub(super) fn new(dtype: GgmlDType, bytes: &[u8], (rows, columns): (usize, usize)) -> Option<Self> {
        let format = formats::of(dtype)?;
        let (layout, width) = (format.layout, columns / dtype.block_size() * dtype.type_size());
        let (groups, per_block) = (columns / layout.values(), dtype.block_size() / layout.values());
        let panels = rows.div_ceil(LANES);
        let mut lines = vec![Line([0; 64]); panels * groups * layout.lines()];
        let mut scales = vec![[0f32; LANES]; panels * groups];
        let mut minimums = vec![[0f32; LANES]; if format.has_minimum { panels * groups } else { 0 }];
        for (row, bytes) in bytes.chunks_exact(width).enumerate() {
            let (panel, lane) = (row / LANES, row % LANES);
            for (i, block) in bytes.chunks_exact(dtype.type_size()).enumerate() {
                let mut plain = Plain::default();
                (format.unpack)(block, &mut plain);
                for part in 0..per_block {
                    let group = panel * groups + i * per_block + part;
                    let numbers = &plain.numbers[part * layout.values()..][..layout.values()];
                    layout.write(numbers, lane, &mut lines[group * layout.lines()..][..layout.lines()]);
                    scales[group][lane] = plain.scales[part];
                    if format.has_minimum {
                        minimums[group][lane] = plain.minimums[part];
                    }
                }
            }
        }
        let stored = |values| Stored::new(values, format.is_half);
        let minimums = format.has_minimum.then(|| stored(minimums));
        let (lines, scales) = (lines.into(), stored(scales));
        Some(Self { rows, columns, layout, offset: format.offset, lines, scales, minimums })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Groups of numbers with a scale of their own in a row.
    pub(super) fn groups(&self) -> usize {
        self.columns / self.layout.values()
    }

    /// What numbers are stored too large by.
    pub(super) fn offset(&self) -> i32 {
        self.offset
    }

    pub(super) fn count(&self) -> usize {
        self.rows.div_ceil(LANES)
    }

    pub(super) fn panel(&self, panel: usize) -> Panel<'_> {
        let groups = self.groups();
        let lines = groups * self.layout.lines();
        Panel {
            layout: self.layout,
            lines: &self.lines[panel * lines..][..lines],
            scales: self.scales.part(panel * groups, groups),
            minimums: self.minimums.as_ref().map(|m| m.part(panel * groups, groups)),
        }
    }

    pub(super) fn size_bytes(&self) -> usize {
        size_of_val(&*self.lines) + self.scales.size_bytes() + self.minimums.as_ref().map_or(0, Stored::size_bytes)
    }

    /// Writes the values of one row into `y`: the bits of the dequantized matrix.
    pub(super) fn read(&self, row: usize, y: &mut [f32]) {
        let (panel, lane) = (self.panel(row / LANES), row % LANES);
        let (values, lines) = (self.layout.values(), self.layout.lines());
        for (group, (y, lines)) in y.chunks_exact_mut(values).zip(panel.lines.chunks_exact(lines)).enumerate() {
            let scale = panel.scales.at(group)[lane];
            let minimum = panel.minimums.map(|m| m.at(group)[lane]);
            for (i, y) in y.iter_mut().enumerate() {
                let number = i32::from(self.layout.number(lines, lane, i)) - self.offset;
                let product = number as f32 * scale;
                *y = minimum.map_or(product, |minimum| product + minimum);
            }
        }
    }
}
