//! How much memory a machine has left, read out of what Linux says of it. Whoever asks reads the files.

/// What Linux says: the texts of `/proc/meminfo` and, of control group version 2, `memory.max`, `memory.current` and
/// `memory.stat` in `/sys/fs/cgroup`. A file that is not there is an empty text.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub meminfo: String,
    pub group_max: String,
    pub group_current: String,
    pub group_stat: String,
}

impl Told {
    /// Reads the files with `read`.
    pub fn by(mut read: impl FnMut(&str) -> String) -> Self {
        Self {
            meminfo: read("/proc/meminfo"),
            group_max: read("/sys/fs/cgroup/memory.max"),
            group_current: read("/sys/fs/cgroup/memory.current"),
            group_stat: read("/sys/fs/cgroup/memory.stat"),
        }
    }

    /// Bytes that can still be used: the machine's, or less where a control group limits it; `None` where the system does
    /// not say.
    #[must_use]
    pub fn available_bytes(&self) -> Option<u64> {
        let machine = field(&self.meminfo, "MemAvailable:").map(|kib| kib << 10);
        match (machine, self.group_headroom()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Bytes below the limit of the control group. Cached files count as free. A group without a limit says `max`.
    fn group_headroom(&self) -> Option<u64> {
        let (limit, used): (u64, u64) = (self.group_max.trim().parse().ok()?, self.group_current.trim().parse().ok()?);
        let cached = field(&self.group_stat, "inactive_file").unwrap_or(0);
        Some(limit.saturating_sub(used.saturating_sub(cached)))
    }
}

/// The number after a name at the start of a line.
#[must_use]
pub fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|l| l.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_of_machine_and_group_counts() {
        let told = |max: &str| Told {
            meminfo: "MemTotal:  9 kB\nMemAvailable:    2048 kB\n".to_owned(),
            group_max: max.to_owned(),
            group_current: "900000\n".to_owned(),
            group_stat: "anon 1\ninactive_file 100000\n".to_owned(),
        };
        assert_eq!(told("1000000\n").available_bytes(), Some(200_000));
        assert_eq!(told("9000000000\n").available_bytes(), Some(2 << 20));
        assert_eq!(told("max\n").available_bytes(), Some(2 << 20));
        assert_eq!(told("500\n").available_bytes(), Some(0));
        assert_eq!(Told::default().available_bytes(), None);
    }
}
