//! Texts of the lead's pages of annotation.

use domain::{
    annotation::{
        design::{DesignProblem, Show, TextFrom},
        distribution::{Order, Review},
        exchange::ImportKind,
        publish::{Becomes, PublishProblem},
    },
    lang::Lang,
};

crate::texts! {
    title = "Annotation", "标注";
    lead = "People judge samples or what models answered. Their labels become the next dataset version.", "由人员对样本或模型回答进行判断，标注结果将成为下一个数据集版本。";
    new_task = "New task", "新建任务";
    none_title = "No annotation task yet", "暂无标注任务";
    none_hint = "A task asks people questions about the samples of a version, or about the answers of models in an evaluation.", "标注任务就某个数据集版本的样本，或评测中模型的回答，向标注员提问。";
    no_versions = "There is nothing to annotate yet", "暂无可标注的数据";
    no_versions_hint = "Upload a dataset first.", "请先上传数据集。";
    to_datasets = "Datasets", "数据集";
    name = "Name", "名称";
    name_help = "How people find the task in their list.", "标注员在列表中看到的任务名称。";
    status_label = "Status", "状态";
    draft = "draft", "草稿";
    open = "open", "进行中";
    paused = "paused", "已暂停";
    closed = "closed", "已结束";
    data = "Data", "数据";
    done_label = "Judgements", "判断数";
    deadline = "Deadline", "截止日期";
    deadline_help = "A day; the end of it in UTC. After it nobody is given anything new; what somebody holds may be sent until its lock ends.", "日期，以 UTC 当天结束为准。截止后不再分配新条目，已锁定的条目在锁定期内仍可提交。";
    created = "Created", "创建时间";
    work = "Annotate", "开始标注";
    version_name(dataset, number) = "{dataset} · version {number}", "{dataset} · 第 {number} 版";
    of(a, b) = "{a} of {b}", "{a} / {b}";
    filling = "its items are being made", "正在生成条目";

    new_title = "New annotation task", "新建标注任务";
    new_lead = "Choose what is judged and what is asked. The preview shows what annotators will see.", "选择要判断的内容与问题，预览即标注员看到的界面。";
    what = "What is judged", "标注内容";
    source = "Samples or answers", "样本或回答";
    source_help = "Samples of a version, or what a model answered to the test split in an evaluation.", "某一版本的样本，或评测中模型对测试集的回答。";
    versions = "Dataset versions", "数据集版本";
    evaluations = "Evaluations", "评测";
    against = "Compare with", "对比对象";
    against_help = "A second evaluation of the same version: annotators see both answers, without knowing whose they are.", "同一版本的另一次评测：标注员会看到两个回答，但不知其来源。";
    nothing_else = "nothing", "无";
    splits = "Splits", "数据划分";
    splits_help = "The test split is sealed: to annotate it counts as a look, on record with your name.", "测试集为封存数据：对其标注会计为一次查看，并记录您的姓名。";
    suggestions = "Suggested answers", "预标注";
    suggestions_help = "What a model answered in an evaluation stands in the fields at first. People tend to agree with it: hide it to measure the data by itself.", "字段中预填某次评测中模型的回答。人员容易受其影响；如需独立判断请在下方隐藏。";
    only_wrong = "Only samples that a model got wrong", "仅限模型答错的样本";
    limit = "At most", "最多条数";
    limit_help = "The first so many in the order below; empty: all.", "按下方顺序取前若干条；留空则为全部。";
    show = "What is shown", "显示内容";
    show_help = "For labels the prompt is usually enough. Answers to compare need evaluations or preference pairs.", "打标签通常只需提示。比较回答需要评测结果或偏好对。";
    show_prompt = "the prompt", "提示";
    show_conversation = "the whole conversation", "完整对话";
    show_answers = "the prompt and the answers to compare", "提示与待比较的回答";
    questions = "Questions", "问题";
    begin_with = "Begin with", "使用模板";
    begin_with_help = "Takes the place of the questions below.", "将替换下方的问题。";
    begin = "Use", "使用";
    template_classify = "Which label fits?", "应属于哪个标签？";
    template_entities = "Mark the names", "标出实体";
    template_correct = "Write or correct the answer", "撰写或修正回答";
    template_rate = "How good is the answer?", "回答质量如何？";
    template_prefer = "Which answer is better?", "哪个回答更好？";
    template_turns = "Judge each answer of the conversation", "判断对话中的每个回答";
    add_question = "Another question", "添加问题";
    add = "Add", "添加";
    up = "Move up", "上移";
    down = "Move down", "下移";
    remove = "Remove", "移除";
    question_title = "Question", "问题";
    question_title_help = "What the annotator reads.", "标注员看到的文字。";
    question_name = "Name in the data", "字段名";
    question_name_help = "Lower-case letters, digits and _; exported under this name.", "小写字母、数字与下划线，导出时使用。";
    question_help = "Help", "说明";
    question_help_help = "A sentence below the question.", "显示在问题下方的一句话。";
    required = "Needs an answer", "必答";
    when = "Ask only if", "条件";
    when_help = "As name = value, value of an earlier question. Empty: always.", "形如 字段名 = 值, 值，引用前面的问题。留空则始终提问。";
    options_label = "Options", "选项";
    options_help = "One a line: value | title | key. Title and key may be left out; keys are then 1 to 9.", "每行一个：值 | 显示名 | 快捷键。后两项可省略，快捷键默认为 1 至 9。";
    tree_help = "One a line, as animal/dog | title | key. Inner places may be chosen too.", "每行一个，形如 动物/狗 | 显示名 | 快捷键。也可选择中间层级。";
    labels_label = "Labels", "标签";
    relations_label = "Relations", "关系";
    relations_help = "One a line, as the labels. From one span to another. Empty: none.", "每行一个，格式同标签，从一个片段指向另一个。留空则不标关系。";
    overlap_spans = "Spans may overlap", "允许片段重叠";
    least = "At least", "最少";
    most = "At most (0: any)", "最多（0 为不限）";
    lowest = "Lowest", "最低分";
    highest = "Highest", "最高分";
    low_means = "The lowest means", "最低分含义";
    high_means = "The highest means", "最高分含义";
    may_tie = "They may be equally good", "允许平局";
    text_from = "Stands in the field at first", "初始内容";
    from_nothing = "nothing", "空";
    from_answer = "the sample's answer", "样本的回答";
    from_model = "the model's answer", "模型的回答";
    max_chars = "Longest, in characters (0: no limit)", "最大字符数（0 为不限）";
    distribution = "Who gets what", "分配";
    overlap = "Judgements for an item", "每条判断人数";
    overlap_help = "By as many people. With 2 or more their agreement can be measured.", "由同样多的人员分别判断。2 人以上方可度量一致性。";
    overlap_share = "Share with so many", "多人判断比例";
    overlap_share_help = "From 0 to 1; the other items get one judgement.", "0 到 1；其余条目仅需一人判断。";
    order = "Order", "顺序";
    order_help = "Where people begin. Hard, unsure or disputed samples teach a model most. Hardest: the loss of the latest scoring. Least sure: the probability of the label that an evaluation chose, else that of the expected answer. Samples without such numbers come last.", "标注的先后顺序。困难、没把握或有争议的样本对模型最有价值。“最难”取最近一次打分的损失；“最没把握”取评测所选标签的概率，没有时取期望回答的概率。缺少这些数值的样本排在最后。";
    order_given = "as they stand", "原有顺序";
    order_random = "random", "随机";
    order_loss = "hardest for a model first", "模型最难的优先";
    order_uncertainty = "what a model is least sure of first", "模型最没把握的优先";
    order_disagreement = "disputed between models first", "模型分歧的优先";
    order_errors = "errors of a model first", "模型出错的优先";
    seed = "Seed", "随机种子";
    seed_help = "The same seed draws the same items.", "相同种子会抽取相同条目。";
    lock_minutes = "Minutes held", "锁定分钟数";
    lock_help = "An item that is not sent by then goes to somebody else. What was typed stays.", "超时未提交的条目会分给他人，已填写内容会保留。";
    hide_model = "Hide what models say until the judgement is sent", "提交前隐藏模型的回答";
    gold_share = "Gold items among them", "质检题比例";
    gold_help = "From 0 to 0.5. Items whose answer is known, mixed in unseen. Mark them on the list of items.", "0 到 0.5。混入答案已知的条目，标注员无感知。可在条目列表中设定。";
    qualification_items = "Items of the entry test", "准入测试题数";
    qualification_help = "Gold items that a person must judge first. 0: no test.", "人员须先完成的质检题数。0 表示无测试。";
    qualification_pass = "Share that must be right", "通过所需正确率";
    qualification_pass_help = "From 0 to 1.", "0 到 1。";
    review = "Reviewed", "审核范围";
    review_help = "Where people differ, somebody has to decide in any case but “nothing”.", "除“不审核”外，出现分歧时均需有人裁决。";
    review_nothing = "nothing", "不审核";
    review_disagreement = "where people differ", "仅有分歧的";
    review_share = "a drawn share, and where people differ", "抽样与有分歧的";
    review_all = "everything", "全部";
    review_share_label = "Share", "抽样比例";
    people = "People", "人员";
    people_help = "Nobody and no group chosen: everyone in the project who may annotate works on it, and everyone who may edit datasets reviews.", "人员与分组均不选择时，项目内所有可标注人员参与标注，所有可编辑数据集的人员参与审核。";
    annotators = "Annotators", "标注员";
    reviewers = "Reviewers", "审核员";
    guideline = "Guideline", "标注规范";
    guideline_help = "Markdown. A section for each label: then a change of it lists the judgements that it touches.", "Markdown。建议每个标签一节：修改时即可列出受影响的判断。";
    preview = "Preview", "预览";
    preview_help = "As an annotator will see it, with the first sample.", "标注员看到的界面，以首条样本为例。";
    create = "Create the task", "创建任务";
    create_help = "It stays a draft until you open it.", "开启前保持草稿状态。";
    no_number = "This is no number.", "这不是数字。";
    no_day = "Write the day as 2026-05-31.", "请按 2026-05-31 的格式填写日期。";
    no_source = "Choose samples or answers.", "请选择样本或回答。";
    no_split = "Choose at least one split.", "请至少选择一个划分。";
    two_options = "yes\nno", "是\n否";
    tree_options = "animal\nanimal/dog\nanimal/cat\nplant", "动物\n动物/狗\n动物/猫\n植物";
    span_labels = "PER | Person\nLOC | Place\nORG | Organisation", "PER | 人名\nLOC | 地名\nORG | 机构名";

    to_work = "Annotate", "开始标注";
    to_review(n) = "Review ({n})", "审核（{n}）";
    to_adjudicate(n) = "Adjudicate ({n})", "裁决（{n}）";
    to_agreement = "Agreement", "一致性";
    to_guideline = "Guideline", "标注规范";
    to_items = "Items", "条目";
    open_task = "Open", "开启";
    pause_task = "Pause", "暂停";
    close_task = "Close", "结束";
    reopen_task = "Open again", "重新开启";
    close_question = "Nothing more will be taken. Drafts stay.", "将不再接收提交，草稿会保留。";
    items = "Items", "条目";
    item_open = "open", "待判断";
    item_judged = "judged", "已判断";
    item_review = "to review", "待审核";
    item_adjudication = "to adjudicate", "待裁决";
    item_accepted = "accepted", "已通过";
    item_excluded = "excluded", "已排除";
    gold = "gold", "质检题";
    left = "Time left", "预计剩余";
    left_help = "at the pace of the last day", "按最近一天的速度";
    no_pace = "no pace yet", "暂无速度数据";
    at_work = "People", "人员进度";
    nobody = "Nobody has judged anything yet.", "暂无人提交判断。";
    person = "Person", "人员";
    judged = "Judged", "已判断";
    skipped = "Skipped", "跳过";
    returned = "Returned", "退回";
    cannot_judge = "Cannot judge", "无法判断";
    median = "Median time", "用时中位数";
    gold_right = "Gold right", "质检正确";
    qualified = "Entry test", "准入测试";
    passed = "passed", "通过";
    not_passed = "not passed", "未通过";
    try_again = "Let them try again", "允许重试";
    try_again_help = "Whoever failed the entry test gets no more items. Trying again, they begin the test anew.", "未通过准入测试的人员不再获得条目。允许重试后，将重新开始测试。";
    last_at = "Last", "最近";
    seconds(n) = "{n} s", "{n} 秒";
    days_title = "Judgements by day", "每日判断数";
    stuck_title = "Items that do not get on", "停滞条目";
    nothing_stuck = "None: no item is skipped or returned again and again.", "无：没有反复跳过或退回的条目。";
    item = "Item", "条目";
    held_by = "Held by", "持有人";
    settings = "How it is set up", "任务设置";
    asked = "Questions", "问题";
    wanted_by(n) = "{n} people per item", "每条 {n} 人";

    guideline_title = "Guideline", "标注规范";
    guideline_lead = "What annotators go by. Every revision is kept.", "标注员的依据，所有修订均会保留。";
    revise = "Save as the next revision", "保存为新修订";
    revision(n) = "Revision {n}", "第 {n} 次修订";
    touched = "Labels whose rules it changed", "规则有变的标签";
    touched_none = "none", "无";
    touched_judgements(n) = "{n} judgements say one of them and are older", "{n} 条较早的判断使用了这些标签";
    touched_items = "Items touched", "受影响的条目";
    touched_items_help = "The first 50 with such judgements, by their number. Look whether they still hold.", "含有这些判断的前 50 个条目，以编号表示。请检查其是否仍然成立。";
    history = "History", "历史";
    back = "Back to the task", "返回任务";
    by(name) = "by {name}", "{name}";
    too_long = "The guideline is too long.", "标注规范过长。";
}

