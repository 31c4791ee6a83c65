//! Texts of the sweep pages.

use domain::{
    lang::Lang,
    recipe::RecipeError,
    sweep::{SweepError, SweepProblem, SweepStatus},
};

crate::texts! {
    title = "Sweeps", "超参搜索";
    lead = "One recipe, run many times: to find good values, or to learn what a change is worth.", "同一配方多次运行：寻找合适取值，或弄清每项改动的价值。";
    new_sweep = "New sweep", "新建搜索";
    none_title = "No sweeps yet", "还没有搜索";
    none_hint = "Plan one here, or from the launch form or the page of a run.", "可在此规划，也可从启动表单或运行页面开始。";
    name = "Name", "名称";
    name_help = "Optional; named after model, data and strategy otherwise.", "可选；留空则以模型、数据和策略命名。";
    what = "What to run", "运行内容";
    recipe = "Base recipe (TOML)", "基础配方（TOML）";
    recipe_help = "What every trial starts from. Fields that are left out have their default.", "每次试验的起点。省略的字段取默认值。";
    strategy = "Strategy", "策略";
    grid = "Grid", "网格搜索";
    random = "Random", "随机搜索";
    asha = "ASHA", "ASHA";
    ablation = "Ablation", "消融实验";
    strategy_help = "Grid: every combination. Random: combinations drawn from the fields below. ASHA: random, but only the best of each rung go on. Ablation: one change at a time, over several seeds.",
        "网格：所有组合。随机：从下列字段抽取组合。ASHA：随机抽取，但每级只有最优者继续。消融：每次只改一项，使用多个种子。";
    runs = "Trials", "试验数";
    runs_help = "Random and ASHA: how many combinations.", "随机与 ASHA：组合数。";
    seed = "Seed of the draw", "抽样种子";
    seed_help = "Random and ASHA: the same seed draws the same trials.", "随机与 ASHA：相同种子抽取相同试验。";
    min_steps = "Shortest run (steps)", "最短运行（步）";
    max_steps = "Longest run (steps)", "最长运行（步）";
    reduction = "Reduction", "淘汰系数";
    asha_help = "ASHA: all trials run the fewest steps; one in so many moves up and trains anew, from the start, for so many times as many steps. A learning-rate schedule spans a whole run, so a promoted run does not go on from a checkpoint.",
        "ASHA：所有试验先以最少步数运行；每若干个中最优的一个晋级，并以相应倍数的步数从头重新训练。学习率调度覆盖整个运行，因此晋级不会从检查点继续。";
    seeds = "Seeds", "种子数";
    seeds_help = "Ablation: every change runs once per seed; two give an interval, five a useful one.", "消融：每项改动对每个种子各运行一次；两个种子即有区间，五个才较有用。";
    axes = "Fields to change", "要改变的字段";
    axes_help = "List: values with commas between them; switches are on and off, modules q_proj+v_proj. Range: lowest and highest with a comma between them. An ablation wants lists.",
        "列表：以逗号分隔的值；开关写 on 和 off，模块写 q_proj+v_proj。范围：以逗号分隔的最小值和最大值。消融实验需要列表。";
    field = "Field", "字段";
    no_field = "(none)", "（无）";
    how = "Values as", "取值方式";
    list = "List", "列表";
    linear = "Range", "范围";
    log = "Range, logarithmic", "范围（对数）";
    values = "Values", "取值";
    points = "Grid points", "网格点数";
    more_axes = "More fields", "更多字段";
    goal = "Goal", "优化指标";
    goal_help = "Whoever chooses by a test metric has seen the test split: the best run's score is then too good. Validation loss leaves it unseen.",
        "按测试指标选择即已使用测试集：最佳运行的得分会偏高。验证损失不会触及测试集。";
    budget = "Budget", "预算";
    max_runs = "Runs at most", "最多运行数";
    max_hours = "Hours at most", "最多小时数";
    max_hours_help = "Time of all runs together; 0: no limit. Runs that have begun go on to their end.", "所有运行的总时长；0 表示不限。已开始的运行会执行到结束。";
    at_a_time = "At a time", "同时运行数";
    at_a_time_help = "Runs that wait or work at once; others get their turn between them.", "同时排队或执行的运行数；其间其他人的运行可以插入。";
    preview = "Preview", "预览";
    start = "Start sweep", "开始搜索";
    forecast = "Preview", "预览";
    forecast_runs = "Runs", "运行数";
    forecast_time = "Time, one after another", "总时长（依次运行）";
    forecast_memory = "Peak memory", "峰值内存";
    guessed = "A rough guess: nothing has run here yet.", "粗略估计：此处尚未运行过。";
    measured = "From the speed of recent runs.", "依据最近运行的速度。";
    to_preview = "Fill in the form and press Preview to see how many runs it makes and how long they take.", "填写表单并点击“预览”，查看运行数与预计时长。";
    correct_first = "Correct this first", "请先修正";

    trials = "Trials", "试验";
    trial = "Trial", "试验";
    rung = "Rung", "级别";
    run = "Run", "运行";
    status = "Status", "状态";
    steps = "Steps", "步数";
    time = "Time", "耗时";
    best = "best", "最佳";
    progress(ended, planned) = "{ended} of {planned} runs have ended", "{planned} 个运行中已结束 {ended} 个";
    used = "Time of all runs", "总运行时长";
    started = "Started", "开始时间";
    model = "Base model", "基座模型";
    dataset = "Dataset version", "数据集版本";
    compare_best = "Compare the best", "对比最佳运行";
    cancel = "Cancel sweep", "取消搜索";
    cancel_question = "Its open runs stop, and no further ones begin. What has ended stays.", "未结束的运行将停止，且不再开始新的运行。已结束的结果会保留。";
    cancel_now = "Cancel now", "立即取消";
    waiting_for_runs = "No run has begun yet.", "尚无运行开始。";
    csv = "CSV", "CSV";
    json = "JSON", "JSON";

    parallel = "Parallel coordinates", "平行坐标";
    parallel_help = "One line per run; the darkest are the best. A line leads to its run.", "每条线代表一个运行，颜色最深者最佳。点击线条可打开对应运行。";
    importance = "Importance", "重要性";
    importance_help = "Share of the goal's rank variance that lies between the values of one field, less what chance gives (ε²), and how often a field without effect would look so (permutation test). Each field alone: one that matters only with another is underrated. Of ASHA the lowest rung counts.",
        "目标秩方差中由单个字段取值差异解释的比例，已扣除偶然部分（ε²）；以及无效应字段呈现同样结果的概率（置换检验）。各字段单独评估：仅与其他字段共同起作用的会被低估。ASHA 仅计最低一级。";
    share = "Share", "比例";
    p_value = "p", "p 值";
    direction = "Correlation", "相关";
    based_on = "Runs", "运行数";
    too_few(n) = "Says something from {n} runs on.", "至少 {n} 个运行后才有结果。";
    effects = "Effects", "效应";
    effects_help = "With the change minus without, in pairs of one seed, with its 95 % t interval. Each interval stands by itself: of twenty changes without effect one will look like one.",
        "同一种子下改动后减改动前的差值，及其 95% t 区间。各区间单独成立：二十项无效改动中约有一项会看似有效。";
    change = "Change", "改动";
    without = "Without", "改动前";
    with = "With", "改动后";
    effect = "Effect", "效应";
    pairs = "Pairs", "配对数";
    better = "better", "更好";
    worse = "worse", "更差";
    unclear = "not beyond chance", "未超出偶然";
    no_pairs = "No pair of runs has ended yet.", "尚无已结束的配对运行。";

    status_running = "Running", "进行中";
    status_done = "Done", "已完成";
    status_budget = "Budget used", "预算用尽";
    status_failed = "Failed", "失败";
    all_would_fail = "The preflight of the first run found what every other run of this sweep would fail of as well, so none was launched.",
        "首个运行的预检发现了问题，且本次搜索的其他运行都会因同样原因失败，因此未再启动。";
    show_preflight = "Show report", "查看报告";
    status_cancelled = "Cancelled", "已取消";

    whole = "A whole number.", "请输入整数。";
    decimal = "A number.", "请输入数字。";
    bad_recipe(detail) = "The recipe cannot be read: {detail}", "无法读取配方：{detail}";
    two_numbers = "Lowest and highest with a comma between them.", "请以逗号分隔最小值和最大值。";
    no_axis = "Choose at least one field to change.", "请至少选择一个要改变的字段。";
    too_many_axes(n) = "At most {n} fields.", "最多 {n} 个字段。";
    unknown_field(path) = "A recipe has no field {path}.", "配方中没有字段 {path}。";
    repeated_field = "Each field may appear once.", "每个字段只能出现一次。";
    set_by_rungs = "ASHA sets the length of every run itself.", "ASHA 自行决定每个运行的长度。";
    set_by_seeds = "An ablation sets the seeds itself.", "消融实验自行设置种子。";
    too_few_values(n) = "Needs at least {n} different values.", "至少需要 {n} 个不同的值。";
    wrong_type(value) = "The field cannot hold {value}.", "该字段不能取值 {value}。";
    no_number = "A range needs a field that holds numbers.", "范围只适用于数值字段。";
    empty_range = "The lowest value must be below the highest.", "最小值必须小于最大值。";
    log_of_zero = "On a logarithmic scale the lowest value must be above 0.", "对数刻度的最小值必须大于 0。";
    same_as_base(value) = "{value} is what the recipe has already.", "{value} 与配方中的值相同。";
    out_of_range(low, high) = "Between {low} and {high}.", "请输入 {low} 到 {high} 之间的数。";
    one_rung(low) = "At least {low}, so that there are two rungs.", "至少为 {low}，以便有两级。";
    more_than_budget(runs, high) = "The plan makes {runs} runs, and the budget allows {high}.", "计划产生 {runs} 个运行，而预算只允许 {high} 个。";
    no_validation = "This dataset version has no validation samples.", "此数据集版本没有验证样本。";
    no_test_pairs = "This dataset version has no preference pairs in its test split.", "此数据集版本的测试集中没有偏好对。";
    no_test = "This dataset version has no test samples.", "此数据集版本没有测试样本。";
    other_task = "Labelled data is measured by accuracy or macro F1, other data by exact match, BLEU or ROUGE-L.", "有标签的数据用准确率或宏平均 F1 衡量，其他数据用完全匹配、BLEU 或 ROUGE-L。";
}

