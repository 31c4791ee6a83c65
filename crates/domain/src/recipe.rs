//! The recipe: everything that decides what a run does, besides model and data.
//!
//! Form, REST API, server and trainer all parse the same [`Recipe`] and share [`Recipe::check`],
//! so a recipe that the browser accepts is one that the trainer accepts. A recipe as TOML is
//! what `trainer run recipe.toml` takes.

mod batch;
mod bottleneck;
mod check;
mod checkpoints;
mod evaluation;
mod full;
mod lora;
mod loss;
mod method;
mod objective;
mod optimizer;
mod recovery;
mod schedule;
mod setting;
mod virtual_tokens;

pub use batch::Batch;
pub use bottleneck::{Activation, Bottleneck, Placement};
pub use check::{RecipeError, RecipeProblem, RecipeTextError, RecipeWarning};
pub use checkpoints::{CheckpointCount, Checkpoints, FinalAdapter};
pub use evaluation::Evaluation;
pub use full::Full;
pub use lora::{Lora, TargetModule};
pub use loss::Loss;
pub use method::Method;
pub use objective::{Dpo, DpoLoss, Objective};
pub use optimizer::{Adafactor, Optimizer, OptimizerKind, Sgd};
pub use recovery::Recovery;
pub use schedule::{Schedule, ScheduleShape};
pub use setting::{SettingProblem, setting_text};
pub use virtual_tokens::{PTuning, PrefixTuning, PromptTuning, VirtualTokenInit};

use check::Checker;
use serde::{Deserialize, Serialize};

/// How a run trains. See the field docs for units, ranges and defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
// `remote` makes functions of the derived code, which the implementations below complete.
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct Recipe {
    /// Default `lora`.
    pub method: Method,
    /// Default `sft`.
    pub objective: Objective,
    /// Read with the objective `dpo` alone.
    pub dpo: Dpo,
    pub lora: Lora,
    pub full: Full,
    pub prompt_tuning: PromptTuning,
    pub p_tuning: PTuning,
    pub prefix_tuning: PrefixTuning,
    pub bottleneck: Bottleneck,
    #[serde(default = "Optimizer::without_rate")]
    pub optimizer: Optimizer,
    pub schedule: Schedule,
    pub batch: Batch,
    pub loss: Loss,
    pub evaluation: Evaluation,
    pub checkpoints: Checkpoints,
    pub recovery: Recovery,
    /// Seeds weights of the adapter, data order and dropout. Same recipe, data, seed and
    /// machine give the same bits.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            method: Method::Lora,
            objective: Objective::Sft,
            dpo: Dpo::default(),
            lora: Lora::default(),
            full: Full::default(),
            prompt_tuning: PromptTuning::default(),
            p_tuning: PTuning::default(),
            prefix_tuning: PrefixTuning::default(),
            bottleneck: Bottleneck::default(),
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            batch: Batch::default(),
            loss: Loss::default(),
            evaluation: Evaluation::default(),
            checkpoints: Checkpoints::default(),
            recovery: Recovery::default(),
            seed: 42,
        }
    }
}

impl Serialize for Recipe {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Recipe {
    /// A recipe without a learning rate gets its method's and objective's.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut recipe = Self::deserialize(deserializer)?;
        recipe.optimizer.complete(recipe.usual_learning_rate());
        Ok(recipe)
    }
}

impl Recipe {
    /// Reads TOML. The error names the line, or every field out of range.
    pub fn from_toml(text: &str) -> Result<Self, RecipeTextError> {
        let recipe: Self = toml::from_str(text).map_err(|e| RecipeTextError::Syntax(e.to_string()))?;
        recipe.check().map_err(RecipeTextError::Fields)?;
        Ok(recipe)
    }

