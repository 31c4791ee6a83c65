//! Golden values made with nltk 3 (`translate.bleu_score`) and rouge-score 0.1.2 on lower-case
//! tokens, and the worked examples of Lin 2004.

use super::*;
use proptest::prelude::*;

const GUIDE: &str = "It is a guide to action which ensures that the military always obeys the commands of the party";
const GUIDE_REFERENCE: &str = "It is a guide to action that ensures that the military will forever heed Party commands";
const BOOK: &str = "he read the book because he was interested in world history";
const BOOK_REFERENCE: &str = "he was interested in world history because he read the book";

fn assert_near(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 1e-9, "{actual} is not {expected}");
}

#[test]
fn tokens() {
    assert_eq!(tokenise("Don't stop, 3 Äpfel!"), ["don", "'", "t", "stop", ",", "3", "äpfel", "!"]);
    assert_eq!(tokenise("我爱Rust。 한글"), ["我", "爱", "rust", "。", "한", "글"]);
    assert!(tokenise(" \n").is_empty());
}

#[test]
fn sentence_bleu_equals_nltk_method_2() {
    assert_near(sentence_bleu(GUIDE, GUIDE_REFERENCE), 0.455_087_043_756_332_97);
    assert_near(sentence_bleu(BOOK, BOOK_REFERENCE), 0.771_095_577_740_255_6);
}

#[test]
fn corpus_bleu_equals_nltk() {
    assert_near(corpus_bleu(&[(GUIDE, GUIDE_REFERENCE)]), 0.420_859_806_952_409_1);
    assert_near(corpus_bleu(&[(GUIDE, GUIDE_REFERENCE), (BOOK, BOOK_REFERENCE)]), 0.537_346_712_159_519_2);
}

#[test]
fn rouge_l_equals_lin_and_rouge_score() {
    assert_near(rouge_l("police kill the gunman", "police killed the gunman"), 0.75);
    assert_near(rouge_l("the gunman kill police", "police killed the gunman"), 0.5);
    assert_near(
        rouge_l("the quick brown dog jumps on the log", "the quick brown fox jumps over the lazy dog"),
        0.588_235_294_117_647_1,
    );
    assert_near(rouge_l(GUIDE, GUIDE_REFERENCE), 0.647_058_823_529_411_8);
}

#[test]
fn short_and_empty_texts() {
    assert_near(corpus_bleu(&[("yes", "Yes"), ("no", "no")]), 1.0);
    assert_near(sentence_bleu("yes", "yes"), 1.0);
    assert_near(sentence_bleu("", "yes"), 0.0);
    assert_near(sentence_bleu("", ""), 1.0);
    assert_near(corpus_bleu::<&str>(&[]), 0.0);
    assert_near(rouge_l("", "yes"), 0.0);
}

#[test]
fn edit_distance_examples() {
    assert_near(edit_distance("kitten", "sitting"), 3.0 / 7.0);
    assert_near(edit_distance("", ""), 0.0);
    assert_near(edit_distance("", "ab"), 1.0);
}

proptest! {
    #[test]
    fn scores_stay_in_range_and_equal_texts_score_one(a in "\\PC{0,40}", b in "[a-c 中文]{0,30}", c in "[a-c 中文]{0,30}") {
        for (x, y) in [(&a, &b), (&b, &c)] {
            for score in [rouge_l(x, y), sentence_bleu(x, y), corpus_bleu(&[(x, y)]), edit_distance(x, y)] {
                prop_assert!((0.0..=1.0 + 1e-12).contains(&score), "{score}");
            }
        }
        prop_assert!((rouge_l(&b, &b) - 1.0).abs() < 1e-12 && (sentence_bleu(&b, &b) - 1.0).abs() < 1e-12);
        prop_assert!((rouge_l(&b, &c) - rouge_l(&c, &b)).abs() < 1e-12);
    }
}
