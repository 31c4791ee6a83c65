//! What a run trains: the method, and what follows from it alone.

use serde::{Deserialize, Serialize};

/// What is trained. Each method reads the recipe's table of its own name and no other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Low-rank adapters on frozen linear layers (Hu et al. 2021, arXiv:2106.09685), rsLoRA, DoRA
    /// and LoRA+ among them.
    #[default]
    Lora,
    /// All weights of the base model, or most: the result is a model, not an adapter.
    Full,
    /// Trained embeddings before every text (Lester et al. 2021, arXiv:2104.08691).
    PromptTuning,
    /// Trained embeddings made by a small network (Liu et al. 2021, arXiv:2103.10385).
    PTuning,
    /// Trained keys and values before every text, in every block (Li & Liang 2021, arXiv:2101.00190).
    PrefixTuning,
    /// Small networks between the parts of a block (Houlsby et al. 2019, arXiv:1902.00751).
    Bottleneck,
}

impl Method {
    pub const ALL: [Self; 6] =
        [Self::Lora, Self::Full, Self::PromptTuning, Self::PTuning, Self::PrefixTuning, Self::Bottleneck];

    /// The word for it in recipes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lora => "lora",
            Self::Full => "full",
            Self::PromptTuning => "prompt_tuning",
            Self::PTuning => "p_tuning",
            Self::PrefixTuning => "prefix_tuning",
            Self::Bottleneck => "bottleneck",
        }
    }

    /// The peak learning rate of a recipe that names none.
    #[must_use]
    pub fn default_learning_rate(self) -> f64 {
        match self {
            Self::Lora => 2e-4,
            // Every weight moves at once, so each may move only a little.
            Self::Full => 2e-5,
            // A few vectors must travel far: the fewer the parameters, the higher the rate.
            Self::PromptTuning => 3e-2,
            Self::PTuning => 1e-3,
            Self::PrefixTuning => 1e-2,
            Self::Bottleneck => 5e-4,
        }
    }

    /// The same where preferences are learnt. They need a tenth as much as writing an answer does; 5e-6 to 5e-5 are
    /// usual with LoRA.
    #[must_use]
    pub fn default_preference_rate(self) -> f64 {
        match self {
            Self::Lora => 2e-5,
            // Rafailov et al. 2023, with all weights.
            Self::Full => 1e-6,
            Self::PromptTuning => 3e-3,
            Self::PTuning => 1e-4,
            Self::PrefixTuning => 1e-3,
            Self::Bottleneck => 5e-5,
        }
    }

    /// Whether what it trains can be folded into the base weights, so that the result is a plain model.
    #[must_use]
    pub fn can_merge(self) -> bool {
        matches!(self, Self::Lora | Self::Full)
    }
}
