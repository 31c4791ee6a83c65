//! Texts in languages that are not wanted. Where the script decides, it does: Chinese, Japanese, Korean, Hindi and others.
//! Languages that share Latin, Cyrillic or Arabic letters are told apart by models of their sequences of letters (`lingua`),
//! some megabytes for each, which is why there are few.
//!
//! A wrong answer here removes a sample, so a text of which the models are not sure stays. One in a language that they do
//! not know, as Dutch, is taken for its nearest, or not told.

use super::{Item, RowStep, Verdict, text::texts};
use crate::similar::is_han;
use domain::steps::{self, Reason};
use lingua::{Language as Tongue, LanguageDetector, LanguageDetectorBuilder};
use std::sync::LazyLock;

/// Languages that share their script with others, with their words in recipes (ISO 639-1).
const TOLD_APART: [(Tongue, &str); 12] = [
    (Tongue::English, "en"),
    (Tongue::German, "de"),
    (Tongue::French, "fr"),
    (Tongue::Spanish, "es"),
    (Tongue::Portuguese, "pt"),
    (Tongue::Italian, "it"),
    (Tongue::Vietnamese, "vi"),
    (Tongue::Indonesian, "id"),
    (Tongue::Russian, "ru"),
    (Tongue::Ukrainian, "uk"),
    (Tongue::Arabic, "ar"),
    (Tongue::Persian, "fa"),
];
/// How much likelier than the next a language must be, as a difference of two shares of 1.
const MARGIN: f64 = 0.25;
/// Characters at the beginning of a text that are looked at: more of them say nothing new.
const CHARACTERS: usize = 2000;

/// Reads a model when a text is the first that may be of its language.
static DETECTOR: LazyLock<LanguageDetector> = LazyLock::new(|| {
    let languages = TOLD_APART.map(|(language, _)| language);
    LanguageDetectorBuilder::from_languages(&languages).with_minimum_relative_distance(MARGIN).build()
});

pub(super) struct Language(pub(super) steps::Language);

impl Language {
    fn keeps(&self, language: Option<&str>) -> bool {
        language.is_none_or(|language| self.0.languages.iter().any(|wanted| wanted == language))
    }
}

impl RowStep for Language {
    fn judge(&self, item: &Item) -> Verdict {
        match language_of(&texts(&item.sample, self.0.within)) {
            Some(language) if !self.keeps(Some(language)) => {
                Verdict::Remove(Reason::OtherLanguage { language: language.to_owned() })
            }
            _ => Verdict::Keep,
        }
    }
}

/// A text's language as a word of [`steps::LANGUAGES`]; `None` where it cannot be told for sure.
#[must_use]
pub fn language_of(text: &str) -> Option<&'static str> {
    let end = text.char_indices().nth(CHARACTERS).map_or(text.len(), |(at, _)| at);
    let text = &text[..end];
    let mut counts = [0u32; SCRIPTS];
    text.chars().filter(|c| c.is_alphabetic()).for_each(|c| counts[script(c) as usize] += 1);
    let count = |script: Writing| counts[script as usize];
    let (han, kana, hangul) = (count(Writing::Han), count(Writing::Kana), count(Writing::Hangul));
    let east = han + kana + hangul;
    match (east, counts.iter().sum::<u32>() - east) {
        (0, 0) => Some("none"),
        // One of these characters says about as much as four letters.
        (east, letters) if 10 * east < letters => in_letters(text, &counts, letters),
        (east, letters) if east < letters => Some("mixed"),
        // Japanese is Han characters with kana between them; Korean has few Han characters.
        (east, _) if 10 * kana >= east => Some("ja"),
        (east, _) if 2 * hangul >= east => Some("ko"),
        _ => Some("zh"),
    }
}

/// The language of a text in an alphabet, of `letters` letters.
fn in_letters(text: &str, counts: &[u32; SCRIPTS], letters: u32) -> Option<&'static str> {
    let most = ALPHABETS.into_iter().max_by_key(|script| counts[*script as usize])?;
    if 3 * counts[most as usize] < 2 * letters {
        return Some("mixed");
    }
    match most {
        Writing::Devanagari => Some("hi"),
        Writing::Thai => Some("th"),
        Writing::Hebrew => Some("he"),
        Writing::Greek => Some("el"),
        Writing::Latin | Writing::Cyrillic | Writing::Arabic => {
            let language = DETECTOR.detect_language_of(text)?;
            TOLD_APART.iter().find(|(known, _)| *known == language).map(|(_, word)| *word)
        }
        _ => Some("other"),
    }
}