    /// The recipe as TOML, every field written out.
    #[must_use]
    pub fn to_toml(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(map)) => toml_table("", &map),
            _ => String::new(),
        }
    }

    /// Every field out of range, or `Ok` when there is none.
    pub fn check(&self) -> Result<(), Vec<RecipeError>> {
        let mut c = Checker::default();
        self.lora.check(&mut c);
        self.full.check(&mut c);
        self.prompt_tuning.check(&mut c);
        self.p_tuning.check(&mut c);
        self.prefix_tuning.check(&mut c);
        self.bottleneck.check(&mut c);
        self.dpo.check(&mut c);
        self.optimizer.check(&mut c);
        self.schedule.check(&mut c);
        self.batch.check(&mut c);
        self.loss.check(&mut c);
        self.evaluation.check(&mut c);
        self.checkpoints.check(&mut c);
        self.recovery.check(&mut c);
        // TOML integers are signed.
        c.that(i64::try_from(self.seed).is_ok(), "seed", RecipeProblem::TooLarge { high: i64::MAX });
        if c.errors.is_empty() { Ok(()) } else { Err(c.errors) }
    }

    /// The peak learning rate of such a recipe when it names none.
    #[must_use]
    pub fn usual_learning_rate(&self) -> f64 {
        match self.objective {
            Objective::Sft => self.method.default_learning_rate(),
            Objective::Dpo => self.method.default_preference_rate(),
        }
    }

    /// Sequences that the model reads of each sample.
    #[must_use]
    pub fn sequences_per_sample(&self) -> u32 {
        match self.objective {
            Objective::Sft => 1,
            Objective::Dpo => 2,
        }
    }

    /// What is allowed and probably a mistake.
    #[must_use]
    pub fn warnings(&self) -> Vec<RecipeWarning> {
        let mut warnings = self.unused();
        let (found, usual) = (self.optimizer.learning_rate, self.usual_learning_rate());
        // What is usual is so with AdamW.
        let knows_usual = matches!(self.optimizer.kind, OptimizerKind::AdamW | OptimizerKind::AdamW8bit);
        if knows_usual && !(usual / 50.0..=usual * 50.0).contains(&found) {
            warnings.push(RecipeWarning::UnusualRate { found, usual, method: self.method.as_str() });
        }
        warnings
    }

    /// Settings other than their defaults that the objective does not read.
    fn unused(&self) -> Vec<RecipeWarning> {
        let plain = Self::default();
        let set = match self.objective {
            Objective::Sft => vec![("dpo", self.dpo != plain.dpo)],
            Objective::Dpo => vec![
                ("batch.mask_prompt", self.batch.mask_prompt != plain.batch.mask_prompt),
                ("loss.label_smoothing", self.loss.label_smoothing != plain.loss.label_smoothing),
            ],
        };
        let objective = self.objective.as_str();
        set.into_iter().filter(|s| s.1).map(|(field, _)| RecipeWarning::Unused { field, objective }).collect()
    }

    /// Virtual tokens that stand before every text.
    #[must_use]
    pub fn virtual_tokens(&self) -> u32 {
        match self.method {
            Method::PromptTuning => self.prompt_tuning.virtual_tokens,
            Method::PTuning => self.p_tuning.virtual_tokens,
            Method::PrefixTuning => self.prefix_tuning.virtual_tokens,
            Method::Lora | Method::Full | Method::Bottleneck => 0,
        }
    }

    /// Whether the base stays in the quantized blocks of its file.
    #[must_use]
    pub fn keeps_base_quantized(&self) -> bool {
        self.method == Method::Lora && self.lora.quantized_base
    }

    /// Optimizer steps of the whole run, given the size of the training split.
    #[must_use]
    pub fn total_steps(&self, train_samples: u64) -> u32 {
        if self.schedule.max_steps > 0 {
            return self.schedule.max_steps;
        }
        let steps = (train_samples as f64 * self.schedule.epochs / self.effective_batch() as f64).ceil();
        steps.clamp(1.0, f64::from(u32::MAX)) as u32
    }

    /// Samples per optimizer step.
    #[must_use]
    pub fn effective_batch(&self) -> u64 {
        u64::from(self.batch.micro_batch) * u64::from(self.batch.accumulation)
    }

    /// Steps between validations, with the default resolved.
    #[must_use]
    pub fn validation_interval(&self, total_steps: u32) -> u32 {
        match self.evaluation.every_steps {
            0 => (total_steps / 10).max(1),
            n => n,
        }
    }

    /// Steps between checkpoints, with the default resolved.
    #[must_use]
    pub fn checkpoint_interval(&self, total_steps: u32) -> u32 {
        match self.evaluation.checkpoint_every_steps {
            0 => self.validation_interval(total_steps),
            n => n,
        }
    }

    /// The dotted fields in which two recipes differ, with both values as text.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<(String, String, String)> {
        let (a, b) = (self.fields(), other.fields());
        a.into_iter().zip(b).filter(|(x, y)| x.1 != y.1).map(|((k, x), (_, y))| (k, x, y)).collect()
    }

    /// Every field as a dotted path and text, in a fixed order.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        if let Ok(serde_json::Value::Object(map)) = serde_json::to_value(self) {
            flatten("", &map, &mut out);
        }
        out
    }
}

