//! Names in Latin letters: a first name of the dictionary before any capitalised word, what follows a title, what is
//! announced ("my name is …"), and Chinese names in pinyin.

use super::Words;
use crate::pii::{before, listed, pattern, pinyin};
use regex::Regex;
use std::{collections::HashSet, ops::Range, sync::LazyLock};

/// A capitalised word, or an initial.
static WORD: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?-u:\b)(?:[A-Z]\.|[A-Z][A-Za-z]*(?:['’-][A-Za-z]+)*)"));
/// What ends before a name.
static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:(?-u:\b)(?:name is|name's|named|called|call me|i am|i'm|i’m|this is|it's|dear|hi|hello|hey|signed|sincerely|regards|cheers|thanks|contact|attn|attention|patient|customer|client|employee|applicant|author|with|ask|and|told|met|my (?:friend|wife|husband|boss|colleague|son|daughter|brother|sister|neighbou?r|manager|doctor|teacher))|name was|name:|我叫|联系人|名字|姓名)[:,，：是为]?\s*$",
    )
});
/// Of those above, the ones behind which any capitalised word is a name.
static SURE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:(?-u:\b)name (?:is|was)|(?-u:\b)name's|(?-u:\b)name:|(?-u:\b)call me|(?-u:\b)patient:|(?-u:\b)customer:|(?-u:\b)client:|(?-u:\b)applicant:|(?-u:\b)employee:)\s*$",
    )
});
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:(?-u:\b)(?:Mr|Mrs|Ms|Mx|Dr|Prof)\.?|(?-u:\b)(?:Miss|Professor|Doctor|Sir|Judge|Officer|Nurse|Captain|Detective))\s$",
    )
});

pub(in crate::pii) static FIRST: Words =
    LazyLock::new(|| listed(include_str!("../words/first_names.txt")).filter(|word| *word != "!").collect());
/// First names that are also words.
static DOUBTFUL: Words = LazyLock::new(|| {
    let lines = include_str!("../words/first_names.txt").lines().filter_map(|line| line.strip_prefix('!'));
    lines.flat_map(str::split_whitespace).collect()
});
pub(in crate::pii) static LAST: Words = LazyLock::new(|| listed(include_str!("../words/last_names.txt")).collect());
/// Capitalised words that are no surname.
static OTHERS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "January February March April May June July August September October November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday \
     River Station Street St Road Avenue Ave Park University College School Hospital Bank Group Company Inc Ltd LLC Corp Corporation Hotel Cup Award Prize \
     Day County City Island Islands Lake Mountain Mount Bridge Airport Museum Foundation Institute Theorem Law Effect Syndrome Test Model Method \
     Equation Protocol Space Telescope Square Court Church Cathedral House Hall Palace Tower Library Center Centre Theatre Stadium Falls Bay Valley \
     Beach Road Lane Drive I The A An And Or But If When While In On At To Of For From With By Is Was Are Were Has Had Will Would Can Could Should \
     May Might Must Do Does Did He She It They We You His Her Their Our Your My This That These Those There Here What Where Who Why How Not No \
     Yes Please Thanks Thank Dear Hello Hi Team Support Sales Service Department Office English French German Chinese American British Kingdom \
     Coast Region Province State States Republic Empire Dynasty Press Times Post News Journal Games Studio Studios Records Music Awards League \
     Club FC United Railway Express Airlines Motors Energy Systems Software Technologies Labs Research Academy Society Association Union \
     Bible Code Act Amendment Treaty Plan Project Formula Algorithm Distribution Process Function Series Number Scale Index Principle Sir All Customer \
     Falls Springs Heights Hills Gardens Gate Market Mall Plaza Arena Field Harbour Harbor Port Cafe Restaurant Inn Bar Pizza Burgers Store"
        .split_whitespace()
        .collect()
});

struct Word<'a> {
    text: &'a str,
    range: Range<usize>,
}

pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let words: Vec<Word> = WORD.find_iter(text).map(|m| Word { text: m.as_str(), range: m.range() }).collect();
    let mut i = 0;
    while i < words.len() {
        let n = length(text, &words[i..]);
        if n > 0 {
            let last = &words[i + n - 1];
            let end = last.range.start
                + last.text.strip_suffix("'s").or_else(|| last.text.strip_suffix("’s")).unwrap_or(last.text).len();
            found.push(words[i].range.start..end);
        }
        i += n.max(1);
    }
}

/// How many words from the first on are a name: 0 where none begins here.
fn length(text: &str, words: &[Word]) -> usize {
    let first = &words[0];
    if first.text.len() < 2 || first.text.ends_with('.') {
        return 0;
    }
    let near = before(text, first.range.start, 24);
    // Each next word with one space between, or a small word of nobility.
    let follows = |n: usize| match (words.get(n - 1), words.get(n)) {
        (Some(a), Some(b)) => {
            let between = &text[a.range.end..b.range.start];
            matches!(between, " " | " van " | " de " | " von " | " van der " | " bin " | " del " | " da " | " al-")
        }
        _ => false,
    };
    let surname = |n: usize| follows(n) && is_surname(words[n].text);
    // Jean-Luc, Mary-Ann
    let is_first = first.text.split('-').any(|part| FIRST.contains(part));
    let is_doubtful = first.text.split('-').all(|part| DOUBTFUL.contains(part));
    let initial = follows(1) && words[1].text.len() == 2 && words[1].text.ends_with('.');
    let behind_first = if initial { 2 } else { 1 };
    let mut n = 0;
    if TITLE.is_match(near) && !OTHERS.contains(first.text) {
        n = match (surname(1), initial && surname(2)) {
            (_, true) => 3,
            (true, _) => 2 + usize::from(surname(2)),
            _ => 1,
        };
    } else if is_first && (!initial || follows(2)) && surname(behind_first) {
        let second = words[behind_first].text;
        let certain = !is_doubtful || LAST.contains(bare(second));
        n = if certain { behind_first + 1 } else { 0 };
        // John Michael Smith, Maria Garcia Lopez
        if n == 2 && surname(2) && LAST.contains(bare(words[2].text)) {
            n = 3;
        }
    } else if let Some(second) = words.get(1).filter(|_| follows(1)) {
        let given = bare(second.text);
        if (pinyin::is_surname(first.text) && pinyin::is_given(given) && !OTHERS.contains(given))
            || (pinyin::is_given(first.text) && !OTHERS.contains(first.text) && pinyin::is_surname(given))
        {
            n = 2;
        }
    }
    if n == 0
        && ((is_first && !is_doubtful && LEAD.is_match(near)) || (SURE.is_match(near) && !OTHERS.contains(first.text)))
    {
        n = 1 + usize::from(surname(1));
    }
    // Victoria Jones University, James Webb Space Telescope.
    let institution =
        n > 0 && follows(n) && OTHERS.contains(words[n].text) && words[n].text.len() > 3 && !is_function(words[n].text);
    if institution { 0 } else { n }
}

fn is_surname(word: &str) -> bool {
    let word = bare(word);
    let shouted = word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase());
    word.len() > 1 && !word.ends_with('.') && !OTHERS.contains(word) && !shouted
}

/// Without the genitive.
fn bare(word: &str) -> &str {
    word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word)
}

/// Words that may begin the next sentence behind a name.
fn is_function(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
        && matches!(
            word,
            "They"
                | "Their"
                | "Your"
                | "This"
                | "That"
                | "These"
                | "Those"
                | "There"
                | "Here"
                | "What"
                | "Where"
                | "When"
                | "While"
                | "Please"
                | "Thanks"
                | "Thank"
                | "Dear"
                | "Hello"
                | "From"
                | "With"
                | "Were"
                | "Would"
                | "Could"
                | "Should"
                | "Might"
                | "Must"
                | "Does"
                | "Will"
        )
}
