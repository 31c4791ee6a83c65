//! Texts of the overlay.

crate::texts! {
    title = "Overlay of runs", "运行曲线叠加";
    lead = "One metric of up to 50 runs over each other.", "将至多 50 个运行的同一指标叠加显示。";
    runs = "Runs", "训练运行";
    metric = "Metric", "指标";
    axis = "Axis", "横轴";
    step = "Steps", "步数";
    time = "Time", "时间";
    tokens = "Tokens", "词元";
    smoothing = "Smoothing", "平滑";
    smoothing_help = "Weight of the past, 0–0.999. Behind the line stays the band of all values.", "历史权重，0–0.999。线后保留全部数值的范围带。";
    log_scale = "Log scale", "对数坐标";
    from = "From", "起";
    to = "To", "止";
    show = "Show", "显示";
    compare = "Compare settings and results", "对比设置与结果";
    csv = "CSV", "CSV";
    none_title = "Choose runs", "请选择运行";
    none_hint = "Tick runs below, in the list of runs or among tracked runs.", "可在下方、运行列表或追踪运行中勾选。";
    no_runs = "There is nothing to draw yet: launch a run first.", "暂无可显示内容，请先启动训练运行。";
    nothing = "None of these runs has such values in this part.", "所选运行在此范围内没有该指标的数值。";
    kept(points, columns, most) = "Smallest and largest value of up to {most} points a column are kept: {points} values in {columns} columns.",
        "每列至多 {most} 个点，其最小值与最大值均保留：共 {points} 个数值、{columns} 列。";
    gaps(n) = "{n} values are no numbers (NaN, ±∞); each place has a × at the lower edge.", "{n} 个数值无效（NaN、±∞），在下边缘以 × 标出。";
    no_tokens = "Tracked runs, and runs trained before tokens were counted, have no axis of tokens.", "追踪运行以及未记录词元数的旧运行没有词元横轴。";
    waiting = "Reading finer values…", "正在读取更精细的数值…";
    failed = "The values could not be read. Zoom once more to try again.", "数值读取失败，请再次缩放重试。";
    remove(name) = "Remove {name}", "移除 {name}";
    add = "Add a run", "添加运行";
    add_button = "Add", "添加";
    tracked = "tracked", "追踪";
    draw = "Draw", "绘制";
    run = "Run", "运行";
    dataset = "Data", "数据";
}
