//! Words for what a run learns from its samples, and the settings of preference learning.

use super::Words;

/// [`domain::recipe::Objective`].
pub(super) const OBJECTIVES: [(&str, Words); 2] = [("sft", sft), ("dpo", dpo)];

/// [`domain::recipe::DpoLoss`].
pub(super) const LOSSES: [(&str, Words); 2] = [("sigmoid", sigmoid), ("ipo", ipo)];

crate::texts! {
    objective = "Objective", "目标";
    objective_help = "What is learnt from a sample: to write its answer, or to prefer the chosen answer of a pair to the rejected one.",
        "从样本中学习什么：写出其回答，或偏好一对回答中选中的而非被拒绝的。";
    sft = "Learn the answers (SFT)", "学习回答（SFT）";
    dpo = "Learn preferences (DPO)", "学习偏好（DPO）";

    beta = "Beta", "Beta";
    beta_help = "DPO: how strongly the model is held to the one it starts from, above 0 up to 10; 0.1 is usual.",
        "DPO：模型受起始模型约束的强度，大于 0 且不超过 10；通常取 0.1。";
    loss = "Preference loss", "偏好损失";
    loss_help = "DPO: how the lead of the chosen answer is rated.", "DPO：如何评价选中回答的领先程度。";
    sigmoid = "Sigmoid (DPO)", "Sigmoid（DPO）";
    ipo = "Squared distance (IPO)", "平方距离（IPO）";
    smoothing = "Share of wrong pairs", "错误偏好对比例";
    smoothing_help = "DPO with the sigmoid: so many pairs are thought to be the wrong way round, 0–0.499.",
        "使用 Sigmoid 的 DPO：假定有多大比例的偏好对方向标反，0–0.499。";
    sft_weight = "Weight of the answer's own loss", "回答自身损失的权重";
    sft_weight_help = "DPO: adds the chosen answer's mean loss per token so many times (RPO), 0–100; 0: not at all.",
        "DPO：加上选中回答每词元平均损失的倍数（RPO），0–100；0 表示不加。";
}
