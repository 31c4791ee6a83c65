//! Texts of the bad-case pages.

use domain::{
    badcase::{BadCaseStatus, Cause},
    lang::Lang,
};

pub use crate::words::bad_case_status as status_name;

crate::texts! {
    title = "Bad cases", "Bad Case";
    lead = "Predictions that failed. Confirm, name the cause, correct the answer, and teach the next run.",
        "预测失败的样本。确认、归因、改正答案，让下一次训练学会它。";
    one_title = "Bad case", "Bad Case";
    whole_lineage = "The whole lineage", "完整血缘";
    none_title = "No bad cases", "没有 Bad Case";
    none_hint = "When a run has been evaluated, each wrong prediction of the tuned model appears here.",
        "训练运行完成评估后，微调模型的每条错误预测都会出现在这里。";
    no_match = "No bad case matches", "没有符合条件的 Bad Case";
    no_match_hint = "Change or clear the filters.", "请修改或清除筛选条件。";
    clear_filters = "Clear filters", "清除筛选";

    added = "Added to data", "已加入数据";
    cause_data = "Data", "数据";
    cause_label = "Label", "标注";
    cause_model = "Model", "模型";
    cause_prompt = "Prompt", "提示";
    cause_other = "Other", "其他";
    help_data = "Training data is missing or misleading for this input.", "训练数据缺少或误导此类输入。";
    help_label = "The reference label or answer is wrong.", "参考标签或答案有误。";
    help_model = "The model is too weak or was trained badly.", "模型能力不足或训练不当。";
    help_prompt = "Prompt or chat template misleads.", "提示或对话模板有误导。";
    help_other = "Something else; say so in the note.", "其他原因，请在备注中说明。";

    status = "Status", "状态";
    cause = "Cause", "原因";
    any = "Any", "不限";
    run = "Run", "训练运行";
    search = "Search", "搜索";
    search_help = "text, output or note", "文本、输出或备注";
    apply = "Apply", "应用";
    prompt = "Prompt", "提示";
    expected = "Expected", "期望";
    output = "Output", "输出";
    dataset = "Dataset", "数据集";
    export_csv = "CSV", "CSV";
    export_json = "JSON", "JSON";
    empty = "(empty)", "（空）";

    previous = "Previous", "上一条";
    next = "Next", "下一条";
    back = "All bad cases", "全部 Bad Case";
    conversation = "Conversation", "对话";
    judgement = "Judgement", "判定";
    note = "Note", "备注";
    note_help = "What the team should know about it.", "团队需要了解的信息。";
    correction = "Right answer", "正确答案";
    correction_help = "Fill it in when the answer in the data should change or be taught again. Empty: no correction.",
        "当数据中的答案需要更改或重新学习时填写。留空则不改正。";
    no_correction = "No correction", "不改正";
    dismiss = "Not a fault: dismiss", "不是错误：忽略";
    save = "Save", "保存";
    save_next = "Save and next", "保存并看下一条";
    stale = "Somebody else has edited this bad case meanwhile. Your text is still here: reload in another tab to see theirs.",
        "其他人刚刚编辑过此条。您的内容仍保留：可在另一标签页重新加载查看对方的修改。";
    added_note(version) = "The correction is part of version {version} of the dataset and can no longer be changed here.",
        "改正已纳入数据集第 {version} 版，无法在此更改。";
    edited_by(name) = "Last edited by {name}", "最近编辑者：{name}";
    read_only = "Your role can read bad cases but not judge them.", "您的角色可以查看但不能判定 Bad Case。";
    unsaved = "Your judgement is not saved. Leave without it?", "判定尚未保存。要放弃并离开吗？";
    shortcuts = "Keyboard", "键盘";
    shortcut_move = "next, previous", "下一条、上一条";
    shortcut_cause = "cause", "原因";
    shortcut_save = "save and next", "保存并看下一条";
    evaluated(version, split) = "version {version}, split {split}", "第 {version} 版，{split}";
    lineage = "Where it comes from", "来源";
    sample = "Sample", "样本";

    add_title(name) = "Add corrections to {name}", "将改正加入 {name}";
    add_lead = "Makes the next version of the dataset. Each corrected sample replaces the one it corrects and keeps its origin.",
        "生成数据集的下一个版本。改正后的样本替换原样本并保留来源。";
    choose = "Include", "包含";
    move_to_train = "Learn from them: move corrected test and validation samples to the training split",
        "用于学习：将改正后的测试、验证样本移入训练集";
    move_help = "Otherwise a corrected sample stays in its split and corrects the exam only.", "否则改正样本留在原划分，仅更正测试答案。";
    version_note = "Note for the version", "版本备注";
    add_button = "Make the next version", "生成下一版本";
    need_cases = "Choose at least one corrected bad case.", "请至少选择一条已改正的 Bad Case。";
}

/// A status's badge.
#[must_use]
pub fn status_class(status: BadCaseStatus) -> &'static str {
    match status {
        BadCaseStatus::Open => "badge badge-warn",
        BadCaseStatus::Confirmed => "badge badge-bad",
        BadCaseStatus::Corrected => "badge badge-busy",
        BadCaseStatus::Added => "badge badge-good",
        BadCaseStatus::Dismissed => "badge badge-quiet",
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

/// What a cause means.
#[must_use]
pub fn cause_help(l: Lang, cause: Cause) -> &'static str {
    match cause {
        Cause::Data => help_data(l),
        Cause::Label => help_label(l),
        Cause::Model => help_model(l),
        Cause::Prompt => help_prompt(l),
        Cause::Other => help_other(l),
    }
}
