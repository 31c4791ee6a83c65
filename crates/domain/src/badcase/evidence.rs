//! Evidence on why a model was wrong: what training held of the like, and what the model itself said. It only suggests a
//! cause; people judge.

use super::Cause;
use crate::id::{DatasetId, SampleId, VersionId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// From this similarity on a training row says nearly the same.
pub const NEARLY_SAME: f64 = 0.7;
/// Below this similarity of the nearest training row, training had nothing of the like.
pub const FAR: f64 = 0.15;
/// Training rows with a label from which on a model can learn it.
pub const FEW_ROWS: u64 = 20;
/// Neighbours from which on their majority tells something.
pub const FEW_NEIGHBOURS: usize = 3;
/// From this probability of its wrong answer on, a model was sure of itself.
pub const SURE: f64 = 0.9;
/// Up to this probability of its wrong answer, it was a close call.
pub const CLOSE: f64 = 0.6;

/// A training row that is like the bad case's prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NearRow {
    pub sample_id: SampleId,
    /// Jaccard index of the two texts' character pieces, from 0 to 1; of [`Embedded`] rows the cosine of the embeddings.
    pub similarity: f64,
    pub prompt: String,
    /// Its label or answer.
    pub answer: String,
    /// Whether that is what the bad case expects.
    pub agrees: bool,
}

/// Training rows that are like the bad case to a model, whatever their words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = EmbeddedRows))]
pub struct Embedded {
    /// The model, with the run's number where an adapter was on it.
    pub model: String,
    /// By the cosine of their embeddings, nearest first.
    pub nearest: Vec<NearRow>,
    /// Mean cosine of all training rows: embeddings of a model lie close together, so only what is above tells something.
    pub mean: Option<f64>,
    #[serde(with = "time::serde::rfc3339")]
    pub computed_at: OffsetDateTime,
}

/// What is known of a bad case beside what people say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// The version that the model was trained on, or the newest of the dataset where no run is named.
    pub version_id: Option<VersionId>,
    pub dataset_id: Option<DatasetId>,
    pub dataset_name: String,
    pub version_number: i32,
    /// Whether the version can be searched; without an index there are no near rows.
    pub is_indexed: bool,
    /// Training rows.
    pub train: u64,
    /// The most similar training rows, most similar first.
    pub nearest: Vec<NearRow>,
    /// The same by the embeddings of a model, where they were looked for.
    pub embedded: Option<Embedded>,
    /// Whether they can be looked for: a model has scored the version with embeddings.
    pub can_embed: bool,
    /// The expected label, and how many training rows have it.
    pub label: Option<(String, u64)>,
    /// Fields of the sample with their values, and how many training rows have the same.
    pub slices: Vec<(String, String, u64)>,
    /// Probability that the model gave its own, wrong label, from 0 to 1.
    pub probability: Option<f64>,
    /// Tokens of the prompt that the model never saw, because it is longer than the run's longest sample.
    pub cut_tokens: Option<u32>,
}

/// What a piece of evidence says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// So many training rows that say nearly the same have another answer than expected.
    Conflict { rows: usize, others: usize },
    /// Training rows that say nearly the same all have another answer: the expected one may be wrong.
    Contradicted { rows: usize },
    /// Most of the training rows that are nearest to a model have another label than expected.
    Outvoted { rows: usize, others: usize },
    /// Nothing in training is like it.
    Alone { similarity: f64 },
    /// Training has few rows with the expected label.
    FewOfLabel { label: String, rows: u64 },
    /// Training has few rows of this slice.
    FewOfSlice { field: String, value: String, rows: u64 },
    /// Training has taught the right answer for nearly the same text.
    Taught { rows: usize },
    /// The model was sure of its wrong answer.
    Sure { probability: f64 },
    /// It was a close call.
    Close { probability: f64 },
    /// The model has not seen all of the prompt.
    Cut { tokens: u32 },
}

impl Finding {
    /// The cause that it points to.
    #[must_use]
    pub fn cause(&self) -> Cause {
        match self {
            Self::Conflict { .. } | Self::Contradicted { .. } | Self::Outvoted { .. } => Cause::Label,
            Self::Alone { .. } | Self::FewOfLabel { .. } | Self::FewOfSlice { .. } => Cause::Data,
            Self::Taught { .. } | Self::Sure { .. } | Self::Close { .. } => Cause::Model,
            Self::Cut { .. } => Cause::Prompt,
        }
    }
}

