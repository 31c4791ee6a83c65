//! One field of the recipe that a sweep moves, and the values it takes.

use crate::{dataset::splitmix64, recipe::Recipe};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A field and its values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Dotted path in the recipe, such as `optimizer.learning_rate`.
    pub field: String,
    pub values: AxisValues,
}

/// Which values a field takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AxisValues {
    /// These.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    List(Vec<Value>),
    /// Numbers between two.
    Range(Range),
}

/// Numbers from `low` to `high`, both included; whole ones where the field holds whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Range {
    pub low: f64,
    pub high: f64,
    #[serde(default)]
    pub scale: Scale,
    /// In a grid: so many values, evenly apart on the scale; 2–50, default 3.
    #[serde(default = "three")]
    pub points: u32,
}

fn three() -> u32 {
    3
}

/// On which scale values are evenly apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    #[default]
    Linear,
    /// For what matters by its order of magnitude, such as a learning rate.
    Log,
}

impl Range {
    /// The number at a share of the way, rounded to four digits or to a whole number.
    fn at(self, share: f64, is_whole: bool) -> Value {
        let x = match self.scale {
            Scale::Linear => self.low + share * (self.high - self.low),
            Scale::Log => (self.low.ln() + share * (self.high.ln() - self.low.ln())).exp(),
        };
        if is_whole {
            return json!(x.round().max(self.low.ceil()).min(self.high.floor()) as u64);
        }
        let short: f64 = format!("{x:.3e}").parse().unwrap_or(x);
        json!(short.max(self.low).min(self.high))
    }
}

/// Whether the field holds whole numbers.
fn is_whole(recipe: &Recipe, field: &str) -> bool {
    recipe.setting(field).is_some_and(|v| v.is_u64() || v.is_i64())
}

impl Axis {
    /// The values of a grid or an ablation, each once.
    #[must_use]
    pub fn points(&self, recipe: &Recipe) -> Vec<Value> {
        let mut out: Vec<Value> = Vec::new();
        let mut push = |value: Value| {
            if !out.contains(&value) {
                out.push(value);
            }
        };
        match &self.values {
            AxisValues::List(values) => values.iter().cloned().for_each(push),
            AxisValues::Range(range) => {
                let (last, whole) = (range.points.saturating_sub(1).max(1), is_whole(recipe, &self.field));
                (0..range.points).for_each(|i| push(range.at(f64::from(i) / f64::from(last), whole)));
            }
        }
        out
    }

    /// A value drawn at random.
    pub(super) fn draw(&self, recipe: &Recipe, random: &mut Draws) -> Value {
        match &self.values {
            AxisValues::List(values) => values[random.below(values.len())].clone(),
            AxisValues::Range(range) => range.at(random.share(), is_whole(recipe, &self.field)),
        }
    }
}

/// The sequence SplitMix64 (Steele, Lea & Flood 2014): equal seeds draw equal values, everywhere.
pub(super) struct Draws(pub(super) u64);

impl Draws {
    fn word(&mut self) -> u64 {
        let word = splitmix64(self.0);
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        word
    }

    /// Uniform in [0, 1).
    fn share(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `0..n`, up to a bias of `n / 2^64`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.word()) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(field: &str, range: Range) -> Axis {
        Axis { field: field.to_owned(), values: AxisValues::Range(range) }
    }

    #[test]
    fn a_range_is_even_on_its_scale_and_whole_where_the_field_is() {
        let recipe = Recipe::default();
        let rate = axis("optimizer.learning_rate", Range { low: 1e-5, high: 1e-3, scale: Scale::Log, points: 3 });
        assert_eq!(rate.points(&recipe), [json!(1e-5), json!(1e-4), json!(1e-3)]);
        let dropout = axis("lora.dropout", Range { low: 0.0, high: 0.2, scale: Scale::Linear, points: 3 });
        assert_eq!(dropout.points(&recipe), [json!(0.0), json!(0.1), json!(0.2)]);
        let rank = axis("lora.rank", Range { low: 4.0, high: 64.0, scale: Scale::Log, points: 5 });
        assert_eq!(rank.points(&recipe), [json!(4), json!(8), json!(16), json!(32), json!(64)]);
        let few = axis("lora.rank", Range { low: 1.0, high: 2.0, scale: Scale::Linear, points: 9 });
        assert_eq!(few.points(&recipe), [json!(1), json!(2)], "each once");
        let none = axis("lora.rank", Range { low: 8.2, high: 8.7, scale: Scale::Linear, points: 3 });
        assert_eq!(none.points(&recipe).len(), 1, "no two whole numbers");
    }

    #[test]
    fn draws_fill_the_range_and_stay_in_it() {
        let recipe = Recipe::default();
        let rank = axis("lora.rank", Range { low: 2.0, high: 5.0, scale: Scale::Linear, points: 3 });
        let mut random = Draws(7);
        let drawn: Vec<u64> = (0..200).filter_map(|_| rank.draw(&recipe, &mut random).as_u64()).collect();
        assert!(drawn.len() == 200 && (2..=5).all(|n| drawn.contains(&n)) && drawn.iter().all(|n| (2..=5).contains(n)));
    }
}
