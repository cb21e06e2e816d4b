//! What a leader asks of an entry before it appends: in the log, a malformed one would stop every node (store.md 21).

use prost::Message;

use crate::audit::MAX_PRUNED;
use crate::ids::{Level, TableId};
use crate::layout::{self, Kind};
use crate::limits::{MAX_ENTRY_BYTES, MAX_GUARDS, MAX_MUTATIONS};
use crate::wire::{Entry, guard, mutation};

/// Why an entry must not be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The attempt's id is not 16 bytes.
    #[error("attempt id of a wrong length")]
    Attempt,
    /// It breaks a limit of [`crate::limits`].
    #[error("entry too large")]
    TooLarge,
    /// A guard is of an unknown kind, or names a key that no guard may name.
    #[error("malformed guard")]
    Guard,
    /// A mutation is of an unknown kind, names a key that it may not write, or a level above this binary's.
    #[error("malformed mutation")]
    Mutation,
    /// A record of a table that this binary does not know.
    #[error("unknown table {0}")]
    Table(TableId),
}

/// Checks the form of an entry. `known` says which tables there are.
///
/// # Errors
/// [`Malformed`]: it must be refused, and nothing happened.
pub fn check(entry: &Entry, known: impl Fn(TableId) -> bool) -> Result<(), Malformed> {
    if entry.attempt.len() != 16 {
        return Err(Malformed::Attempt);
    }
    let counts = entry.guards.len() > MAX_GUARDS || entry.mutations.len() > MAX_MUTATIONS;
    if counts || entry.encoded_len() > MAX_ENTRY_BYTES {
        return Err(Malformed::TooLarge);
    }
    for guard in &entry.guards {
        let key = match guard.kind.as_ref().ok_or(Malformed::Guard)? {
            guard::Kind::Unchanged(at) => &at.key,
            guard::Kind::Absent(key) => key,
            guard::Kind::Before(_) | guard::Kind::NotBefore(_) => continue,
        };
        if !is(key, &[Kind::Row, Kind::Index, Kind::Epoch, Kind::Marker]) {
            return Err(Malformed::Guard);
        }
    }
    for change in &entry.mutations {
        mutation(change.kind.as_ref().ok_or(Malformed::Mutation)?, &known)?;
    }
    Ok(())
}

fn mutation(change: &mutation::Kind, known: &impl Fn(TableId) -> bool) -> Result<(), Malformed> {
    let fits = match change {
        mutation::Kind::Put(put) => return row(&put.key, known),
        mutation::Kind::Delete(key) => return row(key, known),
        mutation::Kind::DeleteIf(gone) => {
            row(&gone.key, known)?;
            gone.index_entries.iter().all(|entry| is(entry, &[Kind::Index]))
        }
        mutation::Kind::IndexPut(entry) => is(&entry.key, &[Kind::Index]),
        mutation::Kind::IndexDelete(key) => is(key, &[Kind::Index]),
        mutation::Kind::Touch(key) => is(key, &[Kind::Epoch, Kind::Marker]),
        mutation::Kind::Level(level) => *level <= Level::SUPPORTED.0,
        mutation::Kind::AuditPrune(gone) => {
            (1..=gone.through).contains(&gone.from) && gone.through - gone.from < MAX_PRUNED
        }
        mutation::Kind::AuditErase(_) => true,
    };
    if fits { Ok(()) } else { Err(Malformed::Mutation) }
}

fn row(key: &[u8], known: &impl Fn(TableId) -> bool) -> Result<(), Malformed> {
    let table = layout::id_of(key).filter(|_| is(key, &[Kind::Row])).map(TableId).ok_or(Malformed::Mutation)?;
    if known(table) { Ok(()) } else { Err(Malformed::Table(table)) }
}

fn is(key: &[u8], kinds: &[Kind]) -> bool {
    layout::id_of(key).is_some() && Kind::of(key).is_some_and(|kind| kinds.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Guard, Mutation, Put};

    fn entry(guard: Option<guard::Kind>, change: Option<mutation::Kind>) -> Entry {
        Entry {
            attempt: vec![0; 16],
            guards: vec![Guard { kind: guard }],
            mutations: vec![Mutation { kind: change }],
            ..Entry::default()
        }
    }

    fn judged(guard: Option<guard::Kind>, change: Option<mutation::Kind>) -> Result<(), Malformed> {
        check(&entry(guard, change), |table| table == TableId(7))
    }

    #[test]
    fn only_an_entry_that_apply_understands_passes() {
        let row = layout::row_key(TableId(7), b"k");
        let guard = || Some(guard::Kind::Absent(row.clone()));
        let put = |key: &[u8]| Some(mutation::Kind::Put(Put { key: key.to_vec(), fields: Vec::new(), expires_ms: 0 }));
        assert_eq!(judged(guard(), put(&row)), Ok(()));
        assert_eq!(judged(None, put(&row)), Err(Malformed::Guard));
        assert_eq!(judged(guard(), None), Err(Malformed::Mutation));
        assert_eq!(judged(Some(guard::Kind::Absent(Vec::new())), put(&row)), Err(Malformed::Guard));
        assert_eq!(judged(Some(guard::Kind::Absent(layout::meta_key("position"))), put(&row)), Err(Malformed::Guard));
        assert_eq!(judged(guard(), put(&layout::meta_key("position"))), Err(Malformed::Mutation));
        assert_eq!(judged(guard(), put(&[1, 0])), Err(Malformed::Mutation));
        let foreign = layout::row_key(TableId(8), b"k");
        assert_eq!(judged(guard(), put(&foreign)), Err(Malformed::Table(TableId(8))));
        assert_eq!(judged(guard(), Some(mutation::Kind::Delete(foreign))), Err(Malformed::Table(TableId(8))));
        assert_eq!(judged(guard(), Some(mutation::Kind::Touch(row.clone()))), Err(Malformed::Mutation));
        let above = Level::SUPPORTED.0 + 1;
        assert_eq!(judged(guard(), Some(mutation::Kind::Level(above))), Err(Malformed::Mutation));
    }

    #[test]
    fn limits_hold_for_entries_from_elsewhere_too() {
        let row = layout::row_key(TableId(7), b"k");
        let mut long = entry(Some(guard::Kind::Before(1)), Some(mutation::Kind::Delete(row)));
        long.attempt.push(0);
        assert_eq!(check(&long, |_| true), Err(Malformed::Attempt));
        long.attempt.pop();
        assert_eq!(check(&long, |_| true), Ok(()));
        let guard = long.guards[0].clone();
        long.guards = vec![guard; MAX_GUARDS + 1];
        assert_eq!(check(&long, |_| true), Err(Malformed::TooLarge));
    }
}
