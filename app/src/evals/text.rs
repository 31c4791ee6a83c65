//! Texts of the evaluation page.

crate::texts! {
    lineage = "Lineage", "血缘";
    title(number) = "Evaluation of run {number}", "训练运行 {number} 的评估";
    lead = "Base and tuned model on the sealed test split, which training never reads.", "在训练从不读取的封存测试集上对比基座与微调后模型。";
    none_title = "Not evaluated yet", "尚未评估";
    none_hint = "Both models are scored on the test split when training is over.", "训练结束后将在测试集上为两个模型评分。";
    back_to_run = "Back to the run", "返回训练运行";
    bad_cases = "Bad cases of this run", "此运行的 Bad Case";
    export_csv = "Predictions as CSV", "导出预测 CSV";
    export_json = "JSON", "JSON";
    samples(n) = "{n} test samples", "{n} 条测试样本";

    metric = "Metric", "指标";
    base = "Base", "基座";
    tuned = "Tuned", "微调后";
    difference = "Difference", "差值";
    interval = "95 % interval", "95% 区间";
    without_leaks(n) = "Without the {n} test samples that training has seen", "去除训练集见过的 {n} 个测试样本";
    without_leaks_help(n) = "The same metrics, as far as they are means over samples, on the other {n}: this is what the model can do with what is new to it.",
        "在其余 {n} 个样本上的相同指标（仅限样本均值类指标）：这才是模型面对新内容时的能力。";
    interval_help = "Paired bootstrap over the same samples, 2,000 resamples. An interval that excludes 0 is shown in colour.",
        "对相同样本做配对自助法，重采样 2,000 次。不包含 0 的区间以颜色标出。";
    better = "better", "更好";
    worse = "worse", "更差";
    unsure = "not certain", "尚不确定";

    classes_title = "Per class", "各类别";
    class = "Label", "标签";
    support = "Support", "样本数";
    precision = "Precision", "精确率";
    recall = "Recall", "召回率";
    f1 = "F1", "F1";
    confusion_title = "Confusion matrix", "混淆矩阵";
    confusion_help = "Rows: expected label. Columns: predicted label. Cells: number of samples.", "行为期望标签，列为预测标签，单元格为样本数。";
    expected_label = "Expected", "期望";
    predicted_label = "Predicted", "预测";

    predictions_title = "Predictions", "预测";
    outcome = "Show", "显示";
    all = "All", "全部";
    wrong = "Tuned is wrong", "微调后错误";
    right = "Tuned is right", "微调后正确";
    changed_better = "Base wrong, tuned right", "基座错、微调后对";
    changed_worse = "Base right, tuned wrong", "基座对、微调后错";
    label = "Expected label", "期望标签";
    predicted = "Predicted label", "预测标签";
    slice = "Field of the data", "数据字段";
    slice_help = "As NAME:VALUE.", "格式为 名称:值。";
    any = "Any", "不限";
    search = "Search", "搜索";
    search_help = "text or output", "样本文本或输出";
    apply = "Apply", "应用";
    no_match = "No prediction matches.", "没有符合条件的预测。";
    prompt = "Prompt", "提示";
    expected = "Expected", "期望";
    right_badge = "right", "正确";
    wrong_badge = "wrong", "错误";
    open_bad_case = "Bad case", "Bad Case";
    empty_output = "(empty)", "（空）";
}
