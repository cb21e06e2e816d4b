//! Writes what this node has refused into the audit chains, one event a chain and interval (store.md 24).

use std::sync::Arc;
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{IntCounter, IntCounterVec, Opts};
use raft_store_core::{Request, StoreError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use woad_http::Services;
use woad_identity::refusal::{self, RefusalKind, Run};

use crate::store::Member;

/// Between two batches: what a crash can lose of this node's refusals, and at most so many entries of each realm.
pub(crate) const EVERY: Duration = Duration::from_secs(10);
/// What a stop waits for the last batches.
const AT_STOP: Duration = Duration::from_millis(200);

/// What is told of refusals.
#[derive(Clone, Debug)]
pub struct RefusalMetrics {
    events: IntCounterVec,
    batches: IntCounter,
}

impl RefusalMetrics {
    /// Nothing was refused yet.
    ///
    /// # Errors
    /// Never with names that are constants; the type is the registry's.
    pub fn new() -> prometheus::Result<Self> {
        let events = Opts::new(
            "woad_refusals_total",
            "Refused operations: noted for the audit chains, recorded in them, or dropped for want of room.",
        );
        let events = IntCounterVec::new(events, &["fate"])?;
        for fate in ["noted", "recorded", "dropped"] {
            events.with_label_values(&[fate]);
        }
        let batches = IntCounter::new(
            "woad_refusal_batches_total",
            "Events by which this node has recorded refused operations.",
        )?;
        Ok(Self { events, batches })
    }

    /// What is to be registered.
    #[must_use]
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![Box::new(self.events.clone()), Box::new(self.batches.clone())]
    }

    fn raise(&self, fate: &str, to: u64) {
        let counter = self.events.with_label_values(&[fate]);
        counter.inc_by(to.saturating_sub(counter.get()));
    }
}

/// The task that writes them.
pub(crate) struct Recording {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

struct Recorder {
    services: Services,
    member: Arc<dyn Member>,
    metrics: RefusalMetrics,
    run: Run,
}

impl Recording {
    /// Starts it.
    pub(crate) fn start(services: Services, member: Arc<dyn Member>, metrics: RefusalMetrics) -> Self {
        Self::start_every(EVERY, services, member, metrics)
    }

    fn start_every(every: Duration, services: Services, member: Arc<dyn Member>, metrics: RefusalMetrics) -> Self {
        let stop = CancellationToken::new();
        let node = member.control().status().node.0;
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let Ok(id) = services.random() else { return tracing::error!("no randomness to name this run by") };
            let recorder = Recorder { services, member, metrics, run: Run { node, id } };
            while tokio::time::timeout(every, stopped.cancelled()).await.is_err() {
                recorder.write(false).await;
            }
            if tokio::time::timeout(AT_STOP, recorder.write(true)).await.is_err() {
                tracing::warn!("the last refused operations could not be recorded in time");
            }
        });
        Self { stop, task }
    }

    /// Writes what is left, and that it is the last.
    pub(crate) async fn finished(self) {
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::error!("the recording of refused operations ended by a panic");
        }
    }
}

impl Recorder {
    async fn write(&self, last: bool) {
        let refusals = &self.services.refusals;
        for peer in self.member.control().take_refused_peers() {
            refusals.note_times(None, RefusalKind::Peer, peer.kind, peer.from, peer.count);
        }
        for (chain, batch) in refusals.take(last) {
            let request = Request::new("refusals");
            let run = &self.run;
            let done = self.services.store.transact(&request, |tx| refusal::write(tx, run, &chain, &batch)).await;
            match done {
                Ok(_) => {
                    refusals.written(&chain, batch.number);
                    self.metrics.events.with_label_values(&["recorded"]).inc_by(batch.total());
                    self.metrics.batches.inc();
                }
                Err(StoreError::TooLarge) => {
                    tracing::error!(chain = chain.name(), "a batch of refused operations is too large");
                    refusals.give_up(&chain, &batch);
                }
                Err(error) => {
                    tracing::warn!(%error, chain = chain.name(), "refused operations were not recorded yet");
                    break;
                }
            }
        }
        let (noted, dropped) = refusals.totals();
        self.metrics.raise("noted", noted);
        self.metrics.raise("dropped", dropped);
    }
}

#[cfg(test)]
mod tests {
    use raft_store_core::Freshness;
    use woad_identity::RealmId;

    use super::*;
    use crate::store::Presence;
    use crate::store::memory::MemoryOpener;

    #[tokio::test]
    async fn a_flood_of_refusals_is_one_event_an_interval_and_the_stop_says_it_is_the_last() {
        const INTERVAL: Duration = Duration::from_millis(200);
        const TIMES: u32 = 10_000;
        let opener = MemoryOpener::new(Presence::Member);
        let member: Arc<dyn Member> = opener.member();
        let http = woad_http::Metrics::register(&prometheus::Registry::new()).unwrap();
        let services = Services::new(member.store(), http);
        let metrics = RefusalMetrics::new().unwrap();
        let recording = Recording::start_every(INTERVAL, services.clone(), member, metrics.clone());
        let realm = RealmId::parse("vo").unwrap();
        let since = std::time::Instant::now();
        let mut noted = 0;
        while metrics.batches.get() < 3 {
            for at in 0..TIMES {
                let address = Some(std::net::IpAddr::from(at.to_be_bytes()));
                services.refusals.note(Some(&realm), RefusalKind::SignIn, "", address);
            }
            noted += u64::from(TIMES);
            tokio::time::sleep(Duration::from_millis(20)).await;
            let intervals = since.elapsed().as_millis() / INTERVAL.as_millis();
            assert!(u128::from(metrics.batches.get()) <= intervals + 1, "Raft carries one entry an interval");
        }
        recording.finished().await;
        assert_eq!(metrics.events.with_label_values(&["recorded"]).get(), noted, "none is lost");
        let request = Request::new("test");
        let events = services.store.view(&request, Freshness::Local, |view| view.audit_events("vo", 1, 100));
        let events = events.await.unwrap().answer;
        assert_eq!(events.len() as u64, metrics.batches.get());
        let bodies: Vec<serde_json::Value> =
            events.iter().map(|event| serde_json::from_slice(&event.body).unwrap()).collect();
        let of = |field: &str| bodies.iter().map(|body| body["changes"][field].clone()).collect::<Vec<_>>();
        assert_eq!(of("number"), (1..=bodies.len()).map(serde_json::Value::from).collect::<Vec<_>>(), "no gap");
        assert_eq!(of("last").iter().filter(|last| **last == true).count(), 1);
        assert_eq!(of("last").last().unwrap(), &true);
    }
}
