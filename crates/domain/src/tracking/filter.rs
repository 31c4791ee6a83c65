//! The filters of MLflow's searches: `metrics.loss < 0.5 AND params.model = 'small'`.
//!
//! Conditions are joined by AND alone. A subject is `metrics.KEY`, `params.KEY`, `tags.KEY`,
//! `datasets.KEY` or an attribute, with or without `attributes.`; keys with spaces stand in
//! backticks or double quotes. Numbers are compared with `= != < <= > >=`, texts with
//! `= != LIKE ILIKE`, and with `IN`, `NOT IN`, `IS NULL`, `IS NOT NULL` where that says something.
//! Source: `mlflow/utils/search_utils.py`.

mod clause;
mod models;
mod tokens;

use clause::{Clause, clauses};
pub(super) use models::subject as model_subject;
pub use models::{ModelSubject, ModelText, ModelTime, of_models};
pub(super) use tokens::{Name, Token, tokens};

/// Longest filter, in characters.
pub const FILTER_CHARS: usize = 10_000;

/// Why a filter or an order cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error("invalid clause in filter string: a quote is not closed")]
    Unclosed,
    #[error("invalid clause in filter string: expected {expected}, found {found}")]
    Unexpected { expected: &'static str, found: String },
    #[error("invalid entity type '{0}'. Valid values are metric, parameter, tag, attribute and dataset")]
    Entity(String),
    #[error("invalid attribute key '{0}'")]
    Attribute(String),
    #[error("invalid comparator '{comparator}' for {subject}")]
    Comparator { comparator: &'static str, subject: String },
    #[error("expected a number to compare {0} with")]
    NotNumber(String),
    #[error("expected a quoted text to compare {0} with")]
    NotText(String),
    #[error("invalid order_by clause '{0}'")]
    Order(String),
    #[error("the filter has more than 10000 characters")]
    TooLong,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `%` stands for any text, `_` for any letter.
    Like,
    /// The same, capital letters or not.
    Ilike,
    In,
    NotIn,
    IsNull,
    IsNotNull,
}

impl Comparison {
    /// As it stands in filters, and in SQL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Like => "LIKE",
            Self::Ilike => "ILIKE",
            Self::In => "IN",
            Self::NotIn => "NOT IN",
            Self::IsNull => "IS NULL",
            Self::IsNotNull => "IS NOT NULL",
        }
    }

    fn orders(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual)
    }

    fn matches_text(self) -> bool {
        matches!(self, Self::Like | Self::Ilike)
    }
}

/// What a subject is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Number(f64),
    Text(String),
    Texts(Vec<String>),
    /// Of `IS NULL` and `IS NOT NULL`.
    Nothing,
}

/// A text that every run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextAttribute {
    RunId,
    RunName,
    Status,
    UserId,
    ArtifactUri,
}

/// A time that a run has or not, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeAttribute {
    StartTime,
    EndTime,
}

/// What is known of data that a run has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputField {
    Name,
    Digest,
    Context,
}

/// What a condition on runs is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The newest value of a metric.
    Metric(String),
    Param(String),
    Tag(String),
    Input(InputField),
    Text(TextAttribute),
    Time(TimeAttribute),
}

/// What a condition on experiments is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExperimentSubject {
    Name,
    Created,
    Updated,
    Tag(String),
}

/// One condition; all of them hold together.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition<S> {
    pub subject: S,
    pub comparison: Comparison,
    pub operand: Operand,
}

/// Reads a filter of runs; an empty one has no conditions.
pub fn of_runs(text: &str) -> Result<Vec<Condition<Subject>>, FilterError> {
    read(text, |clause| {
        let subject = subject(&clause.name)?;
        let kind = match &subject {
            Subject::Metric(_) | Subject::Time(_) => Kind::Number,
            Subject::Param(_) | Subject::Tag(_) => Kind::Optional,
            Subject::Input(_) | Subject::Text(_) => Kind::Text,
        };
        Ok((subject, kind))
    })
}

/// Reads a filter of experiments.
pub fn of_experiments(text: &str) -> Result<Vec<Condition<ExperimentSubject>>, FilterError> {
    read(text, |clause| {
        let subject = experiment_subject(&clause.name)?;
        let kind = match &subject {
            ExperimentSubject::Created | ExperimentSubject::Updated => Kind::Number,
            ExperimentSubject::Tag(_) => Kind::Optional,
            ExperimentSubject::Name => Kind::Text,
        };
        Ok((subject, kind))
    })
}