/// Scripts that are told apart.
#[derive(Clone, Copy)]
enum Writing {
    Han,
    Kana,
    Hangul,
    Latin,
    Cyrillic,
    Arabic,
    Devanagari,
    Thai,
    Hebrew,
    Greek,
    Other,
}

/// How many of them there are.
const SCRIPTS: usize = Writing::Other as usize + 1;
const ALPHABETS: [Writing; 8] = [
    Writing::Latin,
    Writing::Cyrillic,
    Writing::Arabic,
    Writing::Devanagari,
    Writing::Thai,
    Writing::Hebrew,
    Writing::Greek,
    Writing::Other,
];

/// The script of a letter, by Unicode's blocks.
fn script(c: char) -> Writing {
    match c {
        c if is_han(c) => Writing::Han,
        '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}' => Writing::Kana,
        '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7af}' => Writing::Hangul,
        '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff5a}' => Writing::Latin,
        '\u{400}'..='\u{52f}' => Writing::Cyrillic,
        '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' => {
            Writing::Arabic
        }
        '\u{900}'..='\u{97f}' => Writing::Devanagari,
        '\u{e00}'..='\u{e7f}' => Writing::Thai,
        '\u{590}'..='\u{5ff}' => Writing::Hebrew,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Writing::Greek,
        _ => Writing::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_that_decide_do() {
        for (text, expected) in [
            ("这部电影很好看，我很喜欢。", "zh"),
            ("この映画はとても面白かったです。", "ja"),
            ("이 영화는 정말 재미있었어요.", "ko"),
            ("यह फिल्म बहुत अच्छी थी।", "hi"),
            ("หนังเรื่องนี้สนุกมาก", "th"),
            ("הסרט הזה היה טוב מאוד", "he"),
            ("Αυτή η ταινία ήταν πολύ καλή", "el"),
            ("ეს ფილმი ძალიან კარგი იყო", "other"),
            ("我用 PyTorch 训练 transformer 模型，结果很好 really good", "mixed"),
            ("123 !?", "none"),
        ] {
            assert_eq!(language_of(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn languages_of_one_script_are_told_apart() {
        for (text, expected) in [
            ("The film was good, and we would watch it again with our friends.", "en"),
            ("Der Film war gut, und wir würden ihn gerne noch einmal mit unseren Freunden sehen.", "de"),
            ("Le film était très bon et nous aimerions le revoir avec nos amis cet été.", "fr"),
            ("La película fue muy buena y nos gustaría volver a verla con nuestros amigos mañana.", "es"),
            ("O filme foi muito bom, não sei se você também gostou das canções.", "pt"),
            ("Il film era molto bello e vorremmo rivederlo insieme agli amici perché ci piace.", "it"),
            ("Bộ phim này rất hay và chúng tôi muốn xem lại cùng bạn bè.", "vi"),
            ("Film ini sangat bagus dan kami ingin menontonnya lagi bersama teman-teman.", "id"),
            ("Этот фильм был очень хорошим, и мы хотели бы посмотреть его ещё раз.", "ru"),
            ("Цей фільм був дуже гарний, і ми хотіли б подивитися його ще раз.", "uk"),
            ("كان هذا الفيلم جيدا جدا ونريد أن نشاهده مرة أخرى مع أصدقائنا.", "ar"),
            ("این فیلم خیلی خوب بود و می‌خواهیم آن را دوباره با دوستانمان ببینیم، چه خوب.", "fa"),
        ] {
            assert_eq!(language_of(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_told_stays_and_every_word_is_one_that_a_recipe_may_use() {
        let only = Language(steps::Language { languages: vec!["de".to_owned()], ..steps::Language::default() });
        assert!(only.keeps(None) && only.keeps(Some("de")) && !only.keeps(Some("en")));
        let usual = Language(steps::Language::default());
        for word in steps::LANGUAGES {
            assert_eq!(usual.keeps(Some(word)), ["zh", "en", "mixed"].contains(&word), "{word}");
        }
        for (_, word) in TOLD_APART {
            assert!(steps::LANGUAGES.contains(&word), "{word}");
        }
    }
}
