//! Words around judges that several features show: whether their figures count, and why not.

use crate::ui::format::{integer, number};
use domain::{judge::calibration::Standing, lang::Lang, suite::JudgedFigure};

crate::texts! {
    counts = "counts", "算数";
    not_calibrated = "not calibrated", "未校准";
    changed = "judge has changed", "评审已变更";
    too_few = "too few labels", "标注太少";
    below_bar = "below the bar", "低于门槛";
    judge_counts = "The judge counts", "评审算数";
    judge_does_not = "The judge does not count", "评审不算数";
    kappa(kappa, low, high, labels) = "κ with people = {kappa} [{low} … {high}] on {labels} answers", "与人的 κ = {kappa} [{low} … {high}]，共 {labels} 个回答";
    noise(variance) = "variance of repeats {variance}", "重复间方差 {variance}";
    unclear(n) = "{n} answers of the judge were not understood", "{n} 个评审回答无法解析";
}

/// Whether a judge's figures count, in two or three words.
#[must_use]
pub fn judge_standing(l: Lang, standing: Standing) -> &'static str {
    match standing {
        Standing::Counts => counts(l),
        Standing::NotCalibrated => not_calibrated(l),
        Standing::Changed => changed(l),
        Standing::TooFew => too_few(l),
        Standing::BelowBar => below_bar(l),
    }
}

/// Its badge.
#[must_use]
pub fn judge_badge(standing: Standing) -> &'static str {
    match standing {
        Standing::Counts => "badge badge-good",
        Standing::NotCalibrated => "badge badge-quiet",
        Standing::Changed | Standing::TooFew => "badge badge-warn",
        Standing::BelowBar => "badge badge-bad",
    }
}

/// Whether the judge of a figure counted, and if not, why.
#[must_use]
pub fn judge_said(l: Lang, standing: Standing) -> String {
    match standing {
        Standing::Counts => judge_counts(l).to_owned(),
        why_not => format!("{} ({})", judge_does_not(l), judge_standing(l, why_not)),
    }
}

/// How well the judge of a figure agreed with people, where that was measured.
#[must_use]
pub fn judge_kappa(l: Lang, figure: &JudgedFigure) -> Option<String> {
    let digits = |x: f64| format!("{x:.2}");
    figure.kappa.map(|k| kappa(l, digits(k.value), digits(k.low), digits(k.high), integer(figure.labels)))
}

/// Both: as `The judge counts, κ with people = 0.81 [0.66 … 0.93] on 60 answers`.
#[must_use]
pub fn judge_weight(l: Lang, figure: &JudgedFigure) -> String {
    let said = judge_said(l, figure.standing);
    match judge_kappa(l, figure) {
        Some(kappa) => format!("{said}, {kappa}"),
        None => said,
    }
}

/// The judge's own noise, and what it said that nobody understood, as far as there is any.
#[must_use]
pub fn judge_noise(l: Lang, figure: &JudgedFigure) -> Vec<String> {
    let within = figure.within.map(|within| noise(l, number(within)));
    let unparsable = (figure.unparsable > 0).then(|| unclear(l, integer(figure.unparsable)));
    within.into_iter().chain(unparsable).collect()
}
