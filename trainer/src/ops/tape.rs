//! A tape of operations with backward passes by hand, without candle's own bookkeeping.
//!
//! candle adds every gradient to a tensor of zeros first, holds every intermediate value until the
//! whole graph is dropped, and spins on its own threads while it does so: a quarter of a step. While a
//! tape records, each fused operation notes how to go back instead, and its output becomes a leaf of
//! candle's graph. So operations that nobody fused still work between fused ones: candle
//! differentiates those, from leaf to leaf. Outside a recording everything is candle's.

use super::cpu::{fused, tensor, with};
use super::vector::simd;
use candle_core::backprop::GradStore;
use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, CustomOp3, DType, Layout, Result, Shape, Storage, Tensor, TensorId, Var, bail,
};
use rayon::prelude::*;
use std::cell::RefCell;
use std::collections::HashMap;

const CHUNK: usize = 16_384;

/// Gradients of the arguments of an operation, given that of its output.
type Backward = Box<dyn FnOnce(&Tensor) -> Result<Vec<(Tensor, Tensor)>>>;

struct Node {
    output: TensorId,
    backward: Backward,
}

thread_local! {
    static TAPE: RefCell<Option<Vec<Node>>> = const { RefCell::new(None) };
}

/// The scalar that `forward` computes, and its gradients by every variable that it depends on.
pub fn value_and_gradients(forward: impl FnOnce() -> Result<Tensor>) -> Result<(f32, GradStore)> {
    TAPE.set(Some(Vec::new()));
    let loss = forward();
    let nodes = TAPE.take().unwrap_or_default();
    let loss = loss?;
    let value = loss.to_dtype(DType::F32)?.to_scalar::<f32>()?;
    Ok((value, backward(&loss, nodes)?))
}

fn backward(loss: &Tensor, mut nodes: Vec<Node>) -> Result<GradStore> {
    let mut gradients = Gradients::default();
    gradients.deliver(loss, loss.ones_like()?)?;
    // Taken from the end one by one, so that what only a later node needed is freed before earlier ones run.
    while let Some(node) = nodes.pop() {
        if let Some(g) = gradients.0.remove(&node.output) {
            for (argument, gradient) in (node.backward)(&g)? {
                gradients.deliver(&argument, gradient)?;
            }
        }
    }
    let mut store = GradStore::default();
    for (id, gradient) in gradients.0 {
        store.insert_id(id, gradient);
    }
    Ok(store)
}

#[derive(Default)]
struct Gradients(HashMap<TensorId, Tensor>);

impl Gradients {
    /// Adds to the gradient of a leaf, or of the leaves that a tensor depends on.
    fn deliver(&mut self, argument: &Tensor, gradient: Tensor) -> Result<()> {
        if argument.is_variable() {
            return self.add(argument.id(), gradient);
        }
        if !argument.track_op() {
            return Ok(());
        }
        let store = (argument * gradient)?.sum_all()?.backward()?;
        let ids: Vec<TensorId> = store.get_ids().copied().collect();
        ids.into_iter().try_for_each(|id| store.get_id(id).map_or(Ok(()), |g| self.add(id, g.clone())))
    }

    fn add(&mut self, id: TensorId, gradient: Tensor) -> Result<()> {
        let sum = match self.0.remove(&id) {
            Some(before) => plus(&before, &gradient)?,
            None => gradient,
        };
        self.0.insert(id, sum);
        Ok(())
    }
}

/// Whether a tape records and wants what is made of these arguments, wherever and of whatever type they are.
pub(super) fn records(arguments: &[&Tensor]) -> bool {
    TAPE.with_borrow(Option::is_some) && arguments.iter().any(|t| t.track_op())
}

/// `y` as a leaf: a note that `backward` makes the gradients of `arguments` of that of `y`. For operations made of
/// candle's own, of which candle would keep every intermediate value.
pub(super) fn note<const N: usize>(
    arguments: [&Tensor; N],
    y: &Tensor,
    backward: impl FnOnce(&Tensor) -> Result<[Option<Tensor>; N]> + 'static,
) -> Result<Tensor> {
    let y = Var::from_tensor(&y.detach())?.into_inner();
    let arguments = arguments.map(Clone::clone);
    let backward = move |g: &Tensor| Ok(tracked(arguments, backward(&g.detach())?));
    let node = Node { output: y.id(), backward: Box::new(backward) };
    TAPE.with_borrow_mut(|tape| tape.get_or_insert_default().push(node));
    Ok(y)
}