/// A kind of question by name.
#[must_use]
pub fn kind(l: Lang, word: &str) -> &'static str {
    let (en, zh) = match word {
        "choices" => ("Several options", "多选"),
        "tree" => ("Place in a tree", "层级选择"),
        "spans" => ("Spans of the text", "片段标注"),
        "text" => ("Written answer", "文本回答"),
        "rating" => ("Rating", "评分"),
        "preference" => ("Which answer is better", "偏好比较"),
        "ranking" => ("Order of the answers", "排序"),
        "turns" => ("An option for each turn", "逐轮判断"),
        _ => ("One option", "单选"),
    };
    match l {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// A design to begin with by name.
#[must_use]
pub fn template(l: Lang, name: &str) -> &'static str {
    match name {
        "entities" => template_entities(l),
        "correct" => template_correct(l),
        "rate" => template_rate(l),
        "prefer" => template_prefer(l),
        "turns" => template_turns(l),
        _ => template_classify(l),
    }
}

#[must_use]
pub fn show_name(l: Lang, show_: Show) -> &'static str {
    match show_ {
        Show::Prompt => show_prompt(l),
        Show::Conversation => show_conversation(l),
        Show::Answers => show_answers(l),
    }
}

#[must_use]
pub fn from_name(l: Lang, from: TextFrom) -> &'static str {
    match from {
        TextFrom::Nothing => from_nothing(l),
        TextFrom::Answer => from_answer(l),
        TextFrom::Model => from_model(l),
    }
}

