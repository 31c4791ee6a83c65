//! How much memory this machine has left, as Linux tells it. The trainer asks the same of itself; the server knows
//! it before a trainer is started.

/// Bytes that can still be used: the machine's, or less where a control group limits it; `None` where the system does
/// not say.
pub(super) fn available_bytes() -> Option<u64> {
    let machine = field("/proc/meminfo", "MemAvailable:").map(|kib| kib << 10);
    match (machine, group_headroom()) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Bytes below the limit of this control group (version 2). Cached files count as free.
fn group_headroom() -> Option<u64> {
    let number = |name: &str| std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?.trim().parse().ok();
    let (limit, used): (u64, u64) = (number("memory.max")?, number("memory.current")?);
    let cached = field("/sys/fs/cgroup/memory.stat", "inactive_file").unwrap_or(0);
    Some(limit.saturating_sub(used.saturating_sub(cached)))
}

/// The number after a name at the start of a line.
fn field(path: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|l| l.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}
