//! What a user may read when something does not work. Internals are logged once, where they
//! happen, and reach nobody.

use domain::lang::Lang;
use leptos::prelude::ServerFnErrorErr;
use leptos::server_fn::{codec::JsonEncoding, error::FromServerFnError};
use serde::{Deserialize, Serialize};

/// Why a page or action did not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// Nobody is signed in.
    #[error("sign in first")]
    SignIn,
    /// The role or token does not allow it.
    #[error("not allowed")]
    Forbidden,
    /// It does not exist, or not for this person.
    #[error("not found")]
    NotFound,
    /// Input that cannot be used: which field, and what to do, in the user's language.
    #[error("{field}: {problem}")]
    Invalid { field: String, problem: String },
    /// The state has changed meanwhile, or does not allow this now.
    #[error("{0}")]
    Conflict(String),
    /// More was sent than a form may hold.
    #[error("the form is too large")]
    TooLarge,
    /// Too many attempts.
    #[error("too many attempts")]
    Throttled,
    /// Our fault. The number finds the log line.
    #[error("internal error {0}")]
    Internal(String),
}

crate::texts! {
    sign_in = "Sign in to go on.", "请先登录。";
    forbidden = "Your role in this project does not allow this. An owner of the project can change it under Settings.",
        "您在此项目中的角色不允许此操作。项目所有者可在“设置”中更改。";
    not_found = "This does not exist, or you are not a member of its project.", "内容不存在，或您不是该项目的成员。";
    too_large = "The form holds more than can be taken at once. Shorten its longest text and send it again.", "表单内容超过一次可提交的大小。请缩短其中最长的文本后重新提交。";
    throttled = "Too many failed attempts. Wait 15 minutes and try again.", "失败次数过多，请 15 分钟后再试。";
    internal(id) = "Something went wrong on the server. Nothing was saved. If it happens again, tell the administrator this number: {id}",
        "服务器出错，未保存任何内容。若再次出现，请将此编号告知管理员：{id}";
}

impl AppError {
    /// A field that cannot be used.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }

    /// The message for the user.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Self::SignIn => sign_in(lang).to_owned(),
            Self::Forbidden => forbidden(lang).to_owned(),
            Self::NotFound => not_found(lang).to_owned(),
            Self::TooLarge => too_large(lang).to_owned(),
            Self::Throttled => throttled(lang).to_owned(),
            Self::Invalid { problem, .. } => problem.clone(),
            Self::Conflict(text) => text.clone(),
            Self::Internal(id) => internal(lang, id),
        }
    }

    /// HTTP status that fits.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::SignIn => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Invalid { .. } => 422,
            Self::Conflict(_) => 409,
            Self::TooLarge => 413,
            Self::Throttled => 429,
            Self::Internal(_) => 500,
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        match value {
            ServerFnErrorErr::Args(e) | ServerFnErrorErr::MissingArg(e) => Self::invalid("form", e),
            other => Self::Internal(other.to_string()),
        }
    }
}

#[cfg(feature = "ssr")]
mod from_store {
    use super::AppError;

    impl AppError {
        /// Logs an internal failure and gives the user its number.
        pub fn internal_from(error: impl std::fmt::Display) -> Self {
            let id = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
            tracing::error!(%id, %error, "request failed");
            Self::Internal(id)
        }
    }
}
