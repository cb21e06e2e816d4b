//! What a door tells of itself.

use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGauge, Opts};

/// Connections of one kind of listener.
#[derive(Clone, Debug)]
pub struct DoorMetrics {
    pub(crate) open: IntGauge,
    pub(crate) accepted: prometheus::IntCounter,
    pub(crate) refused: IntCounterVec,
    pub(crate) closed: IntCounterVec,
}

/// Why a connection was not let in.
pub(crate) const REFUSALS: [&str; 3] = ["source", "full", "system"];
/// Why one was closed from this side.
pub(crate) const CLOSURES: [&str; 5] = ["fresh", "idle", "slow", "handshake", "flood"];

impl DoorMetrics {
    /// Of the listeners of that name, all at zero.
    ///
    /// # Errors
    /// Never with names that are constants; the type is the registry's.
    pub fn new(listener: &str) -> prometheus::Result<Self> {
        let named = |name: &str, help: &str| Opts::new(name, help).const_label("listener", listener);
        let open = IntGauge::with_opts(named("woad_connections_open", "Connections that are open, by listener."))?;
        let accepted = prometheus::IntCounter::with_opts(named(
            "woad_connections_accepted_total",
            "Connections that were let in, by listener.",
        ))?;
        let help = "Connections that were not let in, by listener and reason: `source`, its address has as many as it \
                    may; `full`, all places are busy; `system`, no file descriptor or memory.";
        let refused = IntCounterVec::new(named("woad_connections_refused_total", help), &["reason"])?;
        let help = "Connections that were closed from here, by listener and reason: `fresh` or `idle`, for another; \
                    `slow`, a head, body or answer took too long; `handshake`, TLS did; `flood`, too many frames that \
                    carry nothing.";
        let closed = IntCounterVec::new(named("woad_connections_closed_total", help), &["reason"])?;
        for reason in REFUSALS {
            refused.with_label_values(&[reason]);
        }
        for reason in CLOSURES {
            closed.with_label_values(&[reason]);
        }
        Ok(Self { open, accepted, refused, closed })
    }

    /// The system had no file descriptor or no memory for a connection.
    pub fn system_refused(&self) {
        self.refused.with_label_values(&["system"]).inc();
    }

    /// A head, a body or an answer took too long.
    pub fn slow(&self) {
        self.closed.with_label_values(&["slow"]).inc();
    }

    /// A handshake took too long.
    pub fn slow_handshake(&self) {
        self.closed.with_label_values(&["handshake"]).inc();
    }

    /// Frames came that only cost.
    pub fn flooded(&self) {
        self.closed.with_label_values(&["flood"]).inc();
    }

    /// For a registry.
    #[must_use]
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.open.clone()),
            Box::new(self.accepted.clone()),
            Box::new(self.refused.clone()),
            Box::new(self.closed.clone()),
        ]
    }
}
