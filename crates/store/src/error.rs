//! What can go wrong between us and the database.

use domain::brief::map_texts;

/// Why a store function failed. A missing row is not an error.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database refused: {0}")]
    Database(sqlx::Error),
    /// A text that Postgres cannot hold: it has a NUL character.
    #[error("a text holds a NUL character (U+0000): remove it")]
    Nul,
    /// A stored value is not what the schema promises.
    #[error("a stored value is corrupt: {0}")]
    Corrupt(String),
    /// Somebody else changed the row meanwhile, or it is in another state than the caller thinks.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// The value is taken.
    #[error("{0} already exists")]
    Taken(&'static str),
}

impl From<sqlx::Error> for StoreError {
    fn from(e: sqlx::Error) -> Self {
        // character_not_in_repertoire, and untranslatable_character for JSON's \u0000.
        match e.as_database_error().and_then(|d| d.code()).as_deref() {
            Some("22021" | "22P05") => Self::Nul,
            _ => Self::Database(e),
        }
    }
}

/// What has changed, or forbids the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    #[error("the correction is part of a dataset version already")]
    CorrectionUsed,
    #[error("somebody else has edited this bad case meanwhile")]
    EditedMeanwhile,
    #[error("none of these bad cases has a correction that waits to be added")]
    NothingToAdd,
    #[error("a corrected sample is not in this dataset version")]
    SampleElsewhere,
    #[error("a correction was added or taken back meanwhile")]
    CorrectionsChanged,
    #[error("a project needs at least one owner")]
    LastOwner,
    #[error("the invitation is for another e-mail address")]
    OtherAddress,
    #[error("a run was launched with this idempotency key and other settings: use a new key")]
    KeyUsed,
    #[error("somebody else is building this version's index")]
    IndexedElsewhere,
    #[error("the phrase was looked for in a part of the samples alone: add a word that is less frequent")]
    SearchTooWide,
    #[error("another comparison that you have asked for in this project is not over: wait for it, or cancel its job")]
    ComparesAlready,
    #[error("as many results are cut for you as may be at a time: wait until one is done, or cancel its job")]
    CutsMany,
    #[error(
        "as many groups over seeds are computed for you as may be at a time: wait until one is done, or cancel its job"
    )]
    SeedsMany,
    #[error("other samples hold these texts by now: look at them again")]
    FoundOthers,
    #[error("this bad case is merged into another one: take that back first")]
    Merged,
    #[error("the project has no such member, group, run, cause or bad case")]
    NotOfProject,
    #[error("a cause cannot lie that deep, or within itself")]
    TooDeep,
    #[error("the task's source is not in this project, or its evaluations are not of one version and split")]
    SourceElsewhere,
    #[error("the task is in another state, or its items are still being made")]
    TaskState,
    #[error("a task that compares pairs of answers is not cut into batches: its batch_size must be 0")]
    PairsUncut,
    #[error(
        "the task asks for as many judgements of an item already: ask for more, or for a larger share of the items; they cannot become fewer, \
         since judgements that are there would count no more"
    )]
    NotMore,
    #[error("a task or batch is given to this group: give it to others first")]
    GroupUsed,
    #[error("the item does not wait for this decision any more, or its judgement was replaced meanwhile")]
    ItemDecided,
    #[error("somebody else has made a version of this suite meanwhile")]
    SuiteEdited,
    #[error("somebody else has edited the report meanwhile, or its version is in another state")]
    ReportState,
    #[error("who has written a report cannot approve it where somebody else may")]
    OwnReport,
    #[error("the judge was held against people with this judging: it is kept, so that what was measured stays")]
    Calibrated,
}

impl StoreError {
    /// Whether the database may answer another time.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Database(_))
    }

    /// Whether the database went away: what was asked may be done or not, and can be asked again.
    #[must_use]
    pub fn is_connection_lost(&self) -> bool {
        let Self::Database(error) = self else { return false };
        match error {
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => {
                true
            }
            // Class 08, connection exception; 57P01 to 57P03, it is shut down or starts.
            sqlx::Error::Database(e) => e.code().is_some_and(|c| c.starts_with("08") || c.starts_with("57P")),
            _ => false,
        }
    }

    /// Whether Postgres ended the transaction because of another one, so that it may well pass when it is tried again:
    /// 40001, `serialization_failure`, and 40P01, `deadlock_detected`.
    pub(crate) fn is_collision(&self) -> bool {
        let Self::Database(error) = self else { return false };
        matches!(error.as_database_error().and_then(|e| e.code()).as_deref(), Some("40001" | "40P01"))
    }

    /// Turns a unique violation into [`StoreError::Taken`].
    pub(crate) fn taken(what: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |e| match &e {
            sqlx::Error::Database(d) if d.is_unique_violation() => Self::Taken(what),
            _ => e.into(),
        }
    }
}

/// Parses a word that a check constraint guarantees.
pub(crate) fn word<T: std::str::FromStr>(text: &str) -> Result<T, StoreError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|e: T::Err| StoreError::Corrupt(e.to_string()))
}

/// Reads a JSON column.
pub(crate) fn json<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|e| StoreError::Corrupt(e.to_string()))
}

/// Writes a JSON column.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(|e| StoreError::Corrupt(e.to_string()))
}

/// Writes what quotes foreign text and must be kept whatever that holds, such as why a job failed:
/// NUL, which the database refuses, becomes U+FFFD.
pub(crate) fn lossy_to_json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, StoreError> {
    let without_nul = |text: String| if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text };
    Ok(map_texts(to_json(value)?, &without_nul))
}
