//! Strengths of several models from comparisons of two at a time (Bradley & Terry, Rank Analysis of Incomplete Block Designs,
//! 1952): P(i beats j) = πᵢ / (πᵢ + πⱼ). Strengths are given as ln π with mean 0.
//!
//! Fitted by the MM algorithm of Hunter (MM Algorithms for Generalized Bradley-Terry Models, Annals of Statistics 32, 2004).
//! Where the winners of some models never lose to the others, the likelihood has no maximum (Ford 1957): each model is then
//! given [`GHOST_GAMES`] won and as many lost against a ghost of strength 1, and the fit says so.

use super::bootstrap::SplitMix64;

/// Rounds after which a fit is taken as it is.
const MOST_ROUNDS: usize = 5000;
/// Change of a log strength below which the fit has converged.
const PRECISION: f64 = 1e-9;
/// Virtual wins, and virtual losses, of each model where the data are separated.
pub const GHOST_GAMES: f64 = 0.5;

/// Who was better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Winner {
    First,
    Second,
    Tie,
}

/// Two models that met. Both places are below the number of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Game {
    pub first: usize,
    pub second: usize,
    pub winner: Winner,
}

/// What becomes of ties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// Half a win for each.
    #[default]
    HalfWins,
    /// An outcome of their own, P(tie) ∝ ν √(πᵢ πⱼ) (Davidson, On Extending the Bradley-Terry Model to Accommodate Ties in
    /// Paired Comparison Experiments, 1970).
    Davidson,
}

/// Strengths of models.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// ln π, with mean 0.
    pub strengths: Vec<f64>,
    /// Davidson's ν; 0 without ties, and where they are half wins.
    pub tie: f64,
    /// Whether the ghost was needed.
    pub penalised: bool,
}

impl Fit {
    /// P(i beats j), ties left out.
    #[must_use]
    pub fn chance(&self, i: usize, j: usize) -> f64 {
        1.0 / (1.0 + (self.strengths[j] - self.strengths[i]).exp())
    }
}

/// What came of all games: `wins[i][j]` of i over j, and `ties[i][j]`, which is symmetric.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcomes {
    pub wins: Vec<Vec<f64>>,
    pub ties: Vec<Vec<f64>>,
}

impl Outcomes {
    /// Counts games of `models` models.
    #[must_use]
    pub fn of<'a>(models: usize, games: impl IntoIterator<Item = &'a Game>) -> Self {
        let mut counted = Self { wins: vec![vec![0.0; models]; models], ties: vec![vec![0.0; models]; models] };
        for game in games {
            match game.winner {
                Winner::First => counted.wins[game.first][game.second] += 1.0,
                Winner::Second => counted.wins[game.second][game.first] += 1.0,
                Winner::Tie => {
                    counted.ties[game.first][game.second] += 1.0;
                    counted.ties[game.second][game.first] += 1.0;
                }
            }
        }
        counted
    }

    fn models(&self) -> usize {
        self.wins.len()
    }

    fn games(&self, i: usize, j: usize) -> f64 {
        self.wins[i][j] + self.wins[j][i] + self.ties[i][j]
    }

    /// Whether every model can be reached from every other along wins and ties: then the likelihood has a maximum.
    #[must_use]
    pub fn is_connected_by_wins(&self) -> bool {
        let beats = |i: usize, j: usize| self.wins[i][j] + self.ties[i][j] > 0.0;
        self.reaches_all(beats) && self.reaches_all(|i, j| beats(j, i))
    }

    /// Whether no model stands apart from the others: else nothing says how they compare.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.reaches_all(|i, j| self.games(i, j) > 0.0)
    }

    fn reaches_all(&self, leads: impl Fn(usize, usize) -> bool) -> bool {
        let models = self.models();
        let (mut seen, mut open) = (vec![false; models], Vec::new());
        if models > 0 {
            seen[0] = true;
            open.push(0);
        }
        while let Some(i) = open.pop() {
            for (j, seen) in seen.iter_mut().enumerate().filter(|(j, _)| leads(i, *j)) {
                if !*seen {
                    *seen = true;
                    open.push(j);
                }
            }
        }
        seen.into_iter().all(|seen| seen)
    }
}

