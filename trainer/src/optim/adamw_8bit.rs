//! AdamW whose moments are kept in 8 bits (Dettmers et al. 2021, arXiv:2110.02861): a quarter of the memory.
//!
//! Each step widens a block's moments to f32, applies the formula of [`super::adamw`] and narrows them again
//! (see [`super::quantize`]). A second moment above zero never becomes zero: its root divides. On a
//! GPU the numbers pass through the processor's memory.

use super::quantize::{BLOCK, Codebook};
use super::{Pace, Rule};
use candle_core::{Device, Result, Tensor, Var, bail};
use domain::recipe::Optimizer;
use rayon::prelude::*;

/// Variables of fewer numbers keep 32 bits: they save nothing and suffer most.
pub(super) const SMALLEST: usize = 4096;

/// A moment: a byte per number, a scale per block.
#[derive(Debug)]
struct Moment {
    codes: Vec<u8>,
    scales: Vec<f32>,
}

impl Moment {
    fn zero(codebook: &Codebook, count: usize) -> Self {
        Self { codes: vec![codebook.zero(); count], scales: vec![0.0; count.div_ceil(BLOCK)] }
    }

    fn tensors(&self, [codes, scales]: [&'static str; 2]) -> Result<Vec<(&'static str, Tensor)>> {
        Ok(vec![
            (codes, Tensor::from_slice(&self.codes, self.codes.len(), &Device::Cpu)?),
            (scales, Tensor::from_slice(&self.scales, self.scales.len(), &Device::Cpu)?),
        ])
    }

    fn restore(&mut self, codes: &Tensor, scales: &Tensor) -> Result<()> {
        let (codes, scales): (Vec<u8>, Vec<f32>) = (codes.to_vec1()?, scales.to_vec1()?);
        if (codes.len(), scales.len()) != (self.codes.len(), self.scales.len()) {
            bail!("{} moments instead of {}", codes.len(), self.codes.len());
        }
        (self.codes, self.scales) = (codes, scales);
        Ok(())
    }

    fn blocks(&mut self) -> impl IndexedParallelIterator<Item = (&mut [u8], &mut f32)> {
        self.codes.par_chunks_mut(BLOCK).zip(&mut self.scales)
    }
}

#[derive(Debug)]
pub(super) struct AdamW8bit {
    betas: [f64; 2],
    epsilon: f64,
    first: Moment,
    second: Moment,
}

/// The factors of one step.
#[derive(Clone, Copy)]
struct Factors {
    betas: [f32; 2],
    epsilon: f32,
    corrections: [f32; 2],
    rate: f32,
    keep: f32,
}

impl AdamW8bit {
    pub(super) fn new(settings: &Optimizer, variable: &Var) -> Result<Self> {
        let count = variable.elem_count();
        Ok(Self {
            betas: [settings.beta1, settings.beta2],
            epsilon: settings.epsilon,
            first: Moment::zero(Codebook::signed(), count),
            second: Moment::zero(Codebook::unsigned(), count),
        })
    }
}

impl Rule for AdamW8bit {
    fn step(&mut self, variable: &Var, gradient: &Tensor, pace: Pace) -> Result<()> {
        let factors = Factors {
            betas: self.betas.map(|b| b as f32),
            epsilon: self.epsilon as f32,
            corrections: self.betas.map(|b| pace.correction(b) as f32),
            rate: pace.learning_rate as f32,
            keep: (1.0 - pace.learning_rate * pace.weight_decay) as f32,
        };
        let mut p: Vec<f32> = variable.flatten_all()?.to_vec1()?;
        let g: Vec<f32> = (gradient * pace.gradient_factor)?.flatten_all()?.to_vec1()?;
        let moments = self.first.blocks().zip(self.second.blocks());
        p.par_chunks_mut(BLOCK).zip(g.par_chunks(BLOCK)).zip(moments).for_each(|((p, g), (first, second))| {
            move_block(p, g, first, second, factors);
        });
        variable.set(&Tensor::from_vec(p, variable.shape(), variable.device())?)
    }

    fn state(&self) -> Result<Vec<(&'static str, Tensor)>> {
        let mut state = self.first.tensors(["first", "first_scale"])?;
        state.extend(self.second.tensors(["second", "second_scale"])?);
        Ok(state)
    }

