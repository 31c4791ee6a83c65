//! How many files a ZIP archive says it holds, before its directory is read into memory (APPNOTE.TXT 6.3.10, §4.3.14–16).

use super::MAX_FILES;
use super::bounds::io_error;
use domain::import::ImportProblem;
use std::io::{self, Read, Seek, SeekFrom};

/// Largest directory that [`MAX_FILES`] files can need at any sensible length of their names.
const MAX_DIRECTORY_BYTES: u64 = 16 << 20;
/// The end record and the longest comment behind it.
const END_BYTES: u64 = 22 + 65_535;

/// Refuses an archive whose directory is larger than what is read. One without a directory is left to the reader, which
/// says what is wrong.
pub(super) fn check(file: &mut (impl Read + Seek)) -> io::Result<()> {
    let size = file.seek(SeekFrom::End(0))?;
    let at = size.saturating_sub(END_BYTES);
    let end = read(file, at, END_BYTES)?;
    file.rewind()?;
    let Some(record) = end.windows(4).rposition(|w| w == b"PK\x05\x06") else { return Ok(()) };
    let number = |bytes: &[u8], offset: usize, length: usize| {
        let field = bytes.get(offset..offset + length).unwrap_or_default();
        field.iter().rev().fold(0u64, |n, byte| n << 8 | u64::from(*byte))
    };
    let (mut files, mut bytes) = (number(&end, record + 10, 2), number(&end, record + 12, 4));
    let locator = record.checked_sub(20).filter(|at| end[*at..].starts_with(b"PK\x06\x07"));
    if let Some(locator) = locator {
        let large = read(file, number(&end, locator + 8, 8), 56)?;
        file.rewind()?;
        if large.starts_with(b"PK\x06\x06") {
            (files, bytes) = (files.max(number(&large, 32, 8)), bytes.max(number(&large, 40, 8)));
        }
    }
    // All ones mean: see the larger record.
    let is_unknown = locator.is_some() && (files == 0xffff || bytes == 0xffff_ffff);
    if !is_unknown && (files > MAX_FILES || bytes > MAX_DIRECTORY_BYTES) {
        return Err(io_error(ImportProblem::TooManyFiles { limit: MAX_FILES }));
    }
    Ok(())
}

fn read(file: &mut (impl Read + Seek), at: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.by_ref().take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
