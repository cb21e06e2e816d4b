//! Gauges read at each scrape from Raft, the sync thread, apply and RocksDB.

use openraft::Instant as _;
use openraft::async_runtime::WatchReceiver;
use std::sync::Arc;

use openraft::ServerState;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, GaugeVec, IntGauge, IntGaugeVec, Opts};

use crate::cluster::Cluster;
use crate::origin::Freshness;

/// What a collector reads from.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) freshness: Arc<Freshness>,
}

/// See the module's documentation.
pub struct StoreCollector {
    source: Option<Source>,
    values: IntGaugeVec,
    single: Vec<(&'static str, IntGauge)>,
    seconds: Vec<(&'static str, Gauge)>,
    state: IntGaugeVec,
    lag: IntGaugeVec,
    acks: GaugeVec,
    rocks: IntGaugeVec,
}

/// Plain gauges: name and meaning.
const SINGLE: [(&str, &str); 18] = [
    ("woad_raft_term", "Current term."),
    ("woad_raft_leader_id", "Who leads, as seen here; 0: nobody."),
    ("woad_raft_has_leader", "Whether a leader is known here."),
    ("woad_raft_voters", "Voters in the membership."),
    ("woad_raft_learners", "Learners in the membership."),
    ("woad_raft_last_log_index", "Last index in the log."),
    ("woad_raft_committed_index", "Last index known to be committed."),
    ("woad_raft_applied_index", "Last index applied."),
    ("woad_raft_snapshot_index", "Index of the last snapshot."),
    ("woad_raft_purged_index", "Index up to which the log was purged."),
    ("woad_raft_apply_lag_entries", "Committed entries not applied here."),
    ("woad_freshness_cut_off", "Whether the last confirmation went unanswered."),
    ("woad_outcomes_remembered", "Outcomes kept for resends."),
    ("woad_cluster_level", "The replicated cluster level."),
    ("woad_sealed", "Whether this node lacks the cluster key."),
    (
        "woad_disk_space",
        "Room on the disk of the data folder: 0 ample, 1 past the soft watermark, 2 past the hard one.",
    ),
    ("woad_disk_reserved", "Whether the reserve is on the disk; 0 at the hard watermark."),
    ("woad_fault", "Whether this node serves no more, for good."),
];

/// Durations, in seconds.
const SECONDS: [(&str, &str); 5] = [
    ("woad_raft_quorum_ack_age_seconds", "How long ago a quorum answered this leader; -1: it does not lead."),
    ("woad_freshness_seconds", "Age of this replica's last confirmed read; -1: none since the start."),
    ("woad_clock_offset_seconds", "This node's clock against the voters' median."),
    (
        "woad_cluster_time_held_seconds",
        "How far the voters' median is behind cluster time, which stands still until then.",
    ),
    ("woad_peer_certificate_expiry_seconds", "Time left to this node's peer certificate; negative: expired."),
];

/// RocksDB's integer properties that are shown.
const ROCKS: [(&str, &str); 8] = [
    ("rocksdb.estimate-num-keys", "estimate_num_keys"),
    ("rocksdb.total-sst-files-size", "total_sst_files_bytes"),
    ("rocksdb.cur-size-all-mem-tables", "memtables_bytes"),
    ("rocksdb.actual-delayed-write-rate", "delayed_write_rate"),
    ("rocksdb.is-write-stopped", "write_stopped"),
    ("rocksdb.background-errors", "background_errors"),
    ("rocksdb.num-running-compactions", "running_compactions"),
    ("rocksdb.estimate-pending-compaction-bytes", "pending_compaction_bytes"),
];

impl StoreCollector {
    fn make(source: Option<Source>) -> prometheus::Result<Self> {
        let single = SINGLE
            .iter()
            .map(|(name, help)| IntGauge::new(*name, *help).map(|gauge| (*name, gauge)))
            .collect::<prometheus::Result<_>>()?;
        let seconds = SECONDS
            .iter()
            .map(|(name, help)| Gauge::new(*name, *help).map(|gauge| (*name, gauge)))
            .collect::<prometheus::Result<_>>()?;
        let vector = |name: &str, help: &str, label: &str| IntGaugeVec::new(Opts::new(name, help), &[label]);
        Ok(Self {
            source,
            single,
            seconds,
            values: vector(
                "woad_disk_free_bytes",
                "Free bytes where the data folder is, the reserve not counted.",
                "folder",
            )?,
            state: vector("woad_raft_state", "1 for the state this node is in.", "state")?,
            lag: vector("woad_replication_lag_entries", "Entries a member is behind; only the leader knows.", "peer")?,
            acks: GaugeVec::new(
                Opts::new("woad_peer_last_ack_seconds", "How long ago a member answered; only the leader knows."),
                &["peer"],
            )?,
            rocks: vector("woad_rocksdb", "RocksDB's own figures.", "property")?,
        })
    }

    pub(crate) fn of(source: Source) -> prometheus::Result<Self> {
        Self::make(Some(source))
    }

    /// One that reads from nothing.
    pub(crate) fn detached() -> prometheus::Result<Self> {
        Self::make(None)
    }

    fn set(&self, name: &str, value: impl TryInto<i64>) {
        if let Some((_, gauge)) = self.single.iter().find(|(known, _)| *known == name) {
            gauge.set(value.try_into().unwrap_or(i64::MAX));
        }
    }

    fn set_seconds(&self, name: &str, seconds: f64) {
        if let Some((_, gauge)) = self.seconds.iter().find(|(known, _)| *known == name) {
            gauge.set(seconds);
        }
    }

    fn refresh(&self, source: &Source) {
        let cluster = &source.cluster;
        let metrics = cluster.raft.metrics();
        let metrics = metrics.borrow_watched().clone();
        let index = |id: Option<crate::types::LogId>| id.map_or(0, |id| id.index);
        let voters = cluster.voters();
        self.set("woad_raft_term", metrics.current_term);
        self.set("woad_raft_leader_id", metrics.current_leader.unwrap_or_default());
        self.set("woad_raft_has_leader", i64::from(metrics.current_leader.is_some()));
        self.set("woad_raft_voters", voters.len() as u64);
        self.set("woad_raft_learners", metrics.membership_config.nodes().count().saturating_sub(voters.len()) as u64);
        let last = metrics.last_log_index.unwrap_or_default();
        let applied = index(metrics.last_applied);
        let committed = index(metrics.local_committed);
        self.set("woad_raft_last_log_index", last);
        self.set("woad_raft_committed_index", committed);
        self.set("woad_raft_applied_index", applied);
        self.set("woad_raft_snapshot_index", index(metrics.snapshot));
        self.set("woad_raft_purged_index", index(metrics.purged));
        self.set("woad_raft_apply_lag_entries", committed.saturating_sub(applied));
        let ack =
            metrics.last_quorum_acked.map_or(-1, |at| i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX));
        self.set("woad_raft_quorum_ack_age_milliseconds", ack);
        let age = source.freshness.age().map_or(-1.0, |age| age.as_secs_f64());
        self.set_seconds("woad_freshness_seconds", age);
        self.set("woad_freshness_cut_off", i64::from(source.freshness.is_cut_off()));
        for state in ["leader", "follower", "candidate", "learner"] {
            let is = matches!(
                (state, metrics.state),
                ("leader", ServerState::Leader)
                    | ("follower", ServerState::Follower)
                    | ("candidate", ServerState::Candidate)
                    | ("learner", ServerState::Learner)
            );
            self.state.with_label_values(&[state]).set(i64::from(is));
        }
        self.lag.reset();
        for (peer, matched) in metrics.replication.iter().flatten() {
            let behind = last.saturating_sub(matched.as_ref().map_or(0, |id| id.index));
            self.lag.with_label_values(&[&peer.to_string()]).set(i64::try_from(behind).unwrap_or(i64::MAX));
        }
        self.acks.reset();
        for (peer, at) in metrics.heartbeat.iter().flatten() {
            if let Some(at) = at {
                self.acks.with_label_values(&[&peer.to_string()]).set(at.elapsed().as_secs_f64());
            }
        }
        self.refresh_storage(source);
    }

    fn refresh_storage(&self, source: &Source) {
        let cluster = &source.cluster;
        let (remembered, level) = {
            let progress = cluster.shared.progress.lock();
            (progress.outcomes.len() as u64, progress.position.level.0)
        };
        self.set("woad_outcomes_remembered", remembered);
        self.set("woad_cluster_level", level);
        self.set("woad_sealed", i64::from(cluster.sealer.is_sealed()));
        let skew = cluster.offsets.skew_ms(cluster.node, &cluster.voters()).unwrap_or_default();
        let skew = i32::try_from(skew).unwrap_or(i32::MAX);
        self.set_seconds("woad_clock_offset_seconds", f64::from(skew) / 1000.0);
        let floor = cluster.shared.clock.floor();
        let held = cluster.offsets.behind_ms(cluster.node, &cluster.voters(), floor).unwrap_or_default();
        self.set_seconds("woad_cluster_time_held_seconds", std::time::Duration::from_millis(held).as_secs_f64());
        let now = u64::try_from(cluster.env.wall_ms()).unwrap_or_default();
        let until = cluster.credentials.as_ref().map_or(now, |own| own.tls.presented_until().0);
        let left = std::time::Duration::from_millis(until.abs_diff(now)).as_secs_f64();
        self.set_seconds("woad_peer_certificate_expiry_seconds", if until < now { -left } else { left });
        for (property, label) in ROCKS {
            let value = cluster.shared.database.property(property);
            self.rocks.with_label_values(&[label]).set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        let room = cluster.space.seen();
        self.values.with_label_values(&["data"]).set(i64::try_from(room.free).unwrap_or(i64::MAX));
        self.set("woad_disk_space", room.space as u64);
        self.set("woad_disk_reserved", i64::from(room.reserved));
        self.set("woad_fault", i64::from(cluster.shared.database.faults.first().is_some()));
    }

    fn parts(&self) -> Vec<&dyn Collector> {
        let mut parts: Vec<&dyn Collector> = self.single.iter().map(|(_, gauge)| gauge as &dyn Collector).collect();
        parts.extend(self.seconds.iter().map(|(_, gauge)| gauge as &dyn Collector));
        parts.extend([&self.values as &dyn Collector, &self.state, &self.lag, &self.acks, &self.rocks]);
        parts
    }
}

impl Collector for StoreCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.parts().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        if let Some(source) = &self.source {
            self.refresh(source);
        }
        self.parts().into_iter().flat_map(Collector::collect).collect()
    }
}
