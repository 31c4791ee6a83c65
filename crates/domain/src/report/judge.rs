//! The recommendation that follows from verdicts and risks by rule. It is a proposal: people write what they make of it.

use super::{
    facts::{Facts, MetricFacts, RunFacts},
    risk::Risk,
};
use crate::{eval::larger_is_better, run::RunStatus, statistics::verdict::Verdict};
use serde::{Deserialize, Serialize};

/// What to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportRecommendation))]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Recommendation {
    /// Use the tuned model of this run: better, and nothing speaks against it.
    Adopt { run: i32 },
    /// Use it with an eye on the risks.
    AdoptWithCare { run: i32 },
    /// It seems better, but not by what it has learnt: mend the data and train again.
    MendData { run: i32 },
    /// No run is shown to be better, and none worse: gather evidence.
    GatherEvidence,
    /// Every run that was tested is worse.
    KeepBase,
    /// No run was tested yet.
    Evaluate,
}

impl Recommendation {
    /// The run that it names.
    #[must_use]
    pub fn run(&self) -> Option<i32> {
        match self {
            Self::Adopt { run } | Self::AdoptWithCare { run } | Self::MendData { run } => Some(*run),
            Self::GatherEvidence | Self::KeepBase | Self::Evaluate => None,
        }
    }
}

/// The metric that decides: the first one with an interval, else the first.
#[must_use]
pub fn deciding(run: &RunFacts) -> Option<&MetricFacts> {
    let metrics = &run.evaluation.as_ref()?.metrics;
    metrics.iter().find(|metric| metric.low.is_some()).or_else(|| metrics.first())
}

