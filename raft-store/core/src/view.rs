//! An unguarded, consistent look at the state.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use crate::apply::Position;
use crate::audit::{self, Base, Head, StoredEvent};
use crate::ids::{Level, Revision, TableId, Timestamp};
use crate::key::Key;
use crate::kv::{ReadKv, Space, prefix_end};
use crate::layout::{self, RowValue};
use crate::read::{Abort, Read};
use crate::row::Row;
use crate::seal::{Sealed, Sealer};
use crate::table::{Index, Marker, Set, Stored, Table, Through, Unique, index_is_declared, set_is_declared};

/// Reads from one snapshot at one cluster time.
pub struct View<'a> {
    pub(crate) kv: &'a dyn ReadKv,
    pub(crate) sealer: &'a dyn Sealer,
    now: Timestamp,
    position: Position,
}

/// A record as it lies, with its expiry.
pub(crate) struct Raw {
    pub(crate) revision: Revision,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) fields: Vec<u8>,
}

impl Raw {
    pub(crate) fn live(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|at| now < at)
    }

    pub(crate) fn decode<T: Table>(&self, key: T::Key) -> Result<Stored<T>, Abort> {
        let row = T::Row::decode_fields(&self.fields).map_err(|_| Abort::corrupt(T::NAME))?;
        Ok(Stored { key, row, revision: self.revision })
    }
}

impl<'a> View<'a> {
    /// Opens a view. `now` is the cluster clock's reading, never a wall clock's.
    ///
    /// # Errors
    /// When the apply position cannot be read.
    pub fn open(kv: &'a dyn ReadKv, sealer: &'a dyn Sealer, now: Timestamp) -> Result<Self, Abort> {
        let position = Position::read(kv)?;
        Ok(Self { kv, sealer, now: now.max(position.clock), position })
    }

    /// The index up to which the snapshot was applied, from the snapshot itself.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    pub(crate) fn raw(&self, physical: &[u8]) -> Result<Option<Raw>, Abort> {
        let Some(value) = self.kv.get(Space::State, physical)? else { return Ok(None) };
        let parsed = RowValue::parse(&value)?;
        Ok(Some(Raw { revision: parsed.revision, expires: parsed.expires, fields: parsed.fields.to_vec() }))
    }

    /// The typed keys of the records in a set, each once, in the order of the key or index they lie through.
    pub(crate) fn set_keys<S: Set>(&self, of: &S::Prefix) -> Result<Vec<Vec<u8>>, Abort> {
        let prefix = of.to_bytes();
        Ok(match S::THROUGH {
            Through::Primary => self
                .kv
                .prefix(Space::State, &layout::row_key(S::Of::ID, &prefix))?
                .into_iter()
                .map(|(key, _)| layout::typed_part(&key).to_vec())
                .collect(),
            Through::Index(index) => {
                let entries = self.kv.prefix(Space::State, &layout::index_key(index, &prefix))?;
                distinct(entries.into_iter().map(|(_, value)| layout::index_of(&value).to_vec()))
            }
        })
    }

    /// At most `limit` live records of `T` whose key begins with `prefix`, after the key `after`. Unguarded: for
    /// listings, not for decisions.
    ///
    /// # Errors
    /// When storage fails.
    pub fn scan<T: Table>(
        &self,
        prefix: &impl Key,
        after: Option<&T::Key>,
        limit: usize,
    ) -> Result<Vec<Stored<T>>, Abort> {
        let prefix = layout::row_key(T::ID, &prefix.to_bytes());
        let mut from = prefix.clone();
        if let Some(after) = after {
            let mut next = layout::row_key(T::ID, &after.to_bytes());
            next.push(0);
            // A cursor from elsewhere, another realm's say, moves nothing back.
            from = from.max(next);
        }
        let end = prefix_end(&prefix);
        let mut out = Vec::new();
        while out.len() < limit {
            let step = (limit - out.len()).clamp(16, 1024);
            let pairs = self.kv.range(Space::State, &from, &end, step)?;
            let done = pairs.len() < step;
            for (key, value) in pairs {
                let parsed = RowValue::parse(&value)?;
                let raw = Raw { revision: parsed.revision, expires: parsed.expires, fields: parsed.fields.to_vec() };
                if raw.live(self.now) && out.len() < limit {
                    out.push(raw.decode(T::Key::from_bytes(layout::typed_part(&key))?)?);
                }
                from = key;
                from.push(0);
            }
            if done {
                break;
            }
        }
        Ok(out)
    }

    /// Every live record under a prefix of an index, once, in the order of the index. Unguarded.
    ///
    /// # Errors
    /// When storage fails.
    pub fn scan_index<I: Index>(&self, prefix: &impl Key) -> Result<Vec<Stored<I::Of>>, Abort> {
        const { assert!(index_is_declared::<I>(), "not an index of its table") }
        let entries = self.kv.prefix(Space::State, &layout::index_key(I::ID, &prefix.to_bytes()))?;
        let mut out = Vec::with_capacity(entries.len());
        for typed in distinct(entries.into_iter().map(|(_, value)| layout::index_of(&value).to_vec())) {
            out.extend(self.get::<I::Of>(&<I::Of as Table>::Key::from_bytes(&typed)?)?);
        }
        Ok(out)
    }

    /// At most `limit` live records under a prefix of an index, in its order, after those that stand under the key
    /// `after`. A record under several keys comes once for each. Unguarded: for listings.
    ///
    /// # Errors
    /// When storage fails.
    pub fn page_index<I: Index>(
        &self,
        prefix: &impl Key,
        after: Option<&I::Key>,
        limit: usize,
    ) -> Result<Vec<Stored<I::Of>>, Abort> {
        const { assert!(index_is_declared::<I>(), "not an index of its table") }
        let prefix = layout::index_key(I::ID, &prefix.to_bytes());
        let end = prefix_end(&prefix);
        let mut from = prefix;
        if let Some(after) = after {
            // A cursor from elsewhere, another realm's say, moves nothing back.
            from = from.max(prefix_end(&layout::index_key(I::ID, &after.to_bytes())));
        }
        let mut out = Vec::new();
        while out.len() < limit {
            let step = (limit - out.len()).clamp(16, 1024);
            let pairs = self.kv.range(Space::State, &from, &end, step)?;
            let done = pairs.len() < step;
            for (key, value) in pairs {
                if out.len() < limit {
                    out.extend(self.get::<I::Of>(&<I::Of as Table>::Key::from_bytes(layout::index_of(&value))?)?);
                }
                from = key;
                from.push(0);
            }
            if done {
                break;
            }
        }
        Ok(out)
    }

    /// The number of records in a table, expired ones that were not swept yet included. Walks them all.
    ///
    /// # Errors
    /// When storage fails.
    pub fn count(&self, table: TableId) -> Result<usize, Abort> {
        Ok(self.kv.prefix(Space::State, &layout::row_key(table, &[]))?.len())
    }

    /// The head of an audit chain.
    ///
    /// # Errors
    /// When storage fails.
    pub fn audit_head(&self, chain: &str) -> Result<Head, Abort> {
        self.kv.get(Space::State, &audit::head_key(chain))?.map_or(Ok(Head::EMPTY), |bytes| Head::parse(&bytes))
    }

    /// Where an audit chain begins.
    ///
    /// # Errors
    /// When storage fails.
    pub fn audit_base(&self, chain: &str) -> Result<Base, Abort> {
        self.kv.get(Space::State, &audit::base_key(chain))?.map_or(Ok(Base::WHOLE), |bytes| Base::parse(&bytes))
    }

    /// At most `limit` events of a chain from number `from` on.
    ///
    /// # Errors
    /// When storage fails.
    pub fn audit_events(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<StoredEvent>, Abort> {
        let start = audit::event_key(chain, from);
        let end = prefix_end(&audit::events_prefix(chain));
        let pairs = self.kv.range(Space::State, &start, &end, limit)?;
        let number = |key: &[u8]| key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        pairs.iter().map(|(key, value)| StoredEvent::parse(number(key), value)).collect()
    }
}

