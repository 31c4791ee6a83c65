//! DoRA's magnitudes for tests of gradients, which count the norm of the adapted weight as constant.

use candle_core::Tensor;
use trainer::model::decoder::Decoder;
use trainer::model::projection::Projection;

/// m / ‖W + sBA‖ of every linear layer with DoRA.
pub(crate) fn factors(decoder: &Decoder) -> Vec<Tensor> {
    let factor = |p: &Projection| {
        let adapter = p.adapter.as_ref()?;
        let magnitude = adapter.magnitude.as_ref()?;
        Some((magnitude.lengths.as_detached_tensor() / p.row_lengths(adapter, &magnitude.squares).unwrap()).unwrap())
    };
    decoder.projections().filter_map(factor).collect()
}

/// Moves DoRA's magnitudes so that they scale by these factors: its gradient counts the norm of
/// W + sBA as constant, so those of A and B are slopes under constant factors.
pub(crate) fn hold(decoder: &Decoder, factors: &[Tensor]) {
    let adapters = decoder.projections().filter_map(|p| Some((p, p.adapter.as_ref()?)));
    let layers = adapters.filter_map(|(p, adapter)| Some((p, adapter, adapter.magnitude.as_ref()?)));
    for ((p, adapter, magnitude), factor) in layers.zip(factors) {
        magnitude.lengths.set(&(p.row_lengths(adapter, &magnitude.squares).unwrap() * factor).unwrap()).unwrap();
    }
}
