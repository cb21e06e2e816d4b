//! Letting in less while memory is short.

use std::sync::Arc;
use std::time::Duration;

use prometheus::IntGauge;
use prometheus::core::Collector;
use woad_http::Load;

use super::memory_used;

/// How often memory is looked at.
pub const PERIOD: Duration = Duration::from_millis(200);
/// Up to this share of the memory everything configured is let in…
pub const SOFT_PERCENT: u64 = 70;
/// … and from this one on only the least.
pub const HARD_PERCENT: u64 = 90;

/// What is told of memory.
#[derive(Clone, Debug)]
pub struct MemoryMetrics {
    limit: IntGauge,
    used: IntGauge,
}

impl MemoryMetrics {
    /// All at zero.
    ///
    /// # Errors
    /// Never with names that are constants; the type is the registry's.
    pub fn new() -> prometheus::Result<Self> {
        let limit = IntGauge::new("woad_memory_limit_bytes", "Memory that this process may use.")?;
        let used = IntGauge::new("woad_memory_used_bytes", "Memory of its own that this process uses.")?;
        Ok(Self { limit, used })
    }

    /// For a registry.
    #[must_use]
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![Box::new(self.limit.clone()), Box::new(self.used.clone())]
    }
}

/// How much is let in, of a thousand.
fn given(used: u64, limit: u64) -> u64 {
    let (soft, hard) = (limit / 100 * SOFT_PERCENT, limit / 100 * HARD_PERCENT);
    (hard.saturating_sub(used)).saturating_mul(1000) / (hard - soft).max(1)
}

/// Looks at memory until it is dropped.
pub async fn watch(load: Arc<Load>, limit: u64, metrics: MemoryMetrics) {
    metrics.limit.set(i64::try_from(limit).unwrap_or(i64::MAX));
    let mut ticks = tokio::time::interval(PERIOD);
    let mut short = false;
    loop {
        ticks.tick().await;
        let Some(used) = memory_used() else { return };
        metrics.used.set(i64::try_from(used).unwrap_or(i64::MAX));
        let given = given(used, limit);
        load.give(usize::try_from(given).unwrap_or(usize::MAX));
        if short != (given < 1000) {
            short = !short;
            if short {
                tracing::warn!(used, limit, "memory is short: fewer requests are let in");
            } else {
                tracing::info!(used, limit, "memory suffices again");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::given;

    #[test]
    fn less_is_let_in_the_less_memory_there_is() {
        for (used, expected) in [(0, 2000..=u64::MAX), (70, 1000..=1000), (80, 500..=500), (90, 0..=0), (200, 0..=0)] {
            let given = given(used * 1_000_000, 100_000_000);
            assert!(expected.contains(&given), "{used}: {given}");
        }
    }
}