#[must_use]
pub fn order_name(l: Lang, order_: Order) -> &'static str {
    match order_ {
        Order::Given => order_given(l),
        Order::Random => order_random(l),
        Order::Loss => order_loss(l),
        Order::Uncertainty => order_uncertainty(l),
        Order::Disagreement => order_disagreement(l),
        Order::Errors => order_errors(l),
    }
}

#[must_use]
pub fn review_name(l: Lang, review_: Review) -> &'static str {
    match review_ {
        Review::Nothing => review_nothing(l),
        Review::Share => review_share(l),
        Review::Disagreement => review_disagreement(l),
        Review::All => review_all(l),
    }
}

crate::texts! {
    problem_questions = "A task has 1 to 20 questions.", "任务应包含 1 至 20 个问题。";
    problem_name = "The name has 1 to 40 lower-case letters, digits and _, and begins with a letter.", "字段名为 1 至 40 个小写字母、数字或下划线，并以字母开头。";
    problem_name_twice = "An earlier question has this name.", "前面的问题已使用该字段名。";
    problem_title = "The question has 1 to 200 characters.", "问题应为 1 至 200 个字符。";
    problem_options = "Two to 300 options are needed (one is enough for labels of spans), each with 1 to 200 characters.", "需要 2 至 300 个选项（片段标签 1 个即可），每个 1 至 200 个字符。";
    problem_twice(value) = "“{value}” is there twice.", "“{value}”重复。";
    problem_hotkey(key) = "The key “{key}” is no letter or digit, or is given twice.", "快捷键“{key}”不是字母或数字，或重复。";
    problem_scale = "The lowest must be below the highest, and they may be at most 100 apart.", "最低分须小于最高分，且相差不超过 100。";
    problem_bounds = "At least as many may be chosen as must be, and not more than there are.", "最多不得小于最少，且不超过选项数。";
    problem_condition(on) = "“{on}” is no earlier question with options that has these answers.", "“{on}”不是前面含有这些答案的选择题。";
    problem_answers = "A question compares answers: choose to show answers.", "有问题需要比较回答，请选择显示待比较的回答。";
    problem_range(min, max) = "This must be between {min} and {max}.", "应在 {min} 与 {max} 之间。";
}