/// The rule. Of several runs that are better, the one with the best value of the deciding metric is named.
#[must_use]
pub fn recommend(facts: &Facts, risks: &[Risk]) -> Recommendation {
    let tested: Vec<(&RunFacts, &MetricFacts)> = facts
        .runs
        .iter()
        .filter(|run| run.status == RunStatus::Succeeded)
        .filter_map(|run| Some((run, deciding(run)?)))
        .collect();
    if tested.is_empty() {
        return Recommendation::Evaluate;
    }
    let mut better: Vec<_> = tested.iter().filter(|(_, metric)| metric.verdict == Verdict::Better).collect();
    better.sort_by(|a, b| {
        let order = a.1.tuned.total_cmp(&b.1.tuned);
        if larger_is_better(&a.1.metric) { order.reverse() } else { order }
    });
    let about = |run: i32| risks.iter().filter(move |risk| risk.run().is_none_or(|of| of == run));
    // A sound run goes before a better one that is not.
    let sound = better.iter().find(|(run, _)| !about(run.number).any(Risk::is_grave));
    match (sound, better.first()) {
        (Some((run, _)), _) if about(run.number).next().is_none() => Recommendation::Adopt { run: run.number },
        (Some((run, _)), _) => Recommendation::AdoptWithCare { run: run.number },
        (None, Some((run, _))) => Recommendation::MendData { run: run.number },
        (None, None) if tested.iter().all(|(_, metric)| metric.verdict == Verdict::Worse) => Recommendation::KeepBase,
        (None, None) => Recommendation::GatherEvidence,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        badcase::BadCaseStatus,
        card::CardLeaks,
        eval::Task,
        id::{BadCaseId, DatasetId, ModelId, RunId, SampleId, VersionId},
        overfit::{Figures, Fit},
        report::{
            facts::{
                BadCaseFacts, CostFacts, CurveFacts, DataFacts, EvaluationFacts, ExampleFacts, FitFacts, MethodFacts,
                Outcomes, Quote, WithoutLeaksFacts,
            },
            risk::risks,
        },
        run::Cost,
        split::Override,
    };
    use time::OffsetDateTime;

    fn metric(tuned: f64, verdict: Verdict) -> MetricFacts {
        MetricFacts {
            metric: "accuracy".to_owned(),
            base: 0.5,
            tuned,
            low: Some(0.125),
            high: Some(0.25),
            p_value: Some(0.01),
            verdict,
        }
    }

    fn run(number: i32, tuned: f64, verdict: Verdict) -> RunFacts {
        let example = ExampleFacts {
            bad_case_id: BadCaseId::new(),
            sample_id: SampleId(7),
            status: BadCaseStatus::Confirmed,
            cause: None,
            quote_sha256: "0".repeat(64),
            quote: Some(Quote {
                prompt: "where is my parcel".to_owned(),
                output: "refund".to_owned(),
                expected: "delivery".to_owned(),
                salt: "0".repeat(32),
            }),
        };
        RunFacts {
            run_id: RunId::new(),
            number,
            name: format!("run {number}"),
            status: RunStatus::Succeeded,
            created_by: "Ada".to_owned(),
            created_at: OffsetDateTime::UNIX_EPOCH,
            model_id: ModelId::new(),
            model_name: "Smol".to_owned(),
            data: DataFacts {
                dataset_id: DatasetId::new(),
                version_id: VersionId(uuid::Uuid::nil()),
                name: "D".to_owned(),
                number: 1,
                description: String::new(),
                license: String::new(),
                samples: 10_000,
                train: 8_000,
                validation: 0,
                test: 2_000,
                exact_duplicates: 0,
                labels: Vec::new(),
                different_labels: 0,
                files: Vec::new(),
                steps: 1,
                leaks: Some(CardLeaks { held_out: 2_000, found: 0 }),
                test_looks: 0,
                test_lookers: 0,
            },
            method: MethodFacts {
                method: "lora".to_owned(),
                objective: "sft".to_owned(),
                seed: 42,
                steps: 100,
                keeps_best: false,
                settings: Vec::new(),
            },
            curves: vec![CurveFacts { series: "validation_loss".to_owned(), points: vec![(10, 1.0), (20, 0.9)] }],
            fit: None,
            evaluation: Some(EvaluationFacts {
                task: Task::Classification,
                samples: 2_000,
                metrics: vec![metric(tuned, verdict)],
                outcomes: Outcomes { both_right: 900, only_tuned: 300, only_base: 100, both_wrong: 700 },
                base_classes: Vec::new(),
                classes: Vec::new(),
                confusion: None,
                without_leaks: None,
            }),
            slices: Vec::new(),
            judged: Vec::new(),
            bad_cases: BadCaseFacts { examples: vec![example], ..BadCaseFacts::default() },
            cost: CostFacts {
                actual: Some(Cost { seconds: 3.25, memory_bytes: None, disk_bytes: None }),
                predicted_seconds: Some(1e-7),
                ..CostFacts::default()
            },
            leak_override: None,
            forgotten: 0,
            seeds: 3,
        }
    }

    fn overfitting() -> FitFacts {
        let figures = Figures {
            best_step: 20,
            best_loss: 0.8,
            step: 30,
            validation: 0.85,
            training: None,
            gap: None,
            gap_at_best: None,
            ratio: None,
            since_best: 4,
            rise: 0.05,
            slope: 5.0,
            p_value: 0.01,
            noise: 0.001,
        };
        FitFacts { fit: Fit::Overfitting, figures: Some(figures) }
    }

    pub(in crate::report) fn facts() -> Facts {
        Facts {
            project_name: "P".to_owned(),
            project_description: String::new(),
            gathered_at: OffsetDateTime::UNIX_EPOCH,
            runs: vec![run(1, 0.7, Verdict::Better)],
        }
    }

    fn of(runs: Vec<RunFacts>) -> Recommendation {
        let facts = Facts { runs, ..facts() };
        recommend(&facts, &risks(&facts))
    }

    #[test]
    fn the_best_sound_run_is_adopted() {
        let (first, second) = (run(1, 0.6, Verdict::Better), run(2, 0.8, Verdict::Better));
        assert_eq!(risks(&Facts { runs: vec![first.clone(), second.clone()], ..facts() }), []);
        assert_eq!(of(vec![first.clone(), second.clone()]), Recommendation::Adopt { run: 2 });
        let by = || "Eve".to_owned();
        let signed = Override { by: by(), reason: String::new(), samples: 3, at: OffsetDateTime::UNIX_EPOCH };
        let leaky = RunFacts { leak_override: Some(signed), ..second };
        assert_eq!(of(vec![first, leaky.clone()]), Recommendation::Adopt { run: 1 }, "a sound run goes first");
        assert_eq!(of(vec![leaky.clone()]), Recommendation::MendData { run: 2 });
        let found = risks(&Facts { runs: vec![leaky], ..facts() });
        assert_eq!(found, [Risk::LeaksOverridden { run: 2, samples: 3, by: by() }]);
    }

    #[test]
    fn every_kind_of_risk_is_found() {
        let mut risky = run(4, 0.7, Verdict::Better);
        risky.data.leaks = None;
        risky.data.test_looks = 2;
        risky.data.test_lookers = 1;
        risky.forgotten = 5;
        risky.seeds = 1;
        risky.fit = Some(overfitting());
        let evaluation = risky.evaluation.as_mut();
        if let Some(evaluation) = evaluation {
            evaluation.outcomes = Outcomes { both_right: 5, only_tuned: 3, only_base: 1, both_wrong: 1 };
            evaluation.samples = 10;
            // Of two metrics that are better, one is not without the leaks.
            let other = MetricFacts { metric: "rouge_l".to_owned(), ..metric(0.7, Verdict::Better) };
            evaluation.metrics.push(other.clone());
            let clean = vec![metric(0.5, Verdict::NoEvidence), other];
            evaluation.without_leaks = Some(WithoutLeaksFacts { excluded: 2, samples: 8, metrics: clean });
        }
        let found = risks(&Facts { runs: vec![risky.clone()], ..facts() });
        let expected = [
            Risk::LeaksUnchecked { run: 4 },
            Risk::BetterByLeaks { run: 4, excluded: 2 },
            Risk::SmallTest { run: 4, samples: 10, detectable: None },
            Risk::SealedLooks { run: 4, looks: 2, people: 1 },
            Risk::Overfit { run: 4, lowest: 0.8, lowest_step: 20, last: 0.85, last_step: 30 },
            Risk::Forgotten { run: 4, samples: 5 },
            Risk::FewSeeds { run: 4, seeds: 1 },
        ];
        assert_eq!(found, expected);
        assert_eq!(of(vec![risky]), Recommendation::MendData { run: 4 });
        let mut other = run(2, 0.7, Verdict::NoEvidence);
        other.data.version_id = VersionId::new();
        let two = Facts { runs: vec![run(1, 0.7, Verdict::Better), other], ..facts() };
        assert_eq!(risks(&two), [Risk::DifferentTests]);
        assert_eq!(recommend(&two, &risks(&two)), Recommendation::AdoptWithCare { run: 1 });
    }

    #[test]
    fn the_best_adapter_has_not_learnt_by_heart() {
        let mut watched = run(1, 0.7, Verdict::Better);
        watched.fit = Some(FitFacts { fit: Fit::Watch, ..overfitting() });
        let of = |run: &RunFacts| risks(&Facts { runs: vec![run.clone()], ..facts() });
        assert_eq!(of(&watched), [], "not clearly");
        watched.fit = Some(overfitting());
        assert!(matches!(of(&watched).as_slice(), [Risk::Overfit { lowest_step: 20, last_step: 30, .. }]));
        watched.method.keeps_best = true;
        assert_eq!(of(&watched), []);
    }

    #[test]
    fn no_evidence_is_no_defeat() {
        assert_eq!(of(vec![run(1, 0.5, Verdict::NoEvidence)]), Recommendation::GatherEvidence);
        assert_eq!(of(vec![run(1, 0.4, Verdict::Worse)]), Recommendation::KeepBase);
        let mixed = vec![run(1, 0.4, Verdict::Worse), run(2, 0.5, Verdict::NoEvidence)];
        assert_eq!(of(mixed), Recommendation::GatherEvidence);
        assert_eq!(of(vec![RunFacts { evaluation: None, ..run(1, 0.9, Verdict::Better) }]), Recommendation::Evaluate);
        let running = RunFacts { status: RunStatus::Running, ..run(1, 0.9, Verdict::Better) };
        assert_eq!(of(vec![running]), Recommendation::Evaluate);
    }
}
