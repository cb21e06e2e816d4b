//! Everything that can be derived from the records is exactly so: index entries, expiry index, epochs.

use std::collections::BTreeMap;

use raft_store_core::layout::{self, Kind, RowValue};
use raft_store_core::table::{IndexSet, SetList};
use raft_store_core::{Key, ReadKv, Revision, Row, Space, Table};

use crate::replica::Replica;
use crate::tables::{Account, AccountKey, Accounts};

/// Scans the whole state of a replica that holds accounts.
pub(crate) fn assert_consistent(replica: &Replica) {
    let kv = replica.kv.snapshot();
    let of = |kind: Kind| kv.prefix(Space::State, &[kind as u8]).unwrap();
    let mut index: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut expiry = Vec::new();
    for (physical, value) in of(Kind::Row) {
        let value = RowValue::parse(&value).unwrap();
        expiry.extend(value.expires.map(|at| layout::expiry_key(at, &physical)));
        if layout::id_of(&physical) != Some(Accounts::ID.0) {
            continue;
        }
        let typed = layout::typed_part(&physical);
        let (key, row) = (AccountKey::from_bytes(typed).unwrap(), Account::decode_fields(value.fields).unwrap());
        let mut entries = Vec::new();
        <Accounts as Table>::Indexes::entries(&key, &row, &mut entries);
        for entry in entries {
            let other = index.insert(entry.key, typed.to_vec());
            assert!(other.is_none_or(|other| other == typed), "two records hold one {}", entry.name);
        }
        let mut epochs = Vec::new();
        <Accounts as Table>::Sets::epochs(&key, &row, &mut epochs);
        for epoch in epochs {
            let touched = kv.get(Space::State, &epoch).unwrap().as_deref().and_then(layout::revision_of);
            assert!(touched >= Some(value.revision), "{key:?} was written after its set's epoch");
        }
    }
    let stored: BTreeMap<Vec<u8>, Vec<u8>> =
        of(Kind::Index).into_iter().map(|(key, value)| (key, layout::index_of(&value).to_vec())).collect();
    assert_eq!(stored, index, "index and records");
    expiry.sort();
    assert_eq!(
        of(Kind::Expiry).into_iter().map(|(key, _)| key).collect::<Vec<_>>(),
        expiry,
        "expiry index and records"
    );
    assert!(of(Kind::Meta).len() <= 1);
    let newest = kv.prefix(Space::State, &[Kind::Epoch as u8]).unwrap();
    let newest = newest.iter().filter_map(|(_, value)| layout::revision_of(value)).max();
    assert!(newest.unwrap_or_default() <= Revision(replica.position.applied.0));
}
