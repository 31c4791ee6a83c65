//! What is found in single sentences; recall and precision on many are measured in `tests/it/pii.rs`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use domain::steps::PersonalAction;
use proptest::prelude::*;

/// The findings as (word of the kind, text).
fn found(text: &str) -> Vec<(&'static str, &str)> {
    find(text, &Pii::default()).into_iter().map(|f| (f.kind.as_str(), &text[f.range])).collect()
}

fn with(action: PersonalAction, text: &str) -> String {
    replaced(text, &find(text, &Pii::default()), &StandIn::new(action, "salt"))
}

#[test]
fn each_kind_is_found_in_english() {
    let text = "Mail jane.doe+x@mail.example.org or call +44 20 7946 0958, (415) 555-2671. SSN 123-45-6789, card 4111 1111 1111 1111, \
        from 203.0.113.7 or 2001:db8::8a2e:370:7334, key AKIAIOSFODNN7EXAMPLE. Sarah Miller lives at 1600 Maple Avenue, Apt 4.";
    assert_eq!(
        found(text),
        [
            ("email", "jane.doe+x@mail.example.org"),
            ("phone", "+44 20 7946 0958"),
            ("phone", "(415) 555-2671"),
            ("ssn", "123-45-6789"),
            ("bank_card", "4111 1111 1111 1111"),
            ("ip", "203.0.113.7"),
            ("ip", "2001:db8::8a2e:370:7334"),
            ("secret", "AKIAIOSFODNN7EXAMPLE"),
            ("name", "Sarah Miller"),
            ("address", "1600 Maple Avenue, Apt 4"),
        ]
    );
}

#[test]
fn each_kind_is_found_in_chinese_also_in_full_width() {
    let text = "我叫张建国，身份证１１０１０５１９４９１２３１００２Ｘ，手机138 1234 5678，座机010-62345678，邮箱zhang@example.com，\
        住在北京市朝阳区建国路88号3号楼2单元501室。密码是Abc12345!";
    assert_eq!(
        found(text),
        [
            ("name", "张建国"),
            ("id_card", "１１０１０５１９４９１２３１００２Ｘ"),
            ("phone", "138 1234 5678"),
            ("phone", "010-62345678"),
            ("email", "zhang@example.com"),
            ("address", "北京市朝阳区建国路88号3号楼2单元501室"),
            ("secret", "Abc12345!"),
        ]
    );
}

#[test]
fn what_only_looks_like_it_stays() {
    for text in [
        "ISBN 978-7-111-54742-6，第12章，2023-04-05发布。",
        "订单号：13812345678，快递单号 6222021234567890128。",
        "Order 4111111111111111 shipped on 2024-01-02 for $1,299.00.",
        "In 2008 Wall Street collapsed; version 10.0.19.45 fixed it, Chrome/99.0.48.44 too.",
        "The server listens on 127.0.0.1, the mask is 255.255.255.0, see std::net::Ipv4Addr at 12:30:45.",
        "高级工程师和平时一样，今天方便的话请联系客服400-820-8820。",
        "git clone git@github.com:rust-lang/rust.git, then @app.route and lodash@4.17.21",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn kinds_can_be_left_out() {
    let settings = Pii { email: false, ..Pii::default() };
    assert!(find("jane@example.org", &settings).is_empty());
}

#[test]
fn masks_and_hashes_say_the_kind_and_equal_values_are_equal() {
    let text = "Call 13812345678 or +86 138-1234-5678.";
    assert_eq!(with(PersonalAction::Mask, text), "Call [PHONE] or [PHONE].");
    let hashed = with(PersonalAction::Hash, text);
    let (_, first) = hashed.split_once("[PHONE:").unwrap();
    assert_eq!(hashed, format!("Call [PHONE:{0}] or [PHONE:{0}].", &first[..12]));
    let other = replaced(text, &find(text, &Pii::default()), &StandIn::new(PersonalAction::Hash, "other"));
    assert_ne!(other, hashed);
    assert_eq!(with(PersonalAction::Mask, &hashed), hashed, "a hash is no finding");
}

#[test]
fn a_replacement_has_the_shape_and_is_of_the_same_kind() {
    for text in [
        "电话138-1234-5678。",
        "call (415) 555-2671 now",
        "身份证11010519491231002X",
        "card 4111 1111 1111 1111",
        "UnionPay 6222021234567890128",
        "from 203.0.114.7",
        "at 2001:db8::8a2e:370:7334",
        "mail jane@corp.example",
        "My name is Sarah Miller.",
        "我叫张建国，",
        "He lives at 1600 Maple Avenue.",
        "住在北京市朝阳区建国路88号。",
        "AKIAIOSFODNN7EXAMPLE",
        "電話：+49 30 901820",
    ] {
        let other = with(PersonalAction::Replace, text);
        let kinds = |text: &str| find(text, &Pii::default()).into_iter().map(|f| f.kind).collect::<Vec<_>>();
        assert_ne!(other, text);
        assert_eq!(kinds(&other), kinds(text), "{text} → {other}");
        assert_eq!(with(PersonalAction::Replace, text), other);
    }
    let names = with(PersonalAction::Replace, "Sarah Miller called. Dear Sarah,");
    let first = names.split(' ').next().unwrap();
    assert!(names.ends_with(&format!("Dear {first},")), "{names}");
}

proptest! {
    /// Whatever the text: findings are whole characters, in order, and none lies in another.
    #[test]
    fn findings_are_stretches_of_the_text(text in "(好|张伟|路|号|[0-9]{1,6}|[a-zA-Z@.:+ -]{1,4}|１|é|\\PC){0,30}") {
        let mut end = 0;
        for one in find(&text, &Pii::default()) {
            prop_assert!(one.range.start >= end && text.get(one.range.clone()).is_some_and(|t| !t.is_empty()));
            end = one.range.end;
        }
        let _ = with(PersonalAction::Replace, &text);
    }

    #[test]
    fn masking_twice_changes_nothing_more(text in "(电话|call |1380013800[0-9]|[a-z]{2}@b.cn |, |。|[A-Z][a-z]{3} ){0,12}") {
        let once = with(PersonalAction::Mask, &text);
        prop_assert_eq!(with(PersonalAction::Mask, &once), once);
    }
}
