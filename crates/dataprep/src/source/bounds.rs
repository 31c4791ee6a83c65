//! How much may come out of what is packed: a small file can unpack to more than any disk or patience holds.

use domain::import::ImportProblem;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Limits on what is unpacked.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most bytes that all files of an upload unpack to.
    pub max_bytes: u64,
    /// Most times the packed size, once `FREE_BYTES` are unpacked. Text is packed to a tenth, the dullest logs to a
    /// hundredth.
    pub max_ratio: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { max_bytes: 64 << 30, max_ratio: 250 }
    }
}

/// What may be unpacked whatever the ratio: small files of equal rows do pack well.
const FREE_BYTES: u64 = 32 << 20;

/// What is left of the bounds while one upload is unpacked.
#[derive(Clone)]
pub(super) struct Budget {
    /// The upload's name, for the person's eyes.
    file: String,
    unpacked: Arc<AtomicU64>,
    packed_bytes: u64,
    bounds: Bounds,
}

impl Budget {
    pub(super) fn new(file: &str, packed_bytes: u64, bounds: Bounds) -> Self {
        Self { file: file.to_owned(), unpacked: Arc::default(), packed_bytes, bounds }
    }

    /// Reads what a decoder gives, until the upload has given too much.
    pub(super) fn bound<'r>(&self, decoder: Box<dyn Read + 'r>) -> Box<dyn Read + 'r> {
        Box::new(Bounded { decoder, budget: self.clone() })
    }
}

struct Bounded<R> {
    decoder: R,
    budget: Budget,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Budget { file, unpacked, packed_bytes, bounds } = &self.budget;
        let n = self.decoder.read(buffer).map_err(|e| broken(file, e))?;
        let unpacked = unpacked.fetch_add(n as u64, Ordering::Relaxed) + n as u64;
        if unpacked > bounds.max_bytes {
            let (file, limit_bytes) = (file.clone(), bounds.max_bytes);
            return Err(io_error(ImportProblem::UnpackedTooLarge { file, limit_bytes }));
        }
        if unpacked > FREE_BYTES && unpacked / bounds.max_ratio > *packed_bytes {
            let (file, ratio) = (file.clone(), bounds.max_ratio);
            return Err(io_error(ImportProblem::TooCompressed { file, ratio }));
        }
        Ok(n)
    }
}

/// A decoder's failure; what we said ourselves goes through as it is.
fn broken(file: &str, e: io::Error) -> io::Error {
    let is_of_the_disk = e.raw_os_error().is_some();
    if is_of_the_disk || e.kind() == io::ErrorKind::Interrupted || problem_of(&e).is_some() {
        return e;
    }
    let detail = domain::brief::brief(&e.to_string());
    io_error(ImportProblem::BrokenPacking { file: file.to_owned(), detail })
}

/// A problem with a file on its way through a reader.
pub(super) fn io_error(problem: ImportProblem) -> io::Error {
    io::Error::other(problem)
}

/// The problem that an error carries.
pub(super) fn problem_of(e: &io::Error) -> Option<ImportProblem> {
    e.get_ref()?.downcast_ref::<ImportProblem>().cloned()
}
