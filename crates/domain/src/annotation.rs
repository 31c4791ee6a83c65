//! Annotation: what people are asked of an item, what they answer, and how the work is shared out. A **task** asks its
//! **questions** of each **item**; an **assignment** gives an item to a person for a while; what the person sends is a
//! **judgement**. Agreement of several is measured in [`crate::agreement`].

pub mod agreement_view;
pub mod answer;
pub mod batch;
pub mod consensus;
pub mod design;
pub mod distribution;
pub mod exchange;
pub mod guideline;
pub mod outcome;
pub mod overlap;
pub mod publish;
pub mod quality;
pub mod review_view;
pub mod suggest;
pub mod view;

use serde::{Deserialize, Serialize};

/// Most questions of a task.
pub const MAX_QUESTIONS: usize = 20;
/// Most options of a question.
pub const MAX_OPTIONS: usize = 300;
/// Longest title, option or label, in characters.
pub const MAX_TITLE_CHARS: usize = 200;
/// Longest comment and longest guideline, in characters.
pub const MAX_COMMENT_CHARS: usize = 4000;
pub const MAX_GUIDELINE_CHARS: usize = 100_000;
/// Longest written answer, in characters.
pub const MAX_TEXT_CHARS: usize = 20_000;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        $(#[$doc])*
        pub enum $name {
            $($(#[$vdoc])* $variant),*
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in JSON, addresses and the database.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::annotation::UnknownWord;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|x| x.as_str() == s).ok_or_else(|| $crate::annotation::UnknownWord(s.to_owned()))
            }
        }
    };
}
pub(crate) use words;

/// A word that stands for nothing here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown word {0:?}")]
pub struct UnknownWord(pub String);

words! {
    /// How far a task is.
    TaskStatus {
        /// Its questions may still change; nobody is given items.
        Draft = "draft",
        /// People are given items.
        Open = "open",
        /// Nobody is given new items for now; what is begun may be sent.
        Paused = "paused",
        /// Nothing more is taken.
        Closed = "closed",
    }
}

impl TaskStatus {
    /// Whether a task may go from this status to that one.
    #[must_use]
    pub fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Draft | Self::Paused | Self::Closed, Self::Open)
                | (Self::Open, Self::Paused)
                | (Self::Open | Self::Paused, Self::Closed)
        )
    }
}

words! {
    /// How far the work on an item is.
    ItemStatus {
        /// It wants more judgements.
        Open = "open",
        /// All judgements that it wants are there, and they wait for nobody.
        Judged = "judged",
        /// It waits for a reviewer.
        Review = "review",
        /// Judgements differ, and a person must decide.
        Adjudication = "adjudication",
        /// A reviewer or adjudicator has decided.
        Accepted = "accepted",
        /// Left out of the result: nobody could judge it.
        Excluded = "excluded",
    }
}

words! {
    /// What became of an item in a person's hands.
    AssignmentStatus {
        /// The person has it, until its lock ends.
        Held = "held",
        Submitted = "submitted",
        /// Given back unjudged; the person does not get it again unless they ask.
        Skipped = "skipped",
        /// The lock ended before anything was sent.
        Expired = "expired",
        /// A reviewer wants it done again.
        Returned = "returned",
    }
}

words! {
    /// Where a judgement comes from.
    #[cfg_attr(feature = "openapi", schema(as = JudgementOrigin))]
    Origin {
        Annotator = "annotator",
        /// A reviewer fixed somebody's judgement.
        Review = "review",
        /// An adjudicator decided among several.
        Adjudication = "adjudication",
        /// Read from a file.
        Import = "import",
    }
}

words! {
    /// What a reviewer says of a judgement.
    #[cfg_attr(feature = "openapi", schema(as = ReviewVerdict))]
    Verdict {
        Accept = "accept",
        /// Accepted with the reviewer's own answers.
        Fix = "fix",
        /// Back to its annotator, with a reason.
        Return = "return",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_everywhere() {
        fn same<T: Serialize + Copy>(all: &[T], word: impl Fn(T) -> &'static str) {
            for one in all {
                assert_eq!(serde_json::to_value(one).ok(), Some(word(*one).into()));
            }
        }
        same(ItemStatus::ALL, ItemStatus::as_str);
        same(AssignmentStatus::ALL, AssignmentStatus::as_str);
        same(Origin::ALL, Origin::as_str);
        same(Verdict::ALL, Verdict::as_str);
        same(design::Show::ALL, design::Show::as_str);
        same(design::TextFrom::ALL, design::TextFrom::as_str);
        same(batch::BatchStatus::ALL, batch::BatchStatus::as_str);
        same(batch::BatchOpening::ALL, batch::BatchOpening::as_str);
        same(distribution::Order::ALL, distribution::Order::as_str);
        same(distribution::Review::ALL, distribution::Review::as_str);
        same(review_view::Queue::ALL, review_view::Queue::as_str);
        same(view::ConsensusMethod::ALL, view::ConsensusMethod::as_str);
    }

    #[test]
    fn a_task_is_not_drafted_again() {
        for status in TaskStatus::ALL {
            assert!(!status.can_become(TaskStatus::Draft));
            assert_eq!(status.as_str().parse(), Ok(*status));
            assert_eq!(serde_json::to_value(status).ok(), Some(status.as_str().into()));
        }
        assert!(TaskStatus::Closed.can_become(TaskStatus::Open) && !TaskStatus::Draft.can_become(TaskStatus::Paused));
    }
}
