//! The fields of a recipe as the launch form shows them: label, help, unit, range.

use domain::lang::Lang;

/// Where a field stands in the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Always open: what most people change.
    Main,
    Lora,
    Optimizer,
    Schedule,
    Batch,
    Evaluation,
}

impl Group {
    /// The groups that are folded at first.
    pub const FOLDED: [Self; 5] = [Self::Lora, Self::Optimizer, Self::Schedule, Self::Batch, Self::Evaluation];

    #[must_use]
    pub fn title(self, l: Lang) -> &'static str {
        match self {
            Self::Main => main_group(l),
            Self::Lora => lora_group(l),
            Self::Optimizer => optimizer_group(l),
            Self::Schedule => schedule_group(l),
            Self::Batch => batch_group(l),
            Self::Evaluation => evaluation_group(l),
        }
    }
}

/// What a field holds and between which bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Integer {
        low: u64,
        high: u64,
    },
    /// `low` itself is allowed unless `above` says that the value must exceed it.
    Number {
        low: f64,
        high: f64,
        above: bool,
    },
    Switch,
    /// [`domain::recipe::ScheduleShape`].
    Shape,
    /// [`domain::recipe::TargetModule`]s, one checkbox each.
    Modules,
}

/// One field of the form; `path` is its dotted place in the recipe.
#[derive(Clone, Copy)]
pub struct Field {
    pub path: &'static str,
    pub group: Group,
    pub kind: Kind,
    pub label: fn(Lang) -> &'static str,
    pub help: fn(Lang) -> &'static str,
}

const fn integer(
    path: &'static str,
    group: Group,
    low: u64,
    high: u64,
    label: fn(Lang) -> &'static str,
    help: fn(Lang) -> &'static str,
) -> Field {
    Field { path, group, kind: Kind::Integer { low, high }, label, help }
}

const fn number(
    path: &'static str,
    group: Group,
    kind: Kind,
    label: fn(Lang) -> &'static str,
    help: fn(Lang) -> &'static str,
) -> Field {
    Field { path, group, kind, label, help }
}

const fn above_zero(high: f64) -> Kind {
    Kind::Number { low: 0.0, high, above: true }
}

const fn between(low: f64, high: f64) -> Kind {
    Kind::Number { low, high, above: false }
}

/// Every field, in the order of the form.
pub const FIELDS: [Field; 26] = [
    number("schedule.epochs", Group::Main, between(0.01, 1000.0), epochs, epochs_help),
    integer("schedule.max_steps", Group::Main, 0, 10_000_000, max_steps, max_steps_help),
    number("optimizer.learning_rate", Group::Main, above_zero(1.0), learning_rate, learning_rate_help),
    integer("lora.rank", Group::Main, 1, 512, rank, rank_help),
    integer("batch.micro_batch", Group::Main, 1, 1024, micro_batch, micro_batch_help),
    integer("batch.max_length", Group::Main, 8, 131_072, max_length, max_length_help),
    number("lora.alpha", Group::Lora, above_zero(4096.0), alpha, alpha_help),
    number("lora.dropout", Group::Lora, between(0.0, 0.9), dropout, dropout_help),
    Field { path: "lora.target_modules", group: Group::Lora, kind: Kind::Modules, label: modules, help: modules_help },
    Field {
        path: "lora.quantized_base",
        group: Group::Lora,
        kind: Kind::Switch,
        label: quantized_base,
        help: quantized_base_help,
    },
    number("optimizer.weight_decay", Group::Optimizer, between(0.0, 1.0), weight_decay, weight_decay_help),
    number("optimizer.clip_norm", Group::Optimizer, between(0.0, 1e6), clip_norm, clip_norm_help),
    number("optimizer.beta1", Group::Optimizer, between(0.0, 0.999_999), beta1, beta1_help),
    number("optimizer.beta2", Group::Optimizer, between(0.0, 0.999_999_9), beta2, beta2_help),
    number("optimizer.epsilon", Group::Optimizer, above_zero(1.0), epsilon, epsilon_help),
    Field { path: "schedule.shape", group: Group::Schedule, kind: Kind::Shape, label: shape, help: shape_help },
    number("schedule.warmup_ratio", Group::Schedule, between(0.0, 0.5), warmup, warmup_help),
    integer("batch.accumulation", Group::Batch, 1, 1024, accumulation, accumulation_help),
    Field {
        path: "batch.mask_prompt",
        group: Group::Batch,
        kind: Kind::Switch,
        label: mask_prompt,
        help: mask_prompt_help,
    },
    integer("seed", Group::Batch, 0, i64::MAX.unsigned_abs(), seed, seed_help),
    integer("evaluation.every_steps", Group::Evaluation, 0, 10_000_000, every_steps, every_steps_help),
    integer("evaluation.checkpoint_every_steps", Group::Evaluation, 0, 10_000_000, checkpoints, checkpoints_help),
    integer(
        "evaluation.validation_samples",
        Group::Evaluation,
        1,
        100_000,
        validation_samples,
        validation_samples_help,
    ),
    integer("evaluation.previews", Group::Evaluation, 0, 32, previews, previews_help),
    integer("evaluation.test_samples", Group::Evaluation, 0, u32::MAX as u64, test_samples, test_samples_help),
    integer("evaluation.max_new_tokens", Group::Evaluation, 1, 8192, max_new_tokens, max_new_tokens_help),
];

/// The field at this place of the recipe.
#[must_use]
pub fn field(path: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|f| f.path == path)
}

