//! The fields of a recipe as the launch form shows them: label, help, unit, range.

mod method;
mod more;
mod objective;
mod value;

pub use value::value_name;

use domain::{
    lang::Lang,
    recipe::{Method, Objective, OptimizerKind},
};
use method as t;
use more as m;
use objective as o;

/// Where a field stands in the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Always open: what most people change.
    Main,
    Method,
    Optimizer,
    Schedule,
    Batch,
    Loss,
    Evaluation,
    Keeping,
}

impl Group {
    /// The groups that are folded at first.
    pub const FOLDED: [Self; 7] =
        [Self::Method, Self::Optimizer, Self::Schedule, Self::Batch, Self::Loss, Self::Evaluation, Self::Keeping];

    #[must_use]
    pub fn title(self, l: Lang) -> &'static str {
        match self {
            Self::Main => main_group(l),
            Self::Method => t::group(l),
            Self::Optimizer => optimizer_group(l),
            Self::Schedule => schedule_group(l),
            Self::Batch => batch_group(l),
            Self::Loss => m::loss_group(l),
            Self::Keeping => m::keeping_group(l),
            Self::Evaluation => evaluation_group(l),
        }
    }
}

/// A text in both languages.
pub type Words = fn(Lang) -> &'static str;

/// What a field holds and between which bounds.
#[derive(Clone, Copy, Debug)]
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
    /// One of these: the word in the recipe, and what it is called.
    Choice(&'static [(&'static str, Words)]),
    /// A learning rate above 0 up to 1, or nothing for the method's own.
    Rate,
    /// A name, or nothing.
    Name,
    /// Lines of text, or nothing.
    Lines,
    /// [`domain::recipe::TargetModule`]s, one checkbox each.
    Modules,
}

/// One field of the form; `path` is its dotted place in the recipe.
#[derive(Clone, Copy)]
pub struct Field {
    pub path: &'static str,
    pub group: Group,
    pub kind: Kind,
    pub label: Words,
    pub help: Words,
}

impl Field {
    /// The only method that reads the field; `None` when all do.
    #[must_use]
    pub fn method(&self) -> Option<Method> {
        let (table, _) = self.path.split_once('.')?;
        Method::ALL.into_iter().find(|method| method.as_str() == table)
    }

    /// The one choice, by its word in recipes, without which nothing reads the field; `None` when it is always read.
    /// Both kinds of AdamW count as `adamw`.
    #[must_use]
    pub fn only_for(&self) -> Option<&'static str> {
        let optimizer = match self.path {
            "optimizer.beta1" | "optimizer.beta2" | "optimizer.epsilon" => Some(OptimizerKind::AdamW),
            path if path.starts_with("optimizer.sgd.") => Some(OptimizerKind::Sgd),
            path if path.starts_with("optimizer.adafactor.") => Some(OptimizerKind::Adafactor),
            _ => None,
        };
        let (method, objective) = (self.method().map(Method::as_str), self.objective().map(Objective::as_str));
        method.or(objective).or(optimizer.map(OptimizerKind::as_str))
    }

    /// The only objective that reads the field; `None` when all do.
    #[must_use]
    pub fn objective(&self) -> Option<Objective> {
        match self.path {
            "batch.mask_prompt" | "loss.label_smoothing" => Some(Objective::Sft),
            path => path.starts_with("dpo.").then_some(Objective::Dpo),
        }
    }
}

const fn integer(path: &'static str, group: Group, low: u64, high: u64, label: Words, help: Words) -> Field {
    Field { path, group, kind: Kind::Integer { low, high }, label, help }
}

const fn switch(path: &'static str, group: Group, label: Words, help: Words) -> Field {
    Field { path, group, kind: Kind::Switch, label, help }
}

const fn choice(
    path: &'static str,
    group: Group,
    of: &'static [(&'static str, Words)],
    label: Words,
    help: Words,
) -> Field {
    Field { path, group, kind: Kind::Choice(of), label, help }
}

