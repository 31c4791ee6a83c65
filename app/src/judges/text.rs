//! Texts of judges and of comparisons by people.

use domain::{
    judge::{
        JudgeProblem, MAX_ANSWER_TOKENS, MAX_CRITERIA, MAX_REPEATS, MAX_RULINGS, MAX_SCALE, MAX_TEMPLATE_CHARS,
        answer::{Choice, Said, Unparsable},
        view::JudgingProblem,
    },
    lang::Lang,
};

crate::texts! {
    title = "Judges and people", "评审与人工评估";
    lead = "Models that rate answers, and people who compare them. A judge's figures count only once it agrees with people.", "由模型评价回答，由人比较回答。评审模型与人的判断足够一致后，其结果才算数。";
    judges = "Judges", "评审模型";
    judge = "Judge", "评审模型";
    new_judge = "New judge", "新建评审模型";
    no_judge = "No judge yet", "还没有评审模型";
    no_judge_hint = "A judge is a model with a question: how good is this answer, or which of two is better. It is asked about the answers of an evaluation.", "评审模型由模型和提问组成：这个回答有多好，或两个回答哪个更好。可就某次评估的回答向其提问。";
    asks = "Asks", "提问方式";
    standing_label = "Counts", "是否算数";
    judgings = "Judgings", "评审记录";
    no_judging = "No judge was asked yet", "尚未进行评审";
    no_judging_hint = "Open a judge and ask it about an evaluation.", "打开某个评审模型，就某次评估向其提问。";
    of_answers = "Answers of", "被评审的回答";
    against(name) = "against {name}", "对比 {name}";
    answered = "Answered", "已作答";
    of(done, all) = "{done} of {all}", "{done} / {all}";
    version(number) = "v{number}", "v{number}";
    created = "Made", "创建";
    name = "Name", "名称";
    rubric = "rates by criteria", "按标准评分";
    pairwise = "compares two answers", "比较两个回答";

    not_counted = "This judge does not count: its figures are shown here, and are left out of verdicts and comparisons. Hold it against labels of people below.", "该评审模型尚不算数：其结果仅在此显示，不进入结论和对比。请在下方用人工标注进行校准。";
    changed(then, now) = "People judged what {then} said; the judge's endpoint answers now with {now}. Ask the judge anew and hold that against people: until then it does not count.",
        "人工标注对照的是 {then} 的评审结果，而该端点现在使用 {now}。请重新评审并校准，此前该评审模型不算数。";
    changed_unknown = "It is not known any more who was held against people: the endpoint's model, address or settings are others now. Ask the judge anew and hold that against people.",
        "端点的模型、地址或设置已变更，无法确认此前校准的评审者。请重新评审并校准。";
    model_now = "Model behind the endpoint", "端点使用的模型";
    asked_model = "Model then", "当时的模型";
    of_result = "The answers are those of a suite: they are asked about with it, and go with it.", "这些回答来自评测套件：评审随套件进行，也随其结果删除。";
    to_result = "The result", "查看结果";
    better = "better", "更好";
    worse = "worse", "更差";
    no_evidence = "no evidence", "证据不足";

    bar = "What judges must reach", "评审模型的门槛";
    bar_help = "κ between the judge and the consensus of people on the same answers: 0 is chance, 1 is full agreement. Above 0.6 is usually called substantial.", "评审模型与人工共识在相同回答上的 κ：0 为随机水平，1 为完全一致。高于 0.6 通常视为高度一致。";
    bar_kappa = "Least κ", "最低 κ";
    bar_lower = "The lower end of the 95 % interval must reach it", "95% 区间的下限必须达到门槛";
    bar_lower_help = "Without this κ alone counts, and few labels may pass by chance.", "不勾选则只看 κ 值本身，标注较少时可能碰巧通过。";
    bar_now(kappa) = "κ ≥ {kappa}", "κ ≥ {kappa}";
    bar_by_lower(kappa) = "lower bound of κ ≥ {kappa}", "κ 下限 ≥ {kappa}";
    save = "Save", "保存";

    new_title = "New judge", "新建评审模型";
    version_title(name) = "New version of {name}", "{name} 的新版本";
    new_lead = "A definition never changes: to change a judge make another version of it, which is held against people anew.", "定义不可更改：如需修改请新建版本，新版本需重新校准。";
    name_help = "What it judges, such as “helpfulness”.", "评审的内容，例如“有用性”。";
    mode_label = "What it is asked", "提问方式";
    mode_help = "A rating of one answer by criteria, or which of two answers is better. Two answers are shown in both orders.", "按标准为单个回答评分，或判断两个回答哪个更好。两个回答会以两种先后顺序各展示一次。";
    writer = "Who judges", "由谁评审";
    writer_help = "An endpoint is sent the samples and answers: choose one that may see them. A model of the project runs on this machine.", "端点会收到样本和回答，请选择允许查看的端点。项目中的模型在本机运行。";
    no_writer = "Nobody can judge here yet. Register a model, or have the administrator name an endpoint in the server's settings.", "尚无可用的模型。请先注册模型，或请管理员在服务器设置中添加端点。";
    endpoint(name) = "{name} (endpoint)", "{name}（端点）";
    lang_label = "Language of the question", "提问语言";
    lang_help = "Of what is added to the template: how to answer, and that texts are data.", "用于自动附加的内容：作答格式，以及文本仅为数据的说明。";
    criteria = "Criteria", "评分标准";
    criteria_help = "One a line, as “truth 1-5: Is it right?”; below it what numbers mean, as “1 = wrong”. Names have lower-case letters, digits and _.", "每行一项，例如“truth 1-5：是否正确？”；其下说明分数含义，例如“1 = 错误”。名称只含小写字母、数字和 _。";
    criteria_example = "truth 1-5: Is the answer right?\n1 = wrong\n3 = partly right\n5 = right and complete", "truth 1-5：回答是否正确？\n1 = 错误\n3 = 部分正确\n5 = 完全正确";
    template = "Question", "提问模板";
    template_help = "{prompt}, {reference}, {answer} and {criteria} stand for the texts; of two answers {answer_a} and {answer_b}. Leave it empty for the usual question.", "{prompt}、{reference}、{answer}、{criteria} 代表相应文本；比较两个回答时用 {answer_a} 和 {answer_b}。留空则使用默认提问。";
    repeats = "Repeats", "重复次数";
    repeats_help(most) = "How often each question is asked, at most {most}: the spread of repeats is the judge's own noise.", "每个问题的提问次数，最多 {most}：多次回答的差异即评审自身的噪声。";
    temperature = "Temperature", "温度";
    temperature_help = "0 gives the likeliest answer each time; then repeats tell little.", "0 每次给出最可能的回答，此时重复意义不大。";
    max_tokens = "Longest answer", "最长回答";
    max_tokens_help = "In tokens. A judge that thinks aloud needs more.", "以词元计。会先推理再作答的模型需要更多。";
    note = "Note", "备注";
    note_help = "What is new in this version. Optional.", "此版本的改动说明，可不填。";
    preview = "Preview", "预览";
    preview_help = "The question as the judge gets it, with the first sample of an evaluation.", "以某次评估的第一条样本展示评审模型收到的提问。";
    preview_of = "Sample from", "样本来自";
    preview_against = "Second answer from", "第二个回答来自";
    no_evaluation = "There is no evaluation yet whose answers could be shown.", "尚无可供展示的评估。";
    choose = "choose", "请选择";
    create = "Make it", "创建";
    no_number = "Type a number.", "请输入数字。";
    no_choice = "Choose one of the list.", "请从列表中选择。";
    bad_line(line) = "Line {line} is neither a criterion such as “truth 1-5: Is it right?” nor an anchor such as “1 = wrong”.", "第 {line} 行既不是标准（如“truth 1-5：是否正确？”），也不是分数说明（如“1 = 错误”）。";
    name_problem = "Type a name of 1 to 100 characters.", "请输入 1 至 100 个字符的名称。";
    name_taken = "A judge of this name exists already. Make a version of it, or choose another name.", "已有同名的评审模型，请为其新建版本或更换名称。";
    problem_criteria(most) = "Write 1 to {most} criteria.", "请填写 1 至 {most} 项标准。";
    problem_name(n) = "Criterion {n}: the name has lower-case letters, digits and _, begins with a letter and is not used twice.", "第 {n} 项标准：名称只含小写字母、数字和 _，以字母开头，且不能重复。";
    problem_scale(n, most) = "Criterion {n}: the lowest number is below the highest, at most {most} apart.", "第 {n} 项标准：最低分应小于最高分，且相差不超过 {most}。";
    problem_anchors(n) = "Criterion {n}: an anchor lies on the scale, and no number has two.", "第 {n} 项标准：分数说明应在范围内，且每个分数只能有一条。";
    problem_long(most) = "The question has at most {most} characters.", "提问模板最多 {most} 个字符。";
    problem_missing(slot) = "The question must contain {{{slot}}}.", "提问模板中必须包含 {{{slot}}}。";
    problem_unknown(slot) = "{{{slot}}} stands for nothing here.", "{{{slot}}} 在此没有含义。";
    problem_repeats(most) = "Type a number from 1 to {most}.", "请输入 1 至 {most} 之间的数字。";
    problem_temperature = "Type a number from 0 to 2.", "请输入 0 至 2 之间的数字。";
    problem_tokens(most) = "Type a number from 64 to {most}.", "请输入 64 至 {most} 之间的数字。";

    new_version = "New version", "新建版本";
    versions = "Versions", "版本";
    by(who) = "by {who}", "创建者：{who}";
    asked_of = "Asked", "评审者";
    calibrations = "Held against people", "与人工标注的对照";
    none_calibrated = "Not held against labels of people yet.", "尚未与人工标注对照。";
    criterion = "Criterion", "标准";
    kappa = "κ with people", "与人的 κ";
    kappa_people = "κ among people", "人与人之间的 κ";
    labels = "Answers", "回答数";
    same = "Same", "相同比例";
    task = "Task", "标注任务";
    ask_title = "Ask it", "进行评审";
    ask_first = "Answers of", "被评审的回答";
    ask_second = "Compared with", "对比对象";
    ask_second_help = "Another evaluation of the same data and split.", "同一数据与划分的另一次评估。";
    samples = "Samples", "样本数";
    samples_help = "Drawn by the seed; 0 asks about all. Each is asked as often as the version repeats, pairs in both orders.", "由随机种子抽取，0 表示全部。每个样本按版本设定的次数提问，成对比较时两种顺序各问一次。";
    seed = "Seed", "随机种子";
    seed_help = "The same seed draws the same samples.", "相同的种子抽取相同的样本。";
    ask = "Ask", "开始评审";
    problem_no_evaluation = "Choose an evaluation of this project.", "请选择此项目中的评估。";
    problem_evaluations = "Choose two different evaluations of the same version and split; ratings are of one alone.", "请选择同一版本、同一划分的两次不同评估；评分则只需一次评估。";
    problem_many(most) = "This would take more than {most} answers. Choose fewer samples, or a version with fewer repeats.", "所需回答超过 {most} 个。请减少样本，或使用重复次数更少的版本。";
    problem_nothing = "There is no sample to judge.", "没有可评审的样本。";
    problem_task = "The task is not about these evaluations.", "该任务不是针对这些评估的。";
    problem_question = "The task has no question that fits: a rating with the criterion's lowest and highest number, or a preference.", "该任务没有相符的问题：需要与标准的最低分、最高分相同的评分题，或偏好题。";
    problem_criterion = "Choose a criterion of the judge.", "请选择评审模型的一项标准。";
    problem_labels = "People and judge have no answer in common yet.", "人工标注与评审结果尚无共同的回答。";
    problem_version = "The project has no such version of a judge.", "项目中没有该评审模型版本。";

    judging_title(name, number) = "{name} v{number}", "{name} v{number}";
    all_judges = "All judges", "全部评审模型";
    go_on = "Ask for what is missing", "继续评审";
    delete = "Delete", "删除";
    delete_question = "Delete all that the judge said here?", "删除此处的全部评审结果？";
    no_answer = "No answer yet", "尚无回答";
    no_answer_hint = "Figures appear as the judge answers.", "评审模型作答后将在此显示结果。";
    overall = "Overall (0 to 1)", "总体（0 至 1）";
    win_rate(name) = "Win rate of {name}", "{name} 的胜率";
    wins_losses(wins, ties, losses) = "{wins} won, {ties} tied, {losses} lost", "{wins} 胜，{ties} 平，{losses} 负";
    between = "Variance between samples", "样本间方差";
    within = "Variance of repeats", "重复间方差";
    within_help = "The judge's own noise", "评审自身的噪声";
    unparsable = "Not understood", "无法解析";
    unparsable_note(n) = "{n} answers count for nothing", "{n} 个回答不计入";
    shown_first = "Names what stands first", "倾向先展示者";
    shown_first_note = "0.5 without position bias", "无位置偏差时为 0.5";
    consistent = "Same winner in both orders", "两种顺序结论一致";
    consistent_note = "else it is a tie", "不一致则记为平局";
    tokens = "Tokens read and written", "读取与生成的词元";
    waited(time) = "{time} of waiting", "等待 {time}";
    mean = "Mean", "均值";
    interval = "95 % interval", "95% 区间";
    given = "Given", "分布";
    slices = "By slice", "按切片";
    slices_help = "Fields of the samples, at least five samples each. Many slices differ by chance alone.", "按样本字段划分，每个切片至少五个样本。切片较多时，差异可能纯属偶然。";
    slice = "Slice", "切片";
    rulings = "What it said", "评审内容";
    only_unparsable = "Not understood", "无法解析";
    all_rulings = "All", "全部";
    said = "Said", "结论";
    reason = "Reason", "理由";
    sample = "Sample", "样本";
    repeat(n) = "repeat {n}", "第 {n} 次";
    straight = "A first", "正序";
    swapped = "swapped", "换序";
    download = "CSV", "CSV";
    calibrate = "Hold against people", "与人工标注对照";
    calibrate_help = "A task of people about the same answers: ratings on the criterion's scale of the one evaluation, or a preference between the two. The newest result of each criterion decides.", "针对相同回答的人工标注任务：对同一评估按相同分值范围评分，或在两者间选择偏好。每项标准以最新结果为准。";
    question = "Question", "问题";
    question_help = "The name of the task's question.", "任务中问题的名称。";
    measure = "Measure", "计算";
    no_task = "No annotation task is about these answers yet.", "尚无针对这些回答的标注任务。";
    make_task = "Make an annotation task", "创建标注任务";

    choice_a = "A is better", "A 更好";
    choice_b = "B is better", "B 更好";
    choice_tie = "tie", "平局";
    unclear_empty = "empty answer", "回答为空";
    unclear_no_json = "no JSON with a verdict", "没有含结论的 JSON";
    unclear_ambiguous = "says two things", "结论前后不一";
    unclear_missing(name) = "no score for {name}", "缺少 {name} 的分数";
    unclear_off_scale(name) = "score for {name} is not on the scale", "{name} 的分数不在范围内";
    unclear_cut = "cut at its greatest length", "因达到最大长度而被截断";
    unclear_refused(detail) = "refused by the endpoint: {detail}", "端点拒绝了该提问：{detail}";
    unclear_verdict = "neither A, B nor tie", "既非 A、B，也非平局";
    sample_title(n) = "Sample {n}", "样本 {n}";
    sent = "What it was sent", "发送的提问";
    as_sent = "as it was sent", "与发送时一致";
    not_as_sent = "made again, and not what was sent: something was erased since", "重新生成，与发送时不一致：其间有内容被抹除";
    raw = "What it answered", "原始回答";
    nothing_said = "The judge has said nothing of this sample", "评审模型尚未评价此样本";
    nothing_said_hint = "It may not be drawn, or not be asked about yet.", "该样本可能未被抽中，或尚未提问。";

    human = "Comparisons by people", "人工对比";
    new_human = "New comparison", "新建人工对比";
    new_human_title = "Have people compare models", "由人比较模型";
    new_human_lead = "People see two answers to the same sample, in an order that says nothing and without names, and say which is better. All models are then ranked.", "标注者看到同一样本的两个回答，顺序随机且不显示名称，并选出更好的一个，随后对所有模型排名。";
    no_human = "No comparison yet", "还没有人工对比";
    no_human_hint = "Choose two or more evaluations of the same data, and let people say whose answers are better.", "选择同一数据的两次或更多评估，由人判断谁的回答更好。";
    models_label = "Models", "模型";
    models_help = "Two to ten evaluations of the same version and split.", "选择同一版本、同一划分的 2 至 10 次评估。";
    models_count(n) = "{n} models", "{n} 个模型";
    human_question = "What people are asked", "向标注者提出的问题";
    human_question_help = "Shown above the two answers.", "显示在两个回答上方。";
    human_question_usual = "Which answer is better?", "哪个回答更好？";
    human_samples_help = "In the order that the seed draws; 0: all.", "按随机种子抽取的顺序，0 表示全部。";
    pairs_per_sample = "Pairs a sample", "每个样本的对数";
    pairs_help = "How many pairs of models are compared on each sample.", "每个样本上比较多少对模型。";
    overlap = "People an item", "每项人数";
    overlap_help = "More than one tells how far people agree.", "多于一人可衡量一致程度。";
    human_seed_help = "Decides pairs, order and which answer stands first.", "决定配对、顺序以及哪个回答在前。";
    problem_models = "Choose 2 to 10 evaluations.", "请选择 2 至 10 次评估。";
    problem_range(least, most) = "Type a number from {least} to {most}.", "请输入 {least} 至 {most} 之间的数字。";
    to_task = "The task", "标注任务";
    blind = "You judge in this task: the ranking is hidden until it is closed.", "您参与了此任务的标注：任务关闭前排名不可见。";
    no_ranking = "No ranking yet", "尚无排名";
    no_ranking_hint = "Models are ranked once they are all compared with each other along some way.", "所有模型通过比较相互关联后即可排名。";
    ranking = "Ranking", "排名";
    ranking_help = "Bradley-Terry strengths with ties as an outcome of their own (Davidson), on Elo's scale: 400 points are ten to one, 1500 is the mean of all. Intervals by bootstrap over items. Elo is averaged over random orders.", "采用含平局的 Bradley-Terry 模型（Davidson），换算到 Elo 尺度：400 分相当于 10 比 1，1500 为平均。区间由对条目的自助法得到。Elo 为随机顺序下的平均。";
    penalised = "Some model has won or lost all along, which has no finite strength: half a game won and lost against a model of mean strength keeps it finite. Look at the intervals.", "某个模型全胜或全负，其强度本无有限值：已加入与平均模型各半场的胜负以保持有限。请关注区间。";
    model = "Model", "模型";
    strength = "Strength", "强度";
    elo = "Elo", "Elo";
    won = "Won", "胜";
    lost = "Lost", "负";
    tied = "Tied", "平";
    pairs = "Pairs", "两两比较";
    pairs_note = "Exact sign test of the decided comparisons; p values are adjusted for the number of pairs (Holm). “Better” is said of the first model.", "对分出胜负的比较进行精确符号检验，p 值按对数进行 Holm 校正。“更好”指前一个模型。";
    share = "Share won", "胜率";
    adjusted = "p, adjusted", "校正后 p";
    verdict = "Verdict", "结论";
    matrix = "Wins of the row over the column", "行对列的胜场";
}

