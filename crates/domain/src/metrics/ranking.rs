//! How well scores put what is of a class before what is not: the areas under the ROC and the precision-recall curve, as
//! scikit-learn computes them.

/// Area under the ROC curve: the chance that a member of the class scores higher than another sample, equal scores counting
/// half (Mann & Whitney 1947; Fawcett, An introduction to ROC analysis, 2006). `None` unless both kinds are there and all
/// scores are numbers.
#[must_use]
pub fn roc_auc(is_member: &[bool], scores: &[f64]) -> Option<f64> {
    Ranking::new(is_member, scores)?.roc_auc(&vec![1; scores.len()])
}

/// Average precision: Σ (Rₙ − Rₙ₋₁)·Pₙ over the thresholds, without interpolation. 0 without members; `None` without samples
/// or when a score is no number.
#[must_use]
pub fn average_precision(is_member: &[bool], scores: &[f64]) -> Option<f64> {
    Ranking::new(is_member, scores)?.average_precision(&vec![1; scores.len()])
}

/// Samples from the highest score on. Sorted once, it tells the areas of any resample in time that grows with the number of
/// samples: `counts` says how often each of them was drawn.
#[derive(Clone, Debug)]
pub struct Ranking(Vec<Ranked>);

#[derive(Clone, Copy, Debug)]
struct Ranked {
    place: u32,
    is_member: bool,
    /// Whether the next sample has another score.
    is_last: bool,
}

/// How many of each kind score at least so high.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    members: usize,
    others: usize,
}

impl Ranking {
    /// `None` when a score is no number, or there are not as many as samples.
    #[must_use]
    pub fn new(is_member: &[bool], scores: &[f64]) -> Option<Self> {
        if is_member.len() != scores.len() || scores.iter().any(|score| score.is_nan()) {
            return None;
        }
        let mut order: Vec<u32> = (0..u32::try_from(scores.len()).ok()?).collect();
        order.sort_by(|a, b| scores[*b as usize].total_cmp(&scores[*a as usize]));
        let ranked = order.iter().enumerate().map(|(i, place)| Ranked {
            place: *place,
            is_member: is_member[*place as usize],
            is_last: order.get(i + 1).is_none_or(|next| scores[*next as usize] != scores[*place as usize]),
        });
        Some(Self(ranked.collect()))
    }

    /// See [`roc_auc`].
    #[must_use]
    pub fn roc_auc(&self, counts: &[u32]) -> Option<f64> {
        let (mut area, mut before) = (0.0, Found::default());
        for group in self.groups(counts) {
            let width = (group.others - before.others) as f64;
            area += width * (group.members + before.members) as f64 / 2.0;
            before = group;
        }
        (before.members > 0 && before.others > 0).then(|| area / (before.members as f64 * before.others as f64))
    }

    /// See [`average_precision`].
    #[must_use]
    pub fn average_precision(&self, counts: &[u32]) -> Option<f64> {
        let members = self.members(counts);
        if members == 0 {
            return counts.iter().any(|count| *count > 0).then_some(0.0);
        }
        let (mut area, mut before) = (0.0, 0);
        for group in self.groups(counts).filter(|group| group.members > 0) {
            let precision = group.members as f64 / (group.members + group.others) as f64;
            area += precision * (group.members - before) as f64 / members as f64;
            before = group.members;
        }
        Some(area)
    }

    /// How many of what was drawn are of the class.
    #[must_use]
    pub fn members(&self, counts: &[u32]) -> usize {
        self.0.iter().filter(|ranked| ranked.is_member).map(|ranked| counts[ranked.place as usize] as usize).sum()
    }

    /// What is found down to each different score, from the highest on.
    fn groups(&self, counts: &[u32]) -> impl Iterator<Item = Found> {
        self.0
            .iter()
            .scan(Found::default(), move |found, ranked| {
                let count = counts[ranked.place as usize] as usize;
                if ranked.is_member {
                    found.members += count;
                } else {
                    found.others += count;
                }
                Some(ranked.is_last.then_some(*found))
            })
            .flatten()
    }
}

/// Means over classes of a score of one class against the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneVersusRest {
    /// Every class alike; `None` when a class has no score.
    pub unweighted: Option<f64>,
    /// Every class by how often it occurs; `None` when one that occurs has no score.
    pub weighted: Option<f64>,
}

