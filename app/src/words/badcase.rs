//! The states and the built-in causes of a bad case.

use domain::{
    badcase::{BadCaseStatus, Cause},
    lang::Lang,
};

crate::texts! {
    open = "Open", "待处理";
    confirmed = "Confirmed", "已确认";
    corrected = "Corrected", "已改正";
    added = "Added to data", "已加入数据";
    resolved = "Resolved", "已解决";
    dismissed = "Dismissed", "已忽略";
    duplicate = "Duplicate", "重复";

    cause_data = "Data", "数据";
    cause_label = "Label", "标注";
    cause_model = "Model", "模型";
    cause_prompt = "Prompt", "提示";
    cause_other = "Other", "其他";
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

/// A cause's name.
#[must_use]
pub fn cause_name(l: Lang, cause: Cause) -> &'static str {
    match cause {
        Cause::Data => cause_data(l),
        Cause::Label => cause_label(l),
        Cause::Model => cause_model(l),
        Cause::Prompt => cause_prompt(l),
        Cause::Other => cause_other(l),
    }
}
