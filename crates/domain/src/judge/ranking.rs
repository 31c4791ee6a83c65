//! Models ranked by what people said of pairs of their answers: Bradley-Terry strengths with intervals, Elo's ratings, and for
//! each pair whether there is evidence.

use crate::statistics::{
    bradley_terry::{Game, Outcomes, Ties, Winner, with_intervals},
    correction::holm,
    elo,
    mcnemar::Discordant,
    proportions::{wilson, z_95},
    verdict::Verdict,
};
use crate::{agreement::Interval, id::EvalId};
use serde::{Deserialize, Serialize};

/// Resamples of the intervals, and orders of the games that Elo's ratings are averaged over.
const RESAMPLES: u32 = 500;
const ORDERS: u32 = 100;
const SEED: u64 = 42;
/// Level that adjusted p values are held against.
const LEVEL: f64 = 0.05;
/// Elo's K.
pub const K: f64 = 16.0;

/// A model in the ranking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ranked {
    pub eval_id: EvalId,
    pub name: String,
    /// Bradley-Terry on Elo's scale: 400 points are ten to one, 1500 is the mean of all.
    pub strength: Interval,
    /// Elo's rating, in the mean of random orders.
    pub elo: f64,
    pub wins: u64,
    pub losses: u64,
    pub ties: u64,
}

/// Two models that were compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = RankedPair))]
pub struct Pair {
    /// Places in the ranking.
    pub first: u32,
    pub second: u32,
    pub wins: u64,
    pub losses: u64,
    pub ties: u64,
    /// Share of the decided comparisons that the first one wins (Wilson's interval).
    pub share: Option<Interval>,
    /// Exact sign test, and adjusted for the number of pairs by Holm's procedure.
    pub p_value: f64,
    pub adjusted: f64,
    /// Of the first one against the second, at 0.05 after adjusting.
    pub verdict: Verdict,
}

/// All models, the strongest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = HumanRanking))]
pub struct Ranking {
    /// Items that were judged.
    pub items: u64,
    pub models: Vec<Ranked>,
    pub pairs: Vec<Pair>,
    /// Some model won or lost all along, so strengths are kept finite by half a game won and lost against a model of mean
    /// strength: intervals say more than values then.
    pub penalised: bool,
    /// Davidson's ν: between models of equal strength a tie is ν / (2 + ν) likely.
    pub tie: f64,
}

/// What people said of an item: the two models, by their places, and who was better.
pub type Item = Game;

/// Ranks models. `samples` has the items of each sample: several pairs on one sample are alike, so intervals draw them together.
/// `None` while not all models are compared with each other along some way.
#[must_use]
pub fn ranked(models: &[(EvalId, String)], samples: &[Vec<Item>]) -> Option<Ranking> {
    let items: Vec<Item> = samples.iter().flatten().copied().collect();
    let items = items.as_slice();
    let outcomes = Outcomes::of(models.len(), items);
    if models.len() < 2 || !outcomes.is_connected() {
        return None;
    }
    let (fit, strengths) = with_intervals(models.len(), samples, Ties::Davidson, RESAMPLES, SEED)?;
    let ratings = elo::ratings(models.len(), items, K, ORDERS, SEED);
    let mut order: Vec<usize> = (0..models.len()).collect();
    order.sort_by(|a, b| strengths[*b].value.total_cmp(&strengths[*a].value));
    let of_model = |at: usize| {
        let (wins, losses, ties) = record(items, |game| (game.first == at, game.second == at));
        let s = strengths[at];
        let strength =
            Interval { value: elo::of_strength(s.value), low: elo::of_strength(s.low), high: elo::of_strength(s.high) };
        let (eval_id, name) = models[at].clone();
        Ranked { eval_id, name, strength, elo: ratings[at], wins, losses, ties }
    };
    let ranking = Ranking {
        items: items.len() as u64,
        models: order.iter().map(|at| of_model(*at)).collect(),
        pairs: pairs(items, &order),
        penalised: fit.penalised,
        tie: fit.tie,
    };
    Some(ranking)
}

/// Wins, losses and ties of a side; `is` says of a game whether its first and its second model are meant.
fn record(items: &[Item], is: impl Fn(&Game) -> (bool, bool)) -> (u64, u64, u64) {
    let (mut wins, mut losses, mut ties) = (0, 0, 0);
    for game in items {
        match (is(game), game.winner) {
            ((true, _), Winner::First) | ((_, true), Winner::Second) => wins += 1,
            ((true, _), Winner::Second) | ((_, true), Winner::First) => losses += 1,
            ((true, _) | (_, true), Winner::Tie) => ties += 1,
            ((false, false), _) => {}
        }
    }
    (wins, losses, ties)
}

