//! Which published architectures there are, and in what their files and their maths differ.
//!
//! What differs in numbers is in [`super::config::DecoderConfig`]; what is here follows from the family alone.

use crate::ops::rope::Pairing;
use domain::recipe::TargetModule;

/// A published architecture. All share one decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Llama 1–3 and models of the same form, such as SmolLM2.
    Llama,
    /// Mistral 7B: Llama with an optional sliding attention window.
    Mistral,
    /// Qwen2 and Qwen2.5: Llama with a bias on the query, key and value projections.
    Qwen2,
    /// Qwen3: Llama with queries and keys normalised per head.
    Qwen3,
    /// The text models of Gemma 3: norms around both sublayers, GELU, most layers with a sliding window and rotary
    /// frequencies of their own.
    Gemma3,
    /// GLM-4 (0414): norms around both sublayers, half of each head rotated, gate and up projection in one matrix.
    Glm4,
    /// GPT-2: layer norm, learnt positions, biases everywhere, one matrix for query, key and value.
    Gpt2,
}

/// Names of a block's norms, after the block's own name. Those behind a sublayer are not in every family.
#[derive(Clone, Copy, Debug)]
pub(super) struct NormNames {
    pub(super) before_attention: &'static str,
    pub(super) after_attention: Option<&'static str>,
    pub(super) before_mlp: &'static str,
    pub(super) after_mlp: Option<&'static str>,
}

impl Family {
    pub const ALL: [Self; 7] =
        [Self::Llama, Self::Mistral, Self::Qwen2, Self::Qwen3, Self::Gemma3, Self::Glm4, Self::Gpt2];

