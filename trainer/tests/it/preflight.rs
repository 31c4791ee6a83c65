//! `trainer preflight` on a tiny model: what it finds, and that it leaves no trace in the run.

use crate::support;
use crate::workplace::Workplace;
use domain::event::{Event, Phase};
use domain::run::{FailureKind, FindingKind, Preflight, PreflightStep, RunProblem, SplitAudit, TokenUse, Verdict};
use domain::sample::{Message, Sample, Speaker, Split};
use serde_json::json;
use std::process::Command;

const SHORT: &str = "[schedule]\nmax_steps = 6\n[batch]\nmicro_batch = 4\naccumulation = 2\n\
    [evaluation]\nevery_steps = 3\npreviews = 0\n[lora]\ndropout = 0.1\n";

/// The report of a preflight, and whether the run may begin.
fn preflight(place: &Workplace, more: &[&str]) -> (Preflight, bool) {
    let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .arg("preflight")
        .arg(place.path("recipe.toml"))
        .arg("--out")
        .arg(place.path("preflight"))
        .args(["--threads", "1"])
        .args(more)
        .output()
        .unwrap();
    let text = std::fs::read(place.path("preflight/preflight.json"));
    let text = text.unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    (serde_json::from_slice(&text).unwrap(), output.status.success())
}

fn count(split: &SplitAudit, kind: FindingKind) -> u32 {
    split.findings.iter().find(|f| f.kind == kind).map_or(0, |f| f.samples)
}

fn shown(split: &SplitAudit, kind: FindingKind) -> Vec<(TokenUse, String)> {
    let finding = split.findings.iter().find(|f| f.kind == kind).unwrap();
    finding.examples[0].pieces.iter().map(|p| (p.usage, p.text.clone())).collect()
}

fn verdict(report: &Preflight, step: PreflightStep) -> &Verdict {
    &report.checks.iter().find(|c| c.step == step).unwrap().verdict
}

#[test]
fn every_step_is_tried_and_the_run_knows_nothing_of_it() {
    let place = Workplace::new(SHORT);
    assert!(place.run("without", &[]).success());
    let (report, may_begin) = preflight(&place, &["--reserved-memory-mib", "1"]);
    assert!(may_begin, "{report:?}");
    assert_eq!(report.checks.iter().map(|c| c.step).collect::<Vec<_>>(), PreflightStep::ALL);
    assert!(report.checks.iter().all(|c| c.verdict == Verdict::Ok), "{:?}", report.checks);
    let [train, validation] = report.audit.as_slice() else { panic!("{:?}", report.audit) };
    assert_eq!((train.split, train.samples, train.used), (Split::Train, 40, 40));
    assert_eq!((validation.split, validation.samples), (Split::Validation, 10));
    assert_eq!((train.tokens, train.findings.len(), train.ordinary.len()), (train.lengths.total, 0, 3));
    let example: Vec<_> = train.ordinary[0].pieces.iter().map(|p| (p.usage, p.text.as_str())).collect();
    let expected = [
        (TokenUse::Read, "<|user|>apple0?<|end|>\n<|assistant|>"),
        (TokenUse::Learnt, "vowel<|end|>"),
        (TokenUse::Read, "\n"),
    ];
    assert_eq!(example, expected);
    let (longest, overfit) = (report.longest.unwrap(), report.overfit.unwrap());
    assert_eq!((longest.samples, overfit.samples, overfit.steps), (4, 4, 8));
    assert!(overfit.tokens > 0 && overfit.pass_seconds > 0.0 && overfit.forward_seconds > 0.0, "{overfit:?}");
    assert!(longest.tokens > 4 * train.lengths.mean as u32 && longest.train_seconds > 0.0, "{longest:?}");
    assert!(overfit.last_loss < overfit.first_loss, "{overfit:?}");
    assert!(report.checkpoint.unwrap().bytes > 10_000);
    let room = report.room.unwrap();
    assert_eq!(room.memory.reserved_bytes, 1 << 20);
    assert!(room.disk.needed_bytes > report.checkpoint.unwrap().bytes && room.disk.suffices());
    let phases: Vec<_> = place
        .events("preflight")
        .into_iter()
        .filter_map(|e| match e {
            Event::Phase { phase, .. } => Some(phase),
            _ => None,
        })
        .collect();
    assert!(phases.contains(&Phase::Auditing) && phases.contains(&Phase::Rehearsing), "{phases:?}");
    let left: Vec<_> = std::fs::read_dir(place.path("preflight")).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "events and report: {left:?}");
    assert!(place.run("with", &[]).success());
    assert_eq!(place.adapter("without"), place.adapter("with"), "the same bits");
}

