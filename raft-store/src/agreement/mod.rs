//! Replicas hashed against each other, which is scrub and comparison in one (store.md 23).
//!
//! A *round* is an entry that says "hash here". Apply stops at it, and each node holds a snapshot of exactly that index,
//! reads all of it in the background with checksums verified, and answers by an entry of its own. Who finds itself in
//! the minority, or cannot read its state, leaves service; a leader hands over first. Without a majority's value all
//! alarm and none leaves, since nobody knows who is right. A node that restarts meanwhile does not answer.

mod duty;
mod hasher;
mod metrics;
mod quarantine;
mod rows;

pub(crate) use duty::{Agreeing, ask};
pub(crate) use hasher::{Hashed, Hasher, Meter, Unmetered};
pub(crate) use metrics::AgreementMetrics;
pub(crate) use quarantine::Quarantine;
pub(crate) use rows::{TABLES, asks_for_hash, begin, look};
