//! What filters say, what is wrong with them and where, and that they read back as they print.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::table::Catalogue;
use proptest::prelude::*;

fn catalogue() -> Catalogue {
    let found = [
        ("eval.accuracy", ColumnKind::Number),
        ("recipe.lora.rank", ColumnKind::Number),
        ("recipe.lora.use_dora", ColumnKind::Flag),
        ("params.optimizer name", ColumnKind::Text),
    ];
    Catalogue::new(found.map(|(name, kind)| (name.to_owned(), kind)))
}

fn read(text: &str) -> Result<Option<Filter>, FilterError> {
    parse(text, &catalogue())
}

/// The canonical text of a filter.
fn canonical(text: &str) -> String {
    read(text).unwrap().unwrap().to_string()
}

fn refused(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn a_whole_filter_reads_back() {
    let text = "status = succeeded and eval.accuracy > 0.8 and recipe.lora.rank in (8, 16) and (tag:baseline or note ~ zh) and not archived";
    assert_eq!(canonical(text), text);
    let Some(Filter::All(parts)) = read(text).unwrap() else { panic!("{text}") };
    assert_eq!(parts.len(), 5);
    assert_eq!(read("  ").unwrap(), None);
}

#[test]
fn one_thing_has_one_text() {
    for (written, expected) in [
        ("not status = failed", "status != failed"),
        ("not not archived", "archived"),
        ("archived = false", "not archived"),
        ("(eval.accuracy >= .5)", "eval.accuracy >= 0.5"),
        ("(archived or tag:a) and (tag:b and tag:c)", "(archived or tag:a) and tag:b and tag:c"),
        ("not (tag:a and tag:b)", "not (tag:a and tag:b)"),
        ("not eval.accuracy < 1", "not eval.accuracy < 1"),
        ("duration > 2h", "duration > 7200"),
        ("memory <= 1.5GiB", "memory <= 1610612736"),
        ("created >= 2026-01-31T10:00:00Z", "created >= 2026-01-31T10:00"),
        ("created < 2026-02-01", "created < 2026-02-01"),
        ("note ~ \"two words\"", "note ~ \"two words\""),
        ("tag:\"two words\"", "tag:\"two words\""),
        ("`params.optimizer name` NOT IN (Adam, \"sgd\")", "`params.optimizer name` not in (Adam, sgd)"),
        ("model is not null", "model is not null"),
        ("model = \"and\"", "model = \"and\""),
    ] {
        assert_eq!(canonical(written), expected);
    }
    // Names are told by their case.
    assert!(read("STATUS = failed").is_err() && read("备注 ~ 中文").is_err());
}

#[test]
fn problems_name_their_place() {
    for (written, expected) in [
        ("eval.accuracy > ", "column 17: expected a number after >, but the filter ends"),
        ("eval.accuracy > high", "column 17: expected a number after >, found high"),
        ("eval.acuracy > 1", "column 1: there is no column \"eval.acuracy\"; is it eval.accuracy?"),
        (
            "status = done",
            "column 10: status is never \"done\", but one of checking, queued, claimed, running, evaluating, succeeded, failed, cancelled",
        ),
        ("status > failed", "column 8: > does not go with status, which holds choice"),
        ("status = failed tag:x", "column 17: expected `and` or `or` after failed, found tag:x"),
        ("(archived", "column 10: expected `)` after archived, but the filter ends"),
        ("note ~ \"zh", "column 8: a quote is not closed"),
        ("recipe.lora.rank in 8", "column 21: expected `(` after in, found 8"),
        ("archived and", "column 13: expected a column, `tag:NAME`, `not` or `(` after and, but the filter ends"),
        (
            "created > yesterday",
            "column 11: expected a time such as 2026-01-31 or 2026-01-31T10:00 after >, found yesterday",
        ),
        (
            "created > 2026-02-30",
            "column 11: expected a time such as 2026-01-31 or 2026-01-31T10:00 after >, found 2026-02-30",
        ),
        ("eval.accuracy > 1e999", "column 17: expected a number after >, found 1e999"),
        ("tags = a", "column 6: = does not go with tags, which holds tags"),
        ("model; drop", "column 6: ';' means nothing here: put texts with it into double quotes"),
    ] {
        assert_eq!(refused(written), expected);
    }
    assert_eq!(read(&"(".repeat(100)).unwrap_err().problem, FilterProblem::TooDeep);
    assert_eq!(read(&"x".repeat(5000)).unwrap_err().problem, FilterProblem::TooLong);
    assert_eq!(read(&["archived"; 101].join(" or ")).unwrap_err().problem, FilterProblem::TooMany);
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}",
        "[ -~]{1,12}",
        "[\"\\\\`' ]{1,6}",
        "[一-龥]{1,4}",
        Just("and".to_owned()),
        Just("8".to_owned())
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let on = |column: &'static str, kind, is| Test { column: column.to_owned(), kind, is };
    let comparison = prop::sample::select(vec![
        Comparison::Equal,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ]);
    let number = prop_oneof![-1e3..1e3, Just(0.0), Just(1e-9), Just(1e300), (-9i32..9).prop_map(f64::from)];
    // Years 1 to 9999.
    let time = -62_000_000_000_000i64..253_000_000_000_000;
    prop_oneof![
        (comparison.clone(), number.clone()).prop_map(move |(c, x)| on(
            "eval.accuracy",
            ColumnKind::Number,
            Is::Compared(c, Operand::Number(x))
        )),
        prop::collection::vec(number, 1..4).prop_map(move |xs| {
            on("recipe.lora.rank", ColumnKind::Number, Is::Among(xs.into_iter().map(Operand::Number).collect()))
        }),
        (comparison, time).prop_map(move |(c, t)| on("created", ColumnKind::Time, Is::Compared(c, Operand::Time(t)))),
        words().prop_map(move |w| on("note", ColumnKind::Text, Is::Containing(w))),
        words().prop_map(move |w| {
            on("params.optimizer name", ColumnKind::Text, Is::Compared(Comparison::Equal, Operand::Text(w)))
        }),
        Just(on("model", ColumnKind::Text, Is::Missing)),
        Just(on("recipe.lora.use_dora", ColumnKind::Flag, Is::Set)),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![words().prop_map(Filter::Tag), test().prop_map(Filter::Test)];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::all),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::any),
            inner.prop_map(Filter::negated),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(filter in filter()) {
        let text = filter.to_string();
        prop_assume!(text.chars().count() <= FILTER_CHARS);
        prop_assert_eq!(read(&text), Ok(Some(filter)), "{}", text);
    }

    #[test]
    fn anything_is_read_or_refused(text in "[a-z.:() \"`=<>~!,0-9]{0,60}") {
        if let Err(error) = read(&text) {
            prop_assert!((1..=text.chars().count() + 1).contains(&error.column), "{}", error);
        }
    }
}