const fn of(path: &'static str, group: Group, kind: Kind, label: Words, help: Words) -> Field {
    Field { path, group, kind, label, help }
}

const fn above_zero(high: f64) -> Kind {
    Kind::Number { low: 0.0, high, above: true }
}

const fn between(low: f64, high: f64) -> Kind {
    Kind::Number { low, high, above: false }
}

/// Every field, in the order of the form.
pub const FIELDS: [Field; 78] = [
    choice("method", Group::Main, &t::METHODS, t::method, t::method_help),
    choice("objective", Group::Main, &o::OBJECTIVES, o::objective, o::objective_help),
    of("dpo.beta", Group::Main, above_zero(10.0), o::beta, o::beta_help),
    of("schedule.epochs", Group::Main, between(0.01, 1000.0), epochs, epochs_help),
    integer("schedule.max_steps", Group::Main, 0, 10_000_000, max_steps, max_steps_help),
    of("optimizer.learning_rate", Group::Main, Kind::Rate, learning_rate, learning_rate_help),
    integer("lora.rank", Group::Main, 1, 512, rank, rank_help),
    integer("full.freeze_blocks_below", Group::Main, 0, 1024, t::frozen_blocks, t::frozen_blocks_help),
    integer("prompt_tuning.virtual_tokens", Group::Main, 1, 1024, t::virtual_tokens, t::prompt_tokens_help),
    integer("p_tuning.virtual_tokens", Group::Main, 1, 1024, t::virtual_tokens, t::p_tokens_help),
    integer("prefix_tuning.virtual_tokens", Group::Main, 1, 1024, t::virtual_tokens, t::prefix_tokens_help),
    integer("bottleneck.size", Group::Main, 1, 4096, t::size, t::size_help),
    integer("batch.micro_batch", Group::Main, 1, 1024, micro_batch, micro_batch_help),
    integer("batch.max_length", Group::Main, 8, 131_072, max_length, max_length_help),
    of("lora.alpha", Group::Method, above_zero(4096.0), alpha, alpha_help),
    of("lora.dropout", Group::Method, between(0.0, 0.9), dropout, dropout_help),
    of("lora.plus_ratio", Group::Method, between(1.0, 256.0), t::plus_ratio, t::plus_ratio_help),
    switch("lora.rslora", Group::Method, t::rslora, t::rslora_help),
    switch("lora.dora", Group::Method, t::dora, t::dora_help),
    of("lora.target_modules", Group::Method, Kind::Modules, modules, modules_help),
    switch("lora.quantized_base", Group::Method, t::quantized_base, t::quantized_base_help),
    switch("full.train_embeddings", Group::Method, t::train_embeddings, t::train_embeddings_help),
    choice("prompt_tuning.init", Group::Method, &t::FIRST, t::init, t::prompt_init_help),
    of("prompt_tuning.init_text", Group::Method, Kind::Lines, t::init_text, t::prompt_text_help),
    integer("p_tuning.hidden_size", Group::Method, 0, 16_384, t::encoder, t::encoder_help),
    choice("prefix_tuning.init", Group::Method, &t::FIRST, t::init, t::prefix_init_help),
    of("prefix_tuning.init_text", Group::Method, Kind::Lines, t::init_text, t::prefix_text_help),
    switch("prefix_tuning.projection", Group::Method, t::projection, t::projection_help),
    integer("prefix_tuning.hidden_size", Group::Method, 0, 16_384, t::projection_width, t::projection_width_help),
    choice("bottleneck.placement", Group::Method, &t::PLACEMENTS, t::placement, t::placement_help),
    choice("bottleneck.activation", Group::Method, &t::ACTIVATIONS, t::activation, t::activation_help),
    choice("optimizer.kind", Group::Optimizer, &m::OPTIMIZERS, m::kind, m::kind_help),
    of("optimizer.weight_decay", Group::Optimizer, between(0.0, 1.0), weight_decay, weight_decay_help),
    of("optimizer.clip_norm", Group::Optimizer, between(0.0, 1e6), clip_norm, clip_norm_help),
    of("optimizer.beta1", Group::Optimizer, between(0.0, 0.999_999), beta1, beta1_help),
    of("optimizer.beta2", Group::Optimizer, between(0.0, 0.999_999_9), beta2, beta2_help),
    of("optimizer.epsilon", Group::Optimizer, above_zero(1.0), epsilon, epsilon_help),
    switch("optimizer.decay_everything", Group::Optimizer, m::decay_everything, m::decay_everything_help),
    of("optimizer.sgd.momentum", Group::Optimizer, between(0.0, 0.999_999), m::momentum, m::momentum_help),
    switch("optimizer.sgd.nesterov", Group::Optimizer, m::nesterov, m::nesterov_help),
    of("optimizer.adafactor.decay_power", Group::Optimizer, above_zero(1.0), m::decay_power, m::decay_power_help),
    of("optimizer.adafactor.clip_threshold", Group::Optimizer, above_zero(1000.0), m::threshold, m::threshold_help),
    switch("optimizer.adafactor.scale_parameter", Group::Optimizer, m::scale_parameter, m::scale_parameter_help),
    choice("schedule.shape", Group::Schedule, &m::SHAPES, shape, shape_help),
    of("schedule.warmup_ratio", Group::Schedule, between(0.0, 0.5), warmup, warmup_help),
    integer("schedule.warmup_steps", Group::Schedule, 0, 10_000_000, m::warmup_steps, m::warmup_steps_help),
    of("schedule.min_lr_ratio", Group::Schedule, between(0.0, 1.0), m::lowest, m::lowest_help),
    of("schedule.decay_ratio", Group::Schedule, between(0.0, 1.0), m::decay_ratio, m::decay_ratio_help),
    integer("schedule.cycles", Group::Schedule, 1, 1000, m::cycles, m::cycles_help),
    integer("batch.accumulation", Group::Batch, 1, 1024, accumulation, accumulation_help),
    switch("batch.mask_prompt", Group::Batch, mask_prompt, mask_prompt_help),
    switch("batch.gradient_checkpointing", Group::Batch, m::recompute, m::recompute_help),
    choice("precision", Group::Batch, &m::PRECISIONS, m::precision, m::precision_help),
    integer("seed", Group::Batch, 0, i64::MAX.unsigned_abs(), seed, seed_help),
    choice("dpo.loss", Group::Loss, &o::LOSSES, o::loss, o::loss_help),
    of("dpo.label_smoothing", Group::Loss, between(0.0, 0.499), o::smoothing, o::smoothing_help),
    of("dpo.sft_weight", Group::Loss, between(0.0, 100.0), o::sft_weight, o::sft_weight_help),
    of("loss.label_smoothing", Group::Loss, between(0.0, 0.5), m::smoothing, m::smoothing_help),
    of("loss.neftune_alpha", Group::Loss, between(0.0, 100.0), m::neftune, m::neftune_help),
    of("loss.augmented_weight", Group::Loss, between(0.0, 10.0), m::augmented_weight, m::augmented_weight_help),
    of("loss.confidence_weight", Group::Loss, between(0.0, 10.0), m::confidence_weight, m::confidence_weight_help),
    of("loss.min_confidence", Group::Loss, between(0.0, 1.0), m::min_confidence, m::min_confidence_help),
    of("loss.weight_field", Group::Loss, Kind::Name, m::weight_field, m::weight_field_help),
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
    integer("evaluation.patience", Group::Evaluation, 0, 1000, m::patience, m::patience_help),
    of("evaluation.min_delta", Group::Evaluation, between(0.0, 100.0), m::min_delta, m::min_delta_help),
    choice("checkpoints.final_adapter", Group::Keeping, &m::ADAPTERS, m::final_adapter, m::final_adapter_help),
    integer("checkpoints.keep_last", Group::Keeping, 1, 1000, m::keep_last, m::keep_last_help),
    integer("checkpoints.keep_every_steps", Group::Keeping, 0, 10_000_000, m::keep_every, m::keep_every_help),
    integer("checkpoints.budget_mib", Group::Keeping, 0, u32::MAX as u64, m::budget, m::budget_help),
    integer("recovery.not_a_number_retries", Group::Keeping, 0, 10, m::retries, m::retries_help),
    of("recovery.not_a_number_lr_factor", Group::Keeping, above_zero(1.0), m::retry_rate, m::retry_rate_help),
    switch("recovery.halve_micro_batch", Group::Keeping, m::halve, m::halve_help),
];

