//! Names and number formats of metrics, alike on every page.

use crate::ui::format::{number, percent};
use domain::{eval::larger_is_better, lang::Lang, statistics::verdict::Verdict};

crate::texts! {
    accuracy = "Accuracy", "准确率";
    accuracy_norm = "Accuracy (per character)", "准确率（按字符归一）";
    accuracy_bytes = "Accuracy (per byte)", "准确率（按字节归一）";
    choice_probability = "Probability of the choice", "所选项的概率";
    right_choice = "Right choice", "正确选项";
    correct_norm = "Right per character", "按字符归一后正确";
    correct_bytes = "Right per byte", "按字节归一后正确";
    choice(place) = "Log-likelihood of choice {place} (nats)", "选项 {place} 的对数似然（nats）";
    first_token_ms = "Time to the first token (ms)", "首词元用时（毫秒）";
    answer_tokens = "Tokens written", "生成词元数";
    at_percentile(name, percentile) = "{name}, percentile {percentile}", "{name}，第 {percentile} 百分位";
    macro_f1 = "Macro F1", "宏平均 F1";
    exact_match = "Exact match", "完全匹配";
    rouge_l = "ROUGE-L", "ROUGE-L";
    bleu = "BLEU", "BLEU";
    perplexity = "Perplexity", "困惑度";
    label_probability = "Label probability", "标签概率";
    negative_log_likelihood = "Negative log-likelihood (nats/token)", "负对数似然（nats/词元）";
    train_loss = "Training loss", "训练损失";
    validation_loss = "Validation loss", "验证损失";
    learning_rate = "Learning rate", "学习率";
    gradient_norm = "Gradient norm", "梯度范数";
    tokens_per_second = "Tokens per second", "每秒词元数";
    memory_mib = "Memory (MiB)", "内存（MiB）";
    epoch = "Epoch", "轮次";
    preference_accuracy = "Preference accuracy", "偏好准确率";
    prefers_chosen = "Prefers the chosen answer", "偏好选中的回答";
    preference_margin = "Margin of the chosen answer (nats)", "选中回答的优势（nats）";
    chosen_reward = "Reward of chosen answers", "选中回答的奖励";
    rejected_reward = "Reward of rejected answers", "被拒绝回答的奖励";
    reward_margin = "Reward margin", "奖励差";
    reward_accuracy = "Reward accuracy", "奖励准确率";
    loss_scale = "Loss scale", "损失缩放";
    validation_reward_accuracy = "Validation reward accuracy", "验证奖励准确率";
    balanced_accuracy = "Balanced accuracy", "均衡准确率";
    f1_micro = "F1 (micro)", "F1（微平均）";
    f1_weighted = "F1 (weighted)", "F1（加权平均）";
    mcc = "Matthews correlation", "马修斯相关系数";
    token_f1 = "Token F1", "词元 F1";
    edit_distance = "Edit distance", "编辑距离";
    latency_ms = "Latency (ms)", "延迟（毫秒）";
    latency_p95_ms = "Latency, 95th percentile (ms)", "延迟 95 分位（毫秒）";
    peak_memory_mib = "Peak memory (MiB)", "内存峰值（MiB）";
    cost_per_1000 = "Cost of 1,000 answers", "每千次回答成本";
    json_valid = "Valid JSON", "有效 JSON";
    schema_match = "JSON matches the schema", "JSON 符合 Schema";
    bits_per_byte = "Bits per byte", "每字节比特数";
    pass_at_1 = "pass@1", "pass@1";
    reference_tokens = "Tokens of the reference", "参考回答词元数";
    reference_bytes = "Bytes of the reference", "参考回答字节数";
    judge(name) = "Judge: {name} (0 to 1)", "评审：{name}（0 至 1）";
}

/// The name of a metric, score or series. Unknown ones are shown by their key.
#[must_use]
pub fn name(l: Lang, key: &str) -> String {
    let known = match key {
        "accuracy" => accuracy(l),
        "accuracy_norm" => accuracy_norm(l),
        "accuracy_bytes" => accuracy_bytes(l),
        "choice_probability" => choice_probability(l),
        "right_choice" => right_choice(l),
        "correct_norm" => correct_norm(l),
        "correct_bytes" => correct_bytes(l),
        "first_token_ms" => first_token_ms(l),
        "answer_tokens" => answer_tokens(l),
        "macro_f1" => macro_f1(l),
        "exact_match" => exact_match(l),
        "rouge_l" => rouge_l(l),
        "bleu" => bleu(l),
        "perplexity" => perplexity(l),
        "label_probability" => label_probability(l),
        "negative_log_likelihood" => negative_log_likelihood(l),
        "train_loss" => train_loss(l),
        "validation_loss" => validation_loss(l),
        "learning_rate" => learning_rate(l),
        "gradient_norm" => gradient_norm(l),
        "tokens_per_second" => tokens_per_second(l),
        "memory_mib" => memory_mib(l),
        "epoch" => epoch(l),
        "preference_accuracy" => preference_accuracy(l),
        "prefers_chosen" => prefers_chosen(l),
        "preference_margin" => preference_margin(l),
        "chosen_reward" => chosen_reward(l),
        "rejected_reward" => rejected_reward(l),
        "reward_margin" => reward_margin(l),
        "reward_accuracy" => reward_accuracy(l),
        "loss_scale" => loss_scale(l),
        "validation_reward_accuracy" => validation_reward_accuracy(l),
        "balanced_accuracy" => balanced_accuracy(l),
        "f1_macro" => macro_f1(l),
        "f1_micro" => f1_micro(l),
        "f1_weighted" => f1_weighted(l),
        "mcc" => mcc(l),
        "token_f1" => token_f1(l),
        "edit_distance" => edit_distance(l),
        "latency_ms" => latency_ms(l),
        "latency_p95_ms" => latency_p95_ms(l),
        "peak_memory_mib" => peak_memory_mib(l),
        "cost_per_1000" => cost_per_1000(l),
        "json_valid" => json_valid(l),
        "schema_match" => schema_match(l),
        "bits_per_byte" => bits_per_byte(l),
        "pass_at_1" => pass_at_1(l),
        "reference_tokens" => reference_tokens(l),
        "reference_bytes" => reference_bytes(l),
        other => return composed(l, other),
    };
    known.to_owned()
}