impl OneVersusRest {
    /// Of each class its score and how many of the samples it has.
    pub fn of(classes: impl IntoIterator<Item = (Option<f64>, usize)>, samples: usize) -> Self {
        let (mut sum, mut weighted, mut count) = (Some(0.0), Some(0.0), 0);
        for (value, members) in classes {
            count += 1;
            sum = sum.zip(value).map(|(sum, value)| sum + value);
            if members > 0 {
                weighted = weighted.zip(value).map(|(sum, value)| sum + value * members as f64);
            }
        }
        let per = |sum: Option<f64>, whole: usize| sum.map(|sum| sum / whole as f64);
        Self { unweighted: per(sum, count), weighted: per(weighted, samples) }
    }
}

/// Averages `score` (such as [`roc_auc`]) over classes: `expected[i]` is the class of sample i, `probabilities[i][c]` what it
/// is given for class c. `None` without samples, or when a probability is missing.
#[must_use]
pub fn one_versus_rest(
    expected: &[usize],
    probabilities: &[Vec<f64>],
    score: fn(&[bool], &[f64]) -> Option<f64>,
) -> Option<OneVersusRest> {
    let classes = probabilities.first()?.len();
    let of_class = |class: usize| -> Option<(Option<f64>, usize)> {
        let is_member: Vec<bool> = expected.iter().map(|e| *e == class).collect();
        let scores: Vec<f64> = probabilities.iter().map(|p| p.get(class).copied()).collect::<Option<_>>()?;
        Some((score(&is_member, &scores), is_member.iter().filter(|is| **is).count()))
    };
    let each = (0..classes).map(of_class).collect::<Option<Vec<_>>>()?;
    Some(OneVersusRest::of(each, expected.len()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    /// The examples in scikit-learn's documentation: ROC-AUC 0.75, average precision 0.83…
    #[test]
    fn documented_examples() {
        let (members, scores) = ([false, false, true, true], [0.1, 0.4, 0.35, 0.8]);
        assert_eq!(roc_auc(&members, &scores), Some(0.75));
        assert!((average_precision(&members, &scores).unwrap() - 0.833_333_333_333_333_3).abs() < 1e-12);
    }

    #[test]
    fn ties_count_half_and_one_kind_alone_has_no_curve() {
        assert_eq!(roc_auc(&[true, false, true, false], &[0.5; 4]), Some(0.5));
        assert_eq!(average_precision(&[true, false, true, false], &[0.5; 4]), Some(0.5));
        assert_eq!(roc_auc(&[true, true], &[0.1, 0.2]), None);
        assert_eq!((average_precision(&[false], &[0.1]), average_precision(&[true], &[0.1])), (Some(0.0), Some(1.0)));
        assert_eq!((roc_auc(&[], &[]), average_precision(&[], &[])), (None, None));
        assert_eq!(roc_auc(&[true, false], &[f64::NAN, 0.0]), None);
        assert_eq!(roc_auc(&[true, false], &[0.0, -0.0]), Some(0.5), "both zeros are the same score");
    }

    /// What was drawn several times counts so often, and what was not drawn not at all.
    #[test]
    fn a_resample_is_told_by_its_counts() {
        let (members, scores) = ([true, false, true, false, true], [0.9, 0.9, 0.4, 0.3, 0.3]);
        let ranking = Ranking::new(&members, &scores).unwrap();
        for counts in [[1, 1, 1, 1, 1], [2, 0, 1, 3, 0], [0, 2, 0, 1, 2], [3, 0, 0, 0, 2], [0, 1, 0, 4, 0], [0; 5]] {
            let drawn: Vec<usize> = (0..5).flat_map(|i| vec![i; counts[i] as usize]).collect();
            let is_member: Vec<bool> = drawn.iter().map(|i| members[*i]).collect();
            let scores: Vec<f64> = drawn.iter().map(|i| scores[*i]).collect();
            assert_eq!(ranking.roc_auc(&counts), roc_auc(&is_member, &scores), "{counts:?}");
            assert_eq!(ranking.average_precision(&counts), average_precision(&is_member, &scores), "{counts:?}");
        }
    }

    #[test]
    fn classes_are_averaged() {
        let perfect = [vec![0.8, 0.1, 0.1], vec![0.2, 0.7, 0.1], vec![0.1, 0.3, 0.6], vec![0.9, 0.1, 0.0]];
        let score = one_versus_rest(&[0, 1, 2, 0], &perfect, roc_auc).unwrap();
        assert_eq!((score.unweighted, score.weighted), (Some(1.0), Some(1.0)));
        let absent = one_versus_rest(&[0, 1, 1, 0], &perfect, roc_auc).unwrap();
        assert_eq!(absent.unweighted, None, "the third class does not occur");
        assert!(absent.weighted.is_some(), "what does not occur weighs nothing");
        assert_eq!(one_versus_rest(&[], &[], roc_auc), None);
    }
}