/// Every part of a run that does everything has its time.
#[test]
fn the_time_of_the_whole_run_is_measured() {
    let long = "[schedule]\nmax_steps = 400\n[batch]\nmicro_batch = 4\naccumulation = 2\n\
        [evaluation]\nevery_steps = 40\npreviews = 2\nmax_new_tokens = 8\n";
    let place = Workplace::new(long);
    let test = place.path("test.jsonl");
    let (report, may_begin) = preflight(&place, &["--test", test.to_str().unwrap()]);
    assert!(may_begin, "{report:?}");
    let pace = report.pace.unwrap();
    let parts = [pace.set_up_seconds, pace.train_seconds, pace.validation_seconds, pace.checkpoint_seconds];
    assert!(parts.iter().chain(&[pace.test_seconds]).all(|s| *s > 0.0), "{pace:?}");
    // How well it foretells a run is measured by e2e/predictions.mjs, since a busy machine is no stopwatch.
    let whole: f64 = parts.iter().sum::<f64>() + pace.test_seconds;
    assert!((pace.seconds() - whole).abs() < 1e-9, "{pace:?}");
}

#[test]
fn both_answers_of_a_pair_are_looked_at() {
    let place = Workplace::new(
        &SHORT.replace("[schedule]", "objective = \"dpo\"\n[schedule]").replace("[batch]", "[batch]\nmax_length = 24"),
    );
    let mut samples = support::samples(6);
    for (i, sample) in samples.iter_mut().enumerate() {
        let no = if i == 0 { "not at all what anybody would want to read here" } else { "no" };
        (sample.label, sample.rejected) = (None, Some(no.to_owned()));
    }
    support::write_samples(&place.path("train.jsonl"), &samples).unwrap();
    support::write_samples(&place.path("validation.jsonl"), &samples).unwrap();
    let (report, _) = preflight(&place, &[]);
    let train = &report.audit[0];
    let cut = train.findings.iter().find(|f| f.kind == FindingKind::AnswerCut).unwrap();
    assert_eq!((cut.samples, cut.examples[0].place, cut.examples[0].is_rejected), (1, 0, true), "{train:?}");
    assert_eq!((train.samples, train.used), (6, 6));
    assert!(train.lengths.max > train.max_length, "the long one is a rejected answer: {:?}", train.lengths);
}

#[test]
fn answers_that_are_cut_are_found_and_shown() {
    let place = Workplace::new(&SHORT.replace("[batch]", "[batch]\nmax_length = 19"));
    let mut samples = support::samples(6);
    samples.push(Sample {
        messages: vec![
            Message::new(Speaker::User, "a question of many words?"),
            Message::new(Speaker::Assistant, "no"),
        ],
        label: None,
        rejected: None,
        slices: Default::default(),
        ..Sample::default()
    });
    support::write_samples(&place.path("train.jsonl"), &samples).unwrap();
    let (report, may_begin) = preflight(&place, &[]);
    assert!(may_begin && report.warns());
    let train = &report.audit[0];
    assert_eq!((train.samples, train.used, train.max_length), (7, 6, 19));
    // "consonant" and its end do not fit behind "stone1?", "wood3?", "nose5?"; "vowel" does.
    let expected = [(FindingKind::LeftOut, 1), (FindingKind::AnswerCut, 3), (FindingKind::EndCut, 3)];
    assert_eq!(train.findings.iter().map(|f| (f.kind, f.samples)).collect::<Vec<_>>(), expected);
    let pieces = shown(train, FindingKind::AnswerCut);
    assert_eq!(pieces[0], (TokenUse::Read, "<|user|>stone1?<|end|>\n<|assistant|>".to_owned()));
    assert_eq!(pieces[1..], [(TokenUse::Learnt, "consonan".to_owned()), (TokenUse::CutAway, "t<|end|>\n".to_owned())]);
    assert_eq!(train.findings[0].examples[0].place, 6);
}

