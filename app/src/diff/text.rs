//! Texts of comparing versions.

use domain::{diff::DiffKind, lang::Lang};

crate::texts! {
    title(name, number) = "What changed in {name} v{number}", "{name} v{number} 的变化";
    lead = "Samples that were added, removed, changed or moved to another split, with the reason where it is on record.", "新增、移除、修改或移至其他划分的样本，以及有记录的原因。";
    to_version = "The version", "返回版本";
    compare_with = "Compare with", "对比版本";
    compare = "Compare", "对比";
    nothing_before = "There is nothing to compare with", "没有可对比的版本";
    nothing_before_hint = "This dataset has one version. The next one can be compared with it.", "该数据集只有一个版本，有新版本后即可对比。";
    comparing = "Comparing the versions", "正在对比两个版本";
    not_compared = "The versions were not compared", "版本对比未完成";
    comparing_help = "Large versions are compared in the background, once: the result is kept.", "大型版本在后台对比，只需一次，结果会保留。";
    again = "Compare again", "重新对比";
    same = "Both versions hold the same samples in the same splits", "两个版本的样本及划分完全相同";
    same_hint = "Samples are compared by what they say; other fields of the source are not looked at.", "按样本内容比较，不考虑来源中的其他字段。";
    kinds = "Kinds of differences", "变化类型";
    changed = "Changed", "修改";
    added = "Added", "新增";
    removed = "Removed", "移除";
    moved = "Moved", "移动";
    changed_help = "Both samples go back to the same one: one is a correction of the other, or a step rewrote it.", "两个样本源自同一样本：一个是另一个的修正，或由清洗步骤改写。";
    added_help = "In this version alone.", "仅在此版本中。";
    removed_help = "In the version compared with alone.", "仅在对比的版本中。";
    moved_help = "The same text in another split.", "内容相同，但位于不同的划分。";
    none_of_kind = "No sample differs in this way.", "没有此类变化的样本。";
    place(number, position) = "v{number}, no. {position}", "v{number} 第 {position} 条";
    splits = "Splits", "划分";
    labels = "Labels", "标签";
    before = "Before", "之前";
    after = "After", "之后";
    change = "Change", "变化";
    label = "Label", "标签";
    step(version, number, name, reason) = "v{version}, step {number} ({name}): {reason}", "v{version} 第 {number} 步（{name}）：{reason}";
    correction = "Corrected from a bad case", "来自 Bad Case 的修正";
    leak(version) = "v{version}: left out because it gives a validation or test sample away", "v{version}：会泄露验证或测试样本，已移除";
    edited(version) = "v{version}: an edit of many samples", "v{version}：批量编辑";
    forgotten(version) = "v{version}: somebody asked for it to be forgotten", "v{version}：应要求抹除";
    divided(version) = "v{version}: the samples were divided anew", "v{version}：样本重新划分";
    appended(version, file, line) = "v{version}: added from {file}, line {line}", "v{version}：来自 {file} 第 {line} 行";
    sealed_title(count) = "{count} samples of the sealed test split differ and are not shown", "封存的测试集中有 {count} 个样本不同，未显示";
    sealed_help = "You may look; it is counted and kept with your name for both versions, and opens them to you for an hour.", "您可以查看，但会在两个版本上计数并记录姓名，查看权限保留一小时。";
    look = "Look at the test split (goes on record)", "查看测试集（将被记录）";
    looking = "You are looking at the test split. This look is on record.", "您正在查看测试集，此次查看已记录。";
}

/// A kind's name.
#[must_use]
pub fn kind(l: Lang, kind: DiffKind) -> &'static str {
    match kind {
        DiffKind::Changed => changed(l),
        DiffKind::Added => added(l),
        DiffKind::Removed => removed(l),
        DiffKind::Moved => moved(l),
    }
}

/// What a kind means.
#[must_use]
pub fn kind_help(l: Lang, kind: DiffKind) -> &'static str {
    match kind {
        DiffKind::Changed => changed_help(l),
        DiffKind::Added => added_help(l),
        DiffKind::Removed => removed_help(l),
        DiffKind::Moved => moved_help(l),
    }
}
