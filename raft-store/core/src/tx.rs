//! A transaction under evaluation: guards what it reads, collects what it writes.

mod finish;
mod reads;
mod scan;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{Chain, Event};
use crate::ids::{Level, Revision, Timestamp};
use crate::key::Key;
use crate::kv::Space;
use crate::layout;
use crate::mutant::Mutant;
use crate::read::{Abort, Cause, Read};
use crate::row::{Row, keep_unknown};
use crate::seal::Sealed;
use crate::table::{Blind, IndexEntry, IndexSet, Marker, SetList, Stored, Table, Taken};
use crate::view::{Raw, View};
use crate::wire;

/// What was read, and at which revision (`None`: absent).
#[derive(Default)]
struct ReadSet {
    keys: BTreeMap<Vec<u8>, Option<Revision>>,
    before: Option<Timestamp>,
    not_before: Option<Timestamp>,
}

/// What a write leaves at a key, within this transaction.
#[derive(Clone)]
enum Pending {
    Put { fields: Vec<u8>, expires: Option<Timestamp> },
    Deleted,
}

impl Pending {
    fn put<T: Table>(fields: Vec<u8>, row: &T::Row) -> Self {
        // On disk zero means never.
        Self::Put { fields, expires: T::expires(row).map(|at| at.max(Timestamp(1))) }
    }
}

/// A record that a write meets.
struct Present {
    fields: Vec<u8>,
    live: bool,
}

/// See the module's documentation. Reads see this transaction's own writes.
pub struct Tx<'a> {
    view: View<'a>,
    reads: RefCell<ReadSet>,
    rows: BTreeMap<Vec<u8>, Pending>,
    index: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    touched: BTreeSet<Vec<u8>>,
    level: Option<Level>,
    audit: Vec<wire::AuditEvent>,
    of_audit: Vec<wire::mutation::Kind>,
}

impl<'a> Tx<'a> {
    /// Starts an evaluation on a view.
    #[must_use]
    pub const fn new(view: View<'a>) -> Self {
        Self {
            view,
            reads: RefCell::new(ReadSet { keys: BTreeMap::new(), before: None, not_before: None }),
            rows: BTreeMap::new(),
            index: BTreeMap::new(),
            touched: BTreeSet::new(),
            level: None,
            audit: Vec::new(),
            of_audit: Vec::new(),
        }
    }

    fn guard(&self, key: Vec<u8>, revision: Option<Revision>) {
        if Mutant::ReadThenWrite.lives() {
            return;
        }
        self.reads.borrow_mut().keys.entry(key).or_insert(revision);
    }

    /// Guards a record's expiry on the side of `now` that it was read on.
    fn guard_time(&self, raw: &Raw) {
        let Some(at) = raw.expires.filter(|_| !Mutant::ReadThenWrite.lives()) else { return };
        let mut reads = self.reads.borrow_mut();
        if raw.live(self.view.now()) {
            reads.before = Some(reads.before.map_or(at, |before| before.min(at)));
        } else {
            reads.not_before = Some(reads.not_before.map_or(at, |after| after.max(at)));
        }
    }

    /// The record beneath this transaction's own writes, expired or not, guarded.
    fn base(&self, physical: &[u8]) -> Result<Option<Raw>, Abort> {
        let raw = self.view.raw(physical)?;
        self.guard(physical.to_vec(), raw.as_ref().map(|raw| raw.revision));
        if let Some(raw) = &raw {
            self.guard_time(raw);
        }
        Ok(raw)
    }

    /// What this transaction itself left at a key, as it reads it back.
    fn own<T: Table>(&self, pending: &Pending, key: &T::Key) -> Result<Option<Stored<T>>, Abort> {
        match pending {
            Pending::Put { fields, expires } if expires.is_none_or(|at| self.view.now() < at) => {
                Ok(Some(Stored { key: key.clone(), row: decode::<T>(fields)?, revision: Revision(0) }))
            }
            Pending::Put { .. } | Pending::Deleted => Ok(None),
        }
    }

