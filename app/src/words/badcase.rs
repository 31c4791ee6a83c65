//! The states of a bad case.

use domain::{badcase::BadCaseStatus, lang::Lang};

crate::texts! {
    open = "Open", "待处理";
    confirmed = "Confirmed", "已确认";
    corrected = "Corrected", "已改正";
    added = "Added to data", "已加入数据";
    resolved = "Resolved", "已解决";
    dismissed = "Dismissed", "已忽略";
    duplicate = "Duplicate", "重复";
}

/// A status's name.
#[must_use]
pub fn bad_case_status(l: Lang, status: BadCaseStatus) -> &'static str {
    match status {
        BadCaseStatus::Open => open(l),
        BadCaseStatus::Confirmed => confirmed(l),
        BadCaseStatus::Corrected => corrected(l),
        BadCaseStatus::Added => added(l),
        BadCaseStatus::Resolved => resolved(l),
        BadCaseStatus::Dismissed => dismissed(l),
        BadCaseStatus::Duplicate => duplicate(l),
    }
}
