//! The watch on losses that were made up: what is planted is found at about the right step, noise raises no alarm.

use super::*;
use crate::statistics::bootstrap::SplitMix64;

/// About normal: the sum of twelve uniform numbers less six.
fn normal(random: &mut SplitMix64) -> f64 {
    (0..12).map(|_| random.below(1_000_000) as f64 / 1e6).sum::<f64>() - 6.0
}

fn recipe() -> Recipe {
    Recipe::default()
}

fn verdict(looks: &[Look], total_steps: u32) -> Verdict {
    judge(looks, Circumstances { recipe: &recipe(), total_steps, train_samples: 300 })
}

/// Validations every 10 steps.
fn course(count: u32, validation: impl Fn(f64) -> f64, training: impl Fn(f64) -> f64, seed: u64, sd: f64) -> Vec<Look> {
    let mut random = SplitMix64::new(seed);
    (0..count)
        .map(|i| {
            let x = f64::from(i);
            let v = validation(x) + sd * normal(&mut random);
            let t = training(x) + sd * normal(&mut random);
            Look { step: i * 10, validation: v, training: (i > 0).then_some(t) }
        })
        .collect()
}

fn falling(x: f64) -> f64 {
    1.0 + 2.0 * (-x / 6.0).exp()
}

/// Falls until validation 10, then rises slowly.
fn overfit(x: f64) -> f64 {
    if x <= 10.0 { falling(x) } else { falling(10.0) + 0.03 * (x - 10.0) }
}

fn memorising(x: f64) -> f64 {
    2.8 * (-x / 9.0).exp() + 0.05
}

/// The number of validations after which the watch first says so.
fn first(looks: &[Look], fit: Fit) -> Option<usize> {
    (1..=looks.len()).find(|n| verdict(&looks[..*n], 10_000).fit == fit)
}

#[test]
fn a_planted_overfit_is_found_soon_after_its_lowest() {
    for seed in 0..50 {
        let looks = course(30, overfit, memorising, seed, 0.01);
        let at = first(&looks, Fit::Overfitting).unwrap_or(usize::MAX);
        // Lowest at the 11th, so not before the 15th.
        assert!((15..=21).contains(&at), "seed {seed}: after {at} validations");
        let figures = verdict(&looks, 10_000).figures.map(|f| (f.best_step, f.slope, f.gap > f.gap_at_best));
        let (best, slope, has_widened) = figures.unwrap_or_default();
        assert!((80..=120).contains(&best) && has_widened, "seed {seed}: {best}");
        // 0.03 nats every 10 steps.
        assert!((2.4..3.6).contains(&slope), "seed {seed}: {slope}");
    }
}

#[test]
fn noise_on_a_level_alarms_in_fewer_than_five_of_a_hundred_runs() {
    let runs = 400_u64;
    let level = |x: f64| if x < 4.0 { falling(x) } else { falling(4.0) };
    let alarms = (0..runs).filter(|seed| {
        let looks = course(30, level, level, 1000 + seed, 0.05);
        first(&looks, Fit::Overfitting).is_some() || first(&looks, Fit::Diverging).is_some()
    });
    let alarms = alarms.count();
    assert!(alarms * 100 < runs as usize * 5, "{alarms} of {runs}");
}

#[test]
fn a_run_that_learns_well_is_fine_to_its_end() {
    let mut alarms = 0;
    for seed in 0..50 {
        let looks = course(30, falling, falling, seed, 0.005);
        let is_alarm = |n: usize| matches!(verdict(&looks[..n], 290).fit, Fit::Overfitting | Fit::Diverging);
        alarms += usize::from((FEWEST..=30).any(is_alarm));
    }
    assert!(alarms <= 1, "{alarms} of 50");
    assert_eq!(verdict(&course(3, falling, falling, 0, 0.0), 290).fit, Fit::TooEarly);
}

#[test]
fn both_rising_is_diverging() {
    let up = |x: f64| if x <= 10.0 { falling(x) } else { falling(10.0) + 0.1 * (x - 10.0) };
    assert_eq!(verdict(&course(25, up, up, 1, 0.01), 10_000).fit, Fit::Diverging);
    let mut blown = course(8, falling, falling, 1, 0.01);
    (blown[7].validation, blown[7].training) = (9.0, Some(11.0));
    assert_eq!(verdict(&blown, 10_000).fit, Fit::Diverging, "at once");
    blown[7].validation = f64::NAN;
    let blind = verdict(&blown, 10_000);
    assert_eq!((blind.fit, blind.figures), (Fit::Diverging, None));
    assert!(!blind.advice.is_empty());
}

#[test]
fn a_run_that_ends_too_soon_is_underfitting() {
    let slow = |x: f64| 3.0 - 0.1 * x;
    let looks = course(12, slow, slow, 1, 0.005);
    assert_eq!(verdict(&looks, 110).fit, Fit::Underfitting);
    assert_eq!(verdict(&looks, 1000).fit, Fit::Fine, "it goes on");
    let found = verdict(&looks, 110);
    assert_eq!(fields(&found), [("schedule.epochs", "6"), ("lora.rank", "16")]);
}

fn fields(verdict: &Verdict) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    for advice in &verdict.advice {
        if let Advice::Change { field, to, .. } = advice {
            out.push((field.as_str(), to.as_str()));
        }
    }
    out
}

#[test]
fn advice_follows_from_recipe_and_data() {
    let looks = course(20, overfit, memorising, 3, 0.0);
    let found = verdict(&looks, 200);
    assert_eq!(found.fit, Fit::Overfitting);
    assert_eq!(found.advice.first(), Some(&Advice::KeepCheckpoint { step: 100 }));
    assert_eq!(found.advice.last(), Some(&Advice::MoreData { samples: 300 }));
    let wanted = [
        ("checkpoints.final_adapter", "best"),
        ("evaluation.patience", "3"),
        ("schedule.epochs", "1.5"),
        ("lora.dropout", "0.1"),
        ("lora.rank", "4"),
        ("optimizer.weight_decay", "0.01"),
    ];
    assert_eq!(fields(&found), wanted);
    for (field, to) in wanted {
        assert!(recipe().read_setting(field, to).is_ok(), "{field} = {to}");
    }
    let mut careful = recipe();
    careful.evaluation.patience = 5;
    (careful.lora.rank, careful.lora.dropout, careful.schedule.max_steps) = (4, 0.2, 200);
    let run = Circumstances { recipe: &careful, total_steps: 200, train_samples: 50_000 };
    let advice = judge(&looks, run);
    assert_eq!(
        fields(&advice),
        [("checkpoints.final_adapter", "best"), ("schedule.max_steps", "100"), ("optimizer.weight_decay", "0.01")]
    );
}