/// What may be compared with a subject.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Number,
    Text,
    /// A text that may be missing.
    Optional,
}

fn read<S>(
    text: &str,
    about: impl Fn(&Clause) -> Result<(S, Kind), FilterError>,
) -> Result<Vec<Condition<S>>, FilterError> {
    if text.chars().count() > FILTER_CHARS {
        return Err(FilterError::TooLong);
    }
    let condition = |clause: Clause| {
        let (subject, kind) = about(&clause)?;
        check(&clause, kind)?;
        Ok(Condition { subject, comparison: clause.comparison, operand: clause.operand })
    };
    clauses(text)?.into_iter().map(condition).collect()
}

/// Whether the comparison and what stands behind it fit the subject.
fn check(clause: &Clause, kind: Kind) -> Result<(), FilterError> {
    let (comparison, subject) = (clause.comparison, clause.name.to_string());
    let fits = match comparison {
        Comparison::Equal | Comparison::Unequal => true,
        Comparison::IsNull | Comparison::IsNotNull => kind == Kind::Optional,
        Comparison::In | Comparison::NotIn => kind != Kind::Number,
        _ if comparison.orders() => kind == Kind::Number,
        _ => comparison.matches_text() && kind != Kind::Number,
    };
    if !fits {
        return Err(FilterError::Comparator { comparator: comparison.as_str(), subject });
    }
    match (&clause.operand, kind) {
        (Operand::Number(_), Kind::Number) | (Operand::Nothing, _) => Ok(()),
        (_, Kind::Number) => Err(FilterError::NotNumber(subject)),
        (Operand::Text(_) | Operand::Texts(_), _) => Ok(()),
        (Operand::Number(_), _) => Err(FilterError::NotText(subject)),
    }
}

pub(super) fn subject(name: &Name) -> Result<Subject, FilterError> {
    let key = || name.key.clone();
    match name.entity.as_deref() {
        Some("metric" | "metrics") => Ok(Subject::Metric(key())),
        Some("parameter" | "parameters" | "param" | "params") => Ok(Subject::Param(key())),
        Some("tag" | "tags") => Ok(Subject::Tag(key())),
        Some("dataset" | "datasets") => match name.key.as_str() {
            "name" => Ok(Subject::Input(InputField::Name)),
            "digest" => Ok(Subject::Input(InputField::Digest)),
            "context" => Ok(Subject::Input(InputField::Context)),
            _ => Err(FilterError::Attribute(key())),
        },
        None | Some("attribute" | "attributes" | "attr" | "run") => attribute(&name.key),
        Some(other) => Err(FilterError::Entity(other.to_owned())),
    }
}

fn attribute(key: &str) -> Result<Subject, FilterError> {
    Ok(match key {
        "run_id" => Subject::Text(TextAttribute::RunId),
        "run_name" | "run name" | "Run name" | "Run Name" => Subject::Text(TextAttribute::RunName),
        "status" => Subject::Text(TextAttribute::Status),
        "user_id" => Subject::Text(TextAttribute::UserId),
        "artifact_uri" => Subject::Text(TextAttribute::ArtifactUri),
        "start_time" | "created" | "Created" => Subject::Time(TimeAttribute::StartTime),
        "end_time" => Subject::Time(TimeAttribute::EndTime),
        _ => return Err(FilterError::Attribute(key.to_owned())),
    })
}

pub(super) fn experiment_subject(name: &Name) -> Result<ExperimentSubject, FilterError> {
    match (name.entity.as_deref(), name.key.as_str()) {
        (Some("tag" | "tags"), key) => Ok(ExperimentSubject::Tag(key.to_owned())),
        (None | Some("attribute" | "attributes" | "attr"), key) => match key {
            "name" => Ok(ExperimentSubject::Name),
            "creation_time" => Ok(ExperimentSubject::Created),
            "last_update_time" => Ok(ExperimentSubject::Updated),
            _ => Err(FilterError::Attribute(key.to_owned())),
        },
        (Some(other), _) => Err(FilterError::Entity(other.to_owned())),
    }
}

#[cfg(test)]
mod tests;
