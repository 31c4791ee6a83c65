//! Disk and memory: what the run will need against what is free and not promised to others.

use super::Reserved;
use crate::error::TrainError;
use crate::memory;
use crate::setup::Run;
use domain::run::{FailureKind, Preflight, Room, RunProblem, Supply, Verdict};
use std::path::Path;

const MIB: u64 = 1 << 20;

/// Compares needs, measured where that was possible, with what there is.
pub(super) fn room(run: &mut Run, report: &mut Preflight, reserved: Reserved) -> Result<Verdict, TrainError> {
    let disk = Supply {
        needed_bytes: disk_needed(run, report),
        free_bytes: free_disk(&run.job.out),
        reserved_bytes: reserved.disk_bytes,
    };
    // Each process of a run on several CPU devices holds a model of its own.
    let processes = run.job.devices.iter().filter(|name| *name == "cpu").count() as u64;
    let peak = memory::peak_mib().map_or(0, |mib| mib as u64 * MIB * processes);
    let own = memory::resident_mib().unwrap_or(0.0) as u64;
    let memory = Supply {
        needed_bytes: peak,
        free_bytes: memory::available_mib().map(|mib| (mib + own) * MIB),
        reserved_bytes: reserved.memory_bytes,
    };
    report.room = Some(Room { disk, memory });
    let [needed_mib, free_mib, reserved_mib] = figures(&disk);
    if !disk.suffices() {
        let problem = RunProblem::TooLittleDisk { needed_mib, free_mib, reserved_mib };
        return Ok(Verdict::Problem { kind: FailureKind::DiskFull, problem });
    }
    let [needed_mib, free_mib, reserved_mib] = figures(&memory);
    if !memory.suffices() {
        let problem = RunProblem::TooLittleMemory { needed_mib, free_mib, reserved_mib };
        return Ok(Verdict::Problem { kind: FailureKind::OutOfMemory, problem });
    }
    Ok(Verdict::Ok)
}

fn figures(supply: &Supply) -> [u64; 3] {
    [supply.needed_bytes, supply.free_bytes.unwrap_or(0), supply.reserved_bytes].map(|bytes| bytes.div_ceil(MIB))
}

/// Checkpoints that stay and the one being written, then the adapter in the out folder and wherever it is taken.
fn disk_needed(run: &Run, report: &Preflight) -> u64 {
    let (recipe, each) = (&run.job.recipe, report.checkpoint.map_or(0, |c| c.bytes));
    recipe.checkpoint_bytes(recipe.checkpoint_count(run.total_steps).at_once, each) + 2 * run.adapter.file_bytes()
}

/// Bytes that this process may still write below `folder`; `None` where the system does not say.
fn free_disk(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
