//! Applying committed entries: one batch written for as many as are ready.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use openraft::EntryPayload;
use openraft::storage::EntryResponder;
use prost::Message;
use raft_store_core::apply::{Applied, Fatal, Overlay, Verdict, apply, decode};
use raft_store_core::kv::{Kv, Write};
use raft_store_core::layout::{self, Kind};
use raft_store_core::{Revision, Space, wire};

use super::Shared;
use crate::agreement::{Hasher, asks_for_hash};
use crate::convert::{log_id_to, stored_membership_to};
use crate::disk::StateView;
use crate::fault::Fault;
use crate::types::{self, StoredMembership, TypeConfig};

/// Entries written in one batch at most.
const APPLY_BATCH: usize = 256;
/// Tables with lower ids are the store's own; their changes are shown to the observer.
const FIRST_FOREIGN_TABLE: u16 = 100;

pub(super) async fn apply_stream<S>(shared: &Arc<Shared>, entries: S) -> io::Result<()>
where
    S: futures::Stream<Item = io::Result<EntryResponder<TypeConfig>>> + Unpin + openraft::OptionalSend,
{
    let mut chunks = entries.ready_chunks(APPLY_BATCH);
    while let Some(chunk) = chunks.next().await {
        let chunk: Vec<EntryResponder<TypeConfig>> = chunk.into_iter().collect::<io::Result<_>>()?;
        let mut chunk = chunk.into_iter();
        while chunk.len() > 0 {
            apply_chunk(shared, &mut chunk)?;
        }
    }
    Ok(())
}

fn fatal(error: &dyn std::fmt::Display) -> io::Error {
    tracing::error!(%error, "apply failed; the node stops");
    io::Error::other(error.to_string())
}

/// The node stops, and says whether it is its disk or the entry: a restart comes to the same entry.
fn cannot_go_on(shared: &Shared, error: &Fatal) -> io::Error {
    let faults = &shared.database.faults;
    match error {
        Fatal::Kv(error) => faults.storage(error),
        _ => faults.report(Fault::Apply(error.to_string())),
    }
    fatal(error)
}

/// Applies what is ready, up to an entry that asks for a hash.
fn apply_chunk(shared: &Arc<Shared>, chunk: &mut std::vec::IntoIter<EntryResponder<TypeConfig>>) -> io::Result<()> {
    let start = Instant::now();
    let mut own_tables = false;
    let mut told: Vec<Applied> = Vec::with_capacity(chunk.len());
    let mut responders = Vec::new();
    let mut last = 0;
    let mut hash = false;
    {
        let mut progress = shared.progress.lock();
        let progress = &mut *progress;
        let view = shared.view()?;
        let mut overlay = Overlay::new(&view);
        for (entry, responder) in chunk {
            let index = entry.log_id.index;
            match entry.payload {
                EntryPayload::Blank => progress.position.applied = Revision(index),
                EntryPayload::Membership(membership) => {
                    progress.position.applied = Revision(index);
                    progress.membership = StoredMembership::new(Some(entry.log_id), membership);
                    let bytes = stored_membership_to(&progress.membership).encode_to_vec();
                    overlay.push(Write::Set(Space::State, layout::meta_key("membership"), Some(bytes)));
                }
                EntryPayload::Normal(proposal) => {
                    shared.stats.bytes.inc_by(proposal.0.len() as u64);
                    let Some(entry) = decode(&proposal.0) else {
                        // The same bytes are no entry on any replica; to stop would be to stop at every start.
                        tracing::error!(index, "what stands in the log here is no entry; it takes no effect anywhere");
                        shared.stats.poisoned.inc();
                        progress.position.applied = Revision(index);
                        progress.log_id = Some(entry.log_id);
                        last = index;
                        responders.extend(responder);
                        continue;
                    };
                    shared.stats.guards.inc_by(entry.guards.len() as u64);
                    let applied =
                        apply(&mut overlay, &mut progress.outcomes, &mut progress.position, Revision(index), &entry)
                            .map_err(|error| cannot_go_on(shared, &error))?;
                    own_tables |= touches_own_tables(&entry);
                    hash = asks_for_hash(&entry, &applied);
                    count(shared, &applied);
                    told.push(applied);
                }
            }
            progress.log_id = Some(entry.log_id);
            last = index;
            responders.extend(responder);
            if hash {
                break;
            }
        }
        if let Some(log_id) = &progress.log_id {
            let bytes = log_id_to(log_id).encode_to_vec();
            overlay.push(Write::Set(Space::State, layout::meta_key("log_id"), Some(bytes)));
        }
        overlay.push(progress.position.write());
        let batch = overlay.into_batch();
        drop(view);
        shared.database.write(batch).map_err(|error| fatal(&error))?;
        shared.clock.observe(progress.position.clock);
        if hash {
            Hasher::hash_here(shared, Revision(last));
        }
    }
    if own_tables {
        shared.observe();
    }
    shared.applied.send_replace(last);
    for applied in told {
        shared.waiters.tell(applied);
    }
    for responder in responders {
        responder.send(types::Applied);
    }
    shared.stats.batches.inc();
    shared.stats.seconds.inc_by(start.elapsed().as_secs_f64());
    Ok(())
}

fn count(shared: &Shared, applied: &Applied) {
    shared.stats.entries.inc();
    if applied.duplicate {
        shared.stats.duplicates.inc();
    } else if matches!(applied.verdict, Verdict::Conflict(_)) {
        shared.stats.conflicts.inc();
    }
}

fn touches_own_tables(entry: &wire::Entry) -> bool {
    use wire::mutation::Kind as Change;
    entry.mutations.iter().any(|change| {
        let key = match &change.kind {
            Some(Change::Put(put)) => &put.key,
            Some(Change::Delete(key)) => key,
            _ => return false,
        };
        Kind::of(key) == Some(Kind::Row) && layout::id_of(key).is_some_and(|table| table < FIRST_FOREIGN_TABLE)
    })
}

/// Tells waiters whose attempts lie inside an installed snapshot.
pub(super) fn tell_from_outcomes(shared: &Shared, view: &StateView<'_>) {
    for attempt in shared.waiters.pending() {
        let known = shared.progress.lock().outcomes.get(attempt, view);
        if let Ok(Some(applied)) = known {
            shared.waiters.tell(applied);
        }
    }
}
