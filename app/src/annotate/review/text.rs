//! Texts of review and adjudication.

use domain::{annotation::Verdict, lang::Lang};

crate::texts! {
    title(task) = "Review: {task}", "审核：{task}";
    lead = "Judged items that wait for a reviewer. Accepting or fixing a judgement decides its item; sending one back asks its annotator again.",
        "等待审核的条目。通过或修正一条标注即确定该条目；退回则请标注员重新标注。";
    to_task = "The task", "任务概览";
    item = "Item", "条目";
    waiting(n) = "{n} waiting", "{n} 条待审核";
    next = "Next", "下一条";
    previous = "Previous", "上一条";
    item_number(n) = "Item {n}", "条目 {n}";
    decide_anew = "Decide anew", "重新裁定";
    said_before = "Said of earlier answers", "对此前标注的审核意见";
    nothing = "Nothing waits for you here", "没有待处理的条目";
    nothing_hint = "Items appear when enough people have judged them. Your own judgements are reviewed by others.",
        "条目在收齐标注后出现。您自己的标注由他人审核。";

    accept = "Accept", "通过";
    fix = "Fix", "修正";
    save_fix = "Save the fix", "保存修正";
    give_back = "Send back", "退回";
    reason = "Reason", "原因";
    reason_help = "The annotator reads it beside the item.", "标注员会在条目旁看到此原因。";
    needs_reason = "Say why it goes back.", "请说明退回原因。";
    took(seconds) = "{seconds} s", "{seconds} 秒";
    accepted = "accepted", "已通过";
    fixed = "fixed", "已修正";
    returned = "sent back", "已退回";

    history = "What I decided", "我的审核记录";
    history_title(task) = "What I decided: {task}", "我的审核记录：{task}";
    history_lead = "Your words on judgements and your decisions, newest first. Each leads to its item.",
        "您的审核意见与裁定，最新的在前，点击可查看条目。";
    no_history = "Nothing decided yet", "暂无审核记录";
    no_history_hint = "What you accept, fix, send back or decide is listed here.", "您通过、修正、退回或裁定的条目会列在这里。";
    to_review = "Review", "审核";
    to_adjudicate = "Decide", "裁定";
    shown_text = "Text", "文本";
    your_word = "Your word", "您的意见";
    now = "Now", "当前状态";
    when = "When", "时间";
    decided = "decided", "已裁定";

    adjudicate_title(task) = "Decide: {task}", "裁定：{task}";
    adjudicate_lead = "Items on which people differ, with what each said side by side. Take one of the judgements, or give answers of your own.",
        "标注不一致的条目，各人的回答并排显示。可采纳其中一份，或给出自己的回答。";
    adjudicate_waiting(n) = "{n} to decide", "{n} 条待裁定";
    question = "Question", "问题";
    differs = "differs", "不一致";
    take_this = "Take this", "采纳";
    own = "Own answers", "自行作答";
    save_own = "Decide so", "据此裁定";
    no_answer = "no answer", "未作答";
    cannot_judge = "Cannot be judged", "无法判断";
    comment = "Comment", "备注";
    decide_comment_help = "Kept with the decision. Optional.", "随裁定保存，可不填。";
    annotator(letter) = "Annotator {letter}", "标注员 {letter}";
    shortcuts = "Keyboard", "键盘";
}

/// What a reviewer has said of a judgement.
#[must_use]
pub fn verdict(l: Lang, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accept => accepted(l),
        Verdict::Fix => fixed(l),
        Verdict::Return => returned(l),
    }
}
