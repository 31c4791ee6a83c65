//! Reading sample files: one JSON object of [`domain::sample::Sample`] per line.

use crate::error::TrainError;
use domain::sample::Sample;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Reads all samples of a file; empty lines are skipped.
pub fn read(path: &Path) -> Result<Vec<Sample>, TrainError> {
    let fail = |source| TrainError::Read { path: path.to_owned(), source };
    let mut samples = Vec::new();
    for (i, line) in BufReader::new(File::open(path).map_err(fail)?).lines().enumerate() {
        let line = line.map_err(fail)?;
        if line.trim().is_empty() {
            continue;
        }
        let sample: Sample = serde_json::from_str(&line).map_err(|e| TrainError::Sample {
            path: path.to_owned(),
            line: i + 1,
            problem: e.to_string(),
        })?;
        if sample.answer().is_none() {
            let problem = "its messages do not end with an assistant turn".to_owned();
            return Err(TrainError::Sample { path: path.to_owned(), line: i + 1, problem });
        }
        samples.push(sample);
    }
    Ok(samples)
}
