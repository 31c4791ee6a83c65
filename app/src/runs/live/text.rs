//! Texts of the live page.

crate::texts! {
    cancel = "Cancel run", "取消运行";
    cancel_question = "Stop this run? It ends within one step and frees the device. What it measured stays.",
        "要停止此运行吗？将在一步之内结束并释放设备，已记录的数据会保留。";
    cancel_now = "Stop it", "停止";
    disconnected = "Connection lost; trying again…", "连接已断开，正在重试…";
    elapsed = "Elapsed", "已用时间";
    speed = "Tokens per second", "每秒词元数";
    memory = "Memory", "内存";
    device = "Device", "设备";
    attempt = "Attempt", "尝试";
    attempt_of(n, max) = "{n} of {max}", "{n} / {max}";
    train_loss = "Training loss", "训练损失";
    validation_loss = "Validation loss", "验证损失";
    loss_chart = "Loss", "损失";
    accuracy_chart = "Pairs whose chosen answer has the higher reward", "选中回答奖励更高的偏好对比例";
    rewards_chart = "Rewards (β · log π/π₀)", "奖励（β · log π/π₀）";
    chosen = "chosen", "选中";
    rejected = "rejected", "被拒绝";
    margin = "margin", "差值";
    learning_rate_chart = "Learning rate", "学习率";
    gradient_chart = "Gradient norm", "梯度范数";
    speed_chart = "Tokens per second", "每秒词元数";
    memory_chart = "Memory (MiB)", "内存（MiB）";
    training = "training", "训练";
    validation = "validation", "验证";
    previews = "Sample answers", "示例回答";
    over_time = "Side by side over time", "按时间并排对比";
    no_previews = "At each validation the model answers a few validation samples; they appear here.", "每次验证时，模型会回答若干验证样本，并显示在此。";
    at_step = "At step", "步数";
    latest = "latest", "最新";
    prompt = "Prompt", "提示";
    expected = "Expected", "期望";
    output = "Model", "模型";
    log = "Log", "日志";
    no_log = "Nothing logged yet.", "尚无日志。";
    level = "Level", "级别";
    level_all = "All", "全部";
    level_warn = "Warnings and errors", "警告与错误";
    level_error = "Errors", "仅错误";
    follow = "Follow", "跟随";
}
