//! The lines of a file that may be larger than memory, and may have a line that is.

use crate::error::TrainError;
use domain::score::ScoreProblem;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Longest line that is read.
const LONGEST: u64 = 16 << 20;

/// A line that is not empty.
#[derive(Debug)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    pub(super) text: Result<Vec<u8>, ScoreProblem>,
}

#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    /// Lines read so far.
    count: u64,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, TrainError> {
        let file = File::open(path).map_err(|source| TrainError::Read { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file: BufReader::new(file), count: 0 })
    }

    /// The next lines that are not empty, at most `most`; none at the end.
    pub(super) fn next(&mut self, most: usize) -> Result<Vec<Line>, TrainError> {
        let mut lines = Vec::new();
        while lines.len() < most {
            let mut text = Vec::new();
            let read = (&mut self.file).take(LONGEST + 1).read_until(b'\n', &mut text);
            if self.told(read)? == 0 {
                break;
            }
            self.count += 1;
            let is_too_long = text.len() as u64 > LONGEST && text.last() != Some(&b'\n');
            if is_too_long {
                let skipped = self.file.skip_until(b'\n');
                self.told(skipped)?;
                lines.push(Line { number: self.count, text: Err(ScoreProblem::TooLong { limit: LONGEST }) });
            } else if !text.trim_ascii().is_empty() {
                lines.push(Line { number: self.count, text: Ok(text) });
            }
        }
        Ok(lines)
    }

    fn told<T>(&self, result: std::io::Result<T>) -> Result<T, TrainError> {
        result.map_err(|source| TrainError::Read { path: self.path.clone(), source })
    }
}

/// Lines of a file, empty ones included.
pub fn count_lines(path: &Path) -> Result<u64, TrainError> {
    let fail = |source| TrainError::Read { path: path.to_owned(), source };
    let mut file = BufReader::with_capacity(1 << 20, File::open(path).map_err(fail)?);
    let (mut lines, mut last) = (0, b'\n');
    loop {
        let part = file.fill_buf().map_err(fail)?;
        let Some(end) = part.last() else { return Ok(lines + u64::from(last != b'\n')) };
        last = *end;
        lines += part.iter().filter(|byte| **byte == b'\n').count() as u64;
        let length = part.len();
        file.consume(length);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use std::io::Write;

    #[test]
    fn long_and_empty_lines_are_told_apart() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"one\n\n  \r\n").unwrap();
        for _ in 0..=LONGEST >> 20 {
            file.write_all(&vec![b'x'; 1 << 20]).unwrap();
        }
        file.write_all(b"\nlast").unwrap();
        assert_eq!(count_lines(file.path()).unwrap(), 5);
        let mut lines = Lines::open(file.path()).unwrap();
        let first = lines.next(2).unwrap();
        assert_eq!(first[0].text.as_deref(), Ok(b"one\n".as_slice()));
        assert_eq!((first[1].number, first[1].text.clone()), (4, Err(ScoreProblem::TooLong { limit: LONGEST })));
        let rest = lines.next(2).unwrap();
        assert_eq!((rest.len(), rest[0].number, rest[0].text.as_deref()), (1, 5, Ok(b"last".as_slice())));
        assert!(lines.next(2).unwrap().is_empty());
    }
}
