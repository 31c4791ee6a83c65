//! Recipes done on small sets, in order and with their reports.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use domain::sample::{Message, Speaker};
use proptest::prelude::*;

fn item(position: u32, split: Split, prompt: &str, answer: &str, label: bool) -> Item {
    let messages = vec![Message::new(Speaker::User, prompt), Message::new(Speaker::Assistant, answer)];
    let label = label.then(|| answer.to_owned());
    let sample = Sample { messages, label, ..Sample::default() };
    Item::new(SampleId(i64::from(position) + 100), position, split, sample)
}

fn train(texts: &[(&str, &str)], label: bool) -> Vec<Item> {
    texts.iter().enumerate().map(|(i, (q, a))| item(i as u32, Split::Train, q, a, label)).collect()
}

/// Samples by position with what matters of them.
type By<T> = Vec<(u32, T)>;

/// What stays as (position, prompt), what is removed as (position, reason), and the report.
fn run(toml: &str, mut items: Vec<Item>) -> (By<String>, By<Reason>, StepsReport) {
    let recipe = DataRecipe::from_toml(toml).unwrap();
    let (mut stays, mut removed) = (Vec::new(), Vec::new());
    let mut sink = |outcome| {
        match outcome {
            Outcome::Stays(item) => stays.push((item.position, item.sample.messages[0].content.clone())),
            Outcome::Removed(item) => removed.push((item.position, item.changes.last().unwrap().reason.clone())),
        }
        Ok(())
    };
    let report = apply(&recipe, &mut items, &mut sink, &mut |_, _| ControlFlow::Continue(())).unwrap();
    (stays, removed, report)
}

#[test]
fn a_set_step_sees_what_the_steps_before_it_have_made() {
    let items = train(&[("Ａ", "x"), ("b", "x"), ("A", "x"), ("A\u{200b}", "x")], false);
    let toml = "[[steps]]\nkind = \"width\"\n[[steps]]\nkind = \"characters\"\n[[steps]]\nkind = \"exact_duplicates\"\n\
        [[steps]]\nkind = \"length\"\nwithin = \"prompt\"\nleast = 1\nmost = 1\n";
    let (stays, removed, report) = run(toml, items);
    assert_eq!(stays, [(0, "A".to_owned()), (1, "b".to_owned())]);
    assert_eq!(removed, [(2, Reason::Duplicate { of: 0 }), (3, Reason::Duplicate { of: 0 })]);
    assert_eq!((report.before, report.after, report.changed, report.removed), (4, 2, 1, 2));
    let counts: Vec<_> = report.steps.iter().map(|s| (s.seen, s.changed, s.removed)).collect();
    assert_eq!(counts, [(4, 1, 0), (4, 1, 0), (4, 0, 2), (2, 0, 0)]);
    let cluster = &report.steps[2].clusters[0];
    assert_eq!(cluster.because, Some(Because::First));
    assert_eq!((cluster.kept, &cluster.others[..], cluster.size, cluster.text.as_str()), (0, &[2, 3][..], 3, "A"));
    assert_eq!(report.steps[0].examples[0].after.as_ref().unwrap().messages[0].content, "A");
}

#[test]
fn a_test_sample_is_never_given_up_for_a_training_sample() {
    let mut items = train(&[("q", "a"), ("q", "a"), ("q", "a")], false);
    items[2].split = Split::Test;
    let toml = |order: &str| format!("[[steps]]\nkind = \"exact_duplicates\"\norder = \"{order}\"\n");
    let (stays, _, report) = run(&toml("held_out"), items.clone());
    assert_eq!(stays, [(2, "q".to_owned())]);
    assert_eq!(report.steps[0].clusters[0].because, Some(Because::Split));
    assert_eq!(run(&toml("train"), items).0, [(0, "q".to_owned())]);
}

#[test]
fn copies_are_compared_as_asked() {
    let items = || train(&[("What?", "short"), ("what", "a longer one"), ("else", "a longer one")], false);
    let step = |rest: &str| format!("[[steps]]\nkind = \"exact_duplicates\"\n{rest}");
    let positions = |toml: &str| run(toml, items()).0.into_iter().map(|(p, _)| p).collect::<Vec<_>>();
    assert_eq!(positions(&step("")), [0, 1, 2]);
    assert_eq!(positions(&step("within = \"prompt\"\nnormalise = true\nkeep = \"longest\"\n")), [1, 2]);
    assert_eq!(positions(&step("within = \"answer\"\nkeep = \"last\"\n")), [0, 2]);
}

