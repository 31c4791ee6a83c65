//! Designs: what is read, what is refused, and which evaluations ask the same.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

const DESIGN: &str = r#"
[[evaluations]]
key = "reviews"
version_id = "01890a5d-ac96-774b-bcce-b302099a8057"
task = "classification"
metrics = ["accuracy", "f1_macro"]
filter = ["label:pos", "label:neg", "slice.shop:a"]
gates = ["accuracy >= 0.8", "accuracy within 0.02 of baseline", "latency_ms <= 200"]

[[evaluations.named_slices]]
name = "good in a"
filter = ["label:pos", "slice.shop:a"]

[[evaluations]]
key = "answers"
version_id = "01890a5d-ac96-774b-bcce-b302099a8057"
split = "validation"
task = "generation"
language = "zh"
max_samples = 100

[prices]
per_hour = 2.5

[prices.endpoints.house]
input = 1.0
output = 4.0
"#;

#[test]
fn a_design_survives_toml_and_json() {
    let design = SuiteDesign::from_toml(DESIGN).unwrap();
    assert_eq!((design.evaluations.len(), design.evaluations[0].split), (2, Split::Test));
    assert_eq!(design.evaluations[1].primary(), "exact_match");
    assert_eq!((design.prices.per_hour, design.evaluations[1].max_new_tokens), (Some(2.5), USUAL_NEW_TOKENS));
    assert_eq!(SuiteDesign::from_toml(&design.to_toml()).unwrap(), design);
    let plain = SuiteDesign::from_toml(&DESIGN.replace("language = \"zh\"", "plain = true")).unwrap();
    assert!(plain.evaluations[1].plain && plain.to_toml().contains("plain = true"));
    assert!(!design.to_toml().contains("plain"));
    let json = serde_json::to_string(&design).unwrap();
    assert!(json.contains("\"accuracy within 0.02 of baseline\""), "{json}");
    assert_eq!(serde_json::from_str::<SuiteDesign>(&json).unwrap(), design);
}

#[test]
fn what_cannot_be_done_is_named() {
    let problem = |from: &str, to: &str| {
        assert!(DESIGN.contains(from), "{from}");
        SuiteDesign::from_toml(&DESIGN.replace(from, to)).unwrap_err()
    };
    assert!(matches!(problem("\"answers\"", "\"reviews\""), SuiteError::Twice { .. }));
    assert!(matches!(problem("\"answers\"", "\"two words\""), SuiteError::Key { .. }));
    assert!(matches!(problem("\"f1_macro\"", "\"bleu\""), SuiteError::Metric { .. }));
    assert!(matches!(problem("accuracy >= 0.8", "mcc >= 0.8"), SuiteError::Gate { .. }));
    assert!(matches!(problem("slice.shop:a", "tag:a"), SuiteError::Filter { .. }));
    assert!(matches!(problem("\"good in a\"", "\"a = b\""), SuiteError::SliceName { .. }));
    let unfiltered = problem("[\"label:pos\", \"slice.shop:a\"]", "[]");
    assert!(matches!(&unfiltered, SuiteError::SliceFilter { field, .. } if field.is_empty()));
    let lines = problem("\"label:pos\", \"slice.shop:a\"", "\"label:pos\", \"slice.shop:a\\nb\"");
    assert!(matches!(&lines, SuiteError::SliceValue { field, .. } if field == "slice.shop"), "{lines}");
    let tagged = problem("[\"label:pos\", \"slice.shop:a\"]", "[\"tag:a\"]");
    let words = (tagged.field(), tagged.to_string());
    assert!(words.0 == "named_slices" && words.1.contains("reviews: the named slice \"good in a\""), "{words:?}");
    assert!(matches!(problem("max_samples = 100", "max_samples = 0"), SuiteError::Range { .. }));
    assert!(matches!(problem("per_hour = 2.5", "per_hour = -1.0"), SuiteError::Price));
    let unreadable = problem("accuracy >= 0.8", "accuracy is good").to_string();
    assert!(unreadable.contains("METRIC >= NUMBER"), "{unreadable}");
    assert_eq!(SuiteDesign::default().check(), Err(SuiteError::Count));
}