/// Why a design cannot be used.
#[must_use]
pub fn design_problem(l: Lang, problem: &DesignProblem) -> String {
    use DesignProblem as P;
    match problem {
        P::Questions => problem_questions(l).to_owned(),
        P::Name { .. } => problem_name(l).to_owned(),
        P::NameTwice { .. } => problem_name_twice(l).to_owned(),
        P::Title { .. } => problem_title(l).to_owned(),
        P::Options { .. } => problem_options(l).to_owned(),
        P::OptionTwice { value, .. } => problem_twice(l, value),
        P::Hotkey { key, .. } => problem_hotkey(l, key),
        P::Scale { .. } => problem_scale(l).to_owned(),
        P::Bounds { .. } => problem_bounds(l).to_owned(),
        P::Condition { on, .. } => problem_condition(l, on),
        P::NeedsAnswers { .. } => problem_answers(l).to_owned(),
    }
}

crate::texts! {
    agreement_lead = "Whether different people see the same. Where they do not, the rules are unclear, the samples are, or somebody needs help.", "不同人员的判断是否一致。不一致意味着规范不清、样本含混，或有人需要帮助。";
    agreement_none = "Nothing to compare yet", "暂无可比较的判断";
    agreement_none_hint = "Agreement is measured on items that two people or more have judged.", "一致性基于至少两人判断过的条目。";
    agreement_items(n) = "{n} items were judged by two people or more.", "共 {n} 条由两人以上判断。";
    agreement_drawn(n, of) = "Measured on {n} drawn from those {of}.", "从 {of} 条中抽取 {n} 条计算。";
    alpha_nominal = "Krippendorff's α", "Krippendorff α";
    alpha_ordinal = "Krippendorff's α, ordinal", "Krippendorff α（顺序）";
    alpha_sets = "Krippendorff's α of sets (MASI)", "Krippendorff α（集合，MASI）";
    alpha_units = "Krippendorff's αᵤ of spans", "Krippendorff αᵤ（片段）";
    kendall_w = "Kendall's W", "Kendall W";
    similarity = "Similarity of the texts", "文本相似度";
    reliable = "reliable", "可靠";
    tentative = "tentative", "勉强可用";
    unreliable = "not reliable", "不可靠";
    interval(low, high) = "95 %: {low} to {high}", "95 % 区间：{low} 至 {high}";
    fleiss = "Fleiss' κ", "Fleiss κ";
    alike = "Alike", "相同程度";
    compared_items = "Items", "条目数";
    option = "Option", "选项";
    said = "Said", "次数";
    agreement_of_class = "Another says it too", "他人同选率";
    alpha_of_class = "α of it or not", "α（是否选择）";
    by_class = "By option", "按选项";
    pair = "Pair", "人员对";
    kappa = "Cohen's κ", "Cohen κ";
    f1_exact = "F1 exact", "F1（精确）";
    f1_partial = "F1 partial", "F1（部分）";
    by_pair = "By pair", "按人员对";
    like_others = "Like the others' majority", "与他人多数一致";
    accuracy = "Reliability (Dawid–Skene)", "可靠度（Dawid–Skene）";
    by_person = "By person", "按人员";
    week = "Week", "周";
    value = "Value", "数值";
    by_week = "Over time", "随时间变化";
    lowest_items = "Where people agree least", "分歧最大的条目";
    answers = "Answers", "回答数";
    gold_title = "Gold items", "质检题";
    right = "Right", "正确";

    items_lead = "What is judged, in the order in which people are given it.", "标注条目，按分配顺序排列。";
    any = "any", "全部";
    only_gold = "gold items only", "仅质检题";
    filter = "Filter", "筛选";
    no_items = "No such items", "没有符合条件的条目";
    no_items_hint = "Choose another status.", "请选择其他状态。";
    shown_text = "Text", "文本";
    consensus = "Consensus", "共识";
    answer_number(n) = "Answer {n}", "回答 {n}";
    nothing_said = "Nobody has judged it yet.", "暂无判断。";
    said_of_it = "What people said", "判断记录";
    majority = "by majority", "多数表决";
    dawid_skene = "weighted by how reliable each person is (Dawid–Skene)", "按人员可靠度加权（Dawid–Skene）";
    expert = "decided by a person", "由人员裁定";
    sure(p) = "{p} sure", "置信度 {p}";
    somebody = "somebody", "匿名";
    origin_annotator = "annotated", "标注";
    origin_review = "fixed in review", "审核修正";
    origin_adjudication = "adjudicated", "裁决";
    origin_import = "imported", "导入";
    superseded = "replaced", "已被替换";
    verdict_accept = "accepted", "通过";
    verdict_fix = "fixed", "修正";
    verdict_return = "returned", "退回";
    no_gold = "No longer a gold item", "取消质检题";
    make_gold = "Make it a gold item", "设为质检题";
    right_answers = "The right answers", "正确答案";
    gold_item_help = "A gold item's answer is known: it is mixed in to see how well people do, and left out of the labels.", "质检题答案已知，用于衡量标注质量，不计入标注结果。";
    no_such_answers = "Choose whose answers are right.", "请选择哪个答案是正确的。";

    labels_title = "Labels", "标注结果";
    labels_lead = "What people said, as one label for each item, a version, or a file.", "将判断汇总为标签、生成数据集版本，或导出文件。";
    to_labels = "Labels", "标注结果";
    compute_title = "Consensus", "共识";
    compute_help = "Makes one answer of several. Items that a reviewer or adjudicator has decided stay as they are; where nothing is clear, the item waits for adjudication.", "将多人的回答合并为一个。已审核或裁决的条目不变；无法确定的条目等待裁决。";
    method = "Method", "方法";
    compute = "Compute", "计算";
    publish_title = "Next version", "生成新版本";
    publish_help = "Items with a consensus become samples of the next version of their dataset. All raw judgements stay here.", "有共识的条目将成为数据集新版本的样本，原始判断全部保留。";
    as_label = "the label", "标签";
    as_answer = "the answer", "回答";
    as_spans = "spans", "片段";
    as_preference = "a preference pair", "偏好对";
    as_slice = "a field of its own name", "同名字段";
    nowhere = "nothing", "不使用";
    min_confidence = "Least confidence", "最低置信度";
    min_confidence_help = "From 0 to 1. Samples below it are left as they were. Each sample's confidence and agreement become fields, so that a run can weigh or leave out by them.", "0 到 1，低于该值的样本保持原样。置信度与一致性会写入样本字段，训练时可据此加权或排除。";
    publish = "Make the next version", "生成新版本";
    export_title = "Download", "下载";
    export_help = "Raw judgements have every revision with its person and time. Offsets of spans count code points.", "原始判断包含每次修改、人员与时间。片段偏移以码点计。";
}

