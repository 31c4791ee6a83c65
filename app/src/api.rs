//! The door between server functions and the store: who asks, what they may do, and what a
//! store error means to a user. Every server function begins with [`caller`] or [`authorise`].
#![cfg(feature = "ssr")]

use crate::{error::AppError, password::Turn, text::lang};
use axum::http::request::Parts;
use domain::{
    access::{Action, Caller},
    dataset::Version,
    id::{DatasetId, ProjectId, UserId},
    import::{ImportProblem, Preview, PreviewRequest, Upload},
    job::FetchProblem,
    judge::identity::AskedEndpoint,
    lang::Lang,
};
use leptos::prelude::use_context;
use std::{pin::Pin, sync::Arc};
use store::{
    PgPool, Stale, StoreError,
    access::Denied,
    throttle::{self, Key},
};

/// A first look at an uploaded data file. Pages know no files, so the server provides it.
pub trait FirstLook: Send + Sync {
    /// What the first rows show.
    fn look(&self, upload: Upload, request: PreviewRequest) -> LookFuture;
}

/// The answer of a [`FirstLook`].
pub type LookFuture = Pin<Box<dyn Future<Output = Result<Preview, LookError>> + Send>>;

/// Why there is no first look.
pub enum LookError {
    /// The file cannot be read as asked.
    Problem(ImportProblem),
    Other(AppError),
}

/// Says why an address may not be fetched.
pub type MayFetch = dyn Fn(&str) -> Result<(), FetchProblem> + Send + Sync;

/// What the server gives to every request.
#[derive(Clone)]
pub struct Services {
    pub db: PgPool,
    /// Address under which users reach us, without a trailing slash.
    pub public_url: String,
    /// The largest file that is taken.
    pub max_upload_bytes: u64,
    /// Hosts from which data may be fetched.
    pub import_hosts: Vec<String>,
    /// Whether an address may be fetched, which the server knows.
    pub may_fetch: Arc<MayFetch>,
    /// Names of the services that write texts.
    pub endpoints: Vec<String>,
    /// The same, with what of them decides whether a judge is who it was.
    pub asked_endpoints: Vec<AskedEndpoint>,
    /// Reads uploaded files for their preview.
    pub first_look: Arc<dyn FirstLook>,
}

crate::texts! {
    nul = "The text holds a NUL character (U+0000). Remove it.", "文本中含有 NUL 字符（U+0000），请将其删除。";
}

impl From<StoreError> for AppError {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Stale(why) => Self::Conflict(stale(lang(), why).to_owned()),
            StoreError::Taken(_) => Self::Conflict(taken(lang()).to_owned()),
            StoreError::Nul => Self::invalid("text", nul(lang())),
            StoreError::Database(_) | StoreError::Corrupt(_) => Self::internal_from(e),
        }
    }
}