/// A table as TOML: plain values first, then the tables in it. Written here, since the browser
/// shows recipes too and a serializer is many times larger.
fn toml_table(path: &str, map: &serde_json::Map<String, serde_json::Value>) -> String {
    let mut out = String::new();
    for (key, value) in map.iter().filter(|(_, v)| !v.is_object() && !v.is_null()) {
        out.push_str(&format!("{key} = {}\n", toml_value(value)));
    }
    for (key, value) in map {
        if let serde_json::Value::Object(inner) = value {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            out.push_str(&format!("\n[{path}]\n{}", toml_table(&path, inner)));
        }
    }
    out
}

/// A value as TOML, which spells numbers as Rust does.
fn toml_value(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Bool(on) => on.to_string(),
        // TOML has JSON's escapes, and one character more that needs one.
        serde_json::Value::String(_) => value.to_string().replace('\u{7f}', "\\u007f"),
        serde_json::Value::Array(items) => {
            format!("[{}]", items.iter().map(toml_value).collect::<Vec<_>>().join(", "))
        }
        serde_json::Value::Number(n) => match n.as_i64() {
            Some(whole) => whole.to_string(),
            None => format!("{:?}", n.as_f64().unwrap_or_default()),
        },
        serde_json::Value::Null | serde_json::Value::Object(_) => String::new(),
    }
}