/// `x` as a leaf, so that operations which nobody fused and which lead up to it are differentiated once,
/// with the gradients of all that use it taken together.
pub fn gathered(x: &Tensor) -> Result<Tensor> {
    if x.is_variable() || !records(&[x]) {
        return Ok(x.clone());
    }
    if !fused(x) {
        return note([x], x, |g| Ok([Some(g.clone())]));
    }
    let copy = with(&x.contiguous()?, |values| Ok(values.to_vec()))?;
    let (shape, x) = (x.shape().clone(), x.clone());
    record((CpuStorage::F32(copy), shape), move |_, g| Ok(vec![(x, g.clone())]))
}

/// a + b with all threads; has no gradient.
pub fn plus(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if !fused(a) || !fused(b) || a.shape() != b.shape() {
        return (a + b).map(|sum| sum.detach());
    }
    let sum = with(a, |a| with(b, |b| Ok(sum(a, b))))?;
    tensor(sum, a.shape())
}

/// a + b of the same shape: a residual connection.
pub fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if fused(a) && fused(b) && a.shape() == b.shape() {
        apply2(a, b, Add)
    } else if records(&[a, b]) {
        note([a, b], &(a.detach() + b.detach())?, |g| Ok([Some(g.clone()), Some(g.clone())]))
    } else {
        a + b
    }
}

struct Add;

impl CustomOp2 for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let y = sum(super::cpu::slice(a, a_layout)?, super::cpu::slice(b, b_layout)?);
        Ok((CpuStorage::F32(y), a_layout.shape().clone()))
    }

    fn bwd(&self, _a: &Tensor, _b: &Tensor, _y: &Tensor, g: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some(g.clone()), Some(g.clone())))
    }
}

fn sum(a: &[f32], b: &[f32]) -> Vec<f32> {
    let mut y = vec![0f32; a.len()];
    y.par_chunks_mut(CHUNK).zip(a.par_chunks(CHUNK)).zip(b.par_chunks(CHUNK)).for_each(|((y, a), b)| {
        simd(|| y.iter_mut().zip(a).zip(b).for_each(|((y, a), b)| *y = a + b));
    });
    y
}

/// Whether a tape records and wants a fused operation of these arguments.
fn belongs_on_tape(arguments: &[&Tensor]) -> bool {
    TAPE.with_borrow(Option::is_some) && arguments.iter().any(|t| t.track_op()) && arguments.iter().all(|t| fused(t))
}

/// A leaf that holds what an operation computed, and a note of how to go back from it.
fn record(
    computed: (CpuStorage, Shape),
    backward: impl FnOnce(&Tensor, &Tensor) -> Result<Vec<(Tensor, Tensor)>> + 'static,
) -> Result<Tensor> {
    let (CpuStorage::F32(values), shape) = computed else { bail!("a fused operation gives f32") };
    let y = Var::from_vec(values, shape, &candle_core::Device::Cpu)?.into_inner();
    let (output, kept) = (y.id(), y.clone());
    let node = Node { output, backward: Box::new(move |g: &Tensor| backward(&kept, g)) };
    TAPE.with_borrow_mut(|tape| tape.get_or_insert_default().push(node));
    Ok(y)
}

/// Calls `f` with the CPU storage of a tensor.
fn storage<R>(x: &Tensor, f: impl FnOnce(&CpuStorage, &Layout) -> Result<R>) -> Result<R> {
    let (storage, layout) = x.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => f(storage, layout),
        _ => bail!("a fused operation needs a CPU tensor"),
    }
}