fn pairs(items: &[Item], order: &[usize]) -> Vec<Pair> {
    let mut found = Vec::new();
    for (first, a) in order.iter().enumerate() {
        for (second, b) in order.iter().enumerate().skip(first + 1) {
            let met: Vec<Item> =
                items.iter().copied().filter(|g| [(*a, *b), (*b, *a)].contains(&(g.first, g.second))).collect();
            if met.is_empty() {
                continue;
            }
            let (wins, losses, ties) = record(&met, |game| (game.first == *a, game.second == *a));
            let share = wilson(wins, wins + losses, z_95());
            found.push(Pair {
                first: first as u32,
                second: second as u32,
                wins,
                losses,
                ties,
                share: share.map(|s| Interval { value: s.value, low: s.low, high: s.high }),
                p_value: Discordant { only_first_right: wins, only_second_right: losses }.exact_p_value(),
                adjusted: 1.0,
                verdict: Verdict::NoEvidence,
            });
        }
    }
    let adjusted = holm(&found.iter().map(|pair| pair.p_value).collect::<Vec<_>>());
    for (pair, adjusted) in found.iter_mut().zip(adjusted) {
        pair.adjusted = adjusted;
        pair.verdict = match adjusted < LEVEL {
            true if pair.wins > pair.losses => Verdict::Better,
            true => Verdict::Worse,
            false => Verdict::NoEvidence,
        };
    }
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn models(n: usize) -> Vec<(EvalId, String)> {
        (0..n).map(|i| (EvalId::new(), format!("m{i}"))).collect()
    }

    fn games(first: usize, second: usize, (wins, losses, ties): (usize, usize, usize)) -> Vec<Game> {
        let of = |winner: Winner, n: usize| std::iter::repeat_n(Game { first, second, winner }, n);
        of(Winner::First, wins).chain(of(Winner::Second, losses)).chain(of(Winner::Tie, ties)).collect()
    }

    /// Each item of a sample of its own.
    fn apart(items: &[Game]) -> Vec<Vec<Game>> {
        items.iter().map(|game| vec![*game]).collect()
    }

    #[test]
    fn pairs_of_one_sample_are_drawn_together() {
        let items = [games(0, 1, (30, 15, 0)), games(0, 1, (15, 30, 0)), games(0, 1, (30, 15, 0))].concat();
        // The same games, nine samples that say the same thing fifteen times each.
        let together: Vec<Vec<Game>> = items.chunks(15).map(<[Game]>::to_vec).collect();
        let width = |samples: &[Vec<Game>]| {
            let strength = ranked(&models(2), samples).unwrap().models[0].strength;
            strength.high - strength.low
        };
        assert!(width(&together) > 2.0 * width(&apart(&items)));
    }

    #[test]
    fn the_strongest_stands_first_with_what_may_be_said() {
        // Model 2 beats model 0 clearly; model 1 lies between them.
        let items = [games(0, 2, (4, 26, 5)), games(0, 1, (10, 14, 4)), games(2, 1, (15, 9, 2))].concat();
        let models = models(3);
        let found = ranked(&models, &apart(&items)).unwrap();
        let names: Vec<&str> = found.models.iter().map(|m| m.name.as_str()).collect();
        assert_eq!((names, found.items, found.penalised), (vec!["m2", "m1", "m0"], 89, false));
        assert!(found.tie > 0.0 && found.models[0].elo > found.models[2].elo);
        assert!(found.models[0].strength.low > found.models[2].strength.high, "{found:?}");
        assert_eq!((found.models[0].wins, found.models[0].losses, found.models[0].ties), (41, 13, 7));
        let verdicts: Vec<_> = found.pairs.iter().map(|p| (p.first, p.second, p.wins, p.verdict)).collect();
        let none = Verdict::NoEvidence;
        assert_eq!(verdicts, [(0, 1, 15, none), (0, 2, 26, Verdict::Better), (1, 2, 14, none)]);
        assert!(found.pairs.iter().all(|p| p.adjusted >= p.p_value));
    }

    #[test]
    fn models_that_never_met_have_no_ranking() {
        assert_eq!(ranked(&models(3), &apart(&games(0, 1, (3, 2, 0)))), None);
        assert_eq!(ranked(&models(2), &[]), None);
        let swept = ranked(&models(2), &apart(&games(0, 1, (8, 0, 0)))).unwrap();
        assert!(swept.penalised && swept.models[0].strength.value.is_finite());
    }
}