    /// Creates a record.
    ///
    /// # Errors
    /// Inner: [`Taken`] when the key or a unique index key is held by a live record; nothing is written then.
    /// Outer: pass it on.
    pub fn insert<T: Table>(&mut self, key: T::Key, row: T::Row) -> Result<Result<(), Taken>, Abort> {
        if self.get::<T>(&key)?.is_some() {
            return Ok(Err(Taken { index: T::NAME }));
        }
        self.put::<T>(key, row)
    }

    /// Creates or replaces a record. Its index entries and the epochs of its sets follow.
    ///
    /// # Errors
    /// Inner: [`Taken`] when a unique index key is held by another live record; nothing is written then.
    /// Outer: pass it on.
    #[allow(clippy::needless_pass_by_value, reason = "a record is given away when it is written")]
    pub fn put<T: Table>(&mut self, key: T::Key, row: T::Row) -> Result<Result<(), Taken>, Abort> {
        if self.level() < T::SINCE {
            return Err(Cause::Level(T::NAME).into());
        }
        let typed = key.to_bytes();
        let physical = layout::row_key(T::ID, &typed);
        let old = self.present(&physical)?;
        let old_row = old.as_ref().map(|old| decode::<T>(&old.fields)).transpose()?;

        let mut new_entries = Vec::new();
        T::Indexes::entries(&key, &row, &mut new_entries);
        let mut old_entries = Vec::new();
        if let Some(old_row) = &old_row {
            T::Indexes::entries(&key, old_row, &mut old_entries);
        }
        let added: Vec<&IndexEntry> = new_entries.iter().filter(|entry| !old_entries.contains(entry)).collect();
        let mut expired = Vec::new();
        for entry in added.iter().filter(|entry| entry.unique) {
            let Some(holder) = self.holder(&entry.key)?.filter(|holder| *holder != typed) else { continue };
            let holder = T::Key::from_bytes(&holder)?;
            if self.get::<T>(&holder)?.is_some() {
                return Ok(Err(Taken { index: entry.name }));
            }
            expired.push(holder);
        }
        for holder in expired {
            self.delete::<T>(&holder)?;
        }
        for entry in &old_entries {
            if !new_entries.contains(entry) {
                self.index.insert(entry.key.clone(), None);
            }
        }
        for entry in added {
            self.index.insert(entry.key.clone(), Some(typed.clone()));
        }
        self.touch_sets::<T>(&key, old_row.as_ref());
        self.touch_sets::<T>(&key, Some(&row));
        let mut fields = row.encode_fields();
        // An expired record is gone for every reader: what replaces it inherits nothing.
        if let Some(old) = old.filter(|old| old.live) {
            fields = keep_unknown::<T::Row>(&old.fields, fields);
        }
        self.rows.insert(physical, Pending::put::<T>(fields, &row));
        Ok(Ok(()))
    }

    /// Writes a record without reading it. Only for tables without index or set.
    ///
    /// # Errors
    /// Pass it on.
    pub fn put_blind<T: Blind>(&mut self, key: &T::Key, row: &T::Row) -> Result<(), Abort> {
        if self.level() < T::SINCE {
            return Err(Cause::Level(T::NAME).into());
        }
        let physical = layout::row_key(T::ID, &key.to_bytes());
        self.rows.insert(physical, Pending::put::<T>(row.encode_fields(), row));
        Ok(())
    }

    /// Removes a record; says whether there was a live one.
    ///
    /// # Errors
    /// Pass it on.
    pub fn delete<T: Table>(&mut self, key: &T::Key) -> Result<bool, Abort> {
        let physical = layout::row_key(T::ID, &key.to_bytes());
        let live = self.get::<T>(key)?.is_some();
        if let Some(old) = self.present(&physical)? {
            self.remove::<T>(key, physical, &old.fields)?;
        }
        Ok(live)
    }

