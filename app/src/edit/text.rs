//! Texts of editing many samples.

use domain::lang::Lang;

crate::texts! {
    title(name, number) = "Edit samples of {name} v{number}", "编辑 {name} v{number} 的样本";
    lead = "One edit to all samples that the search and the filters find, or to those of them that were ticked. It makes the dataset's next version; this one stays as it is.", "对搜索和筛选得到的全部样本（或其中勾选的样本）进行一次编辑，生成数据集的下一个版本，当前版本保持不变。";
    to_list = "Back to the list", "返回列表";
    selected(n) = "{n} samples are selected:", "已选中 {n} 个样本：";
    not_indexed = "The index for exploring is not built yet.", "浏览索引尚未构建完成。";
    everything = "all but the test split", "除测试集外的全部样本";
    ticked(n) = "{n} ticked ones", "已勾选 {n} 个";
    what = "What to do", "操作";
    what_help = "Samples of the sealed test split are left as they are, whatever is selected.", "无论选择如何，封存的测试集样本均保持不变。";
    replace = "Find and replace text", "查找并替换文本";
    set_label = "Set the label", "设置标签";
    move_to = "Move to another split", "移至其他划分";
    delete = "Delete", "删除";
    find = "Find", "查找";
    find_help = "For replacing. Taken as it is, unless it is a regular expression.", "用于替换。除非勾选正则表达式，否则按原文查找。";
    with = "Replace by", "替换为";
    with_help = "Empty removes the text. With a regular expression, $1 is its first group and $$ a dollar sign.", "留空则删除该文本。使用正则表达式时，$1 表示第一个分组，$$ 表示美元符号。";
    within = "In", "范围";
    within_help = "The answer is the last turn of the assistant; in labelled data it is the label, which follows it.", "回答指助手的最后一轮；带标签的数据中即为标签，标签会随之更改。";
    both = "prompt and answer", "提示与回答";
    prompt = "the prompt", "提示";
    answer = "the answer", "回答";
    regex = "It is a regular expression", "使用正则表达式";
    ignore_case = "Upper and lower case are the same", "不区分大小写";
    label = "Label", "标签";
    label_help = "For setting the label: the answer becomes it, too.", "用于设置标签，回答也会随之更改。";
    split = "Split", "划分";
    split_help = "For moving. Nothing can be moved into the test split.", "用于移动。不能移入测试集。";
    preview = "Preview", "预览";
    changed(n, of) = "{n} of the {of} selected samples will be changed.", "选中的 {of} 个样本中有 {n} 个将被更改。";
    changed_of_first(n, first, of) = "{n} of the first {first} selected samples will be changed; {of} are selected.", "前 {first} 个选中样本中有 {n} 个将被更改；共选中 {of} 个。";
    position(n) = "No. {n}", "第 {n} 条";
    will_go = "will be deleted", "将被删除";
    apply = "Make the next version", "生成下一个版本";
    apply_help = "The samples before and after are remembered: the new version can be compared with this one.", "会保留修改前后的样本，新版本可与当前版本对比。";
    tags = "Tags", "标记";
    tag = "Tag", "标记";
    tag_help = "Tags belong to the samples, in every version that has them: no new version is made.", "标记属于样本，在所有包含它们的版本中可见，不会生成新版本。";
    add_tag = "Add to all selected", "添加到全部选中样本";
    remove_tag = "Remove from all selected", "从全部选中样本移除";
    bad_tag = "Use one line of 1 to 60 characters.", "请输入 1 到 60 个字符的单行文本。";
    bad_filter(what) = "The filter {what} does not exist.", "筛选条件 {what} 不存在。";
}

/// A word of [`super::form::ACTIONS`].
#[must_use]
pub fn action(l: Lang, action: &str) -> &'static str {
    match action {
        "delete" => delete(l),
        "set_label" => set_label(l),
        "move_to" => move_to(l),
        _ => replace(l),
    }
}

/// A word of [`super::form::WITHIN`].
#[must_use]
pub fn within_word(l: Lang, within: &str) -> &'static str {
    match within {
        "prompt" => prompt(l),
        "answer" => answer(l),
        _ => both(l),
    }
}
