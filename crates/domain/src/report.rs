//! Reports of runs, for whoever decides: blocks of text beside blocks that show evidence. A draft shows what is known now; a
//! version that was submitted shows what was known then ([`frozen`]), whatever is deleted later.

pub mod changes;
pub mod digest;
pub mod facts;
pub mod frozen;
pub mod judge;
pub mod risk;
pub mod view;
pub mod week;

use serde::{Deserialize, Serialize};

/// Runs that a report is about, at most.
pub const MAX_RUNS: usize = 10;
/// Blocks of a report, at most.
pub const MAX_BLOCKS: usize = 60;
/// Length of the text of a block, in characters.
pub const MAX_TEXT_CHARS: usize = 20_000;
/// Length of a title, in characters.
pub const MAX_TITLE_CHARS: usize = 200;
/// Length of the reason for which a version is returned, in characters.
pub const MAX_REASON_CHARS: usize = 2_000;

/// What a block shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportBlockKind))]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// Nothing but what a person writes.
    Text,
    /// What was asked: project, models, data.
    Question,
    /// The dataset versions.
    Data,
    /// The settings that differ from the usual ones.
    Method,
    /// Metrics of base and tuned model with intervals and verdicts.
    Results,
    LossCurve,
    Slices,
    Confusion,
    BadCases,
    Cost,
    Risks,
    Recommendation,
}

impl BlockKind {
    /// In the order in which a new report has them.
    pub const ALL: [Self; 12] = [
        Self::Text,
        Self::Question,
        Self::Data,
        Self::Method,
        Self::Results,
        Self::LossCurve,
        Self::Slices,
        Self::Confusion,
        Self::BadCases,
        Self::Cost,
        Self::Risks,
        Self::Recommendation,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Question => "question",
            Self::Data => "data",
            Self::Method => "method",
            Self::Results => "results",
            Self::LossCurve => "loss_curve",
            Self::Slices => "slices",
            Self::Confusion => "confusion",
            Self::BadCases => "bad_cases",
            Self::Cost => "cost",
            Self::Risks => "risks",
            Self::Recommendation => "recommendation",
        }
    }
}

impl std::str::FromStr for BlockKind {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}

/// A part of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportBlock))]
pub struct Block {
    /// Its number within the report, which it keeps wherever it is moved.
    pub key: u32,
    pub kind: BlockKind,
    /// What a person writes with it, as Markdown.
    #[serde(default)]
    pub text: String,
}

/// How far a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportStatus))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Draft,
    /// Its content is frozen and waits for a decision.
    Submitted,
    Approved,
    Returned,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Draft, Self::Submitted, Self::Approved, Self::Returned];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Returned => "returned",
        }
    }
}

impl std::str::FromStr for Status {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|x| x.as_str() == s).ok_or_else(|| crate::run::UnknownStatus(s.to_owned()))
    }
}

/// Title and blocks of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReportBody))]
pub struct Body {
    pub title: String,
    pub blocks: Vec<Block>,
}

/// What a form calls the fields of a block: no number, which would make a list of them.
#[must_use]
pub fn field_of(key: u32) -> String {
    format!("b{key}")
}

/// Why a body cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyProblem {
    #[error("the title must have 1 to {MAX_TITLE_CHARS} characters")]
    Title,
    #[error("a report has at most {MAX_BLOCKS} blocks")]
    TooManyBlocks,
    #[error("two blocks have the same key")]
    SameKey,
    #[error("the text of block {key} is longer than {MAX_TEXT_CHARS} characters")]
    Text { key: u32 },
}

impl BodyProblem {
    /// The field of a form or of JSON that it is about.
    #[must_use]
    pub fn field(self) -> String {
        match self {
            Self::Title => "title".to_owned(),
            Self::TooManyBlocks | Self::SameKey => "blocks".to_owned(),
            Self::Text { key } => field_of(key),
        }
    }
}

/// What the button of a draft's form asks for besides keeping what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    Save,
    Submit,
    Up(u32),
    Down(u32),
    Remove(u32),
    /// A block behind this one.
    Add(u32),
}

impl std::fmt::Display for Press {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Save => f.write_str("save"),
            Self::Submit => f.write_str("submit"),
            Self::Up(key) => write!(f, "up.{key}"),
            Self::Down(key) => write!(f, "down.{key}"),
            Self::Remove(key) => write!(f, "remove.{key}"),
            Self::Add(key) => write!(f, "add.{key}"),
        }
    }
}

