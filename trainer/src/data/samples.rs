//! Reading sample files: one JSON object of [`domain::sample::Sample`] per line.

use crate::error::TrainError;
use domain::annotation::publish::CONFIDENCE;
use domain::recipe::Loss;
use domain::sample::Sample;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Reads all samples of a file; empty lines are skipped.
pub fn read(path: &Path) -> Result<Vec<Sample>, TrainError> {
    let fail = |source| TrainError::Read { path: path.to_owned(), source };
    let mut samples = Vec::new();
    for (i, line) in BufReader::new(File::open(path).map_err(fail)?).lines().enumerate() {
        let line = line.map_err(fail)?;
        if line.trim().is_empty() {
            continue;
        }
        let sample: Sample = serde_json::from_str(&line).map_err(|e| TrainError::Sample {
            path: path.to_owned(),
            line: i + 1,
            problem: e.to_string(),
        })?;
        if sample.answer().is_none() {
            let problem = "its messages do not end with an assistant turn".to_owned();
            return Err(TrainError::Sample { path: path.to_owned(), line: i + 1, problem });
        }
        samples.push(sample);
    }
    Ok(samples)
}

/// Whether augmentation made the sample.
#[must_use]
pub fn is_augmented(sample: &Sample) -> bool {
    sample.slices.contains_key(domain::paraphrase::SLICE)
}

/// How sure people were of the sample, 0 to 1; `None` where no annotation says.
pub fn confidence(sample: &Sample) -> Result<Option<f32>, String> {
    let Some(text) = sample.slices.get(CONFIDENCE) else { return Ok(None) };
    match text.trim().parse() {
        Ok(confidence) if (0.0..=1.0).contains(&confidence) => Ok(Some(confidence)),
        _ => Err(format!("its confidence, {CONFIDENCE}, must be a number from 0 to 1, not {text:?}")),
    }
}

/// Whether a training sample is left out, because the recipe gives it no weight or wants to be surer. One whose confidence
/// is no number stays, so that what weighs it can say so.
#[must_use]
pub fn is_left_out(sample: &Sample, loss: &Loss) -> bool {
    if loss.augmented_weight == 0.0 && is_augmented(sample) {
        return true;
    }
    let Ok(Some(confidence)) = confidence(sample) else { return false };
    confidence < loss.min_confidence as f32 || (confidence == 0.0 && loss.confidence_weight > 0.0)
}

/// The weight that a sample gives itself in the slice field of this name; 1 without one.
pub fn weight(sample: &Sample, field: &str) -> Result<f32, String> {
    let Some(text) = sample.slices.get(field) else { return Ok(1.0) };
    match text.trim().parse() {
        Ok(weight) if weight > 0.0 && weight <= 1e6 => Ok(weight),
        _ => Err(format!("its weight, {field}, must be a number above 0 and at most 1000000, not {text:?}")),
    }
}

/// At most `limit` of `samples` (0: all) with their positions: one at random from each of `limit`
/// equal stretches of the file. Files are often sorted, so their beginning stands for nothing, and
/// a plain draw may miss a part. The choice does not depend on the recipe, so that different runs
/// are measured on the same samples.
#[must_use]
pub fn choose(samples: Vec<Sample>, limit: usize) -> Vec<(u32, Sample)> {
    let count = samples.len();
    let numbered = (0..).zip(samples);
    if limit == 0 || limit >= count {
        return numbered.collect();
    }
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let chosen: HashSet<usize> =
        (0..limit).map(|k| random.random_range(k * count / limit..(k + 1) * count / limit)).collect();
    numbered.filter(|(i, _)| chosen.contains(&(*i as usize))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_a_number_above_zero() {
        let of = |text: &str| {
            let slices = [("weight".to_owned(), text.to_owned())].into();
            weight(&Sample { slices, ..Sample::default() }, "weight")
        };
        assert_eq!((of("2.5"), of(" 1e-3 ")), (Ok(2.5), Ok(1e-3)));
        assert!(["0", "-1", "nan", "inf", "heavy", ""].iter().all(|text| of(text).is_err()));
        assert_eq!(
            weight(
                &Sample {
                    messages: Vec::new(),
                    label: None,
                    rejected: None,
                    slices: Default::default(),
                    ..Sample::default()
                },
                "weight"
            ),
            Ok(1.0)
        );
    }

    #[test]
    fn confidence_is_a_share() {
        let sure = |text: &str| {
            let slices = [(CONFIDENCE.to_owned(), text.to_owned())].into();
            Sample { slices, ..Sample::default() }
        };
        assert_eq!(confidence(&sure("0.6667")), Ok(Some(0.6667)));
        assert_eq!(confidence(&Sample::default()), Ok(None));
        assert!(["-0.1", "1.1", "nan", "high", ""].iter().all(|text| confidence(&sure(text)).is_err()));
        let strict = Loss { min_confidence: 0.6, ..Loss::default() };
        let left_out = ["0.5", "0.6001", "0.7", "high"].map(|text| is_left_out(&sure(text), &strict));
        assert_eq!(left_out, [true, false, false, false]);
        let weighed = Loss { confidence_weight: 1.0, ..Loss::default() };
        assert!(is_left_out(&sure("0"), &weighed) && !is_left_out(&sure("0"), &Loss::default()));
    }

    #[test]
    fn a_choice_is_spread_and_repeats() {
        let sample = Sample::default();
        let positions = || choose(vec![sample.clone(); 1000], 50).into_iter().map(|(i, _)| i).collect::<Vec<_>>();
        let chosen = positions();
        assert_eq!((chosen.len(), positions()), (50, chosen.clone()));
        assert!(chosen.iter().enumerate().all(|(k, i)| *i as usize / 20 == k), "one of each stretch: {chosen:?}");
        assert_eq!(choose(vec![sample; 3], 0).len(), 3);
    }
}
