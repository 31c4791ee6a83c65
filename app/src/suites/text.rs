//! Texts of evaluation suites.

use domain::{
    lang::Lang,
    metrics::json_schema::SchemaProblem,
    suite::{MAX_SCHEMA_BYTES, MAX_SEEDS, NAMED, NoSeedGroup, SuiteError},
};

crate::texts! {
    title = "Evaluation suites", "评测套件";
    lead = "A suite is a set of evaluations that every candidate takes: runs, base models, endpoints. So their scores can be compared, and a step back is noticed.",
        "评测套件是一组评测，所有候选（训练运行、基座模型、端点）都要通过，因此得分可比，退步也会被发现。";
    new = "New suite", "新建套件";
    none = "No suite yet", "还没有评测套件";
    none_hint = "Make one from a dataset version, then run it on your base models before you train.", "用某个数据集版本创建一个，并在训练前先评测各基座模型。";
    name = "Name", "名称";
    version = "Version", "版本";
    version_of(n) = "version {n}", "版本 {n}";
    evaluations = "Evaluations", "评测";
    candidates = "Candidates", "候选";
    alarms = "Alarms", "告警";
    alarms_title = "Regression alarms", "退化告警";
    alarm(candidate, baseline) = "{candidate} is worse than {baseline}", "{candidate} 劣于 {baseline}";
    alarm_p(p) = "p = {p} after correction over the suite", "全套件校正后 p = {p}";
    dismiss = "Dismiss", "忽略";
    automatic = "automatic", "自动";

    new_title = "New evaluation suite", "新建评测套件";
    new_lead = "Begin with one evaluation; others are added on the suite's page. Editing makes the suite's next version, the old one stays.",
        "先设一项评测，其余可在套件页面添加。编辑会生成套件的新版本，旧版本保留。";
    create = "Create suite", "创建套件";
    name_help = "What the team calls it, such as “release gate”.", "团队对它的称呼，如“发布门禁”。";
    name_problem = "The name must have 1 to 200 characters in one line.", "名称应为一行 1 至 200 个字符。";
    key = "Name of the evaluation", "评测名称";
    key_help = "Letters, digits, “-”, “_” and “.”; tables and targets use it.", "由字母、数字、“-”、“_”和“.”组成，表格和目标会引用它。";
    data = "Dataset version", "数据集版本";
    data_help = "A version never changes, so scores of different days compare.", "版本不会改变，因此不同日期的得分可比。";
    split = "Split", "划分";
    split_help = "Test is sealed: what evaluation reads is no look at it.", "测试集是封存的，评测读取不算查看。";
    task = "Task", "任务";
    task_help = "Classification takes the likeliest label; an endpoint writes it instead. Generation lets the candidate write.",
        "分类取似然最高的标签（端点则直接写出标签）；生成由候选自由作答。";
    classification = "Classification", "分类";
    multiple_choice = "Multiple choice", "选择题";
    generation = "Generation", "生成";
    metrics = "Metrics", "指标";
    metrics_help(known) = "Separated by commas; the first one is what candidates are judged by. Empty: the usual ones of the task. There are: {known}.",
        "以逗号分隔，第一个为主要指标；留空则用该任务的常用指标。可选：{known}。";
    metrics_more = "schema_match holds answers against the JSON Schema below. pass_at_1 runs each answer as a Python program, behind walls, against the tests that its reference answer is; the field entry_point of the data names the function. perplexity compares only models that share a tokenizer, bits_per_byte any. Likelihoods are not available from an endpoint.",
        "schema_match 检查回答是否符合下方的 JSON Schema。pass_at_1 在沙箱中把每个回答作为 Python 程序运行，以参考回答中的测试检验；数据字段 entry_point 指明函数名。perplexity 只能比较使用同一分词器的模型，bits_per_byte 不受此限。端点不提供似然。";
    json_schema = "JSON Schema of the answers", "回答的 JSON Schema";
    json_schema_help = "As JSON, where schema_match is measured. Known are type, properties, required, additionalProperties, items, enum, const, limits of numbers, lengths and items, anyOf, oneOf, allOf; other keywords are refused. An answer matches if it is one JSON value and nothing else, and fits.",
        "以 JSON 填写，用于 schema_match。支持 type、properties、required、additionalProperties、items、enum、const、数值与长度及项数范围、anyOf、oneOf、allOf，其他关键字会被拒绝。回答须是单个 JSON 值（没有其他文字）且符合 Schema 才算匹配。";
    gates = "Gates", "门禁";
    gates_help = "One a line: accuracy >= 0.8, latency_ms <= 200, or accuracy within 0.02 of baseline. A gate is met or missed only where the interval is sure of it.",
        "每行一条，如 accuracy >= 0.8、latency_ms <= 200，或 accuracy within 0.02 of baseline（与基线相比，变差不超过 0.02）。仅当区间足以判定时才算通过或未通过。";
    filter = "Only samples with", "仅限样本";
    filter_help = "One a line, as FIELD:VALUE, such as label:refund or slice.shop:north. Values of one field are alternatives. Empty: all of the split.",
        "每行一条 字段:值，如 label:退款 或 slice.shop:北区。同一字段的多个值为“或”。留空为整个划分。";
    judges = "Judges", "评审";
    judges_help(known) = "One a line, as NAME = JUDGE, such as truth = helpfulness v2: it rates every answer, and the metric is called judge.NAME. Gates on it are inconclusive until the judge counts. Only judges that rate by criteria; a name means one version of a judge for ever. There are: {known}.",
        "每行一个 名称 = 评审，如 truth = helpfulness v2：它会为每个回答评分，指标名为 judge.名称。评审算数之前，相关门禁一律为“无法判定”。只能用按标准评分的评审，同一名称在套件中始终指同一版本。可选：{known}。";
    judges_help_none = "There is no judge yet that rates by criteria. Make one under “Judges and people”, and it can rate every answer here.",
        "还没有按标准评分的评审模型。请先在“评审与人工评估”中创建，之后可在此为每个回答评分。";
    slices = "Cut results by", "结果切片字段";
    slices_help = "Fields separated by commas: label, length, script, difficulty (by the base model's loss), cluster (of bad cases that were found before), language, or fields of the data. Empty: all that there are, but for language, which takes longer.",
        "以逗号分隔：label、length、script、difficulty（按基座模型损失）、cluster（已发现的 Bad Case 所在的聚类）、language 或数据字段。留空为全部（language 除外，因其耗时较长）。";
    named_slices = "Named slices", "命名切片";
    named_slices_help = "One a line, as NAME = FIELD:VALUE & FIELD:VALUE: samples that meet all fields, against all others. Values of one field are alternatives; one that holds “&” stands in double quotes. No new answers are needed.",
        "每行一条，如 名称 = 字段:值 & 字段:值：满足全部字段的样本与其余样本对照。同一字段的多个值为“或”；含“&”的值请加英文双引号。无需重新作答。";
    max_samples = "Samples at most", "样本上限";
    max_samples_help = "The first ones of the split. Empty: all.", "取划分中靠前的样本，留空为全部。";
    max_new_tokens = "Longest answer, in tokens", "回答的最大词元数";
    max_new_tokens_help = "Of generation. Data of a task file take the task's own length unless this is changed.", "仅用于生成任务。数据来自任务文件且未改动此项时，采用任务文件中的长度。";
    plain = "Without the chat template", "不使用对话模板";
    plain_help = "Prompts and answers as plain text, as base models are asked and as lm-evaluation-harness does. An endpoint always uses its own template.", "提示与回答按纯文本处理，适用于基座模型，与 lm-evaluation-harness 一致。端点始终使用自身的模板。";
    language = "Language of the texts", "文本语言";
    language_help = "Decides how words are cut for BLEU, ROUGE and token F1.", "决定 BLEU、ROUGE 和词元 F1 的分词方式。";
    no_versions = "No dataset version to evaluate on", "没有可用于评测的数据集版本";
    no_versions_hint = "Import a dataset with a test split first.", "请先导入带测试集的数据。";
    to_datasets = "New dataset", "新建数据集";

    design_title(name) = "{name}: what it asks", "{name}：评测内容";
    design_lead = "Each change makes the suite's next version. Results count for every version that asks the same, so that a new gate needs no new answers.",
        "每次更改都会生成套件的新版本。问题相同的版本共用结果，因此新增门禁无需重新作答。";
    to_suite = "To the suite", "返回套件";
    add = "Add an evaluation", "添加评测";
    save = "Save as the next version", "保存为新版本";
    edit(key) = "Change {key}", "更改 {key}";
    remove = "Remove", "移除";
    remove_question(key) = "The next version will not ask {key}. Its results stay with the older versions.", "新版本将不再包含 {key}，其结果仍保留在旧版本中。";
    toml = "The suite as TOML", "以 TOML 表示的套件";
    toml_help = "The whole design; prices, too: [prices] per_hour = 2.5, and [prices.endpoints.NAME] input = 1.0, output = 4.0, of a million tokens.",
        "完整设计，也可设置价格：[prices] per_hour = 2.5；[prices.endpoints.名称] input = 1.0、output = 4.0（每百万词元）。";
    take = "Take this design", "采用此设计";
    download_toml = "TOML", "TOML";
    settings = "Settings", "设置";
    automatic_label = "Every run that succeeds takes this suite", "每个成功的训练运行自动评测此套件";
    automatic_help = "It waits in the queue of jobs like everything else.", "与其他任务一样在队列中等待。";
    save_settings = "Save", "保存";
    archive = "Put away", "归档";
    archive_question = "The suite is not shown any more; its alarms and targets go.", "套件不再显示，其告警和目标将被删除。";

    run_title = "Run it on a candidate", "评测候选";
    candidate = "Candidate", "候选";
    candidate_help = "A run's adapter on its base model, a base model as it came, or an endpoint of the settings.", "训练运行的适配器、原始基座模型，或设置中的端点。";
    endpoint(name) = "Endpoint: {name}", "端点：{name}";
    again = "Answer again what has a result already", "已有结果的也重新作答";
    again_help = "For endpoints whose model changes behind its name. Otherwise finished evaluations are kept.", "用于名称不变但模型会变的端点；否则保留已完成的评测。";
    run = "Run the suite", "运行套件";
    no_candidate = "There is no model to run it on. Register one first.", "没有可评测的模型，请先注册。";
    no_such_candidate = "Choose a candidate of this project.", "请选择此项目中的候选。";
    bake_off = "Compare base models", "对比基座模型";
    design = "What it asks", "评测内容";
    csv = "CSV", "CSV";
    json = "JSON", "JSON";

    table_title = "Candidates", "候选结果";
    table_help(draws, seed) = "Each value with its 95 % interval. Below it, the difference from the baseline: better or worse only with evidence after correction over the whole suite (Holm). Metrics of the whole set, such as macro F1 or BLEU, are compared by paired bootstrap and approximate randomization: {draws} draws each, from the seed {seed}.",
        "各数值附 95% 区间；其下为与基线的差值，仅当全套件校正（Holm）后仍有证据才标为更好或更差。宏平均 F1、BLEU 等整体指标用配对自助法与近似随机化检验比较，各抽样 {draws} 次，种子为 {seed}。";
    table_none = "No candidate has taken this suite yet.", "还没有候选评测过此套件。";
    baseline = "baseline", "基线";
    gates_all = "Gates", "门禁";
    samples(n) = "{n} samples", "{n} 条样本";
    contaminated(n) = "{n} of them are in its training data", "其中 {n} 条出现在其训练数据中";
    better = "better", "更好";
    worse = "worse", "更差";
    no_evidence = "no evidence", "证据不足";
    detectable(least) = "a difference of {least} would have been found (80 % power, uncorrected)", "可检出的最小差异约为 {least}（检验功效 80%，未校正）";
    not_of_endpoint = "not available from an endpoint", "端点不提供";
    judge_said = "what it said", "评审内容";
    gate_undecided(why) = "the judge does not count: {why}", "评审不算数：{why}";
    show_answers = "answers", "回答";
    show_slices = "slices", "切片";

    baselines = "Baselines", "基线";
    baselines_help = "Candidates that others are held against. Gates and alarms are judged by the main one.", "供其他候选对照。门禁和告警以主基线为准。";
    baselines_none = "None is pinned: nothing is compared.", "尚未固定基线，不做对照。";
    main = "main", "主基线";
    label = "Called", "标签";
    label_help = "Such as “last release”.", "如“上次发布”。";
    make_main = "The main one", "设为主基线";
    pin = "Pin", "固定";
    unpin = "Unpin", "取消固定";
    unpin_name(name) = "Unpin {name}", "取消固定 {name}";

    history = "History", "历史";
    history_help = "The metric that each evaluation is judged by, from its first result to the latest. A dot is a result; the line is the baseline.",
        "各评测主要指标自首次结果以来的变化。圆点为结果，横线为基线。";

    targets = "Targets", "目标";
    targets_help = "What the project wants to reach, judged by the run that was evaluated last.", "项目希望达到的水平，以最近评测的训练运行判定。";
    targets_none = "No target is set.", "尚未设定目标。";
    target_metric = "Metric", "指标";
    target_metric_help = "A metric of the evaluation, or latency_ms, latency_p95_ms, tokens_per_second, peak_memory_mib, cost_per_1000.",
        "该评测的指标，或 latency_ms、latency_p95_ms、tokens_per_second、peak_memory_mib、cost_per_1000。";
    target_way = "Must be", "要求";
    at_least = "at least", "不低于";
    at_most = "at most", "不高于";
    limit = "Limit", "界限";
    limit_help = "A number as tables of figures give it: a share from 0 to 1, milliseconds, MiB.", "按数值填写：比例为 0 到 1，时间为毫秒，内存为 MiB。";
    set_target = "Set the target", "设定目标";
    no_number = "This is not a number.", "不是数字。";
    no_metric = "The evaluation does not measure this.", "该评测不测量此指标。";
    no_evaluation = "The suite has no such evaluation.", "套件中没有此评测。";
    too_many_targets = "The project has as many targets as it can have.", "项目的目标数已达上限。";

    comparing = "Results are being compared", "正在对比结果";
    comparing_help = "A job compares them once and keeps the result. Differences, and gates that need them, are told when it is done.", "由后台任务对比一次并保留结果。差值及相关门禁在完成后显示。";
    not_compared = "The results were not compared", "结果未能对比";
    compare_again = "Compare again", "重新对比";
    cutting = "The result is being cut into slices", "正在对结果切片";
    cutting_help = "A job does it once; it is kept until fields, filters, difficulty or clusters change.", "由后台任务完成一次并保留，直到字段、筛选、难度或聚类发生变化。";
    not_cut = "The result was not cut into slices", "结果未能切片";
    cut_again = "Try again", "重试";

    bake_title(name) = "Base models on {name}", "{name}：基座模型对比";
    bake_lead = "Before anything is trained: which base model to begin with. The best of each evaluation is bold; the others are held against it, corrected for all pairs (Holm).",
        "训练之前先选定基座模型。各评测的最佳值加粗，其余与之对照，并按所有配对数校正（Holm）。";
    bake_none = "No base model has taken this suite", "还没有基座模型评测过此套件";
    bake_none_hint = "Run the suite on your base models first.", "请先用此套件评测各基座模型。";
    size = "Size", "大小";
    parameters = "Parameters", "参数量";
    latency = "Latency", "延迟";
    memory = "Memory", "内存";
    cost = "Cost of 1,000 answers", "每千次回答的成本";

    seeds = "Over seeds", "跨种子";
    seeds_title(name) = "{name} over seeds", "{name}：跨种子结果";
    seeds_lead = "Runs that differ only in their seed, as one candidate: what of a score is the method, and what the luck of a seed.",
        "仅种子不同的训练运行合为一个候选，区分方法本身与种子带来的差异。";
    seeds_none = "No method has several seeds here", "这里还没有使用多个种子的方法";
    seeds_none_hint = "Run the suite on runs whose recipes differ only in their seed, such as the arms of an ablation, or choose runs below.",
        "请用此套件评测配方仅种子不同的训练运行（如消融实验的各分支），或在下方选择运行。";
    seeds_help(draws) = "Mean ± standard deviation over the seeds, with a 95 % interval of the mean, were other seeds and other samples drawn: variance of the seeds plus that of a bootstrap over samples ({draws} draws), Student’s t with Satterthwaite’s degrees of freedom. Below it, the difference from the group that the others are held against, corrected over the whole suite (Holm).",
        "各种子的均值 ± 标准差及均值的 95% 区间：合并种子方差与样本自助法方差（{draws} 次抽样），按 Satterthwaite 自由度的 t 分布计算。其下为与参照组的差值，按全套件校正（Holm）。";
    seeds_computing_help = "A job computes the figures of each group once and keeps them. Those that are missing, and the differences of their groups, are told when it is done.", "由后台任务对每组计算一次并保留结果。缺少的数值及其所在组的差值在完成后显示。";
    seeds_method = "Method", "方法";
    seeds_count(n) = "{n} seeds", "{n} 个种子";
    seed_of(n) = "seed {n}", "种子 {n}";
    seeds_by_hand = "chosen by hand", "手动选择";
    seeds_reference = "reference", "参照";
    seeds_against = "Hold the others against it", "设为参照";
    seeds_against_name(name) = "Hold the others against {name}", "以 {name} 为参照";
    seeds_choose = "Put a group together", "手动组合";
    seeds_choose_help(most) = "2 to {most} runs that have taken this suite, each with a seed of its own.", "选择 2 至 {most} 个已评测过此套件且种子各不相同的训练运行。";
    seeds_show = "Show this group", "查看此组";
    seeds_problem_count(most) = "Choose 2 to {most} runs that have taken this suite.", "请选择 2 至 {most} 个已评测过此套件的训练运行。";
    seeds_problem_same = "Two of these runs have the same seed: one is the repetition of the other.", "所选运行中有两个种子相同，其一是另一个的重复。";

    result_title(candidate, evaluation) = "{candidate} on {evaluation}", "{candidate}：{evaluation}";
    result_lead(suite) = "What the candidate answered in the suite {suite}.", "候选在套件 {suite} 中的回答。";
    scores = "Scores", "得分";
    score = "Value", "数值";
    interval = "95 % interval", "95% 区间";
    signature = "Computed as", "计算方式";
    answers = "Answers", "回答";
    outcome = "Show", "显示";
    all = "All", "全部";
    right = "Right", "正确";
    wrong = "Wrong", "错误";
    search = "Search", "搜索";
    slice = "Field of the data", "数据字段";
    slice_help = "As NAME:VALUE.", "格式为 名称:值。";
    apply = "Apply", "应用";
    no_match = "No answer matches.", "没有符合条件的回答。";
    expected = "Expected", "期望";
    output = "Answer", "回答";
    empty_output = "(empty)", "（空）";
    open_sample = "Open the sample", "查看样本";

    slices_title(candidate, evaluation) = "{candidate} on {evaluation}: slices", "{candidate}：{evaluation} 切片";
    slices_lead = "How the candidate does on parts of the samples, each held against all the others.", "候选在各部分样本上的表现，每部分与其余样本对照。";
    slices_part(cut, of) = "Only the first {cut} of {of} answers were cut: these figures say nothing of the others.", "仅切分了 {of} 个回答中的前 {cut} 个，以下结果不涉及其余回答。";
    slices_none = "No metric of this result is a mean over samples.", "该结果没有可按样本切分的指标。";
    metric = "Metric", "指标";
    worst = "Where it does worst", "表现最差的部分";
    worst_help(tested) = "Of {tested} parts of one and two fields, those that are surely worse than the rest: false ones are kept to 5 % (Benjamini–Hochberg).",
        "共检验 {tested} 个由一或两个字段构成的部分，列出确实差于其余样本的；错误发现率（FDR）控制在 5%（Benjamini–Hochberg）。";
    worst_none(tested) = "{tested} parts of one and two fields were tested: none is surely worse than the rest.", "共检验 {tested} 个由一或两个字段构成的部分，没有确实差于其余样本的。";
    part = "Part", "部分";
    support = "Samples", "样本数";
    rest = "Rest", "其余";
    difference = "Difference", "差值";
    corrected_p = "p, corrected", "p（已校正）";
    field_label = "Label", "标签";
    field_length = "Length in characters, from", "字符数（起）";
    field_script = "Script", "文字";
    field_difficulty = "Difficulty (quarter by the base model's loss)", "难度（按基座模型损失分四档）";
    field_turns = "Turns", "轮数";
    field_cluster = "Cluster of its newest bad case", "最新 Bad Case 所在聚类";
    field_language = "Language", "语言";
    within = "in", "属于";
    outside = "not in", "不属于";
}

