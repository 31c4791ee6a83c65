//! The headline figure of a rubric alone, for whoever shows a judge beside other metrics: each sample's mean over criteria on
//! 0 to 1, their mean with its interval, and how much of the spread is the judge's own.

use super::{
    JudgeSpec,
    results::{Mean, RESAMPLES, Ruling, SampleFigures, by_sample, mean, mean_of},
};
use std::collections::BTreeMap;

/// The figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overall {
    /// By place of the sample.
    pub by_sample: BTreeMap<u32, f64>,
    /// `within` is the variance of repeats. Absent where nothing was understood.
    pub mean: Option<Mean>,
    /// Answers of the judge, and those that were not understood.
    pub answered: u64,
    pub unparsable: u64,
}

/// Of a rubric's rulings. Draws many resamples: not for an async task's thread.
#[must_use]
pub fn overall(spec: &JudgeSpec, rulings: &[Ruling]) -> Overall {
    let figures = by_sample(rulings);
    let headlines = figures.iter().filter_map(|(place, found)| Some((*place, found.headline(spec)?)));
    let headlines: BTreeMap<u32, f64> = headlines.collect();
    let repeats: Vec<Vec<f64>> = figures.values().map(|found| repeats(spec, found)).collect();
    let repeats: Vec<&[f64]> = repeats.iter().map(Vec::as_slice).collect();
    let values: Vec<f64> = headlines.values().copied().collect();
    Overall {
        mean: mean_of(&values, &repeats, RESAMPLES),
        by_sample: headlines,
        answered: rulings.len() as u64,
        unparsable: rulings.iter().filter(|ruling| ruling.said.is_none()).count() as u64,
    }
}

/// What each repeat gave by itself: a ruling that was understood has a score for every criterion.
fn repeats(spec: &JudgeSpec, figures: &SampleFigures) -> Vec<f64> {
    let of_criterion = |c: &super::Criterion| -> Vec<f64> {
        let scores = figures.scores.get(&c.name).map(Vec::as_slice).unwrap_or_default();
        scores.iter().map(|score| (score - f64::from(c.min)) / f64::from(c.max - c.min)).collect()
    };
    let by_criterion: Vec<Vec<f64>> = spec.criteria.iter().map(of_criterion).collect();
    let count = by_criterion.iter().map(Vec::len).min().unwrap_or(0);
    (0..count).filter_map(|at| mean(&by_criterion.iter().map(|scores| scores[at]).collect::<Vec<_>>())).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::judge::{answer::Said, tests::rubric};

    fn scored(position: u32, repeat: u32, truth: i32, tone: i32) -> Ruling {
        let scores = [("truth".to_owned(), truth), ("tone".to_owned(), tone)].into();
        Ruling { position, repeat, swapped: false, said: Some(Said::Scores { scores }) }
    }

    #[test]
    fn repeats_tell_the_noise_of_the_judge() {
        let spec = rubric(&["truth", "tone"]);
        let unclear = Ruling { position: 2, repeat: 0, swapped: false, said: None };
        let rulings = [scored(0, 0, 5, 5), scored(0, 1, 5, 1), scored(1, 0, 1, 1), scored(1, 1, 1, 1), unclear];
        let found = overall(&spec, &rulings);
        assert_eq!(found.by_sample, BTreeMap::from([(0, 0.75), (1, 0.0)]));
        let mean = found.mean.unwrap();
        // Repeats of the first sample gave 1 and ½, whose variance is ⅛; those of the second the same twice.
        assert_eq!((mean.value, mean.within), (0.375, Some(0.0625)));
        assert_eq!((found.answered, found.unparsable), (5, 1));
        assert_eq!(overall(&spec, &[]), Overall::default());
    }
}
