//! Texts of forgetting rows.

use domain::{
    forget::{Busy, ForgetError, MAX_CHARS, MAX_TEXTS, MIN_CHARS},
    lang::Lang,
};

crate::texts! {
    title = "Forget rows", "抹除样本";
    lead = "Erase what somebody wrote, or what was written about somebody, in all versions of all datasets.", "在所有数据集的所有版本中抹除某人所写或关于某人的内容。";
    to_datasets = "All datasets", "全部数据集";
    texts = "Texts to look for, one a line", "要查找的文本，每行一个";
    texts_help = "For example an e-mail address and a full name. Every sample that holds one of them is found, whatever the case of its letters.", "例如电子邮箱和全名。包含其中任一文本的样本都会被找到，不区分大小写。";
    look = "Look for them", "查找";
    nothing = "Nothing holds these texts", "没有内容包含这些文本";
    nothing_hint = "Look for another spelling, or a part of the text.", "请尝试其他写法或部分文本。";
    found(n) = "{n} samples hold these texts", "{n} 个样本包含这些文本";
    others(predictions, bad_cases) = "{predictions} stored answers of models and {bad_cases} bad cases are about them or hold the texts, and will be erased with them.", "另有 {predictions} 个已保存的模型回答和 {bad_cases} 个 Bad Case 与之相关或包含这些文本，将一并抹除。";
    version = "Version", "版本";
    samples = "Samples", "样本";
    becomes = "What becomes of it", "处理结果";
    new_version(n) = "v{n} follows without them", "生成不含这些样本的 v{n}";
    places_stay = "they keep their places and say nothing", "保留位置，内容抹除";
    runs = "Runs that have seen them", "用过这些样本的训练";
    runs_help = "What a model has learnt cannot be taken out of it. These runs and their adapters are marked; delete them, or train again on the new version.", "模型已学到的内容无法移除。这些训练及其适配器会被标注；请删除，或在新版本上重新训练。";
    run_saw(n) = "{n} samples", "{n} 个样本";
    files = "Uploaded files that hold them", "包含它们的上传文件";
    files_help = "They are kept until you delete them, below, after the rows are erased.", "抹除后可在下方删除这些文件，在此之前会保留。";
    examples = "Some of the samples (none of a test split)", "部分样本（不含测试集）";
    for_good = "This cannot be undone. The text is not kept anywhere; that you erased it is on record. Backups, and copies that people have downloaded, are beyond our reach.", "此操作无法撤销。文本不会保留，但会记录您进行了抹除。备份和他人已下载的副本不受影响，请另行处理。";
    type_number(n) = "Type {n}, the number of samples, to go on", "请输入样本数 {n} 以继续";
    type_number_help = "Where other samples hold the texts by then, nothing is erased.", "若届时样本数已变化，则不会抹除任何内容。";
    found_others = "Nothing was erased: this is not how many samples hold the texts now.", "未抹除任何内容：这不是当前包含这些文本的样本数。";
    not_a_number = "Type the number of samples.", "请输入样本数。";
    erase = "Erase for good", "彻底抹除";
    before = "Forgotten before", "抹除记录";
    forgotten(samples, runs) = "{samples} samples; {runs} runs had seen them", "{samples} 个样本；{runs} 次训练用过";
    delete_file = "Delete this file", "删除此文件";
    gone = "an account that is gone", "已删除的账号";
    busy_job(kind) = "Nothing was erased: {kind} is at work in this project, or waits with these texts, and would write down again what it has read. Wait until it has ended, or cancel it, then erase.", "未抹除任何内容：此项目中的“{kind}”任务正在运行，或正带着这些文本排队，会再次写入已读取的内容。请等待其结束或取消后再抹除。";
    busy_run(number, name) = "Nothing was erased: run #{number} “{name}” works with these samples and is not over. Wait until it has ended, or cancel it, then erase.", "未抹除任何内容：训练 #{number}“{name}”正在使用这些样本且尚未结束。请等待其结束或取消后再抹除。";
    job_import = "an import", "导入";
    job_merge = "a merge of versions", "合并版本";
    job_tokens = "a count of tokens", "统计词元";
    job_scores = "a scoring", "评分";
    job_steps = "a data recipe", "数据配方";
    job_texts = "writing samples anew", "改写样本";
    job_splits = "a look at the splits", "检查数据划分";
    job_divide = "a new division into splits", "重新划分";
    job_edit = "a bulk edit", "批量编辑";
    job_items = "making the items of an annotation task", "生成标注任务的条目";
    job_labels = "making a version of labels", "由标注结果生成版本";
    job_judgements = "reading judgements from a file", "从文件读取判断";
    job_diff = "a comparison of versions", "比较版本";
    job_digest = "the digest of a week", "生成每周摘要";
    job_groups = "a grouping of bad cases", "Bad Case 分组";
    job_nearest = "a search for training rows like bad cases", "查找与 Bad Case 相近的训练样本";
    job_render = "rendering a task file", "生成任务文件的样本";
    job_suite = "an evaluation suite", "评测套件";
    job_slices = "cutting a result into parts", "结果切片";
    job_judge = "a judging of answers", "评审回答";
    problem_nothing = "Name at least one text.", "请至少填写一个文本。";
    problem_many(n) = "Name at most {n} texts.", "最多填写 {n} 个文本。";
    problem_length(least, most) = "Each text must have {least} to {most} characters.", "每个文本应为 {least} 至 {most} 个字符。";
}

/// Why texts cannot be looked for.
#[must_use]
pub fn problem(l: Lang, e: ForgetError) -> String {
    match e {
        ForgetError::Nothing => problem_nothing(l).to_owned(),
        ForgetError::TooMany => problem_many(l, MAX_TEXTS),
        ForgetError::Length => problem_length(l, MIN_CHARS, MAX_CHARS),
    }
}

/// What has to end before anything is erased.
#[must_use]
pub fn busy(l: Lang, busy: &Busy) -> String {
    match busy {
        Busy::Job { kind, .. } => busy_job(l, job(l, kind).unwrap_or(kind)),
        Busy::Run { number, name, .. } => busy_run(l, number, name),
    }
}

/// A kind of job that erasing waits for, in words. A test of the server holds its list of jobs against this one.
#[must_use]
pub fn job(l: Lang, kind: &str) -> Option<&'static str> {
    Some(match kind {
        "import_dataset" | "sample_project" => job_import(l),
        "merge_versions" => job_merge(l),
        "count_tokens" => job_tokens(l),
        "score_version" => job_scores(l),
        "preview_steps" | "apply_steps" => job_steps(l),
        "paraphrase" | "take_proposals" => job_texts(l),
        "check_splits" => job_splits(l),
        "divide_version" | "remove_leaks" => job_divide(l),
        "edit_version" => job_edit(l),
        "diff_versions" => job_diff(l),
        "cluster_bad_cases" => job_groups(l),
        "nearest_to_bad_cases" => job_nearest(l),
        "render_task" => job_render(l),
        "run_suite" => job_suite(l),
        "slice_result" => job_slices(l),
        "fill_annotation" => job_items(l),
        "judge" => job_judge(l),
        "weekly_digest" => job_digest(l),
        "publish_annotation" => job_labels(l),
        "import_judgements" => job_judgements(l),
        _ => return None,
    })
}
