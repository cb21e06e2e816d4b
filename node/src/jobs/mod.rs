//! Work that goes on without a request: the node that leads does it, in bounded steps.

mod checkpoints;
mod deletions;
mod group_remains;

use std::sync::Arc;
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGauge, Opts};
use raft_store_core::{Request, Store, StoreError};
use tokio_util::sync::CancellationToken;
use woad_http::Services;
use woad_http::services::Random;

use crate::store::Member;

/// How often the leader looks for work. Nothing waits for it: what is deleted is gone before its remains are.
const EVERY: Duration = Duration::from_secs(2);

/// What jobs tell of themselves.
#[derive(Clone, Debug)]
pub struct JobMetrics {
    steps: IntCounterVec,
    pending_deletions: IntGauge,
}

impl JobMetrics {
    /// Nothing was done yet.
    ///
    /// # Errors
    /// Never with names that are constants; the type is the registry's.
    pub fn new() -> prometheus::Result<Self> {
        let steps = Opts::new("woad_job_steps_total", "Steps of jobs that this node took as the leader, by outcome.");
        let steps = IntCounterVec::new(steps, &["job", "outcome"])?;
        for outcome in ["done", "failed"] {
            for job in [deletions::NAME, group_remains::NAME, checkpoints::NAME] {
                steps.with_label_values(&[job, outcome]);
            }
        }
        let pending_deletions = IntGauge::new(
            "woad_user_deletions_pending",
            "Deleted people whose remains are not all removed yet; counted by the leader, 0 elsewhere.",
        )?;
        Ok(Self { steps, pending_deletions })
    }

    /// What is to be registered.
    #[must_use]
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![Box::new(self.steps.clone()), Box::new(self.pending_deletions.clone())]
    }

    fn step(&self, job: &str, outcome: &Result<(), StoreError>) {
        self.steps.with_label_values(&[job, if outcome.is_ok() { "done" } else { "failed" }]).inc();
    }
}

/// What a job stands on.
struct Work {
    store: Store,
    random: Arc<dyn Random>,
    metrics: JobMetrics,
    stop: CancellationToken,
}

impl Work {
    fn request(job: &str) -> Request {
        Request::new(format!("job:{job}"))
    }
}

/// Runs all jobs until told to stop. Two nodes that both believe to lead do no harm: every step is a transaction.
pub async fn run(services: Services, member: Arc<dyn Member>, metrics: JobMetrics, stop: CancellationToken) {
    let own = member.control().status().node.0;
    let work = Work { store: services.store, random: services.random, metrics, stop: stop.clone() };
    while tokio::time::timeout(EVERY, stop.cancelled()).await.is_err() {
        if member.health().leader == Some(own) {
            deletions::run(&work).await;
            group_remains::run(&work).await;
            checkpoints::run(&work).await;
        } else {
            work.metrics.pending_deletions.set(0);
        }
    }
}