/// A strategy's name.
#[must_use]
pub fn strategy_name(l: Lang, word: &str) -> &'static str {
    match word {
        "random" => random(l),
        "asha" => asha(l),
        "ablation" => ablation(l),
        _ => grid(l),
    }
}

/// Where a sweep stands, and the badge's class.
#[must_use]
pub fn status_name(l: Lang, status: SweepStatus) -> (&'static str, &'static str) {
    match status {
        SweepStatus::Running => (status_running(l), "badge badge-busy"),
        SweepStatus::Done => (status_done(l), "badge badge-good"),
        SweepStatus::BudgetUsed => (status_budget(l), "badge badge-warn"),
        SweepStatus::Failed => (status_failed(l), "badge badge-bad"),
        SweepStatus::Cancelled => (status_cancelled(l), "badge badge-warn"),
    }
}

/// What is wrong with a plan.
#[must_use]
pub fn problem(l: Lang, error: &SweepError) -> String {
    use SweepProblem as P;
    match &error.problem {
        P::NoAxis => no_axis(l).to_owned(),
        P::TooManyAxes { high } => too_many_axes(l, high),
        P::UnknownField { path } => unknown_field(l, path),
        P::RepeatedField => repeated_field(l).to_owned(),
        P::SetByRungs => set_by_rungs(l).to_owned(),
        P::SetBySeeds => set_by_seeds(l).to_owned(),
        P::TooFewValues { low } => too_few_values(l, low),
        P::WrongType { value } => wrong_type(l, value),
        P::NoNumber => no_number(l).to_owned(),
        P::EmptyRange => empty_range(l).to_owned(),
        P::LogOfZero => log_of_zero(l).to_owned(),
        P::SameAsBase { value } => same_as_base(l, value),
        P::OutOfRange { low, high } => out_of_range(l, low, high),
        P::OneRung { low } => one_rung(l, low),
        P::MoreThanBudget { runs, high } => more_than_budget(l, runs, high),
        P::NoValidation => no_validation(l).to_owned(),
        P::NoTest => no_test(l).to_owned(),
        P::NoTestPairs => no_test_pairs(l).to_owned(),
        P::OtherTask => other_task(l).to_owned(),
        P::Recipe(problem) => {
            let field = error.field.strip_prefix("recipe.").unwrap_or(&error.field).to_owned();
            crate::runs::form::parse::problem_text(&RecipeError { field, problem: *problem }, l)
        }
    }
}
