//! Settings of the step that adds changed copies of training samples.

use super::{Where, Words};
use serde::{Deserialize, Serialize};

words! {
    /// How a copy differs.
    AugmentMethod {
        Synonyms,
        Typos,
        Noise,
        Templates,
        Swap,
        Negation,
    }
}

settings! {
    /// After Wei & Zou 2019, "EDA: Easy data augmentation techniques …" (arXiv:1901.11196), and counterfactual swaps after
    /// Lu et al. 2018 (arXiv:1807.11714); negation as a test of what a model understands after Ribeiro et al. 2020,
    /// "CheckList" (arXiv:2005.04118). Copies are made of training samples alone and say so in their slice `augmented`.
    Augment {
        within: Where = Where::Prompt,
        /// Words become others of the same meaning.
        synonyms: bool = true,
        /// Slips of the keyboard; in Chinese, characters that sound or look alike.
        typos: bool = false,
        /// Case, space and punctuation.
        noise: bool = false,
        /// Groups of persons change places: he and she, 他 and 她.
        swap: bool = false,
        /// Share of the training samples that get copies.
        share_copied: f64 = 0.3,
        /// Copies of each of these at most.
        copies: u64 = 1,
        /// Share of the words that change, but for swaps; one at least.
        strength: f64 = 0.1,
        /// Length of a copy's text by the original's, at least.
        shortest: f64 = 0.5,
        /// The same, at most.
        longest: f64 = 2.0,
        /// More synonyms, one word a line: `word = other | another`.
        own_synonyms: String = String::new(),
        /// More pairs to swap, one a line: `this = that`.
        own_pairs: String = String::new(),
        /// Texts around the last user turn, one a line, with `{text}` in its place; `{name}` stands for one of the
        /// alternatives of a line `name = this | that`. Copies are made of them when there are any.
        templates: String = String::new(),
        /// The label of a text that says the opposite, one a line: `positive = negative`. Copies of samples with such labels
        /// are made by adding or taking away a "not", when there are any; they are marked by a slice `check`.
        negated_labels: String = String::new(),
        seed: u64 = 42,
    }
}

impl AugmentMethod {
    /// The word for it in slices and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Synonyms => "synonyms",
            Self::Typos => "typos",
            Self::Noise => "noise",
            Self::Templates => "templates",
            Self::Swap => "swap",
            Self::Negation => "negation",
        }
    }
}

impl Augment {
    /// The methods that are on, in their order.
    #[must_use]
    pub fn methods(&self) -> Vec<AugmentMethod> {
        let is_on = |method: &AugmentMethod| match method {
            AugmentMethod::Synonyms => self.synonyms,
            AugmentMethod::Typos => self.typos,
            AugmentMethod::Noise => self.noise,
            AugmentMethod::Templates => !self.templates.trim().is_empty(),
            AugmentMethod::Swap => self.swap,
            AugmentMethod::Negation => !self.negated_labels.trim().is_empty(),
        };
        AugmentMethod::ALL.iter().copied().filter(is_on).collect()
    }
}
