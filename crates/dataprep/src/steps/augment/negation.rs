//! A text that says the opposite, after one "not" has been added or taken away. Where it is unclear what that would mean
//! (questions, "never", two negations), there is none: the label of what comes out is somebody else's guess already.

use super::{
    lexicon::{in_case_of, lines},
    tokens::{is_word, tokens},
};
use crate::similar::is_han;
use std::collections::{HashMap, HashSet};

/// Words that "not" follows.
const AUXILIARIES: [&str; 11] = ["is", "are", "was", "were", "am", "can", "could", "will", "would", "should", "must"];
/// The same, run together with whom they are about.
const WITH_SUBJECT: [&str; 9] = ["it's", "that's", "he's", "she's", "there's", "i'm", "you're", "we're", "they're"];
/// What is left of a "not" that was run together with the word before it.
const RUN_TOGETHER: [(&str, &str); 17] = [
    ("isn't", "is"),
    ("aren't", "are"),
    ("wasn't", "was"),
    ("weren't", "were"),
    ("don't", "do"),
    ("doesn't", "does"),
    ("didn't", "did"),
    ("can't", "can"),
    ("cannot", "can"),
    ("couldn't", "could"),
    ("won't", "will"),
    ("wouldn't", "would"),
    ("shouldn't", "should"),
    ("mustn't", "must"),
    ("hasn't", "has"),
    ("haven't", "have"),
    ("hadn't", "had"),
];
/// With one of these, another "not" says nobody knows what.
const UNCLEAR: [&str; 12] =
    ["not", "never", "no", "nobody", "nothing", "none", "neither", "nor", "hardly", "barely", "without", "unless"];
/// Words between whom a text speaks of and what they do.
const ADVERBS: [&str; 5] = ["really", "also", "still", "always", "truly"];
/// Chinese questions, which have no opposite.
const ASKING: [&str; 7] = ["吗", "是不是", "好不好", "能不能", "会不会", "有没有", "要不要"];
/// Words of degree, in the place of which 不 stands.
const DEGREES: [&str; 13] =
    ["很", "非常", "特别", "十分", "真", "挺", "相当", "比较", "最", "强烈", "超", "超级", "更"];
/// Words of one character that need no word of degree.
const ALONE: [&str; 4] = ["是", "会", "能", "想"];
/// What there is or is not: 没有问题.
const HAD: [&str; 6] = ["问题", "帮助", "效果", "道理", "必要", "优惠"];

/// The words that can be negated.
pub(super) struct Negation {
    /// Form of a verb → its plain form, and the form of "do" with it.
    verbs: HashMap<&'static str, (&'static str, &'static str)>,
    chinese: HashSet<&'static str>,
    /// Those of several characters, and what there is or is not: a text is cut at them.
    cut: Vec<String>,
}

impl Negation {
    pub(super) fn new() -> Self {
        let mut verbs = HashMap::new();
        for line in lines(include_str!("words/negation_en.txt")) {
            let mut forms = line.split_whitespace();
            if let (Some(plain), Some(third), Some(past)) = (forms.next(), forms.next(), forms.next()) {
                verbs.extend([(plain, (plain, "do")), (third, (plain, "does")), (past, (plain, "did"))]);
            }
        }
        let chinese: HashSet<&str> =
            lines(include_str!("words/negation_zh.txt")).flat_map(str::split_whitespace).collect();
        let long = chinese.iter().filter(|word| word.chars().count() > 1).chain(&HAD);
        let cut = long.map(|word| (*word).to_owned()).collect();
        Self { verbs, chinese, cut }
    }

    /// The opposite of the last line that says something: behind its colon, where it has one, since before it stands what
    /// is to be done. `None` where there is none.
    pub(super) fn of(&self, text: &str) -> Option<String> {
        if text.contains("```") {
            return None;
        }
        let mut end = text.len();
        let line = text.split_inclusive('\n').rev().find(|line| {
            let says = !line.trim().is_empty() && !line.trim_end().ends_with(['?', '？', ':', '：']);
            end -= if says { line.len() - line.trim_end().len() } else { line.len() };
            says
        })?;
        let line = line.trim_end();
        let colon = line.char_indices().rfind(|(_, c)| matches!(c, ':' | '：'));
        let start = end - line.len() + colon.map_or(0, |(at, c)| at + c.len_utf8());
        let said = &text[start..end];
        if said.contains(['?', '？']) {
            return None;
        }
        let opposite = if said.contains(is_han) { self.chinese(said) } else { self.english(said) }?;
        Some(format!("{}{opposite}{}", &text[..start], &text[end..]))
    }

