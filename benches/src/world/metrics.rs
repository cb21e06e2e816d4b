//! A node's `/metrics`, before and after.

use std::collections::HashMap;

/// Values by name; those with labels are summed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics(HashMap<String, f64>);

impl Metrics {
    pub(crate) fn parse(text: &str) -> Self {
        let mut values: HashMap<String, f64> = HashMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            let (Some(name), Ok(value)) = (name.split('{').next(), value.parse::<f64>()) else { continue };
            *values.entry(name.to_owned()).or_default() += value;
        }
        Self(values)
    }

    /// A value, if it is there.
    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// How much a value has grown since; `NaN` if it is not there.
    pub(crate) fn since(&self, before: &Self, name: &str) -> f64 {
        match (self.0.get(name), before.0.get(name)) {
            (Some(now), Some(then)) => now - then,
            _ => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_labels_are_summed() {
        let before = Metrics::parse("# HELP a b\na{x=\"1\"} 1\na{x=\"2\"} 2\nb_sum 0.5\n");
        let after = Metrics::parse("a{x=\"1\"} 5\na{x=\"2\"} 2\nb_sum 2\n");
        assert!((after.since(&before, "a") - 4.0).abs() < 1e-9);
        assert!((after.since(&before, "b_sum") - 1.5).abs() < 1e-9);
        assert!(after.since(&before, "c").is_nan());
    }
}
