//! Deliberate bugs, one of which a process of a test-only build carries: proof that the fault lab can fail.
//!
//! A build without the feature `mutants` has none of them: [`Mutant::lives`] is then `false` for the compiler, too. With
//! it, the environment variable [`VARIABLE`] names the one; without the variable the build is as good as any. Which
//! scenario or seed catches which stands in `tests/simulation/mutants.txt` and `tests/chaos/mutants.txt`.

/// Names the mutant that a process carries, as [`Mutant::name`] says it.
pub const VARIABLE: &str = "RAFT_STORE_MUTANT";

macro_rules! mutants {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// A deliberate bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Mutant {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Mutant {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// What it is called in [`VARIABLE`] and in tables.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

mutants! {
    /// An append is acknowledged before its flush.
    AcknowledgeEarly = "acknowledge-before-fsync",
    /// What a transaction reads is not guarded: single-use things are read, then written.
    ReadThenWrite = "read-then-write-consume",
    /// A follower answers linearizable reads from what it has.
    StaleIntrospection = "stale-introspection",
    /// A reader joins a `ReadIndex` that is already under way.
    JoinedInFlight = "read-index-joined-in-flight",
    /// A reader's view is opened before the wait.
    ViewBeforeWait = "view-opened-before-wait",
    /// A put or delete does not touch the epochs of its sets.
    EpochUntouched = "epoch-not-touched",
    /// A write-free answer leaves the node though its view was never confirmed.
    UnconfirmedAnswer = "answer-from-stale-view",
    /// A conflict is not remembered.
    ConflictForgotten = "conflict-forgotten",
    /// After an unknown outcome the transaction is evaluated again under a new id.
    UnknownReevaluated = "unknown-reevaluated",
    /// An entry that openraft discarded counts as certainly not appended.
    DiscardedRejected = "discarded-taken-as-rejected",
    /// Expiry is judged by the node's own wall clock.
    LocalClock = "expiry-by-local-clock",
    /// RocksDB's default recovery mode: it rolls back past a damaged record.
    DefaultRecovery = "default-wal-recovery",
    /// The sentinel is written and not compared.
    SentinelIgnored = "sentinel-ignored",
    /// A received snapshot's checksums are not compared.
    ChecksumSkipped = "snapshot-checksum-skipped",
    /// An attempt that was applied is applied again.
    Undeduplicated = "missing-dedup",
    /// The leader answers a resend with an early conflict.
    EarlyConflict = "early-conflict-to-resend",
    /// A vote is answered before it is flushed.
    VoteUnsynced = "vote-not-synced",
    /// The log is purged beyond what the snapshot holds.
    EarlyPurge = "early-purge",
    /// The age of a read counts from the answer of the `ReadIndex`.
    GraceFromReceipt = "grace-from-receipt",
    /// A heartbeat is answered without asking Raft which leader it knows.
    HeartbeatUnasked = "heartbeat-answered-unasked",
}

impl Mutant {
    /// Whether this process carries the bug.
    #[cfg(not(feature = "mutants"))]
    #[must_use]
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "no trace of a mutant is left in what people run")]
    pub const fn lives(self) -> bool {
        false
    }

    /// Whether this process carries the bug.
    #[cfg(feature = "mutants")]
    #[must_use]
    pub fn lives(self) -> bool {
        static CHOSEN: std::sync::LazyLock<Option<String>> = std::sync::LazyLock::new(|| std::env::var(VARIABLE).ok());
        CHOSEN.as_deref() == Some(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_none_lives_unasked() {
        let mut names: Vec<&str> = Mutant::ALL.iter().map(|mutant| mutant.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Mutant::ALL.len());
        assert!(Mutant::ALL.iter().all(|mutant| !mutant.lives()));
    }
}
