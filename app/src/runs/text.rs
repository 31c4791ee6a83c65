//! Texts of the run pages. Field labels and help are in `words::recipe`.

use domain::{
    estimate::Misfit,
    event::Phase,
    lang::Lang,
    run::{Failure, FailureKind, QueueReason, RunProblem},
};

pub use crate::words::run_status as status_name;

crate::texts! {
    run_number(n) = "Run {n}", "运行 {n}";
    title = "Runs", "训练运行";
    lead = "A run turns a base model and a dataset version into an adapter.", "一次运行用基座模型和数据集版本训练出一个适配器。";
    new_run = "New run", "新建运行";
    run_table = "Run table", "运行总表";
    none_title = "No runs yet", "还没有训练运行";
    none_hint = "Launch the first one: it needs a base model and a dataset version.", "启动第一次运行：需要一个基座模型和一个数据集版本。";
    none_found = "No run matches", "没有符合条件的运行";
    none_found_hint = "Change or clear the filters.", "请修改或清除筛选条件。";
    clear_filters = "Clear filters", "清除筛选";
    status = "Status", "状态";
    any_status = "Any status", "全部状态";
    open_runs = "Not finished", "未结束";
    search = "Search", "搜索";
    search_hint = "Name, model, dataset or number", "名称、模型、数据集或编号";
    sort = "Sort by", "排序";
    sort_newest = "Newest", "最新";
    sort_score = "Best score", "得分最高";
    sort_duration = "Longest", "耗时最长";
    apply = "Apply", "应用";
    run = "Run", "运行";
    name = "Name", "名称";
    model = "Base model", "基座模型";
    dataset = "Dataset version", "数据集版本";
    version_label(name, number) = "{name} v{number}", "{name} v{number}";
    score = "Score (base → tuned)", "得分（基座 → 微调后）";
    loss = "Loss", "损失";
    progress = "Progress", "进度";
    duration = "Duration", "耗时";
    started = "Launched", "启动时间";
    select = "Select", "选择";
    select_run(number) = "Select run {number} to compare", "选择运行 {number} 进行对比";
    compare = "Compare selected", "对比所选";
    overlay = "Overlay curves", "叠加曲线";
    compare_hint = "Select 2 to 20 runs.", "请选择 2 到 20 个运行。";
    refresh = "Refresh", "刷新";
    export_json = "JSON", "JSON";
    step_of(step, total) = "step {step} of {total}", "第 {step} 步，共 {total} 步";
    left(time) = "about {time} left", "约剩 {time}";

    queue_before(n) = "{n} runs before it", "前面还有 {n} 个运行";
    queue_before_one = "1 run before it", "前面还有 1 个运行";
    queue_slot = "Next in line; waits for a free device slot", "下一个执行；等待空闲设备";
    queue_now = "Next in line; starts in a few seconds", "下一个执行；几秒内开始";
    queue_no_worker = "No worker takes runs: ask the administrator to start one (server work)", "没有可用的工作进程：请管理员启动（server work）";
    queue_put_off(seconds) = "Its input could not be fetched; trying again in {seconds} s", "未能取得其输入；将在 {seconds} 秒后重试";
    cancelling = "Stopping…", "正在停止…";
    phase_loading = "Loading the model", "正在加载模型";
    phase_tokenizing = "Tokenizing the data", "正在分词";
    phase_referencing = "Scoring all pairs with the reference", "正在用参考模型为所有偏好对打分";
    phase_training = "Training", "正在训练";
    phase_validating = "Validating", "正在验证";
    phase_base = "Evaluating the base model", "正在评估基座模型";
    phase_tuned = "Evaluating the tuned model", "正在评估微调后模型";
    phase_saving = "Saving", "正在保存";
    waiting_for_memory(phase, left, needed) = "{phase}: {left} of {needed} MiB", "{phase}：可用 {left} MiB，需要 {needed} MiB";
    phase_auditing = "Looking at tokens and loss masks", "正在检查词元与损失掩码";
    phase_scoring = "Scoring samples", "正在为样本评分";
    phase_rehearsing = "Trying passes, steps and a checkpoint", "正在试算前向与反向、若干步训练和检查点";
    phase_waiting = "Waiting until running runs leave enough memory", "正在等待其他运行释放足够内存";

    advice_memory = "Choose a smaller micro-batch or max length (accumulation keeps the effective batch), or a smaller rank.",
        "请减小微批大小或最大长度（可用梯度累积保持有效批大小），或减小秩。";
    advice_nan = "Lower the learning rate (try half), raise the warm-up, or keep gradient clipping at 1. Check the data for very long or empty answers.",
        "请降低学习率（例如减半）、加长预热，或将梯度裁剪设为 1。并检查数据中是否有过长或空的答案。";
    advice_disk = "Free space on the server's data disk, then clone the run. Checkpoints of finished runs can be removed.",
        "请清理服务器数据盘空间后克隆此运行。已结束运行的检查点可以删除。";
    advice_input = "Recipe, model and data do not fit together. Change what the message names and launch a clone.",
        "配方、模型与数据不匹配。请按提示修改后克隆并重新启动。";
    advice_preflight = "Lower the learning rate (try a tenth) and look at what the samples teach. The page of the preflight has the figures; a clone can be launched without it.",
        "请降低学习率（例如十分之一），并检查样本实际教给模型的内容。预检页面列有数据；也可以克隆此运行并跳过预检。";
    advice_too_long = "Nothing is known to be wrong: the model, the longest samples or the micro-batch are too much for this machine to try out in that time, and the run would be slow. Choose a smaller model, max length or micro-batch; or clone the run and launch it without a preflight.",
        "并未发现错误：以本机的速度，模型、最长样本或微批大小无法在限定时间内试算完，正式运行也会很慢。请选择更小的模型、最大长度或微批大小；也可以克隆此运行并跳过预检。";
    advice_not_carried_out = "Nothing is known of the run itself. Launch a clone; if it happens again, tell the administrator.",
        "运行本身的情况尚不清楚。请克隆后重新启动；若再次发生，请联系管理员。";
    advice_crash = "The trainer died repeatedly without saying why. Look at the log below; if it happens again, tell the administrator.",
        "训练进程多次异常退出且未说明原因。请查看下方日志；若再次发生，请联系管理员。";
    failed_memory = "Out of memory", "内存不足";
    failed_nan = "The loss is no longer a number", "损失变为非数值";
    failed_disk = "The disk is full", "磁盘已满";
    failed_input = "The input cannot be used", "输入无法使用";
    failed_preflight = "The preflight found a problem", "预检发现问题";
    leak_reason_problem = "Say why, in at most 2000 characters.", "请说明原因，最多 2000 个字符。";
    bad_benchmarks(most) = "Choose benchmarks among the dataset versions of this project, at most {most}.", "请从此项目的数据集版本中选择基准，最多 {most} 个。";
    leak_override = "Launched in spite of leaks", "在存在泄露的情况下启动";
    leak_signed(by, samples, reason) = "{by}, {samples} contaminated samples: {reason}", "{by}，{samples} 个受污染样本：{reason}";
    leak_mend = "Mend the data, or sign for it", "修正数据，或签字确认";
    leak_mend_help = "Make a version without the training samples that leak, and launch on that. An owner of the project can launch this run all the same.", "可生成不含泄露训练样本的版本，并在其上启动训练。项目所有者也可以仍然启动此次训练。";
    leak_launch = "Launch in spite of the leaks", "仍然启动";
    leak_launch_help = "Your name and reason stay on the run's page, and its evaluation is also given without the contaminated samples.", "您的姓名和原因会保留在训练运行页面上，评估结果也会给出去除受污染样本后的得分。";
    leak_reason = "Reason", "原因";
    see_leaks = "Splits and leaks of the version", "查看该版本的划分与泄露";
    failed_leaks = "Training has seen test samples", "训练集包含测试样本";
    failed_benchmark = "Training has seen a benchmark", "训练集包含基准样本";
    advice_leaks = "Open “Splits and leaks” of the dataset version: make a version without the training samples that leak, or divide it anew. An owner of the project can also launch this run in spite of it, below.",
        "请打开数据集版本的“划分与泄露”：生成去除泄露训练样本的版本，或重新划分。项目所有者也可在下方签字后仍然启动此训练。";
    failed_too_long = "The preflight took too long", "预检耗时过长";
    failed_not_carried_out = "The preflight could not be carried out", "预检未能执行";
    failed_crash = "The trainer crashed", "训练进程崩溃";

    version_option(name, number, train, validation, test) =
        "{name} v{number} ({train} train, {validation} validation, {test} test)", "{name} v{number}（训练 {train}，验证 {validation}，测试 {test}）";
    no_training_samples = "This dataset version has no training samples. Choose another version, or import the data with a training share above 0.",
        "此数据集版本没有训练样本。请选择其他版本，或以大于 0 的训练集比例重新导入。";
    no_pairs = "This dataset version has no preference pairs, and DPO learns from nothing else. Choose a version whose samples have a rejected answer, or the objective “learn the answers”.",
        "此数据集版本没有偏好对，而 DPO 只能从偏好对学习。请选择样本带有被拒绝回答的版本，或将目标改为“学习回答”。";
    longer_than_context(n) = "The model reads at most {n} tokens.", "该模型最多读取 {n} 个词元。";
    not_quantized = "This model's files hold no quantized weights that could stay as they are. Choose a quantized GGUF file, or switch “keep the base quantized” off.",
        "该模型的文件中没有可保持原样的量化权重。请选择量化的 GGUF 文件，或关闭“基座保持量化”。";
    too_large_for_f16 = "Activations of Gemma 3 are larger than f16 can hold. Choose the precision bf16 or f32.",
        "Gemma 3 的激活值超出 f16 的表示范围。请选择 bf16 或 f32 精度。";
}

