//! Texts of the cleaning page.

crate::texts! {
    title(name, number) = "Clean {name} v{number}", "清洗 {name} v{number}";
    lead = "Steps make the next version of the dataset. Try them out first: nothing changes until you make the version, and this version stays as it is.",
        "通过步骤生成数据集的下一个版本。可先预览：在生成版本之前不会更改任何内容，当前版本保持不变。";
    to_version = "The version", "返回版本";
    steps = "Steps", "步骤";
    no_step = "No step yet. A usual start: Unicode form, control and invisible characters, broken conversations, exact duplicates.",
        "还没有步骤。常见的开始：Unicode 规范化、控制与不可见字符、损坏的对话、完全重复。";
    add_step = "Add a step", "添加步骤";
    add = "Add", "添加";
    up = "Move up", "上移";
    down = "Move down", "下移";
    remove = "Remove the step", "移除步骤";
    preview = "Preview", "预览";
    apply = "Make the version", "生成版本";
    apply_help = "A preview shows what each step would do, with examples. Back in the browser undoes an edit.", "预览会显示每个步骤的效果及示例。浏览器的后退可撤销编辑。";
    as_text = "The recipe as text", "以文本查看配方";
    as_text_help = "Keep it with your project, or paste one here. `server data apply --recipe FILE` does the same steps on the command line.",
        "可与项目一起保存，或在此粘贴。命令行 `server data apply --recipe FILE` 执行相同的步骤。";
    use_text = "Use this text", "使用此文本";
    unreadable(setting) = "“{setting}” cannot be read. Type a number, or choose a word.", "无法读取“{setting}”，请输入数字或选择选项。";

    score = "Score with a model", "用模型评分";
    score_help = "A model says how likely it finds each sample, and where it lies among the others. The steps “Perplexity”, “Outliers” and “Doubtful labels” read the newest scores.",
        "模型给出每个样本的可能性及其在其他样本中的位置。“困惑度”“离群样本”“可疑标签”步骤使用最新的评分。";
    model = "Model", "模型";
    model_help = "A base model, or a run's adapter on its base: one that was trained on such data judges labels better.", "基础模型，或某次运行的适配器：在此类数据上训练过的模型更善于判断标签。";
    embed = "Embeddings too", "同时计算嵌入";
    embeddings = "Embeddings", "嵌入";
    embed_help = "Needed for outliers and doubtful labels. Each takes about 2 to 16 KB, by the model's width.", "离群样本和可疑标签步骤需要。每个约占 2 至 16 KB，取决于模型宽度。";
    scored = "Scored", "已评分";
    unscored = "Without a score", "无评分";
    scored_at = "When", "时间";
    none = "none", "无";
    no_model = "Register a base model first.", "请先注册基础模型。";
    no_scorer = "Choose a model of this project.", "请选择此项目的模型。";

    report = "What the steps would do", "步骤效果";
    result(before, after, changed, removed) = "{before} samples become {after}: {removed} are removed, {changed} are rewritten.", "{before} 个样本变为 {after} 个：移除 {removed} 个，改写 {changed} 个。";
    step = "Step", "步骤";
    seen = "Seen", "处理";
    rewritten = "Rewritten", "改写";
    removed = "Removed", "移除";
    added = "Added", "增加";
    found(what) = "Found: {what}.", "发现：{what}。";
    examples(n) = "Examples ({n})", "示例（{n}）";
    sample = "Sample", "样本";
    before = "Before", "之前";
    after = "After", "之后";
    gone = "removed", "已移除";
    unchanged = "as before", "不变";
    clusters(n) = "Groups of copies ({n} largest)", "重复组（最大的 {n} 组）";
    size = "Copies", "数量";
    stays = "Stays", "保留";
    because = "Because", "原因";
    others = "Go", "移除";
}