#[test]
fn an_end_of_turn_that_is_missing_is_found() {
    let place = Workplace::new(SHORT);
    let template = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}\n{% endfor %}\
        {% if add_generation_prompt %}<|assistant|>{% endif %}";
    let words = json!({ "chat_template": template, "eos_token": "<|end|>" });
    std::fs::write(place.path("model/tokenizer_config.json"), words.to_string()).unwrap();
    let (report, may_begin) = preflight(&place, &[]);
    assert!(may_begin && !report.warns(), "an end is appended, as it should be");
    assert_eq!(count(&report.audit[0], FindingKind::EndAdded), 40);
    assert_eq!(shown(&report.audit[0], FindingKind::EndAdded)[1].1, "vowel\n<|end|>");
    let mut config = support::config();
    config["eos_token_id"] = json!(null);
    std::fs::write(place.path("model/config.json"), config.to_string()).unwrap();
    std::fs::write(place.path("model/tokenizer_config.json"), json!({ "chat_template": template }).to_string())
        .unwrap();
    let (report, may_begin) = preflight(&place, &[]);
    assert!(may_begin && report.warns());
    assert_eq!(count(&report.audit[0], FindingKind::EndMissing), 40);
}

#[test]
fn data_that_leaves_nothing_to_learn_is_a_problem_with_examples() {
    let place = Workplace::new(&SHORT.replace("[batch]", "[batch]\nmax_length = 8"));
    let (report, may_begin) = preflight(&place, &[]);
    assert!(!may_begin);
    let Verdict::Problem { kind, .. } = verdict(&report, PreflightStep::SetUp) else { panic!("{report:?}") };
    assert_eq!(*kind, FailureKind::InvalidInput);
    assert_eq!((report.audit[0].used, count(&report.audit[0], FindingKind::LeftOut)), (0, 40));
    assert_eq!(report.audit[0].findings[0].examples.len(), 5);
    assert_eq!(*verdict(&report, PreflightStep::Overfit), Verdict::Skipped);
}

#[test]
fn a_rate_that_cannot_work_is_a_problem() {
    let place = Workplace::new(&format!("{SHORT}[optimizer]\nlearning_rate = nan\n"));
    let (report, may_begin) = preflight(&place, &[]);
    assert!(!may_begin);
    let Verdict::Problem { kind, problem } = verdict(&report, PreflightStep::SetUp) else { panic!("{report:?}") };
    assert_eq!(*kind, FailureKind::InvalidInput);
    assert!(problem.to_string().contains("learning_rate"), "{problem}");
    let place = Workplace::new(&format!(
        "{SHORT}alpha = 1000.0\n[optimizer]\nkind = \"sgd\"\nlearning_rate = 1.0\nclip_norm = 0.0\n"
    ));
    let (report, may_begin) = preflight(&place, &[]);
    assert!(!may_begin, "{report:?}");
    let failure = report.failure().unwrap();
    let RunProblem::Preflight { step, .. } = failure.problem else { panic!("{failure:?}") };
    assert_eq!((failure.kind, step), (FailureKind::Preflight, PreflightStep::Overfit));
}

#[test]
fn what_others_need_is_not_there_for_this_run() {
    let place = Workplace::new(SHORT);
    for (flag, kind) in [("memory", FailureKind::OutOfMemory), ("disk", FailureKind::DiskFull)] {
        let (report, may_begin) = preflight(&place, &[&format!("--reserved-{flag}-mib"), "1000000000"]);
        assert!(!may_begin, "{flag}");
        let Verdict::Problem { kind: found, .. } = verdict(&report, PreflightStep::Room) else { panic!("{report:?}") };
        assert_eq!(*found, kind);
    }
    let within = |limit: &str| {
        Command::new(env!("CARGO_BIN_EXE_trainer"))
            .args(["preflight", place.path("recipe.toml").to_str().unwrap(), "--max-memory-mib", limit])
            .arg("--out")
            .arg(place.path(limit))
            .output()
            .unwrap()
    };
    assert!(within("8192").status.success());
    assert!(!within("40").status.success(), "it never takes more than it may");
}
