//! What a node does for agreement by itself: begins rounds, answers them, and leaves service when it must.

use std::sync::Arc;
use std::time::Duration;

use raft_store_core::agreement::{Agreement, AgreementStatus, EVERY_MS, Finding, Standing, standing};
use raft_store_core::cluster::ClusterError;
use raft_store_core::{Outcome, Request, Revision, Store, View};
use tokio_util::sync::CancellationToken;

use super::{AgreementMetrics, Hashed, begin, look, rows};
use crate::cluster::Cluster;

/// Between two looks at the newest round.
const LOOK: Duration = Duration::from_millis(250);
/// Between two tries to write an answer or to begin a round.
const AGAIN: Duration = Duration::from_secs(2);

/// See the module's documentation.
pub(crate) struct Agreeing {
    pub(crate) cluster: Arc<Cluster>,
    /// Serves this node's own duties even when it has left service.
    pub(crate) inside: Store,
    pub(crate) metrics: AgreementMetrics,
    pub(crate) stop: CancellationToken,
}

/// Asks every member to hash. Says at which index.
pub(crate) async fn ask(
    cluster: &Cluster,
    store: &Store,
    cx: &Request,
    reason: &str,
) -> Result<Revision, ClusterError> {
    let voters = cluster.voters();
    let mut learners: Vec<u64> = cluster.members().into_iter().map(|(node, _)| node).collect();
    learners.retain(|node| !voters.contains(node));
    let asked = store.transact(cx, |tx| {
        Ok(match begin(tx, reason, &voters, &learners)? {
            None => Outcome::Commit(None),
            joined => Outcome::Answer(joined),
        })
    });
    let done = asked.await?;
    Ok(done.answer.unwrap_or(done.revision))
}