#[test]
fn conflicting_labels_go_or_the_majority_stays() {
    let items = || train(&[("good", "pos"), ("Good!", "pos"), ("good", "neg"), ("bad", "neg")], true);
    let (stays, removed, _) = run("[[steps]]\nkind = \"label_conflicts\"\n", items());
    assert_eq!(stays, [(3, "bad".to_owned())]);
    let labels = vec!["pos".to_owned(), "neg".to_owned()];
    assert_eq!(removed[0], (0, Reason::LabelConflict { labels }));
    let (stays, ..) = run("[[steps]]\nkind = \"label_conflicts\"\nmajority = true\n", items());
    assert_eq!(stays.iter().map(|(p, _)| *p).collect::<Vec<_>>(), [0, 1, 3]);
}

#[test]
fn labels_are_balanced_in_training_alone() {
    let mut items: Vec<Item> =
        (0..12).map(|i| item(i, Split::Train, &format!("t{i}"), if i < 9 { "many" } else { "few" }, true)).collect();
    items[0].split = Split::Test;
    let (stays, removed, _) = run("[[steps]]\nkind = \"balance\"\n", items.clone());
    assert_eq!((stays.len(), removed.len()), (7, 5), "three of each, and the test sample");
    let (stays, _, report) = run("[[steps]]\nkind = \"balance\"\nrepeat = true\n", items);
    assert_eq!((stays.len(), report.steps[0].added, report.after), (17, 5, 17));
    assert_eq!(report.changed, 0, "a copy is no rewritten sample");
}

