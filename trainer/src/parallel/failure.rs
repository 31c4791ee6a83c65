//! Why a follower failed: it says so as a line of JSON on its error output, the same that a run leaves among its events. The
//! allocator writes it too, when there is no memory left for anything else.

use crate::error::TrainError;
use domain::event::Event;
use domain::run::{FailureKind, RunProblem};
use std::io::BufRead;

/// What a follower said of its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub kind: FailureKind,
    /// In English.
    pub message: String,
    pub problem: Option<RunProblem>,
}

/// Says on this process's error output why it fails.
pub fn tell(error: &TrainError) {
    let event = Event::Failed { kind: error.kind(), message: error.to_string(), problem: error.problem() };
    // An event is made of plain texts and numbers: it can always be written down.
    if let Ok(line) = serde_json::to_string(&event) {
        eprintln!("{line}");
    }
}

/// Passes on what a follower says until it ends, but for why it failed.
pub(super) fn read(words: impl BufRead) -> Option<Failure> {
    let mut failure = None;
    for line in words.split(b'\n').map_while(Result::ok) {
        match serde_json::from_slice(&line) {
            Ok(Event::Failed { kind, message, problem }) => failure = Some(Failure { kind, message, problem }),
            _ => eprintln!("{}", String::from_utf8_lossy(&line)),
        }
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_reason_is_kept_among_other_words() {
        let words = b"a warning\n{\"event\":\"failed\",\"kind\":\"out_of_memory\",\"message\":\"m\"}\nhalf a li";
        let failure = Failure { kind: FailureKind::OutOfMemory, message: "m".to_owned(), problem: None };
        assert_eq!(read(&words[..]), Some(failure));
        assert_eq!(read(&b"nothing of the kind\xff\n"[..]), None);
    }
}