crate::texts! {
    main_group = "Settings that matter most", "主要设置";
    lora_group = "LoRA", "LoRA";
    optimizer_group = "Optimizer (AdamW)", "优化器（AdamW）";
    schedule_group = "Learning-rate schedule", "学习率调度";
    batch_group = "Batch, loss and seed", "批次、损失与随机种子";
    evaluation_group = "Evaluation and checkpoints", "评估与检查点";

    epochs = "Epochs", "训练轮数";
    epochs_help = "Passes over the training split, 0.01–1000. Ignored when steps are given.", "遍历训练集的次数，0.01–1000。设置了步数时忽略。";
    max_steps = "Steps", "训练步数";
    max_steps_help = "Optimizer steps; 0: as many as the epochs give.", "优化器步数；0 表示由训练轮数决定。";
    learning_rate = "Learning rate", "学习率";
    learning_rate_help = "Peak, above 0 up to 1. LoRA wants about 0.0002.", "峰值，大于 0 且不超过 1。LoRA 约用 0.0002。";
    rank = "Rank", "秩";
    rank_help = "Inner dimension of the adapter, 1–512. Higher learns more and costs more.", "适配器的内部维度，1–512。越大学得越多，开销也越大。";
    micro_batch = "Micro-batch", "微批大小";
    micro_batch_help = "Samples at a time, 1–1024. Memory grows with it.", "每次前向的样本数，1–1024。内存随之增长。";
    max_length = "Max length", "最大长度";
    max_length_help = "Tokens per sample, 8–131072; longer samples are cut at the end.", "每个样本的词元数，8–131072；超出部分从末尾截断。";
    alpha = "Alpha", "Alpha";
    alpha_help = "Scale of the adapter is alpha / rank; above 0 up to 4096. Twice the rank is usual.", "适配器缩放为 alpha / 秩；大于 0，最大 4096。通常取秩的两倍。";
    dropout = "Dropout", "Dropout";
    dropout_help = "Share of adapter inputs zeroed while training, 0–0.9.", "训练时置零的适配器输入比例，0–0.9。";
    modules = "Target modules", "目标模块";
    quantized_base = "Keep the base quantized (QLoRA)", "基座保持量化（QLoRA）";
    quantized_base_help = "For GGUF files: the base takes as much memory as its file, a little slower.", "用于 GGUF 文件：基座只占与文件相同的内存，速度略慢。";
    modules_help = "Linear layers that get an adapter; at least one. All seven learn best.", "加适配器的线性层；至少一个。七个全选效果最好。";
    weight_decay = "Weight decay", "权重衰减";
    weight_decay_help = "Decoupled, 0–1.", "解耦式，0–1。";
    clip_norm = "Gradient clip", "梯度裁剪";
    clip_norm_help = "Largest global L2 norm; 0 turns clipping off.", "全局 L2 范数上限；0 表示不裁剪。";
    beta1 = "Beta 1", "Beta 1";
    beta1_help = "Decay of first moments, 0 up to 1.", "一阶矩的衰减，0 到 1。";
    beta2 = "Beta 2", "Beta 2";
    beta2_help = "Decay of second moments, 0 up to 1.", "二阶矩的衰减，0 到 1。";
    epsilon = "Epsilon", "Epsilon";
    epsilon_help = "Added to the root of second moments, above 0.", "加在二阶矩平方根上的小量，大于 0。";
    shape = "Shape", "形状";
    shape_help = "How the learning rate falls after warm-up.", "预热之后学习率的下降方式。";
    warmup = "Warm-up", "预热比例";
    warmup_help = "Share of all steps spent rising from 0, 0–0.5.", "学习率从 0 上升所占的步数比例，0–0.5。";
    accumulation = "Accumulation", "梯度累积";
    accumulation_help = "Micro-batches per optimizer step, 1–1024. Effective batch = micro-batch × accumulation.", "每个优化步的微批数，1–1024。有效批大小 = 微批大小 × 梯度累积。";
    mask_prompt = "Learn the answers only", "仅学习答案";
    mask_prompt_help = "Prompt tokens give no loss.", "提示部分的词元不计入损失。";
    seed = "Seed", "随机种子";
    seed_help = "Adapter weights, data order and dropout follow from it.", "决定适配器初始化、数据顺序与 dropout。";
    every_steps = "Validate every", "验证间隔";
    every_steps_help = "Steps between validations; 0: ten times a run.", "两次验证之间的步数；0 表示整个运行共十次。";
    checkpoints = "Checkpoint every", "检查点间隔";
    checkpoints_help = "Steps between checkpoints; 0: with each validation.", "两个检查点之间的步数；0 表示随每次验证保存。";
    validation_samples = "Validation samples", "验证样本数";
    validation_samples_help = "At most so many each time, 1–100000.", "每次最多使用的样本数，1–100000。";
    previews = "Sample answers", "示例回答数";
    previews_help = "Answers written out at each validation, 0–32.", "每次验证时写出的回答数，0–32。";
    test_samples = "Test samples", "测试样本数";
    test_samples_help = "At most so many in the final evaluation; 0: all.", "最终评估最多使用的样本数；0 表示全部。";
    max_new_tokens = "Longest answer", "最长回答";
    max_new_tokens_help = "Tokens a model may write in evaluation, 1–8192.", "评估时模型最多生成的词元数，1–8192。";
    shape_cosine = "Cosine", "余弦";
    shape_linear = "Linear", "线性";
    shape_constant = "Constant", "恒定";
}