fn flatten(prefix: &str, map: &serde_json::Map<String, serde_json::Value>, out: &mut Vec<(String, String)>) {
    for (k, v) in map {
        match v {
            serde_json::Value::Object(inner) => flatten(&format!("{prefix}{k}."), inner, out),
            serde_json::Value::Array(items) => {
                let words: Vec<_> =
                    items.iter().map(|i| i.as_str().map_or_else(|| i.to_string(), str::to_owned)).collect();
                out.push((format!("{prefix}{k}"), words.join(", ")));
            }
            serde_json::Value::String(s) => out.push((format!("{prefix}{k}"), s.clone())),
            other => out.push((format!("{prefix}{k}"), other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn defaults_are_valid_and_round_trip() {
        let r = Recipe::default();
        assert_eq!(r.check(), Ok(()));
        assert_eq!(Recipe::from_toml(&r.to_toml()).ok(), Some(r));
    }

    proptest! {
        #[test]
        fn every_recipe_survives_toml(rate in 1e-12..1.0f64, alpha in 1e-3..4096.0f64, rank in 1u32..513, seed in 0u64..=i64::MAX as u64, mask in any::<bool>(), text in any::<String>(), modules in prop::sample::subsequence(TargetModule::ALL.to_vec(), 1..8)) {
            let mut r = Recipe { seed, ..Recipe::default() };
            r.optimizer.learning_rate = rate;
            (r.lora.alpha, r.lora.rank, r.lora.target_modules) = (alpha, rank, modules);
            r.batch.mask_prompt = mask;
            r.prompt_tuning.init_text = text;
            prop_assert_eq!(Recipe::from_toml(&r.to_toml()).ok(), Some(r));
        }
    }

    #[test]
    fn errors_name_every_bad_field() {
        let mut r = Recipe::default();
        r.lora.rank = 0;
        r.optimizer.learning_rate = f64::NAN;
        let fields: Vec<_> = r.check().err().into_iter().flatten().map(|e| e.field).collect();
        assert_eq!(fields, ["lora.rank", "optimizer.learning_rate"]);
    }

    #[test]
    fn each_method_has_its_own_learning_rate() {
        for (text, rate) in [
            ("", 2e-4),
            ("method = \"prompt_tuning\"", 3e-2),
            ("method = \"p_tuning\"\n[optimizer]\nbeta1 = 0.8", 1e-3),
            ("method = \"prefix_tuning\"\n[optimizer]\nlearning_rate = 0.25", 0.25),
        ] {
            let recipe = Recipe::from_toml(text).unwrap();
            assert_eq!(recipe.optimizer.learning_rate, rate, "{text}");
            assert_eq!(Recipe::from_toml(&recipe.to_toml()).unwrap(), recipe);
        }
        for method in Method::ALL {
            let text = format!("method = \"{}\"", method.as_str());
            assert_eq!(
                (Recipe::from_toml(&text).unwrap().method, Recipe::from_toml(&text).unwrap().warnings()),
                (method, vec![])
            );
        }
        let mut slow = Recipe::from_toml("method = \"prompt_tuning\"").unwrap();
        slow.optimizer.learning_rate = 2e-4;
        let usual = RecipeWarning::UnusualRate { found: 2e-4, usual: 3e-2, method: "prompt_tuning" };
        assert_eq!(slow.warnings(), [usual]);
        slow.optimizer.kind = OptimizerKind::Sgd;
        assert_eq!(slow.warnings(), []);
    }

    #[test]
    fn what_an_objective_does_not_read_is_named() {
        let fields = |text: &str| -> Vec<String> {
            Recipe::from_toml(text).unwrap().warnings().iter().map(ToString::to_string).collect()
        };
        let set = "[batch]\nmask_prompt = false\n[loss]\nlabel_smoothing = 0.1\n[dpo]\nbeta = 0.5\n";
        let dpo = fields(&format!("objective = \"dpo\"\n{set}"));
        assert!(
            dpo.len() == 2 && dpo[0].starts_with("batch.mask_prompt has no effect with the objective dpo"),
            "{dpo:?}"
        );
        let sft = fields(set);
        assert!(sft.len() == 1 && sft[0].starts_with("dpo has no effect with the objective sft"), "{sft:?}");
    }

    #[test]
    fn preferences_are_learnt_slowly() {
        let recipe = Recipe::from_toml("objective = \"dpo\"").unwrap();
        assert_eq!((recipe.optimizer.learning_rate, recipe.dpo.beta, recipe.dpo.loss), (2e-5, 0.1, DpoLoss::Sigmoid));
        assert_eq!(Recipe::from_toml(&recipe.to_toml()).unwrap(), recipe);
        for method in Method::ALL {
            let text = format!("method = \"{}\"\nobjective = \"dpo\"", method.as_str());
            let recipe = Recipe::from_toml(&text).unwrap();
            assert!(recipe.optimizer.learning_rate < method.default_learning_rate(), "{text}");
            assert_eq!(recipe.warnings(), []);
        }
        let bad = "[dpo]\nbeta = 0.0\nlabel_smoothing = 0.5\nsft_weight = -1.0\n";
        let Err(RecipeTextError::Fields(errors)) = Recipe::from_toml(bad) else { panic!("accepted") };
        let fields: Vec<_> = errors.into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["dpo.beta", "dpo.label_smoothing", "dpo.sft_weight"]);
    }

    #[test]
    fn a_recipe_from_before_there_were_methods_reads_the_same() {
        let old = "method = \"lora\"\n[lora]\nrank = 4\nalpha = 8.0\ndropout = 0.1\ntarget_modules = [\"q_proj\"]\n";
        let recipe = Recipe::from_toml(old).unwrap();
        assert_eq!((recipe.lora.scale(), recipe.lora.dora, recipe.lora.plus_ratio), (2.0, false, 1.0));
        assert_eq!((recipe.objective, recipe.optimizer.learning_rate), (Objective::Sft, 2e-4));
    }

    #[test]
    fn a_text_is_needed_where_one_is_named() {
        let text = "method = \"prompt_tuning\"\n[prompt_tuning]\ninit = \"text\"\n";
        assert!(Recipe::from_toml(text).is_err());
        assert!(Recipe::from_toml(&format!("{text}init_text = \"Classify\"\n")).is_ok());
    }

    #[test]
    fn unknown_fields_are_refused() {
        assert!(Recipe::from_toml("[lora]\nrang = 8\n").is_err());
    }

    #[test]
    fn differences_name_fields() {
        let a = Recipe::default();
        let mut b = a.clone();
        b.lora.rank = 16;
        assert_eq!(a.differences(&b), [("lora.rank".to_owned(), "8".to_owned(), "16".to_owned())]);
    }

    #[test]
    fn an_old_recipe_reads_the_same() {
        let old = "[optimizer]\nlearning_rate = 1e-3\nbeta1 = 0.8\n[schedule]\nshape = \"linear\"\nwarmup_ratio = 0.1\n\
            [evaluation]\nprevious = 0\n";
        assert!(Recipe::from_toml(old).is_err(), "a misspelt field");
        let recipe = Recipe::from_toml(&old.replace("previous", "previews")).unwrap_or_default();
        assert_eq!((recipe.optimizer.kind, recipe.optimizer.beta1), (OptimizerKind::AdamW, 0.8));
        assert_eq!((recipe.schedule.warmup_steps, recipe.schedule.min_lr_ratio), (0, 0.0));
        assert_eq!((recipe.evaluation.patience, recipe.checkpoints), (0, Checkpoints::default()));
    }
}
