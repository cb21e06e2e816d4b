//! What agreement comes to, for metrics.

use prometheus::core::Collector;
use prometheus::{Gauge, IntGauge};

/// As this node knows it.
#[derive(Clone)]
pub(crate) struct AgreementMetrics {
    pub(super) mismatch: IntGauge,
    pub(super) seconds: Gauge,
    pub(super) verified_index: IntGauge,
    pub(super) verified_time: Gauge,
    pub(super) quarantined: IntGauge,
}

impl AgreementMetrics {
    pub(crate) fn new() -> prometheus::Result<Self> {
        Ok(Self {
            mismatch: IntGauge::new(
                "woad_state_hash_mismatch",
                "Whether replicas have been found to differ, or one could not read its state, in the newest comparison.",
            )?,
            seconds: Gauge::new("woad_state_hash_seconds", "How long this node last took to read and hash its state.")?,
            verified_index: IntGauge::new(
                "woad_state_hash_verified_index",
                "The newest index at which the replicas were found equal; 0: none yet.",
            )?,
            verified_time: Gauge::new(
                "woad_state_hash_verified_timestamp_seconds",
                "Cluster time at which that comparison began, Unix seconds; 0: none yet.",
            )?,
            quarantined: IntGauge::new(
                "woad_quarantined",
                "Whether this node has left service for good: its state is wrong or cannot be read.",
            )?,
        })
    }

    pub(crate) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.mismatch.clone()),
            Box::new(self.seconds.clone()),
            Box::new(self.verified_index.clone()),
            Box::new(self.verified_time.clone()),
            Box::new(self.quarantined.clone()),
        ]
    }
}
