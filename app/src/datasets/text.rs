//! Texts of the dataset pages.

use domain::{
    dataset::{BadLines, Duplicates, FileSyntax, Sizing},
    lang::Lang,
};

crate::texts! {
    to_check(n) = "Check the labels of {n} copies", "核对 {n} 个副本的标签";
    explore = "Explore", "浏览全部样本";
    sealed(count) = "{count} samples of the test split are sealed: they are not listed here and not in the downloads.", "测试集的 {count} 个样本已封存，不在此列出，也不包含在下载中。";
    title = "Datasets", "数据集";
    lead = "Each import makes an immutable version. A run trains on exactly one version.", "每次导入都会生成一个不可变的版本，每次训练运行只使用一个版本。";
    upload_data = "Upload data", "上传数据";
    none_title = "No dataset yet", "还没有数据集";
    none_hint = "Upload a JSON Lines, JSON, CSV, Parquet or text file, packed or not. You see a preview before anything is imported.", "上传 JSON Lines、JSON、CSV、Parquet 或文本文件（可压缩），导入前可先预览。";
    none_hint_reader = "Members who may upload data have not done so yet.", "有上传权限的成员尚未上传数据。";
    nothing_found = "No dataset has this in its name", "没有名称包含此内容的数据集";
    nothing_found_hint = "Search for something else, or show all.", "请换个关键词，或显示全部。";
    show_all = "Show all", "显示全部";
    name = "Name", "名称";
    versions = "Versions", "版本";
    samples = "Samples", "样本";
    labels = "Labels", "标签";
    updated = "Updated", "更新时间";
    search = "Search", "搜索";
    search_names = "Search names", "搜索名称";

    new_title = "Upload data", "上传数据";
    new_lead(most) = "JSON Lines, JSON, CSV, Parquet or plain text, also as gz, zst, bz2, xz, ZIP or TAR, up to {most}. The next page shows what is in the file and how it will be read.",
        "支持 JSON Lines、JSON、CSV、Parquet 或纯文本，也可用 gz、zst、bz2、xz、ZIP 或 TAR 压缩，最大 {most}。下一页会显示文件内容及读取方式。";
    file = "File", "文件";
    plain_form = "Without JavaScript, send the file with this form:", "未启用 JavaScript 时，请使用此表单上传：";
    send = "Send", "上传";
    recent = "Sent before", "最近上传";
    size = "Size", "大小";
    sent_at = "Sent", "上传时间";

    import_title(file) = "Import {file}", "导入 {file}";
    importing = "Import in progress", "正在导入";
    importing_hint = "You may leave this page; the import goes on.", "可以离开此页面，导入会继续进行。";
    after_failure = "If it fails: show the settings again", "如果失败：重新显示设置";
    attempt_failed = "The import did not succeed", "导入未成功";
    attempt_failed_hint = "Nothing was saved. Change the settings below, or mend the file and upload it again.", "未保存任何内容。请修改下方设置，或修正文件后重新上传。";
    bad_lines_report = "Bad lines", "错误行";
    how_read = "How the file is read", "读取方式";
    syntax = "Syntax", "语法";
    encoding = "Character encoding", "字符编码";
    detected(what) = "detected: {what}", "自动识别：{what}";
    detect = "detect", "自动识别";
    replaced_title = "Some characters could not be decoded", "部分字符无法解码";
    replaced = "They are shown as �. If there are many, choose another encoding.", "已显示为 �。若数量较多，请选择其他编码。";
    format = "Format", "格式";
    format_help = "What one row of the file is.", "文件中每一行（每条记录）的含义。";
    choose_format = "choose a format", "请选择格式";
    choose_field = "choose a field", "请选择字段";
    not_used = "not used", "不使用";
    prefix = "Instruction before each text", "每条文本前的指令";
    prefix_help = "Tells the model what to do, for example: Classify the sentiment of this review as positive or negative. Where texts stand alone, it is all that the user says.",
        "告诉模型要做什么，例如：判断这条评论的情感是正面还是负面。只有文本时，它就是用户所说的全部内容。";
    update_preview = "Update preview", "更新预览";
    update_help = "The preview follows your choices.", "预览会随选择更新。";
    first_rows = "First rows of the file", "文件的前几行";
    wide_table(n) = "{n} fields: scroll the table sideways to see all of them.", "共 {n} 个字段，可左右滚动表格查看全部。";
    line = "Line", "行";
    as_samples = "The same rows as samples", "转换后的样本";
    no_samples = "No row can become a sample with these choices.", "按当前选择，没有行可以转换为样本。";
    bad_title(bad, lines) = "{bad} of the first {lines} rows cannot become samples", "前 {lines} 行中有 {bad} 行无法转换为样本";
    good_title(lines) = "All of the first {lines} rows can become samples", "前 {lines} 行均可转换为样本";
    good_title_all(lines) = "All {lines} rows can become samples", "全部 {lines} 行均可转换为样本";
    field = "Field", "字段";
    reason = "Reason", "原因";
    more_errors(n) = "and {n} more", "另有 {n} 行";
    choose_fields = "Choose a format and the fields it needs.", "请选择格式及其所需字段。";

    what_becomes = "What becomes of it", "导入为";
    bad_lines = "Lines that cannot be read", "无法读取的行";
    bad_stop = "Stop: import nothing if there is any", "停止：只要有错误行就不导入";
    bad_skip = "Skip them: import the rest and keep a report", "跳过：导入其余内容并保留报告";
    into = "Import into", "导入到";
    new_dataset = "a new dataset", "新数据集";
    new_version_of(name) = "a new version of {name}", "{name} 的新版本";
    name_of_new = "Name of the new dataset", "新数据集名称";
    name_help = "Only for a new dataset.", "仅用于新数据集。";
    split = "Division into splits", "数据划分";
    train_share = "Train, %", "训练集，%";
    validation_share = "Validation, %", "验证集，%";
    test_share = "Test, %", "测试集，%";
    split_help = "Shares of the samples. Which sample goes where depends only on its content and the seed: duplicates stay together, and growing data keeps its places.",
        "各划分所占份额。样本归属只取决于其内容和随机种子：重复样本保持在一起，数据增加时原有归属不变。";
    seed = "Seed", "随机种子";
    split_problem = "Shares must be numbers of 0 or more, the training share above 0, and the seed a whole number of 0 or more.",
        "份额必须是不小于 0 的数字，训练份额须大于 0，随机种子须为非负整数。";
    start_import = "Import", "开始导入";

    version_title(name, number) = "{name} v{number}", "{name} v{number}";
    launch = "Launch a run", "启动训练运行";
    add_data = "Upload a new version", "上传新版本";
    download_jsonl = "Download JSONL", "下载 JSONL";
    download_csv = "Download CSV", "下载 CSV";
    stats_json = "Statistics as JSON", "统计 JSON";
    newest = "newest", "最新";
    no_train = "No training samples", "没有训练样本";
    no_train_help = "No run can train on this version. Upload the data again as a new version with a training share above 0.",
        "无法使用此版本训练。请以大于 0 的训练集比例重新上传为新版本。";
    no_validation = "No validation samples", "没有验证样本";
    no_validation_help = "A run on this version shows no validation loss and no sample answers, so overfitting goes unseen. Upload the data again as a new version with a validation share above 0; 5 to 10 % is usual.",
        "使用此版本的训练运行没有验证损失和示例回答，无法发现过拟合。请以大于 0 的验证集比例重新上传为新版本，通常为 5% 至 10%。";
    no_test = "No test samples", "没有测试样本";
    no_test_help = "Base and tuned model cannot be compared: a run on this version has no evaluation and no bad cases. Upload the data again as a new version with a test share above 0; 10 % is usual.",
        "无法对比基座与微调后模型：使用此版本的训练运行没有评估和 Bad Case。请以大于 0 的测试集比例重新上传为新版本，通常为 10%。";
    characters = "Characters", "字符";
    pairs = "Preference pairs", "偏好对";
    duplicates = "Exact duplicates", "完全重复";
    skipped = "Skipped lines", "跳过的行";
    lengths = "Length in characters", "长度（字符）";
    token_lengths(model) = "Length in tokens of {model}", "长度（{model} 的词元）";
    tokens_total = "Tokens", "词元";
    tokens_mean = "Mean", "平均";
    tokens_p50 = "Median", "中位数";
    tokens_p95 = "95 % below", "95% 低于";
    tokens_max = "Longest", "最长";
    tokens_title = "Tokens", "词元统计";
    tokens_none = "Count with a base model's tokenizer and chat template to see how long samples really are.",
        "使用基座模型的分词器和对话模板统计样本的实际长度。";
    tokens_no_model = "Register a base model first.", "请先注册基座模型。";
    model = "Base model", "基座模型";
    count = "Count tokens", "统计词元";
    choose_model = "Choose a model of this project.", "请选择本项目中的模型。";
    more_labels(n) = "{n} more labels", "另外 {n} 个标签";
    unlisted_labels(n) = "and {n} rarer ones, not listed", "另有 {n} 个较少见的标签未列出";
    origin = "Origin", "来源";
    made_at = "Made", "创建时间";
    made_by = "By", "创建者";
    parent = "Made from", "基于";
    corrections_of(n) = "{n} corrected samples from bad cases", "来自 Bad Case 的 {n} 条修正样本";
    moved(n) = "{n} of them moved to the training split", "其中 {n} 条移入训练集";
    show_corrected = "Show them", "查看";
    augmented(texts) = "The parent and {texts} texts that a model wrote from its training samples", "父版本及模型由其训练样本写出的 {texts} 条文本";
    augment = "Augment", "扩充";
    divided = "The parent's samples, divided anew", "父版本的样本，重新划分";
    left_out = "Left out", "已排除";
    left_out_why(n) = "{n} samples that belong together with a sample of the kept test set", "{n} 个与保留的测试样本同组的样本";
    annotated(n, left_out) = "The parent with labels of {n} samples from an annotation task, {left_out} left out", "父版本加上标注任务给出的 {n} 个样本的标签，排除 {left_out} 个";
    without_leaks(n) = "The parent without {n} training samples that give held-out ones away", "父版本去除 {n} 个泄露留出样本的训练样本";
    edited(what, changed, selected) = "The parent with an edit ({what}) of {changed} of {selected} selected samples", "父版本经批量编辑（{what}）：选中 {selected} 个样本，修改 {changed} 个";
    forgotten(n) = "The parent without {n} samples that somebody asked to be forgotten", "父版本去除 {n} 个应要求抹除的样本";
    forget = "Forget rows", "抹除样本";
    clean = "Clean", "清洗";
    cleaned(steps, removed, changed) = "The parent after {steps} steps: {removed} samples removed, {changed} rewritten", "父版本经 {steps} 个步骤处理：移除 {removed} 个样本，改写 {changed} 个";
    recipe = "Data recipe", "数据配方";
    compare_with(number) = "Compare with v{number}", "与 v{number} 对比";
    splits = "Splits and leaks", "划分与泄露";
    note = "Note", "备注";
    settings = "Name, licence and archive", "名称、许可证与归档";
    license = "Licence", "许可证";
    license_help = "Under which terms the data may be used: an SPDX identifier such as CC-BY-4.0, or a few words. It stands on the data card.", "数据的使用条款：SPDX 标识符（如 CC-BY-4.0）或简短说明，将显示在数据卡上。";
    license_problem = "Use one line of at most 200 characters.", "请输入不超过 200 个字符的单行文本。";
    card = "Data card", "数据卡";
    lineage = "Lineage", "血缘";
    description = "Description", "说明";
    description_too_long = "At most 2000 characters.", "最多 2000 个字符。";
    save = "Save", "保存";
    archive = "Archive", "归档";
    archive_question = "The dataset leaves every list. Nothing is deleted, and runs made from it stay whole.", "数据集将从所有列表中移除。不会删除任何内容，基于它的训练运行保持完整。";

    all_splits = "all", "全部";
    all_labels = "all", "全部";
    split_word = "Split", "划分";
    label = "Label", "标签";
    filter = "Filter", "筛选";
    clear = "Clear", "清除";
    corrected_only = "Corrected only", "仅修正样本";
    position = "No.", "序号";
    sample = "Sample", "样本";
    no_match = "No sample matches", "没有匹配的样本";
    no_match_hint = "Change the filter or clear it.", "请修改或清除筛选条件。";
    from_line(file, line) = "{file}, line {line}", "{file} 第 {line} 行";
    corrects(id) = "corrects sample {id}", "修正样本 {id}";
    bad_case = "bad case", "Bad Case";
    slices = "Other fields", "其他字段";

    format_messages = "Conversations: messages with role and content (OpenAI)", "对话：含 role 与 content 的 messages（OpenAI）";
    format_share_gpt = "Conversations: turns with from and value (ShareGPT)", "对话：含 from 与 value 的轮次（ShareGPT）";
    format_alpaca = "Instruction, input, output (Alpaca)", "指令、输入、输出（Alpaca）";
    format_prompt_completion = "Prompt and completion", "提示与补全";
    format_text_label = "Text and label (classification)", "文本与标签（分类）";
    packing = "Packed as", "打包方式";
    files = "Files", "文件";
    added = "Added", "追加";
    added_to(added, kept) = "{added} new samples, behind the {kept} of the version before", "在上一版本的 {kept} 条样本之后新增 {added} 条";
    test_set = "Test set", "测试集";
    test_set_kept(n) = "the {n} test samples of the version before are all kept, and none of them is trained on", "上一版本的 {n} 条测试样本全部保留，且均不用于训练";
    repeated = "Already there", "已存在";
    repeated_what(n, what) = "{n} samples of the file: {what}", "文件中的 {n} 条样本：{what}";
    duplicates_left_out = "left out", "未加入";
    duplicates_kept = "added again, in the split of the sample they repeat", "再次加入，归入所重复样本的划分";
    merged_from = "Mixed from", "混合来源";
    merged_source(taken, available, held_out, weight) = "{taken} of {available} training samples and {held_out} others, weight {weight}", "训练样本 {available} 条中取 {taken} 条，其余 {held_out} 条，权重 {weight}";
    sizing = "How many", "取样数量";
    sizing_all = "every sample once", "每条样本各一次";
    sizing_down = "by weight, no sample twice", "按权重，不重复取样";
    sizing_up = "by weight, every sample at least once", "按权重，每条样本至少一次";
    merge_left_out = "Left out", "未加入";
    merge_left_out_help(n) = "{n} samples that repeat another one, or that another source tests on", "{n} 条与其他样本重复，或属于其他来源的测试数据";
    growth = "If it goes into a dataset that exists", "导入到已有数据集时";
    growth_replace = "The new version holds this file alone", "新版本只包含此文件";
    growth_leave_out = "Add it to the newest version; leave out what is there already", "追加到最新版本；已存在的样本不再加入";
    growth_keep = "Add it to the newest version; also what is there already", "追加到最新版本；已存在的样本也再次加入";
    growth_help = "When data are added, every sample of the version before keeps its split: the old test set stays as it was.", "追加数据时，上一版本的每条样本都保持原有划分，测试集不变。";
    task_title = "From a task file of lm-evaluation-harness", "来自 lm-evaluation-harness 任务文件";
    task_help = "Send the YAML and the data file of its test split as two files. Prompts, examples, choices and answers become samples, and the version keeps metrics and ends of answers for suites. Tasks that run Python or include other files are refused.", "请分别上传 YAML 和测试划分的数据文件。提示、示例、选项与答案将成为样本，版本会保留指标与停止词供评测套件使用。需要运行 Python 或引用其他文件的任务会被拒绝。";
    task_file = "Task file (YAML)", "任务文件（YAML）";
    task_data = "Its data", "数据文件";
    task_data_problem = "Choose the data file, not the task file again.", "请选择数据文件，而不是任务文件本身。";
    render = "Make samples", "生成样本";
    rendering = "Making samples of the task file", "正在由任务文件生成样本";
    render_failed = "No samples were made", "未能生成样本";
    from_address = "From an address", "从网址获取";
    address = "Address of the file", "文件网址";
    address_help(hosts) = "The server fetches it. Allowed hosts: {hosts}", "由服务器获取。允许的主机：{hosts}";
    fetch = "Fetch", "获取";
    fetching = "Fetching the file", "正在获取文件";
    fetch_failed = "The file was not fetched", "未能获取文件";
    url_problem = "Write the address as https://HOST/PATH.", "请将网址写成 https://主机/路径。";
    merge = "Mix versions", "混合版本";
    merge_title = "Mix versions into a new dataset", "将多个版本混合为新数据集";
    merge_lead = "Training samples are taken by weight. Validation and test samples are taken once each, and nothing that one source tests on is trained on.",
        "训练样本按权重选取；验证与测试样本各取一次，任何来源的测试数据都不会用于训练。";
    merging = "Mixing", "正在混合";
    merge_failed = "The versions were not mixed", "混合未成功";
    merge_too_few = "A mixture needs two versions. Import more data first.", "混合至少需要两个版本，请先导入更多数据。";
    merge_none_title = "Nothing to mix yet", "尚无可混合的版本";
    merge_name_help = "The mixture is a dataset of its own; its sources stay as they are.", "混合结果是一个独立的数据集，来源保持不变。";
    merge_source(i) = "Version {i}", "版本 {i}";
    merge_none = "none", "无";
    merge_option(name, number, train) = "{name} v{number}: {train} training samples", "{name} v{number}：{train} 条训练样本";
    merge_problem = "Choose 2 to 6 different versions.", "请选择 2 至 6 个不同的版本。";
    weight = "Weight", "权重";
    weight_help = "Shares of the training samples: 2 and 1 give twice as many of the first. Not looked at when every sample is taken once.", "训练样本的份额：2 和 1 表示前者是后者的两倍。每条样本各取一次时不起作用。";
    weight_problem = "A weight is a number above 0.", "权重须为大于 0 的数字。";
    sizing_help = "Without repetition the scarcest version decides how many there are; else the samples of scarcer versions are repeated, a hundred times at most.", "不重复时，总量由最少的版本决定；否则较少版本的样本会重复，最多一百次。";
    merge_seed_help = "Decides which samples are taken.", "决定选取哪些样本。";
    format_text = "Texts to be written, without questions", "要写出的文本（没有问题）";
    format_text_spans = "Text with marked spans: [start, end, label] (doccano, spaCy)", "带标注片段的文本：[start, end, label]（doccano、spaCy）";
    format_label_studio = "Label Studio export: data and annotations", "Label Studio 导出：data 与 annotations";
    format_described = "As the archive's dataset_info.json says (LLaMA-Factory)", "按压缩包中的 dataset_info.json（LLaMA-Factory）";
    slot_spans = "Spans", "标注片段";
    slot_annotations = "Annotations", "标注结果";
    syntax_text = "Plain text: one row per file", "纯文本：每个文件一行";
    syntax_lines = "Plain text: one row per line", "纯文本：每行一条";
    syntax_paragraphs = "Plain text: one row per paragraph", "纯文本：每段一条";
    packed_as(packing) = "Packed as {packing}", "打包方式：{packing}";
    files_inside(n) = "Files that are read: {n}", "读取的文件：{n} 个";
    files_left_out(n) = "Files left out: {n}", "未读取的文件：{n} 个";
    not_data = "holds no rows, or was not chosen", "不含数据，或未被选中";
    more_files(n) = "and {n} more", "另有 {n} 个";
    pattern = "Files to read", "要读取的文件";
    pattern_help = "A name or a pattern in which * stands for anything, such as train*.jsonl. Empty: every data file.", "文件名或模式，* 代表任意字符，例如 train*.jsonl。留空则读取所有数据文件。";
    described_as(format) = "described as: {format}", "描述为：{format}";
    format_multiple_choice = "Multiple choice: MMLU, C-Eval and the like", "选择题：MMLU、C-Eval 等";
    slot_choices = "Choices", "选项";
    choices_help = "Names of fields with commas between them (A,B,C,D), one field with a list or lettered lines, or texts that are the same for every row with | between them (no|yes).", "以逗号分隔的字段名（A,B,C,D），或一个含列表或带字母各行的字段，或各行相同的文本，以 | 分隔（否|是）。";
    format_question_answer = "Question and answer", "问题与答案";
    format_preference = "Preference pairs: a chosen and a rejected answer", "偏好对：选中的回答与被拒绝的回答";
    slot_chosen = "Chosen answer", "选中的回答";
    slot_rejected = "Rejected answer", "被拒绝的回答";
    slot_messages = "Messages", "消息列表";
    slot_conversations = "Turns", "对话轮次";
    slot_system = "System prompt", "系统提示";
    slot_instruction = "Instruction", "指令";
    slot_input = "Input", "输入";
    slot_output = "Output", "输出";
    slot_history = "History", "历史";
    slot_prompt = "Prompt", "提示";
    slot_completion = "Completion", "补全";
    slot_text = "Text", "文本";
    slot_question = "Question", "问题";
    slot_context = "Context", "上下文";
    slot_answer = "Answer", "答案";
}

