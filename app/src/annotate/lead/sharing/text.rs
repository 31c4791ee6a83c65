//! Texts about groups, batches and deadlines.

use domain::{
    annotation::batch::{BatchOpening, BatchStatus, Pace},
    lang::Lang,
};

crate::texts! {
    groups_title = "Groups", "分组";
    groups_lead = "Members under a name. A task, or a batch of it, can be given to a group.", "将成员归入命名的分组，任务或其中的批次可分配给分组。";
    to_groups = "Groups", "分组";
    to_tasks = "Annotation tasks", "标注任务";
    no_groups = "No group yet", "暂无分组";
    no_groups_hint = "Make one of the people who share a language, a shift or a speciality.", "可按语种、班次或专长建立分组。";
    new_group = "New group", "新建分组";
    group_name = "Name", "名称";
    group_name_help = "1 to 100 characters, of which the project has no other.", "1 至 100 个字符，项目内不可重名。";
    group_people = "People", "成员";
    group_people_help = "Those who may annotate. Whoever leaves the project is in no group any more.", "可参与标注的成员。退出项目者不再属于任何分组。";
    make_group = "Make the group", "创建分组";
    save = "Save", "保存";
    delete_group = "Delete", "删除";
    delete_question(name) = "Delete the group “{name}”? Its people and what they judged stay.", "确定删除分组“{name}”？成员及其标注结果均会保留。";
    nobody_in_it = "nobody yet: what is given to it reaches no one", "暂无成员，分配给它的任务无人可做";
    used(n) = "{n} tasks and batches are given to it", "已分配 {n} 个任务或批次";
    bad_name = "Use 1 to 100 characters.", "请使用 1 至 100 个字符。";
    name_taken = "The project has a group of this name.", "项目中已有同名分组。";
    too_many = "A project has at most 200 groups.", "每个项目最多 200 个分组。";

    groups_label = "Groups", "分组";
    groups_help = "All people of the groups work on it, beside those chosen below.", "所选分组的全部成员参与标注，另加下方选择的人员。";
    task_groups = "Groups that work on the task", "参与此任务的分组";
    task_groups_help = "Beside the people whom the task names. No group and nobody named: everyone who may annotate works on it.", "另加任务指定的人员。既无分组也未指定人员时，所有可标注人员参与。";
    batch_size = "Items of a batch", "每批条目数";
    batch_size_help = "Cuts the task into batches in its order, each with its own progress, group and deadline. 0: one batch. There are at most 200; a larger task gets larger ones.", "按顺序将任务切分为批次，每批有独立的进度、分组与截止日期。0 表示不切分。最多 200 批，任务较大时每批条目会增多。";
    batch_opening = "Batches are opened", "批次开放方式";
    batch_opening_help = "All at once: every batch from the beginning. In order: the next one opens as soon as somebody finds nothing left for them in those before. By hand: the first from the beginning, the others when you open them.", "全部同时：一开始即开放所有批次。按顺序：前面的批次对某位标注员全部分配完后，下一批自动开放。手动：一开始仅开放第一批，其余由负责人开放。";
    opening_all = "all at once", "全部同时";
    opening_in_order = "in order", "按顺序";
    opening_by_lead = "by hand", "手动";

    raise_overlap = "Have items judged by more people", "增加每条判断人数";
    raise_overlap_lead(n) = "Now {n} for an item. Items that have less than they want then are open again, and come to those who have not judged them.", "目前每条 {n} 人。判断不足的条目将重新开放，并分配给尚未判断过的人员。";
    raise_overlap_to = "Judgements for an item", "每条判断人数";
    raise_overlap_to_help = "By as many people, at most 100. They cannot become fewer: judgements that are there would count no more.", "由同样多的人员分别判断，最多 100 人。人数不可减少，否则已有的判断将不再计入。";
    raise_overlap_share = "Share of the items", "条目比例";
    raise_overlap_share_help = "Above 0, to 1 for all. The others want what they wanted. Items that were drawn for several people before come first.", "大于 0，1 表示全部；其余条目不变。先前抽中多人判断的条目优先。";
    reopen_decided(n) = "Also the {n} accepted items, and those that somebody has excluded", "包括 {n} 条已接受的条目，以及由人工排除的条目";
    reopen_decided_help = "What was decided of them is void, and they are decided anew. Otherwise they stay as they are.", "其裁定作废并重新裁定；否则保持不变。";
    raise_overlap_question = "Judged items are opened again, and what their judgements came to is computed anew. This cannot be taken back.", "已判断的条目将重新开放，其结论将重新计算。此操作不可撤销。";

    to_batches = "Batches", "批次";
    batches_title = "Batches", "批次";
    batches_lead = "People are given items of the open ones, in their order.", "标注员按顺序获得已开放批次的条目。";
    batch(n) = "Batch {n}", "第 {n} 批";
    batch_status = "Status", "状态";
    batch_progress = "Judgements", "标注数";
    batch_items = "Items", "条目";
    batch_waiting_for = "To review and adjudicate", "待审核与裁决";
    batch_group = "Given to", "分配给";
    everybody = "everybody who works on the task", "参与此任务的所有人";
    batch_change = "Change", "修改";
    batch_name = "Name", "名称";
    batch_name_help = "Shown to leads, at most 100 characters.", "供负责人查看，最多 100 个字符。";
    batch_status_help = "Of a closed one nobody is given anything new; what is begun may be sent.", "关闭后不再分配新条目，已开始的仍可提交。";
    batch_group_help = "Only its people are given items of this batch.", "仅该分组的成员会获得此批次的条目。";
    waiting = "waiting", "未开放";
    open = "open", "已开放";
    closed = "closed", "已关闭";

    overdue = "overdue", "已逾期";
    deadline = "Deadline", "截止日期";
    deadline_help = "A day; the end of it in UTC. After it nobody is given anything new; what somebody holds may be sent until its lock ends. Empty: none.", "日期，以 UTC 当天结束为准。截止后不再分配新条目，已锁定的条目在锁定期内仍可提交。留空表示无截止日期。";
    change_deadline = "Change the deadline", "修改截止日期";
    missing(n) = "{n} judgements are missing", "还缺 {n} 条标注";
    pace_day(n) = "{n} a day are needed", "每天需完成 {n} 条";
    pace_hour(n) = "{n} an hour are needed", "每小时需完成 {n} 条";
}

#[must_use]
pub fn opening(l: Lang, opening: BatchOpening) -> &'static str {
    match opening {
        BatchOpening::All => opening_all(l),
        BatchOpening::InOrder => opening_in_order(l),
        BatchOpening::ByLead => opening_by_lead(l),
    }
}

/// A batch's status in words, and the class of its badge.
#[must_use]
pub fn status(l: Lang, status: BatchStatus) -> (&'static str, &'static str) {
    match status {
        BatchStatus::Waiting => (waiting(l), "badge badge-quiet"),
        BatchStatus::Open => (open(l), "badge badge-busy"),
        BatchStatus::Closed => (closed(l), "badge badge-good"),
    }
}

/// What is needed to be done in time.
#[must_use]
pub fn pace(l: Lang, pace: Pace) -> String {
    match pace {
        Pace::PerDay(n) => pace_day(l, n),
        Pace::PerHour(n) => pace_hour(l, n),
    }
}
