//! Why a background job failed: a closed set that is stored as data, so that pages say it in the
//! reader's language. `Display` is the English of the REST API and of logs.

use crate::{import::ImportProblem, model::ModelProblem, split::SplitRuleError, steps::StepError};
use serde::{Deserialize, Serialize};

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum JobFailure {
    #[error("{problem}")]
    Import { problem: ImportProblem },
    #[error("{problem}")]
    Model { problem: ModelProblem },
    #[error("{problem}")]
    Fetch { problem: FetchProblem },
    #[error("{problem}")]
    Split { problem: SplitRuleError },
    #[error("{problem}")]
    Steps { problem: StepError },
    #[error("no sample would stay: change the recipe")]
    NothingStays,
    #[error("no training sample gives a held-out one away: there is nothing to remove")]
    NoLeaks,
    #[error("the server has no endpoint called {name:?} any more: choose another, or ask the administrator")]
    NoEndpoint { name: String },
    /// `detail` is the endpoint's or the model's.
    #[error("nothing more could be written: {detail}. What was written before is kept")]
    Writer { detail: String },
    /// `detail` is the endpoint's or the model's.
    #[error(
        "the judge gave no more answers: {detail}. What it said before is kept, and the judging can go on from there"
    )]
    Judge { detail: String },
    #[error("no text was accepted: accept some first")]
    NothingAccepted,
    #[error("no item is decided that is sure enough: judge some first, or ask for less confidence")]
    NothingLabelled,
    /// `detail` is what the file or a reader of JSON says.
    #[error("the file cannot be read as judgements: {detail}")]
    NotJudgements { detail: String },
    #[error("the {what} does not exist in this project any more: choose or send it again")]
    Gone { what: Gone },
    #[error("no file was given")]
    NoFile,
    #[error("failed to use a file called {name:?}")]
    FileName { name: String },
    /// `detail` is the operating system's.
    #[error("failed to open {path}: {detail}. Models may lie below: {}", folders.join(", "))]
    PathUnreadable { path: String, folders: Vec<String>, detail: String },
    #[error(
        "failed to use {path}: models may be registered only from below {}. An administrator can add folders with model_paths",
        folders.join(", ")
    )]
    PathForbidden { path: String, folders: Vec<String> },
    /// `detail` is the tokenizer's or the chat template's.
    #[error("this model cannot read a sample of this dataset: {detail}")]
    Untokenizable { detail: String },
    /// `detail` is the trainer's.
    #[error("the samples could not be scored: {detail}")]
    NotScored { detail: String },
    #[error("the evaluation {evaluation:?} has no samples: choose another split or fewer filters")]
    NothingToEvaluate { evaluation: String },
    #[error(
        "the evaluation {evaluation:?} asks for classification, and some of its samples have no label: ask for generation"
    )]
    NotLabelled { evaluation: String },
    /// `detail` is the trainer's or the endpoint's.
    #[error("the candidate did not answer: {detail}. Evaluations that were finished before are kept")]
    NotAnswered { detail: String },
    /// `detail` is what the trainer says of its walls, or of a sample's tests.
    #[error("the evaluation {evaluation:?} runs answers as programs, which cannot be done: {detail}")]
    NoPrograms { evaluation: String, detail: String },
    #[error("failed to read or write a file: {detail}")]
    Disk { detail: String },
    #[error("the server made a mistake: {detail}")]
    Internal { detail: String },
    #[error(
        "the server was interrupted during this job, several times: start it again; if that happens again, look into the log"
    )]
    Interrupted,
    /// Written when failures were plain texts.
    #[error("{text}")]
    Said { text: String },
}

/// What a job needs and did not find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    Upload,
    Dataset,
    Version,
    Model,
    Adapter,
    AnnotationTask,
    Suite,
    Judging,
}

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Upload => "upload",
            Self::Dataset => "dataset",
            Self::Version => "dataset version",
            Self::Model => "model",
            Self::Adapter => "run with an adapter of this model",
            Self::AnnotationTask => "annotation task",
            Self::Suite => "suite, or this version of it",
            Self::Judging => "judging",
        })
    }
}

/// Why something could not be fetched from elsewhere. `detail` is what the network, the other
/// side or the archive said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum FetchProblem {
    #[error(
        "failed to reach {url}: {detail}. Check the server's network and proxy settings, or choose a file that you already have"
    )]
    Unreachable { url: String, detail: String },
    #[error("failed to fetch {url}: the server answered {status}")]
    Status { url: String, status: u16 },
    #[error("failed to fetch {url}: the file's SHA-256 is {actual}, not {expected}; it was discarded")]
    Checksum { url: String, expected: String, actual: String },
    #[error("failed to understand what {url} answered: {detail}")]
    Answer { url: String, detail: String },
    #[error("failed to use the address {url:?}: write it as https://HOST/PATH, without a name or password")]
    BadUrl { url: String },
    #[error(
        "data may not be fetched from {host}: {}. An administrator can add hosts with import_hosts",
        allowed_hosts(allowed)
    )]
    HostNotAllowed { host: String, allowed: Vec<String> },
    #[error("{host} lies in a private network, from which nothing is fetched unless an administrator allows it")]
    PrivateAddress { host: String },
    #[error("failed to fetch {url}: the file is larger than {limit_bytes} bytes")]
    TooLarge { url: String, limit_bytes: u64 },
    #[error("failed to fetch {url}: it leads from one address to the next without end")]
    Redirects { url: String },
    #[error("failed to fetch {url}: the file is empty")]
    Empty { url: String },
    #[error("failed to find {what} in {container}")]
    Missing { what: String, container: String },
    #[error("failed to unpack {container}: {detail}")]
    Archive { container: String, detail: String },
}

fn allowed_hosts(hosts: &[String]) -> String {
    if hosts.is_empty() { "no host is allowed".to_owned() } else { format!("allowed are {}", hosts.join(", ")) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn nested_problems_keep_their_codes() {
        let failure = JobFailure::Model { problem: ModelProblem::MissingFile { file: "config.json".to_owned() } };
        let json = serde_json::to_value(&failure).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"code": "model", "problem": {"code": "missing_file", "file": "config.json"}})
        );
        assert_eq!(serde_json::from_value::<JobFailure>(json).unwrap(), failure);
        assert_eq!(failure.to_string(), "the model has no config.json: copy it from the model's repository");
    }
}