/// Without repetitions; the first of each stays where it is. A record may stand under several keys of an index.
pub(crate) fn distinct(keys: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut seen = BTreeSet::new();
    keys.filter(|key| seen.insert(key.clone())).collect()
}

impl Read for View<'_> {
    fn get<T: Table>(&self, key: &T::Key) -> Result<Option<Stored<T>>, Abort> {
        let raw = self.raw(&layout::row_key(T::ID, &key.to_bytes()))?;
        raw.filter(|raw| raw.live(self.now)).map(|raw| raw.decode(key.clone())).transpose()
    }

    fn find<U: Unique>(&self, key: &U::Key) -> Result<Option<Stored<U::Of>>, Abort> {
        const { assert!(U::UNIQUE && index_is_declared::<U>(), "not a unique index of its table") }
        let Some(value) = self.kv.get(Space::State, &layout::index_key(U::ID, &key.to_bytes()))? else {
            return Ok(None);
        };
        let of = <U::Of as Table>::Key::from_bytes(layout::index_of(&value))?;
        self.get::<U::Of>(&of)
    }

    fn all<S: Set>(&self, of: &S::Prefix) -> Result<Vec<Stored<S::Of>>, Abort> {
        const { assert!(set_is_declared::<S>(), "not a set of its table") }
        let mut out = Vec::new();
        for key in self.set_keys::<S>(of)? {
            out.extend(self.get::<S::Of>(&<S::Of as Table>::Key::from_bytes(&key)?)?);
        }
        Ok(out)
    }

    fn count_bound<S: Set>(&self, of: &S::Prefix) -> Result<usize, Abort> {
        const { assert!(set_is_declared::<S>(), "not a set of its table") }
        Ok(self.set_keys::<S>(of)?.len())
    }

    fn epoch<S: Set>(&self, of: &S::Prefix) -> Result<Option<Revision>, Abort> {
        const { assert!(set_is_declared::<S>(), "not a set of its table") }
        let value = self.kv.get(Space::State, &layout::epoch_key(S::ID, &of.to_bytes()))?;
        Ok(value.as_deref().and_then(layout::revision_of))
    }

    fn marker<M: Marker>(&self, key: &M::Key) -> Result<Option<Revision>, Abort> {
        let value = self.kv.get(Space::State, &layout::marker_key(M::ID, &key.to_bytes()))?;
        Ok(value.as_deref().and_then(layout::revision_of))
    }

    fn open<T: Table>(&self, key: &T::Key, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Abort> {
        Ok(self.sealer.open(&layout::row_key(T::ID, &key.to_bytes()), sealed)?)
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn revision(&self) -> Revision {
        self.position.applied
    }

    fn level(&self) -> Level {
        self.position.level
    }
}