/// What is wrong with a definition.
#[must_use]
pub fn problem(l: Lang, problem: &JudgeProblem) -> String {
    match problem {
        JudgeProblem::Criteria => problem_criteria(l, MAX_CRITERIA),
        JudgeProblem::Name { criterion } => problem_name(l, criterion),
        JudgeProblem::Scale { criterion } => problem_scale(l, criterion, MAX_SCALE),
        JudgeProblem::Anchors { criterion } => problem_anchors(l, criterion),
        JudgeProblem::TooLong => problem_long(l, MAX_TEMPLATE_CHARS),
        JudgeProblem::SlotMissing { slot } => problem_missing(l, slot),
        JudgeProblem::SlotUnknown { slot } => problem_unknown(l, slot),
        JudgeProblem::Repeats => problem_repeats(l, MAX_REPEATS),
        JudgeProblem::Temperature => problem_temperature(l).to_owned(),
        JudgeProblem::MaxTokens => problem_tokens(l, MAX_ANSWER_TOKENS),
    }
}

/// Why a judging is not made, or a judge not held against a task.
#[must_use]
pub fn judging_problem(l: Lang, problem: JudgingProblem) -> String {
    match problem {
        JudgingProblem::NoVersion => problem_version(l).to_owned(),
        JudgingProblem::NoEvaluation => problem_no_evaluation(l).to_owned(),
        JudgingProblem::Evaluations => problem_evaluations(l).to_owned(),
        JudgingProblem::TooMany => problem_many(l, MAX_RULINGS),
        JudgingProblem::Nothing => problem_nothing(l).to_owned(),
        JudgingProblem::Task => problem_task(l).to_owned(),
        JudgingProblem::Question => problem_question(l).to_owned(),
        JudgingProblem::Criterion => problem_criterion(l).to_owned(),
        JudgingProblem::NoLabels => problem_labels(l).to_owned(),
    }
}

/// What a judge said once, in words.
#[must_use]
pub fn said_words(l: Lang, said: &Said) -> String {
    match said {
        Said::Scores { scores } => {
            scores.iter().map(|(name, score)| format!("{name} {score}")).collect::<Vec<_>>().join(" · ")
        }
        Said::Choice { choice } => match choice {
            Choice::A => choice_a(l).to_owned(),
            Choice::B => choice_b(l).to_owned(),
            Choice::Tie => choice_tie(l).to_owned(),
        },
    }
}

/// Why an answer says nothing.
#[must_use]
pub fn unclear(l: Lang, problem: &Unparsable) -> String {
    match problem {
        Unparsable::Empty => unclear_empty(l).to_owned(),
        Unparsable::NoJson => unclear_no_json(l).to_owned(),
        Unparsable::Ambiguous => unclear_ambiguous(l).to_owned(),
        Unparsable::Missing { criterion } => unclear_missing(l, criterion),
        Unparsable::OffScale { criterion } => unclear_off_scale(l, criterion),
        Unparsable::NotAVerdict => unclear_verdict(l).to_owned(),
        Unparsable::Cut => unclear_cut(l).to_owned(),
        Unparsable::Refused { detail } => unclear_refused(l, detail),
    }
}