/// The name of a field that results are cut by.
#[must_use]
pub fn field(l: Lang, name: &str) -> String {
    match name {
        "label" => field_label(l).to_owned(),
        "length" => field_length(l).to_owned(),
        "script" => field_script(l).to_owned(),
        "difficulty" => field_difficulty(l).to_owned(),
        "turns" => field_turns(l).to_owned(),
        "cluster" => field_cluster(l).to_owned(),
        "language" => field_language(l).to_owned(),
        other => ["slice.", NAMED].iter().find_map(|p| other.strip_prefix(p)).unwrap_or(other).to_owned(),
    }
}

crate::texts! {
    problem_count(most) = "A suite has 1 to {most} evaluations.", "套件应包含 1 至 {most} 项评测。";
    problem_key = "Use 1 to 60 letters, digits, “-”, “_” and “.”.", "请使用 1 至 60 个字母、数字、“-”、“_”或“.”。";
    problem_twice(key) = "There is an evaluation called “{key}” already.", "已有名为“{key}”的评测。";
    problem_metric(metric, known) = "This task has no metric “{metric}”. There are: {known}.", "该任务没有指标“{metric}”。可选：{known}。";
    problem_gate(gate) = "The gate “{gate}” is about something that is not measured here.", "门禁“{gate}”所用的指标未在此测量。";
    problem_gate_text(text) = "“{text}” is no gate. Write METRIC >= NUMBER, METRIC <= NUMBER, or METRIC within NUMBER of baseline.", "“{text}”不是有效的门禁。请写成 指标 >= 数值、指标 <= 数值，或 指标 within 数值 of baseline。";
    problem_filter(text) = "“{text}” is no filter. Write FIELD:VALUE, where FIELD is label, length, script, turns, system, file, pair or slice.NAME.", "“{text}”不是有效的筛选。请写成 字段:值，字段可为 label、length、script、turns、system、file、pair 或 slice.名称。";
    problem_named(text) = "“{text}” is no named slice. Write NAME = FIELD:VALUE & FIELD:VALUE.", "“{text}”不是有效的命名切片。请写成 名称 = 字段:值 & 字段:值。";
    problem_named_name(name) = "A named slice cannot be called “{name}”: use 1 to 60 characters in one line without “=”, each name once.", "命名切片不能称为“{name}”：请使用 1 至 60 个字符，不含换行和“=”，且名称不重复。";
    problem_named_value(name, field) = "The named slice “{name}”: write the value of “{field}” in one line.", "命名切片“{name}”：“{field}”的值不能换行。";
    problem_named_filter(name, field) = "The named slice “{name}” cannot be cut by “{field}”. Write at least one FIELD:VALUE, where FIELD is label, length, script, turns, system, file, pair or slice.NAME.", "命名切片“{name}”不能按“{field}”划分。请至少写一个 字段:值，字段可为 label、length、script、turns、system、file、pair 或 slice.名称。";
    problem_many = "There are too many of these.", "数量过多。";
    problem_range = "Expected a number from 1 on; the longest answer has at most 8192 tokens.", "应为不小于 1 的数，回答最多 8192 个词元。";
    problem_schema_missing = "schema_match needs a JSON Schema.", "schema_match 需要填写 JSON Schema。";
    problem_schema_unused = "Nothing is held against this schema. Add schema_match to the metrics, or leave the schema empty.", "没有指标使用此 Schema。请在指标中加入 schema_match，或将其留空。";
    problem_schema_json(most) = "This is not JSON of at most {most} KiB.", "不是有效的 JSON（上限 {most} KiB）。";
    problem_schema_keyword(path, keyword) = "{path}: the keyword “{keyword}” is not known here.", "{path}：不支持关键字“{keyword}”。";
    problem_schema_value(path) = "{path}: this is not what a schema has there.", "{path}：此处的值不符合 JSON Schema 规范。";
    problem_schema_deep = "The schema is nested too deeply.", "Schema 嵌套过深。";
    problem_price = "A price is a number from 0 on.", "价格应为不小于 0 的数。";
    problem_unreadable(detail) = "This cannot be read as a suite (“{detail}”).", "无法读作评测套件（“{detail}”）。";
    problem_data = "Choose a dataset version of this project.", "请选择此项目的数据集版本。";
    problem_judge_text(text) = "“{text}” is no judge of this project. Write NAME = JUDGE, such as truth = helpfulness v2.", "“{text}”不是此项目的评审。请写成 名称 = 评审，如 truth = helpfulness v2。";
    problem_judge(name, most) = "“{name}”: use lower-case letters, digits and _, for at most {most} judges.", "“{name}”：请使用小写字母、数字和 _，最多 {most} 个评审。";
    problem_judge_twice(name) = "Two judges are called “{name}” in this suite.", "此套件中有两个评审都叫“{name}”。";
    problem_judge_unknown(name) = "“{name}”: the project has no such version of a judge.", "“{name}”：项目中没有该评审版本。";
    problem_judge_compares(name) = "“{name}”: this judge compares two answers. A metric needs one that rates by criteria.", "“{name}”：该评审用于比较两个回答，指标需要按标准评分的评审。";
    problem_judge_named(name) = "“{name}” has meant another version of a judge in this suite, whose figures stay. Choose another name.", "“{name}”在此套件中曾指另一评审版本，其结果仍保留，请换一个名称。";
    problem_choice = "Choose one of the list.", "请从列表中选择。";
}

