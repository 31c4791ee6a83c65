//! Texts of the page on splits.

crate::texts! {
    title(name, number) = "Splits of {name} v{number}", "{name} v{number} 的划分";
    lead = "Whether the splits are alike, and whether training has seen what the model will be tested on.", "各划分是否相似，以及训练集是否包含测试内容。";
    to_version = "The version", "返回版本";
    not_checked = "Not checked yet", "尚未检查";
    not_checked_hint = "A check compares labels, languages and lengths of the splits, and looks for validation and test samples in training. A launch does the same.",
        "检查会比较各划分的标签、语言和长度，并在训练集中查找验证和测试样本。启动训练时也会进行同样的检查。";
    check = "Check the splits", "检查划分";

    distribution = "Distribution", "分布";
    category = "Label", "标签";
    language = "Language", "语言";
    others = "others", "其他";
    lang_zh = "Chinese", "中文";
    lang_en = "alphabetic (such as English)", "字母文字（如英文）";
    lang_mixed = "mixed", "混合";
    lang_none = "no letters", "无文字";
    alike(p, v) = "No difference beyond chance (χ² test: p = {p}, Cramér's V = {v}).", "差异未超出随机范围（χ² 检验：p = {p}，Cramér's V = {v}）。";
    differs(p, v) = "The splits differ by more than chance (χ² test: p = {p}, Cramér's V = {v}). Divide them anew with the same mix in every split.",
        "各划分的差异超出随机范围（χ² 检验：p = {p}，Cramér's V = {v}）。请按相同构成重新划分。";
    lengths_alike(split, median, train, p) = "{split}: median length {median} characters, {train} in training; no difference beyond chance (Kolmogorov–Smirnov: p = {p}).",
        "{split}：长度中位数 {median} 个字符，训练集 {train} 个；差异未超出随机范围（Kolmogorov–Smirnov：p = {p}）。";
    lengths_differ(split, median, train, distance, p) = "{split}: median length {median} characters, {train} in training; the distributions differ (Kolmogorov–Smirnov: D = {distance}, p = {p}).",
        "{split}：长度中位数 {median} 个字符，训练集 {train} 个；分布不同（Kolmogorov–Smirnov：D = {distance}，p = {p}）。";

    leaks = "Leaks", "泄露";
    benchmarks = "Benchmarks", "基准";
    benchmarks_help = "Versions that training must not have seen, whatever their split, because models are measured with them. Every run of the project is held against them before it trains.",
        "训练集不得包含的版本（无论其划分），因为要用它们衡量模型。项目中的每次训练在开始前都会与之比对。";
    benchmark = "Dataset version", "数据集版本";
    benchmark_add = "Make it a benchmark and check", "设为基准并检查";
    benchmark_add_help = "Held against the training samples of this version at once, and of every run from now on, before it trains.", "立即与该版本的训练样本比对；此后每次训练开始前也会比对。";
    benchmark_none = "The project has none yet.", "项目尚无基准。";
    benchmark_remove = "No longer", "取消";
    benchmark_remove_name(name) = "{name} is no longer a benchmark", "不再将 {name} 作为基准";
    benchmark_open = "not checked yet", "尚未检查";
    benchmark_clean(all) = "None of its {all} samples is in training.", "其 {all} 个样本均未出现在训练集中。";
    benchmark_leaks(n, all, train) = "{n} of its {all} samples are in training in some form, through {train} training samples.", "其 {all} 个样本中有 {n} 个以某种形式出现在训练集中，由 {train} 个训练样本造成。";
    no_benchmark = "Choose a dataset version of this project.", "请选择此项目的数据集版本。";
    clean(n) = "None of the {n} validation and test samples is in training.", "{n} 个验证和测试样本均未出现在训练集中。";
    leaking(found, n, train) = "{found} of {n} validation and test samples are in training in some form. {train} training samples give them away. No run can be launched on this version unless an owner signs for it: scores on it would be too good.",
        "{n} 个验证和测试样本中有 {found} 个以某种形式出现在训练集中，由 {train} 个训练样本造成。除非项目所有者签字，否则无法在此版本上启动训练：其得分会虚高。";
    only_prompts(found, n) = "{found} of {n} validation and test samples have a prompt that training answers otherwise. That does not keep runs from being launched.",
        "{n} 个验证和测试样本中有 {found} 个与训练集的提示相同但答案不同。这不会阻止启动训练。";
    how = "How", "方式";
    score = "Score", "程度";
    held_out_sample = "Held-out sample", "留出样本";
    sealed = "(sealed)", "（已封存）";
    train_sample = "Training sample", "训练样本";
    first_pairs(n) = "The first {n} pairs, gravest first.", "前 {n} 对，最严重的在前。";
    remove = "Make a version without these training samples", "生成去除这些训练样本的新版本";
    remove_help(n) = "The next version lacks {n} training samples; validation and test stay as they are.", "新版本将去除 {n} 个训练样本，验证集和测试集保持不变。";
    report_json = "Report as JSON", "报告 JSON";

    divide = "Divide anew", "重新划分";
    divide_lead = "Makes the next version of the dataset from the same samples. This version and its runs stay as they are.", "用相同的样本生成数据集的下一个版本。当前版本及其训练运行保持不变。";
    unit = "Amounts", "数量";
    unit_shares = "in percent", "按百分比";
    unit_counts = "in samples", "按样本数";
    train = "Train, %", "训练集，%";
    train_help = "Ignored when amounts are in samples: training then gets the rest.", "按样本数时忽略：其余样本归训练集。";
    validation = "Validation", "验证集";
    test = "Test", "测试集";
    seed = "Seed", "随机种子";
    seed_help = "The same seed gives the same division.", "相同的种子得到相同的划分。";
    same_mix = "The same mix in every split", "各划分构成相同";
    by_label = "of labels", "标签";
    by_length = "of lengths", "长度";
    same_mix_help = "Rare labels then occur in validation and test in the same share as in training.", "稀有标签在验证集和测试集中的比例将与训练集一致。";
    group = "Keep together", "保持在同一划分";
    group_none = "only exact duplicates", "仅完全重复的样本";
    group_prompt = "samples with the same prompt", "提示相同的样本";
    group_near = "near duplicates", "近似重复的样本";
    group_field = "samples with the same value of a field", "某字段值相同的样本";
    group_help = "What belongs together never lies in two splits, so that no test sample has a twin in training.", "同组样本不会分到两个划分，测试样本在训练集中不会有孪生样本。";
    similarity = "Similarity of near duplicates", "近似重复的相似度";
    similarity_help = "Share of text pieces in common, 0.3 to 1. Used when near duplicates are kept together.", "共有文本片段的比例，0.3 至 1。仅在保持近似重复时使用。";
    field = "Field", "字段";
    field_help(fields) = "Such as the user or document. Fields of this version: {fields}", "例如用户或文档。此版本的字段：{fields}";
    no_fields = "none", "无";
    time_field = "Field with a time", "时间字段";
    time_help = "If given: the oldest samples are learned from, the newest are the test. Leave “the same mix” unchecked then.", "填写后：最早的样本用于训练，最新的用于测试。此时请不要勾选“构成相同”。";
    keep_test = "Keep the present test set", "保留现有测试集";
    keep_test_help = "No sample joins or leaves it, so that scores stay comparable while data grows. Samples that belong together with one of it are left out.",
        "样本不会加入或离开测试集，数据增加时得分仍可比较。与其同组的样本会被排除。";
    no_number = "Type a number.", "请输入数字。";
    start = "Divide", "开始划分";
}