/// Why a run waits.
#[must_use]
pub fn queue_reason(l: Lang, reason: QueueReason) -> String {
    match reason {
        QueueReason::RunsBefore { runs: 1 } => queue_before_one(l).to_owned(),
        QueueReason::RunsBefore { runs } => queue_before(l, runs),
        QueueReason::WaitsForSlot => queue_slot(l).to_owned(),
        QueueReason::JustQueued => queue_now(l).to_owned(),
        QueueReason::NoWorker => queue_no_worker(l).to_owned(),
        QueueReason::PutOff { seconds } => queue_put_off(l, seconds),
    }
}

/// What the trainer is doing.
#[must_use]
pub fn phase_name(l: Lang, phase: Phase) -> &'static str {
    match phase {
        Phase::Loading => phase_loading(l),
        Phase::Tokenizing => phase_tokenizing(l),
        Phase::Referencing => phase_referencing(l),
        Phase::Training => phase_training(l),
        Phase::Validating => phase_validating(l),
        Phase::EvaluatingBase => phase_base(l),
        Phase::EvaluatingTuned => phase_tuned(l),
        Phase::Saving => phase_saving(l),
        Phase::Auditing => phase_auditing(l),
        Phase::Rehearsing => phase_rehearsing(l),
        Phase::WaitingForMemory => phase_waiting(l),
        Phase::Scoring => phase_scoring(l),
    }
}

