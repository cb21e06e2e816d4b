//! From an evaluation to an entry.

use prost::Message;

use super::{Pending, Tx};
use crate::ids::{AttemptId, Timestamp};
use crate::limits::{MAX_ENTRY_BYTES, MAX_GUARDS, MAX_MUTATIONS};
use crate::read::{Abort, Cause, Read};
use crate::wire::{self, guard, mutation};

impl Tx<'_> {
    /// The finished entry; stamp and origin are the leader's to set.
    ///
    /// # Errors
    /// When it breaks a limit of [`crate::limits`].
    pub fn finish(self, attempt: AttemptId, deadline: Timestamp) -> Result<wire::Entry, Abort> {
        let level = self.view.level();
        let reads = self.reads.into_inner();
        let mut guards: Vec<guard::Kind> = Vec::new();
        for (key, revision) in reads.keys {
            guards.push(match revision {
                Some(revision) => guard::Kind::Unchanged(wire::At { key, revision: revision.0 }),
                None => guard::Kind::Absent(key),
            });
        }
        guards.extend(reads.before.map(|at| guard::Kind::Before(at.0)));
        guards.extend(reads.not_before.map(|at| guard::Kind::NotBefore(at.0)));

        let mut mutations: Vec<mutation::Kind> = Vec::new();
        for (key, pending) in self.rows {
            mutations.push(match pending {
                Pending::Put { fields, expires } => {
                    mutation::Kind::Put(wire::Put { key, fields, expires_ms: expires.map_or(0, |at| at.0) })
                }
                Pending::Deleted => mutation::Kind::Delete(key),
            });
        }
        for (key, of) in self.index {
            mutations.push(match of {
                Some(of) => mutation::Kind::IndexPut(wire::IndexPut { key, of }),
                None => mutation::Kind::IndexDelete(key),
            });
        }
        mutations.extend(self.touched.into_iter().map(mutation::Kind::Touch));
        mutations.extend(self.of_audit);
        mutations.extend(self.level.map(|level| mutation::Kind::Level(level.0)));

        if guards.len() > MAX_GUARDS || mutations.len() > MAX_MUTATIONS {
            return Err(Cause::TooLarge.into());
        }
        let entry = wire::Entry {
            attempt: attempt.0.to_vec(),
            deadline_ms: deadline.0,
            level: level.0,
            guards: guards.into_iter().map(|kind| wire::Guard { kind: Some(kind) }).collect(),
            mutations: mutations.into_iter().map(|kind| wire::Mutation { kind: Some(kind) }).collect(),
            audit: self.audit,
            stamp_ms: 0,
            origin: 0,
        };
        if entry.encoded_len() > MAX_ENTRY_BYTES {
            return Err(Cause::TooLarge.into());
        }
        Ok(entry)
    }
}
