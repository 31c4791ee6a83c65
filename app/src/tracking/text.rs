//! Texts of the tracked runs.

use domain::{lang::Lang, tracking::TrackedStatus};

crate::texts! {
    title = "Tracked runs", "外部追踪";
    lead = "What your own scripts log here with MLflow's Python client.", "您自己的脚本通过 MLflow Python 客户端记录到此处的运行。";
    none_title = "No script tracks here yet", "尚无脚本记录到此处";
    none_hint = "Give an unchanged script that uses MLflow these two settings, and run it. The token is made on your account page.",
        "为使用 MLflow 的脚本设置以下两项即可，脚本无需改动。令牌可在账号页面创建。";
    none_found = "No run fits", "没有符合条件的运行";
    none_found_hint = "Choose another experiment, or change the filter.", "请选择其他实验，或修改筛选条件。";
    filter_problem = "The filter was left out: it cannot be read. Write it as in the example below the field.", "筛选条件无法解析，已忽略。请参照输入框下方的示例填写。";
    experiment = "Experiment", "实验";
    every_experiment = "All experiments", "全部实验";
    filter = "Filter", "筛选";
    filter_help = "As in MLflow, for example: metrics.loss < 0.5 AND params.model = 'small'", "语法同 MLflow，例如：metrics.loss < 0.5 AND params.model = 'small'";
    apply = "Apply", "应用";
    run = "Run", "运行";
    status = "Status", "状态";
    started = "Started", "开始时间";
    ended = "Ended", "结束时间";
    by = "By", "执行者";
    running = "running", "运行中";
    scheduled = "scheduled", "已排程";
    finished = "finished", "已完成";
    failed = "failed", "失败";
    killed = "stopped", "已停止";
    deleted_flag = "deleted", "已删除";
    facts = "Facts", "基本信息";
    id = "Id", "标识";
    overlay = "Overlay with other runs", "与其他运行叠加";
    metrics = "Metrics", "指标";
    metric = "Metric", "指标";
    newest = "Newest value", "最新值";
    step = "Step", "步数";
    curves = "Curves", "曲线";
    first_curves(shown, all) = "The first {shown} of {all} metrics. Long curves are thinned out; the smallest and largest values stay.",
        "共 {all} 个指标，显示前 {shown} 个。较长的曲线会被抽稀，但保留最小值与最大值。";
    params = "Parameters", "参数";
    tags = "Tags", "标签";
    key = "Name", "名称";
    value = "Value", "值";
    inputs = "Data", "数据";
    digest = "Digest", "摘要";
    source = "Source", "来源";
    files = "Files", "文件";
    file = "File", "文件";
    size = "Size", "大小";
    up = "Folder above", "上级文件夹";
    nothing = "None.", "无。";
}

/// A status in the reader's language.
#[must_use]
pub fn status_name(l: Lang, status: TrackedStatus) -> &'static str {
    match status {
        TrackedStatus::Running => running(l),
        TrackedStatus::Scheduled => scheduled(l),
        TrackedStatus::Finished => finished(l),
        TrackedStatus::Failed => failed(l),
        TrackedStatus::Killed => killed(l),
    }
}
