//! Texts of what reports say of their facts.

crate::texts! {
    asked(models, data) = "Does fine-tuning {models} on {data} make it better at this task, by how much, and at what cost?",
        "在{data}上微调{models}，能否提升其在此任务上的表现？提升多少？成本如何？";
    run = "Run", "训练运行";
    status = "Status", "状态";
    base_model = "Base model", "基座模型";
    dataset = "Dataset", "数据集";
    launched = "Launched", "启动";

    samples = "Samples", "样本数";
    train = "Train", "训练集";
    validation = "Validation", "验证集";
    test = "Test", "测试集";
    labels_are(labels) = "Labels: {labels}", "标签：{labels}";
    more_labels(n) = "and {n} more", "另有 {n} 个";
    source_files(files) = "From {files}", "来源：{files}";
    license_is(license) = "Licence: {license}", "许可证：{license}";
    license_unknown = "The licence of the data is not on record.", "未登记数据许可证。";
    made_in(n) = "Made in {n} steps", "经 {n} 步生成";
    duplicates_are(n) = "{n} exact duplicates", "{n} 条完全重复";
    card = "Data card", "数据卡片";
    lineage = "Lineage", "血缘";

    method_is(method, objective, steps, seed) = "{method}, {objective}, {steps} steps, seed {seed}.", "{method}，{objective}，共 {steps} 步，随机种子 {seed}。";
    setting = "Setting", "设置";
    value = "Value", "取值";
    usual = "Usual", "默认值";
    all_usual = "Every setting is the usual one.", "所有设置均为默认值。";
    full_recipe = "The whole recipe", "完整训练配方";

    metric = "Metric", "指标";
    base = "Base", "基座";
    tuned = "Tuned", "微调后";
    difference = "Difference", "差值";
    interval = "95 % interval", "95% 区间";
    verdict = "Verdict", "结论";
    not_evaluated = "Base and tuned model were not both tested yet.", "尚未完成基座与微调后模型的测试。";
    tested_on(n) = "On {n} sealed test samples. Intervals: paired bootstrap over the same samples, 2,000 resamples.",
        "基于 {n} 条封存测试样本。区间采用同一批样本上的配对自助法，重采样 2,000 次。";
    became_right(n) = "{n} answers became right", "{n} 个回答由错变对";
    became_wrong(n) = "{n} became wrong", "{n} 个由对变错";
    without_leaks(n) = "Without the {n} test samples that training has seen:", "去除训练集见过的 {n} 条测试样本后：";
    judges_say = "What judges say of its answers in suites, from 0 to 1. Only a judge that counted when its figure was taken is evidence:",
        "评审对其在评测套件中回答的评价（0 至 1）。仅当取得结果时评审已算数，才可作为依据：";
    suite = "Suite", "评测套件";
    judge = "Judge", "评审";
    between_runs = "Compare the runs", "对比这些训练运行";

    loss_of(name) = "Loss of {name}", "{name} 的损失";
    loss = "Loss by step", "各步损失";
    no_curve = "No loss was measured.", "没有损失记录。";
    all_points = "Every value", "查看全部数值";

    field = "Field", "字段";
    slice = "Value", "取值";
    adjusted_p = "p (Holm)", "p（Holm 校正）";
    no_slices = "The test samples have no fields to slice by.", "测试样本没有可用于分组的字段。";
    slices_are = "Share of right answers by field. A verdict needs an adjusted p below 0.05 (McNemar, Holm), so that looking at many slices finds nothing by luck.",
        "按字段统计的正确率。仅当校正后的 p 小于 0.05（McNemar 检验、Holm 校正）时才给出结论，避免多次比较带来的偶然发现。";

    expected_predicted = "Expected ↓ predicted →", "期望 ↓ 预测 →";
    no_confusion(n) = "No confusion matrix: the data has no labels, or more than {n}.", "无混淆矩阵：数据没有标签，或标签超过 {n} 个。";
    per_label = "Label", "标签";
    support = "Samples", "样本数";
    precision = "Precision", "精确率";
    recall = "Recall", "召回率";
    f1 = "F1", "F1";

    cases_are(n) = "{n} bad cases", "{n} 条 Bad Case";
    no_cases = "No bad cases.", "没有 Bad Case。";
    cause = "Cause", "原因";
    cases = "Cases", "数量";
    no_cause = "not judged yet", "尚未判断";
    prompt = "Asked", "提问";
    answered = "Answered", "模型回答";
    should_be = "Expected", "期望";
    quote_erased = "The text of this case was erased.", "此条内容已被抹除。";
    examples = "Examples", "示例";
    open_case = "Open", "查看";

    time_used = "Time", "用时";
    predicted = "Predicted", "预估";
    device = "Device", "设备";
    device_hours = "Device hours", "设备小时";
    memory = "Memory, peak", "内存峰值";
    disk = "Disk", "磁盘";
    attempts = "Attempts", "尝试次数";
    energy = "Energy was not measured; – stands for what is not known.", "未测量能耗；“–”表示未知。";

    no_risks = "The rules found no risk. They know nothing of what stands outside of this system.", "规则未发现风险；规则不了解系统之外的情况。";
    of_run(run, what) = "Run {run}: {what}", "训练运行 {run}：{what}";
    not_over(status) = "it has not succeeded ({status}).", "尚未成功完成（{status}）。";
    risk_not_evaluated = "base and tuned model were not both tested.", "未完成基座与微调后模型的测试。";
    leaks_overridden(n, by) = "{by} had it launched although {n} held-out samples stand in training in some form; its scores are too good.",
        "{by} 在 {n} 条留出样本以某种形式出现在训练集中的情况下仍启动了训练，得分偏高。";
    leaks_found(n) = "{n} held-out samples of its data stand in training in some form; its scores are too good.", "其数据中有 {n} 条留出样本以某种形式出现在训练集中，得分偏高。";
    leaks_unchecked = "nobody has looked whether held-out samples stand in training.", "尚未检查留出样本是否出现在训练集中。";
    better_by_leaks(n) = "it is better on all test samples, but not without the {n} that training has seen.", "在全部测试样本上更好，但去除训练集见过的 {n} 条后不再成立。";
    small_test(n, d) = "its {n} test samples show differences of {d} and more alone: a smaller one may be there unseen.", "其 {n} 条测试样本只能发现 {d} 及以上的差异，更小的差异可能存在但无法发现。";
    too_small_test(n) = "its {n} test samples are too few to show any difference.", "其 {n} 条测试样本过少，无法发现任何差异。";
    sealed_looks(looks, people) = "sealed test samples were shown {looks} times, to {people} people: choices made after that fit the test.", "封存测试样本已被 {people} 人查看 {looks} 次，此后的选择可能迎合测试集。";
    overfit(lowest, step, last) = "the validation loss was lowest at step {step} ({lowest}) and has risen to {last}: it may have learnt by heart.", "验证损失在第 {step} 步最低（{lowest}），之后升至 {last}，可能已过拟合。";
    forgotten(n) = "it learnt from {n} samples that were erased since.", "其训练数据中有 {n} 条样本此后已被抹除。";
    few_seeds(n, wanted) = "{n} of {wanted} seeds: how much of the result is luck is unknown.", "仅有 {n} 个随机种子（建议 {wanted} 个），无法区分结果中的偶然成分。";
    worse_slice(field, value, difference) = "it is worse where {field} is {value} ({difference}).", "在 {field} 为 {value} 的样本上更差（{difference}）。";
    different_tests = "The runs were tested on different dataset versions: their scores do not compare.", "各训练运行使用不同的数据集版本测试，得分不可直接比较。";

    generated = "Proposed by rule from verdicts and risks, not by a person:", "以下由规则根据结论与风险自动生成，并非人工意见：";
    adopt(run) = "Adopt run {run}: it is better, and the rules found nothing against it.", "采用训练运行 {run}：表现更好，且规则未发现问题。";
    adopt_with_care(run) = "Adopt run {run} with care: it is better; the risks above should be weighed first.", "谨慎采用训练运行 {run}：表现更好，但应先权衡上述风险。";
    mend_data(run) = "Mend the data and train again: run {run} seems better, but training has seen what it was tested on.", "修正数据后重新训练：训练运行 {run} 看似更好，但训练集包含了测试内容。";
    gather_evidence = "Gather evidence: no run is shown to be better or worse than the base model. More test samples or more seeds would tell.", "补充证据：尚无法证明任何训练运行优于或劣于基座模型，可增加测试样本或随机种子。";
    keep_base = "Keep the base model: every run that was tested is worse.", "保留基座模型：所有已测试的训练运行都更差。";
    evaluate = "Test first: no run of this report has both evaluations.", "请先完成测试：报告中没有训练运行同时具备两项评估。";
}
