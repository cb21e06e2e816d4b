//! Every limit of a transaction, with its reason (store.md 4, 5, 8).

use std::time::Duration;

/// Guards a transaction may record: bounds apply's reads. More is a job.
pub const MAX_GUARDS: usize = 512;
/// Mutations a transaction may hold: bounds apply's writes. More is a job.
pub const MAX_MUTATIONS: usize = 512;
/// Bytes of an encoded entry: one append message must hold it.
pub const MAX_ENTRY_BYTES: usize = 1024 * 1024;
/// Times a conflicting transaction is evaluated again.
pub const MAX_RETRIES: u32 = 8;
/// How long a request may take when it names no deadline.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);
/// The furthest deadline that a leader accepts, so that outcomes need be kept only so long.
pub const MAX_DEADLINE_MS: u64 = 30_000;
/// How far behind cluster time an entry's stamp is when its outcome is forgotten. More than the longest deadline
/// plus the time a resend may be under way.
pub const OUTCOME_RETENTION_MS: u64 = 90_000;
/// Outcomes forgotten at once. A step bounds the work of one entry after a pause, and makes one range deletion of
/// many, since a range deletion an entry would slow every read of the column family.
pub const OUTCOME_PURGE_STEP: usize = 256;
/// Attempts of one node that may be under way at once.
pub const MAX_IN_FLIGHT: usize = 256;
/// Requests of one node that may wait to begin an attempt: two seconds' worth; further ones are refused at once.
pub const MAX_WAITING: usize = 1024;
/// Readers of one node that may wait for a confirmation; further ones are refused at once.
pub const MAX_READERS: usize = 4096;
/// Records one sweep transaction removes at most; fewer when their keys would make the entry too large.
pub const SWEEP_STEP: usize = 256;
