//! Names of the domain's words in every language, for those that several features show.

mod badcase;
#[cfg(feature = "ssr")]
mod digest;
mod edit;
#[cfg(any(feature = "ssr", feature = "charts"))]
mod fit;
mod import;
mod job;
#[cfg(feature = "ssr")]
mod judge;
mod line;
mod model;
#[cfg(any(feature = "ssr", feature = "charts"))]
pub mod recipe;
#[cfg(any(feature = "ssr", feature = "charts"))]
mod run;
mod split;
#[cfg(any(feature = "ssr", feature = "charts"))]
mod status;
mod steps;
#[cfg(feature = "ssr")]
mod suite;

pub use badcase::{bad_case_status, cause_name};
#[cfg(feature = "ssr")]
pub use digest::digest_line;
pub use edit::{edit_action, edit_problem};
#[cfg(any(feature = "ssr", feature = "charts"))]
pub use fit::{fit_advice, fit_badge, fit_name, fit_sentence};
pub use import::import_problem;
pub use job::job_failure;
#[cfg(feature = "ssr")]
pub use judge::{judge_badge, judge_kappa, judge_noise, judge_said, judge_standing, judge_weight};
pub use line::line_problem;
#[cfg(any(feature = "ssr", feature = "charts"))]
pub use run::run_problem;
pub use split::{leak_check_problem, leak_kind, split_rule_problem};
#[cfg(any(feature = "ssr", feature = "charts"))]
pub use status::{run_status, run_status_class};
pub use steps::step_problem;
#[cfg(feature = "ssr")]
pub use steps::{
    is_free_text, setting_choices, setting_help, setting_name, step_because, step_findings, step_kind, step_reason,
};

#[cfg(feature = "ssr")]
pub use suite::{standing, standing_badge, target as suite_target};

use domain::{access::Role, account::AccountError, lang::Lang, sample::Split};

crate::texts! {
    role_owner = "owner", "所有者";
    role_scientist = "scientist", "数据科学家";
    role_annotator = "annotator", "标注员";
    role_manager = "manager", "管理者";
    email_problem = "This is not an e-mail address.", "电子邮箱格式不正确。";
    too_short = "The password must have at least 12 characters.", "密码至少需要 12 个字符。";
    too_long = "The password must have at most 256 characters.", "密码最多 256 个字符。";
    train = "Train", "训练集";
    validation = "Validation", "验证集";
    test = "Test", "测试集";
    saw_erased_rows(name) = "{name} (saw erased rows)", "{name}（用过已抹除的样本）";
    name_problem = "The name must have 1 to 200 characters.", "名称应为 1 至 200 个字符。";
}

/// A role's name.
#[must_use]
pub fn role(lang: Lang, role: Role) -> &'static str {
    match role {
        Role::Owner => role_owner(lang),
        Role::Scientist => role_scientist(lang),
        Role::Annotator => role_annotator(lang),
        Role::Manager => role_manager(lang),
    }
}

/// A split's name.
#[must_use]
pub fn split(lang: Lang, split: Split) -> &'static str {
    match split {
        Split::Train => train(lang),
        Split::Validation => validation(lang),
        Split::Test => test(lang),
    }
}

/// The name of a run, or of its adapter, where it is offered or shown: marked if it learnt from samples that were erased since,
/// which nothing takes out of it.
#[must_use]
pub fn marked_run(lang: Lang, name: String, saw_erased: bool) -> String {
    if saw_erased { saw_erased_rows(lang, name) } else { name }
}

/// What is wrong with an address, a password or a name.
#[must_use]
pub fn account_problem(lang: Lang, error: AccountError) -> &'static str {
    match error {
        AccountError::Email => email_problem(lang),
        AccountError::PasswordTooShort => too_short(lang),
        AccountError::PasswordTooLong => too_long(lang),
        AccountError::Name => name_problem(lang),
    }
}
