//! Texts of the run table.

use domain::{
    lang::Lang,
    table::{
        ColumnKind, PlotKind, Source,
        filter::{DEPTH, FILTER_CHARS, FilterError, FilterProblem, MOST_TESTS, MOST_VALUES, Wanted},
    },
};

crate::texts! {
    title = "Run table", "运行总表";
    lead = "Every run of the project, its own and those that scripts track, with everything that is known of them.",
        "项目中的全部运行（包括脚本追踪的运行）及其所有已知信息。";
    export_csv = "CSV", "CSV";
    export_json = "JSON", "JSON";
    none_title = "No runs yet", "还没有运行";
    none_hint = "Launch a run, or let a script log one with MLflow's client.", "启动训练运行，或让脚本通过 MLflow 客户端记录运行。";
    none_found = "No run matches", "没有符合条件的运行";
    none_found_hint = "Change or clear the filter. Archived runs are hidden unless you ask for them.", "请修改或清除筛选条件。归档的运行默认隐藏，需要时可勾选显示。";
    clear = "Clear", "清除";

    filter = "Filter", "筛选";
    filter_help = "For example: status = succeeded and eval.accuracy > 0.8 and recipe.lora.rank in (8, 16) and not tag:draft",
        "例如：status = succeeded and eval.accuracy > 0.8 and recipe.lora.rank in (8, 16) and not tag:draft";
    apply = "Apply", "应用";
    suggestions = "What may come next", "可选的后续内容";
    with_archived = "Show archived runs", "显示已归档的运行";
    language = "Columns and operators", "列与运算符";
    language_help = "Join conditions with and, or, not and brackets. ~ looks for a part of a text, is null for what is missing, tag:NAME for a tag. Times are in UTC: created >= 2026-01-31T10:00. Durations and sizes take units: duration > 2h, memory < 4GiB. A condition on a missing value does not hold.",
        "用 and、or、not 和括号组合条件。~ 查找部分文本，is null 查找缺失值，tag:名称 查找标签。时间为 UTC：created >= 2026-01-31T10:00。时长和大小可带单位：duration > 2h、memory < 4GiB。值缺失时条件不成立。";
    problem_at(column) = "The filter cannot be read at character {column}.", "筛选条件在第 {column} 个字符处无法解析。";
    column = "Column", "列";
    holds = "Holds", "类型";
    operators = "Operators", "运算符";
    more_columns(n) = "And {n} more.", "另有 {n} 列。";

    columns = "Columns", "列";
    columns_help = "Move or hide a column, or add one. The address keeps the choice.", "可移动、隐藏或添加列。地址会保留所选内容。";
    add_column = "Add a column", "添加列";
    add = "Add", "添加";
    to_left(name) = "Move {name} to the left", "将 {name} 左移";
    to_right(name) = "Move {name} to the right", "将 {name} 右移";
    hide_column(name) = "Hide {name}", "隐藏 {name}";
    usual_columns = "The usual columns", "恢复默认列";
    group = "Group", "分组";
    group_by = "Group by", "分组依据";
    then_by = "Then by", "再按";
    group_help = "Runs with the same values become one line; numbers show mean ± standard deviation, as over seeds, and their range.",
        "取值相同的运行合并为一行；数值显示均值 ± 标准差（如跨随机种子）及范围。";
    nothing = "–", "–";
    missing = "missing", "缺失";
    runs = "Runs", "运行数";
    plot = "Plot", "图";
    plot_kind = "Kind", "类型";
    plot_help = "Over the runs that match, the newest 2000 of them.", "基于符合条件的运行，最多取最新的 2000 个。";
    parallel = "Parallel coordinates", "平行坐标";
    scatter = "Scatter plot", "散点图";
    importance = "Importance of settings", "参数重要性";
    metric_or_y = "Metric, or upwards", "指标（纵轴）";
    across = "Across (scatter plot)", "横轴（散点图）";
    color = "Colour (scatter plot)", "颜色（散点图）";
    show = "Show", "显示";
    remove_plot = "Remove the plot", "移除图";
    unchosen = "Choose a column with numbers as the metric; a scatter plot also needs what goes across.", "请选择一个数值列作为指标；散点图还需要选择横轴。";
    too_few_points = "Fewer than two of these runs have the metric.", "拥有该指标的运行少于两个。";
    others = "others", "其他";
    logarithmic = "logarithmic", "对数";
    setting = "Setting", "参数";
    share = "Share of the variance", "方差占比";
    p_value = "p", "p 值";
    direction = "Direction", "方向";
    based_on = "Runs", "运行数";
    too_few = "too few runs", "运行过少";
    importance_help = "Share of the metric's rank variance between the values of one setting (ε²), with the p-value of a permutation test. Each setting is looked at alone.",
        "按某一参数的取值分组后，指标秩方差中组间所占比例（ε²），p 值来自置换检验。每个参数单独考察。";
    nothing_varies = "No setting differs between these runs.", "这些运行之间没有任何参数不同。";
    from_to(low, high) = "{low} to {high}", "{low} 至 {high}";

    tick_run(name) = "Tick {name}", "选择 {name}";
    tick_all_hint = "What is done below is done to the ticked runs.", "以下操作作用于所选运行。";
    pinned = "pinned", "已置顶";
    pin(name) = "Pin {name}", "置顶 {name}";
    unpin(name) = "Unpin {name}", "取消置顶 {name}";
    hide(name) = "Hide {name} in this view", "在此视图中隐藏 {name}";
    archived = "archived", "已归档";
    hidden_runs(n) = "Hidden in this view: {n}.", "此视图隐藏了 {n} 个运行。";
    show_hidden = "Show them", "显示";
    yes = "yes", "是";
    no = "no", "否";
    from_lathe = "Lathe", "Lathe";
    from_mlflow = "MLflow", "MLflow";

    ticked = "Ticked runs", "所选运行";
    overlay = "Overlay", "叠加曲线";
    compare = "Compare", "对比";
    new_report = "New report", "新建报告";
    own_runs_alone = "Compare and New report take the project's own runs alone; Overlay also takes tracked ones.",
        "“对比”和“新建报告”仅适用于项目自身的运行；“叠加曲线”也支持追踪的运行。";
    overlay_page = "Overlay the runs of this page", "叠加本页运行的曲线";
    words = "Tag or note", "标签或备注";
    words_help = "A tag has up to 60 characters. An empty note removes the one that is there.", "标签最多 60 个字符。空备注会删除原有备注。";
    add_tag = "Add tag", "添加标签";
    remove_tag = "Remove tag", "移除标签";
    set_note = "Set note", "写入备注";
    archive = "Archive", "归档";
    restore = "Restore", "恢复";
    none_ticked = "Tick at least one run.", "请至少选择一个运行。";
    tag_problem = "A tag has 1 to 60 characters.", "标签应为 1 至 60 个字符。";
    note_problem = "A note has at most 4000 characters.", "备注最多 4000 个字符。";
    did_tag(n, words) = "Tag “{words}” added. Runs: {n}", "已为 {n} 个运行添加标签“{words}”。";
    did_untag(n, words) = "Tag “{words}” removed. Runs: {n}", "已从 {n} 个运行移除标签“{words}”。";
    did_note(n) = "Note written. Runs: {n}", "已为 {n} 个运行写入备注。";
    did_archive(n) = "Archived. Runs: {n}", "已归档 {n} 个运行。";
    did_restore(n) = "Restored. Runs: {n}", "已恢复 {n} 个运行。";
    undo = "Undo", "撤销";

    views = "Views", "视图";
    all_runs = "All runs", "全部运行";
    shared = "shared", "共享";
    personal = "only yours", "仅自己";
    save_view = "Save this view", "保存此视图";
    view_name = "Name", "名称";
    view_name_help = "Filter, order, columns, groups, pins and plot are kept.", "将保存筛选、排序、列、分组、置顶和图。";
    share_view = "Show it to every member", "对所有成员可见";
    overwrite = "Overwrite the view of this name", "覆盖同名视图";
    save = "Save", "保存";
    name_problem(n) = "The name must have 1 to {n} characters.", "名称应为 1 至 {n} 个字符。";
    name_taken = "There is a view of this name. Tick the box to overwrite it, or choose another name.", "已有同名视图。请勾选覆盖，或另取名称。";
    state_problem = "The view could not be read. Load the page again.", "无法读取视图，请重新加载页面。";
    view_too_large = "The view holds too many columns, groups or runs, or too long a filter.", "视图中的列、分组或运行过多，或筛选条件过长。";
    changed = "changed", "已更改";
    by_whom(name) = "by {name}", "创建者：{name}";
    link = "Link to share", "分享链接";
    link_help = "Opens exactly this view for every member of the project.", "项目成员打开后看到的正是此视图。";
    delete_view = "Delete this view", "删除此视图";
    delete_question = "The view goes, its runs stay. Links to it lead nowhere any more.", "将删除视图，运行不受影响。指向该视图的链接将失效。";
    delete = "Delete", "删除";

    name_of_run = "Run", "运行";
    number = "Number", "编号";
    source = "Source", "来源";
    status = "Status", "状态";
    failure = "Failure", "失败类型";
    method = "Method", "方法";
    model = "Base model", "基座模型";
    dataset = "Dataset", "数据集";
    version = "Version", "版本";
    experiment = "Experiment", "实验";
    by = "By", "创建者";
    device = "Device", "设备";
    created = "Created", "创建时间";
    started = "Started", "开始时间";
    ended = "Ended", "结束时间";
    duration = "Duration", "耗时";
    memory = "Memory", "内存";
    disk = "Disk", "磁盘";
    tags = "Tags", "标签";
    note = "Note", "备注";

    kind_number = "number", "数值";
    kind_seconds = "seconds", "秒";
    kind_bytes = "bytes", "字节";
    kind_time = "time", "时间";
    kind_text = "text", "文本";
    kind_one_of(choices) = "one of {choices}", "取值之一：{choices}";
    kind_flag = "yes or no", "是或否";
    kind_tags = "tags (tag:NAME)", "标签（tag:名称）";

    unclosed = "A quote is not closed.", "引号未闭合。";
    character(c) = "“{c}” means nothing here. Put texts with it into double quotes.", "“{c}”在此处无意义。含有它的文本请用双引号括起。";
    too_long(n) = "A filter has at most {n} characters.", "筛选条件最多 {n} 个字符。";
    too_deep(n) = "At most {n} brackets may lie within one another.", "括号最多嵌套 {n} 层。";
    too_many(tests, values) = "At most {tests} conditions, and {values} values in a list.", "最多 {tests} 个条件，每个列表最多 {values} 个值。";
    unknown_column(name) = "There is no column “{name}”.", "没有名为“{name}”的列。";
    did_you_mean(name) = "Did you mean {name}?", "是否想输入 {name}？";
    operator_problem(operator, column, kind) = "{operator} does not go with {column} ({kind}).", "{operator} 不适用于 {column}（{kind}）。";
    choice_problem(column, value, choices) = "{column} is never “{value}”. Choose one of: {choices}", "{column} 不会是“{value}”，可选：{choices}";
    wanted_condition = "a column, tag:NAME, not or a bracket", "列名、tag:名称、not 或括号";
    wanted_operator = "an operator such as = or >", "运算符，如 = 或 >";
    wanted_number = "a number", "数值";
    wanted_seconds = "seconds, or a number with s, m, h or d", "秒数，或带 s、m、h、d 的数值";
    wanted_bytes = "bytes, or a number with KiB, MiB or GiB", "字节数，或带 KiB、MiB、GiB 的数值";
    wanted_time = "a time such as 2026-01-31 or 2026-01-31T10:00", "时间，如 2026-01-31 或 2026-01-31T10:00";
    wanted_text = "a text", "文本";
    wanted_flag = "true or false", "true 或 false";
    wanted_tag = "a tag", "标签";
    wanted_open = "an opening bracket", "左括号";
    wanted_close = "a closing bracket", "右括号";
    wanted_null = "null", "null";
    wanted_join = "and or or", "and 或 or";
    expected(wanted) = "Expected {wanted}.", "此处应为{wanted}。";
    expected_behind(wanted, after) = "Expected {wanted} after {after}.", "{after} 之后应为{wanted}。";
    but_found(found) = "Found {found}.", "实际为 {found}。";
    but_ends = "The filter ends there.", "筛选条件到此结束。";
}

