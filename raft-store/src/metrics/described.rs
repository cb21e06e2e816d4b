//! Counters and histograms that the origin feeds.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts};
use woad_admission::DoorMetrics;

/// Seconds; from a memory read to a slow disk.
const BUCKETS: [f64; 13] = [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];
/// Guards and mutations a transaction.
const SIZES: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0, 512.0];

fn named(table: Option<u16>) -> String {
    table.map_or_else(|| "none".to_owned(), |table| table.to_string())
}

/// What transactions and reads at this node come to.
#[derive(Clone)]
pub struct StoreMetrics {
    proposals: IntCounter,
    commit: Histogram,
    guards: Histogram,
    mutations: Histogram,
    conflicts: IntCounterVec,
    exhausted: IntCounterVec,
    unknown: IntCounter,
    read_index: Histogram,
    read_index_failed: IntCounter,
    read_index_rounds: IntCounter,
    grace: IntCounter,
    refused: IntCounterVec,
    members: DoorMetrics,
    strangers: DoorMetrics,
}

fn histogram(name: &str, help: &str, buckets: &[f64]) -> prometheus::Result<Histogram> {
    Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))
}

impl StoreMetrics {
    /// All at zero.
    ///
    /// # Errors
    /// When a name is not one.
    pub fn new() -> prometheus::Result<Self> {
        Ok(Self {
            proposals: IntCounter::new("woad_proposals_total", "Attempts sent towards the leader.")?,
            commit: histogram(
                "woad_commit_seconds",
                "From the first send of an attempt to its outcome applied here.",
                &BUCKETS,
            )?,
            guards: histogram("woad_transaction_guards", "Guards of a transaction.", &SIZES)?,
            mutations: histogram("woad_transaction_mutations", "Mutations of a transaction.", &SIZES)?,
            conflicts: IntCounterVec::new(
                Opts::new(
                    "woad_transaction_conflicts_total",
                    "Attempts that met a changed record, by table, index or set id.",
                ),
                &["table"],
            )?,
            exhausted: IntCounterVec::new(
                Opts::new(
                    "woad_transaction_exhausted_total",
                    "Transactions given up after too many attempts, by table, index or set id of the last conflict.",
                ),
                &["table"],
            )?,
            unknown: IntCounter::new(
                "woad_transaction_unknown_total",
                "Transactions whose outcome was not learnt in time.",
            )?,
            read_index: histogram(
                "woad_read_index_seconds",
                "From a reader's arrival to a confirmed index applied here.",
                &BUCKETS,
            )?,
            read_index_failed: IntCounter::new(
                "woad_read_index_failures_total",
                "Reads that no quorum confirmed in time.",
            )?,
            read_index_rounds: IntCounter::new(
                "woad_read_index_rounds_total",
                "ReadIndex calls of this node, each for all reads that waited.",
            )?,
            grace: IntCounter::new(
                "woad_grace_reads_total",
                "Issuing reads answered from local state within the grace.",
            )?,
            refused: {
                let help = "Requests refused at once because as many `writes` or `reads` waited as may.";
                let refused = IntCounterVec::new(Opts::new("woad_store_refused_total", help), &["kind"])?;
                for kind in ["writes", "reads"] {
                    refused.with_label_values(&[kind]);
                }
                refused
            },
            members: DoorMetrics::new("peer")?,
            strangers: DoorMetrics::new("join")?,
        })
    }

    pub(crate) fn proposed(&self, guards: usize, mutations: usize) {
        self.proposals.inc();
        self.guards.observe(f64::from(u32::try_from(guards).unwrap_or(u32::MAX)));
        self.mutations.observe(f64::from(u32::try_from(mutations).unwrap_or(u32::MAX)));
    }

    pub(crate) fn settled(&self, took: Duration) {
        self.commit.observe(took.as_secs_f64());
    }

    pub(crate) fn conflict(&self, table: Option<u16>) {
        self.conflicts.with_label_values(&[&named(table)]).inc();
    }

    pub(crate) fn exhausted(&self, table: Option<u16>) {
        self.exhausted.with_label_values(&[&named(table)]).inc();
    }

    pub(crate) fn unknown(&self) {
        self.unknown.inc();
    }

    /// That the leader was asked once, for all who waited.
    pub(crate) fn read_index_round(&self) {
        self.read_index_rounds.inc();
    }

    pub(crate) fn read_index(&self, took: Duration, confirmed: bool) {
        self.read_index.observe(took.as_secs_f64());
        if !confirmed {
            self.read_index_failed.inc();
        }
    }

    pub(crate) fn issued_in_grace(&self) {
        self.grace.inc();
    }

    /// Of the peer port: connections of members, and such without a certificate.
    pub(crate) fn doors(&self) -> (DoorMetrics, DoorMetrics) {
        (self.members.clone(), self.strangers.clone())
    }

    pub(crate) fn refused(&self, kind: &str) {
        self.refused.with_label_values(&[kind]).inc();
    }

    pub(crate) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        let doors = self.members.collectors().into_iter().chain(self.strangers.collectors());
        let mut out: Vec<Box<dyn Collector>> = vec![
            Box::new(self.proposals.clone()),
            Box::new(self.commit.clone()),
            Box::new(self.guards.clone()),
            Box::new(self.mutations.clone()),
            Box::new(self.conflicts.clone()),
            Box::new(self.exhausted.clone()),
            Box::new(self.unknown.clone()),
            Box::new(self.read_index.clone()),
            Box::new(self.read_index_failed.clone()),
            Box::new(self.read_index_rounds.clone()),
            Box::new(self.grace.clone()),
            Box::new(self.refused.clone()),
        ];
        out.extend(doors);
        out
    }
}

/// Everything the store measures, without a store: for the reference.
///
/// # Errors
/// When a name is not one.
pub fn described() -> prometheus::Result<Vec<Box<dyn Collector>>> {
    let mut out = StoreMetrics::new()?.collectors();
    out.push(super::PeerFailures::new()?.collector());
    out.extend(crate::machine::ApplyStats::new()?.collectors());
    out.extend(crate::disk::SyncStats::new()?.collectors());
    out.extend(crate::disk::RecentStats::new()?.collectors());
    out.extend(crate::agreement::AgreementMetrics::new()?.collectors());
    out.push(Box::new(super::StoreCollector::detached()?));
    Ok(out)
}
