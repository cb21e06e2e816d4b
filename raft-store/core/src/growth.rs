//! Which entries a nearly full disk refuses (store.md 17): those that make records. What ends, changes or removes
//! records passes, so that revocation, deletion, sweep and membership go on from the reserve.

use std::collections::BTreeSet;

use crate::ids::TableId;
use crate::layout;
use crate::wire::{Entry, guard, mutation};

/// Whether the entry makes a record of a table that is not spared. A record it has read before is one that it replaces.
#[must_use]
pub fn grows(entry: &Entry, spared: impl Fn(TableId) -> bool) -> bool {
    let puts = entry.mutations.iter().filter_map(|change| match &change.kind {
        Some(mutation::Kind::Put(put)) => Some(put.key.as_slice()),
        _ => None,
    });
    let mut puts = puts.filter(|key| !layout::id_of(key).map(TableId).is_some_and(&spared)).peekable();
    if puts.peek().is_none() {
        return false;
    }
    let known: BTreeSet<&[u8]> = entry
        .guards
        .iter()
        .filter_map(|guard| match &guard.kind {
            Some(guard::Kind::Unchanged(at)) => Some(at.key.as_slice()),
            _ => None,
        })
        .collect();
    puts.any(|key| !known.contains(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{At, Guard, IndexPut, Mutation, Put};

    fn entry(guards: Vec<guard::Kind>, changes: Vec<mutation::Kind>) -> Entry {
        Entry {
            guards: guards.into_iter().map(|kind| Guard { kind: Some(kind) }).collect(),
            mutations: changes.into_iter().map(|kind| Mutation { kind: Some(kind) }).collect(),
            ..Entry::default()
        }
    }

    fn put(table: u16) -> mutation::Kind {
        let key = layout::row_key(TableId(table), b"k");
        mutation::Kind::Put(Put { key, fields: vec![1], expires_ms: 0 })
    }

    fn seen(table: u16) -> guard::Kind {
        guard::Kind::Unchanged(At { key: layout::row_key(TableId(table), b"k"), revision: 7 })
    }

    fn refused(guards: Vec<guard::Kind>, changes: Vec<mutation::Kind>) -> bool {
        grows(&entry(guards, changes), |table| table == TableId(7))
    }

    #[test]
    fn what_makes_a_record_grows() {
        let absent = guard::Kind::Absent(layout::row_key(TableId(8), b"k"));
        assert!(refused(vec![absent], vec![put(8)]));
        assert!(refused(vec![], vec![put(8)]), "a blind put may make one");
        assert!(refused(vec![seen(8)], vec![put(8), put(9)]), "one of two");
        assert!(refused(vec![seen(9)], vec![put(8)]), "what was read is another");
    }

    #[test]
    fn what_changes_ends_or_removes_does_not() {
        let row = layout::row_key(TableId(8), b"k");
        assert!(!refused(vec![seen(8)], vec![put(8)]), "suspended, rotated, ended: replaced");
        assert!(!refused(vec![], vec![put(7)]), "a revocation");
        assert!(!refused(vec![], vec![mutation::Kind::Delete(row.clone())]));
        assert!(!refused(vec![], vec![mutation::Kind::Touch(row.clone()), mutation::Kind::IndexDelete(row)]));
        let moved = mutation::Kind::IndexPut(IndexPut { key: vec![2, 0, 1], of: vec![1] });
        assert!(!refused(vec![seen(8)], vec![put(8), moved]), "renamed");
        assert!(!refused(vec![], vec![]));
    }
}