    fn english(&self, text: &str) -> Option<String> {
        let pieces = tokens(text, &[]);
        let places: Vec<usize> = (0..pieces.len()).filter(|i| is_word(&pieces, *i)).collect();
        let words: Vec<String> = places.iter().map(|i| pieces[*i].to_lowercase().replace('’', "'")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut said: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
        if let Some(n) = (0..words.len()).find(|n| is_removable(&words, *n)) {
            let place = places[n];
            match RUN_TOGETHER.iter().find(|(together, _)| *together == words[n]) {
                Some((_, rest)) => said[place] = in_case_of(pieces[place], rest),
                // With the space before it.
                None => said.drain(place - 1..=place).for_each(drop),
            }
            return Some(said.concat());
        }
        if words.iter().any(|word| UNCLEAR.contains(word)) {
            return None;
        }
        // At the beginning of a sentence they ask, or command.
        let begins = |n: usize| n == 0 || pieces[places[n - 1]..places[n]].iter().any(|p| p.contains(['.', '!', ';']));
        for (n, word) in words.iter().enumerate() {
            let place = places[n];
            if WITH_SUBJECT.contains(word) || (AUXILIARIES.contains(word) && !begins(n)) {
                said[place].push_str(" not");
                return Some(said.concat());
            }
            let Some((plain, helper)) = self.verbs.get(*word).copied() else { continue };
            let behind = usize::from(n > 0 && ADVERBS.contains(&words[n - 1]));
            let is_verb = n > behind && !begins(n) && (behind == 0 || !begins(n - 1));
            if is_verb && does(words[n - behind - 1], helper) {
                plain.clone_into(&mut said[place]);
                said[places[n - behind]].insert_str(0, &format!("{helper} not "));
                return Some(said.concat());
            }
        }
        None
    }

    fn chinese(&self, text: &str) -> Option<String> {
        if ASKING.iter().any(|word| text.contains(word)) {
            return None;
        }
        let pieces = tokens(text, &self.cut);
        let mut said: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
        for (i, piece) in pieces.iter().enumerate() {
            let next = pieces.get(i + 1).copied().unwrap_or_default();
            let rest = match *piece {
                "不" if self.chinese.contains(next) => Some(""),
                "没有" if HAD.contains(&next) => Some("有"),
                piece => piece.strip_prefix('不').filter(|rest| self.chinese.contains(*rest)),
            };
            if let Some(rest) = rest {
                rest.clone_into(&mut said[i]);
                return Some(said.concat());
            }
        }
        if pieces.iter().any(|piece| piece.contains(['不', '没', '未', '无']) && !self.chinese.contains(*piece)) {
            return None;
        }
        for (i, piece) in pieces.iter().enumerate() {
            let has_degree = i > 0 && DEGREES.contains(&pieces[i - 1]);
            let is_known = self.chinese.contains(*piece);
            if *piece == "有" && pieces.get(i + 1).is_some_and(|next| HAD.contains(next)) {
                said[i] = "没有".to_owned();
            } else if has_degree && is_known {
                said[i - 1] = "不".to_owned();
            } else if is_known && (ALONE.contains(piece) || piece.chars().count() > 1) {
                said[i].insert(0, '不');
            } else {
                continue;
            }
            return Some(said.concat());
        }
        None
    }
}

/// Whether a word is a "not" that can go, or has one in it.
fn is_removable(words: &[&str], n: usize) -> bool {
    let is_not = words[n] == "not" && n > 0 && words.get(n + 1) != Some(&"only");
    RUN_TOGETHER.iter().any(|(together, _)| *together == words[n])
        || (is_not && (AUXILIARIES.contains(&words[n - 1]) || WITH_SUBJECT.contains(&words[n - 1])))
        || (is_not && matches!(words[n - 1], "do" | "does" | "did" | "has" | "have" | "had"))
}

/// Whether this form of "do" goes with whom the text speaks of, so that the word behind is what they do.
fn does(subject: &str, helper: &str) -> bool {
    let one = ["he", "she", "it", "this", "that", "everyone", "everybody"].contains(&subject);
    let several = ["i", "you", "we", "they"].contains(&subject);
    match helper {
        "do" => several,
        "does" => one,
        _ => one || several,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_not_comes_or_goes_in_english() {
        let negation = Negation::new();
        for (text, opposite) in [
            ("This film is good.", "This film is not good."),
            ("It's great", "It's not great"),
            ("I really liked the story.", "I did not really like the story."),
            ("She likes it.", "She does not like it."),
            ("The food was not fresh.", "The food was fresh."),
            ("They don't work.", "They do work."),
            ("We can’t recommend it.", "We can recommend it."),
            ("I do not like it", "I do like it"),
            (
                "What is said here: the room was clean\nIs it praise?",
                "What is said here: the room was not clean\nIs it praise?",
            ),
        ] {
            assert_eq!(negation.of(text).as_deref(), Some(opposite), "{text}");
        }
        for text in ["Great film", "I never liked it.", "What is this?", "Is this a test", "```\nx is y\n```", ""] {
            assert_eq!(negation.of(text), None, "{text}");
        }
    }

    #[test]
    fn one_not_comes_or_goes_in_chinese() {
        let negation = Negation::new();
        for (text, opposite) in [
            ("这部电影很好看。", "这部电影不好看。"),
            ("我喜欢这家店", "我不喜欢这家店"),
            ("我不喜欢这家店", "我喜欢这家店"),
            ("强烈推荐给大家", "不推荐给大家"),
            ("这是真实的故事", "这不是真实的故事"),
            ("这不是真实的故事", "这是真实的故事"),
            ("质量没有问题", "质量有问题"),
            ("请判断评论的情感：服务非常热情", "请判断评论的情感：服务不热情"),
        ] {
            assert_eq!(negation.of(text).as_deref(), Some(opposite), "{text}");
        }
        for text in ["你喜欢吗", "味道不错", "好像来过", "是不是很好看"] {
            assert_eq!(negation.of(text), None, "{text}");
        }
    }
}
