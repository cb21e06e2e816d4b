//! Which records a declared set holds, this transaction's own writes included.

use std::collections::{BTreeMap, BTreeSet};

use super::Tx;
use crate::kv::Space;
use crate::layout;
use crate::read::Abort;
use crate::table::{Set, Table, Through, set_is_declared};
use crate::view::distinct;

impl Tx<'_> {
    /// The typed keys of the set's records, as [`members`](Self::members) has them, guarded by the set's epoch: whoever adds,
    /// removes or changes one of them conflicts.
    pub(super) fn guarded_members<S: Set>(&self, of: &[u8]) -> Result<Vec<Vec<u8>>, Abort> {
        const { assert!(set_is_declared::<S>(), "not a set of its table") }
        let epoch = layout::epoch_key(S::ID, of);
        let revision = self.view.kv.get(Space::State, &epoch)?.as_deref().and_then(layout::revision_of);
        self.guard(epoch, revision);
        self.members::<S>(of)
    }

    /// The typed keys of the set's records, each once, in the order of the key or index they lie through. Those that
    /// this transaction deleted may be among them.
    fn members<S: Set>(&self, of: &[u8]) -> Result<Vec<Vec<u8>>, Abort> {
        match S::THROUGH {
            Through::Primary => {
                let prefix = layout::row_key(<S::Of as Table>::ID, of);
                let base = self.view.kv.prefix(Space::State, &prefix)?;
                let mut keys: BTreeSet<Vec<u8>> = base.into_iter().map(|(key, _)| key).collect();
                let own = self.rows.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
                keys.extend(own.map(|(key, _)| key.clone()));
                Ok(keys.iter().map(|key| layout::typed_part(key).to_vec()).collect())
            }
            Through::Index(index) => {
                let prefix = layout::index_key(index, of);
                let base = self.view.kv.prefix(Space::State, &prefix)?;
                let mut entries: BTreeMap<Vec<u8>, Vec<u8>> =
                    base.into_iter().map(|(key, value)| (key, layout::index_of(&value).to_vec())).collect();
                for (key, of) in self.index.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix)) {
                    match of {
                        Some(of) => entries.insert(key.clone(), of.clone()),
                        None => entries.remove(key),
                    };
                }
                Ok(distinct(entries.into_values()))
            }
        }
    }
}
