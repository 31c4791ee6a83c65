//! Elo's ratings (Elo, The Rating of Chessplayers, Past and Present, 1978): after each game a rating moves by K times what was
//! scored above expectation. They depend on the order of the games, so they are averaged over random orders.

use super::{
    bootstrap::SplitMix64,
    bradley_terry::{Game, Winner},
};

/// Where all ratings begin.
pub const START: f64 = 1500.0;

/// The score that a player with `own` rating expects against `other`: 1 / (1 + 10^((other − own) / 400)).
#[must_use]
pub fn expected(own: f64, other: f64) -> f64 {
    1.0 / (1.0 + 10_f64.powf((other - own) / 400.0))
}

/// Ratings after all games, in the mean of `orders` random orders of them. Their mean over models stays [`START`].
#[must_use]
pub fn ratings(models: usize, games: &[Game], k: f64, orders: u32, seed: u64) -> Vec<f64> {
    let mut random = SplitMix64::new(seed);
    let mut places: Vec<usize> = (0..games.len()).collect();
    let mut sums = vec![0.0; models];
    for _ in 0..orders.max(1) {
        // Fisher and Yates.
        for last in (1..places.len()).rev() {
            places.swap(last, random.below(last + 1));
        }
        let mut now = vec![START; models];
        for place in &places {
            play(&mut now, games[*place], k);
        }
        sums.iter_mut().zip(now).for_each(|(sum, rating)| *sum += rating);
    }
    sums.into_iter().map(|sum| sum / f64::from(orders.max(1))).collect()
}

fn play(ratings: &mut [f64], game: Game, k: f64) {
    let scored = match game.winner {
        Winner::First => 1.0,
        Winner::Second => 0.0,
        Winner::Tie => 0.5,
    };
    let moved = k * (scored - expected(ratings[game.first], ratings[game.second]));
    ratings[game.first] += moved;
    ratings[game.second] -= moved;
}

/// A Bradley-Terry log strength on Elo's scale: 400 / ln 10 a unit, about [`START`].
#[must_use]
pub fn of_strength(strength: f64) -> f64 {
    START + strength * 400.0 / std::f64::consts::LN_10
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that is usually given: 1613 against 1609, 1477, 1388, 1586 and 1720 expects 0.506, 0.686, 0.785, 0.539 and
    /// 0.351, in sum 2.867; with 2.5 points and K = 32 the rating becomes 1601.
    #[test]
    fn the_usual_example() {
        let others = [1609.0, 1477.0, 1388.0, 1586.0, 1720.0];
        let found = others.map(|other| (expected(1613.0, other) * 1000.0).round() / 1000.0);
        assert_eq!(found, [0.506, 0.686, 0.785, 0.539, 0.351]);
        let sum: f64 = others.iter().map(|other| expected(1613.0, *other)).sum();
        assert_eq!((1613.0 + 32.0 * (2.5 - sum)).round(), 1601.0);
    }

    #[test]
    fn the_better_one_rises_and_the_sum_stays() {
        let games: Vec<Game> = (0..40)
            .map(|i| Game { first: 0, second: 1, winner: if i % 4 == 0 { Winner::Second } else { Winner::First } })
            .collect();
        let found = ratings(2, &games, 16.0, 50, 7);
        assert!(found[0] > START && (found[0] + found[1] - 2.0 * START).abs() < 1e-9, "{found:?}");
        assert_eq!(found, ratings(2, &games, 16.0, 50, 7), "the same seed");
        assert_eq!(ratings(3, &[], 16.0, 0, 7), [START; 3]);
    }

    /// 400 points apart is ten to one, in both.
    #[test]
    fn a_strength_has_its_place_on_the_scale() {
        let (strong, weak) = (of_strength(10_f64.ln() / 2.0), of_strength(-10_f64.ln() / 2.0));
        assert!((strong - weak - 400.0).abs() < 1e-9 && (expected(strong, weak) - 10.0 / 11.0).abs() < 1e-12);
    }
}
