//! How much memory this process uses and how much is left, as Linux tells it.

/// Resident memory of this process in MiB; `None` where the system does not say.
#[must_use]
pub fn resident_mib() -> Option<f64> {
    field("/proc/self/status", "VmRSS:").map(|kib| kib as f64 / 1024.0)
}

/// Largest resident memory of this process so far in MiB.
#[must_use]
pub fn peak_mib() -> Option<f64> {
    field("/proc/self/status", "VmHWM:").map(|kib| kib as f64 / 1024.0)
}

/// Memory that can still be used, in MiB: the machine's, or less where a control group limits it.
#[must_use]
pub fn available_mib() -> Option<u64> {
    let machine = field("/proc/meminfo", "MemAvailable:").map(|kib| kib / 1024);
    let group = group_headroom().map(|bytes| bytes >> 20);
    match (machine, group) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Bytes below the limit of this control group (version 2). Cached files count as free.
fn group_headroom() -> Option<u64> {
    let number =
        |name: &str| std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?.trim().parse::<u64>().ok();
    let (limit, used) = (number("memory.max")?, number("memory.current")?);
    let cached = field("/sys/fs/cgroup/memory.stat", "inactive_file").unwrap_or(0);
    Some(limit.saturating_sub(used.saturating_sub(cached)))
}

/// The number after a name at the start of a line.
fn field(path: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn linux_tells() {
        assert!(resident_mib() > Some(0.0) && peak_mib() >= Some(0.1) && available_mib() > Some(0));
    }
}
