//! Texts of a job's progress.

use domain::{job::JobStatus, lang::Lang};

crate::texts! {
    progress = "Progress", "进度";
    of(done, total) = "{done} of {total}", "{done} / {total}";
    left(time) = "about {time} left", "约剩 {time}";
    cancel = "Cancel", "取消";
    cancel_question = "Stop this? What has been read so far is dropped.", "确定停止吗？目前已处理的部分将被丢弃。";
    refresh = "Refresh", "刷新";
    again = "Try again", "重试";
    go_on = "Continue", "继续";
    queued = "Waiting to start", "等待开始";
    running = "Working", "处理中";
    cancelling = "Stopping", "正在停止";
    succeeded = "Done", "已完成";
    failed = "Failed", "失败";
    cancelled = "Cancelled", "已取消";
    downloading = "Downloading", "正在下载";
    checking = "Checking", "正在校验";
    reading = "Reading", "正在读取";
    importing = "Importing", "正在导入";
    merging = "Mixing", "正在混合";
    storing = "Storing", "正在存储";
    copying = "Copying", "正在复制";
    inspecting = "Inspecting the model", "正在检查模型";
    saving = "Saving", "正在保存";
    unpacking = "Unpacking", "正在解压";
    counting = "Counting tokens", "正在统计词元";
    comparing_splits = "Comparing the splits", "正在比较各划分";
    comparing = "Comparing the versions", "正在对比版本";
    comparing_candidates = "Comparing the candidates", "正在对比候选";
    slicing = "Cutting the result into parts", "正在切片";
    indexing = "Building the index", "正在构建索引";
    rewriting = "Writing texts", "正在改写";
    dividing = "Dividing", "正在划分";
    trying_steps = "Trying the steps", "正在试运行步骤";
    scoring = "Scoring", "正在评分";
    answering = "Answering", "正在作答";
    measuring = "Measuring", "正在计算指标";
    running_programs = "Running the programs that were written", "正在运行生成的程序";
    reading_scores = "Reading scores", "正在读取评分";
    clustering = "Grouping", "正在聚类";
    finding_nearest = "Comparing with the training rows", "正在与训练样本比较";
    judging = "Judging", "正在评审";
    writing = "Writing the version", "正在写入版本";
}

/// Where the job stands, in words: the stage and how much of it while it runs.
pub(super) fn state(l: Lang, job: &super::Now) -> String {
    let word = match job.status {
        JobStatus::Queued => queued(l),
        JobStatus::Running if job.cancelling => cancelling(l),
        JobStatus::Running => {
            let stage = stage(l, &job.progress.stage).unwrap_or(running(l));
            return super::amount(l, &job.progress)
                .map_or_else(|| stage.to_owned(), |amount| format!("{stage}: {amount}"));
        }
        JobStatus::Succeeded => succeeded(l),
        JobStatus::Failed => failed(l),
        JobStatus::Cancelled => cancelled(l),
    };
    word.to_owned()
}

fn stage(l: Lang, word: &str) -> Option<&'static str> {
    Some(match word {
        "downloading" => downloading(l),
        "checking" => checking(l),
        "reading" => reading(l),
        "rewriting" => rewriting(l),
        "importing" => importing(l),
        "merging" => merging(l),
        "storing" => storing(l),
        "copying" => copying(l),
        "inspecting" => inspecting(l),
        "saving" => saving(l),
        "unpacking" => unpacking(l),
        "counting" => counting(l),
        "comparing_splits" => comparing_splits(l),
        "comparing" => comparing(l),
        "comparing_candidates" => comparing_candidates(l),
        "slicing" => slicing(l),
        "indexing" => indexing(l),
        "dividing" => dividing(l),
        "trying_steps" => trying_steps(l),
        "scoring" => scoring(l),
        "answering" => answering(l),
        "measuring" => measuring(l),
        "running_programs" => running_programs(l),
        "reading_scores" => reading_scores(l),
        "clustering" => clustering(l),
        "finding_nearest" => finding_nearest(l),
        "judging" => judging(l),
        "writing" => writing(l),
        _ => return None,
    })
}