/// A column's name where people read it; what filters call it where it has no other.
#[must_use]
pub fn column_name(l: Lang, name: &str) -> String {
    let known = match name {
        "name" => name_of_run(l),
        "number" => number(l),
        "source" => source(l),
        "status" => status(l),
        "failure" => failure(l),
        "method" => method(l),
        "model" => model(l),
        "dataset" => dataset(l),
        "version" => version(l),
        "experiment" => experiment(l),
        "by" => by(l),
        "device" => device(l),
        "created" => created(l),
        "started" => started(l),
        "ended" => ended(l),
        "duration" => duration(l),
        "memory" => memory(l),
        "disk" => disk(l),
        "tags" => tags(l),
        "note" => note(l),
        "archived" => archived(l),
        other => other,
    };
    known.to_owned()
}

#[must_use]
pub fn source_name(l: Lang, source: Source) -> &'static str {
    match source {
        Source::Lathe => from_lathe(l),
        Source::Mlflow => from_mlflow(l),
    }
}

#[must_use]
pub fn plot_name(l: Lang, kind: PlotKind) -> &'static str {
    match kind {
        PlotKind::Parallel => parallel(l),
        PlotKind::Scatter => scatter(l),
        PlotKind::Importance => importance(l),
    }
}

/// What a column holds.
#[must_use]
pub fn kind_name(l: Lang, kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Number => kind_number(l),
        ColumnKind::Seconds => kind_seconds(l),
        ColumnKind::Bytes => kind_bytes(l),
        ColumnKind::Time => kind_time(l),
        ColumnKind::Text | ColumnKind::Choice => kind_text(l),
        ColumnKind::Flag => kind_flag(l),
        ColumnKind::Tags => kind_tags(l),
    }
}

