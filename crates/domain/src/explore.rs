//! Exploring a version: which samples are asked for, and what is found.

use crate::{
    dataset::SampleRow,
    id::{BadCaseId, SampleId, ScoringId, VersionId},
    sample::{Sample, Speaker},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use time::OffsetDateTime;

/// Longest value of a facet, in characters: a longer label or slice counts as its first ones.
pub const MAX_VALUE_CHARS: usize = 200;
/// Longest tag, in characters.
pub const MAX_TAG_CHARS: usize = 60;
/// Values of a field that are counted: its most frequent ones.
pub const VALUES_COUNTED: usize = 50;
/// Rows that can be skipped by an offset are all of a version; pages are as long as everywhere.
pub const MAX_SEARCH_CHARS: usize = 500;

/// What samples can be filtered and counted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Split,
    Label,
    /// Lowest length, in characters, of a bucket that doubles in width.
    Length,
    /// What the text is written in, see [`Script`].
    Script,
    /// Messages but for the system's.
    Turns,
    /// `yes` where there is a system message.
    System,
    /// Where the sample was imported from.
    File,
    /// `yes` for a correction.
    Corrected,
    /// `yes` for content that stands earlier in the version.
    Duplicate,
    /// `yes` for a preference pair.
    Pair,
    Tag,
    /// Of the answer under the model of this scoring: the lowest one of a bucket that doubles in width, or a range, see
    /// [`PerplexityRange`](crate::score::PerplexityRange).
    Perplexity(ScoringId),
    /// A field of the source row.
    Slice(String),
}

/// How a slice's name is told from the other fields.
const SLICE: &str = "slice.";
/// How a scoring's id is told from the other fields.
const PERPLEXITY: &str = "perplexity.";

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Split => "split",
            Self::Label => "label",
            Self::Length => "length",
            Self::Script => "script",
            Self::Turns => "turns",
            Self::System => "system",
            Self::File => "file",
            Self::Corrected => "corrected",
            Self::Duplicate => "duplicate",
            Self::Pair => "pair",
            Self::Tag => "tag",
            Self::Perplexity(scoring) => return write!(f, "{PERPLEXITY}{scoring}"),
            Self::Slice(name) => return write!(f, "{SLICE}{}", name.replace('%', "%25").replace(':', "%3A")),
        })
    }
}

impl FromStr for Field {
    type Err = NoFilter;
    fn from_str(s: &str) -> Result<Self, NoFilter> {
        Ok(match s {
            "split" => Self::Split,
            "label" => Self::Label,
            "length" => Self::Length,
            "script" => Self::Script,
            "turns" => Self::Turns,
            "system" => Self::System,
            "file" => Self::File,
            "corrected" => Self::Corrected,
            "duplicate" => Self::Duplicate,
            "pair" => Self::Pair,
            "tag" => Self::Tag,
            _ => match (s.strip_prefix(SLICE), s.strip_prefix(PERPLEXITY)) {
                (Some(name), _) => Self::Slice(name.replace("%3A", ":").replace("%25", "%")),
                (None, Some(id)) => Self::Perplexity(id.parse().map_err(|_| NoFilter(s.to_owned()))?),
                (None, None) => return Err(NoFilter(s.to_owned())),
            },
        })
    }
}

impl Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that names no filter.
#[derive(Debug, thiserror::Error)]
#[error(
    "unknown filter {0:?}: expected FIELD:VALUE, where FIELD is split, label, length, script, turns, system, file, corrected, duplicate, pair, tag, perplexity.SCORING or slice.NAME"
)]
pub struct NoFilter(pub String);

/// A value that a field must have. Written `field:value`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Filter {
    pub field: Field,
    pub value: String,
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.field, self.value)
    }
}

impl FromStr for Filter {
    type Err = NoFilter;
    fn from_str(s: &str) -> Result<Self, NoFilter> {
        let (field, value) = s.split_once(':').ok_or_else(|| NoFilter(s.to_owned()))?;
        Ok(Self { field: field.parse().map_err(|_| NoFilter(s.to_owned()))?, value: value.to_owned() })
    }
}

impl Serialize for Filter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether a sample with these fields meets all filters: values of one field are alternatives, different fields must all hold.
#[must_use]
pub fn all_hold(filters: &[Filter], fields: &[(Field, String)]) -> bool {
    filters.iter().all(|filter| {
        let mut alternatives = filters.iter().filter(|other| other.field == filter.field);
        alternatives.any(|other| fields.iter().any(|(f, value)| *f == other.field && *value == other.value))
    })
}