#[test]
fn a_gate_needs_no_new_answers_but_another_question_does() {
    let design = SuiteDesign::from_toml(DESIGN).unwrap();
    let asked = &design.evaluations[0];
    let same = EvaluationDesign {
        key: "other".to_owned(),
        gates: Vec::new(),
        slices: vec!["label".to_owned()],
        named_slices: Vec::new(),
        ..asked.clone()
    };
    assert_eq!(asked.identity(), same.identity());
    let turned = EvaluationDesign { metrics: vec!["f1_macro".to_owned(), "accuracy".to_owned()], ..asked.clone() };
    assert_eq!(asked.identity(), turned.identity());
    let others = [
        EvaluationDesign { split: Split::Validation, ..asked.clone() },
        EvaluationDesign { max_samples: Some(3), ..asked.clone() },
        EvaluationDesign { filter: Vec::new(), ..asked.clone() },
        EvaluationDesign { plain: true, ..asked.clone() },
        // Another task file is kept with another version.
        EvaluationDesign { version_id: VersionId::new(), ..asked.clone() },
        EvaluationDesign { metrics: vec!["accuracy".to_owned()], ..asked.clone() },
    ];
    assert!(others.iter().all(|other| other.identity() != asked.identity()));
}

#[test]
fn a_schema_is_checked_and_belongs_to_the_question() {
    let with = |metrics: &str, schema: &str| {
        let lines = format!("task = \"generation\"\nmetrics = [{metrics}]\n{schema}");
        SuiteDesign::from_toml(&DESIGN.replace("task = \"generation\"", &lines))
    };
    let design = with("\"schema_match\"", r#"json_schema = '{"type": "object", "required": ["a"]}'"#).unwrap();
    assert_eq!(SuiteDesign::from_toml(&design.to_toml()).unwrap(), design);
    let asked = &design.evaluations[1];
    assert!(asked.schema().unwrap().is_some() && design.evaluations[0].schema().unwrap().is_none());
    let spaced = r#"{ "type":"object", "required":["a"] }"#;
    let spaced = EvaluationDesign { json_schema: Some(spaced.to_owned()), ..asked.clone() };
    assert_eq!(spaced.identity(), asked.identity());
    let other = EvaluationDesign { json_schema: Some("true".to_owned()), ..asked.clone() };
    assert_ne!(other.identity(), asked.identity());

    let problem = |metrics: &str, schema: &str| with(metrics, schema).unwrap_err();
    assert!(matches!(problem("\"schema_match\"", ""), SuiteError::SchemaMissing { .. }));
    assert!(matches!(problem("\"bleu\"", "json_schema = 'true'"), SuiteError::SchemaUnused { .. }));
    assert!(matches!(problem("\"schema_match\"", "json_schema = '{'"), SuiteError::SchemaNotJson { .. }));
    let long = format!("json_schema = '{{\"title\": \"{}\"}}'", "x".repeat(MAX_SCHEMA_BYTES));
    assert!(matches!(problem("\"schema_match\"", &long), SuiteError::SchemaNotJson { .. }));
    let unknown = problem("\"schema_match\"", r#"json_schema = '{"pattern": "x"}'"#);
    assert!(unknown.to_string().contains("\"pattern\"") && unknown.field() == "json_schema", "{unknown}");
}

#[test]
fn identities_of_old_stay() {
    // Results are kept under the hash of this text.
    let asked = SuiteDesign::from_toml(DESIGN).unwrap().evaluations.remove(1);
    let text = "[[\"01890a5d-ac96-774b-bcce-b302099a8057\",\"validation\",[],\"generation\"],\
                [[\"exact_match\",\"rouge_l\",\"token_f1\"],100,256,\"zh-CN\"]]";
    assert_eq!(asked.identity(), text);
}

#[test]
fn a_judge_is_a_metric_that_needs_no_new_answers() {
    let judge = "01890a5d-ac96-774b-bcce-b302099a8058";
    let text = DESIGN.replace("key = \"answers\"", &format!("key = \"answers\"\njudges = {{ truth = \"{judge}\" }}"));
    let gated = text.replace("language = \"zh\"", "language = \"zh\"\ngates = [\"judge.truth >= 0.7\"]");
    let design = SuiteDesign::from_toml(&gated).unwrap();
    assert_eq!(SuiteDesign::from_toml(&design.to_toml()).unwrap(), design);
    let answers = &design.evaluations[1];
    assert_eq!(answers.measured(), ["exact_match", "token_f1", "rouge_l", "judge.truth"]);
    assert_eq!(answers.identity(), SuiteDesign::from_toml(DESIGN).unwrap().evaluations[1].identity());
    let first = EvaluationDesign { metrics: vec!["judge.truth".to_owned()], ..answers.clone() };
    assert_eq!((first.primary(), first.measured().len()), ("judge.truth".to_owned(), 1));
    let unknown = SuiteDesign::from_toml(&gated.replace("judge.truth >=", "judge.tone >=")).unwrap_err();
    assert!(matches!(unknown, SuiteError::Gate { .. }), "{unknown}");
    let bad = SuiteDesign::from_toml(&text.replace("truth =", "\"the truth\" =")).unwrap_err();
    assert!(matches!(bad, SuiteError::Judge { .. }), "{bad}");
    let mut twice = design.clone();
    twice.evaluations[0].judges = BTreeMap::from([("truth".to_owned(), JudgeVersionId::new())]);
    assert_eq!(twice.check(), Err(SuiteError::JudgeTwice { name: "truth".to_owned() }));
}

#[test]
fn values_of_a_field_are_alternatives() {
    let design = SuiteDesign::from_toml(DESIGN).unwrap();
    let field = |label: &str, shop: &str| {
        [(Field::Label, label.to_owned()), (Field::Slice("shop".to_owned()), shop.to_owned())]
    };
    let wants = |label: &str, shop: &str| design.evaluations[0].wants(&field(label, shop));
    assert_eq!(
        [wants("pos", "a"), wants("neg", "a"), wants("pos", "b"), wants("odd", "a")],
        [true, true, false, false]
    );
    assert!(design.evaluations[1].wants(&[]));
}

#[test]
fn a_bake_off_holds_all_against_the_best() {
    let cell = |value: f64| BakeOffCell {
        result_id: crate::id::SuiteResultId::new(),
        score: Some(crate::measure::MetricScore { value, interval: None, signature: String::new() }),
        is_best: false,
        difference: None,
        adjusted_p_value: None,
        verdict: crate::statistics::verdict::Verdict::NoEvidence,
        latency_ms: None,
        peak_memory_mib: None,
        cost_per_1000: None,
    };
    let row = |value: f64| BakeOffRow {
        candidate: Candidate::Endpoint { name: value.to_string() },
        name: value.to_string(),
        parameters: None,
        size_bytes: None,
        cells: vec![Some(cell(value))],
    };
    let design = SuiteDesign::from_toml(DESIGN).unwrap();
    let rows = vec![row(0.5), row(0.9), row(0.7)];
    let mut found = BakeOff { evaluations: design.evaluations[..1].to_vec(), rows, pending: 0 };
    found.mark_best();
    assert_eq!(found.best(0), found.rows[1].cells[0].as_ref().map(|cell| cell.result_id));
    let worse = crate::eval::view::Difference {
        metric: "accuracy".to_owned(),
        from: 0.9,
        to: 0.5,
        interval: Some((-0.5, -0.1)),
        p_value: Some(0.03),
    };
    found.compare(|_, _, _| Some(worse.clone()));
    let verdicts: Vec<_> =
        found.rows.iter().flat_map(|row| row.cells.iter().flatten()).map(|c| c.adjusted_p_value).collect();
    assert_eq!(verdicts, [Some(0.09), None, Some(0.09)], "0.03 is no evidence where three pairs might have been it");
}
