//! Texts of the bad-case pages.

use domain::{
    badcase::{
        BadCaseStatus, Cause, Severity, Source,
        view::{BadCaseSort, NewBadCaseError},
    },
    lang::Lang,
};

pub use crate::words::bad_case_status as status_name;

pub use crate::words::cause_name;

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

    by_hand = "Add a bad case", "添加 Bad Case";
    causes = "Causes", "原因管理";
    clusters = "Clusters", "聚类";
    trends = "Trends", "趋势";
    regressions = "Regressions", "回归集";
    more_pages = "More on bad cases", "Bad Case 相关页面";

    severity = "Severity", "严重程度";
    severity_help = "How much harm the fault does. The list can be sorted by it.", "错误造成的危害程度，列表可按此排序。";
    critical = "Critical", "致命";
    high = "High", "高";
    medium = "Medium", "中";
    low = "Low", "低";
    owner = "Owner", "负责人";
    owner_help = "The member who looks after it.", "负责跟进的成员。";
    nobody = "Nobody", "无";
    unrated = "Not rated", "未评定";
    source = "Source", "来源";
    from_evaluation = "Evaluation", "评估";
    from_hand = "By hand", "手动添加";
    from_feedback = "Feedback", "反馈";
    cluster = "Cluster", "聚类";
    own_cause = "More precisely", "具体原因";
    own_cause_help = "A cause in the project's own words, below one of the five kinds; it brings its kind along.",
        "项目自定义的具体原因，隶属于五大类之一；选择后自动带上所属大类。";
    no_own_cause = "Not more precisely", "不细分";
    sort = "Sort by", "排序";
    sort_found = "First found first", "最早发现在前";
    sort_newest = "Last found first", "最近发现在前";
    sort_changed = "Last changed first", "最近更改在前";
    sort_severity = "Worst first", "最严重在前";

    bulk = "With the ticked cases", "对勾选的 Bad Case";
    bulk_help = "Tick cases in the list, then choose what to set, or dismiss them all, or merge them into the first one that is ticked.",
        "先在列表中勾选，再选择要设置的内容；也可全部忽略，或合并到勾选的第一条。";
    keep = "Leave as it is", "保持不变";
    set = "Set", "设置";
    dismiss_all = "Dismiss", "忽略";
    merge_all = "Merge into the first", "合并到第一条";
    tick = "Tick", "勾选";
    none_ticked = "Tick at least one bad case first.", "请先勾选至少一条 Bad Case。";
    two_ticked = "Tick at least two bad cases to merge them.", "请至少勾选两条 Bad Case 再合并。";
    nothing_chosen = "Choose an owner, a severity or a cause to set.", "请选择要设置的负责人、严重程度或原因。";

    alarms = "Broken again", "再次出错";
    alarm(fixed, broken) = "fixed in run {fixed}, broken again in run {broken}", "在第 {fixed} 次运行中已修复，在第 {broken} 次运行中再次出错";
    alarm_unknown(broken) = "had been fixed, broken again in run {broken}", "曾已修复，在第 {broken} 次运行中再次出错";
    mentions = "Mentions", "提及我的";
    mention_new = "new", "未读";
    mention_by(name) = "{name}:", "{name}：";
    somebody = "Somebody", "某人";

    resolved_in(run) = "Run {run} passed it.", "第 {run} 次运行已通过。";
    resolved_note = "Only an evaluation resolves a bad case. It opens again by itself when a later run fails it.",
        "只有评估才能将 Bad Case 标记为已解决。若后续运行再次出错，会自动重新打开。";
    duplicate_note = "It is merged into another bad case, which is kept.", "已合并到另一条保留的 Bad Case。";
    show_kept = "Show the one that is kept", "查看保留的一条";
    unmerge = "Take the merge back", "撤销合并";
    duplicates(n) = "{n} others are merged into this one", "另有 {n} 条已合并到此条";
    no_run = "No run", "无训练运行";
    not_evaluated = "in no version yet", "尚未加入任何版本";
    history = "How the runs answered it", "各次运行的回答情况";
    history_help = "It is part of the regression set: every later evaluation that contains it adds to this.", "已加入回归集：之后每次包含它的评估都会记录于此。";
    passed_in(run) = "run {run}: passed", "第 {run} 次运行：通过";
    failed_in(run) = "run {run}: failed", "第 {run} 次运行：未通过";
    not_tested = "No evaluation has contained it yet.", "尚无评估包含此样本。";

    comment_problem(most) = "Write something, at most {most} characters.", "请填写评论，最多 {most} 个字符。";
    name_problem(most) = "A name has 1 to {most} characters.", "名称应为 1 至 {most} 个字符。";
    name_taken = "There is a cause of this name below the same kind.", "同一大类下已有此名称。";
    prompt_problem = "Write what the model was asked.", "请填写向模型提出的问题。";
    expected_problem = "Write what it should have answered.", "请填写期望的回答。";
    same_problem = "This is what it should have answered: then it is no bad case.", "这与期望的回答相同，不构成 Bad Case。";
    too_long_problem = "The text is too long.", "文本过长。";

    added = "Added to data", "已加入数据";
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
        BadCaseStatus::Resolved => "badge badge-good",
        BadCaseStatus::Dismissed | BadCaseStatus::Duplicate => "badge badge-quiet",
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

/// A severity's name.
#[must_use]
pub fn severity_name(l: Lang, severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => critical(l),
        Severity::High => high(l),
        Severity::Medium => medium(l),
        Severity::Low => low(l),
    }
}

/// A severity's badge.
#[must_use]
pub fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "badge badge-bad",
        Severity::High => "badge badge-warn",
        Severity::Medium => "badge badge-busy",
        Severity::Low => "badge badge-quiet",
    }
}

/// A source's name.
#[must_use]
pub fn source_name(l: Lang, source: Source) -> &'static str {
    match source {
        Source::Evaluation => from_evaluation(l),
        Source::Hand => from_hand(l),
        Source::Feedback => from_feedback(l),
    }
}

/// An order's name.
#[must_use]
pub fn sort_name(l: Lang, sort: BadCaseSort) -> &'static str {
    match sort {
        BadCaseSort::Found => sort_found(l),
        BadCaseSort::Newest => sort_newest(l),
        BadCaseSort::Changed => sort_changed(l),
        BadCaseSort::Severity => sort_severity(l),
    }
}

/// When a case was fixed and broke again.
#[must_use]
pub fn alarm_words(l: Lang, fixed_in: Option<i32>, broken_in: i32) -> String {
    fixed_in.map_or_else(|| alarm_unknown(l, broken_in), |fixed| alarm(l, fixed, broken_in))
}

/// What of a new bad case cannot be used.
#[must_use]
pub fn new_problem(l: Lang, problem: NewBadCaseError) -> &'static str {
    match problem {
        NewBadCaseError::Prompt => prompt_problem(l),
        NewBadCaseError::Expected => expected_problem(l),
        NewBadCaseError::Same => same_problem(l),
        NewBadCaseError::TooLong(_) => too_long_problem(l),
    }
}
