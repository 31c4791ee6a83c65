//! Texts of the comparison.

crate::texts! {
    title = "Compare runs", "对比训练运行";
    lead = "What differs, and whether the difference is more than chance.", "差异在哪里，以及差异是否超出偶然。";
    choose_title = "Choose 2 to 20 runs", "选择 2 至 20 个训练运行";
    one_more = "Choose one more run.", "请再选择一个训练运行。";
    choose_none = "There is nothing to compare yet: launch a run first.", "暂无可对比内容，请先启动训练运行。";
    compare = "Compare", "对比";
    runs = "Runs", "训练运行";
    run = "Run", "训练运行";
    status = "Score", "得分";
    dataset = "Data", "数据";
    add = "Add a run", "添加运行";
    add_button = "Add", "添加";
    remove(name) = "Remove {name}", "移除 {name}";
    baseline = "baseline", "基准";
    make_baseline = "make baseline", "设为基准";
    unlike_models = "These runs started from different base models.", "这些运行使用了不同的基座模型。";
    unlike_versions = "These runs used different dataset versions. Their scores compare only on common test samples.",
        "这些运行使用了不同的数据集版本，得分仅可在共同的测试样本上比较。";
    metrics = "Metrics on the test split", "测试集指标";
    metric = "Metric", "指标";
    metrics_help = "The best value is bold. Below it: the difference from the baseline with its 95 % paired-bootstrap interval on the common test samples.",
        "最佳值加粗。下方为与基准的差值及其在共同测试样本上的 95% 配对自助区间。";
    no_metrics = "None of these runs has been evaluated yet.", "这些运行均尚未评估。";
    common(n) = "{n} common samples", "{n} 条共同样本";
    settings = "Settings that differ", "不同的设置";
    setting = "Setting", "设置";
    same_settings = "All settings are equal.", "所有设置均相同。";
    curves = "Curves", "曲线";
    new_report = "New report", "新建报告";
    export = "CSV", "CSV";
}