impl Evidence {
    /// What all of it says, most telling first.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if let Some(tokens) = self.cut_tokens.filter(|n| *n > 0) {
            found.push(Finding::Cut { tokens });
        }
        found.extend(self.neighbourhood());
        found.extend(self.outvoted());
        if let Some((label, rows)) = self.label.as_ref().filter(|(_, rows)| *rows < FEW_ROWS) {
            found.push(Finding::FewOfLabel { label: label.clone(), rows: *rows });
        }
        let few = self.slices.iter().filter(|(.., rows)| *rows < FEW_ROWS);
        found.extend(few.map(|(field, value, rows)| Finding::FewOfSlice {
            field: field.clone(),
            value: value.clone(),
            rows: *rows,
        }));
        found.extend(match self.probability {
            Some(probability) if probability >= SURE => Some(Finding::Sure { probability }),
            Some(probability) if probability <= CLOSE => Some(Finding::Close { probability }),
            _ => None,
        });
        found
    }

    /// What the nearest training rows say.
    fn neighbourhood(&self) -> Option<Finding> {
        let near: Vec<&NearRow> = self.nearest.iter().filter(|row| row.similarity >= NEARLY_SAME).collect();
        let (rows, agreeing) = (near.len(), near.iter().filter(|row| row.agrees).count());
        match (rows, agreeing) {
            (0, _) if self.is_indexed && self.train > 0 => {
                let similarity = self.nearest.first().map_or(0.0, |row| row.similarity);
                (similarity < FAR).then_some(Finding::Alone { similarity })
            }
            (0, _) => None,
            (_, 0) => Some(Finding::Contradicted { rows }),
            _ if agreeing < rows => Some(Finding::Conflict { rows, others: rows - agreeing }),
            _ => Some(Finding::Taught { rows }),
        }
    }

    /// Whether the rows nearest by embedding speak against the expected label. Answers in free words always differ.
    fn outvoted(&self) -> Option<Finding> {
        let near = &self.embedded.as_ref().filter(|_| self.label.is_some())?.nearest;
        let (rows, others) = (near.len(), near.iter().filter(|row| !row.agrees).count());
        (rows >= FEW_NEIGHBOURS && others * 2 > rows).then_some(Finding::Outvoted { rows, others })
    }

    /// The cause that most of the findings point to; the most telling one where they disagree.
    #[must_use]
    pub fn suggestion(&self) -> Option<Cause> {
        let causes: Vec<Cause> = self.findings().iter().map(Finding::cause).collect();
        let votes = |cause: &Cause| causes.iter().filter(|c| *c == cause).count();
        let most = causes.iter().map(votes).max()?;
        causes.iter().copied().find(|cause| votes(cause) == most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(similarity: f64, agrees: bool) -> NearRow {
        NearRow { sample_id: SampleId(1), similarity, prompt: String::new(), answer: String::new(), agrees }
    }

    fn near(nearest: Vec<NearRow>) -> Evidence {
        Evidence { is_indexed: true, train: 100, nearest, ..Evidence::default() }
    }

    #[test]
    fn training_rows_point_to_a_cause() {
        assert_eq!(near(vec![row(0.9, true), row(0.8, true)]).findings(), [Finding::Taught { rows: 2 }]);
        assert_eq!(near(vec![row(0.9, true), row(0.8, false)]).findings(), [Finding::Conflict { rows: 2, others: 1 }]);
        let wrong = near(vec![row(0.9, false), row(0.2, true)]);
        assert_eq!(wrong.findings(), [Finding::Contradicted { rows: 1 }]);
        assert_eq!(wrong.suggestion(), Some(Cause::Label));
        assert_eq!(near(vec![row(0.1, true)]).suggestion(), Some(Cause::Data));
        assert_eq!(near(vec![row(0.4, false)]).findings(), [], "neither near nor far says nothing");
        assert_eq!(Evidence::default().findings(), [], "nobody has looked");
    }

    #[test]
    fn neighbours_of_another_label_speak_against_the_expected_one() {
        let of = |agrees: &[bool], label: Option<(String, u64)>| {
            let nearest = agrees.iter().map(|agrees| row(0.9, *agrees)).collect();
            let computed_at = OffsetDateTime::UNIX_EPOCH;
            let embedded = Some(Embedded { model: String::new(), nearest, mean: None, computed_at });
            Evidence { embedded, label, ..Evidence::default() }.findings()
        };
        let label = || Some(("pos".to_owned(), 500));
        assert_eq!(of(&[true, false, false], label()), [Finding::Outvoted { rows: 3, others: 2 }]);
        assert_eq!(of(&[true, true, false, false], label()), [], "a draw says nothing");
        assert_eq!(of(&[false, false], label()), [], "two are no majority");
        assert_eq!(of(&[false, false, false], None), [], "texts always differ");
    }

    #[test]
    fn most_findings_win() {
        let evidence = Evidence {
            label: Some(("rare".to_owned(), 3)),
            slices: vec![("city".to_owned(), "Ulm".to_owned(), 0), ("source".to_owned(), "web".to_owned(), 90)],
            probability: Some(0.95),
            cut_tokens: Some(12),
            ..near(vec![])
        };
        assert_eq!(evidence.findings().len(), 5);
        assert_eq!(evidence.suggestion(), Some(Cause::Data));
        let close = Evidence { probability: Some(0.55), ..Evidence::default() };
        assert_eq!(close.findings(), [Finding::Close { probability: 0.55 }]);
    }
}
