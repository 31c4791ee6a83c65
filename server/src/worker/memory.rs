//! How much memory this machine has left. The trainer asks the same of itself; the server knows it before a trainer is
//! started.

use domain::memory::Told;

/// Bytes that can still be used; `None` where the system does not say.
pub(crate) fn available_bytes() -> Option<u64> {
    Told::by(|path| std::fs::read_to_string(path).unwrap_or_default()).available_bytes()
}