/// The field at this place of the recipe.
#[must_use]
pub fn field(path: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|f| f.path == path)
}

crate::texts! {
    main_group = "Settings that matter most", "主要设置";
    optimizer_group = "Optimizer", "优化器";
    schedule_group = "Learning-rate schedule", "学习率调度";
    batch_group = "Batch, loss and seed", "批次、损失与随机种子";
    evaluation_group = "Evaluation", "评估";

    epochs = "Epochs", "训练轮数";
    epochs_help = "Passes over the training split, 0.01–1000. Ignored when steps are given.", "遍历训练集的次数，0.01–1000。设置了步数时忽略。";
    max_steps = "Steps", "训练步数";
    max_steps_help = "Optimizer steps; 0: as many as the epochs give.", "优化器步数；0 表示由训练轮数决定。";
    learning_rate = "Learning rate", "学习率";
    learning_rate_help = "Peak, above 0 up to 1; empty: what is usual for method and objective with AdamW.", "峰值，大于 0 且不超过 1；留空则采用该方法与目标配合 AdamW 的常用值。";
    rank = "Rank", "秩";
    rank_help = "LoRA: inner dimension of the adapter, 1–512. Higher learns more and costs more.", "LoRA：适配器的内部维度，1–512。越大学得越多，开销也越大。";
    micro_batch = "Micro-batch", "微批大小";
    micro_batch_help = "Samples at a time, 1–1024. Memory grows with it.", "每次前向的样本数，1–1024。内存随之增长。";
    max_length = "Max length", "最大长度";
    max_length_help = "Tokens per sample, 8–131072; longer samples are cut at the end.", "每个样本的词元数，8–131072；超出部分从末尾截断。";
    alpha = "Alpha", "Alpha";
    alpha_help = "LoRA: scale of the adapter is alpha / rank; above 0 up to 4096. Twice the rank is usual.", "LoRA：适配器缩放为 alpha / 秩；大于 0，最大 4096。通常取秩的两倍。";
    dropout = "Dropout", "Dropout";
    dropout_help = "LoRA: share of adapter inputs zeroed while training, 0–0.9.", "LoRA：训练时置零的适配器输入比例，0–0.9。";
    modules = "Target modules", "目标模块";
    modules_help = "LoRA: linear layers that get an adapter; at least one. All seven learn best.", "LoRA：加适配器的线性层；至少一个。七个全选效果最好。";
    weight_decay = "Weight decay", "权重衰减";
    weight_decay_help = "Decoupled, 0–1.", "解耦式，0–1。";
    clip_norm = "Gradient clip", "梯度裁剪";
    clip_norm_help = "Largest global L2 norm; 0 turns clipping off.", "全局 L2 范数上限；0 表示不裁剪。";
    beta1 = "Beta 1", "Beta 1";
    beta1_help = "AdamW: decay of first moments, 0 up to 1.", "AdamW：一阶矩的衰减，0 到 1。";
    beta2 = "Beta 2", "Beta 2";
    beta2_help = "AdamW: decay of second moments, 0 up to 1.", "AdamW：二阶矩的衰减，0 到 1。";
    epsilon = "Epsilon", "Epsilon";
    epsilon_help = "AdamW: added to the root of second moments, above 0.", "AdamW：加在二阶矩平方根上的小量，大于 0。";
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
}
