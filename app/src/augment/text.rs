//! Texts of the augmentation page.

use super::api::Choice;
use domain::{
    lang::Lang,
    paraphrase::{Gate, MAX_SAMPLES, ParaphraseError, Way},
};

crate::texts! {
    title(name, number) = "Augment {name} v{number}", "扩充 {name} v{number}";
    lead = "A model writes training samples anew; you decide which texts join the next version. Validation and test are never touched.",
        "由模型改写训练样本，您决定哪些文本进入下一个版本。验证集和测试集不受影响。";
    to_version = "The version", "返回版本";
    ask = "Ask a model", "请求模型";
    no_writer = "No model can write here yet. Register one, or have the administrator name an endpoint in the server's settings.", "尚无可用的模型。请先注册模型，或请管理员在服务器设置中添加端点。";
    to_models = "Models", "模型";
    writer = "Who writes", "由谁改写";
    writer_help = "A model of this project runs on this machine, alone or as a finished run has tuned it. An endpoint gets the texts sent: choose one that may see them.", "项目中的模型在本机运行，可为基座模型，也可为已完成训练的微调结果。端点会收到这些文本，请选择允许查看的端点。";
    endpoint(name) = "{name} (endpoint)", "{name}（端点）";
    way_label = "How", "方式";
    way_help = "A paraphrase uses other words. Back-translation goes through another language and comes back, which keeps more of the meaning.", "转述使用不同的措辞。回译经另一种语言再译回，更能保留原意。";
    paraphrase = "Paraphrase", "转述";
    back_translation = "Back-translation", "回译";
    samples = "Samples", "样本数";
    samples_help(most) = "Training samples that are written anew, chosen by the seed; at most {most}.", "将被改写的训练样本数，由随机种子选取，最多 {most} 个。";
    temperature = "Temperature", "温度";
    temperature_help = "0 writes the likeliest words, 1 is varied; 0.7 is usual.", "0 使用最可能的词，1 更多样，通常为 0.7。";
    seed = "Seed", "随机种子";
    seed_help = "The same seed chooses the same samples.", "相同的种子选取相同的样本。";
    instruction = "Instruction of your own", "自定义指令";
    instruction_help = "Asked instead of the usual question; {text} stands for the text. Leave it empty for the usual one.", "替代默认指令，{text} 表示文本。留空则使用默认指令。";
    start = "Write", "开始改写";
    no_number = "Type a number.", "请输入数字。";
    tuned(name) = "{name} (tuned)", "{name}（已微调）";
    no_such_writer = "Choose one of the list.", "请从列表中选择。";
    bad_samples(most) = "Type a number from 1 to {most}.", "请输入 1 至 {most} 之间的数字。";
    bad_temperature = "Type a number from 0 to 2.", "请输入 0 至 2 之间的数字。";
    bad_instruction = "Write {text} where the text belongs, and at most 2,000 characters.", "请在文本位置写 {text}，最多 2,000 个字符。";

    texts = "Texts", "文本";
    waiting = "Waiting", "待审";
    stopped = "Stopped by the gate", "未通过检查";
    accepted = "Accepted", "已接受";
    rejected = "Rejected", "已拒绝";
    nothing = "No text here", "暂无文本";
    nothing_hint = "What a model writes waits here until somebody accepts or rejects it.", "模型写出的文本会在此等待接受或拒绝。";
    next = "Next page", "下一页";
    accept_all = "Accept all that passed", "接受全部已通过的文本";
    accept_all_question(n) = "Accept {n} texts unread?", "不逐条查看，直接接受 {n} 条文本？";
    take(n) = "Make a version with {n} accepted texts", "用 {n} 条已接受的文本生成版本";
    accept = "Accept", "接受";
    reject = "Reject", "拒绝";
    put_back = "Put back", "退回待审";
    decide_help = "Check texts, then accept or reject them. A decision can be taken back until the version is made.", "勾选文本后接受或拒绝。在生成版本之前可以撤回决定。";
    none_chosen = "Check at least one text first.", "请先勾选至少一条文本。";
    choose = "Choose", "选择";
    before = "Sample", "样本";
    after = "Written anew", "改写后";
    by = "By", "来源";

    passed = "passed", "通过";
    empty = "empty", "为空";
    unchanged = "hardly changed", "几乎未变";
    too_short = "much shorter", "过短";
    too_long = "much longer", "过长";
    other_language = "another language", "语言不同";
    known = "stands in this version already", "此版本中已有";
    chatter = "talks about the task", "谈论任务本身";
}

pub(super) fn writer_name(l: Lang, writer: &Choice) -> String {
    match (writer.is_endpoint, writer.is_tuned) {
        (true, _) => endpoint(l, &writer.name),
        (false, true) => crate::words::marked_run(l, tuned(l, &writer.name), writer.saw_erased),
        (false, false) => writer.name.clone(),
    }
}

pub(super) fn way(l: Lang, way: Way) -> &'static str {
    match way {
        Way::Paraphrase => paraphrase(l),
        Way::BackTranslation => back_translation(l),
    }
}

pub(super) fn gate(l: Lang, gate: Gate) -> &'static str {
    match gate {
        Gate::Passed => passed(l),
        Gate::Empty => empty(l),
        Gate::Unchanged => unchanged(l),
        Gate::TooShort => too_short(l),
        Gate::TooLong => too_long(l),
        Gate::OtherLanguage => other_language(l),
        Gate::Known => known(l),
        Gate::Chatter => chatter(l),
    }
}

pub(super) fn problem(l: Lang, problem: &ParaphraseError) -> String {
    match problem {
        ParaphraseError::Samples => bad_samples(l, MAX_SAMPLES),
        ParaphraseError::Temperature => bad_temperature(l).to_owned(),
        ParaphraseError::Instruction => bad_instruction(l).to_owned(),
    }
}
