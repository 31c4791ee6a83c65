//! Texts of the annotator's screen.

crate::texts! {
    lead = "Answer the questions, send, and go on to the next item. Everything works by keyboard: press ? for the keys.",
        "回答问题并提交，即进入下一条。全程可用键盘操作：按 ? 查看按键。";
    to_task = "The task", "任务概览";
    item = "Item", "条目";
    undo = "Undo", "撤回";
    send = "Send", "提交";
    skip = "Skip", "跳过";
    returned = "Sent back by a reviewer", "已被审核者退回";
    is_test = "Part of the qualification test", "资格测试题";
    judged(n) = "{n} judged", "已标注 {n} 条";
    today(n) = "{n} today", "今日 {n} 条";
    pace(seconds) = "{seconds} s an item", "每条约 {seconds} 秒";
    left(n) = "{n} left", "剩余 {n} 条";
    left_many(n) = "more than {n} left", "剩余超过 {n} 条";
    time_left(time) = "about {time} at this pace", "按此速度约需 {time}";
    progress = "Judged of what may come to you", "已标注占可分配条目的比例";

    guideline = "Guideline", "标注指南";
    at_once = "Send at once", "选择后立即提交";
    at_once_help = "A choice sends the item as soon as every question that needs an answer has one. Remembered in this browser.",
        "必答问题均已作答时，选择即提交。此设置保存在当前浏览器中。";
    keyboard = "Keyboard", "键盘";
    close = "Close", "关闭";
    key_choose = "choose an option or label, as marked beside it", "选择旁边标注了该键的选项或标签";
    key_send = "send (in a text: Ctrl+Enter)", "提交（在文本框中按 Ctrl+Enter）";
    key_skip = "skip", "跳过";
    key_cannot = "cannot be judged", "无法判断";
    key_undo = "change what was sent last", "修改上一次提交";
    key_move = "question before, next question", "上一题、下一题";
    key_better = "left is better, right is better, tie", "左侧更好、右侧更好、不相上下";
    key_mark = "in a text to mark: move, and pick with Shift", "在待标记文本中：移动；按住 Shift 选取";
    key_guideline = "guideline", "标注指南";
    key_leave = "leave a field", "离开输入框";
    key_help = "these keys", "显示按键";

    nothing_left = "Nothing left for you", "没有待您标注的条目";
    nothing_left_hint = "You have judged or skipped every item that may come to you. Others may still be at work; an item comes back when somebody gives it up.",
        "可分配给您的条目均已标注或跳过。其他人可能仍在标注；如有人放弃条目，会再次分配。";
    nothing_now_hint = "You have judged or skipped every item that may come to you now. A further batch may be opened later, and an item comes back when somebody gives it up.",
        "目前可分配给您的条目均已标注或跳过。后续批次可能稍后开放；如有人放弃条目，也会再次分配。";
    skipped_again(n) = "Take the {n} skipped items again", "重新标注跳过的 {n} 条";
    not_open = "The task is not open yet", "任务尚未开放";
    not_open_hint = "Come back when its lead has opened it.", "请等待负责人开放任务。";
    paused = "The task is paused", "任务已暂停";
    paused_hint = "Nobody is given items for now. What you have sent is kept.", "目前暂停分配条目，您已提交的内容已保留。";
    closed = "The task is closed", "任务已关闭";
    closed_hint = "Nothing more is taken. Thank you for your work.", "不再接收标注，感谢您的工作。";
    not_qualified = "The qualification test was not passed", "未通过资格测试";
    not_qualified_hint(right, of) = "{right} of {of} answers were right. The lead of the task can let you try again.",
        "{of} 题中答对 {right} 题。任务负责人可以让您重新测试。";
    deadline_passed = "The deadline has passed", "已过截止时间";
    deadline_passed_hint = "Nothing new is given. What you have sent is kept; the lead of the task can give more time.", "不再分配新条目，您已提交的内容均已保留。任务负责人可以延长期限。";
    overdue = "The deadline has passed, and the time for which you held this item is over: your judgement was not taken. The lead of the task can give more time.",
        "已过截止时间，且该条目的锁定期已结束，您的标注未被采纳。任务负责人可以延长期限。";
    due(time) = "due in {time}", "距截止还有 {time}";
    due_passed = "the deadline has passed", "已过截止时间";
    missing_day(n, rate) = "all together {n} judgements to go: {rate} a day", "全体还需 {n} 条，每天 {rate} 条";
    missing_hour(n, rate) = "all together {n} judgements to go: {rate} an hour", "全体还需 {n} 条，每小时 {rate} 条";

    not_assigned = "This task is given to others", "此任务已分配给其他人";
    not_assigned_hint = "Its lead can add you to its annotators.", "任务负责人可以将您加入标注员。";

    too_late = "Somebody else was given this item meanwhile and has judged it: your judgement was not taken. Go on with the next one.",
        "其间该条目已分配给他人并完成标注，您的标注未被采纳，请继续下一条。";
    task_closed = "The task was closed before this judgement arrived. It was not taken.", "任务已关闭，该标注未被采纳。";
    not_in_hands = "This item is not in your hands any more.", "该条目已不在您手中。";
    not_skipped = "This item was not skipped: it is not in your hands any more, or you have judged it, and that judgement counts.",
        "未跳过该条目：它已不在您手中，或您已提交标注且该标注有效。";

    sending = "Sending…", "正在提交…";
    saved = "Saved", "已保存";
    offline(n) = "Offline – {n} waiting, kept in this browser", "离线 – {n} 条待提交，已保存在浏览器中";
    signed_out(n) = "Signed out, or somebody else is signed in – {n} waiting. Sign in as yourself in another tab.",
        "已退出登录或已换用其他账号 – {n} 条待提交，请在新标签页用您的账号重新登录。";
    not_now(why, n) = "{why} – {n} waiting, kept in this browser. They are sent again from time to time; if it stays so, load the page again.",
        "{why} – {n} 条待提交，已保存在浏览器中，将自动重试；若持续出现，请重新加载页面。";
    not_taken = "The server did not take this. Load the page again: it may be of an older version.",
        "服务器未接受。请重新加载页面，当前页面可能版本过旧。";
    aside_title = "Not taken by the server", "服务器未接受的提交";
    aside_lead = "What you sent of these items was refused and is kept in this browser. An item comes back to you if it is still yours. Send it again, or copy it and show it to the lead of the task.",
        "以下条目的提交被拒绝，已保存在浏览器中。若条目仍归您标注，会再次出现。可重新提交，或复制后发给任务负责人。";
    aside_skip(because) = "Skip: {because}", "跳过：{because}";
    aside_unread = "Written by another version of this page, which can send it.", "由此页面的其他版本写入，当前版本无法提交。";
    aside_retry = "Send again", "重新提交";
    aside_copy = "Copy", "复制";
    aside_discard = "Discard", "丢弃";
    aside_sure = "What you said here is lost then.", "丢弃后内容无法恢复。";
    needs_answer(question) = "“{question}” needs an answer.", "“{question}”尚未作答。";
    loading = "Asking for the next item…", "正在获取下一条…";
    nothing_to_undo = "There is nothing that could be changed.", "没有可撤回的内容。";
    undone = "Changing what was sent last", "正在修改上一次提交";
}
