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
    settings = "Settings", "设置";
    all_settings = "Show all", "显示全部";
    differing_alone = "Only those that differ", "仅显示不同项";
    setting = "Setting", "设置";
    same_settings = "All settings are equal.", "所有设置均相同。";
    data = "Data", "数据";
    version = "Version", "版本";
    train = "Train", "训练集";
    validation = "Validation", "验证集";
    test = "Test", "测试集";
    against = "Against the baseline", "与基准相比";
    same_version = "the same version", "同一版本";
    other_dataset = "another dataset", "另一数据集";
    see_changes = "see what changed", "查看变化";
    changed(added, removed, changed, moved) = "+{added} −{removed}, {changed} changed, {moved} moved", "新增 {added}、移除 {removed}、修改 {changed}、移动 {moved}";
    making = "What they were made of", "运行的构成";
    making_help = "Entries of the manifests beside the recipe: versions of packages, files of the base model, data, machine. A run has a manifest once it has succeeded.",
        "清单中除配方以外的条目：软件包版本、基座模型文件、数据与机器。运行成功后才有清单。";
    entry = "Entry", "条目";
    base_model = "Base model", "基座模型";
    device = "Device", "设备";
    same_making = "Nothing else differs.", "其余均相同。";
    answers = "Sample answers at the last validation", "最后一次验证的示例回答";
    answers_help = "What differs from the first run is marked.", "与第一个运行不同之处已标出。";
    prompt = "Prompt", "提示";
    expected = "Expected", "期望";
    right = "as expected", "与期望一致";
    step(n) = "step {n}", "第 {n} 步";
    overlay = "Zoom, smooth and add tracked runs in the overlay", "在曲线叠加页中缩放、平滑或添加追踪运行";
    curves = "Curves", "曲线";
    new_report = "New report", "新建报告";
    export = "CSV", "CSV";
}