    fn restore(&mut self, read: &dyn Fn(&str) -> Result<Tensor>) -> Result<()> {
        self.first.restore(&read("first")?, &read("first_scale")?)?;
        self.second.restore(&read("second")?, &read("second_scale")?)
    }
}

/// Moves the numbers `p` of one block along `g`. A moment is its bytes and its scale.
fn move_block(
    p: &mut [f32],
    g: &[f32],
    (first, first_scale): (&mut [u8], &mut f32),
    (second, second_scale): (&mut [u8], &mut f32),
    f: Factors,
) {
    let (signed, unsigned) = (Codebook::signed(), Codebook::unsigned());
    let (mut m, mut v) = ([0f32; BLOCK], [0f32; BLOCK]);
    for (i, (p, g)) in p.iter_mut().zip(g).enumerate() {
        m[i] = f.betas[0] * signed.value(first[i], *first_scale) + (1.0 - f.betas[0]) * g;
        v[i] = f.betas[1] * unsigned.value(second[i], *second_scale) + (1.0 - f.betas[1]) * g * g;
        let direction = m[i] / f.corrections[0] / ((v[i] / f.corrections[1]).sqrt() + f.epsilon);
        *p = *p * f.keep - f.rate * direction;
    }
    *first_scale = signed.quantize(&m[..p.len()], first);
    *second_scale = unsigned.quantize(&v[..p.len()], second);
    let zero = unsigned.zero();
    for (code, v) in second.iter_mut().zip(v) {
        if *code == zero && v > 0.0 {
            *code = zero + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::adamw::AdamW;
    use super::*;

    const COUNT: usize = 6000;

    /// 60 steps down ½ Σ hᵢ (pᵢ − 1)² with curvatures hᵢ from 0.1 to 10; the mean distance from 1 after each.
    fn descend(rule: &mut dyn Rule) -> Result<Vec<f32>> {
        let h: Vec<f32> = (0..COUNT).map(|i| 10f32.powf((i % 41) as f32 / 20.0 - 1.0)).collect();
        let h = Tensor::from_vec(h, COUNT, &Device::Cpu)?;
        let p = Var::from_tensor(&Tensor::zeros(COUNT, candle_core::DType::F32, &Device::Cpu)?)?;
        (1..=60)
            .map(|step| {
                let gradient = ((p.as_tensor() - 1.0)? * &h)?;
                rule.step(&p, &gradient, Pace { step, learning_rate: 0.02, weight_decay: 0.0, gradient_factor: 1.0 })?;
                (p.as_tensor() - 1.0)?.abs()?.mean_all()?.to_scalar()
            })
            .collect()
    }

    #[test]
    fn goes_where_32_bits_go_with_a_quarter_of_the_state() -> Result<()> {
        let (settings, p) = (Optimizer::default(), Var::zeros(COUNT, candle_core::DType::F32, &Device::Cpu)?);
        let (mut wide, mut narrow) = (AdamW::new(&settings, &p)?, AdamW8bit::new(&settings, &p)?);
        let (want, got) = (descend(&mut wide)?, descend(&mut narrow)?);
        assert!(want[59] < 0.3, "it descends: {}", want[59]);
        for (step, (want, got)) in want.iter().zip(&got).enumerate() {
            assert!((want - got).abs() < 0.05, "step {step}: {got} is not near {want}");
        }
        let bytes = |rule: &dyn Rule| -> Result<usize> {
            Ok(rule.state()?.iter().map(|(_, t)| t.elem_count() * t.dtype().size_in_bytes()).sum())
        };
        let (narrow, wide) = (bytes(&narrow)?, bytes(&wide)?);
        assert!(narrow * 39 < wide * 10, "{narrow} of {wide} bytes");
        Ok(())
    }

    #[test]
    fn the_first_step_is_that_of_32_bits() -> Result<()> {
        let of = |make: &dyn Fn(&Var) -> Result<Box<dyn Rule>>| -> Result<Vec<f32>> {
            let p = Var::ones(COUNT, candle_core::DType::F32, &Device::Cpu)?;
            let g = Tensor::arange(-3000f32, 3000.0, &Device::Cpu)?;
            make(&p)?.step(&p, &g, Pace { step: 1, learning_rate: 0.1, weight_decay: 0.1, gradient_factor: 1.0 })?;
            p.to_vec1()
        };
        let settings = Optimizer::default();
        let wide = of(&|p| Ok(Box::new(AdamW::new(&settings, p)?)))?;
        let narrow = of(&|p| Ok(Box::new(AdamW8bit::new(&settings, p)?)))?;
        assert!(wide.iter().zip(&narrow).all(|(a, b)| (a - b).abs() < 1e-6));
        Ok(())
    }
}
