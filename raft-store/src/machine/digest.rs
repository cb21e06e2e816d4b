//! One digest over a whole replica, for comparing replicas (store.md 23).

use std::io;

use aws_lc_rs::digest::{Context, SHA256};
use raft_store_core::Revision;

use super::{Shared, load_progress};
use crate::disk::{StateView, io_error};

/// The index that the state is at, and SHA-256 over every key and value of it, each with its length, outcomes last.
/// Reads everything once: not for a runtime's thread.
pub(crate) fn digest(shared: &Shared) -> io::Result<(Revision, [u8; 32])> {
    let view = shared.view()?;
    let mut context = Context::new(&SHA256);
    view.each(|key, value| {
        for part in [key, value] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
    })?;
    let at = load_progress(&view)?.position.applied;
    let digest = context.finish();
    Ok((at, digest.as_ref().try_into().map_err(io_error)?))
}

impl StateView<'_> {
    /// Every pair of state, then of outcomes, in order.
    fn each(&self, mut f: impl FnMut(&[u8], &[u8])) -> io::Result<()> {
        for space in [raft_store_core::Space::State, raft_store_core::Space::Outcomes] {
            for pair in self.iterate(space) {
                let (key, value) = pair?;
                f(&key, &value);
            }
        }
        Ok(())
    }
}
