//! Checkpoints of audit chains, and how long their tails are kept (store.md 24).
//!
//! Every thousand events, or a minute after one, the leader signs the head of a chain with a key that does nothing else.
//! Whoever has such a checkpoint can tell whether what was before it has been rewritten. What is older than a chain's
//! retention is pruned behind a checkpoint of its own.

mod checkpoint;
mod record;
mod retention;

pub use checkpoint::{AFTER_EVENTS, AFTER_MS, Due, Signed, Step, due, new_key, sign, signed, store_key, write};
pub use record::{AuditKeys, Checkpoints, Retentions};
pub use retention::{MAX_KEEP_DAYS, erase, retain};
