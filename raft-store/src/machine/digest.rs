//! One digest over a whole replica, for comparing replicas (store.md 23).

use std::io;

use aws_lc_rs::digest::{Context, SHA256};
use raft_store_core::Revision;

use super::{Shared, load_progress};
use crate::agreement::{Meter, Unmetered};
use crate::disk::{StateView, io_error};

/// Pairs between two looks at the meter.
const PAIRS: usize = 64;

/// The index that the state is at, and its digest. Reads everything once: not for a runtime's thread.
pub(crate) fn digest(shared: &Shared) -> io::Result<(Revision, [u8; 32])> {
    let view = shared.view()?;
    let at = load_progress(&view)?.position.applied;
    let digest = digest_of(&view, &mut Unmetered)?.ok_or_else(|| io::Error::other("the hash was interrupted"))?;
    Ok((at, digest))
}

/// SHA-256 over every key and value of a view, each with its length, outcomes last. `None` when the meter says stop.
pub(crate) fn digest_of(view: &StateView<'_>, meter: &mut impl Meter) -> io::Result<Option<[u8; 32]>> {
    let mut context = Context::new(&SHA256);
    for space in [raft_store_core::Space::State, raft_store_core::Space::Outcomes] {
        for (read, pair) in view.scrub(space).enumerate() {
            let (key, value) = pair?;
            for part in [key, value] {
                context.update(&(part.len() as u64).to_be_bytes());
                context.update(&part);
            }
            if read % PAIRS == 0 && meter.meter().is_break() {
                return Ok(None);
            }
        }
    }
    context.finish().as_ref().try_into().map(Some).map_err(io_error)
}

/// Reads the log as well, to find damage; it is no part of what replicas have in common. `false`: the meter said stop.
pub(crate) fn scrub_log(shared: &Shared, meter: &mut impl Meter) -> io::Result<bool> {
    for (read, pair) in shared.database.engine.scrub(crate::disk::LOG)?.enumerate() {
        pair?;
        if read % PAIRS == 0 && meter.meter().is_break() {
            return Ok(false);
        }
    }
    Ok(true)
}