fn wanted(l: Lang, wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Condition => wanted_condition(l),
        Wanted::Operator => wanted_operator(l),
        Wanted::Number => wanted_number(l),
        Wanted::Seconds => wanted_seconds(l),
        Wanted::Bytes => wanted_bytes(l),
        Wanted::Time => wanted_time(l),
        Wanted::Text => wanted_text(l),
        Wanted::Flag => wanted_flag(l),
        Wanted::Tag => wanted_tag(l),
        Wanted::Open => wanted_open(l),
        Wanted::Close => wanted_close(l),
        Wanted::Null => wanted_null(l),
        Wanted::Join => wanted_join(l),
    }
}

/// Why a filter cannot be read, and where.
#[must_use]
pub fn filter_error(l: Lang, error: &FilterError) -> String {
    format!("{} {}", problem_at(l, error.column), filter_problem(l, &error.problem))
}

fn filter_problem(l: Lang, problem: &FilterProblem) -> String {
    match problem {
        FilterProblem::Unclosed => unclosed(l).to_owned(),
        FilterProblem::Character(c) => character(l, c),
        FilterProblem::TooLong => too_long(l, FILTER_CHARS),
        FilterProblem::TooDeep => too_deep(l, DEPTH),
        FilterProblem::TooMany => too_many(l, MOST_TESTS, MOST_VALUES),
        FilterProblem::Expected { wanted: what, after, found } => {
            let what = wanted(l, *what);
            let first = if after.is_empty() { expected(l, what) } else { expected_behind(l, what, after) };
            let then = if found.is_empty() { but_ends(l).to_owned() } else { but_found(l, found) };
            format!("{first} {then}")
        }
        FilterProblem::UnknownColumn { name, like: None } => unknown_column(l, name),
        FilterProblem::UnknownColumn { name, like: Some(like) } => {
            format!("{} {}", unknown_column(l, name), did_you_mean(l, like))
        }
        FilterProblem::Operator { operator, column, kind } => {
            operator_problem(l, operator, column, kind_name(l, *kind))
        }
        FilterProblem::UnknownChoice { column, value, choices } => choice_problem(l, column, value, choices.join(", ")),
    }
}
