//! Which of an ordered list's entries are on a page.

use std::cmp::Ordering;
use std::ops::Range;

use uuid::Uuid;

use super::cursor::Cursor;
use super::query::Page;
use super::sort::compare;

/// A resource in an ordered list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// What it is ordered by.
    pub(super) key: Option<String>,
    /// Its type's place among the types.
    pub(super) kind: usize,
    /// Its id.
    pub(super) id: [u8; 16],
}

impl Entry {
    /// The order of the list: by key, then by type and id.
    pub(super) fn order(&self, other: &Self, descending: bool) -> Ordering {
        let by_key = compare(self.key.as_ref(), other.key.as_ref(), descending);
        by_key.then_with(|| (self.kind, self.id).cmp(&(other.kind, other.id)))
    }

    /// The place behind it, or before it.
    pub(super) fn cursor(&self, backward: bool) -> Cursor {
        Cursor { key: self.key.clone(), kind: self.kind, id: Uuid::from_bytes(self.id), backward }
    }
}

impl From<&Cursor> for Entry {
    fn from(cursor: &Cursor) -> Self {
        Self { key: cursor.key.clone(), kind: cursor.kind, id: cursor.id.into_bytes() }
    }
}

/// The places of a page in an ordered list.
pub(super) fn places(entries: &[Entry], page: &Page, descending: bool) -> Range<usize> {
    match page {
        Page::Index { start, count } => {
            let from = (start - 1).min(entries.len());
            from..from.saturating_add(*count).min(entries.len())
        }
        Page::Cursor { from: None, count } => 0..(*count).min(entries.len()),
        Page::Cursor { from: Some(cursor), count } => {
            let place = Entry::from(cursor);
            if cursor.backward {
                let end = entries.partition_point(|entry| entry.order(&place, descending).is_lt());
                end.saturating_sub(*count)..end
            } else {
                let start = entries.partition_point(|entry| entry.order(&place, descending).is_le());
                start..start.saturating_add(*count).min(entries.len())
            }
        }
    }
}
