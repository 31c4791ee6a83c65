//! How well people agree on a task, as pages and REST show it. [`super::quality`] computes it.

use super::view::{ConsensusMethod, Person};
use crate::id::ItemId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Items that agreement is measured on at most; of more a seeded draw.
pub const MAX_ITEMS: u64 = 50_000;
/// Items with the least agreement that are listed.
pub const LOWEST: usize = 50;

super::words! {
    /// What is measured over all who answered a question.
    Measure {
        /// Krippendorff's α of categories without an order.
        AlphaNominal = "alpha_nominal",
        /// Krippendorff's α of numbers in an order.
        AlphaOrdinal = "alpha_ordinal",
        /// Krippendorff's α of sets, with the distance MASI.
        AlphaSets = "alpha_sets",
        /// Krippendorff's αᵤ of units of a text, over pairs of people.
        AlphaUnits = "alpha_units",
        /// Mean of Kendall's W of each item's orders.
        KendallW = "kendall_w",
        /// Mean of 1 − normalised edit distance of two texts.
        Similarity = "similarity",
    }
}

/// How well people agree on a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agreement {
    /// Items with answers of two people or more.
    pub items: u64,
    /// On how many of them it was measured: fewer only where they are more than [`MAX_ITEMS`].
    pub measured: u64,
    pub questions: Vec<QuestionAgreement>,
    /// Gold items that people were right about.
    pub gold: Vec<GoldScore>,
    /// When it was computed.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub as_of: Option<OffsetDateTime>,
    /// Whether judgements are as they were then. What takes long is not computed anew at each change.
    #[serde(default)]
    pub is_current: bool,
}

/// How well people agree on a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuestionAgreement {
    /// Its name, title and kind.
    pub question: String,
    pub title: String,
    pub kind: String,
    /// Items that two people or more answered.
    pub items: u64,
    pub measure: Measure,
    /// `None` where nothing was measured: too few answers, or all the same.
    pub value: Option<f64>,
    /// Its 95 % interval; `None` of [`Measure::AlphaUnits`] where there are too many texts to draw them again and again.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Of ratings also α with equal distances between the numbers.
    pub alpha_interval: Option<f64>,
    /// Fleiss' κ, of categories.
    pub fleiss: Option<f64>,
    /// How alike two answers to an item are in the mean, 0 to 1; for categories the share of pairs that say the same.
    pub alike: Option<f64>,
    pub pairs: Vec<PairAgreement>,
    pub classes: Vec<ClassAgreement>,
    /// Items on which people agree least, least first.
    pub lowest: Vec<ItemAgreement>,
    pub people: Vec<PersonAgreement>,
    /// Agreement by the week in which an item was first judged, oldest first.
    pub weeks: Vec<WeekAgreement>,
}

/// How well two people agree on a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PairAgreement {
    pub first: Person,
    pub second: Person,
    /// Items that both answered.
    pub items: u64,
    /// How alike their answers are, 0 to 1.
    pub alike: f64,
    /// Cohen's κ of categories; of ratings quadratically weighted, and linearly.
    pub kappa: Option<f64>,
    pub kappa_linear: Option<f64>,
    /// F1 of spans in the same place with the same label, and as far as they overlap.
    pub f1_exact: Option<f64>,
    pub f1_partial: Option<f64>,
}

/// How well people agree on one option or label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClassAgreement {
    pub value: String,
    /// How often it was said, on items that several answered.
    pub said: u64,
    /// Where one says it, how often another who answered the item says it too, 0 to 1 (specific agreement: Fleiss 1981).
    pub agreement: Option<f64>,
    /// Krippendorff's α of saying it or not.
    pub alpha: Option<f64>,
}

/// How alike the answers to an item are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemAgreement {
    pub item_id: ItemId,
    pub rank: u32,
    pub answers: u32,
    /// 0 to 1.
    pub alike: f64,
}

/// How a person's answers stand to what the others say together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonAgreement {
    pub person: Person,
    /// Items that others answered too and that a majority of the others decides.
    pub items: u64,
    /// How alike the person's answers are to those of the others' majority, 0 to 1.
    pub alike: Option<f64>,
    /// How likely the person is right under Dawid and Skene's model, of categories.
    pub accuracy: Option<f64>,
}

/// Agreement in a week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WeekAgreement {
    /// Its Monday, as `2026-05-25`.
    pub week: String,
    pub items: u64,
    /// The question's measure; `None` where nothing was measured.
    pub value: Option<f64>,
    pub alike: Option<f64>,
}

/// Gold items that a person was right about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GoldScore {
    pub person: Person,
    pub judged: u64,
    pub right: u64,
}

/// What computing the consensus of a task came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Computed {
    /// Items whose judgements come to something.
    pub decided: u64,
    /// Items on which people differ too much: they wait for an adjudicator.
    pub undecided: u64,
    /// Items that a person has decided: they stay as they are.
    pub kept: u64,
}

/// How to compute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Compute {
    /// `majority` or `dawid_skene`; `expert` computes nothing.
    pub method: ConsensusMethod,
}
