//! The Porter stemmer (An algorithm for suffix stripping, Program 14.3, 1980) with the extensions of NLTK, as rouge-score
//! uses it.

/// Forms that the rules get wrong, with their stems.
const IRREGULAR: [(&str, &str); 16] = [
    ("sky", "sky"),
    ("skies", "sky"),
    ("dying", "die"),
    ("lying", "lie"),
    ("tying", "tie"),
    ("news", "news"),
    ("innings", "inning"),
    ("inning", "inning"),
    ("outings", "outing"),
    ("outing", "outing"),
    ("cannings", "canning"),
    ("canning", "canning"),
    ("howe", "howe"),
    ("proceed", "proceed"),
    ("exceed", "exceed"),
    ("succeed", "succeed"),
];

/// A suffix, what replaces it, and the condition on what stands before it.
type Rule = (&'static str, &'static str, fn(&str) -> bool);

/// The stem of an English word, in lower case.
#[must_use]
pub fn stem(word: &str) -> String {
    let word = word.to_lowercase();
    if let Some((_, stem)) = IRREGULAR.iter().find(|(form, _)| *form == word) {
        return (*stem).to_owned();
    }
    if word.chars().count() <= 2 {
        return word;
    }
    [step_1a, step_1b, step_1c, step_2, step_3, step_4, step_5a, step_5b].iter().fold(word, |word, step| step(&word))
}

/// Applies the first rule whose suffix is there, if its condition holds.
fn apply(word: &str, rules: &[Rule]) -> String {
    for (suffix, replacement, holds) in rules {
        if let Some(stem) = word.strip_suffix(suffix) {
            return if holds(stem) { format!("{stem}{replacement}") } else { word.to_owned() };
        }
    }
    word.to_owned()
}

/// For each letter, whether it is a consonant: none of a, e, i, o, u, and no y after a consonant.
fn consonants(word: &str) -> Vec<bool> {
    let mut flags: Vec<bool> = Vec::with_capacity(word.len());
    for c in word.chars() {
        let is = match c {
            'a' | 'e' | 'i' | 'o' | 'u' => false,
            'y' => flags.last().is_none_or(|before| !before),
            _ => true,
        };
        flags.push(is);
    }
    flags
}

/// How often a consonant follows a vowel: m of the paper.
fn measure(stem: &str) -> usize {
    consonants(stem).windows(2).filter(|pair| !pair[0] && pair[1]).count()
}

fn has_measure(stem: &str) -> bool {
    measure(stem) > 0
}

fn has_measure_above_one(stem: &str) -> bool {
    measure(stem) > 1
}

fn always(_: &str) -> bool {
    true
}

fn has_vowel(stem: &str) -> bool {
    consonants(stem).contains(&false)
}

/// Consonant, vowel, consonant other than w, x and y; of two letters also vowel, consonant.
fn ends_short(word: &str) -> bool {
    match consonants(word).as_slice() {
        [false, true] => true,
        [.., true, false, true] => !word.ends_with(['w', 'x', 'y']),
        _ => false,
    }
}

/// The word without its last letter when that is a consonant and stands there twice.
fn without_double(word: &str) -> Option<(&str, char)> {
    let mut letters = word.chars().rev();
    let last = letters.next()?;
    let doubled = letters.next() == Some(last) && consonants(word).last() == Some(&true);
    doubled.then(|| (&word[..word.len() - last.len_utf8()], last))
}

fn step_1a(word: &str) -> String {
    if word.ends_with("ies") && word.chars().count() == 4 {
        return apply(word, &[("ies", "ie", always)]);
    }
    apply(word, &[("sses", "ss", always), ("ies", "i", always), ("ss", "ss", always), ("s", "", always)])
}

fn step_1b(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ied") {
        return format!("{stem}{}", if word.chars().count() == 4 { "ie" } else { "i" });
    }
    if word.ends_with("eed") {
        return apply(word, &[("eed", "ee", has_measure)]);
    }
    let stem = ["ed", "ing"].iter().find_map(|suffix| word.strip_suffix(suffix).filter(|stem| has_vowel(stem)));
    let Some(stem) = stem else { return word.to_owned() };
    if ["at", "bl", "iz"].iter().any(|end| stem.ends_with(end)) {
        return format!("{stem}e");
    }
    match without_double(stem) {
        Some((_, 'l' | 's' | 'z')) => stem.to_owned(),
        Some((single, _)) => single.to_owned(),
        None if measure(stem) == 1 && ends_short(stem) => format!("{stem}e"),
        None => stem.to_owned(),
    }
}

fn step_1c(word: &str) -> String {
    apply(word, &[("y", "i", |stem| stem.chars().nth(1).is_some() && consonants(stem).last() == Some(&true))])
}

