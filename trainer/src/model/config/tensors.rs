//! The tensors that a configuration asks for: names, shapes, and what they add up to on the model card.

use super::DecoderConfig;
use crate::model::family::Family;
use domain::model::{ModelCard, ModelFormat};
use domain::recipe::TargetModule::{self, DownProj, GateProj, KProj, OProj, QProj, UpProj, VProj};

/// A linear layer that every block has, as the family's files hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// The modules of a recipe whose work it does, at least one. The first stands for it.
    pub modules: &'static [TargetModule],
    /// Its name after the block's: `self_attn.q_proj`.
    pub name: &'static str,
    pub out: usize,
    pub width: usize,
    pub bias: bool,
}

impl DecoderConfig {
    /// The linear layers of a block, in the order of [`TargetModule::ALL`].
    #[must_use]
    pub fn linear_layers(&self) -> Vec<Linear> {
        let (family, hidden, inner) = (self.family, self.hidden_size, self.intermediate_size);
        let (q, kv) = (self.heads * self.head_dim, self.kv_heads * self.head_dim);
        let layer = |modules: &'static [TargetModule], (out, width), bias| Linear {
            modules,
            name: family.linear(modules[0]),
            out,
            width,
            bias,
        };
        if family == Family::Gpt2 {
            return vec![
                layer(&[QProj, KProj, VProj], (q + 2 * kv, hidden), true),
                layer(&[OProj], (hidden, q), true),
                layer(&[UpProj, GateProj], (inner, hidden), true),
                layer(&[DownProj], (hidden, inner), true),
            ];
        }
        let mut layers = vec![
            layer(&[QProj], (q, hidden), self.qkv_bias),
            layer(&[KProj], (kv, hidden), self.qkv_bias),
            layer(&[VProj], (kv, hidden), self.qkv_bias),
            layer(&[OProj], (hidden, q), false),
        ];
        if family == Family::Glm4 {
            layers.push(layer(&[GateProj, UpProj], (2 * inner, hidden), false));
        } else {
            layers.push(layer(&[GateProj], (inner, hidden), false));
            layers.push(layer(&[UpProj], (inner, hidden), false));
        }
        layers.push(layer(&[DownProj], (hidden, inner), false));
        layers
    }

    /// Name and shape of every tensor the decoder needs, Hugging Face names, in reading order.
    #[must_use]
    pub fn tensor_shapes(&self) -> Vec<(String, Vec<usize>)> {
        let (family, hidden) = (self.family, self.hidden_size);
        let mut shapes = vec![(family.embedding().to_owned(), vec![self.vocab_size, hidden])];
        if let Some(name) = family.learnt_positions() {
            shapes.push((name.to_owned(), vec![self.context_length, hidden]));
        }
        for layer in 0..self.layers {
            let block = family.block(layer);
            let norms = family.norms();
            self.add_norm(&mut shapes, format!("{block}.{}", norms.before_attention), hidden);
            for linear in self.linear_layers() {
                let shape =
                    if family.stores_inputs_first() { [linear.width, linear.out] } else { [linear.out, linear.width] };
                shapes.push((format!("{block}.{}.weight", linear.name), shape.to_vec()));
                if linear.bias {
                    shapes.push((format!("{block}.{}.bias", linear.name), vec![linear.out]));
                }
            }
            if family.normalises_heads() {
                self.add_norm(&mut shapes, format!("{block}.self_attn.q_norm"), self.head_dim);
                self.add_norm(&mut shapes, format!("{block}.self_attn.k_norm"), self.head_dim);
            }
            for name in [norms.after_attention, Some(norms.before_mlp), norms.after_mlp].into_iter().flatten() {
                self.add_norm(&mut shapes, format!("{block}.{name}"), hidden);
            }
        }
        self.add_norm(&mut shapes, family.last_norm().to_owned(), hidden);
        if !self.tie_embeddings {
            shapes.push(("lm_head.weight".to_owned(), vec![self.vocab_size, hidden]));
        }
        shapes
    }

    fn add_norm(&self, shapes: &mut Vec<(String, Vec<usize>)>, name: String, width: usize) {
        if self.family.centres() {
            shapes.push((format!("{name}.bias"), vec![width]));
        }
        shapes.push((format!("{name}.weight"), vec![width]));
    }

    /// The card's facts that follow from the configuration; the others are left empty.
    #[must_use]
    pub(in crate::model) fn card(&self, format: ModelFormat) -> ModelCard {
        let elements = |shape: &[usize]| shape.iter().map(|d| *d as u64).product::<u64>();
        ModelCard {
            architecture: self.family.class_name().to_owned(),
            family: self.family.as_str().to_owned(),
            format,
            parameters: self.tensor_shapes().iter().map(|(_, shape)| elements(shape)).sum(),
            layers: self.layers as u32,
            hidden_size: self.hidden_size as u32,
            intermediate_size: self.intermediate_size as u32,
            attention_heads: self.heads as u32,
            key_value_heads: self.kv_heads as u32,
            head_dim: self.head_dim as u32,
            context_length: self.context_length as u32,
            vocabulary: self.vocab_size as u32,
            quantization: String::new(),
            licence: None,
            chat_template: None,
            tied_embeddings: self.tie_embeddings,
            size_bytes: 0,
        }
    }
}