/// Fits strengths. `None` with fewer than two models, or without games.
#[must_use]
pub fn fit(outcomes: &Outcomes, ties: Ties) -> Option<Fit> {
    let models = outcomes.models();
    let ghost = if outcomes.is_connected_by_wins() { 0.0 } else { GHOST_GAMES };
    // Points: a win 1, a tie ½ for each, in both models of ties.
    let points =
        |i: usize| -> f64 { (0..models).map(|j| outcomes.wins[i][j] + 0.5 * outcomes.ties[i][j]).sum::<f64>() + ghost };
    let points: Vec<f64> = (0..models).map(points).collect();
    let pairs: Vec<(usize, usize)> = (0..models).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    let all: f64 = pairs.iter().map(|(i, j)| outcomes.games(*i, *j)).sum();
    if models < 2 || all == 0.0 {
        return None;
    }
    let all_ties: f64 = pairs.iter().map(|(i, j)| outcomes.ties[*i][*j]).sum();
    let is_davidson = ties == Ties::Davidson && all_ties > 0.0;
    let mut tie = if is_davidson { 1.0 } else { 0.0 };
    let mut strengths = vec![1.0_f64; models];
    for _ in 0..MOST_ROUNDS {
        let next = step(outcomes, &points, &strengths, tie, ghost);
        let moved = next.iter().zip(&strengths).map(|(new, old)| (new.ln() - old.ln()).abs()).fold(0.0_f64, f64::max);
        strengths = next;
        let before = tie;
        if is_davidson {
            // The maximum for the new strengths at the old ν, of the same minorising function.
            let weight = |(i, j): &(usize, usize)| {
                let root = (strengths[*i] * strengths[*j]).sqrt();
                outcomes.games(*i, *j) * root / (strengths[*i] + strengths[*j] + before * root)
            };
            tie = all_ties / pairs.iter().map(weight).sum::<f64>();
        }
        if moved < PRECISION && (tie - before).abs() < PRECISION {
            break;
        }
    }
    let logs: Vec<f64> = strengths.iter().map(|s| s.ln()).collect();
    let mean = logs.iter().sum::<f64>() / models as f64;
    Some(Fit { strengths: logs.iter().map(|s| s - mean).collect(), tie, penalised: ghost > 0.0 })
}

/// One round: πᵢ = points / Σⱼ nᵢⱼ (1 + ν/2 √(πⱼ/πᵢ)) / (πᵢ + πⱼ + ν √(πᵢ πⱼ)), with the ghost's games beside.
fn step(outcomes: &Outcomes, points: &[f64], old: &[f64], tie: f64, ghost: f64) -> Vec<f64> {
    let models = old.len();
    let mut new: Vec<f64> = (0..models)
        .map(|i| {
            let of_pair = |j: usize| {
                let root = (old[i] * old[j]).sqrt();
                outcomes.games(i, j) * (1.0 + 0.5 * tie * (old[j] / old[i]).sqrt()) / (old[i] + old[j] + tie * root)
            };
            let weight: f64 = (0..models).filter(|j| *j != i).map(of_pair).sum();
            let weight = weight + 2.0 * ghost / (old[i] + 1.0);
            // A model that nobody met, where no ghost plays, cannot be: the outcomes are connected then.
            if weight > 0.0 { points[i] / weight } else { old[i] }
        })
        .collect();
    if ghost == 0.0 {
        // Nothing fixes the scale: the geometric mean is kept at 1.
        let mean = new.iter().map(|s| s.ln()).sum::<f64>() / models as f64;
        new.iter_mut().for_each(|s| *s /= mean.exp());
    }
    new
}

/// A model's place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strength {
    /// ln π, with mean 0 over all models.
    pub value: f64,
    /// 2.5 and 97.5 % quantile over resamples.
    pub low: f64,
    pub high: f64,
}

