//! Filters as scripts write them.

use super::*;
use proptest::prelude::*;

fn one(text: &str) -> Result<(Subject, &'static str, Operand), FilterError> {
    let mut found = of_runs(text)?;
    assert_eq!(found.len(), 1, "{text}");
    let condition = found.remove(0);
    Ok((condition.subject, condition.comparison.as_str(), condition.operand))
}

#[test]
fn each_kind_of_subject_is_read() {
    let text = |text: &str| Operand::Text(text.to_owned());
    let key = |text: &str| text.to_owned();
    let expected = [
        ("metrics.loss < 0.5", (Subject::Metric(key("loss")), "<", Operand::Number(0.5))),
        ("metric.`val loss`>=-1e-3", (Subject::Metric(key("val loss")), ">=", Operand::Number(-1e-3))),
        ("params.\"a b\" = 'y'", (Subject::Param(key("a b")), "=", text("y"))),
        ("parameter.model != \"small\"", (Subject::Param(key("model")), "!=", text("small"))),
        ("params.lr IS NULL", (Subject::Param(key("lr")), "IS NULL", Operand::Nothing)),
        (
            "tags.mlflow.source.name ILIKE '%Train%'",
            (Subject::Tag(key("mlflow.source.name")), "ILIKE", text("%Train%")),
        ),
        ("tag.x like 'it''s'", (Subject::Tag(key("x")), "LIKE", text("it's"))),
        ("status = 'FINISHED'", (Subject::Text(TextAttribute::Status), "=", text("FINISHED"))),
        (
            "attributes.start_time > 1700000000000",
            (Subject::Time(TimeAttribute::StartTime), ">", Operand::Number(1.7e12)),
        ),
        ("attribute.\"Run name\" = 'r'", (Subject::Text(TextAttribute::RunName), "=", text("r"))),
        ("datasets.context = 'train'", (Subject::Input(InputField::Context), "=", text("train"))),
        (
            "run.run_id NOT in ('a', 'b')",
            (Subject::Text(TextAttribute::RunId), "NOT IN", Operand::Texts(vec![key("a"), key("b")])),
        ),
    ];
    for (filter, condition) in expected {
        assert_eq!(one(filter), Ok(condition), "{filter}");
    }
}

#[test]
fn conditions_are_joined_by_and() {
    let found = of_runs("metrics.a > 1 and params.b = 'AND' AND status = 'RUNNING'");
    assert_eq!(found.map(|f| f.len()), Ok(3));
    assert_eq!(of_runs("  "), Ok(Vec::new()));
}

#[test]
fn what_makes_no_sense_is_refused() {
    for bad in [
        "metrics.a > 1 OR metrics.b > 1",
        "metrics.a > 'x'",
        "metrics.a LIKE 'x'",
        "metrics.a IS NULL",
        "metrics.a > nan",
        "params.a > 'x'",
        "params.a = x",
        "params.a = 1",
        "params.a = 'x",
        "params.a =",
        "params.a IN ('x', 1)",
        "params.a IN ()",
        "colour.a = 'x'",
        "attributes.colour = 'x'",
        "datasets.colour = 'x'",
        "= 'x'",
        "params.a ! 'x'",
        "params.a = 'x' AND",
        "params.a = 'x' params.b = 'y'",
    ] {
        assert!(of_runs(bad).is_err(), "{bad}");
    }
    assert_eq!(of_runs(&"x".repeat(10_001)), Err(FilterError::TooLong));
}

#[test]
fn experiments_have_subjects_of_their_own() {
    let found =
        of_experiments("name ILIKE '%a%' AND tags.`team name` = 'x' AND creation_time >= 5").unwrap_or_default();
    let subjects: Vec<_> = found.into_iter().map(|c| c.subject).collect();
    let expected =
        [ExperimentSubject::Name, ExperimentSubject::Tag("team name".to_owned()), ExperimentSubject::Created];
    assert_eq!(subjects, expected);
    assert!(of_experiments("metrics.a > 1").is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = of_runs(&text);
    }

    #[test]
    fn a_quoted_value_comes_back(value in "[^\\x00]{0,40}") {
        let filter = format!("params.`k` = '{}'", value.replace('\'', "''"));
        prop_assert_eq!(one(&filter), Ok((Subject::Param("k".to_owned()), "=", Operand::Text(value))));
    }
}
