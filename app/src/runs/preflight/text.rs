//! Texts of the preflight.

use domain::{
    lang::Lang,
    run::{FindingKind, PreflightStep},
    sample::Split,
};

crate::texts! {
    title(n) = "Preflight of run {n}", "运行 {n} 的预检";
    lead = "What was tried before the run could wait for a device, and what its samples teach the model, token by token.",
        "运行排队等待设备之前的试算结果，以及样本逐词元教给模型的内容。";
    heading = "Preflight", "预检";
    show = "Show report", "查看报告";
    back = "Back to the run", "返回运行";
    under_way = "The preflight is under way", "预检正在进行";
    under_way_hint = "Its report stands here when it has ended.", "结束后将在此显示报告。";
    none_title = "No report", "没有报告";
    none_hint = "This run was queued without a preflight, or its preflight ended before it could report; the page of the run says why.",
        "此运行未经预检即排队，或预检在生成报告前已结束；原因见运行页面。";

    result = "Result", "结果";
    passed = "Passed", "通过";
    passed_with_warnings = "Passed, worth a look", "通过，请留意";
    measured_time = "Training time, measured", "训练时间（实测推算）";
    peak_memory = "Peak memory, measured", "峰值内存（实测）";
    learnt = "Learnt tokens", "计入损失的词元";
    of_tokens(share) = "{share} of all", "占全部 {share}";

    steps = "Steps", "步骤";
    took(time) = "in {time}", "用时 {time}";
    ok = "OK", "正常";
    warning = "Worth a look", "请留意";
    problem = "Problem", "有问题";
    skipped = "Skipped", "已跳过";
    set_up = "Recipe, model and data fit together", "配方、模型与数据匹配";
    audit = "Tokens and loss masks", "词元与损失掩码";
    longest_batch = "Longest batch, forward and backward", "最长一批的前向与反向计算";
    overfit_step = "One batch overfitted", "在一批数据上过拟合";
    checkpoint_step = "Checkpoint written and read back", "写入并读回检查点";
    room = "Disk and memory", "磁盘与内存";
    audited(split, used, all, share) = "{split}: {used} of {all} samples used, {share} of their tokens are learnt.", "{split}：使用 {used} / {all} 个样本，其中 {share} 的词元计入损失。";
    longest(samples, tokens, time, speed) = "{samples} samples with {tokens} tokens in {time}: {speed} tokens per second.", "{samples} 个样本共 {tokens} 个词元，用时 {time}：每秒 {speed} 个词元。";
    whole_run(time, train, validation, test) = "At the measured speeds the whole run takes {time}: {train} training, {validation} validating, {test} testing base and tuned model.",
        "按实测速度，整个运行约需 {time}：训练 {train}，验证 {validation}，测试基座与微调模型 {test}。";
    evaluation = "A few samples answered, the run's time measured", "试答若干样本并推算用时";
    peak(bytes) = "Peak memory {bytes}.", "峰值内存 {bytes}。";
    overfit(steps, rate, first, last) = "Loss {first} → {last} in {steps} steps at the learning rate {rate}.", "以学习率 {rate} 训练 {steps} 步，损失 {first} → {last}。";
    did_not_fall = "The loss did not fall. The batch may be learnt already, or the learning rate so small that a few steps do not show.",
        "损失未下降。该批样本可能已经学会，或学习率太小，几步训练看不出变化。";
    checkpoint(size, write, read) = "{size}, written in {write} and read in {read}, the same bits.", "{size}，写入用时 {write}，读取用时 {read}，逐位一致。";
    disk = "Disk", "磁盘";
    memory = "Memory", "内存";
    needs(what, needed) = "{what}: {needed} needed.", "{what}：需要 {needed}。";
    needs_of(what, needed, free) = "{what}: {needed} needed, {free} free.", "{what}：需要 {needed}，可用 {free}。";
    needs_of_shared(what, needed, free, reserved) = "{what}: {needed} needed, {free} free, of which other runs still need {reserved}.", "{what}：需要 {needed}，可用 {free}，其中其他运行还需要 {reserved}。";

    train = "Training samples", "训练样本";
    validation = "Validation samples", "验证样本";
    test = "Test samples", "测试样本";
    audit_of(split) = "{split} in tokens", "{split}的词元";
    used_samples = "Used", "已使用";
    of(part, all) = "{part} of {all}", "{part} / {all}";
    tokens = "Tokens", "词元数";
    tokens_and_share(tokens, share) = "{tokens} ({share})", "{tokens}（{share}）";
    mean_length = "Mean length", "平均长度";
    median_length = "Median length", "长度中位数";
    p95_length = "95 % are at most", "95% 的样本不超过";
    longest_length = "Longest", "最长";
    max_length = "Cut beyond", "截断长度";
    legend = "How to read the samples:", "样本标记说明：";
    legend_learnt = "learnt, carries loss", "学习内容，计入损失";
    legend_read = "read only", "仅供读取";
    legend_cut = "cut away", "被截断";
    nothing_found = "Nothing is cut, and every answer ends with an end of turn.", "没有内容被截断，且每个答案都以轮次结束标记结尾。";
    taught = "What the model is taught", "模型学习的内容";
    taught_help = "Samples from the beginning, the middle and the end of the data.", "取自数据开头、中间和末尾的样本。";
    first_of(shown, all) = "The first {shown} of {all}.", "共 {all} 个，显示前 {shown} 个。";
    sample_number(n) = "Sample {n}", "样本 {n}";
    rejected_answer = "with the rejected answer", "含被拒绝的回答";
    counts(tokens, learnt) = "{tokens} tokens, {learnt} learnt", "{tokens} 个词元，其中 {learnt} 个计入损失";
    hidden(n) = " [{n} parts not shown] ", " [未显示 {n} 段] ";

    left_out = "Left out: nothing of the answer remains", "已排除：答案被全部截断";
    left_out_help = "The prompt alone is longer than the longest length. Raise the max length, or shorten the prompts.", "仅提示部分就已超过最大长度。请增大最大长度，或缩短提示。";
    nothing_to_learn = "Left out: no token carries loss", "已排除：没有计入损失的词元";
    nothing_to_learn_help = "The answer is empty and the model names no token that ends it.", "答案为空，且模型没有轮次结束标记。";
    answer_cut = "Answers cut", "答案被截断";
    answer_cut_help = "The end of the answer lies beyond the longest length, so the model learns answers that break off. Raise the max length, or shorten the samples.", "答案末尾超出最大长度，模型会学到中途断开的答案。请增大最大长度，或缩短样本。";
    end_cut = "No end of turn left", "没有剩余的轮次结束标记";
    end_cut_help = "The token that ends the answer is cut away, so these samples do not teach the model when to stop.", "答案的结束标记被截断，这些样本无法教会模型何时停止。";
    end_missing = "The model names no end of turn", "模型未声明轮次结束标记";
    end_missing_help = "Neither its configuration nor its chat template has a token that ends an answer: the tuned model will not know when to stop. Add eos_token_id to the model's config.json.", "模型配置和对话模板都没有结束答案的标记，微调后的模型将不知道何时停止。请在模型的 config.json 中添加 eos_token_id。";
    end_added = "End of turn appended", "已补上轮次结束标记";
    end_added_help = "The chat template writes no token that ends the answer, so the model's own was appended. That is as it should be.", "对话模板没有写出结束答案的标记，因此补上了模型自己的标记。这是正常的。";
}

