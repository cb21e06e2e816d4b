//! Refused operations in the audit chains, counted rather than told one by one (store.md 24).
//!
//! What is refused writes nothing of its own, or whoever is refused could fill the log. Each node counts, and every
//! interval writes one event a chain: how often what was refused to whom from where. Batches of a chain carry the
//! node, its run (one life of its process) and a number that rises by one, so a gap shows; the last of a run says that
//! it is. A crash loses the batch that was being counted, one interval at most, and shows by a run without an end.

mod kind;
mod tally;
mod write;

pub use kind::RefusalKind;
pub use tally::{Batch, MAX_CHAINS, MAX_COUNTED, MAX_SUBJECT, Origin, Refusals, Run};
pub use write::{RefusalBatches, write};
