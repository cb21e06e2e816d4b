//! What a transaction reads, and the guards that reading records.

use zeroize::Zeroizing;

use super::Tx;
use crate::ids::{Level, Revision, Timestamp};
use crate::key::Key;
use crate::kv::Space;
use crate::layout;
use crate::read::{Abort, Read};
use crate::seal::Sealed;
use crate::table::{Marker, Set, Stored, Table, Unique, index_is_declared};

impl Read for Tx<'_> {
    fn get<T: Table>(&self, key: &T::Key) -> Result<Option<Stored<T>>, Abort> {
        let physical = layout::row_key(T::ID, &key.to_bytes());
        if let Some(pending) = self.rows.get(&physical) {
            return self.own::<T>(pending, key);
        }
        let raw = self.base(&physical)?;
        raw.filter(|raw| raw.live(self.view.now())).map(|raw| raw.decode(key.clone())).transpose()
    }

    fn find<U: Unique>(&self, key: &U::Key) -> Result<Option<Stored<U::Of>>, Abort> {
        const { assert!(U::UNIQUE && index_is_declared::<U>(), "not a unique index of its table") }
        let physical = layout::index_key(U::ID, &key.to_bytes());
        let holder = if let Some(own) = self.index.get(&physical) {
            own.clone()
        } else {
            let value = self.view.kv.get(Space::State, &physical)?;
            // While the record is unchanged, so is its entry: only a miss needs a guard of its own.
            if value.is_none() {
                self.guard(physical, None);
            }
            value.map(|value| layout::index_of(&value).to_vec())
        };
        holder.map_or(Ok(None), |of| self.get::<U::Of>(&<U::Of as Table>::Key::from_bytes(&of)?))
    }

    fn all<S: Set>(&self, of: &S::Prefix) -> Result<Vec<Stored<S::Of>>, Abort> {
        let wanted = of.to_bytes();
        let mut out = Vec::new();
        for typed in self.guarded_members::<S>(&wanted)? {
            let physical = layout::row_key(<S::Of as Table>::ID, &typed);
            let key = <S::Of as Table>::Key::from_bytes(&typed)?;
            if let Some(pending) = self.rows.get(&physical) {
                out.extend(self.own::<S::Of>(pending, &key)?);
                continue;
            }
            let Some(raw) = self.view.raw(&physical)? else { return Err(Abort::corrupt("index without record")) };
            self.guard_time(&raw);
            if raw.live(self.view.now()) {
                out.push(raw.decode(key)?);
            }
        }
        debug_assert!(
            out.iter().all(|it| S::prefixes(&it.key, &it.row).iter().any(|prefix| prefix.to_bytes() == wanted)),
            "set {}: a record lies where its prefixes do not say",
            S::ID
        );
        Ok(out)
    }

    fn count_bound<S: Set>(&self, of: &S::Prefix) -> Result<usize, Abort> {
        Ok(self.guarded_members::<S>(&of.to_bytes())?.len())
    }

    fn epoch<S: Set>(&self, of: &S::Prefix) -> Result<Option<Revision>, Abort> {
        let physical = layout::epoch_key(S::ID, &of.to_bytes());
        if self.touched.contains(&physical) {
            // The least revision that the commit can have.
            return Ok(Some(Revision(self.view.revision().0 + 1)));
        }
        let revision = self.view.epoch::<S>(of)?;
        self.guard(physical, revision);
        Ok(revision)
    }

    fn marker<M: Marker>(&self, key: &M::Key) -> Result<Option<Revision>, Abort> {
        let physical = layout::marker_key(M::ID, &key.to_bytes());
        if self.touched.contains(&physical) {
            // The least revision that the commit can have: nothing issued before it passes.
            return Ok(Some(Revision(self.view.revision().0 + 1)));
        }
        let revision = self.view.marker::<M>(key)?;
        self.guard(physical, revision);
        Ok(revision)
    }

    fn open<T: Table>(&self, key: &T::Key, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Abort> {
        self.view.open::<T>(key, sealed)
    }

    fn now(&self) -> Timestamp {
        self.view.now()
    }

    fn revision(&self) -> Revision {
        self.view.revision()
    }

    fn level(&self) -> Level {
        self.view.level()
    }
}