/// A step's name.
pub(super) fn step_name(l: Lang, step: PreflightStep) -> &'static str {
    match step {
        PreflightStep::SetUp => set_up(l),
        PreflightStep::Audit => audit(l),
        PreflightStep::LongestBatch => longest_batch(l),
        PreflightStep::Overfit => overfit_step(l),
        PreflightStep::Checkpoint => checkpoint_step(l),
        PreflightStep::Evaluation => evaluation(l),
        PreflightStep::Room => room(l),
    }
}

/// A split's samples.
pub(super) fn split_name(l: Lang, split: Split) -> &'static str {
    match split {
        Split::Train => train(l),
        Split::Validation => validation(l),
        Split::Test => test(l),
    }
}

/// What was found, and what it means.
pub(super) fn finding(l: Lang, kind: FindingKind) -> (&'static str, &'static str) {
    match kind {
        FindingKind::LeftOut => (left_out(l), left_out_help(l)),
        FindingKind::NothingToLearn => (nothing_to_learn(l), nothing_to_learn_help(l)),
        FindingKind::AnswerCut => (answer_cut(l), answer_cut_help(l)),
        FindingKind::EndCut => (end_cut(l), end_cut_help(l)),
        FindingKind::EndMissing => (end_missing(l), end_missing_help(l)),
        FindingKind::EndAdded => (end_added(l), end_added_help(l)),
    }
}