fn step_2(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("alli").filter(|stem| has_measure(stem)) {
        return step_2(&format!("{stem}al"));
    }
    apply(
        word,
        &[
            ("ational", "ate", has_measure),
            ("tional", "tion", has_measure),
            ("enci", "ence", has_measure),
            ("anci", "ance", has_measure),
            ("izer", "ize", has_measure),
            ("bli", "ble", has_measure),
            ("alli", "al", has_measure),
            ("entli", "ent", has_measure),
            ("eli", "e", has_measure),
            ("ousli", "ous", has_measure),
            ("ization", "ize", has_measure),
            ("ation", "ate", has_measure),
            ("ator", "ate", has_measure),
            ("alism", "al", has_measure),
            ("iveness", "ive", has_measure),
            ("fulness", "ful", has_measure),
            ("ousness", "ous", has_measure),
            ("aliti", "al", has_measure),
            ("iviti", "ive", has_measure),
            ("biliti", "ble", has_measure),
            ("fulli", "ful", has_measure),
            // The l counts as part of the stem here.
            ("logi", "log", |stem| has_measure(&format!("{stem}l"))),
        ],
    )
}

fn step_3(word: &str) -> String {
    apply(
        word,
        &[
            ("icate", "ic", has_measure),
            ("ative", "", has_measure),
            ("alize", "al", has_measure),
            ("iciti", "ic", has_measure),
            ("ical", "ic", has_measure),
            ("ful", "", has_measure),
            ("ness", "", has_measure),
        ],
    )
}

fn step_4(word: &str) -> String {
    let long = has_measure_above_one;
    apply(
        word,
        &[
            ("al", "", long),
            ("ance", "", long),
            ("ence", "", long),
            ("er", "", long),
            ("ic", "", long),
            ("able", "", long),
            ("ible", "", long),
            ("ant", "", long),
            ("ement", "", long),
            ("ment", "", long),
            ("ent", "", long),
            ("ion", "", |stem| has_measure_above_one(stem) && stem.ends_with(['s', 't'])),
            ("ou", "", long),
            ("ism", "", long),
            ("ate", "", long),
            ("iti", "", long),
            ("ous", "", long),
            ("ive", "", long),
            ("ize", "", long),
        ],
    )
}

fn step_5a(word: &str) -> String {
    apply(word, &[("e", "", |stem| measure(stem) > 1 || (measure(stem) == 1 && !ends_short(stem)))])
}

fn step_5b(word: &str) -> String {
    apply(word, &[("ll", "l", |stem| has_measure_above_one(&format!("{stem}l")))])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the paper, as NLTK 3.10 stems them.
    #[test]
    fn stems_are_those_of_nltk() {
        #[rustfmt::skip]
        let pairs = [
            ("caresses", "caress"), ("ponies", "poni"), ("ties", "tie"), ("dies", "die"), ("caress", "caress"),
            ("cats", "cat"), ("feed", "feed"), ("agreed", "agre"), ("plastered", "plaster"), ("bled", "bled"),
            ("motoring", "motor"), ("sing", "sing"), ("conflated", "conflat"), ("troubled", "troubl"),
            ("sized", "size"), ("hopping", "hop"), ("tanned", "tan"), ("falling", "fall"), ("hissing", "hiss"),
            ("fizzed", "fizz"), ("failing", "fail"), ("filing", "file"), ("happy", "happi"), ("sky", "sky"),
            ("skies", "sky"), ("enjoy", "enjoy"), ("by", "by"), ("spy", "spi"), ("tied", "tie"), ("died", "die"),
            ("relational", "relat"), ("conditional", "condit"), ("rational", "ration"), ("valenci", "valenc"),
            ("hesitancy", "hesit"), ("digitizer", "digit"), ("conformably", "conform"), ("radically", "radic"),
            ("differently", "differ"), ("vilely", "vile"), ("analogously", "analog"), ("vietnamization", "vietnam"),
            ("predication", "predic"), ("operator", "oper"), ("feudalism", "feudal"), ("decisiveness", "decis"),
            ("hopefulness", "hope"), ("callousness", "callous"), ("formality", "formal"), ("sensitivity", "sensit"),
            ("sensibility", "sensibl"), ("triplicate", "triplic"), ("formative", "form"), ("formalize", "formal"),
            ("electricity", "electr"), ("electrical", "electr"), ("hopeful", "hope"), ("goodness", "good"),
            ("revival", "reviv"), ("allowance", "allow"), ("inference", "infer"), ("airliner", "airlin"),
            ("gyroscopic", "gyroscop"), ("adjustable", "adjust"), ("defensible", "defens"), ("irritant", "irrit"),
            ("replacement", "replac"), ("adjustment", "adjust"), ("dependent", "depend"), ("adoption", "adopt"),
            ("homologou", "homolog"), ("communism", "commun"), ("activate", "activ"), ("angularities", "angular"),
            ("effective", "effect"), ("bowdlerize", "bowdler"), ("probate", "probat"), ("rate", "rate"),
            ("cease", "ceas"), ("controlling", "control"), ("roll", "roll"), ("yyyy", "yyyi"), ("apology", "apolog"),
            ("geology", "geolog"), ("fully", "fulli"), ("carefully", "care"), ("succeed", "succeed"),
            ("proceed", "proceed"), ("news", "news"), ("at", "at"), ("is", "is"), ("ied", "i"), ("Running", "run"),
            ("中文ing", "中文ing"), ("été", "été"),
        ];
        for (word, expected) in pairs {
            assert_eq!(stem(word), expected, "{word}");
        }
    }
}
