//! A run tried out before it begins: set up as it would be, its data looked at token by token, its longest batch
//! computed, one batch overfitted, a checkpoint written and read back, a few samples answered, disk and memory compared with
//! its needs.
//!
//! All of it happens in a process and a folder of its own: the run that follows knows nothing of it.

mod audit;
mod pace;
mod rehearsal;
mod room;

use crate::error::TrainError;
use crate::event::Sink;
use crate::setup::{Job, Run};
use domain::event::Phase;
use domain::run::{Preflight, PreflightCheck, PreflightStep, RunProblem, Verdict};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Name of the report in the out folder.
pub const REPORT_FILE: &str = "preflight.json";
/// Folder in the out folder for what is written on the way; removed at the end.
const SCRATCH: &str = "scratch";

/// What other runs on this machine still need of what is free.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reserved {
    pub memory_bytes: u64,
    pub disk_bytes: u64,
}

/// Tries the run of `job` and writes the report into its out folder. An error means that there is no report; what
/// would end the run is in the report.
pub fn preflight(mut job: Job, reserved: Reserved, sink: &mut Sink) -> Result<Preflight, TrainError> {
    let started = Instant::now();
    let out = job.out.clone();
    let scratch = Scratch::make(&out)?;
    // What the reference says of all pairs is not asked: that is a pass over the whole data.
    (job.out, job.resume, job.follows) = (scratch.0.clone(), false, true);
    let mut checks = Checks { report: Preflight::default(), has_failed: false };
    let mut run = None;
    checks.check(PreflightStep::SetUp, |_| {
        run = Run::set_up(job.clone(), sink, &AtomicBool::new(false))?;
        Ok(Verdict::Ok)
    });
    checks.check_always(PreflightStep::Audit, |report| {
        report.audit = audit::audit(&job, sink)?;
        let warns = report.audit.iter().flat_map(|split| &split.findings).any(|finding| finding.kind.warns());
        Ok(if warns { Verdict::Warning } else { Verdict::Ok })
    });
    let mut rehearse = |step, work: Work| {
        checks.check(step, |report| {
            let Some(run) = run.as_mut() else { return Ok(Verdict::Skipped) };
            let done = PreflightStep::ALL.iter().take_while(|s| **s != step).count();
            sink.phase(Phase::Rehearsing, done as u32, PreflightStep::ALL.len() as u32)?;
            work(run, report)
        });
    };
    rehearse(PreflightStep::LongestBatch, &|run, report| rehearsal::longest_batch(run, report));
    rehearse(PreflightStep::Overfit, &|run, report| rehearsal::overfit(run, report));
    rehearse(PreflightStep::Checkpoint, &|run, report| rehearsal::checkpoint(run, report));
    rehearse(PreflightStep::Evaluation, &|run, report| pace::pace(run, report));
    rehearse(PreflightStep::Room, &|run, report| room::room(run, report, reserved));
    let mut report = checks.report;
    report.elapsed_ms = milliseconds(started);
    write(&out.join(REPORT_FILE), &report)?;
    Ok(report)
}

/// The report on a run that cannot even be described, as of a recipe with a field out of range.
pub fn refused(out: &Path, error: &TrainError) -> Result<Preflight, TrainError> {
    let mut checks = Checks { report: Preflight::default(), has_failed: false };
    checks.report.checks.push(PreflightCheck { step: PreflightStep::SetUp, verdict: problem(error), elapsed_ms: 0 });
    checks.has_failed = true;
    for step in PreflightStep::ALL.into_iter().skip(1) {
        checks.check(step, |_| Ok(Verdict::Skipped));
    }
    write(&out.join(REPORT_FILE), &checks.report)?;
    Ok(checks.report)
}

type Work<'a> = &'a dyn Fn(&mut Run, &mut Preflight) -> Result<Verdict, TrainError>;

/// The report as it grows.
struct Checks {
    report: Preflight,
    has_failed: bool,
}

impl Checks {
    /// A step that makes sense only while all is well.
    fn check(&mut self, step: PreflightStep, work: impl FnOnce(&mut Preflight) -> Result<Verdict, TrainError>) {
        let has_failed = self.has_failed;
        self.check_always(step, |report| if has_failed { Ok(Verdict::Skipped) } else { work(report) });
    }

    fn check_always(&mut self, step: PreflightStep, work: impl FnOnce(&mut Preflight) -> Result<Verdict, TrainError>) {
        let started = Instant::now();
        let verdict = work(&mut self.report).unwrap_or_else(|error| problem(&error));
        self.has_failed |= matches!(verdict, Verdict::Problem { .. });
        self.report.checks.push(PreflightCheck { step, verdict, elapsed_ms: milliseconds(started) });
    }
}

fn problem(error: &TrainError) -> Verdict {
    let problem = error.problem().unwrap_or_else(|| RunProblem::Said { text: error.to_string() });
    Verdict::Problem { kind: error.kind(), problem }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The report is there completely or not at all.
fn write(path: &Path, report: &Preflight) -> Result<(), TrainError> {
    let temporary = path.with_extension("writing");
    let text = serde_json::to_vec_pretty(report).map_err(io::Error::from);
    let written = text.and_then(|t| fs::write(&temporary, t)).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| TrainError::Write { path: path.to_owned(), source })
}

/// A folder that goes with this value.
struct Scratch(PathBuf);

impl Scratch {
    /// One that an earlier preflight left behind goes first.
    fn make(out: &Path) -> Result<Self, TrainError> {
        let path = out.join(SCRATCH);
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(TrainError::Write { path, source });
            }
            _ => {}
        }
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(TrainError::Write { path, source }),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is removed by the next preflight in this folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}
