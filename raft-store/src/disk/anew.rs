//! A state that begins a new log: for a new life after a lost quorum.

use std::io;

use raft_store_core::Space;
use raft_store_core::kv::{Batch, Write};

use super::database::Database;
use super::engine::Of;
use super::kv::{StateView, of};

/// Bytes copied in one batch.
const COPY: usize = 1024 * 1024;

impl Database {
    /// Copies a view, its checksums verified, into a fresh generation with `changes` on top, and makes that the state by one synced write, which
    /// also empties the log and sets (or removes) `meta` records. A crash leaves the old state and log, or the new.
    /// Takes as long as the state is large.
    ///
    /// # Errors
    /// When the storage fails; the old state is in force then.
    pub(crate) fn begin_anew(
        &self,
        view: &StateView<'_>,
        changes: Batch,
        meta: &[(&str, Option<Vec<u8>>)],
    ) -> io::Result<()> {
        let next = self.generation.load().next();
        self.create_generation(&next)?;
        let families = next.families();
        for space in [Space::State, Space::Outcomes] {
            let mut batch = self.engine.batch(families)?;
            for pair in view.scrub(space) {
                let (key, value) = pair?;
                batch.put(of(space), &key, &value);
                if batch.bytes() >= COPY {
                    std::mem::replace(&mut batch, self.engine.batch(families)?).commit(false)?;
                }
            }
            batch.commit(false)?;
        }
        let mut batch = self.engine.batch(families)?;
        for write in changes.writes {
            match write {
                Write::Set(space, key, Some(value)) => batch.put(of(space), &key, &value),
                Write::Set(space, key, None) => batch.delete(of(space), &key),
                Write::DeleteRange(space, from, to) => batch.delete_range(of(space), &from, &to),
            }
        }
        batch.commit(true)?;

        let mut switch = self.log_batch()?;
        switch.delete_range(Of::First, &0u64.to_be_bytes(), &u64::MAX.to_be_bytes());
        for (name, value) in meta {
            match value {
                Some(value) => switch.put(Of::Second, name.as_bytes(), value),
                None => switch.delete(Of::Second, name.as_bytes()),
            }
        }
        switch.put(Of::Second, b"generation", &next.number.to_be_bytes());
        switch.commit(true)
    }
}