/// A syntax as people call it.
#[must_use]
pub fn syntax_name(l: Lang, syntax: FileSyntax) -> &'static str {
    match syntax {
        FileSyntax::Jsonl => "JSON Lines",
        FileSyntax::Json => "JSON",
        FileSyntax::Csv => "CSV",
        FileSyntax::Parquet => "Parquet",
        FileSyntax::Text => syntax_text(l),
        FileSyntax::Lines => syntax_lines(l),
        FileSyntax::Paragraphs => syntax_paragraphs(l),
    }
}

/// How a merge takes samples.
#[must_use]
pub fn sizing_name(l: Lang, sizing: Sizing) -> &'static str {
    match sizing {
        Sizing::All => sizing_all(l),
        Sizing::Down => sizing_down(l),
        Sizing::Up => sizing_up(l),
    }
}

/// What became of samples that were there before.
#[must_use]
pub fn duplicates_name(l: Lang, duplicates: Duplicates) -> &'static str {
    match duplicates {
        Duplicates::LeaveOut => duplicates_left_out(l),
        Duplicates::Keep => duplicates_kept(l),
    }
}

/// What happens to bad lines.
#[must_use]
pub fn bad_lines_choice(l: Lang, choice: BadLines) -> &'static str {
    match choice {
        BadLines::Stop => bad_stop(l),
        BadLines::Skip => bad_skip(l),
    }
}

