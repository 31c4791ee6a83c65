//! Long curves in few points that draw the same line: per column of pixels the first, the smallest, the largest and the last
//! value (M4, Jugel et al. 2014, PVLDB 7(10)). Whatever stands out is seen, however many points a column has.
//!
//! The database answers in [`Cell`]s too (`store::points::cells`): there the place of an extreme within its column, which no
//! pixel shows, is the column's middle.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// The points of one column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    pub first: (f64, f64),
    /// With the smallest value.
    pub low: (f64, f64),
    /// With the largest value.
    pub high: (f64, f64),
    pub last: (f64, f64),
    pub mean: f64,
    pub points: u64,
}

impl Cell {
    fn of(point: (f64, f64)) -> Self {
        Self { first: point, low: point, high: point, last: point, mean: point.1, points: 1 }
    }

    fn push(&mut self, point: (f64, f64)) {
        self.last = point;
        if point.1 < self.low.1 {
            self.low = point;
        }
        if point.1 > self.high.1 {
            self.high = point;
        }
        self.points += 1;
        self.mean += (point.1 - self.mean) / self.points as f64;
    }

    /// Its line: at most four points, in their order.
    fn line(&self, out: &mut Vec<(f64, f64)>) {
        let rises = self.low.0 < self.high.0 || (self.low.0 == self.high.0 && self.first.1 <= self.last.1);
        let (one, other) = if rises { (self.low, self.high) } else { (self.high, self.low) };
        for point in [self.first, one, other, self.last] {
            // An extreme at either end is there already.
            let is_end = [self.first.1, self.last.1].contains(&point.1) && point != self.first && point != self.last;
            if !is_end && out.last() != Some(&point) {
                out.push(point);
            }
        }
    }
}

/// The points in `count` equally wide columns of `range`; those outside of it, and values that are not finite, are left out.
/// `points` rise in x.
#[must_use]
pub fn cells(points: &[(f64, f64)], range: (f64, f64), count: usize) -> Vec<Cell> {
    let width = (range.1 - range.0).max(f64::MIN_POSITIVE);
    let last = count.max(1) - 1;
    let mut out: Vec<Cell> = Vec::new();
    let mut column = usize::MAX;
    for &point in points.iter().filter(|p| p.1.is_finite() && (range.0..=range.1).contains(&p.0)) {
        let place = (((point.0 - range.0) / width * count as f64) as usize).min(last);
        match out.last_mut() {
            Some(cell) if place == column => cell.push(point),
            _ => out.push(Cell::of(point)),
        }
        column = place;
    }
    out
}

/// The line of these columns.
#[must_use]
pub fn line(cells: &[Cell]) -> Vec<(f64, f64)> {
    let mut out = Vec::with_capacity(4 * cells.len());
    cells.iter().for_each(|cell| cell.line(&mut out));
    out
}

/// Exponential moving average with `weight` in [0, 1) on the past, corrected for its start as in Adam (Kingma & Ba 2014, §3),
/// over every point of the columns: `y_t = Σ w^(t−i) x_i / Σ w^(t−i)`, as it is behind each column, if its values were all its
/// mean. Weight 0 gives the means.
#[must_use]
pub fn smooth(cells: &[Cell], weight: f64) -> Vec<(f64, f64)> {
    let (mut sum, mut norm) = (0.0, 0.0);
    let point = |cell: &Cell| {
        let kept = weight.powf(cell.points as f64);
        // Σ w^i over the column's points.
        let own = if weight < 1.0 { (1.0 - kept) / (1.0 - weight) } else { cell.points as f64 };
        sum = sum * kept + cell.mean * own;
        norm = norm * kept + own;
        (cell.last.0, sum / norm)
    };
    cells.iter().map(point).collect()
}
