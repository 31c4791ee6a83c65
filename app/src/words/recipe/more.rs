//! Words for the settings that few runs change: other optimizers and schedules, loss options, what is kept,
//! and what a run may do by itself.

use super::Words;

/// [`domain::recipe::OptimizerKind`].
pub(super) const OPTIMIZERS: [(&str, Words); 4] =
    [("adamw", adamw), ("adamw_8bit", adamw_8bit), ("adafactor", adafactor), ("sgd", sgd)];

/// [`domain::recipe::ScheduleShape`].
pub(super) const SHAPES: [(&str, Words); 6] = [
    ("cosine", cosine),
    ("linear", linear),
    ("constant", constant),
    ("cosine_restarts", cosine_restarts),
    ("wsd", wsd),
    ("inverse_sqrt", inverse_sqrt),
];

/// [`domain::recipe::FinalAdapter`].
pub(super) const ADAPTERS: [(&str, Words); 2] = [("last", last), ("best", best)];

/// [`domain::recipe::Precision`].
pub(super) const PRECISIONS: [(&str, Words); 4] = [("f32", f32), ("bf16", bf16), ("f16", f16), ("auto", auto)];

crate::texts! {
    loss_group = "Loss options", "损失选项";
    keeping_group = "Checkpoints and recovery", "检查点与恢复";

    kind = "Optimizer", "优化器";
    kind_help = "AdamW suits most runs; the others need less memory.", "AdamW 适合大多数运行；其余占用内存更少。";
    adamw = "AdamW", "AdamW";
    adamw_8bit = "AdamW, 8-bit state", "AdamW（8 位状态）";
    adafactor = "Adafactor", "Adafactor";
    sgd = "SGD", "SGD";
    decay_everything = "Decay everything", "全部衰减";
    decay_everything_help = "Also biases, norms and embeddings.", "也衰减偏置、归一化与嵌入。";
    momentum = "Momentum", "动量";
    momentum_help = "SGD: share of the last move that is kept, 0 to below 1.", "SGD：保留上一步移动的比例，0 到小于 1。";
    nesterov = "Nesterov", "Nesterov";
    nesterov_help = "SGD: look ahead along the kept move; needs momentum.", "SGD：沿保留的移动方向前瞻；需要动量。";
    decay_power = "Decay power", "衰减指数";
    decay_power_help = "Adafactor: d in β₂ = 1 − step^−d, above 0 up to 1.", "Adafactor：β₂ = 1 − step^−d 中的 d，大于 0 且不超过 1。";
    threshold = "Update clip", "更新裁剪";
    threshold_help = "Adafactor: largest root mean square of a move, above 0 up to 1000.", "Adafactor：每次移动的均方根上限，大于 0 且不超过 1000。";
    scale_parameter = "Scale by the parameter", "按参数缩放";
    scale_parameter_help = "Adafactor: multiply the rate by the parameter's root mean square.", "Adafactor：学习率乘以参数的均方根。";

    cosine = "Cosine", "余弦";
    linear = "Linear", "线性";
    constant = "Constant", "恒定";
    cosine_restarts = "Cosine with restarts", "余弦重启";
    wsd = "Warm-up, stable, decay", "预热–稳定–衰减（WSD）";
    inverse_sqrt = "Inverse square root", "平方根倒数";
    warmup_steps = "Warm-up steps", "预热步数";
    warmup_steps_help = "Steps spent rising from 0; 0: as the warm-up share gives.", "从 0 上升所用的步数；0 表示由预热比例决定。";
    lowest = "Lowest rate", "最低学习率";
    lowest_help = "Where the shape ends, as a share of the peak, 0–1.", "曲线终点与峰值之比，0–1。";
    decay_ratio = "Decay share", "衰减比例";
    decay_ratio_help = "Warm-up, stable, decay: share of all steps spent falling at the end, 0–1.", "WSD：末尾下降所占的步数比例，0–1。";
    cycles = "Cycles", "周期数";
    cycles_help = "Cosine with restarts: falls from the peak, 1–1000.", "余弦重启：从峰值下降的次数，1–1000。";

    recompute = "Gradient checkpointing", "梯度检查点";
    recompute_help = "Compute each block again in the backward pass: less memory, a third slower, the same result.",
        "反向传播时重算每个模块：内存更少，约慢三分之一，结果相同。";

    precision = "Precision", "精度";
    precision_help = "Type of frozen weights and activations; trained numbers, optimizer and loss stay f32. Two bytes halve the memory of both: faster on a GPU, three to five times slower on a CPU.",
        "冻结权重与激活值的数值类型；可训练参数、优化器与损失始终为 f32。两字节类型使两者的内存减半：在 GPU 上更快，在 CPU 上慢三到五倍。";
    f32 = "f32, four bytes", "f32（四字节）";
    bf16 = "bf16, two bytes", "bf16（两字节）";
    f16 = "f16, two bytes, with loss scaling", "f16（两字节，带损失缩放）";
    auto = "bf16 on a GPU, f32 on a CPU", "GPU 上用 bf16，CPU 上用 f32";

    smoothing = "Label smoothing", "标签平滑";
    smoothing_help = "Share of each target spread over the vocabulary, 0–0.5.", "每个目标分散到整个词表的比例，0–0.5。";
    neftune = "NEFTune noise", "NEFTune 噪声";
    neftune_help = "Noise on embeddings while training, 0–100; 0: none, 5 is usual.", "训练时加在嵌入上的噪声，0–100；0 表示不加，通常取 5。";
    augmented_weight = "Weight of augmented samples", "扩充样本的权重";
    augmented_weight_help = "What a sample made by augmentation weighs in the loss: 1 as much as any other, 0 leaves it out. An ablation over 0 and 1 measures what augmentation is worth.",
        "扩充得到的样本在损失中的权重：1 与其他样本相同，0 表示不使用。对 0 和 1 做消融可衡量扩充的效果。";
    confidence_weight = "Weight by confidence", "按置信度加权";
    confidence_weight_help = "Power to which the confidence of a sample's annotation weighs it in the loss: 0 all the same, 1 as sure as people were, above 1 less for doubtful ones. Samples without a confidence weigh 1.",
        "样本在损失中的权重为其标注置信度的该次幂：0 表示权重相同，1 表示与置信度成正比，大于 1 时存疑样本的权重更低。没有置信度的样本权重为 1。";
    min_confidence = "Least confidence", "最低置信度";
    min_confidence_help = "Training samples whose annotation's confidence is below this are left out, 0–1; 0: none. An ablation over several values measures what sure labels are worth.",
        "标注置信度低于该值的训练样本不参与训练，0–1；0 表示全部使用。对多个取值做消融可衡量可靠标签的效果。";
    weight_field = "Weight field", "权重字段";
    weight_field_help = "Slice field whose number weighs the sample in the loss, relative to the others of its step; empty: all weigh the same.",
        "其数值作为样本在损失中权重的切片字段（相对于同一步的其他样本）；留空表示权重相同。";

    patience = "Patience", "早停耐心";
    patience_help = "Stop after so many validations in a row without a lower loss, 0–1000; 0: never.",
        "连续多少次验证损失未下降即停止，0–1000；0 表示从不。";
    min_delta = "Least gain", "最小改进";
    min_delta_help = "By how much a validation loss must fall to count, 0–100.", "验证损失至少下降多少才算改进，0–100。";

    final_adapter = "Hand over", "最终适配器";
    final_adapter_help = "The weights of the last step, or those with the lowest validation loss.", "采用最后一步的权重，或验证损失最低的权重。";
    last = "Last step", "最后一步";
    best = "Best validation", "验证最佳";
    keep_last = "Keep newest", "保留最新";
    keep_last_help = "Newest checkpoints that are kept, 1–1000; the best one always is.", "保留的最新检查点数，1–1000；最佳检查点总会保留。";
    keep_every = "Keep every", "间隔保留";
    keep_every_help = "Also keep the checkpoints of every so many steps; 0: none.", "另外每隔多少步保留一个检查点；0 表示不保留。";
    budget = "Disk budget", "磁盘预算";
    budget_help = "MiB of all checkpoints together; 0: no limit. The oldest go first.", "所有检查点合计的 MiB 上限；0 表示不限。最旧的先删除。";
    retries = "Retries after NaN", "NaN 重试次数";
    retries_help = "How often a run whose loss is no number goes back to its newest checkpoint, 0–10.", "损失变为非数时回到最新检查点的次数，0–10。";
    retry_rate = "Rate after NaN", "NaN 后的学习率";
    retry_rate_help = "Factor on the learning rate from then on, above 0 up to 1.", "此后学习率的乘数，大于 0 且不超过 1。";
    halve = "Halve the micro-batch when memory runs out", "内存不足时减半微批";
    halve_help = "The effective batch stays the same.", "有效批大小不变。";
}
