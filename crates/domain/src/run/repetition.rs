//! Whether two runs gave the same bits and, if not, what of their making differs. `trainer diff` compares two folders,
//! a run's page the run and its repetition; both by [`Differences::between`].

use crate::id::RunId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Where a run comes from, besides its recipe, model and data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ancestry {
    /// The run whose settings the form began with.
    pub cloned_from: Option<RunId>,
    /// The run that this one repeats, to be compared bit by bit.
    pub repeats: Option<RunId>,
    /// The run whose adapter this one goes on training.
    pub continues: Option<RunId>,
}

/// What a finished run left, as far as it must be equal to be the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparable {
    /// SHA-256 by file of trained weights.
    pub weights: BTreeMap<String, String>,
    /// Bits of the training loss by step.
    pub losses: BTreeMap<u32, u64>,
    /// Entries of the manifest by dotted name.
    pub manifest: BTreeMap<String, String>,
}

/// In what two finished runs differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Differences {
    /// Files of trained weights with other bits, or that only one run has.
    pub weights: Vec<String>,
    /// The first step with another training loss.
    pub first_loss: Option<LossDifference>,
    pub manifest: Vec<ManifestDifference>,
}

/// The training losses of one step; `None` where a run has none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LossDifference {
    pub step: u32,
    pub first: Option<f64>,
    pub second: Option<f64>,
}

/// An entry of both manifests; `None` where a manifest has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ManifestDifference {
    pub name: String,
    pub first: Option<String>,
    pub second: Option<String>,
}

/// A run compared with the one that it repeats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Repetition {
    /// The repeated run and its number.
    pub original: RunId,
    pub original_number: i32,
    /// `None` until both have succeeded. `first` is the original.
    pub differences: Option<Differences>,
}

impl Differences {
    #[must_use]
    pub fn between(first: &Comparable, second: &Comparable) -> Self {
        let losses = differing(&first.losses, &second.losses).into_iter().next();
        let manifest = differing(&first.manifest, &second.manifest).into_iter();
        Self {
            weights: differing(&first.weights, &second.weights).into_iter().map(|(file, ..)| file).collect(),
            first_loss: losses.map(|(step, first, second)| LossDifference {
                step,
                first: first.map(f64::from_bits),
                second: second.map(f64::from_bits),
            }),
            manifest: manifest.map(|(name, first, second)| ManifestDifference { name, first, second }).collect(),
        }
    }

    /// Whether weights and losses are the same bits.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.weights.is_empty() && self.first_loss.is_none()
    }
}

/// Keys with different values, ascending.
fn differing<K: Ord + Clone, V: PartialEq + Clone>(
    a: &BTreeMap<K, V>,
    b: &BTreeMap<K, V>,
) -> Vec<(K, Option<V>, Option<V>)> {
    let mut keys: Vec<&K> = a.keys().chain(b.keys()).collect();
    keys.sort();
    keys.dedup();
    let both = keys.into_iter().map(|k| (k.clone(), a.get(k).cloned(), b.get(k).cloned()));
    both.filter(|(_, x, y)| x != y).collect()
}

/// Every entry of a manifest as a dotted name and text.
#[must_use]
pub fn manifest_lines(manifest: &serde_json::Value) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    flatten(String::new(), manifest, &mut lines);
    lines
}

fn flatten(name: String, value: &serde_json::Value, lines: &mut BTreeMap<String, String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let dot = if name.is_empty() { "" } else { "." };
                flatten(format!("{name}{dot}{key}"), value, lines);
            }
        }
        serde_json::Value::Array(items) if items.iter().any(serde_json::Value::is_object) => {
            for (i, value) in items.iter().enumerate() {
                flatten(format!("{name}.{i}"), value, lines);
            }
        }
        serde_json::Value::String(text) => drop(lines.insert(name, text.clone())),
        other => drop(lines.insert(name, other.to_string())),
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: &Option<f64>| value.map_or_else(|| "nothing".to_owned(), |v| v.to_string());
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        if self.is_same() {
            writeln!(f, "the same bits: trained weights and training losses")?;
        }
        for file in &self.weights {
            writeln!(f, "the trained weights differ: {file}")?;
        }
        if let Some(LossDifference { step, first, second }) = &self.first_loss {
            writeln!(f, "the training losses differ first at step {step}: {} and {}", number(first), number(second))?;
        }
        for line in &self.manifest {
            writeln!(f, "{}: {} and {}", line.name, text(&line.first), text(&line.second))?;
        }
        if self.manifest.is_empty() {
            writeln!(f, "the manifests are the same")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn comparable(loss: f64, seed: u32) -> Comparable {
        Comparable {
            weights: [("adapter_model.safetensors".to_owned(), format!("{loss}"))].into(),
            losses: [(1, 2.5f64.to_bits()), (2, loss.to_bits())].into(),
            manifest: manifest_lines(
                &json!({"recipe": {"seed": seed, "lora": {"rank": 8}}, "packages": {"gemm": "0.19"}}),
            ),
        }
    }

    #[test]
    fn the_same_is_the_same_to_the_bit() {
        let same = Differences::between(&comparable(1.5, 1), &comparable(1.5, 1));
        assert!(same.is_same() && same.manifest.is_empty());
        assert!(same.to_string().starts_with("the same bits"), "{same}");
        let almost = Differences::between(&comparable(1.5, 1), &comparable(1.5 + f64::EPSILON, 1));
        assert!(!almost.is_same());
        assert_eq!(almost.first_loss.map(|l| l.step), Some(2));
    }

    #[test]
    fn every_earlier_attempt_has_its_lines() {
        let lines =
            manifest_lines(&json!({ "earlier": [{ "micro_batch": 4 }, { "micro_batch": 2 }], "modules": ["q", "k"] }));
        assert_eq!(lines["earlier.1.micro_batch"], "2");
        assert_eq!(lines["modules"], r#"["q","k"]"#);
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn what_differs_is_named() {
        let other = Differences::between(&comparable(1.5, 1), &comparable(1.25, 2));
        assert_eq!(other.weights, ["adapter_model.safetensors"]);
        assert_eq!(other.manifest.len(), 1, "{other}");
        assert!(other.to_string().contains("recipe.seed: 1 and 2"), "{other}");
        let mut short = comparable(1.5, 1);
        short.losses.remove(&2);
        let first = Differences::between(&short, &comparable(1.5, 1)).first_loss;
        assert_eq!(first, Some(LossDifference { step: 2, first: None, second: Some(1.5) }));
    }
}