/// What samples are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// As in the source.
    #[default]
    Position,
    Length,
    Label,
    /// Of the answer under the model of the chosen scoring; samples without a score come last.
    Perplexity,
}

impl Sort {
    pub const ALL: [Self; 4] = [Self::Position, Self::Length, Self::Label, Self::Perplexity];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Length => "length",
            Self::Label => "label",
            Self::Perplexity => "perplexity",
        }
    }
}

impl FromStr for Sort {
    type Err = NoFilter;
    fn from_str(s: &str) -> Result<Self, NoFilter> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == s).ok_or_else(|| NoFilter(s.to_owned()))
    }
}

/// Which samples of a version are asked for. Values of one field are alternatives, different fields must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Words that must all be in the text, `"a phrase"`, `begin*`, and `-not`.
    #[serde(default)]
    pub search: String,
    #[serde(default)]
    pub filters: Vec<Filter>,
    #[serde(default)]
    pub sort: Sort,
    #[serde(default)]
    pub descending: bool,
    /// The scoring that perplexities are of, where they are counted and ordered by.
    #[serde(default)]
    pub scoring: Option<ScoringId>,
    /// Whether rows of the test split are among them: then the look is on record.
    #[serde(default)]
    pub with_test: bool,
    /// Whether the facets need no counting: for who has counted them and turns pages.
    #[serde(default)]
    pub without_facets: bool,
    /// Samples to skip.
    #[serde(default)]
    pub offset: u32,
    pub limit: u32,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Found {
    /// Samples that match, without sealed ones.
    pub total: u64,
    /// Whether `total` is all: false when a phrase of frequent words was looked for in the first candidates alone.
    pub is_exact: bool,
    /// Samples of the test split that match and are not shown.
    pub sealed: u64,
    /// What was looked for in the text, in lower case, for marking it.
    pub terms: Vec<String>,
    pub facets: Vec<Facet>,
    pub items: Vec<FoundRow>,
    /// Give this as `offset` to get what follows; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_offset: Option<u32>,
}

/// A sample with the tags it has now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundRow {
    pub row: SampleRow,
    pub tags: Vec<String>,
}

/// How often each value of a field is among what was found, but for the filters on this field itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Facet {
    /// Such as `label` or `slice.topic`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub field: Field,
    /// The most frequent values of the version, at most 50, and those that are filtered by.
    pub values: Vec<FacetValue>,
}

/// One value of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FacetValue {
    pub value: String,
    pub count: u64,
}

/// Where else a sample is, and what it corrects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SampleHistory {
    /// Versions of its dataset that have it, oldest first: their numbers.
    pub versions: Vec<u32>,
    /// The samples that it corrects, directly first.
    pub corrects: Vec<RelatedSample>,
    /// The samples that correct it, oldest first.
    pub corrected_by: Vec<RelatedSample>,
}

/// A sample in a line of corrections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RelatedSample {
    pub id: SampleId,
    /// The bad case that led to it.
    pub bad_case_id: Option<BadCaseId>,
    /// The first version that has it: its number.
    pub version: Option<u32>,
}

/// A time that somebody had rows of a version's test split shown or sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestLook {
    pub version_id: VersionId,
    /// The person's name; absent when the account is gone.
    pub by: Option<String>,
    pub how: LookedBy,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// All looks at a version's test split.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestLooks {
    pub count: u64,
    pub people: u64,
    /// Newest first, at most 100.
    pub latest: Vec<TestLook>,
}

/// By which way test rows left the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum LookedBy {
    Page,
    Api,
    Download,
}

impl LookedBy {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Api => "api",
            Self::Download => "download",
        }
    }
}

impl FromStr for LookedBy {
    type Err = NoFilter;
    fn from_str(s: &str) -> Result<Self, NoFilter> {
        let known = [Self::Page, Self::Api, Self::Download];
        known.into_iter().find(|how| how.as_str() == s).ok_or_else(|| NoFilter(s.to_owned()))
    }
}

/// What a sample's text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    Han,
    Latin,
    /// More than a tenth of its letters Han, and more than a tenth Latin.
    Mixed,
    Other,
}

impl Script {
    pub const ALL: [Self; 4] = [Self::Han, Self::Latin, Self::Mixed, Self::Other];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Han => "han",
            Self::Latin => "latin",
            Self::Mixed => "mixed",
            Self::Other => "other",
        }
    }

    /// Of all messages together.
    #[must_use]
    pub fn of(sample: &Sample) -> Self {
        let (mut letters, mut han, mut latin) = (0u64, 0u64, 0u64);
        for c in sample.messages.iter().flat_map(|m| m.content.chars()).filter(|c| c.is_alphabetic()) {
            letters += 1;
            han += u64::from(is_han(c));
            latin += u64::from(matches!(c, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}'));
        }
        let much = |n: u64| n * 10 > letters;
        match (much(han), much(latin)) {
            (true, true) => Self::Mixed,
            (true, false) => Self::Han,
            (false, true) => Self::Latin,
            (false, false) => Self::Other,
        }
    }
}

