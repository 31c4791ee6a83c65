//! How large a difference between two models must be for a test set to show it.

use super::distributions::normal_quantile;

/// What a comparison is planned with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Samples that both models answer.
    pub samples: u64,
    /// Share of the samples on which one model is right and the other wrong, in (0, 1].
    pub discordance: f64,
    /// Chance of finding a difference where there is none (two-sided), such as 0.05.
    pub significance: f64,
    /// Chance of finding the difference where it is there, such as 0.8.
    pub power: f64,
}

/// The smallest difference of two accuracies that McNemar's test finds: the d with n = (z_{1−α/2}·√ψ + z_{power}·√(ψ − d²))² / d²
/// for discordance ψ (Connor, Sample size for testing differences in proportions for the paired-sample design, 1987). `None`
/// when even d = ψ, all discordant samples going one way, would not be found, or the plan is out of range.
#[must_use]
pub fn minimum_detectable(plan: Plan) -> Option<f64> {
    let in_range = |x: f64| x > 0.0 && x < 1.0;
    let Plan { samples, discordance, significance, power } = plan;
    if !(in_range(significance) && in_range(power) && discordance > 0.0 && discordance <= 1.0) {
        return None;
    }
    let (z_alpha, z_power) = (normal_quantile(1.0 - significance / 2.0), normal_quantile(power));
    let needed = |d: f64| {
        let root = z_alpha * discordance.sqrt() + z_power * (discordance - d * d).max(0.0).sqrt();
        (root / d).powi(2)
    };
    if needed(discordance) > samples as f64 {
        return None;
    }
    let (mut too_small, mut found) = (0.0, discordance);
    for _ in 0..100 {
        let middle = 0.5 * (too_small + found);
        if needed(middle) > samples as f64 { too_small = middle } else { found = middle }
    }
    Some(found)
}

/// The smallest true difference that a comparison with this 95 % interval would have found with a chance of `power`, by the normal
/// distribution: (z_{0.975} + z_power) standard errors, of which the interval reaches z_{0.975} to either side (Bloom, Minimum
/// Detectable Effects, Evaluation Review 19, 1995). `None` where the interval has no width, or the power is out of range.
#[must_use]
pub fn detectable((low, high): (f64, f64), power: f64) -> Option<f64> {
    let reach = (high - low) / 2.0;
    let is_known = reach.is_finite() && reach > 0.0 && (0.5..1.0).contains(&power);
    let z = normal_quantile(0.975);
    is_known.then(|| reach / z * (z + normal_quantile(power)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn plan(samples: u64, discordance: f64) -> Plan {
        Plan { samples, discordance, significance: 0.05, power: 0.8 }
    }

    /// By hand for d = 0.1, ψ = 0.3: n = (1.95996·0.54772 + 0.84162·0.53852)² / 0.01 = 233.05….
    #[test]
    fn the_formula_turned_around() {
        let d = minimum_detectable(plan(233, 0.3)).unwrap();
        assert!((d - 0.1).abs() < 2e-4, "{d}");
        let (few, many) = (minimum_detectable(plan(100, 0.3)).unwrap(), minimum_detectable(plan(10_000, 0.3)).unwrap());
        assert!(few > d && many < d && (many - 0.0153).abs() < 2e-4, "{few} {many}");
    }

    #[test]
    fn too_few_samples_find_nothing() {
        assert_eq!(minimum_detectable(plan(3, 0.3)), None);
        assert_eq!(minimum_detectable(plan(0, 0.3)), None);
        assert_eq!(minimum_detectable(plan(100, 0.0)), None);
        assert_eq!(minimum_detectable(Plan { power: 1.0, ..plan(100, 0.3) }), None);
    }

    /// 1.960 + 0.842 = 2.80 standard errors at 80 % power, two-sided at 0.05.
    #[test]
    fn an_interval_tells_what_it_would_have_shown() {
        let d = detectable((-1.959_964, 1.959_964), 0.8).unwrap();
        assert!((d - 2.8016).abs() < 1e-3, "{d}");
        assert_eq!((detectable((0.1, 0.1), 0.8), detectable((0.0, 1.0), 1.0)), (None, None));
    }
}
