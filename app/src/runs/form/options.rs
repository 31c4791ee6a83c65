//! What the launch form may choose from: of each base model and dataset version what the
//! prediction needs, since all of it is sent to the browser.

use crate::runs::text;
use domain::{
    dataset::VersionStats,
    estimate::{Estimate, Misfit, estimate, misfits},
    lang::Lang,
    model::{ModelCard, ModelFormat},
    recipe::Recipe,
    run::{LaunchChoices, ModelChoice, VersionChoice},
};
use serde::{Deserialize, Serialize};

/// Every choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    pub models: Vec<ModelOption>,
    pub versions: Vec<VersionOption>,
    measured_flops: Option<f64>,
}

/// A base model to choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelOption {
    pub id: String,
    pub name: String,
    parameters: u64,
    format: ModelFormat,
    quantization: String,
    size_bytes: u64,
    tied_embeddings: bool,
    /// Layers, hidden and inner size, heads, key-value heads, their size, context, vocabulary.
    shape: [u32; 8],
}

/// A dataset version to choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionOption {
    pub id: String,
    pub words: String,
    /// Samples of all splits, of train, validation and test, and those that are preference pairs.
    samples: [u64; 5],
    characters: u64,
    is_labelled: bool,
    /// Mean length in tokens by model.
    token_means: Vec<(String, f64)>,
}

impl Options {
    #[must_use]
    pub fn of(choices: &LaunchChoices, l: Lang) -> Self {
        Self {
            models: choices.models.iter().map(ModelOption::of).collect(),
            versions: choices.versions.iter().map(|v| VersionOption::of(v, l)).collect(),
            measured_flops: choices.measured_flops,
        }
    }

    fn chosen(&self, model: &str, version: &str) -> Option<(&ModelOption, &VersionOption)> {
        let model = self.models.iter().find(|m| m.id == model)?;
        Some((model, self.versions.iter().find(|v| v.id == version)?))
    }

    /// What a run would cost; `None` while model or version is not chosen.
    #[must_use]
    pub fn estimate(&self, recipe: &Recipe, model: &str, version: &str) -> Option<Estimate> {
        let (model, version) = self.chosen(model, version)?;
        let counted = version.token_means.iter().find(|(id, _)| *id == model.id).map(|(_, mean)| *mean);
        Some(estimate(recipe, &model.card(), &version.stats(), counted, self.measured_flops))
    }

    /// Why the recipe does not go with what is chosen.
    #[must_use]
    pub fn misfits(&self, recipe: &Recipe, model: &str, version: &str) -> Vec<Misfit> {
        let chosen = self.chosen(model, version);
        chosen.map(|(m, v)| misfits(recipe, &m.card(), &v.stats())).unwrap_or_default()
    }
}

impl ModelOption {
    fn of(choice: &ModelChoice) -> Self {
        let c = &choice.card;
        Self {
            id: choice.id.to_string(),
            name: choice.name.clone(),
            parameters: c.parameters,
            format: c.format,
            quantization: c.quantization.clone(),
            size_bytes: c.size_bytes,
            tied_embeddings: c.tied_embeddings,
            shape: [
                c.layers,
                c.hidden_size,
                c.intermediate_size,
                c.attention_heads,
                c.key_value_heads,
                c.head_dim,
                c.context_length,
                c.vocabulary,
            ],
        }
    }

    /// A card with the sizes and the kinds of weights alone.
    fn card(&self) -> ModelCard {
        let [
            layers,
            hidden_size,
            intermediate_size,
            attention_heads,
            key_value_heads,
            head_dim,
            context_length,
            vocabulary,
        ] = self.shape;
        ModelCard {
            architecture: String::new(),
            family: String::new(),
            format: self.format,
            parameters: self.parameters,
            layers,
            hidden_size,
            intermediate_size,
            attention_heads,
            key_value_heads,
            head_dim,
            context_length,
            vocabulary,
            quantization: self.quantization.clone(),
            licence: None,
            chat_template: None,
            tied_embeddings: self.tied_embeddings,
            size_bytes: self.size_bytes,
        }
    }
}

impl VersionOption {
    fn of(choice: &VersionChoice, l: Lang) -> Self {
        let s = &choice.stats;
        Self {
            id: choice.id.to_string(),
            words: text::version_option(l, &choice.dataset_name, choice.number, s.train, s.validation, s.test),
            samples: [s.samples, s.train, s.validation, s.test, s.pairs],
            characters: s.characters,
            is_labelled: !s.labels.is_empty(),
            token_means: s.tokens.iter().map(|(model, t)| (model.clone(), t.mean)).collect(),
        }
    }

    /// Statistics with the sizes alone; any label says that there are some.
    fn stats(&self) -> VersionStats {
        let [samples, train, validation, test, pairs] = self.samples;
        let labels = if self.is_labelled { vec![(String::new(), samples)] } else { Vec::new() };
        VersionStats {
            samples,
            train,
            validation,
            test,
            characters: self.characters,
            pairs,
            labels,
            ..VersionStats::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        dataset::TokenStats,
        id::{DatasetId, ModelId, VersionId},
        recipe::{Method, Objective},
    };

    #[test]
    fn the_form_predicts_what_the_server_predicts() {
        let quantization = "Q4_1".to_owned();
        let sizes = ModelCard { layers: 30, vocabulary: 49_152, size_bytes: 98_000_000, ..option().card() };
        let card = ModelCard { format: ModelFormat::Gguf, quantization, tied_embeddings: true, ..sizes };
        let model = ModelChoice { id: ModelId::new(), name: "m".to_owned(), card };
        let stats = VersionStats {
            samples: 10,
            train: 8,
            test: 2,
            characters: 5000,
            pairs: 10,
            labels: vec![("good".to_owned(), 10)],
            tokens: [(model.id.to_string(), TokenStats { mean: 33.0, ..TokenStats::default() })].into(),
            ..VersionStats::default()
        };
        let version = VersionChoice {
            id: VersionId::new(),
            dataset_id: DatasetId::new(),
            dataset_name: "d".to_owned(),
            number: 1,
            stats,
        };
        let mut recipes = vec![Recipe::default(); 4];
        recipes[3].objective = Objective::Dpo;
        recipes[1].lora.quantized_base = true;
        (recipes[2].method, recipes[2].full.train_embeddings) = (Method::Full, false);
        let of = |recipe: &Recipe| estimate(recipe, &model.card, &version.stats, Some(33.0), Some(2e11));
        let expected: Vec<_> = recipes.iter().map(of).collect();
        let choices = LaunchChoices { models: vec![model], versions: vec![version], measured_flops: Some(2e11) };
        let options = Options::of(&choices, Lang::En);
        let (model, version) = (&options.models[0].id, &options.versions[0].id);
        for (recipe, expected) in recipes.iter().zip(expected) {
            assert_eq!(options.estimate(recipe, model, version), Some(expected));
            assert_eq!(options.misfits(recipe, model, version), []);
        }
        assert_eq!(options.estimate(&Recipe::default(), model, ""), None);
        let mut long = Recipe::default();
        long.batch.max_length = 9000;
        assert_eq!(options.misfits(&long, model, version), [Misfit::LongerThanContext { context: 8192 }]);
    }

    fn option() -> ModelOption {
        ModelOption {
            id: String::new(),
            name: String::new(),
            parameters: 134_515_008,
            format: ModelFormat::HuggingFace,
            quantization: "F32".to_owned(),
            size_bytes: 0,
            tied_embeddings: false,
            shape: [30, 576, 1536, 9, 3, 64, 8192, 49_152],
        }
    }
}
