//! What a run costs: as predicted, and as it was.

use super::Pace;
use crate::estimate::Estimate;
use serde::{Deserialize, Serialize};

/// Time, memory and disk of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cost {
    /// From the beginning of its first attempt to its end.
    pub seconds: f64,
    /// Peak of its processes; `None` where the system does not tell.
    pub memory_bytes: Option<u64>,
    /// Checkpoints that stay and the result; `None` of runs from before it was known.
    pub disk_bytes: Option<u64>,
}

/// A predicted [`Cost`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Prediction {
    pub basis: PredictionBasis,
    #[serde(flatten)]
    pub cost: Cost,
}

/// What a prediction comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PredictionBasis {
    /// What the run's own preflight measured.
    Preflight,
    /// The speed of recent runs.
    RecentRuns,
    /// The speed of a usual machine.
    Guess,
}

/// What a preflight measured that a prediction can use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub struct Measured {
    pub pace: Option<Pace>,
    pub memory_bytes: Option<u64>,
}

/// What the trainer says of its cost, in its result.
#[derive(Deserialize)]
struct Told {
    peak_memory_mib: Option<f64>,
    #[serde(default)]
    disk_bytes: u64,
}

impl Prediction {
    /// From the prediction at launch and what was measured since.
    #[must_use]
    pub fn of(estimate: &Estimate, measured: Option<Measured>) -> Self {
        let Measured { pace, memory_bytes } = measured.unwrap_or_default();
        let known = |bytes: u64| Some(bytes).filter(|b| *b > 0);
        let basis = match (pace, estimate.is_measured) {
            (Some(_), _) => PredictionBasis::Preflight,
            (None, true) => PredictionBasis::RecentRuns,
            (None, false) => PredictionBasis::Guess,
        };
        let cost = Cost {
            seconds: pace.map_or_else(|| estimate.seconds(), |pace| pace.seconds()),
            memory_bytes: memory_bytes.or(known(estimate.memory_bytes)),
            disk_bytes: known(estimate.disk_bytes),
        };
        Self { basis, cost }
    }
}

impl Cost {
    /// That of a run that took so long on `device`, from its result; `None` of a result that does not tell.
    #[must_use]
    pub fn of_result(result: &serde_json::Value, seconds: f64, device: &str) -> Option<Self> {
        let told = Told::deserialize(result).ok()?;
        // Every process on a CPU holds a model of its own, and one of them tells.
        let processes = device.split('+').filter(|name| *name == "cpu").count().max(1) as f64;
        Some(Self {
            seconds,
            memory_bytes: told.peak_memory_mib.map(|mib| (processes * mib * f64::from(1 << 20)) as u64),
            disk_bytes: Some(told.disk_bytes).filter(|bytes| *bytes > 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dataset::VersionStats, estimate, recipe::Recipe};
    use serde_json::json;

    #[test]
    fn what_the_preflight_measured_counts_more_than_what_was_assumed() {
        let data = VersionStats { samples: 100, train: 100, characters: 30_000, ..VersionStats::default() };
        let of = |flops| estimate::estimate(&Recipe::default(), &estimate::tests::smol(), &data, None, flops);
        let (guess, known) = (Prediction::of(&of(None), None), Prediction::of(&of(Some(2e11)), None));
        assert_eq!((guess.basis, known.basis), (PredictionBasis::Guess, PredictionBasis::RecentRuns));
        assert_eq!(guess.cost.seconds, 2.0 * known.cost.seconds);
        let pace = Some(Pace { train_seconds: 7.0, test_seconds: 2.0, ..Pace::default() });
        let measured = Prediction::of(&of(None), Some(Measured { pace, memory_bytes: Some(5) }));
        assert_eq!((measured.basis, measured.cost.seconds), (PredictionBasis::Preflight, 9.0));
        assert_eq!((measured.cost.memory_bytes, measured.cost.disk_bytes), (Some(5), guess.cost.disk_bytes));
        // A report from before there was a pace still knows the memory.
        let old = Prediction::of(&of(None), Some(Measured { pace: None, memory_bytes: Some(5) }));
        assert_eq!((old.basis, old.cost.memory_bytes), (PredictionBasis::Guess, Some(5)));
    }

    #[test]
    fn a_result_tells_its_cost() {
        let result = json!({ "steps": 3, "peak_memory_mib": 2.0, "disk_bytes": 7 });
        let cost = Cost { seconds: 4.0, memory_bytes: Some(4 << 20), disk_bytes: Some(7) };
        assert_eq!(Cost::of_result(&result, 4.0, "cpu+cpu"), Some(cost));
        assert_eq!(Cost::of_result(&json!({ "steps": 3 }), 4.0, "cuda:0").and_then(|c| c.memory_bytes), None);
    }
}
