//! Where a run stands, in every language.

use domain::{lang::Lang, run::RunStatus};

crate::texts! {
    checking = "Checking", "预检中";
    queued = "Queued", "排队中";
    claimed = "Preparing", "准备中";
    running = "Training", "训练中";
    evaluating = "Evaluating", "评估中";
    succeeded = "Succeeded", "成功";
    failed = "Failed", "失败";
    cancelled = "Cancelled", "已取消";
}

/// A status in words.
#[must_use]
pub fn run_status(l: Lang, status: RunStatus) -> &'static str {
    match status {
        RunStatus::Checking => checking(l),
        RunStatus::Queued => queued(l),
        RunStatus::Claimed => claimed(l),
        RunStatus::Running => running(l),
        RunStatus::Evaluating => evaluating(l),
        RunStatus::Succeeded => succeeded(l),
        RunStatus::Failed => failed(l),
        RunStatus::Cancelled => cancelled(l),
    }
}

/// The class of its badge.
#[must_use]
pub fn run_status_class(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Queued => "badge badge-quiet",
        RunStatus::Checking | RunStatus::Claimed | RunStatus::Running | RunStatus::Evaluating => "badge badge-busy",
        RunStatus::Succeeded => "badge badge-good",
        RunStatus::Failed => "badge badge-bad",
        RunStatus::Cancelled => "badge badge-warn",
    }
}
