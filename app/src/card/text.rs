//! Texts of the data card.

use crate::words;
use domain::{dataset::Origin, explore::Script, lang::Lang};

crate::texts! {
    title(name, number) = "Data card of {name} v{number}", "{name} v{number} 的数据卡";
    to_version = "The version", "返回版本";
    incomplete = "The card lacks a description or a licence.", "数据卡缺少说明或许可证。";
    edit = "Write them", "去填写";
    about = "About", "概况";
    version = "Version", "版本";
    id = "Version id", "版本 ID";
    license = "Licence", "许可证";
    license_unknown = "not stated", "未说明";
    made = "Made", "创建";
    made_by(at, who) = "{at}, by {who}", "{at}，{who}";
    note = "Note", "备注";
    sources = "Source files", "来源文件";
    fetched_from = "Fetched from", "获取自";
    making = "How it was made", "制作过程";
    step(what, samples) = "{what}: {samples} samples", "{what}：{samples} 个样本";
    numbers = "In numbers", "统计";
    samples = "Samples", "样本";
    characters = "Characters", "字符";
    mean_length = "Mean length in characters", "平均长度（字符）";
    half_below = "Half of the samples are shorter than, in characters", "半数样本短于（字符）";
    most_below = "95 % of the samples are shorter than, in characters", "95% 的样本短于（字符）";
    pairs = "Preference pairs", "偏好对";
    scripts = "Written in", "文字";
    han = "Chinese", "中文";
    latin = "Latin letters", "拉丁字母";
    mixed = "Chinese and Latin", "中文与拉丁字母";
    other_script = "other", "其他";
    tokens(model) = "Tokens of {model}", "词元（{model}）";
    token_count(total, mean, p50, p95, most) = "{total} in all; {mean} on average, median {p50}, 95 % below {p95}, longest {most}", "共 {total}；平均 {mean}，中位数 {p50}，95% 低于 {p95}，最长 {most}";
    labels = "Labels", "标签";
    more_labels = "Other labels", "其他标签";
    care = "Checks", "检查";
    leak_check = "Leaks between splits", "划分间泄露";
    not_checked = "not checked", "未检查";
    no_leaks(n) = "none of the {n} validation and test samples was found in training", "{n} 个验证和测试样本均未出现在训练集中";
    leaks_found(found, n) = "{found} of the {n} validation and test samples were found in training", "{n} 个验证和测试样本中有 {found} 个出现在训练集中";
    test_split = "Sealed test split", "封存的测试集";
    no_looks = "nobody has looked at it", "尚无人查看";
    looks_at_test(looks, people) = "looked at {looks} times by {people} people", "共被查看 {looks} 次，涉及 {people} 人";
    personal = "Personal data", "个人信息";
    no_personal = "no step has looked for it", "没有步骤处理过个人信息";
    personal_step(name, version, step) = "{name} v{version}, step {step} of its recipe looked for it", "{name} v{version} 的第 {step} 步处理过";
    limits = "Known limits", "已知限制";
    skipped = "Skipped lines", "跳过的行";
    skipped_what(n) = "{n} lines of the source could not be read and are missing", "来源中有 {n} 行无法读取，未包含";
    duplicates = "Exact duplicates", "完全重复";
    duplicates_what(n) = "{n} samples say what another one says", "{n} 个样本与其他样本完全相同";
    empty_split = "no samples", "没有样本";
    runs = "Runs on this version", "使用此版本的训练";
    more_runs = "Other runs", "其他训练";

    imported(file, format) = "read from {file} as {format}", "读取自 {file}（{format}）";
    appended(file, added, kept) = "{added} samples of {file} added to {kept}", "在 {kept} 个样本后追加 {file} 的 {added} 个样本";
    split_plan(train, validation, test, seed) = "divided by content {train} : {validation} : {test}, seed {seed}", "按内容划分 {train} : {validation} : {test}，随机种子 {seed}";
    merged(sources) = "mixed from {sources}", "混合自 {sources}";
    corrections(n) = "{n} samples corrected from bad cases", "修正 {n} 个 Bad Case 样本";
    divided(seed, left_out) = "divided anew, seed {seed}, {left_out} left out", "重新划分，随机种子 {seed}，排除 {left_out} 个";
    cleaned(steps, removed, changed) = "steps {steps}; {removed} removed, {changed} rewritten", "步骤 {steps}；移除 {removed} 个，改写 {changed} 个";
    edited(what, n) = "edit of {n} samples: {what}", "批量编辑 {n} 个样本：{what}";
    forgotten(n) = "{n} samples removed that somebody asked to be forgotten", "应要求抹除 {n} 个样本";
    augmented(texts) = "{texts} texts that a model wrote from training samples and people accepted", "模型由训练样本写出并经人工接受的 {texts} 条文本";
    annotated(n, task, left_out) = "{n} samples labelled in the annotation task “{task}”, {left_out} left out", "标注任务“{task}”标注 {n} 个样本，排除 {left_out} 个";
    without_leaks(n) = "{n} training samples that leak removed", "移除 {n} 个泄露的训练样本";
}

/// A script's name.
#[must_use]
pub fn script(l: Lang, script: &str) -> &'static str {
    match Script::ALL.into_iter().find(|s| s.as_str() == script) {
        Some(Script::Han) => han(l),
        Some(Script::Latin) => latin(l),
        Some(Script::Mixed) => mixed(l),
        Some(Script::Other) | None => other_script(l),
    }
}

/// How a version was made, in a few words.
#[must_use]
pub fn origin(l: Lang, origin: &Origin) -> String {
    match origin {
        Origin::Import { file_name, syntax, split, appended: grown, .. } => {
            let read = match grown {
                Some(grown) => appended(l, file_name, grown.added, grown.kept),
                None => imported(l, file_name, syntax.as_str()),
            };
            let plan = split_plan(l, split.train, split.validation, split.test, split.seed);
            format!("{read}; {plan}")
        }
        Origin::Merge { sources, .. } => {
            let names = sources.iter().map(|s| format!("{} v{}", s.dataset_name, s.number)).collect::<Vec<_>>();
            merged(l, names.join(", "))
        }
        Origin::Corrections { corrections: n, .. } => corrections(l, n),
        Origin::Divided { rule, left_out, .. } => divided(l, rule.seed, left_out),
        Origin::Cleaned { recipe, report } => {
            let steps = recipe.steps.iter().map(|step| step.kind()).collect::<Vec<_>>().join(", ");
            cleaned(l, steps, report.removed, report.changed)
        }
        Origin::Augmented { texts } => augmented(l, texts),
        Origin::Annotated { task, labelled, left_out, .. } => annotated(l, labelled, task, left_out),
        Origin::WithoutLeaks { removed, .. } => without_leaks(l, removed),
        Origin::Edited { action, changed, .. } => edited(l, words::edit_action(l, action), changed),
        Origin::Forgotten { removed } => forgotten(l, removed),
    }
}