/// What happened, and what to do about it.
#[must_use]
pub fn failure(l: Lang, failure: &Failure) -> (&'static str, &'static str) {
    let RunProblem::Preflight { kind, problem, .. } = &failure.problem else { return of_kind(l, failure.kind) };
    match problem.as_ref() {
        RunProblem::BenchmarkLeaks { .. } => (failed_benchmark(l), advice_leaks(l)),
        RunProblem::Leaks { .. } => (failed_leaks(l), advice_leaks(l)),
        RunProblem::PreflightTooLong { .. } => (failed_too_long(l), advice_too_long(l)),
        RunProblem::PreflightInterrupted | RunProblem::PreflightDisk { .. } | RunProblem::PreflightMistake { .. } => {
            (failed_not_carried_out(l), advice_not_carried_out(l))
        }
        _ => (failed_preflight(l), of_kind(l, *kind).1),
    }
}

/// The same of one kind.
#[must_use]
pub(super) fn of_kind(l: Lang, kind: FailureKind) -> (&'static str, &'static str) {
    match kind {
        FailureKind::OutOfMemory => (failed_memory(l), advice_memory(l)),
        FailureKind::NotANumber => (failed_nan(l), advice_nan(l)),
        FailureKind::DiskFull => (failed_disk(l), advice_disk(l)),
        FailureKind::InvalidInput => (failed_input(l), advice_input(l)),
        FailureKind::Crashed => (failed_crash(l), advice_crash(l)),
        FailureKind::Preflight => (failed_preflight(l), advice_preflight(l)),
    }
}

/// Why recipe, model and data do not fit together.
#[must_use]
pub fn misfit(l: Lang, misfit: Misfit) -> String {
    match misfit {
        Misfit::NoTrainingSamples => no_training_samples(l).to_owned(),
        Misfit::NoPairs => no_pairs(l).to_owned(),
        Misfit::LongerThanContext { context } => longer_than_context(l, context),
        Misfit::NotQuantized => not_quantized(l).to_owned(),
        Misfit::TooLargeForF16 => too_large_for_f16(l).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::run::PreflightStep;

    #[test]
    fn advice_follows_what_the_preflight_found() {
        let of = |kind, problem| failure(Lang::En, &Failure::of_preflight(PreflightStep::SetUp, kind, problem));
        let slow = of(FailureKind::Preflight, RunProblem::PreflightTooLong { minutes: 30 });
        assert_eq!(slow, (failed_too_long(Lang::En), advice_too_long(Lang::En)));
        let broken = of(FailureKind::Crashed, RunProblem::PreflightInterrupted);
        assert_eq!(broken, (failed_not_carried_out(Lang::En), advice_not_carried_out(Lang::En)));
        let memory = of(FailureKind::OutOfMemory, RunProblem::KilledForMemory);
        assert_eq!(memory, (failed_preflight(Lang::En), advice_memory(Lang::En)));
    }
}