    /// Sets a marker's revision to that of this transaction's commit.
    pub fn touch<M: Marker>(&mut self, key: &M::Key) {
        self.touched.insert(layout::marker_key(M::ID, &key.to_bytes()));
    }

    /// Adds an event to a chain. It is written only if the transaction commits.
    pub fn audit(&mut self, chain: &Chain, event: Event) {
        self.audit.push(wire::AuditEvent { chain: chain.name().to_owned(), body: event.0 });
    }

    /// Removes the oldest events of a chain, `from` to `through`, at most [`crate::audit::MAX_PRUNED`] of them; nothing
    /// happens unless `from` is the first that is left. `checkpoint` vouches for the head after `through`.
    pub fn prune_audit(&mut self, chain: &Chain, from: u64, through: u64, checkpoint: Vec<u8>) {
        let chain = chain.name().to_owned();
        self.of_audit.push(wire::mutation::Kind::AuditPrune(wire::AuditPrune { chain, from, through, checkpoint }));
    }

    /// Removes the body of an event; the chain still holds.
    pub fn erase_audit(&mut self, chain: &Chain, number: u64) {
        let chain = chain.name().to_owned();
        self.of_audit.push(wire::mutation::Kind::AuditErase(wire::AuditErase { chain, number }));
    }

    /// Seals a field of the record of `T` at `key`, under a fresh nonce at every attempt.
    ///
    /// # Errors
    /// When the node is sealed; pass it on.
    pub fn seal<T: Table>(&self, key: &T::Key, plain: &[u8]) -> Result<Sealed, Abort> {
        Ok(self.view.sealer.seal(&layout::row_key(T::ID, &key.to_bytes()), plain)?)
    }

    /// Raises the cluster level; a lower or equal one changes nothing.
    pub fn raise_level(&mut self, level: Level) {
        self.level = Some(level);
    }

    /// What is at a physical key as this transaction sees it, expired records included.
    fn present(&self, physical: &[u8]) -> Result<Option<Present>, Abort> {
        let now = self.view.now();
        Ok(match self.rows.get(physical) {
            Some(Pending::Put { fields, expires }) => {
                Some(Present { fields: fields.clone(), live: expires.is_none_or(|at| now < at) })
            }
            Some(Pending::Deleted) => None,
            None => self.base(physical)?.map(|raw| Present { live: raw.live(now), fields: raw.fields }),
        })
    }

    /// The typed key of the record that holds a unique entry, expired or not, guarded.
    fn holder(&self, entry: &[u8]) -> Result<Option<Vec<u8>>, Abort> {
        if let Some(own) = self.index.get(entry) {
            return Ok(own.clone());
        }
        let value = self.view.kv.get(Space::State, entry)?;
        self.guard(entry.to_vec(), value.as_deref().and_then(layout::revision_of));
        Ok(value.map(|value| layout::index_of(&value).to_vec()))
    }

    fn remove<T: Table>(&mut self, key: &T::Key, physical: Vec<u8>, old: &[u8]) -> Result<(), Abort> {
        let row = decode::<T>(old)?;
        let mut entries = Vec::new();
        T::Indexes::entries(key, &row, &mut entries);
        for entry in entries {
            self.index.insert(entry.key, None);
        }
        self.touch_sets::<T>(key, Some(&row));
        self.rows.insert(physical, Pending::Deleted);
        Ok(())
    }

    fn touch_sets<T: Table>(&mut self, key: &T::Key, row: Option<&T::Row>) {
        let mut epochs = Vec::new();
        if let Some(row) = row.filter(|_| !Mutant::EpochUntouched.lives()) {
            T::Sets::epochs(key, row, &mut epochs);
        }
        self.touched.extend(epochs);
    }
}

fn decode<T: Table>(fields: &[u8]) -> Result<T::Row, Abort> {
    T::Row::decode_fields(fields).map_err(|_| Abort::corrupt(T::NAME))
}