#[test]
fn the_label_of_a_sample_is_not_rewritten() {
    let items = train(&[("Ａ", "Ｂ")], true);
    let recipe = DataRecipe::from_toml("[[steps]]\nkind = \"width\"\n").unwrap();
    let mut found = Vec::new();
    let mut sink = |outcome| {
        found.push(outcome);
        Ok(())
    };
    apply(&recipe, &mut items.clone(), &mut sink, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let Outcome::Stays(item) = &found[0] else { panic!("it stays") };
    assert_eq!((item.sample.answer(), item.sample.label.as_deref()), (Some("Ｂ"), Some("Ｂ")));
    assert_eq!(item.sample.messages[0].content, "A");
}

#[test]
fn personal_data_is_masked_and_counted_but_in_labels() {
    let mut items = train(&[("邮箱a@b.example，电话13812345678", "Mail c@d.example"), ("x", "e@f.example")], false);
    items[1].sample.label = Some("e@f.example".to_owned());
    let span = domain::sample::Span { start: 0, end: 1, label: "x".to_owned() };
    let mut marked = item(2, Split::Train, "a@b.example", "ok", false);
    marked.sample.spans.push(span);
    items.push(marked);
    let (stays, _, report) = run("[[steps]]\nkind = \"pii\"\n", items.clone());
    assert_eq!(stays[0].1, "邮箱[EMAIL]，电话[PHONE]");
    assert_eq!(stays[2].1, "[EMAIL]");
    let step = &report.steps[0];
    assert_eq!((step.seen, step.changed), (3, 2));
    assert_eq!(step.found.iter().map(|(k, n)| (k.as_str(), *n)).collect::<Vec<_>>(), [("email", 3), ("phone", 1)]);
    assert_eq!(step.examples[0].after.as_ref().unwrap().answer(), Some("Mail [EMAIL]"));
    let (stays, removed, _) = run("[[steps]]\nkind = \"pii\"\naction = \"remove\"\n", items);
    assert_eq!((stays.len(), removed.len()), (1, 2));
}

#[test]
fn spans_move_with_the_text_that_personal_data_left() {
    let said = r#"[{"label":"MAIL","text":"a@b.example"},{"label":"CITY","text":"北京"}]"#;
    let mut items = train(&[("找出实体。\n\n邮箱a@b.example，来自北京", said)], false);
    let span = |start, end, label: &str| domain::sample::Span { start, end, label: label.to_owned() };
    items[0].sample.spans = vec![span(2, 13, "MAIL"), span(16, 18, "CITY")];
    let recipe = DataRecipe::from_toml("[[steps]]\nkind = \"pii\"\n").unwrap();
    let mut found = Vec::new();
    let mut sink = |outcome| {
        found.push(outcome);
        Ok(())
    };
    apply(&recipe, &mut items, &mut sink, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let Outcome::Stays(item) = &found[0] else { panic!("it stays") };
    assert_eq!(item.sample.messages[0].content, "找出实体。\n\n邮箱[EMAIL]，来自北京");
    assert_eq!(item.sample.spans, [span(2, 9, "MAIL"), span(12, 14, "CITY")]);
    let said = r#"[{"label":"MAIL","text":"[EMAIL]"},{"label":"CITY","text":"北京"}]"#;
    assert_eq!(item.sample.answer(), Some(said));
}

#[test]
fn lost_characters_are_counted_or_a_reason_to_go() {
    let items = train(&[("cafÃ©", "a"), ("锟斤拷", "a"), ("fine", "a")], false);
    let (stays, _, report) = run("[[steps]]\nkind = \"mojibake\"\n", items.clone());
    assert_eq!(stays[0].1, "café");
    assert_eq!((stays.len(), report.steps[0].changed, report.steps[0].found["lost"]), (3, 1, 1));
    let (_, removed, _) = run("[[steps]]\nkind = \"mojibake\"\nremove_lost = true\n", items);
    assert_eq!(removed, [(1, Reason::LostCharacters)]);
}

#[test]
fn a_copy_that_goes_again_is_no_removed_sample() {
    let items = train(&[("The big dog was happy", "a")], false);
    let toml =
        "[[steps]]\nkind = \"augment\"\nshare_copied = 1.0\n[[steps]]\nkind = \"near_duplicates\"\nthreshold = 0.3\n";
    let (stays, removed, report) = run(toml, items);
    assert_eq!((stays.len(), removed.len()), (1, 0));
    assert_eq!((report.steps[0].added, report.steps[1].removed, report.after), (1, 1, 1));
}

#[test]
fn cancelling_ends_at_once() {
    let mut items: Vec<Item> = (0..1000).map(|i| item(i, Split::Train, "q", "a", false)).collect();
    let recipe = DataRecipe::from_toml("[[steps]]\nkind = \"unicode\"\n").unwrap();
    let mut stays = 0;
    let mut sink = |_| {
        stays += 1;
        Ok(())
    };
    let ended = apply(&recipe, &mut items, &mut sink, &mut |_, _| ControlFlow::Break(()));
    assert!(matches!(ended, Err(StepsError::Cancelled)));
    assert_eq!(stays, 255);
}

proptest! {
    /// Whatever the texts: nothing panics, every sample comes out once, and doing it again changes nothing.
    #[test]
    fn every_sample_comes_out_once_and_cleaning_is_done_after_one_time(texts in prop::collection::vec((".{0,30}", ".{0,30}"), 1..20)) {
        let items: Vec<Item> = texts.iter().enumerate().map(|(i, (q, a))| item(i as u32, Split::Train, q, a, false)).collect();
        let all = DataRecipe { steps: Step::all().into_iter().filter(|step| !step.needs_scores()).collect() };
        let mut stays = Vec::new();
        let mut removed = 0;
        let mut sink = |outcome| {
            match outcome {
                // Copies come anew every time.
                Outcome::Stays(item) if item.is_copy => {}
                Outcome::Stays(item) => stays.push(Item { changes: Vec::new(), ..item }),
                Outcome::Removed(_) => removed += 1,
            }
            Ok(())
        };
        apply(&all, &mut items.clone(), &mut sink, &mut |_, _| ControlFlow::Continue(())).unwrap();
        prop_assert_eq!(stays.len() + removed, items.len());
        // Space that a later step has made plain can make garble of what was none, and a simplified character can be
        // the traditional form of another.
        let kept = |step: &Step| !matches!(step, Step::Mojibake(_) | Step::Script(_));
        let again = DataRecipe { steps: all.steps.into_iter().filter(kept).collect() };
        let report = apply(&again, &mut stays, &mut |_| Ok(()), &mut |_, _| ControlFlow::Continue(())).unwrap();
        prop_assert_eq!((report.changed, report.removed), (0, 0));
    }
}