/// Pairs tracked arguments with their gradients.
fn tracked<const N: usize>(arguments: [Tensor; N], gradients: [Option<Tensor>; N]) -> Vec<(Tensor, Tensor)> {
    arguments.into_iter().zip(gradients).filter_map(|(a, g)| a.track_op().then_some(a).zip(g)).collect()
}

/// Applies a fused operation, on the tape while it records.
pub(super) fn apply1<C: CustomOp1 + Send + Sync + 'static>(x: &Tensor, op: C) -> Result<Tensor> {
    if !belongs_on_tape(&[x]) {
        return x.apply_op1(op);
    }
    let computed = storage(x, |s, l| op.cpu_fwd(s, l))?;
    let x = x.clone();
    record(computed, move |y, g| {
        let dx = op.bwd(&x, y, g)?;
        Ok(tracked([x], [dx]))
    })
}

/// Applies a fused operation of two arguments.
pub(super) fn apply2<C: CustomOp2 + Send + Sync + 'static>(a: &Tensor, b: &Tensor, op: C) -> Result<Tensor> {
    if !belongs_on_tape(&[a, b]) {
        return a.apply_op2(b, op);
    }
    let computed = storage(a, |sa, la| storage(b, |sb, lb| op.cpu_fwd(sa, la, sb, lb)))?;
    let (a, b) = (a.clone(), b.clone());
    record(computed, move |y, g| {
        let (da, db) = op.bwd(&a, &b, y, g)?;
        Ok(tracked([a, b], [da, db]))
    })
}

/// Applies a fused operation of three arguments.
pub(super) fn apply3<C: CustomOp3 + Send + Sync + 'static>(
    a: &Tensor,
    b: &Tensor,
    c: &Tensor,
    op: C,
) -> Result<Tensor> {
    if !belongs_on_tape(&[a, b, c]) {
        return a.apply_op3(b, c, op);
    }
    let computed = storage(a, |sa, la| storage(b, |sb, lb| storage(c, |sc, lc| op.cpu_fwd(sa, la, sb, lb, sc, lc))))?;
    let (a, b, c) = (a.clone(), b.clone(), c.clone());
    record(computed, move |y, g| {
        let (da, db, dc) = op.bwd(&a, &b, &c, y, g)?;
        Ok(tracked([a, b, c], [da, db, dc]))
    })
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_same_gradients, random};
    use super::super::{activation::Activation, gated::gated, rms_norm::rms_norm, rows::select_rows};
    use super::*;

    #[test]
    fn adding_matches_plain_operations_and_finite_differences() -> Result<()> {
        assert_same_gradients(&[random((3, 5), 1)?, random((3, 5), 2)?], |v| add(&v[0], &v[1]), |v| &v[0] + &v[1])
    }

    /// A chain in which every tensor is used twice and candle's own operations stand between fused ones.
    fn chain(v: &[Tensor]) -> Result<Tensor> {
        let x = select_rows(&v[0], &[1, 1, 3])?;
        let y = rms_norm(&(&x * 2.0)?, &v[1], 0.0, 1e-5)?;
        let z = gated(&y, &gathered(&(&y + &x)?.tanh()?)?, Activation::Silu)?;
        add(&add(&z, &x)?, &y)?.sqr()?.sum_all()
    }

    #[test]
    fn the_tape_gives_candles_gradients() -> Result<()> {
        let vars = [Var::from_tensor(&random((4, 6), 1)?)?, Var::from_tensor(&random(6, 2)?)?];
        let tensors: Vec<Tensor> = vars.iter().map(|v| v.as_tensor().clone()).collect();
        let loss = chain(&tensors)?;
        let (want, (value, got)) = (loss.backward()?, value_and_gradients(|| chain(&tensors))?);
        assert!((value - loss.to_scalar::<f32>()?).abs() < 1e-5);
        for v in &vars {
            let (Some(want), Some(got)) = (want.get(v), got.get(v)) else { panic!("a gradient is missing") };
            let difference = (want - got)?.abs()?.max_all()?.to_scalar::<f32>()?;
            assert!(difference < 1e-5, "{difference}");
        }
        assert!(!belongs_on_tape(&[vars[0].as_tensor()]), "nothing records any more");
        Ok(())
    }
}
