//! Between the texts of the form's fields and a recipe, in both directions.
//!
//! The form's names are the recipe's dotted paths, so that a plain post and the REST API speak of
//! the same fields. A checkbox that is not ticked is not sent: it is off.

use super::super::text;
use super::fields::{FIELDS, Field, Kind, field};
use crate::ui::format::decimal;
use domain::{
    id::VersionId,
    lang::Lang,
    recipe::{Recipe, RecipeError, RecipeProblem, TargetModule},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Texts by dotted path.
pub type Values = BTreeMap<String, String>;

/// One field that cannot be used, and why in the user's language.
pub type Problems = BTreeMap<String, String>;

/// Value of a ticked checkbox.
pub const ON: &str = "on";

/// The name of a target module's checkbox.
#[must_use]
pub fn module_name(module: TargetModule) -> String {
    format!("lora.target_modules.{}", module.as_str())
}

/// Name of the checkbox that has the run tried out before it is queued: of the launch, not of the recipe.
pub const PREFLIGHT: &str = "preflight";

/// How the names of benchmarks' checkboxes begin, which are of the launch too.
const BENCHMARK: &str = "benchmark.";

/// The name of a benchmark's checkbox.
#[must_use]
pub fn benchmark(version: VersionId) -> String {
    format!("{BENCHMARK}{version}")
}

/// The benchmarks that are ticked; `None` where one is no version.
#[must_use]
pub fn benchmarks(values: &Values) -> Option<Vec<VersionId>> {
    values.keys().filter_map(|name| name.strip_prefix(BENCHMARK)).map(|id| id.parse().ok()).collect()
}

/// Place of the learning rate, which a form without text takes from method and objective.
const RATE: &str = "optimizer.learning_rate";

/// The texts that show a recipe. The usual learning rate is left empty, so that it changes with method and objective.
#[must_use]
pub fn values(recipe: &Recipe) -> Values {
    let mut out: Values = recipe
        .fields()
        .into_iter()
        .filter_map(|(path, text)| match field(&path)?.kind {
            Kind::Switch => (text == "true").then(|| (path, ON.to_owned())),
            Kind::Modules => None,
            _ => Some((path, text)),
        })
        .collect();
    if recipe.optimizer.learning_rate == recipe.usual_learning_rate() {
        out.remove(RATE);
    }
    out.extend(recipe.lora.target_modules.iter().map(|m| (module_name(*m), ON.to_owned())));
    out
}

/// The recipe that the texts spell, and what is wrong with them. Fields that cannot be read keep
/// their default in the recipe.
#[must_use]
pub fn recipe(values: &Values, l: Lang) -> (Recipe, Problems) {
    let mut problems = Problems::new();
    let mut json = serde_json::to_value(Recipe::default()).unwrap_or_default();
    for field in &FIELDS {
        match read(field, values, l) {
            Ok(Value::Null) => forget(&mut json, field.path),
            Ok(value) => put(&mut json, field.path, value),
            Err(problem) => drop(problems.insert(field.path.to_owned(), problem)),
        }
    }
    let recipe: Recipe = serde_json::from_value(json).unwrap_or_default();
    for error in recipe.check().err().into_iter().flatten() {
        let text = problem_text(&error, l);
        problems.entry(error.field).or_insert(text);
    }
    (recipe, problems)
}

fn read(field: &Field, values: &Values, l: Lang) -> Result<Value, String> {
    let whole = values.get(field.path).map_or("", String::as_str);
    let text = whole.trim();
    match field.kind {
        Kind::Integer { low, high } => match text.parse::<u64>() {
            Ok(n) if (low..=high).contains(&n) => Ok(json!(n)),
            _ => Err(whole_between(l, low, high)),
        },
        Kind::Number { .. } => match decimal(text) {
            Some(x) if x.is_finite() => Ok(json!(x)),
            _ => Err(range_text(field.kind, l)),
        },
        Kind::Rate if text.is_empty() => Ok(Value::Null),
        Kind::Rate => match decimal(text) {
            Some(x) if x.is_finite() => Ok(json!(x)),
            _ => Err(above_up_to(l, 0, 1)),
        },
        Kind::Switch => Ok(json!(!text.is_empty())),
        Kind::Choice(of) if of.iter().any(|(word, _)| *word == text) => Ok(json!(text)),
        Kind::Choice(_) => Err(choose(l).to_owned()),
        Kind::Name => Ok(json!(text)),
        // Browsers send line ends of two characters.
        Kind::Lines => Ok(json!(whole.replace("\r\n", "\n"))),
        Kind::Modules => {
            let chosen: Vec<_> =
                TargetModule::ALL.into_iter().filter(|m| values.contains_key(&module_name(*m))).collect();
            Ok(json!(chosen))
        }
    }
}

/// Takes away what is at a place of a table.
fn forget(json: &mut Value, path: &str) {
    if let Some((table, name)) = path.rsplit_once('.')
        && let Some(Value::Object(table)) = json.pointer_mut(&format!("/{}", table.replace('.', "/")))
    {
        table.remove(name);
    }
}

/// Puts a value at its place.
fn put(json: &mut Value, path: &str, value: Value) {
    if let Some(place) = json.pointer_mut(&format!("/{}", path.replace('.', "/"))) {
        *place = value;
    }
}

/// What a recipe's error means to the user.
#[must_use]
pub fn problem_text(error: &RecipeError, l: Lang) -> String {
    let whole = matches!(field(&error.field).map(|f| f.kind), Some(Kind::Integer { .. }));
    match error.problem {
        RecipeProblem::OutOfRange { low, high, .. } if whole => whole_between(l, low, high),
        RecipeProblem::OutOfRange { low, high, .. } => between(l, low, high),
        RecipeProblem::NotAboveZero { high, .. } => above_up_to(l, 0, high),
        RecipeProblem::TooLarge { high } => at_most(l, high),
        RecipeProblem::TooLong { high } => too_long(l, high),
        RecipeProblem::NoMomentum => no_momentum(l).to_owned(),
        RecipeProblem::NoText => no_text(l).to_owned(),
        RecipeProblem::NoModule => one_module(l).to_owned(),
        RecipeProblem::RepeatedModule => repeated_module(l).to_owned(),
        RecipeProblem::Misfit(misfit) => text::misfit(l, misfit),
    }
}

fn range_text(kind: Kind, l: Lang) -> String {
    match kind {
        Kind::Number { low, high, above: true } => above_up_to(l, low, high),
        Kind::Number { low, high, above: false } => between(l, low, high),
        _ => String::new(),
    }
}

crate::texts! {
    whole_between(low, high) = "A whole number between {low} and {high}.", "请输入 {low} 到 {high} 的整数。";
    between(low, high) = "A number between {low} and {high}.", "请输入 {low} 到 {high} 的数。";
    above_up_to(low, high) = "A number above {low}, at most {high}.", "请输入大于 {low} 且不超过 {high} 的数。";
    at_most(high) = "At most {high}.", "最大为 {high}。";
    repeated_module = "Each module may appear only once.", "每个模块只能出现一次。";
    too_long(high) = "At most {high} characters.", "最多 {high} 个字符。";
    no_momentum = "Needs a momentum above 0.", "需要大于 0 的动量。";
    no_text = "Give the text that the virtual tokens begin as.", "请给出虚拟词元的初始文本。";
    one_module = "Choose at least one module.", "请至少选择一个模块。";
    choose = "Choose one of the list.", "请从列表中选择。";
}

#[cfg(test)]
mod tests {
    use super::super::fields::Group;
    use super::*;
    use domain::recipe::{Activation, Dpo, DpoLoss, Method, Objective, OptimizerKind, VirtualTokenInit};

    #[test]
    fn a_recipe_survives_the_form() {
        let mut original = Recipe::default();
        original.optimizer.learning_rate = 3.5e-5;
        original.optimizer.epsilon = 1e-9;
        original.optimizer.kind = OptimizerKind::Adafactor;
        original.optimizer.sgd.nesterov = true;
        original.loss.weight_field = "weight".to_owned();
        original.batch.mask_prompt = false;
        (original.lora.dora, original.prefix_tuning.projection) = (true, true);
        original.prompt_tuning.init = VirtualTokenInit::Text;
        original.prompt_tuning.init_text = " Classify\nthe review: ".to_owned();
        original.bottleneck.activation = Activation::Silu;
        original.lora.target_modules = vec![TargetModule::QProj, TargetModule::DownProj];
        original.dpo = Dpo { beta: 0.25, loss: DpoLoss::Ipo, label_smoothing: 0.1, sft_weight: 1.5 };
        for (method, objective) in Method::ALL.into_iter().flat_map(|m| Objective::ALL.map(|o| (m, o))) {
            (original.method, original.objective) = (method, objective);
            for learning_rate in [original.optimizer.learning_rate, original.usual_learning_rate()] {
                original.optimizer.learning_rate = learning_rate;
                assert_eq!(recipe(&values(&original), Lang::En), (original.clone(), Problems::new()));
            }
        }
    }

    #[test]
    fn without_a_learning_rate_the_method_gives_it() {
        let mut v = values(&Recipe::default());
        assert!(!v.contains_key(RATE));
        for (method, text, rate) in [("lora", "", 2e-4), ("prompt_tuning", " ", 3e-2), ("bottleneck", "0.25", 0.25)] {
            v.extend([("method".to_owned(), method.to_owned()), (RATE.to_owned(), text.to_owned())]);
            let (recipe, problems) = recipe(&v, Lang::En);
            assert_eq!((recipe.optimizer.learning_rate, problems), (rate, Problems::new()), "{method}");
        }
        v.extend([("method", "lora"), ("objective", "dpo"), (RATE, "")].map(|(k, x)| (k.to_owned(), x.to_owned())));
        assert_eq!(recipe(&v, Lang::En).0.optimizer.learning_rate, 2e-5);
        for bad in ["0", "1.5", "-1", "fast"] {
            v.insert(RATE.to_owned(), bad.to_owned());
            assert_eq!(recipe(&v, Lang::En).1.keys().collect::<Vec<_>>(), [RATE], "{bad}");
        }
    }

    #[test]
    fn lines_may_come_from_a_posted_form() {
        let mut v = values(&Recipe::default());
        v.insert("prompt_tuning.init_text".to_owned(), "a\r\nb".to_owned());
        assert_eq!(recipe(&v, Lang::En).0.prompt_tuning.init_text, "a\nb");
        v.insert("prompt_tuning.init".to_owned(), "text".to_owned());
        v.insert("prompt_tuning.init_text".to_owned(), "  ".to_owned());
        assert!(recipe(&v, Lang::En).1.contains_key("prompt_tuning.init_text"));
    }

    #[test]
    fn fields_know_their_method() {
        for method in Method::ALL {
            let own = FIELDS.iter().filter(|f| f.method() == Some(method));
            assert!(own.clone().count() >= 2, "{method:?}");
            assert!(own.clone().all(|f| f.path.starts_with(method.as_str())), "{method:?}");
            assert!(own.clone().any(|f| f.group == Group::Main), "{method:?}");
        }
        let Some(Kind::Choice(of)) = field("method").map(|f| f.kind) else { panic!("no choice of method") };
        assert!(of.iter().map(|(word, _)| *word).eq(Method::ALL.map(Method::as_str)));
        assert_eq!(field("method").and_then(Field::method), None);
        assert_eq!(field("batch.max_length").and_then(Field::method), None);
    }

    #[test]
    fn fields_know_their_objective() {
        let of = |objective| FIELDS.iter().filter(move |f| f.objective() == Some(objective)).map(|f| f.path);
        assert!(of(Objective::Dpo).eq(["dpo.beta", "dpo.loss", "dpo.label_smoothing", "dpo.sft_weight"]));
        assert!(of(Objective::Sft).eq(["batch.mask_prompt", "loss.label_smoothing"]));
        let Some(Kind::Choice(of)) = field("objective").map(|f| f.kind) else { panic!("no choice of objective") };
        assert!(of.iter().map(|(word, _)| *word).eq(Objective::ALL.map(Objective::as_str)));
        assert_eq!(field("objective").and_then(Field::objective), None);
    }

    #[test]
    fn what_nothing_reads_is_hidden() {
        let style = include_str!("../../../../style/runs.css");
        for word in FIELDS.iter().filter_map(Field::only_for) {
            assert!(style.contains(&format!("[data-only=\"{word}\"]")), "{word}");
        }
        let of = |path| field(path).and_then(Field::only_for);
        assert_eq!((of("optimizer.beta1"), of("optimizer.sgd.momentum")), (Some("adamw"), Some("sgd")));
        assert_eq!((of("lora.rank"), of("dpo.beta"), of("optimizer.clip_norm")), (Some("lora"), Some("dpo"), None));
    }

    #[test]
    fn the_form_has_every_field_of_a_recipe() {
        let paths: Vec<_> = Recipe::default().fields().into_iter().map(|f| f.0).collect();
        assert!(paths.iter().all(|p| field(p).is_some()), "{paths:?}");
        assert_eq!(paths.len(), FIELDS.len());
        for f in &FIELDS {
            let Kind::Choice(of) = f.kind else { continue };
            for (word, _) in of {
                let mut chosen = values(&Recipe::default());
                chosen.insert(f.path.to_owned(), (*word).to_owned());
                assert!(
                    recipe(&chosen, Lang::En).0.fields().contains(&(f.path.to_owned(), (*word).to_owned())),
                    "{word}"
                );
            }
        }
    }

    #[test]
    fn bounds_shown_are_the_bounds_checked() {
        for f in &FIELDS {
            let (inside, outside) = match f.kind {
                Kind::Integer { low, high } => {
                    (vec![low.to_string(), high.to_string()], vec![high.saturating_add(1).to_string()])
                }
                Kind::Number { low, high, above } => {
                    let inside = if above { vec![high] } else { vec![low, high] };
                    let outside = if above { vec![low, high * 1.01] } else { vec![low - 0.01, high + 1.0] };
                    (
                        inside.iter().map(ToString::to_string).collect(),
                        outside.iter().map(ToString::to_string).collect(),
                    )
                }
                _ => continue,
            };
            let problem = |text: &str| {
                let mut v = values(&Recipe::default());
                v.insert(f.path.to_owned(), text.to_owned());
                recipe(&v, Lang::En).1.contains_key(f.path)
            };
            assert!(inside.iter().all(|t| !problem(t)), "{} {inside:?}", f.path);
            assert!(outside.iter().all(|t| problem(t)), "{} {outside:?}", f.path);
        }
    }

    #[test]
    fn benchmarks_are_of_the_launch() {
        let mut v = values(&Recipe::default());
        assert_eq!(benchmarks(&v), Some(Vec::new()));
        let version = VersionId::new();
        v.insert(benchmark(version), ON.to_owned());
        assert_eq!(benchmarks(&v), Some(vec![version]));
        assert!(recipe(&v, Lang::En).1.is_empty(), "the recipe does not know them");
        v.insert(format!("{BENCHMARK}x"), ON.to_owned());
        assert_eq!(benchmarks(&v), None);
    }

    #[test]
    fn unreadable_texts_are_named() {
        let mut v = values(&Recipe::default());
        v.insert("lora.rank".to_owned(), "eight".to_owned());
        v.insert("schedule.shape".to_owned(), "square".to_owned());
        v.retain(|k, _| !k.starts_with("lora.target_modules"));
        let problems = recipe(&v, Lang::Zh).1;
        assert_eq!(problems.keys().collect::<Vec<_>>(), ["lora.rank", "lora.target_modules", "schedule.shape"]);
    }
}
