//! Early stopping (Prechelt 1998): when the validation loss has not fallen for a number of validations in a row,
//! more steps only fit the training data.

use domain::recipe::Evaluation;
use serde::{Deserialize, Serialize};

/// How long the validation loss has not fallen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Patience {
    /// The loss that the next must be below.
    lowest: Option<f64>,
    /// Validations since then.
    in_vain: u32,
}

impl Patience {
    /// Takes note of a validation loss.
    pub fn observe(&mut self, loss: f64, settings: &Evaluation) {
        if self.lowest.is_none_or(|lowest| loss < lowest - settings.min_delta) {
            *self = Self { lowest: Some(loss), in_vain: 0 };
        } else {
            self.in_vain += 1;
        }
    }

    /// Whether the recipe says to stop now.
    #[must_use]
    pub fn is_exhausted(&self, settings: &Evaluation) -> bool {
        settings.patience > 0 && self.in_vain >= settings.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stops_after(losses: &[f64], patience: u32, min_delta: f64) -> Option<usize> {
        let settings = Evaluation { patience, min_delta, ..Evaluation::default() };
        let mut state = Patience::default();
        losses.iter().position(|loss| {
            state.observe(*loss, &settings);
            state.is_exhausted(&settings)
        })
    }

    #[test]
    fn stops_when_nothing_was_gained_for_long_enough() {
        let losses = [3.0, 2.0, 2.1, 1.9, 1.95, 1.89, 1.9, 1.9];
        assert_eq!(stops_after(&losses, 2, 0.0), Some(7));
        assert_eq!(stops_after(&losses, 2, 0.15), Some(3), "too little is nothing");
        assert_eq!(stops_after(&losses, 3, 0.0), None);
        assert_eq!(stops_after(&losses, 0, 0.0), None, "0 never stops");
    }
}
