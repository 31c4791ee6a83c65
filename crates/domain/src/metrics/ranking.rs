//! How well scores put what is of a class before what is not: the areas under the ROC and the precision-recall curve, as
//! scikit-learn computes them.

/// Area under the ROC curve: the chance that a member of the class scores higher than another sample, equal scores counting
/// half (Mann & Whitney 1947; Fawcett, An introduction to ROC analysis, 2006). `None` unless both kinds are there and all
/// scores are numbers.
#[must_use]
pub fn roc_auc(is_member: &[bool], scores: &[f64]) -> Option<f64> {
    let groups = descending(is_member, scores)?;
    let (members, others) = groups.last().map(|last| (last.members, last.others)).filter(|(m, o)| *m > 0 && *o > 0)?;
    let (mut area, mut before) = (0.0, Found::default());
    for group in groups {
        let width = (group.others - before.others) as f64;
        area += width * (group.members + before.members) as f64 / 2.0;
        before = group;
    }
    Some(area / (members as f64 * others as f64))
}

/// Average precision: Σ (Rₙ − Rₙ₋₁)·Pₙ over the thresholds, without interpolation. 0 without members; `None` without samples
/// or when a score is no number.
#[must_use]
pub fn average_precision(is_member: &[bool], scores: &[f64]) -> Option<f64> {
    let groups = descending(is_member, scores)?;
    let members = groups.last()?.members;
    if members == 0 {
        return Some(0.0);
    }
    let (mut area, mut before) = (0.0, 0);
    for group in groups {
        let precision = group.members as f64 / (group.members + group.others) as f64;
        area += precision * (group.members - before) as f64 / members as f64;
        before = group.members;
    }
    Some(area)
}

/// How many of each kind score at least so high.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    members: usize,
    others: usize,
}

/// What is found down to each different score, from the highest on.
fn descending(is_member: &[bool], scores: &[f64]) -> Option<Vec<Found>> {
    if is_member.len() != scores.len() || scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let (mut groups, mut found): (Vec<Found>, Found) = (Vec::new(), Found::default());
    for (i, place) in order.iter().enumerate() {
        if is_member[*place] {
            found.members += 1;
        } else {
            found.others += 1;
        }
        if order.get(i + 1).is_none_or(|next| scores[*next] != scores[*place]) {
            groups.push(found);
        }
    }
    Some(groups)
}

/// Means over classes of a score of one class against the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneVersusRest {
    /// Every class alike; `None` when a class has no score.
    pub unweighted: Option<f64>,
    /// Every class by how often it occurs; `None` when one that occurs has no score.
    pub weighted: Option<f64>,
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
    let (mut sum, mut weighted) = (Some(0.0), Some(0.0));
    for class in 0..classes {
        let is_member: Vec<bool> = expected.iter().map(|e| *e == class).collect();
        let scores: Vec<f64> = probabilities.iter().map(|p| p.get(class).copied()).collect::<Option<_>>()?;
        let value = score(&is_member, &scores);
        let members = is_member.iter().filter(|is| **is).count();
        sum = sum.zip(value).map(|(sum, value)| sum + value);
        if members > 0 {
            weighted = weighted.zip(value).map(|(sum, value)| sum + value * members as f64);
        }
    }
    let per = |sum: Option<f64>, whole: usize| sum.map(|sum| sum / whole as f64);
    Some(OneVersusRest { unweighted: per(sum, classes), weighted: per(weighted, expected.len()) })
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