/// Names with a number in them.
fn composed(l: Lang, key: &str) -> String {
    if let Some(of) = domain::suite::judge_of(key) {
        return judge(l, of);
    }
    if let Some(place) = key.strip_prefix("choice_") {
        return choice(l, place);
    }
    match key.rsplit_once("_p") {
        Some((of, percentile @ ("50" | "95"))) => at_percentile(l, name(l, of), percentile),
        _ => key.replace('_', " "),
    }
}

/// Whether the metric is a share, shown in percent.
fn is_share(key: &str) -> bool {
    matches!(
        key,
        "accuracy"
            | "accuracy_norm"
            | "accuracy_bytes"
            | "choice_probability"
            | "correct_norm"
            | "correct_bytes"
            | "macro_f1"
            | "exact_match"
            | "rouge_l"
            | "bleu"
            | "label_probability"
            | "preference_accuracy"
            | "prefers_chosen"
            | "reward_accuracy"
            | "validation_reward_accuracy"
            | "balanced_accuracy"
            | "f1_macro"
            | "f1_micro"
            | "f1_weighted"
            | "token_f1"
            | "json_valid"
            | "schema_match"
            | "pass_at_1"
    )
}

/// The value as text: shares in percent.
#[must_use]
pub fn value(key: &str, x: f64) -> String {
    if is_share(key) { percent(x) } else { number(x) }
}

/// A score of [`domain::measure`], whose BLEU and chrF are sacreBLEU's, from 0 to 100.
#[must_use]
pub fn scored(key: &str, x: f64) -> String {
    if is_out_of_100(key) { number(x) } else { value(key, x) }
}

/// An end of the interval of such a score: no share is below 0 or above 1, whatever a symmetric interval says.
#[must_use]
pub fn bound(key: &str, x: f64) -> f64 {
    if is_share(key) && !is_out_of_100(key) { x.clamp(0.0, 1.0) } else { x }
}

/// The difference of two such scores.
#[must_use]
pub fn scored_difference(key: &str, x: f64) -> String {
    let sign = if x >= 0.0 { "+" } else { "−" };
    if is_out_of_100(key) { format!("{sign}{}", number(x.abs())) } else { signed(key, x) }
}

fn is_out_of_100(key: &str) -> bool {
    key == "bleu"
}

/// A difference with its sign: percentage points for shares.
#[must_use]
pub fn signed(key: &str, x: f64) -> String {
    let sign = if x >= 0.0 { "+" } else { "−" };
    if is_share(key) { format!("{sign}{:.1} pp", x.abs() * 100.0) } else { format!("{sign}{}", number(x.abs())) }
}

/// Whether the second value is better than the first, by the metric's direction; `None` when they are equal.
#[must_use]
pub fn is_better(key: &str, from: f64, to: f64) -> Option<bool> {
    (from != to).then(|| (to > from) == larger_is_better(key))
}

/// The badge of a value that is better, worse or neither.
#[must_use]
pub fn badge(is_better: Option<bool>) -> &'static str {
    match is_better {
        Some(true) => "badge badge-good",
        Some(false) => "badge badge-bad",
        None => "badge badge-quiet",
    }
}

/// The badge of what an interval allows to say.
#[must_use]
pub fn verdict_badge(verdict: Verdict) -> &'static str {
    badge(match verdict {
        Verdict::Better => Some(true),
        Verdict::Worse => Some(false),
        Verdict::NoEvidence => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percentages() {
        assert_eq!(value("accuracy", 0.8125), "81.2%");
        assert_eq!(signed("accuracy", -0.031), "−3.1 pp");
        assert_eq!(value("perplexity", 12.5), "12.500");
    }

    #[test]
    fn intervals_of_shares_end_where_shares_do() {
        assert_eq!([bound("accuracy", 1.02), bound("f1_macro", -0.1), bound("accuracy", 0.5)], [1.0, 0.0, 0.5]);
        assert_eq!([bound("bleu", 31.0), bound("perplexity", 12.5), bound("mcc", -0.2)], [31.0, 12.5, -0.2]);
    }

    #[test]
    fn lower_perplexity_is_better() {
        assert_eq!(is_better("perplexity", 12.0, 9.0), Some(true));
        assert_eq!(is_better("accuracy", 0.9, 0.8), Some(false));
        assert_eq!(is_better("accuracy", 0.9, 0.9), None);
    }
}
