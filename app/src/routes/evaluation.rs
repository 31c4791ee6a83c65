//! Addresses of suites, judges, comparisons by people, and reports.

use domain::{
    id::{HumanEvaluationId, JudgeId, JudgingId, ProjectId, ReportId, RunId, SuiteId, SuiteResultId},
    report::week::Week,
};

/// Evaluation suites.
#[must_use]
pub fn suites(p: ProjectId) -> String {
    format!("/p/{p}/suites")
}

#[must_use]
pub fn new_suite(p: ProjectId) -> String {
    format!("/p/{p}/suites/new")
}

#[must_use]
pub fn suite(p: ProjectId, s: SuiteId) -> String {
    format!("/p/{p}/suites/{s}")
}

/// What a suite asks, and changing it.
#[must_use]
pub fn suite_design(p: ProjectId, s: SuiteId) -> String {
    format!("/p/{p}/suites/{s}/design")
}

/// Base models side by side.
#[must_use]
pub fn bake_off(p: ProjectId, s: SuiteId) -> String {
    format!("/p/{p}/suites/{s}/bake-off")
}

/// Runs that differ only in their seed, each group as one candidate.
#[must_use]
pub fn suite_seeds(p: ProjectId, s: SuiteId) -> String {
    format!("/p/{p}/suites/{s}/seeds")
}

/// The same with a group of these runs, where there are any, all held against the group that has the run `against`.
#[must_use]
pub fn suite_seeds_of(p: ProjectId, s: SuiteId, runs: &[RunId], against: Option<RunId>) -> String {
    let runs = runs.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let against = against.map(|run| format!("&against={run}")).unwrap_or_default();
    format!("{}?runs={runs}{against}", suite_seeds(p, s))
}

/// The answers of a candidate to one evaluation.
#[must_use]
pub fn suite_result(p: ProjectId, s: SuiteId, r: SuiteResultId) -> String {
    format!("/p/{p}/suites/{s}/results/{r}")
}

/// The same cut into parts.
#[must_use]
pub fn suite_slices(p: ProjectId, s: SuiteId, r: SuiteResultId) -> String {
    format!("{}/slices", suite_result(p, s, r))
}

/// Judges, what they were asked, and comparisons by people.
#[must_use]
pub fn judges(p: ProjectId) -> String {
    format!("/p/{p}/judges")
}

#[must_use]
pub fn new_judge(p: ProjectId) -> String {
    format!("/p/{p}/judges/new")
}

#[must_use]
pub fn judge(p: ProjectId, j: JudgeId) -> String {
    format!("/p/{p}/judges/{j}")
}

/// What a judge said of answers.
#[must_use]
pub fn judging(p: ProjectId, j: JudgingId) -> String {
    format!("/p/{p}/judgings/{j}")
}

/// What a judge said of the answers to one sample, by its position.
#[must_use]
pub fn judged_sample(p: ProjectId, j: JudgingId, position: u32) -> String {
    format!("/p/{p}/judgings/{j}/samples/{position}")
}

#[must_use]
pub fn new_human_evaluation(p: ProjectId) -> String {
    format!("/p/{p}/human-evaluations/new")
}

/// Models that people compare.
#[must_use]
pub fn human_evaluation(p: ProjectId, h: HumanEvaluationId) -> String {
    format!("/p/{p}/human-evaluations/{h}")
}

#[must_use]
pub fn reports(p: ProjectId) -> String {
    format!("/p/{p}/reports")
}

/// A new report of these runs.
#[must_use]
pub fn new_report(p: ProjectId, runs: &[RunId]) -> String {
    let ids: Vec<_> = runs.iter().map(ToString::to_string).collect();
    format!("/p/{p}/reports/new?runs={}", ids.join(","))
}

/// The newest version of a report.
#[must_use]
pub fn report(p: ProjectId, r: ReportId) -> String {
    format!("/p/{p}/reports/{r}")
}

#[must_use]
pub fn report_version(p: ProjectId, r: ReportId, number: u32) -> String {
    format!("/p/{p}/reports/{r}/v/{number}")
}

/// What differs between two versions of a report.
#[must_use]
pub fn report_diff(p: ProjectId, r: ReportId, from: u32, to: u32) -> String {
    format!("/p/{p}/reports/{r}/diff?from={from}&to={to}")
}

/// What weeks brought.
#[must_use]
pub fn digests(p: ProjectId) -> String {
    format!("/p/{p}/digests")
}

#[must_use]
pub fn digest(p: ProjectId, week: Week) -> String {
    format!("/p/{p}/digests/{week}")
}