    /// The word for the family on the model card.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Mistral => "mistral",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gemma3 => "gemma3",
            Self::Glm4 => "glm4",
            Self::Gpt2 => "gpt2",
        }
    }

    /// The `model_type` of `config.json`. That of Gemma 3 tells text models from those that also see.
    #[must_use]
    pub fn model_type(self) -> &'static str {
        match self {
            Self::Gemma3 => "gemma3_text",
            other => other.as_str(),
        }
    }

    /// The Hugging Face class of the family's causal language model.
    #[must_use]
    pub fn class_name(self) -> &'static str {
        match self {
            Self::Llama => "LlamaForCausalLM",
            Self::Mistral => "MistralForCausalLM",
            Self::Qwen2 => "Qwen2ForCausalLM",
            Self::Qwen3 => "Qwen3ForCausalLM",
            Self::Gemma3 => "Gemma3ForCausalLM",
            Self::Glm4 => "Glm4ForCausalLM",
            Self::Gpt2 => "GPT2LMHeadModel",
        }
    }

    /// The family of a `model_type` or a Hugging Face class name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.model_type() == name || f.class_name() == name)
    }

    /// What is added to the gain of every norm: Gemma stores gains as their distance from 1.
    pub(super) fn gain_offset(self) -> f64 {
        if self == Self::Gemma3 { 1.0 } else { 0.0 }
    }

    /// Whether queries and keys are normalised per head.
    pub(super) fn normalises_heads(self) -> bool {
        matches!(self, Self::Qwen3 | Self::Gemma3)
    }

    /// Which features of a head the rotary embedding pairs; `None`: positions are learnt and added instead.
    pub(super) fn pairing(self) -> Option<Pairing> {
        match self {
            Self::Gpt2 => None,
            Self::Glm4 => Some(Pairing::Neighbours),
            _ => Some(Pairing::Halves),
        }
    }

    /// Whether norms subtract the mean and add a bias.
    pub(super) fn centres(self) -> bool {
        self == Self::Gpt2
    }

    /// Whether matrices of linear layers are stored as (in, out) instead of (out, in).
    #[must_use]
    pub fn stores_inputs_first(self) -> bool {
        self == Self::Gpt2
    }

    /// The name of the matrix of learnt positions.
    pub(crate) fn learnt_positions(self) -> Option<&'static str> {
        (self == Self::Gpt2).then_some("transformer.wpe.weight")
    }

    /// The name of the embedding matrix.
    pub(crate) fn embedding(self) -> &'static str {
        if self == Self::Gpt2 { "transformer.wte.weight" } else { "model.embed_tokens.weight" }
    }

    /// The name of the last norm.
    pub(super) fn last_norm(self) -> &'static str {
        if self == Self::Gpt2 { "transformer.ln_f" } else { "model.norm" }
    }

    /// The name of a block, 0-based.
    pub(crate) fn block(self, layer: usize) -> String {
        if self == Self::Gpt2 { format!("transformer.h.{layer}") } else { format!("model.layers.{layer}") }
    }

    /// The name, after the block's, of the linear layer that does the work of `module`: it may do that of others too.
    #[must_use]
    pub fn linear(self, module: TargetModule) -> &'static str {
        use TargetModule::{DownProj, GateProj, KProj, OProj, QProj, UpProj, VProj};
        match (self, module) {
            (Self::Gpt2, QProj | KProj | VProj) => "attn.c_attn",
            (Self::Gpt2, OProj) => "attn.c_proj",
            (Self::Gpt2, GateProj | UpProj) => "mlp.c_fc",
            (Self::Gpt2, DownProj) => "mlp.c_proj",
            (Self::Glm4, GateProj | UpProj) => "mlp.gate_up_proj",
            (_, QProj) => "self_attn.q_proj",
            (_, KProj) => "self_attn.k_proj",
            (_, VProj) => "self_attn.v_proj",
            (_, OProj) => "self_attn.o_proj",
            (_, GateProj) => "mlp.gate_proj",
            (_, UpProj) => "mlp.up_proj",
            (_, DownProj) => "mlp.down_proj",
        }
    }

    /// `modules` and all whose work the same linear layers do, in order.
    #[must_use]
    pub fn with_companions(self, modules: &[TargetModule]) -> Vec<TargetModule> {
        let chosen = |module: &TargetModule| modules.iter().any(|m| self.linear(*m) == self.linear(*module));
        TargetModule::ALL.into_iter().filter(chosen).collect()
    }

    /// The modules that PEFT means by a name in `target_modules`: the end of a linear layer's name.
    #[must_use]
    pub fn modules_named(self, name: &str) -> Vec<TargetModule> {
        let ends = |module: &TargetModule| {
            let whole = self.linear(*module);
            whole.strip_suffix(name).is_some_and(|start| start.is_empty() || start.ends_with('.'))
        };
        TargetModule::ALL.into_iter().filter(ends).collect()
    }

    /// The names of PEFT's `target_modules` for these modules, each once.
    #[must_use]
    pub fn peft_names(self, modules: &[TargetModule]) -> Vec<&'static str> {
        let mut names = Vec::new();
        for module in modules {
            let whole = self.linear(*module);
            // GPT-2 has a c_proj in both parts of a block.
            let name = if self == Self::Gpt2 { whole } else { whole.rsplit('.').next().unwrap_or(whole) };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    pub(super) fn norms(self) -> NormNames {
        let (before_attention, after_attention, before_mlp, after_mlp) = match self {
            Self::Gemma3 => (
                "input_layernorm",
                Some("post_attention_layernorm"),
                "pre_feedforward_layernorm",
                Some("post_feedforward_layernorm"),
            ),
            Self::Glm4 => (
                "input_layernorm",
                Some("post_self_attn_layernorm"),
                "post_attention_layernorm",
                Some("post_mlp_layernorm"),
            ),
            Self::Gpt2 => ("ln_1", None, "ln_2", None),
            Self::Llama | Self::Mistral | Self::Qwen2 | Self::Qwen3 => {
                ("input_layernorm", None, "post_attention_layernorm", None)
            }
        };
        NormNames { before_attention, after_attention, before_mlp, after_mlp }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TargetModule::{DownProj, GateProj, KProj, OProj, QProj, UpProj, VProj};

    #[test]
    fn peft_names_lead_back_to_their_modules() {
        for family in Family::ALL {
            for module in TargetModule::ALL {
                let modules = family.with_companions(&[module]);
                let names = family.peft_names(&modules);
                let back: Vec<_> = names.iter().flat_map(|name| family.modules_named(name)).collect();
                assert_eq!((names.len(), back), (1, modules), "{family:?} {module:?}");
            }
        }
        assert_eq!(Family::Qwen3.peft_names(&TargetModule::ALL), TargetModule::ALL.map(TargetModule::as_str));
    }

    #[test]
    fn one_matrix_may_do_the_work_of_several_modules() {
        assert_eq!(Family::Gpt2.with_companions(&[KProj]), [QProj, KProj, VProj]);
        assert_eq!(Family::Gpt2.modules_named("c_proj"), [OProj, DownProj]);
        assert_eq!(Family::Glm4.modules_named("gate_up_proj"), [GateProj, UpProj]);
        assert_eq!(Family::Llama.modules_named("proj"), []);
        assert_eq!(Family::Llama.with_companions(&[VProj, QProj]), [QProj, VProj]);
    }
}
