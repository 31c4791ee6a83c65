//! Limits that a process sets on itself before it opens files it cannot trust.
//!
//! A chat template is a program and a tokenizer a data structure of any size: steps and file
//! sizes alone do not bound what they may take.

use rustix::process::{Resource, Rlimit, setrlimit};
use std::io;

/// From now on the process may hold at most `memory_mib` of writable memory and compute for at
/// most `seconds` on all cores together. What exceeds the first ends it by SIGABRT, what exceeds
/// the second by SIGXCPU. Files that are only mapped do not count.
pub fn limit_this_process(memory_mib: Option<u64>, seconds: Option<u64>) -> io::Result<()> {
    let at_most = |resource, most: Option<u64>| match most {
        Some(most) => setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }),
        None => Ok(()),
    };
    at_most(Resource::Data, memory_mib.map(|mib| mib << 20))?;
    at_most(Resource::Cpu, seconds)?;
    Ok(())
}