crate::texts! {
    taken = "This exists already.", "已存在。";
    correction_used = "The correction is part of a dataset version already.", "该修正已包含在某个数据集版本中。";
    edited_meanwhile = "Somebody else has edited this meanwhile. Load the page again.", "其间已有他人修改，请重新加载页面。";
    nothing_to_add = "None of these bad cases has a correction that waits to be added.", "所选 Bad Case 中没有待加入的修正。";
    sample_elsewhere = "A corrected sample is not in this dataset version. Choose the version it comes from, or a later one.", "某条被修正的样本不在此数据集版本中。请选择其所在版本或更新的版本。";
    corrections_changed = "A correction was added or taken back meanwhile. Load the page again.", "其间有修正被加入或撤回，请重新加载页面。";
    last_owner = "A project needs at least one owner. Make somebody else an owner first.", "项目至少需要一位所有者，请先将其他成员设为所有者。";
    key_used = "This form has launched a run already, with other settings. Look for it in the list of runs; send the form once more to launch another.", "此表单已用其他设置启动过一次训练。请先在训练列表中查看；如需再启动一次，请重新提交。";
    indexed_elsewhere = "The index of this version is being built already. Load the page again.", "该版本的索引已在构建中，请重新加载页面。";
    search_too_wide = "The words of the phrase are in too many samples to look through all of them. Add a word that is less frequent.", "短语中的词过于常见，无法逐一核对全部样本。请增加一个较少见的词。";
    compares_already = "Another comparison of large versions that you have asked for in this project is not over. Wait until it is, or cancel its job, then load the page again.", "您在此项目中请求的另一个大版本对比尚未结束。请等待其结束或取消该任务，然后重新加载页面。";
    cuts_many = "As many results are cut for you as may be at a time. Wait until one is done, or cancel its job, then load the page again.", "为您切片的结果数已达上限。请等待其中一个完成或取消其任务，然后重新加载页面。";
    seeds_many = "As many groups over seeds are computed for you as may be at a time. Wait until one is done, or cancel its job, then load the page again.", "为您计算的跨种子组合数已达上限。请等待其中一个完成或取消其任务，然后重新加载页面。";
    found_others = "The number is not that of the samples found. Nothing was erased; look at the list again.", "输入的数字与找到的样本数不符，未抹除任何内容，请重新核对。";
    merged = "This bad case is merged into another one. Take that back first.", "此 Bad Case 已合并到另一条，请先撤销合并。";
    not_of_project = "The project has no such member, group, run, cause or bad case. Load the page again.", "项目中没有该成员、分组、训练运行、原因或 Bad Case，请重新加载页面。";
    too_deep = "A cause cannot lie that deep, or within itself. Choose another one.", "原因层级过深，或位于其自身之下，请另选一个。";
    source_elsewhere = "The version or evaluation is not in this project, or the evaluations are not of one version and split.", "该版本或评估不在此项目中，或所选评估并非针对同一版本和同一划分。";
    task_state = "The task is in another state by now, or its items are still being made. Load the page again.", "任务状态已变化，或条目仍在生成中，请重新加载页面。";
    item_decided = "This item does not wait for your decision any more, or its judgement was replaced meanwhile.", "该条目已不再等待您的裁定，或其标注已被更新。";
    pairs_uncut = "A task that compares pairs of answers is not cut into batches.", "成对比较的任务不支持切分批次。";
    not_more = "The task asks for as many judgements of an item already. Ask for more, or for a larger share of the items: they cannot become fewer, since judgements that are there would count no more.", "该任务每条要求的判断人数已达到此数。请增加人数或扩大条目比例；人数不可减少，否则已有的判断将不再计入。";
    group_used = "A task or batch is given to this group. Give it to others first.", "有任务或批次分配给此分组，请先改为分配给其他人。";
    report_state = "Somebody else has edited this report meanwhile, or its version is in another state by now. What you typed is still in the form.", "其间已有他人修改此报告，或该版本的状态已变化。您填写的内容仍保留在表单中。";
    own_report = "You have written on this report, and somebody else may approve it: ask an owner or manager who has not.", "您参与撰写了此报告，且另有可审批人，请由未参与撰写的所有者或管理者审批。";
    calibrated = "The judge was held against people with this judging. It cannot be deleted: what was measured stays.", "该评审模型已用这次评审与人工标注做过校准，不能删除，校准结果须保留。";
    other_address = "The invitation is for another e-mail address.", "此邀请属于另一个电子邮箱。";
}

