//! How much memory this process uses and how much is left, as Linux tells it.

use domain::memory::{Told, field};

/// Resident memory of this process in MiB; `None` where the system does not say.
#[must_use]
pub fn resident_mib() -> Option<f64> {
    own("VmRSS:")
}

/// Largest resident memory of this process so far in MiB.
#[must_use]
pub fn peak_mib() -> Option<f64> {
    own("VmHWM:")
}

/// Memory that can still be used, in MiB: the machine's, or less where a control group limits it.
#[must_use]
pub fn available_mib() -> Option<u64> {
    Told::by(read).available_bytes().map(|bytes| bytes >> 20)
}

fn own(name: &str) -> Option<f64> {
    field(&read("/proc/self/status"), name).map(|kib| kib as f64 / 1024.0)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn linux_tells() {
        assert!(resident_mib() > Some(0.0) && peak_mib() >= Some(0.1) && available_mib() > Some(0));
    }
}
