//! How long nothing was acknowledged.

use std::time::{Duration, Instant};

/// The longest time between two neighbouring acknowledgements, the window's ends among them.
pub(crate) fn longest(acknowledged: &[Instant], from: Instant, to: Instant) -> Duration {
    let mut moments: Vec<Instant> = acknowledged.iter().copied().filter(|at| (from..to).contains(at)).collect();
    moments.push(to);
    moments.sort_unstable();
    let mut last = from;
    let mut longest = Duration::ZERO;
    for at in moments {
        longest = longest.max(at.saturating_duration_since(last));
        last = at;
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_counts_the_ends_too() {
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        let longest =
            |moments: &[u64]| longest(&moments.iter().map(|ms| at(*ms)).collect::<Vec<_>>(), zero, at(100)).as_millis();
        assert_eq!(longest(&[]), 100);
        assert_eq!(longest(&[30, 40, 95]), 55);
        assert_eq!(longest(&[10]), 90);
    }
}
