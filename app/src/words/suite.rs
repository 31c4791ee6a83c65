//! Words around evaluation suites that several features show.

use domain::{
    lang::Lang,
    suite::{Standing, Target},
};

crate::texts! {
    met = "met", "达标";
    missed = "missed", "未达标";
    inconclusive = "inconclusive", "无法判定";
}

/// How something stands to a gate or a target.
#[must_use]
pub fn standing(l: Lang, standing: Standing) -> &'static str {
    match standing {
        Standing::Met => met(l),
        Standing::Missed => missed(l),
        Standing::Inconclusive => inconclusive(l),
    }
}

/// Its badge.
#[must_use]
pub fn standing_badge(standing: Standing) -> &'static str {
    match standing {
        Standing::Met => "badge badge-good",
        Standing::Missed => "badge badge-bad",
        Standing::Inconclusive => "badge badge-quiet",
    }
}

/// A target as a line: where, what, which way, how far.
#[must_use]
pub fn target(l: Lang, target: &Target) -> String {
    let (metric, limit) =
        (crate::ui::metric::name(l, &target.metric), crate::ui::metric::scored(&target.metric, target.limit));
    format!("{} · {}: {metric} {} {limit}", target.suite_name, target.evaluation, target.way.sign())
}