/// Whether a character is a Chinese one (Unicode's blocks of unified and compatibility ideographs).
#[must_use]
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// The lowest length of the bucket that `characters` falls into: 0, 16, 32, 64 …
#[must_use]
pub fn length_bucket(characters: u32) -> u32 {
    (characters / 16).checked_ilog2().map_or(0, |log| 16 << log)
}

/// Characters of all messages.
#[must_use]
pub fn characters(sample: &Sample) -> u32 {
    let count: usize = sample.messages.iter().map(|m| m.content.chars().count()).sum();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The fields of a sample and their values, but for those that only a whole version shows and for tags.
#[must_use]
pub fn fields(row: &SampleRow) -> Vec<(Field, String)> {
    let sample = &row.sample;
    let is_system = |role: Speaker| role == Speaker::System;
    let turns = sample.messages.iter().filter(|m| !is_system(m.role)).count();
    let mut found = vec![
        (Field::Split, row.split.as_str().to_owned()),
        (Field::Length, length_bucket(characters(sample)).to_string()),
        (Field::Script, Script::of(sample).as_str().to_owned()),
        (Field::Turns, turns.min(20).to_string()),
    ];
    let flags = [
        (Field::System, sample.messages.iter().any(|m| is_system(m.role))),
        (Field::Corrected, row.parent_id.is_some()),
        (Field::Pair, sample.rejected.is_some()),
    ];
    found.extend(flags.into_iter().filter(|(_, holds)| *holds).map(|(field, _)| (field, "yes".to_owned())));
    found.extend(sample.label.as_deref().map(|label| (Field::Label, cut(label))));
    if !row.source_file.is_empty() {
        found.push((Field::File, cut(&row.source_file)));
    }
    found.extend(sample.slices.iter().map(|(name, value)| (Field::Slice(name.clone()), cut(value))));
    found
}

/// A value as short as facets keep it.
#[must_use]
pub fn cut(value: &str) -> String {
    value.chars().take(MAX_VALUE_CHARS).collect()
}

/// A tag as it is kept: without white space at its ends; `None` for one that is empty, too long or not one line.
#[must_use]
pub fn parse_tag(text: &str) -> Option<String> {
    let tag = text.trim();
    let is_good = !tag.is_empty() && tag.chars().count() <= MAX_TAG_CHARS && !tag.chars().any(char::is_control);
    is_good.then(|| tag.to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::sample::Message;

    #[test]
    fn a_filter_reads_back() {
        let perplexity = "perplexity.01890a5d-ac96-774b-bcce-b302099a8057:2..8";
        for text in ["split:train", "label:a:b", "slice.to%3Apic%25:x:y", "tag:好", perplexity] {
            assert_eq!(text.parse::<Filter>().unwrap().to_string(), text);
        }
        let slice: Filter = "slice.to%3Apic:x".parse().unwrap();
        assert_eq!(slice.field, Field::Slice("to:pic".to_owned()));
        assert!("perplexity.x:1".parse::<Filter>().is_err());
        assert!("nothing".parse::<Filter>().is_err() && "colour:red".parse::<Filter>().is_err());
    }

    #[test]
    fn buckets_double() {
        let buckets = [0, 15, 16, 31, 32, 63, 64, 1000].map(length_bucket);
        assert_eq!(buckets, [0, 0, 16, 16, 32, 32, 64, 512]);
    }

    #[test]
    fn scripts_are_told_apart() {
        let of = |text: &str| {
            let messages = vec![Message::new(Speaker::User, text)];
            Script::of(&Sample {
                messages,
                label: None,
                rejected: None,
                slices: Default::default(),
                ..Sample::default()
            })
        };
        assert_eq!(
            [of("今天天气很好 ok"), of("hello 3"), of("用Rust写code"), of("привет"), of("42")],
            [Script::Mixed, Script::Latin, Script::Mixed, Script::Other, Script::Other]
        );
        assert_eq!(of("今天天气很好，我们一起去公园散步吧 a"), Script::Han);
    }

    #[test]
    fn tags_are_short_lines() {
        assert_eq!(parse_tag(" check me "), Some("check me".to_owned()));
        assert!([" ", "a\nb", &"x".repeat(61)].into_iter().all(|bad| parse_tag(bad).is_none()));
    }
}
