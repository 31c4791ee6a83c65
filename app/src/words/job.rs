//! Why a background job failed, in every language.

use super::{import::import_problem, model::model_problem, split::split_rule_problem, steps::step_problem};
use domain::{
    job::{FetchProblem, Gone, JobFailure},
    lang::Lang,
};

crate::texts! {
    gone(what) = "The {what} does not exist in this project any more. Choose or send it again.", "此项目中已没有该{what}。请重新选择或上传。";
    upload = "upload", "上传文件";
    dataset = "dataset", "数据集";
    version = "dataset version", "数据集版本";
    model = "model", "模型";
    no_file = "No file was given.", "没有提供文件。";
    file_name(name) = "A file called “{name}” cannot be used.", "无法使用名为“{name}”的文件。";
    path_unreadable(path, detail, folders) = "{path} cannot be opened (“{detail}”). Models may lie below: {folders}", "无法打开 {path}（“{detail}”）。模型可位于以下文件夹中：{folders}";
    path_forbidden(path, folders) = "{path} cannot be used: models may be registered only from below {folders}. An administrator can add folders with model_paths.", "无法使用 {path}：只能注册以下文件夹中的模型：{folders}。管理员可通过 model_paths 添加文件夹。";
    untokenizable(detail) = "This model cannot read a sample of this dataset (“{detail}”).", "该模型无法读取此数据集中的某个样本（“{detail}”）。";
    adapter = "run with an adapter of this model", "带有此模型适配器的运行";
    not_scored(detail) = "The samples could not be scored (“{detail}”).", "无法为样本评分（“{detail}”）。";
    disk(detail) = "The server failed to read or write a file (“{detail}”).", "服务器读写文件失败（“{detail}”）。";
    internal(detail) = "The server made a mistake (“{detail}”). If it happens again, tell the administrator.", "服务器出错（“{detail}”）。若再次发生，请告知管理员。";
    interrupted = "The server was interrupted during this job, several times. Start it again; if that happens again, look into the log.", "服务器在执行此任务时多次中断。请重新启动任务；若再次发生，请查看日志。";

    no_endpoint(name) = "The server has no endpoint called “{name}” any more. Choose another, or ask the administrator.", "服务器上已没有名为“{name}”的端点。请选择其他端点或联系管理员。";
    writer(detail) = "Nothing more could be written (“{detail}”). What was written before is kept.", "无法继续改写（“{detail}”）。已写出的内容会保留。";
    nothing_accepted = "No text was accepted. Accept some first.", "尚未接受任何文本，请先接受一些。";
    nothing_labelled = "No item is decided that is sure enough. Judge some first, or ask for less confidence.", "没有已裁定且置信度足够的条目。请先标注一些，或降低置信度要求。";
    not_judgements(detail) = "The file cannot be read as judgements (“{detail}”).", "无法将该文件读作标注结果（“{detail}”）。";
    annotation_task = "annotation task", "标注任务";
    suite = "suite, or this version of it", "评测套件（或其该版本）";
    nothing_to_evaluate(evaluation) = "The evaluation “{evaluation}” has no samples. Choose another split or fewer filters.", "评测“{evaluation}”没有样本。请选择其他划分或减少筛选条件。";
    not_labelled(evaluation) = "The evaluation “{evaluation}” asks for classification, and some of its samples have no label. Ask for generation.", "评测“{evaluation}”要求分类，但部分样本没有标签。请改为生成任务。";
    not_answered(detail) = "The candidate did not answer (“{detail}”). Evaluations that were finished before are kept.", "候选模型未作答（“{detail}”）。此前已完成的评测会保留。";
    no_programs(evaluation, detail) = "The evaluation “{evaluation}” runs answers as programs, which cannot be done (“{detail}”). Mend what that names, or leave pass_at_1 out; if it is about this server, ask the administrator.", "评测“{evaluation}”需要运行模型写出的程序，但无法运行（“{detail}”）。请按提示修正，或去掉 pass_at_1；若是服务器的问题，请联系管理员。";
    judging = "judging", "评审";
    judge(detail) = "The judge gave no more answers (“{detail}”). What it said before is kept, and the judging can go on from there.", "评审模型未能继续作答（“{detail}”）。已有的结果会保留，可从此处继续评审。";
    nothing_stays = "No sample would stay. Change the recipe.", "不会保留任何样本，请修改配方。";
    no_leaks = "No training sample gives a held-out one away: there is nothing to remove.", "没有训练样本泄露留出样本，无需移除。";
    unreachable(url, detail) = "{url} cannot be reached (“{detail}”). Check the server's network and proxy settings, or choose a file that you already have.", "无法访问 {url}（“{detail}”）。请检查服务器的网络和代理设置，或选择您已有的文件。";
    status(url, status) = "{url} cannot be fetched: the server there answered {status}.", "无法获取 {url}：对方服务器返回 {status}。";
    checksum(url, actual, expected) = "{url} was discarded: its SHA-256 is {actual}, not {expected}.", "已丢弃 {url}：其 SHA-256 为 {actual}，应为 {expected}。";
    odd_answer(url, detail) = "The answer of {url} cannot be understood (“{detail}”).", "无法理解 {url} 的响应（“{detail}”）。";
    bad_url(url) = "The address “{url}” cannot be used. Write it as https://HOST/PATH, without a name or password.", "无法使用地址“{url}”。请写成 https://主机/路径，不要包含用户名或密码。";
    host_not_allowed(host, allowed) = "Data may not be fetched from {host}. Allowed: {allowed}. An administrator can add hosts with import_hosts.", "不允许从 {host} 获取数据。允许的主机：{allowed}。管理员可通过 import_hosts 添加主机。";
    no_hosts = "none", "无";
    private_address(host) = "{host} lies in a private network, from which nothing is fetched unless an administrator allows it.", "{host} 位于内部网络，未经管理员允许不能从中获取数据。";
    too_large(url, limit) = "{url} cannot be fetched: the file is larger than {limit}.", "无法获取 {url}：文件超过 {limit}。";
    redirects(url) = "{url} leads from one address to the next without end.", "{url} 的重定向过多。";
    empty_answer(url) = "{url} is an empty file.", "{url} 是空文件。";
    missing(what, container) = "There is no {what} in {container}.", "{container} 中没有 {what}。";
    archive(container, detail) = "{container} cannot be unpacked (“{detail}”).", "无法解压 {container}（“{detail}”）。";
}

