//! Where values lie between the ends of an axis, and which of them are named.

/// Named values of a linear axis, at most.
const TICKS: f64 = 6.0;

/// From zero, with equal steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Linear {
    step: f64,
    end: f64,
}

impl Linear {
    /// An axis that holds everything up to `most`.
    pub(super) fn up_to(most: f64) -> Self {
        let least = most.max(1.0) / TICKS;
        let decade = 10_f64.powf(least.log10().floor());
        let step = [1.0, 2.0, 5.0].map(|each| each * decade).into_iter().find(|step| *step >= least);
        let step = step.unwrap_or(10.0 * decade);
        Self { step, end: (most / step).ceil().max(1.0) * step }
    }

    pub(super) fn ticks(self) -> Vec<f64> {
        std::iter::successors(Some(0.0), |at| Some(at + self.step))
            .take_while(|at| *at < self.end + self.step / 2.0)
            .collect()
    }

    /// The share of the axis up to a value.
    pub(super) fn share(self, value: f64) -> f64 {
        value / self.end
    }
}

/// Equal distances for equal ratios.
#[derive(Clone, Copy, Debug)]
pub(super) struct Logarithmic {
    start: f64,
    end: f64,
}

impl Logarithmic {
    /// An axis that holds everything between.
    pub(super) fn between(least: f64, most: f64) -> Self {
        Self { start: step_below(least), end: step_above(most) }
    }

    pub(super) fn ticks(self) -> Vec<f64> {
        let all = steps();
        all.filter(|at| *at > self.start * 0.99 && *at < self.end * 1.01).collect()
    }

    pub(super) fn share(self, value: f64) -> f64 {
        (value / self.start).ln() / (self.end / self.start).ln()
    }
}

fn steps() -> impl DoubleEndedIterator<Item = f64> {
    (-4..6).flat_map(|decade| [1.0, 2.0, 5.0].map(|each| each * 10_f64.powi(decade)))
}

fn step_below(value: f64) -> f64 {
    steps().rev().find(|step| *step <= value).unwrap_or(1e-4)
}

fn step_above(value: f64) -> f64 {
    steps().find(|step| *step >= value).unwrap_or(1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_hold_all_values_and_name_round_ones() {
        let axis = Linear::up_to(8_700.0);
        assert_eq!(axis.ticks(), [0.0, 2_000.0, 4_000.0, 6_000.0, 8_000.0, 10_000.0]);
        assert!((axis.share(5_000.0) - 0.5).abs() < 1e-9);
        let axis = Logarithmic::between(0.3, 40.0);
        assert_eq!(axis.ticks(), [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0]);
        assert!(axis.share(0.2).abs() < 1e-9 && (axis.share(50.0) - 1.0).abs() < 1e-9);
    }
}