/// Why a design cannot be used.
#[must_use]
pub fn problem(l: Lang, error: &SuiteError) -> String {
    match error {
        SuiteError::Count => problem_count(l, domain::suite::MAX_EVALUATIONS),
        SuiteError::Key { .. } => problem_key(l).to_owned(),
        SuiteError::Twice { key } => problem_twice(l, key),
        SuiteError::Metric { metric, known, .. } => problem_metric(l, metric, known.join(", ")),
        SuiteError::Gate { gate, .. } => problem_gate(l, gate),
        SuiteError::Filter { field, .. } => problem_filter(l, field),
        SuiteError::SliceName { name, .. } => problem_named_name(l, name),
        SuiteError::SliceFilter { name, field, .. } => problem_named_filter(l, name, field),
        SuiteError::SliceValue { name, field, .. } => problem_named_value(l, name, field),
        SuiteError::TooMany { .. } => problem_many(l).to_owned(),
        SuiteError::Range { .. } => problem_range(l).to_owned(),
        SuiteError::SchemaMissing { .. } => problem_schema_missing(l).to_owned(),
        SuiteError::SchemaUnused { .. } => problem_schema_unused(l).to_owned(),
        SuiteError::SchemaNotJson { .. } => problem_schema_json(l, MAX_SCHEMA_BYTES >> 10),
        SuiteError::Schema { problem, .. } => schema_problem(l, problem),
        SuiteError::Price => problem_price(l).to_owned(),
        SuiteError::Judge { name, .. } => problem_judge(l, name, domain::suite::MAX_JUDGES),
        SuiteError::JudgeTwice { name } => problem_judge_twice(l, name),
        SuiteError::Unreadable { detail } => problem_unreadable(l, detail),
    }
}

fn schema_problem(l: Lang, problem: &SchemaProblem) -> String {
    // The schema itself has an empty path.
    let place = |path: &str| if path.is_empty() { "/".to_owned() } else { path.to_owned() };
    match problem {
        SchemaProblem::UnknownKeyword { path, keyword } => problem_schema_keyword(l, place(path), keyword),
        SchemaProblem::Malformed { path } => problem_schema_value(l, place(path)),
        SchemaProblem::TooDeep => problem_schema_deep(l).to_owned(),
    }
}

/// Why runs are no group.
#[must_use]
pub fn no_seed_group(l: Lang, problem: NoSeedGroup) -> String {
    match problem {
        NoSeedGroup::Count => seeds_problem_count(l, MAX_SEEDS),
        NoSeedGroup::SameSeed => seeds_problem_same(l).to_owned(),
    }
}
