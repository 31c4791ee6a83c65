//! The subcommands of `trainer`, one file each.

pub(crate) mod bench;
pub(crate) mod code_check;
pub(crate) mod confined;
pub(crate) mod convert;
pub(crate) mod count;
pub(crate) mod diff;
pub(crate) mod eval;
pub(crate) mod follow;
pub(crate) mod generate;
pub(crate) mod inputs;
pub(crate) mod inspect;
pub(crate) mod limits;
pub(crate) mod measure;
pub(crate) mod merge;
pub(crate) mod model;
pub(crate) mod preflight;
pub(crate) mod run;
pub(crate) mod score;
pub(crate) mod task;

/// Sets the size of the CPU thread pool, once, before any work; `None` leaves it at all cores.
pub(crate) fn use_threads(threads: Option<usize>) -> anyhow::Result<()> {
    match threads {
        Some(n) => Ok(rayon::ThreadPoolBuilder::new().num_threads(n).build_global()?),
        None => Ok(()),
    }
}
