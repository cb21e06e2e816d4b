//! Runs of one thing: the one in the middle, how far they lie apart, and how they compare with a peer's.

use super::{Rate, median};

/// In the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates(Vec<Rate>);

impl Rates {
    pub(crate) fn add(&mut self, rate: Rate) {
        self.0.push(rate);
    }

    /// The run in the middle.
    ///
    /// # Errors
    /// Without runs.
    pub(crate) fn middle(&self) -> anyhow::Result<Rate> {
        median(self.0.clone(), |rate| rate.per_second)
    }

    /// The slowest and the fastest, a second.
    pub(crate) fn spread(&self) -> (f64, f64) {
        let each = || self.0.iter().map(|rate| rate.per_second);
        (each().fold(f64::INFINITY, f64::min), each().fold(0.0, f64::max))
    }

    /// These over a peer's that ran in turn with them: the ratio in the middle. What slows the machine down for a while
    /// slows both of a pair.
    ///
    /// # Errors
    /// Without runs.
    pub(crate) fn over(&self, theirs: &Self) -> anyhow::Result<f64> {
        let pairs = self.0.iter().zip(&theirs.0);
        median(pairs.map(|(ours, theirs)| ours.per_second / theirs.per_second).collect(), |ratio| *ratio)
    }
}

impl FromIterator<Rate> for Rates {
    fn from_iter<T: IntoIterator<Item = Rate>>(rates: T) -> Self {
        Self(rates.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn rates(of: &[f64]) -> Rates {
        let rate = |per_second: &f64| Rate { per_second: *per_second, ..Rate::of(&mut [], Duration::from_secs(1)) };
        of.iter().map(rate).collect()
    }

    #[test]
    fn a_ratio_is_taken_of_runs_that_were_made_in_turn() {
        // A machine that was half as fast for the second pair, and for half of the third.
        let (ours, theirs) = (rates(&[300.0, 150.0, 290.0]), rates(&[100.0, 50.0, 50.0]));
        assert!((ours.over(&theirs).unwrap() - 3.0).abs() < 1e-9);
        assert!((ours.middle().unwrap().per_second - 290.0).abs() < 1e-9);
        assert_eq!(ours.spread(), (150.0, 300.0));
        assert!(Rates::default().middle().is_err());
    }
}