impl std::str::FromStr for Press {
    type Err = crate::run::UnknownStatus;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let unknown = || crate::run::UnknownStatus(s.to_owned());
        let Some((word, key)) = s.split_once('.') else {
            return match s {
                "save" => Ok(Self::Save),
                "submit" => Ok(Self::Submit),
                _ => Err(unknown()),
            };
        };
        let key = key.parse().map_err(|_| unknown())?;
        match word {
            "up" => Ok(Self::Up(key)),
            "down" => Ok(Self::Down(key)),
            "remove" => Ok(Self::Remove(key)),
            "add" => Ok(Self::Add(key)),
            _ => Err(unknown()),
        }
    }
}

/// A change of the order of blocks, or of which there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockEdit {
    Up(u32),
    Down(u32),
    Remove(u32),
    /// Behind the block with this key; at the beginning where there is none.
    Add {
        behind: u32,
        kind: BlockKind,
    },
}

impl Body {
    /// A report with every block that shows evidence.
    #[must_use]
    pub fn new(title: String) -> Self {
        let kinds = BlockKind::ALL.into_iter().filter(|kind| *kind != BlockKind::Text);
        let blocks = kinds.zip(1..).map(|(kind, key)| Block { key, kind, text: String::new() });
        Self { title, blocks: blocks.collect() }
    }

    /// Whether it can be kept; blanks around the title go.
    pub fn check(mut self) -> Result<Self, BodyProblem> {
        self.title = self.title.trim().to_owned();
        if !(1..=MAX_TITLE_CHARS).contains(&self.title.chars().count()) || self.title.chars().any(char::is_control) {
            return Err(BodyProblem::Title);
        }
        if self.blocks.len() > MAX_BLOCKS {
            return Err(BodyProblem::TooManyBlocks);
        }
        let mut keys: Vec<u32> = self.blocks.iter().map(|block| block.key).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(BodyProblem::SameKey);
        }
        match self.blocks.iter().find(|block| block.text.chars().count() > MAX_TEXT_CHARS) {
            Some(block) => Err(BodyProblem::Text { key: block.key }),
            None => Ok(self),
        }
    }

    /// Moves, removes or adds a block. One that is not there any more is left alone.
    pub fn edit(&mut self, edit: BlockEdit) {
        let place = |key: u32| self.blocks.iter().position(|block| block.key == key);
        match edit {
            BlockEdit::Up(key) => {
                if let Some(i) = place(key).filter(|i| *i > 0) {
                    self.blocks.swap(i, i - 1);
                }
            }
            BlockEdit::Down(key) => {
                if let Some(i) = place(key).filter(|i| i + 1 < self.blocks.len()) {
                    self.blocks.swap(i, i + 1);
                }
            }
            BlockEdit::Remove(key) => self.blocks.retain(|block| block.key != key),
            BlockEdit::Add { behind, kind } => {
                let at = place(behind).map_or(0, |i| i + 1);
                let key = self.blocks.iter().map(|block| block.key).max().unwrap_or_default() + 1;
                self.blocks.insert(at, Block { key, kind, text: String::new() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn keys(body: &Body) -> Vec<u32> {
        body.blocks.iter().map(|block| block.key).collect()
    }

    #[test]
    fn blocks_keep_their_keys_wherever_they_go() {
        let mut body = Body::new("T".to_owned());
        body.blocks.truncate(3);
        body.edit(BlockEdit::Up(1));
        body.edit(BlockEdit::Down(3));
        body.edit(BlockEdit::Remove(99));
        assert_eq!(keys(&body), [1, 2, 3], "nothing moves beyond an end");
        body.edit(BlockEdit::Down(1));
        body.edit(BlockEdit::Add { behind: 2, kind: BlockKind::Text });
        body.edit(BlockEdit::Add { behind: 0, kind: BlockKind::Text });
        assert_eq!(keys(&body), [5, 2, 4, 1, 3]);
        body.edit(BlockEdit::Remove(4));
        assert_eq!(keys(&body), [5, 2, 1, 3]);
    }

    #[test]
    fn buttons_are_read_as_they_are_written() {
        for press in [Press::Save, Press::Submit, Press::Up(1), Press::Down(2), Press::Remove(3), Press::Add(0)] {
            assert_eq!(press.to_string().parse::<Press>().ok(), Some(press));
        }
        assert!(["", "up", "up.x", "left.1"].iter().all(|text| text.parse::<Press>().is_err()));
    }

    #[test]
    fn what_cannot_be_kept_is_named() {
        let body = Body::new(" A ".to_owned());
        assert_eq!(body.clone().check().unwrap().title, "A");
        assert_eq!(Body { title: " ".to_owned(), ..body.clone() }.check(), Err(BodyProblem::Title));
        let mut long = body.clone();
        long.blocks[1].text = "字".repeat(MAX_TEXT_CHARS + 1);
        assert_eq!(long.check().map_err(BodyProblem::field), Err("b2".to_owned()));
        let mut twice = body;
        twice.blocks[1].key = 1;
        assert_eq!(twice.check(), Err(BodyProblem::SameKey));
    }
}
