//! What is wrong with a rule for splits, and how held-out samples were found in training, in every language.

use domain::{
    lang::Lang,
    split::{LeakCheckError, LeakKind, SplitRuleError},
};

crate::texts! {
    shares = "Shares must be numbers of 0 or more, and the training share above 0.", "份额必须是不小于 0 的数字，且训练份额须大于 0。";
    nothing_held_out = "Hold out at least one validation or test sample.", "验证集与测试集至少要有一个样本。";
    stratified_time = "A division by time cannot keep the same mix in every split. Choose one of the two.", "按时间划分时无法让各划分保持相同构成，请二选一。";
    similarity = "Choose a similarity from 0.3 to 1.", "相似度应在 0.3 到 1 之间。";
    no_field = "Name a field of the samples.", "请填写样本的字段名。";
    field_missing(field, samples, first) = "{samples} samples have no field “{field}”; the first is number {first}. Choose another field, or fill it in.", "{samples} 个样本没有字段“{field}”，首个为第 {first} 号。请选择其他字段或补全该字段。";
    no_time(field, value, position) = "Sample {position} has “{value}” in “{field}”, which is no time. Use RFC 3339, YYYY-MM-DD or a number.", "第 {position} 号样本的“{field}”为“{value}”，不是时间。请使用 RFC 3339、YYYY-MM-DD 或数字。";
    too_few(samples, wanted) = "The version has {samples} samples: too few for {wanted} held-out ones and one to learn from.", "该版本有 {samples} 个样本，不足以留出 {wanted} 个并至少保留一个用于训练。";
    ngram = "Choose a whole number of words from 3 to 50.", "词数应为 3 到 50 的整数。";
    overlap = "Choose a share from 0.1 to 1.", "份额应在 0.1 到 1 之间。";

    exact = "The same text and answer", "文本与答案均相同";
    same_prompt = "The same prompt, another answer", "提示相同，答案不同";
    near_duplicate = "Nearly the same prompt", "提示几乎相同";
    overlapping = "Long passages in common", "有长段相同内容";
}

/// Why samples cannot be divided like this.
#[must_use]
pub fn split_rule_problem(l: Lang, problem: &SplitRuleError) -> String {
    use SplitRuleError as E;
    match problem {
        E::Shares => shares(l).to_owned(),
        E::NothingHeldOut => nothing_held_out(l).to_owned(),
        E::StratifiedTime => stratified_time(l).to_owned(),
        E::Similarity => similarity(l).to_owned(),
        E::NoField { .. } => no_field(l).to_owned(),
        E::FieldMissing { field, samples, first } => field_missing(l, field, samples, first + 1),
        E::NoTime { field, value, position } => no_time(l, field, value, position + 1),
        E::TooFew { samples, wanted } => too_few(l, samples, wanted),
    }
}

/// Why leaks cannot be looked for like this.
#[must_use]
pub fn leak_check_problem(l: Lang, problem: LeakCheckError) -> &'static str {
    match problem {
        LeakCheckError::Ngram => ngram(l),
        LeakCheckError::Overlap => overlap(l),
        LeakCheckError::Similarity => similarity(l),
    }
}

/// How a held-out sample was found in training.
#[must_use]
pub fn leak_kind(l: Lang, kind: LeakKind) -> &'static str {
    match kind {
        LeakKind::Exact => exact(l),
        LeakKind::SamePrompt => same_prompt(l),
        LeakKind::NearDuplicate => near_duplicate(l),
        LeakKind::Overlap => overlapping(l),
    }
}
