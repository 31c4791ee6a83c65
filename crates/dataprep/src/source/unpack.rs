//! Unpacking while reading: each file of an archive in turn, or the one behind a compression.

use super::bounds::{Bounds, Budget, io_error, problem_of};
use super::{MAX_FILES, zip_size};
use crate::HEAD_BYTES;
use crate::rows::ReadError;
use domain::brief::brief;
use domain::dataset::{Archive, Compression, Packing};
use domain::import::ImportProblem;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::ops::ControlFlow;

/// Most memory that an xz file may ask for, in KiB: `xz -9` needs 65 MiB.
const XZ_MEMORY_KIB: u32 = 128 << 10;

/// The compression whose signature these bytes begin with.
pub(super) fn compression(head: &[u8]) -> Option<Compression> {
    const SIGNATURES: [(&[u8], Compression); 4] = [
        (b"\x1f\x8b", Compression::Gzip),
        (b"\x28\xb5\x2f\xfd", Compression::Zstandard),
        (b"BZh", Compression::Bzip2),
        (b"\xfd7zXZ\0", Compression::Xz),
    ];
    SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature)).map(|(_, compression)| *compression)
}

/// Whether these bytes begin a TAR archive (POSIX ustar or GNU).
pub(super) fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// Whether these bytes begin a ZIP archive.
pub(super) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Reads what lies behind a compression.
pub(super) fn decoder<'a>(compression: Compression, reader: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match compression {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(reader)),
        Compression::Zstandard => Box::new(zstd::stream::read::Decoder::with_buffer(reader)?),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(reader)),
        Compression::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(reader, true, XZ_MEMORY_KIB)),
    })
}

/// A file that is being unpacked.
pub(super) struct Inner<'a> {
    /// Its path in the archive, or the name of what is compressed without its ending.
    pub(super) name: String,
    pub(super) index: usize,
    /// Unpacked, as far as the archive knows.
    pub(super) size_bytes: Option<u64>,
    pub(super) reader: &'a mut dyn Read,
}

/// Takes a file that is being unpacked.
pub(super) type EachFile<'a> = &'a mut dyn FnMut(Inner<'_>) -> Result<ControlFlow<()>, ReadError>;

/// Hands on the files in turn: those of a ZIP in the order of `only` or else of their names, those of a TAR as they come.
pub(super) fn each_file(
    mut file: impl Read + Seek,
    name: &str,
    packing: Packing,
    bounds: Bounds,
    each: EachFile<'_>,
    only: Option<&[usize]>,
) -> Result<(), ReadError> {
    let packed_bytes = file.seek(io::SeekFrom::End(0))?;
    file.rewind()?;
    let budget = Budget::new(name, packed_bytes, bounds);
    match (packing.archive, packing.compression) {
        (Some(Archive::Zip), None) => zip(file, name, &budget, each, only),
        (Some(Archive::Tar), Some(compression)) => {
            tar(decoder(compression, BufReader::with_capacity(HEAD_BYTES, file))?, name, &budget, each)
        }
        (Some(Archive::Tar), None) => tar(Box::new(BufReader::with_capacity(HEAD_BYTES, file)), name, &budget, each),
        (None, Some(compression)) => {
            let mut reader = budget.bound(decoder(compression, BufReader::with_capacity(HEAD_BYTES, file))?);
            let inner = Inner { name: unpacked_name(name), index: 0, size_bytes: None, reader: &mut reader };
            each(inner).map(drop)
        }
        // A ZIP behind a compression is refused where it is found.
        (Some(Archive::Zip), Some(_)) | (None, None) => Ok(()),
    }
}

/// `reviews.csv` of `reviews.csv.gz`.
pub(super) fn unpacked_name(name: &str) -> String {
    let ending = [".gz", ".zst", ".zstd", ".bz2", ".xz"].into_iter().find(|e| name.to_ascii_lowercase().ends_with(e));
    ending.map_or(name, |e| &name[..name.len() - e.len()]).to_owned()
}

/// Reads a file of an archive, through a compression of its own where it has one.
fn hand_on(
    name: String,
    index: usize,
    size_bytes: Option<u64>,
    reader: &mut dyn Read,
    budget: &Budget,
    each: EachFile<'_>,
) -> Result<ControlFlow<()>, ReadError> {
    let mut buffered = BufReader::with_capacity(HEAD_BYTES, reader);
    let Some(compression) = compression(buffered.fill_buf()?) else {
        return each(Inner { name, index, size_bytes, reader: &mut buffered });
    };
    let mut unpacked = budget.bound(decoder(compression, buffered)?);
    each(Inner { name, index, size_bytes: None, reader: &mut unpacked })
}

fn zip(
    mut file: impl Read + Seek,
    name: &str,
    budget: &Budget,
    each: EachFile<'_>,
    only: Option<&[usize]>,
) -> Result<(), ReadError> {
    let broken = |e: zip::result::ZipError| match e {
        zip::result::ZipError::Io(e) if e.raw_os_error().is_some() => ReadError::Io(e),
        e => io_error(ImportProblem::BrokenPacking { file: name.to_owned(), detail: brief(&e.to_string()) }).into(),
    };
    zip_size::check(&mut file)?;
    let mut archive = zip::ZipArchive::new(BufReader::with_capacity(HEAD_BYTES, file)).map_err(broken)?;
    let mut order: Vec<usize> = match only {
        Some(only) => only.to_vec(),
        None => (0..archive.len()).collect(),
    };
    if only.is_none() {
        order.sort_by_cached_key(|i| archive.name_for_index(*i).and_then(Result::ok).map(|n| n.into_owned()));
    }
    for index in order {
        let mut entry = archive.by_index(index).map_err(broken)?;
        let entry_name = entry.name().map_err(broken)?.into_owned();
        if entry.is_dir() {
            continue;
        }
        check_name(&entry_name)?;
        let size_bytes = Some(entry.size());
        let mut reader = budget.bound(Box::new(&mut entry));
        let flow = hand_on(entry_name, index, size_bytes, &mut reader, budget, each)?;
        if flow.is_break() {
            break;
        }
    }
    Ok(())
}

fn tar(reader: Box<dyn Read + '_>, name: &str, budget: &Budget, each: EachFile<'_>) -> Result<(), ReadError> {
    let mut archive = tar::Archive::new(budget.bound(reader));
    for (index, entry) in archive.entries()?.enumerate() {
        if index as u64 >= MAX_FILES {
            return Err(io_error(ImportProblem::TooManyFiles { limit: MAX_FILES }).into());
        }
        let mut entry = entry.map_err(|e| broken_tar(name, e))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let entry_name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        check_name(&entry_name)?;
        let size_bytes = Some(entry.size());
        if hand_on(entry_name, index, size_bytes, &mut entry, budget, each)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn broken_tar(name: &str, e: io::Error) -> io::Error {
    if e.raw_os_error().is_some() || problem_of(&e).is_some() {
        return e;
    }
    io_error(ImportProblem::BrokenPacking { file: name.to_owned(), detail: brief(&e.to_string()) })
}

/// Nothing is written under these names; one that leads out of the archive says that whoever made it means ill.
fn check_name(name: &str) -> io::Result<()> {
    let escapes = name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|part| part == "..");
    if escapes { Err(io_error(ImportProblem::EscapingName { file: brief(name) })) } else { Ok(()) }
}
