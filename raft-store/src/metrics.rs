//! What the store measures, for Prometheus.

mod collector;
mod described;

pub(crate) use collector::Source;
pub use collector::StoreCollector;
pub use described::{StoreMetrics, described};

use prometheus::{IntCounterVec, Opts};

/// Failed calls by peer and kind.
pub struct PeerFailures(IntCounterVec);

impl PeerFailures {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let opts = Opts::new("woad_rpc_failures_total", "Calls to peers that failed, by peer and kind.");
        IntCounterVec::new(opts, &["peer", "kind"]).map(Self)
    }

    pub(crate) fn count(&self, peer: u64, kind: &str) {
        self.0.with_label_values(&[&peer.to_string(), kind]).inc();
    }

    pub(crate) fn collector(&self) -> Box<dyn prometheus::core::Collector> {
        Box::new(self.0.clone())
    }
}