impl Agreeing {
    /// Starts; ends when cancelled.
    pub(crate) fn start(self) {
        if self.cluster.quarantine.has_left() {
            self.cluster.raft.runtime_config().elect(false);
        }
        let this = Arc::new(self);
        let (answering, beginning) = (Arc::clone(&this), Arc::clone(&this));
        tokio::spawn(async move { answering.answer().await });
        tokio::spawn(async move { beginning.begin().await });
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(LOOK);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = this.stop.cancelled() => return,
                    _ = ticks.tick() => this.look().await,
                }
            }
        });
    }

    /// Begins a round every hour as the leader, and one after a snapshot was installed here.
    async fn begin(&self) {
        let started = self.cluster.env.boot();
        let mut installed = self.cluster.shared.stats.snapshots_installed.get();
        while tokio::time::timeout(AGAIN, self.stop.cancelled()).await.is_err() {
            let installs = self.cluster.shared.stats.snapshots_installed.get();
            let reason = if installs > installed {
                format!("node {} installed a snapshot", self.cluster.node)
            } else if self.cluster.raft.as_leader().is_ok() && self.hourly_is_due(started) {
                "hourly".to_owned()
            } else {
                continue;
            };
            match ask(&self.cluster, &self.inside, &Request::new("agreement"), &reason).await {
                Ok(_) => installed = installs,
                Err(error) => tracing::warn!(%error, "a comparison of the replicas was not begun"),
            }
        }
    }

    /// Until there has been a round, the hour counts from this process's start.
    fn hourly_is_due(&self, started: Duration) -> bool {
        let every = Duration::from_millis(EVERY_MS);
        match self.seen() {
            Some(AgreementStatus { round: Some(round), .. }) => {
                self.cluster.shared.clock.now() >= round.began.plus_ms(EVERY_MS)
            }
            _ => self.cluster.env.boot().saturating_sub(started) >= every,
        }
    }

    /// Writes what the hasher has found, until it is written or its round is over.
    async fn answer(&self) {
        let Some(mut found) = self.cluster.shared.hasher.found.lock().take() else { return };
        loop {
            let hashed = tokio::select! {
                () = self.stop.cancelled() => return,
                hashed = found.recv() => hashed,
            };
            let Some(hashed) = hashed else { return };
            self.metrics.seconds.set(hashed.took.as_secs_f64());
            let told = self.tell(&hashed);
            if let Finding::Unreadable(why) = &hashed.found {
                tracing::error!(index = hashed.index.0, %why, "this node's state cannot be read");
                // Whether the others learn of it or not.
                drop(tokio::time::timeout(Duration::from_secs(10), told).await);
                self.leave(&format!("its state cannot be read: {why}")).await;
            } else {
                told.await;
            }
        }
    }

    async fn tell(&self, hashed: &Hashed) {
        let node = self.cluster.node;
        loop {
            let request = Request::new("agreement");
            let told = self.inside.transact(&request, |tx| {
                let news = rows::answer(tx, node, hashed)?;
                Ok(if news { Outcome::Commit(()) } else { Outcome::Answer(()) })
            });
            match told.await {
                Ok(_) => return,
                Err(error) => tracing::warn!(%error, "this node's answer to a comparison was not written"),
            }
            if tokio::time::timeout(AGAIN, self.stop.cancelled()).await.is_ok() {
                return;
            }
        }
    }

    fn seen(&self) -> Option<AgreementStatus> {
        self.cluster.agreement_seen()
    }

    /// Follows the newest round: metrics, whom not to elect, and whether to leave.
    async fn look(&self) {
        self.metrics.quarantined.set(i64::from(self.cluster.quarantine.has_left()));
        let Some(seen) = self.seen() else { return };
        self.metrics.verified_index.set(i64::try_from(seen.verified.0).unwrap_or(i64::MAX));
        self.metrics.verified_time.set(Duration::from_millis(seen.verified.1.0).as_secs_f64());
        let Some(round) = seen.round else { return };
        let bad = matches!(round.agreement, Agreement::Minority | Agreement::NoMajority);
        if bad && self.metrics.mismatch.get() == 0 {
            tracing::error!(index = round.index, agreement = round.agreement.name(), "the replicas differ");
        }
        self.metrics.mismatch.set(i64::from(bad));
        let wrong = round
            .asked
            .iter()
            .filter(|node| matches!(standing(node, &round.asked), Standing::Differs | Standing::Damaged));
        self.cluster.quarantine.note_wrong(wrong.map(|node| node.node.0).collect());
        let own = round.asked.iter().find(|node| node.node.0 == self.cluster.node);
        if own.is_some_and(|own| standing(own, &round.asked) == Standing::Differs) {
            let why = format!("at index {} its state differs from that of a majority", round.index);
            self.leave(&why).await;
        }
    }

    /// Leaves service; as the leader, once another leads.
    async fn leave(&self, reason: &str) {
        let cluster = &self.cluster;
        while !cluster.quarantine.has_left() && !self.stop.is_cancelled() {
            let others = cluster.voters().iter().any(|voter| *voter != cluster.node);
            if cluster.raft.as_leader().is_err() || !others {
                cluster.raft.runtime_config().elect(false);
                let (shared, quarantine) = (Arc::clone(&cluster.shared), Arc::clone(&cluster.quarantine));
                let reason = reason.to_owned();
                let left = cluster.env.blocking(move || quarantine.leave(&shared.database, &reason));
                drop(left.await);
                self.metrics.quarantined.set(1);
                return;
            }
            tracing::error!(%reason, "leadership is given away");
            if let Err(status) = cluster.transfer_as_leader(0).await {
                tracing::error!(%status, "leadership could not be given away; it is tried again");
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

impl Cluster {
    /// What this replica's own state says of agreement.
    pub(crate) fn agreement_seen(&self) -> Option<AgreementStatus> {
        let kv = self.shared.view().ok()?;
        let view = View::open(&kv, &*self.sealer, self.shared.clock.now()).ok()?;
        let mut seen = look(&view).ok()?;
        seen.left = self.quarantine.reason();
        Some(seen)
    }
}
