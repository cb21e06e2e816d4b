//! Typed tables: declared once, next to the record.

use std::fmt;

use crate::ids::{IndexId, Level, MarkerId, Revision, SetId, TableId, Timestamp};
use crate::key::{Key, KeyWriter};
use crate::layout;
use crate::row::Row;

/// A kind of record.
pub trait Table: Sized + 'static {
    /// Order-preserving; begins with the realm, except for the cluster's own tables.
    type Key: Key + fmt::Debug;
    /// The fields.
    type Row: Row;
    /// The indexes, as a tuple of [`Index`] types.
    type Indexes: IndexSet<Self>;
    /// The declared sets, as a tuple of [`Set`] types: each put and delete touches their epochs.
    type Sets: SetList<Self>;
    /// Never reused.
    const ID: TableId;
    /// For errors and metrics.
    const NAME: &'static str;
    /// The cluster level from which it may be written.
    const SINCE: Level = Level::FIRST;
    /// When the record ceases to be.
    fn expires(_row: &Self::Row) -> Option<Timestamp> {
        None
    }
}

/// A table whose records may be written without reading them: it has neither index nor set.
pub trait Blind: Table<Indexes = (), Sets = ()> {}

/// A way to find records of a table by something else than their key.
pub trait Index: 'static {
    /// The table.
    type Of: Table;
    /// What it is found by.
    type Key: Key;
    /// Never reused.
    const ID: IndexId;
    /// Named in [`Taken`].
    const NAME: &'static str;
    /// Whether two records may share a key.
    const UNIQUE: bool;
    /// The keys under which a record stands.
    fn keys(key: &<Self::Of as Table>::Key, row: &<Self::Of as Table>::Row) -> Vec<Self::Key>;
}

/// An index no two records share a key of. Its `UNIQUE` must be true.
pub trait Unique: Index {}

/// Where the rows of a set lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// Under a prefix of the table's own key.
    Primary,
    /// Under a prefix of this index.
    Index(IndexId),
}

/// A set of records that transactions scan: one epoch guards all of it.
pub trait Set: 'static {
    /// The table.
    type Of: Table;
    /// Which set: a prefix of the key, or of the index's key.
    type Prefix: Key;
    /// Never reused.
    const ID: SetId;
    /// Where its rows lie.
    const THROUGH: Through;
    /// The sets that a record belongs to.
    fn prefixes(key: &<Self::Of as Table>::Key, row: &<Self::Of as Table>::Row) -> Vec<Self::Prefix>;
}

/// A marker record whose revision is a "not before" (store.md 11).
pub trait Marker: 'static {
    /// What it is for.
    type Key: Key;
    /// Never reused.
    const ID: MarkerId;
}

/// A record as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<T: Table> {
    /// Its key.
    pub key: T::Key,
    /// Its fields.
    pub row: T::Row,
    /// When it was last written. Zero: by this very transaction.
    pub revision: Revision,
}

/// Why a write was refused: another record holds this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("taken: {index}")]
pub struct Taken {
    /// The index, or the table for the record's own key.
    pub index: &'static str,
}

/// An index entry of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// Physical key.
    pub key: Vec<u8>,
    /// Whether no other record may hold it.
    pub unique: bool,
    /// The index's name.
    pub name: &'static str,
}

/// The indexes of a table.
pub trait IndexSet<T: Table> {
    /// Which they are.
    const IDS: &'static [IndexId];
    /// Appends the record's entries.
    fn entries(key: &T::Key, row: &T::Row, out: &mut Vec<IndexEntry>);
}

/// The declared sets of a table.
pub trait SetList<T: Table> {
    /// Which they are.
    const IDS: &'static [SetId];
    /// Appends the physical keys of the epochs that a write of this record touches.
    fn epochs(key: &T::Key, row: &T::Row, out: &mut Vec<Vec<u8>>);
}

/// Whether `I` stands in its table's list. Otherwise no entry of it is ever written.
pub(crate) const fn index_is_declared<I: Index>() -> bool {
    has_index(<<I::Of as Table>::Indexes as IndexSet<I::Of>>::IDS, I::ID)
}

/// Whether `S` stands in its table's list, and the index it lies through as well. Otherwise its epoch would not be
/// touched, and a scan of it would guard nothing.
pub(crate) const fn set_is_declared<S: Set>() -> bool {
    let through = match S::THROUGH {
        Through::Primary => true,
        Through::Index(index) => has_index(<<S::Of as Table>::Indexes as IndexSet<S::Of>>::IDS, index),
    };
    through && has_set(<<S::Of as Table>::Sets as SetList<S::Of>>::IDS, S::ID)
}

const fn has_index(ids: &[IndexId], id: IndexId) -> bool {
    match ids {
        [] => false,
        [first, rest @ ..] => first.0 == id.0 || has_index(rest, id),
    }
}

const fn has_set(ids: &[SetId], id: SetId) -> bool {
    match ids {
        [] => false,
        [first, rest @ ..] => first.0 == id.0 || has_set(rest, id),
    }
}

fn entries_of<I: Index>(key: &<I::Of as Table>::Key, row: &<I::Of as Table>::Row, out: &mut Vec<IndexEntry>) {
    for found_by in I::keys(key, row) {
        let mut writer = KeyWriter::default();
        found_by.write(&mut writer);
        if !I::UNIQUE {
            key.write(&mut writer);
        }
        let key = layout::index_key(I::ID, &writer.into_bytes());
        out.push(IndexEntry { key, unique: I::UNIQUE, name: I::NAME });
    }
}

fn epochs_of<S: Set>(key: &<S::Of as Table>::Key, row: &<S::Of as Table>::Row, out: &mut Vec<Vec<u8>>) {
    out.extend(S::prefixes(key, row).iter().map(|prefix| layout::epoch_key(S::ID, &prefix.to_bytes())));
}

macro_rules! lists {
    ($(($($part:ident),*)),*) => {$(
        #[allow(unused_variables, reason = "one macro for every arity")]
        impl<T: Table, $($part: Index<Of = T>),*> IndexSet<T> for ($($part,)*) {
            const IDS: &'static [IndexId] = &[$($part::ID),*];
            fn entries(key: &T::Key, row: &T::Row, out: &mut Vec<IndexEntry>) {
                $(entries_of::<$part>(key, row, out);)*
            }
        }
        #[allow(unused_variables, reason = "one macro for every arity")]
        impl<T: Table, $($part: Set<Of = T>),*> SetList<T> for ($($part,)*) {
            const IDS: &'static [SetId] = &[$($part::ID),*];
            fn epochs(key: &T::Key, row: &T::Row, out: &mut Vec<Vec<u8>>) {
                $(epochs_of::<$part>(key, row, out);)*
            }
        }
    )*};
}
lists!((), (A), (A, B), (A, B, C), (A, B, C, D), (A, B, C, D, E), (A, B, C, D, E, F), (A, B, C, D, E, F, G));