/// Strengths with intervals by a percentile bootstrap (Efron & Tibshirani 1993) over `items`: the games of one item, such as
/// what was said of one sample, are drawn together. Resamples in which some model met nobody are left out. `None` as for
/// [`fit`].
#[must_use]
pub fn with_intervals(
    models: usize,
    items: &[Vec<Game>],
    ties: Ties,
    resamples: u32,
    seed: u64,
) -> Option<(Fit, Vec<Strength>)> {
    let fitted = fit(&Outcomes::of(models, items.iter().flatten()), ties)?;
    let mut random = SplitMix64::new(seed);
    let mut drawn = vec![Vec::with_capacity(resamples as usize); models];
    for _ in 0..resamples {
        let games = (0..items.len()).flat_map(|_| &items[random.below(items.len())]);
        let outcomes = Outcomes::of(models, games);
        if !outcomes.is_connected() {
            continue;
        }
        if let Some(fit) = fit(&outcomes, ties) {
            drawn.iter_mut().zip(fit.strengths).for_each(|(all, strength)| all.push(strength));
        }
    }
    let strengths = fitted.strengths.iter().zip(drawn).map(|(value, mut drawn)| {
        drawn.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = (drawn.len().saturating_sub(1) as f64 * share).round() as usize;
            drawn.get(place).copied().unwrap_or(*value)
        };
        Strength { value: *value, low: at(0.025), high: at(0.975) }
    });
    let strengths = strengths.collect();
    Some((fitted, strengths))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use proptest::prelude::*;

    /// American League East 1987 (Agresti, Categorical Data Analysis, table 10.10): wins of the row over the column.
    const BASEBALL: [[f64; 7]; 7] = [
        [0.0, 7.0, 9.0, 7.0, 7.0, 9.0, 11.0],
        [6.0, 0.0, 7.0, 5.0, 11.0, 9.0, 9.0],
        [4.0, 6.0, 0.0, 7.0, 7.0, 8.0, 12.0],
        [6.0, 8.0, 6.0, 0.0, 6.0, 7.0, 10.0],
        [6.0, 2.0, 6.0, 7.0, 0.0, 7.0, 12.0],
        [4.0, 4.0, 5.0, 6.0, 6.0, 0.0, 6.0],
        [2.0, 4.0, 1.0, 3.0, 1.0, 7.0, 0.0],
    ];

    fn without_ties(wins: &[[f64; 7]; 7]) -> Outcomes {
        Outcomes { wins: wins.iter().map(|row| row.to_vec()).collect(), ties: vec![vec![0.0; 7]; 7] }
    }

    /// Coefficients against Baltimore as R's BradleyTerry2 gives them (Turner & Firth, Journal of Statistical Software 48,
    /// 2012, section 3.1).
    #[test]
    fn baseball_as_published() {
        let fit = fit(&without_ties(&BASEBALL), Ties::HalfWins).unwrap();
        let expected = [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0.0];
        for (i, expected) in expected.iter().enumerate() {
            let found = fit.strengths[i] - fit.strengths[6];
            assert!((found - expected).abs() < 1e-4, "{i}: {found} is not {expected}");
        }
        assert!(!fit.penalised && fit.tie == 0.0 && fit.strengths.iter().sum::<f64>().abs() < 1e-9);
        assert!((fit.chance(0, 6) - 1.0 / (1.0 + (-1.5814_f64).exp())).abs() < 1e-4);
    }

    fn game(first: usize, second: usize, winner: Winner) -> Game {
        Game { first, second, winner }
    }

    /// At the maximum each model has as many points as it is expected to have, and there are as many ties.
    #[test]
    fn davidson_expects_what_there_was() {
        let mut outcomes = without_ties(&BASEBALL);
        for (i, j, n) in [(0, 1, 3.0), (2, 5, 4.0), (3, 6, 1.0)] {
            outcomes.ties[i][j] = n;
            outcomes.ties[j][i] = n;
        }
        let fit = fit(&outcomes, Ties::Davidson).unwrap();
        let p: Vec<f64> = fit.strengths.iter().map(|s| s.exp()).collect();
        let (mut ties, mut expected_ties) = (0.0, 0.0);
        for (i, own) in p.iter().enumerate() {
            let (mut points, mut expected) = (0.0, 0.0);
            for (j, other) in p.iter().enumerate().filter(|(j, _)| *j != i) {
                let tie = fit.tie * (own * other).sqrt();
                let all = own + other + tie;
                points += outcomes.wins[i][j] + 0.5 * outcomes.ties[i][j];
                expected += outcomes.games(i, j) * (own + 0.5 * tie) / all;
                ties += outcomes.ties[i][j];
                expected_ties += outcomes.games(i, j) * tie / all;
            }
            assert!((points - expected).abs() < 1e-5, "{i}: {points} is not {expected}");
        }
        assert!((ties - expected_ties).abs() < 1e-5, "{ties} is not {expected_ties}");
    }

    #[test]
    fn who_never_loses_gets_a_finite_strength_and_the_fit_says_so() {
        let games = [game(0, 1, Winner::First), game(0, 1, Winner::First), game(1, 2, Winner::First)];
        let fit = fit(&Outcomes::of(3, &games), Ties::HalfWins).unwrap();
        assert!(fit.penalised && fit.strengths.iter().all(|s| s.is_finite() && s.abs() < 5.0), "{fit:?}");
        assert!(fit.strengths[0] > fit.strengths[1] && fit.strengths[1] > fit.strengths[2]);
    }

    #[test]
    fn models_that_never_met_are_not_connected() {
        let games = [game(0, 1, Winner::First), game(2, 3, Winner::Tie)];
        assert!(!Outcomes::of(4, &games).is_connected());
        let games = [games[0], games[1], game(3, 0, Winner::Tie)];
        let outcomes = Outcomes::of(4, &games);
        assert!(outcomes.is_connected() && !outcomes.is_connected_by_wins());
        assert_eq!(fit(&Outcomes::of(3, &[]), Ties::HalfWins), None);
        assert_eq!(fit(&Outcomes::of(1, &[]), Ties::HalfWins), None);
    }

    #[test]
    fn a_clear_winner_is_clear_in_resamples_too() {
        let items: Vec<Vec<Game>> =
            (0..60).map(|i| vec![game(0, 1, if i % 5 == 0 { Winner::Second } else { Winner::First })]).collect();
        let (fit, strengths) = with_intervals(2, &items, Ties::HalfWins, 200, 1).unwrap();
        // Four to one: ln 4 apart.
        assert!((fit.strengths[0] - fit.strengths[1] - 4_f64.ln()).abs() < 1e-6);
        assert!(strengths[0].low > strengths[1].high && strengths[0].low < strengths[0].value, "{strengths:?}");
        assert_eq!(with_intervals(2, &items, Ties::HalfWins, 200, 1).unwrap().1, strengths, "the same seed");
    }

    proptest! {
        /// Whoever is named first, the strengths are the same.
        #[test]
        fn names_of_sides_do_not_matter(games in prop::collection::vec((0usize..3, 1usize..3, 0u8..3), 1..40)) {
            let games: Vec<Game> = games
                .into_iter()
                .map(|(first, by, won)| {
                    let winner = [Winner::First, Winner::Second, Winner::Tie][usize::from(won)];
                    game(first, (first + by) % 3, winner)
                })
                .collect();
            let turned: Vec<Game> = games
                .iter()
                .map(|g| {
                    let winner = match g.winner {
                        Winner::First => Winner::Second,
                        Winner::Second => Winner::First,
                        Winner::Tie => Winner::Tie,
                    };
                    game(g.second, g.first, winner)
                })
                .collect();
            for ties in [Ties::HalfWins, Ties::Davidson] {
                let (a, b) = (fit(&Outcomes::of(3, &games), ties), fit(&Outcomes::of(3, &turned), ties));
                prop_assert_eq!(&a, &b);
                prop_assert!(a.is_some_and(|fit| fit.strengths.iter().all(|s| s.is_finite())));
            }
        }
    }
}