crate::texts! {
    publish_nothing = "Choose what at least one question becomes.", "请至少为一个问题选择用途。";
    publish_question(name) = "{name}: the task has no such question.", "{name}：任务中没有该问题。";
    publish_kind(name) = "{name}: answers of this kind cannot become that.", "{name}：此类回答不能用于该用途。";
    publish_twice = "Only one question can become the answer, label, spans or pair. Make the others fields.", "只能有一个问题用作回答、标签、片段或偏好对，其余请作为字段。";
    publish_confidence = "The least confidence is between 0 and 1.", "最低置信度应在 0 与 1 之间。";
    only_judged = "Leave out samples that nobody decided", "排除未决定的样本";
    versions_made = "Versions made of these labels", "由此生成的版本";
    computed_here = "See the counts on the task's page.", "结果见任务页的计数。";
    export_judgements = "Judgements (JSONL)", "判断（JSONL）";
    export_consensus = "Consensus (JSONL)", "共识（JSONL）";
    export_csv = "Consensus (CSV)", "共识（CSV）";
    export_label_studio = "Label Studio (JSON)", "Label Studio（JSON）";
    export_conll = "CoNLL (spans)", "CoNLL（片段）";
    import_title = "Import judgements", "导入判断";
    import_help = "From an uploaded file. Each annotation becomes a judgement of the person that the file names; what is here already is not taken twice.", "从已上传的文件导入。每条标注成为文件所示人员的判断，已有的判断不会重复导入。";
    import_file = "File", "文件";
    import_format = "How it is written", "文件格式";
    import_file_help = "The project's last 20 uploads, the newest first.", "项目最近上传的 20 个文件，最新的在前。";
    import_format_help = "As the download on this page writes it, or as Label Studio exports it. Of CoNLL each text finds its item by its words, and answers the first question about spans.", "与本页下载的格式相同，或为 Label Studio 导出的格式。CoNLL 按文字内容匹配条目，作为首个片段问题的回答。";
    import = "Import", "导入";
    import_upload = "A file that is not in the list has to be uploaded first.", "列表中没有的文件需先上传。";
    import_to_upload = "Upload a file", "上传文件";
    import_judgements = "Judgements (JSONL), as downloaded here", "判断（JSONL），与此处下载的相同";
    import_csv = "A table (CSV) with a column a question", "表格（CSV），每个问题一列";
    import_label_studio = "Label Studio (JSON with annotations)", "Label Studio（含标注的 JSON）";
    import_conll = "CoNLL (tokens with tags: BIO, IOBES or BILOU)", "CoNLL（带标签的词元：BIO、IOBES 或 BILOU）";
    import_done(taken, again, unknown, refused) = "{taken} judgements were taken. {again} were here already, {unknown} name no item of the task, {refused} do not answer what is asked.", "已导入 {taken} 条判断；{again} 条已存在，{unknown} 条不对应任何条目，{refused} 条与问题不符。";
}

/// How a file of judgements is written.
#[must_use]
pub fn import_kind(l: Lang, kind: ImportKind) -> &'static str {
    match kind {
        ImportKind::Judgements => import_judgements(l),
        ImportKind::Csv => import_csv(l),
        ImportKind::LabelStudio => import_label_studio(l),
        ImportKind::Conll => import_conll(l),
    }
}

/// What an answer becomes of its sample.
#[must_use]
pub fn becomes(l: Lang, becomes: Becomes) -> &'static str {
    match becomes {
        Becomes::Label => as_label(l),
        Becomes::Answer => as_answer(l),
        Becomes::Spans => as_spans(l),
        Becomes::Pair => as_preference(l),
        Becomes::Slice => as_slice(l),
    }
}

/// Why a version cannot be made so.
#[must_use]
pub fn publish_problem(l: Lang, problem: &PublishProblem) -> String {
    match problem {
        PublishProblem::Nothing => publish_nothing(l).to_owned(),
        PublishProblem::Question { question } => publish_question(l, question),
        PublishProblem::Kind { question } => publish_kind(l, question),
        PublishProblem::Twice => publish_twice(l).to_owned(),
        PublishProblem::Confidence => publish_confidence(l).to_owned(),
    }
}
