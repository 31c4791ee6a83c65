//! The settings of each kind of step.

use serde::{Deserialize, Serialize};

/// Settings with `deny_unknown_fields`, and a default for every one.
macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(deny_unknown_fields, default)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }
    )*};
}

/// Words of a closed set, in lower case.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl Words for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }
    )*};
}

mod augment;
mod rewriting;

pub use augment::{Augment, AugmentMethod};
pub use rewriting::{ChineseForm, Garble, Html, Mojibake, PersonalAction, PersonalKind, Pii, Script};

/// Languages that a step tells apart (ISO 639-1); `other` is a script that none of them is written in, `mixed` several
/// languages in one text, `none` no letters at all. In older recipes `en` stood for any text in letters; it is English alone.
pub const LANGUAGES: [&str; 22] = [
    "zh", "ja", "ko", "en", "de", "fr", "es", "pt", "it", "vi", "id", "ru", "uk", "ar", "fa", "hi", "th", "he", "el",
    "other", "mixed", "none",
];

/// A closed set of words.
pub trait Words: Sized + 'static {
    const ALL: &'static [Self];
}

words! {
    /// Which turns of a sample a step is about.
    Where {
        /// Everything before the answer, the system prompt included.
        Prompt,
        /// The last turn of the assistant, and the rejected answer of a pair.
        Answer,
        Both,
    }
    /// What lengths are counted in.
    Unit {
        Characters,
        /// Runs of letters and digits; each Han character is one.
        Words,
        /// Turns of the conversation.
        Turns,
    }
    /// Normal forms of Unicode Standard Annex #15.
    UnicodeForm {
        /// Composed characters; nothing looks different.
        Nfc,
        /// Compatibility forms also become ordinary ones: ﬁ → fi, ① → 1, ｆｕｌｌ → full.
        Nfkc,
    }
    /// What happens to samples that a step finds.
    Mode {
        Remove,
        /// Make it right where that is possible; remove what cannot be.
        Repair,
    }
    /// Which of several equal samples stays.
    Keep {
        First,
        Last,
        /// The one with the longest answer.
        Longest,
    }
    /// What texts are cut into to be compared.
    Pieces {
        /// Runs of characters, without regard to words.
        Characters,
        /// Runs of words; each Han character is one.
        Words,
    }
    /// Which tokens of a sample a perplexity is of.
    Likely {
        /// Those of the answer, given all before it.
        Answer,
        All,
    }
    /// How labels that may be wrong are found.
    LabelMethod {
        /// Confident learning: a classifier of embeddings that has not seen the sample is sure of another label.
        Confident,
        /// Texts that say nearly the same have another label.
        Neighbours,
    }
    /// From which split a copy is taken away first.
    Order {
        /// Test samples stay and training loses the copy: scores stay comparable.
        HeldOut,
        /// Training samples stay and the test loses the copy.
        Train,
    }
}

settings! {
    Unicode {
        within: Where = Where::Both,
        form: UnicodeForm = UnicodeForm::Nfc,
    }
    Width {
        within: Where = Where::Both,
        /// Full-width letters, digits and space become ASCII: Ａ１ → A1.
        letters: bool = true,
        /// Between Han characters, ASCII punctuation becomes full-width: 好,好 → 好，好.
        punctuation: bool = false,
    }
    Characters {
        within: Where = Where::Both,
        /// Control characters other than line feed and tab.
        control: bool = true,
        /// Invisible characters that no script needs: zero-width space, byte-order mark, soft hyphen, marks of direction.
        invisible: bool = true,
        /// Runs of spaces become one, runs of empty lines one, none at the ends.
        space: bool = true,
    }
    Turns {
        mode: Mode = Mode::Repair,
        /// An answer without sentence end that stops in the middle of a word or list counts as truncated.
        truncated: bool = false,
    }
    Length {
        within: Where = Where::Both,
        unit: Unit = Unit::Characters,
        least: u64 = 1,
        most: u64 = 100_000,
    }
    Language {
        within: Where = Where::Both,
        /// Languages that stay, words of [`LANGUAGES`]. A text that cannot be told for sure stays, too.
        languages: Vec<String> = vec!["zh".to_owned(), "en".to_owned(), "mixed".to_owned()],
    }
    /// Rae et al. 2021, "Scaling Language Models: … Gopher", table A1.
    Repetition {
        within: Where = Where::Answer,
        /// Words of the sequences that are counted.
        ngram: u64 = 4,
        /// Share of characters in repeated sequences from which on a text goes.
        share: f64 = 0.3,
        /// Share of lines that stand there before from which on a text goes.
        lines: f64 = 0.3,
    }
    ExactDuplicates {
        /// Compare this part; `prompt` finds one question with several answers.
        within: Where = Where::Both,
        /// Case, spacing and punctuation do not count.
        normalise: bool = false,
        keep: Keep = Keep::First,
        order: Order = Order::HeldOut,
    }
    NearDuplicates {
        within: Where = Where::Both,
        /// Jaccard index of the pieces from which on two texts are copies.
        threshold: f64 = 0.8,
        pieces: Pieces = Pieces::Characters,
        /// Characters or words per piece.
        size: u64 = 5,
        /// The same for texts that are mostly Han, where one character says as much as a word.
        han_size: u64 = 3,
        /// Samples with different labels are no copies of each other.
        same_label: bool = true,
        keep: Keep = Keep::First,
        order: Order = Order::HeldOut,
        /// Of the sketches that bring similar texts together.
        seed: u64 = 42,
    }
    LabelConflicts {
        /// Keep the label that most copies have, where there is a majority; otherwise all go.
        majority: bool = false,
    }
    Balance {
        /// Most samples of a label for one of the rarest label.
        ratio: f64 = 1.0,
        /// Repeat samples of rare labels instead of removing those of frequent ones.
        repeat: bool = false,
        seed: u64 = 42,
    }
    /// Wenzek et al. 2020, "CCNet": filtering by a language model's perplexity.
    Perplexity {
        of: Likely = Likely::Answer,
        /// Percent of the samples, the least likely ones, that go.
        highest: f64 = 2.0,
        /// Percent of the samples, the most likely ones, that go: what the model knows by heart teaches it nothing.
        lowest: f64 = 0.0,
        /// Perplexity above which a sample goes; 0 is no bound.
        above: f64 = 0.0,
        /// Perplexity below which a sample goes; 0 is no bound.
        below: f64 = 0.0,
        /// Validation and test samples too.
        held_out: bool = false,
    }
    /// Ramaswamy, Rastogi & Shim 2000: distance to the k nearest neighbours.
    Outliers {
        /// Nearest samples whose mean distance counts.
        neighbours: u64 = 10,
        /// Percent of the samples, the farthest ones, that go.
        percent: f64 = 1.0,
        /// Neighbours are looked for among this many samples at most, drawn by the seed.
        sample: u64 = 5000,
        /// Validation and test samples too.
        held_out: bool = false,
        seed: u64 = 42,
    }
    /// Northcutt, Jiang & Chuang 2021, "Confident learning".
    LabelProblems {
        method: LabelMethod = LabelMethod::Confident,
        /// Parts of the samples; each is judged by a classifier of the others.
        folds: u64 = 5,
        /// Similarity of embeddings from which on two texts say nearly the same.
        similarity: f64 = 0.95,
        /// Nearest samples that are asked.
        neighbours: u64 = 10,
        /// Learned from, or looked for among, this many samples at most, drawn by the seed.
        sample: u64 = 20_000,
        /// Validation and test samples too.
        held_out: bool = false,
        seed: u64 = 42,
    }
}
