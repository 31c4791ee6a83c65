//! What the overfit watch says: a state, a sentence, and advice.

use super::recipe::{field, value_name};
use domain::{
    lang::Lang,
    overfit::{Advice, FEWEST, Figures, Fit, Verdict},
};

crate::texts! {
    too_early = "Too early to say", "尚无法判断";
    fine = "Learns well", "学习正常";
    watch = "Watch", "留意";
    overfitting = "Overfitting", "过拟合";
    underfitting = "Underfitting", "欠拟合";
    diverging = "Diverging", "发散";

    too_early_why(n) = "The watch begins with validation {n}.", "从第 {n} 次验证起开始判断。";
    fine_why(loss, step) = "Validation loss still falls, or rests near its lowest ({loss} at step {step}).", "验证损失仍在下降，或保持在最低值附近（第 {step} 步为 {loss}）。";
    watch_why(loss, step, now, n) = "Validation loss was lowest at step {step} ({loss}). Since then, over {n} validations, it lies higher (now {now}), not yet clearly so.",
        "验证损失在第 {step} 步最低（{loss}）。此后 {n} 次验证均高于该值（当前 {now}），但尚不显著。";
    overfitting_why(loss, step, now, n) = "Validation loss was lowest at step {step} ({loss}) and has risen over {n} validations to {now}, while the gap to the training loss widened: the run learns its samples by heart.",
        "验证损失在第 {step} 步最低（{loss}），此后 {n} 次验证上升至 {now}，与训练损失的差距不断扩大：模型正在死记训练样本。";
    underfitting_why(now) = "Both losses were still falling when the run ended (validation loss {now}): it could learn more.",
        "运行结束时两项损失仍在下降（验证损失 {now}）：模型还能学到更多。";
    diverging_why(loss, step, now) = "Training and validation loss both rise (validation loss {loss} at step {step}, now {now}): the steps are too large.",
        "训练损失与验证损失同时上升（第 {step} 步验证损失 {loss}，当前 {now}）：更新步幅过大。";
    no_number = "A loss is no number any more: the steps are too large.", "损失已不是有效数字：更新步幅过大。";

    keep(step) = "Use the checkpoint of step {step}: there validation loss is lowest.", "使用第 {step} 步的检查点：该处验证损失最低。";
    change(name, to, now) = "{name}: {to} instead of {now}", "{name}：由 {now} 改为 {to}";
    more_data(n) = "More training data: the run has {n} samples, which it can learn by heart.", "增加训练数据：当前仅 {n} 个样本，容易被死记。";
    because_best = "the run then hands over its best weights by itself", "运行会自动交付验证损失最低的权重";
    because_patience = "the run then stops by itself", "运行会自动提前停止";
    because_shorter = "as long as validation loss fell", "与验证损失下降的时长一致";
    because_longer = "more time to learn", "更多学习时间";
    because_noise = "noise makes learning by heart harder", "噪声使死记更难";
    because_smaller = "fewer free parameters", "减少可训练参数";
    because_larger = "more free parameters", "增加可训练参数";
    because_decay = "keeps weights small", "抑制权重增长";
    because_calmer = "smaller steps", "减小更新步幅";
    because_faster = "larger steps", "加大更新步幅";
}

/// A state's name.
#[must_use]
pub fn fit_name(l: Lang, fit: Fit) -> &'static str {
    match fit {
        Fit::TooEarly => too_early(l),
        Fit::Fine => fine(l),
        Fit::Watch => watch(l),
        Fit::Overfitting => overfitting(l),
        Fit::Underfitting => underfitting(l),
        Fit::Diverging => diverging(l),
    }
}

/// The class of a state's badge.
#[must_use]
pub fn fit_badge(fit: Fit) -> &'static str {
    match fit {
        Fit::TooEarly => "badge badge-quiet",
        Fit::Fine => "badge badge-good",
        Fit::Watch | Fit::Underfitting => "badge badge-warn",
        Fit::Overfitting | Fit::Diverging => "badge badge-bad",
    }
}

/// The verdict as a sentence; `show` writes a loss.
#[must_use]
pub fn fit_sentence(l: Lang, verdict: &Verdict, show: impl Fn(f64) -> String) -> String {
    let Some(Figures { best_step, best_loss, validation, since_best, .. }) = verdict.figures else {
        return match verdict.fit {
            Fit::Diverging => no_number(l).to_owned(),
            _ => too_early_why(l, FEWEST),
        };
    };
    let (best, now) = (show(best_loss), show(validation));
    match verdict.fit {
        Fit::TooEarly => too_early_why(l, FEWEST),
        Fit::Fine => fine_why(l, best, best_step),
        Fit::Watch => watch_why(l, best, best_step, now, since_best),
        Fit::Overfitting => overfitting_why(l, best, best_step, now, since_best),
        Fit::Underfitting => underfitting_why(l, now),
        Fit::Diverging => diverging_why(l, best, best_step, now),
    }
}

/// One thing to do, and why.
#[must_use]
pub fn fit_advice(l: Lang, advice: &Advice) -> String {
    match advice {
        Advice::KeepCheckpoint { step } => keep(l, step),
        Advice::MoreData { samples } => more_data(l, samples),
        Advice::Change { field: path, now, to } => {
            let known = field(path);
            let name = known.map_or(path.as_str(), |f| (f.label)(l));
            let words = change(l, name, value_name(l, path, to), value_name(l, path, now));
            match because(l, path, now, to) {
                Some(why) => format!("{words} ({why})"),
                None => words,
            }
        }
    }
}

fn because(l: Lang, path: &str, now: &str, to: &str) -> Option<&'static str> {
    let grows = now.parse::<f64>().ok().zip(to.parse::<f64>().ok()).is_some_and(|(now, to)| to > now);
    Some(match path {
        "checkpoints.final_adapter" => because_best(l),
        "evaluation.patience" => because_patience(l),
        "schedule.epochs" | "schedule.max_steps" if grows => because_longer(l),
        "schedule.epochs" | "schedule.max_steps" => because_shorter(l),
        "lora.dropout" => because_noise(l),
        "lora.rank" | "bottleneck.size" if grows => because_larger(l),
        "lora.rank" | "bottleneck.size" => because_smaller(l),
        "optimizer.weight_decay" => because_decay(l),
        "optimizer.learning_rate" if grows => because_faster(l),
        "optimizer.learning_rate" | "optimizer.clip_norm" | "schedule.warmup_ratio" => because_calmer(l),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_uses_the_forms_words() {
        let advice = Advice::Change {
            field: "checkpoints.final_adapter".to_owned(),
            now: "last".to_owned(),
            to: "best".to_owned(),
        };
        let words = fit_advice(Lang::En, &advice);
        assert!(words.starts_with("Hand over: ") && !words.contains("checkpoints."), "{words}");
        assert!(words.contains("best weights by itself"), "{words}");
    }
}