fn stale(l: Lang, why: Stale) -> &'static str {
    match why {
        Stale::CorrectionUsed => correction_used(l),
        Stale::EditedMeanwhile => edited_meanwhile(l),
        Stale::NothingToAdd => nothing_to_add(l),
        Stale::SampleElsewhere => sample_elsewhere(l),
        Stale::CorrectionsChanged => corrections_changed(l),
        Stale::LastOwner => last_owner(l),
        Stale::OtherAddress => other_address(l),
        Stale::KeyUsed => key_used(l),
        Stale::IndexedElsewhere => indexed_elsewhere(l),
        Stale::SearchTooWide => search_too_wide(l),
        Stale::ComparesAlready => compares_already(l),
        Stale::CutsMany => cuts_many(l),
        Stale::SeedsMany => seeds_many(l),
        Stale::FoundOthers => found_others(l),
        Stale::Merged => merged(l),
        Stale::NotOfProject => not_of_project(l),
        Stale::TooDeep => too_deep(l),
        Stale::SourceElsewhere => source_elsewhere(l),
        Stale::TaskState => task_state(l),
        Stale::ItemDecided => item_decided(l),
        Stale::GroupUsed => group_used(l),
        Stale::PairsUncut => pairs_uncut(l),
        Stale::NotMore => not_more(l),
        Stale::SuiteEdited => edited_meanwhile(l),
        Stale::ReportState => report_state(l),
        Stale::OwnReport => own_report(l),
        Stale::Calibrated => calibrated(l),
    }
}

impl From<Denied> for AppError {
    fn from(e: Denied) -> Self {
        match e {
            Denied::NotFound => Self::NotFound,
            Denied::Forbidden => Self::Forbidden,
            Denied::Store(e) => e.into(),
        }
    }
}

/// The services of this request.
pub fn services() -> Result<Services, AppError> {
    use_context::<Services>().ok_or_else(|| AppError::internal_from("no services in context"))
}

/// The head of this request.
pub fn parts() -> Result<Parts, AppError> {
    use_context::<Parts>().ok_or_else(|| AppError::internal_from("no request in context"))
}

/// The signed-in caller. A middleware of the server has identified them.
pub fn caller() -> Result<Caller, AppError> {
    parts()?.extensions.get::<Caller>().cloned().ok_or(AppError::SignIn)
}

/// The caller, if it is a person in a browser: for what an API token must never do, such as
/// changing the password or making tokens.
pub fn in_person() -> Result<Caller, AppError> {
    let caller = caller()?;
    if caller.scope.is_none() { Ok(caller) } else { Err(AppError::Forbidden) }
}

/// Whether this is the password of somebody who is signed in, as far as they have not guessed too often. Hold the turn for what
/// follows.
pub async fn is_password_of(db: &PgPool, turn: &Turn, user: UserId, password: &str) -> Result<bool, AppError> {
    let key = [Key::account(&user.to_string())];
    if throttle::is_blocked(db, &key).await? {
        return Err(AppError::Throttled);
    }
    let hash = store::users::password_hash(db, user).await?;
    let is_right = turn.verify(hash, password).await?;
    if !is_right {
        throttle::record(db, &key).await?;
    }
    Ok(is_right)
}

/// The name of whoever is signed in, for pages that anybody may see.
pub async fn own_name() -> Option<String> {
    let (caller, db) = (in_person().ok()?, services().ok()?.db);
    Some(store::users::get(&db, caller.user_id).await.ok()??.name)
}

/// Where the request comes from, as the throttle counts it: an IPv4 address, or the /64 network
/// of an IPv6 address, since one subscriber has all of it.
pub fn client_network() -> Result<String, AppError> {
    let parts = parts()?;
    let peer = parts.extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>();
    Ok(match peer.map(|info| info.0.ip().to_canonical()) {
        Some(std::net::IpAddr::V4(ip)) => ip.to_string(),
        Some(std::net::IpAddr::V6(ip)) => std::net::Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).to_string(),
        None => String::new(),
    })
}

/// The database and the caller, if the caller may do `action` in `project`.
pub async fn authorise(project: ProjectId, action: Action) -> Result<(PgPool, Caller), AppError> {
    let caller = caller()?;
    let db = services()?.db;
    store::access::authorise(&db, &caller, project, action).await?;
    Ok((db, caller))
}

/// A version of a project's dataset, for a caller who may read the project.
pub async fn version(db: &PgPool, project: ProjectId, dataset: DatasetId, number: u32) -> Result<Version, AppError> {
    store::versions::by_number(db, project, dataset, Some(number)).await?.ok_or(AppError::NotFound)
}