/// A format of [`super::form::FORMATS`] in words.
#[must_use]
pub fn format_name(l: Lang, format: &str) -> &'static str {
    match format {
        "messages" => format_messages(l),
        "share_gpt" => format_share_gpt(l),
        "alpaca" => format_alpaca(l),
        "prompt_completion" => format_prompt_completion(l),
        "text_label" => format_text_label(l),
        "preference" => format_preference(l),
        "text" => format_text(l),
        "text_spans" => format_text_spans(l),
        "label_studio" => format_label_studio(l),
        "multiple_choice" => format_multiple_choice(l),
        _ => format_question_answer(l),
    }
}

/// A part of a format in words.
#[must_use]
pub fn slot_name(l: Lang, slot: &str) -> &'static str {
    match slot {
        "messages" => slot_messages(l),
        "conversations" => slot_conversations(l),
        "system" => slot_system(l),
        "instruction" => slot_instruction(l),
        "input" => slot_input(l),
        "output" => slot_output(l),
        "history" => slot_history(l),
        "prompt" => slot_prompt(l),
        "completion" => slot_completion(l),
        "text" => slot_text(l),
        "label" => label(l),
        "question" => slot_question(l),
        "context" => slot_context(l),
        "chosen" => slot_chosen(l),
        "rejected" => slot_rejected(l),
        "spans" => slot_spans(l),
        "annotations" => slot_annotations(l),
        "choices" => slot_choices(l),
        _ => slot_answer(l),
    }
}
