//! Texts of the overview.

crate::texts! {
    title = "Overview", "概览";
    lead = "Where the project stands.", "项目现状一览。";
    filling = "Filling the sample project", "正在填充示例项目";
    runs = "Runs", "训练运行";
    active(n) = "{n} active", "{n} 个进行中";
    datasets = "Datasets", "数据集";
    samples(n) = "{n} samples", "{n} 条样本";
    models = "Base models", "基座模型";
    bad_cases = "Bad cases to do", "待处理 Bad Case";
    corrected(n) = "{n} corrected", "{n} 条已改正";

    first_steps = "First steps", "开始使用";
    step_model = "Register a base model", "注册基座模型";
    step_model_help = "From a file, the Hugging Face Hub, or the small sample model.", "来自文件、Hugging Face Hub 或小型示例模型。";
    step_data = "Upload a dataset", "上传数据集";
    step_data_help = "JSONL, JSON or CSV; the mapping is guessed and you can change it.", "支持 JSONL、JSON、CSV；自动猜测字段映射，可修改。";
    step_run = "Launch a run", "启动训练运行";
    step_run_help = "LoRA with sensible defaults; time and memory are predicted first.", "使用合理默认值的 LoRA；启动前预测时间与内存。";
    done = "done", "已完成";
    to_do = "to do", "待完成";

    best = "Best so far", "目前最佳";
    dataset = "Dataset", "数据集";
    run = "Run", "训练运行";
    metric = "Metric", "指标";
    base = "Base", "基座";
    tuned = "Tuned", "微调后";
    gain = "Gain", "提升";
    open_evaluation = "Evaluation", "评估";

    digest_of(week) = "Week {week}", "{week} 周摘要";
    all_digests = "All weeks", "全部周摘要";
    report_created = "began report", "创建了报告";
    report_submitted = "submitted report", "提交了报告";
    report_approved = "approved report", "批准了报告";
    report_returned = "returned report", "退回了报告";

    activity = "Recent activity", "最近活动";
    quiet = "Nothing has happened yet.", "还没有任何活动。";
    the_server = "The server", "服务器";
    run_launched = "launched run", "启动了训练运行";
    run_succeeded = "finished run", "完成了训练运行";
    run_failed = "could not finish run", "未能完成训练运行";
    run_cancelled = "cancelled run", "取消了训练运行";
    sweep_started = "started sweep", "开始了搜索";
    sweep_ended = "finished sweep", "完成了搜索";
    sweep_cancelled = "cancelled sweep", "取消了搜索";
    model_registered = "registered model", "注册了模型";
    version_created = "made dataset version", "生成了数据集版本";
    rows_forgotten = "erased rows for good:", "彻底抹除了样本：";
    benchmark_added = "made a benchmark of", "添加了基准：";
    benchmark_removed = "took out of the benchmarks:", "移除了基准：";
    task_created = "made the annotation task", "创建了标注任务";
    task_edited = "changed the annotation task", "修改了标注任务";
    task_opened = "opened the annotation task", "开放了标注任务";
    task_paused = "paused the annotation task", "暂停了标注任务";
    task_closed = "closed the annotation task", "关闭了标注任务";
    gold_set = "made a gold item of item", "设为金标条目：";
    gold_removed = "made an ordinary item of gold item", "取消金标条目：";
    guideline_revised = "revised a guideline, revision", "修订了标注指南，版本";
    qualification_again = "lets try the qualification again:", "允许重新参加资格测试：";
    bad_case_judged = "judged a bad case:", "判定了 Bad Case：";
    bad_case_added = "added", "添加了";
    a_bad_case = "a bad case", "一条 Bad Case";
    bad_cases_changed = "changed bad cases:", "批量更改了 Bad Case：";
    member_joined = "joined:", "加入：";
    member_removed = "removed member", "移除了成员";
    role_changed = "changed the role of", "更改了角色：";
    project_created = "created project", "创建了项目";
    project_updated = "changed project", "更改了项目";
    dataset_archived = "archived dataset", "归档了数据集";
}