/// Why a job failed.
#[must_use]
pub fn job_failure(l: Lang, failure: &JobFailure) -> String {
    use JobFailure as F;
    match failure {
        F::Import { problem } => import_problem(l, problem),
        F::Model { problem } => model_problem(l, problem),
        F::Fetch { problem } => fetch_problem(l, problem),
        F::Split { problem } => split_rule_problem(l, problem),
        F::Steps { problem } => step_problem(l, problem),
        F::NothingStays => nothing_stays(l).to_owned(),
        F::NoEndpoint { name } => no_endpoint(l, name),
        F::Writer { detail } => writer(l, detail),
        F::Judge { detail } => judge(l, detail),
        F::NothingAccepted => nothing_accepted(l).to_owned(),
        F::NothingLabelled => nothing_labelled(l).to_owned(),
        F::NothingToEvaluate { evaluation } => nothing_to_evaluate(l, evaluation),
        F::NotLabelled { evaluation } => not_labelled(l, evaluation),
        F::NotAnswered { detail } => not_answered(l, detail),
        F::NoPrograms { evaluation, detail } => no_programs(l, evaluation, detail),
        F::NotJudgements { detail } => not_judgements(l, detail),
        F::NoLeaks => no_leaks(l).to_owned(),
        F::Gone { what } => gone(l, gone_name(l, *what)),
        F::NoFile => no_file(l).to_owned(),
        F::FileName { name } => file_name(l, name),
        F::PathUnreadable { path, folders, detail } => path_unreadable(l, path, detail, folders.join(", ")),
        F::PathForbidden { path, folders } => path_forbidden(l, path, folders.join(", ")),
        F::Untokenizable { detail } => untokenizable(l, detail),
        F::NotScored { detail } => not_scored(l, detail),
        F::Disk { detail } => disk(l, detail),
        F::Internal { detail } => internal(l, detail),
        F::Interrupted => interrupted(l).to_owned(),
        F::Said { text } => text.clone(),
    }
}

fn gone_name(l: Lang, what: Gone) -> &'static str {
    match what {
        Gone::Upload => upload(l),
        Gone::Dataset => dataset(l),
        Gone::Version => version(l),
        Gone::Model => model(l),
        Gone::Adapter => adapter(l),
        Gone::AnnotationTask => annotation_task(l),
        Gone::Suite => suite(l),
        Gone::Judging => judging(l),
    }
}

fn fetch_problem(l: Lang, problem: &FetchProblem) -> String {
    use FetchProblem as P;
    match problem {
        P::Unreachable { url, detail } => unreachable(l, url, detail),
        P::Status { url, status: code } => status(l, url, code),
        P::Checksum { url, expected, actual } => checksum(l, url, actual, expected),
        P::Answer { url, detail } => odd_answer(l, url, detail),
        P::BadUrl { url } => bad_url(l, url),
        P::HostNotAllowed { host, allowed } if allowed.is_empty() => host_not_allowed(l, host, no_hosts(l)),
        P::HostNotAllowed { host, allowed } => host_not_allowed(l, host, allowed.join(", ")),
        P::PrivateAddress { host } => private_address(l, host),
        P::TooLarge { url, limit_bytes } => too_large(l, url, crate::ui::format::bytes(*limit_bytes)),
        P::Redirects { url } => redirects(l, url),
        P::Empty { url } => empty_answer(l, url),
        P::Missing { what, container } => missing(l, what, container),
        P::Archive { container, detail } => archive(l, container, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::model::ModelProblem;

    #[test]
    fn a_library_is_quoted_inside_a_sentence_of_ours() {
        let damaged = ModelProblem::Damaged { file: "model.gguf".to_owned(), detail: "it ends too early".to_owned() };
        assert_eq!(
            job_failure(Lang::Zh, &JobFailure::Model { problem: damaged }),
            "文件 model.gguf 已损坏（“it ends too early”）。请重新获取并核对校验和。"
        );
    }

    #[test]
    fn old_words_are_shown_as_they_were_written() {
        let said = JobFailure::Said { text: "no".to_owned() };
        assert_eq!([job_failure(Lang::En, &said), job_failure(Lang::Zh, &said)], ["no", "no"]);
    }
}
