//! The decoder's weights by their Hugging Face names: to train them, to exchange them.

use super::Result;
use super::block::Block;
use super::decoder::{Decoder, Targets};
use crate::ops::Weight;
use candle_core::{Tensor, Var};
use std::collections::BTreeMap;

impl Decoder {
    /// Replaces the weights of linear layers by those that `of` gives for their Hugging Face names.
    pub fn replace_weights(&mut self, of: impl Fn(&str) -> Option<Tensor>) {
        for projection in self.blocks.iter_mut().flat_map(Block::projections_mut) {
            if let Some(weight) = of(&format!("{}.weight", projection.path())) {
                projection.weight = weight.into();
            }
        }
    }

    /// Makes variables of the weights that `wanted` chooses by Hugging Face name, and returns them.
    /// Quantized matrices stay frozen.
    pub fn train_weights(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Var)>> {
        let chosen = self.weights().into_iter().filter(|(name, _)| wanted(name));
        let variables = chosen.map(|(name, weight)| Ok((name, Var::from_tensor(&weight)?)));
        let variables = variables.collect::<Result<Vec<_>>>()?;
        let by_name: BTreeMap<&str, &Var> = variables.iter().map(|(name, v)| (name.as_str(), v)).collect();
        self.set_weights(|name| by_name.get(name).map(|v| v.as_tensor().clone()));
        Ok(variables)
    }

    /// Makes plain tensors of all weights again, with the values that they have.
    pub fn freeze_weights(&mut self) {
        self.tensors_mut(&mut |_: &str, tensor: &mut Tensor| *tensor = tensor.detach());
    }

    /// Every dense weight, bias and gain under its Hugging Face name, as the decoder computes with it.
    pub fn weights(&self) -> Vec<(String, Tensor)> {
        let family = self.config.family;
        let embedding = self.embedding.as_dense().map(|embedding| (family.embedding().to_owned(), embedding));
        let positions = family.learnt_positions().map(str::to_owned).zip(self.positions.as_ref());
        let head = self.head.as_ref().and_then(Weight::as_dense).map(|head| ("lm_head.weight".to_owned(), head));
        let blocks = self.blocks.iter().flat_map(Block::tensors).chain(self.norm.tensors());
        let all = embedding.into_iter().chain(blocks).chain(positions).chain(head);
        all.map(|(name, tensor)| (name, tensor.clone())).collect()
    }

    /// Puts those tensors that `of` gives for Hugging Face names, of the same shape, in place of dense weights, as they
    /// are: see [`Decoder::round_to`] for matrices that nobody trains.
    pub fn set_weights(&mut self, of: impl Fn(&str) -> Option<Tensor>) {
        self.tensors_mut(&mut |name: &str, tensor: &mut Tensor| {
            if let Some(other) = of(name) {
                *tensor = other;
            }
        });
    }

    /// Gradients of [`Decoder::training_loss`] by every dense weight, under their Hugging Face names. The
    /// weights are frozen afterwards.
    pub fn weight_gradients(
        &mut self,
        ids: &Tensor,
        targets: &Targets,
        denominator: f64,
    ) -> Result<BTreeMap<String, Tensor>> {
        let variables = self.train_weights(|_| true)?;
        let computed = self.loss_and_gradients(ids, targets, denominator, 0);
        self.freeze_weights();
        let (_, mut store) = computed?;
        let found = variables.into_iter().filter_map(|(name, v)| store.remove(&v).map(|gradient| (name, gradient)));
        found
            .map(|(name, g)| if self.config.is_transposed(&name) { Ok((name, g.t()?)) } else { Ok((name, g)) })
            .collect()
    }

    fn tensors_mut(&mut self, f: &mut impl FnMut(&str, &mut Tensor)) {
        if let Weight::Dense(embedding) = &mut self.embedding {
            f(self.config.family.embedding(), embedding);
        }
        self.blocks.iter_mut().for_each(|block| block.tensors_mut(f));
        self.norm.tensors_mut(f);
        if let (Some(name), Some(positions)) = (self.config.family.learnt_positions(), &mut self.positions) {
            f(name, positions);
        }
        if let Some(Weight::Dense(head)) = &mut self.head {
            f("lm_head.weight", head);
        }
    }
}
