//! Rows of a table by their numbers: an embedding's lookup, and the rows of a batch that carry loss.
//!
//! `yᵢ = table[idᵢ]`, so the gradient of a table row is the sum of the gradients of all rows read from it.

use super::cpu::{fused, slice, tensor, with};
use super::tape::apply1;
use candle_core::{CpuStorage, CustomOp1, InplaceOp2, Layout, Result, Shape, Tensor, bail};

/// The rows `ids` of `table` (rows, d) → (ids, d).
pub fn select_rows(table: &Tensor, ids: &[u32]) -> Result<Tensor> {
    if fused(table) { apply1(table, SelectRows { ids: ids.to_vec() }) } else { plain(table, ids) }
}

/// The same from candle's own operations.
pub fn plain(table: &Tensor, ids: &[u32]) -> Result<Tensor> {
    table.index_select(&Tensor::new(ids, table.device())?, 0)
}

/// Writes the rows of `source`, in as many equal parts as there are `firsts`, into `table`: part i from row `firsts[i]`
/// on. In place, without a gradient.
pub fn put_rows(table: &Tensor, source: &Tensor, firsts: &[usize]) -> Result<()> {
    let seq = source.dim(0)? / firsts.len().max(1);
    if fused(table) {
        return table.inplace_op2(&source.contiguous()?, &PutRows { firsts, seq });
    }
    firsts
        .iter()
        .enumerate()
        .try_for_each(|(i, first)| table.slice_set(&source.narrow(0, i * seq, seq)?.contiguous()?, 0, *first))
}

struct PutRows<'a> {
    firsts: &'a [usize],
    seq: usize,
}

impl InplaceOp2 for PutRows<'_> {
    fn name(&self) -> &'static str {
        "put-rows"
    }

    fn cpu_fwd(&self, table: &mut CpuStorage, to: &Layout, source: &CpuStorage, from: &Layout) -> Result<()> {
        let (CpuStorage::F32(table), Some((begin, end))) = (table, to.contiguous_offsets()) else {
            bail!("rows are put into contiguous f32")
        };
        let (table, width) = (&mut table[begin..end], to.shape().dims2()?.1);
        let parts = slice(source, from)?.chunks_exact((self.seq * width).max(1));
        for (first, part) in self.firsts.iter().zip(parts) {
            match table.get_mut(first * width..first * width + part.len()) {
                Some(rows) => rows.copy_from_slice(part),
                None => bail!("row {first} of a table of {}", to.shape().dims2()?.0),
            }
        }
        Ok(())
    }
}

struct SelectRows {
    ids: Vec<u32>,
}

impl CustomOp1 for SelectRows {
    fn name(&self) -> &'static str {
        "select-rows"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, d) = layout.shape().dims2()?;
        let table = slice(storage, layout)?;
        let mut y = Vec::with_capacity(self.ids.len() * d);
        for id in &self.ids {
            let Some(row) = table.get(*id as usize * d..(*id as usize + 1) * d) else {
                bail!("row {id} of a table of {rows}")
            };
            y.extend_from_slice(row);
        }
        Ok((CpuStorage::F32(y), (self.ids.len(), d).into()))
    }

    fn bwd(&self, table: &Tensor, _y: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let d = table.dim(1)?;
        let mut sums = vec![0f32; table.elem_count()];
        with(g, |g| {
            for (id, g) in self.ids.iter().zip(g.chunks_exact(d)) {
                let row = &mut sums[*id as usize * d..][..d];
                row.iter_mut().zip(g).for_each(|(sum, g)| *sum += g);
            }
            Ok(())
        })?;
        tensor(sums, table.shape()).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, random};
    use super::*;

    #[test]
    fn matches_plain_operations_and_finite_differences() -> Result<()> {
        let ids = [3, 0, 3, 4];
        assert_same_gradients(&[random((5, 6), 1)?], |v| select_rows(&v[0], &ids), |v| plain(&v[0], &ids))
    }

    #[test]
    fn rows_are_put_where_they_belong() -> Result<()> {
        let table = random((7, 3), 1)?;
        let (before, source) = (table.to_vec2::<f32>()?, random((4, 3), 2)?);
        put_rows(&table, &source, &[5, 0])?;
        let (after, rows) = (table.to_vec2::<f32>()?, source.to_vec2::<f32>()?);
        assert_eq!(after, [&rows[2..], &before[2..5], &rows[..2]].concat());
        assert!(put_rows(&table, &source, &[6, 0]).is_err());
        Ok(())
    }

    #[test]
    fn a_row_outside_the_table_is_refused() -> Result<()> {
        assert!(select_rows(&random((5, 6), 1)?, &[5]).is_err());
        Ok(())
    }
}
