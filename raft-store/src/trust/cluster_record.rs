//! The cluster's record of itself: one row, written by the transaction that makes the cluster.

use prost::Message;
use raft_store_core::{Abort, Read, Sealed, Table, TableId, Tx};
use rustls_pki_types::CertificateDer;

use super::ca::ClusterCa;
use super::cluster_id::ClusterId;
use super::cluster_key::ClusterKey;
use super::{events, keyring, rotation, sealer};

/// Data keys are numbered from one; a cluster has few.
const MAX_DATA_KEYS: u32 = 256;

/// One record, at the empty key.
pub struct ClusterRecord;

/// What is kept.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ClusterRow {
    /// The cluster's id.
    #[prost(string, tag = "1")]
    pub cluster_id: String,
    /// Cluster time at which it was made, ms.
    #[prost(uint64, tag = "2")]
    pub created_ms: u64,
    /// The authority's certificate, DER.
    #[prost(bytes = "vec", tag = "3")]
    pub ca_certificate: Vec<u8>,
    /// The authority's private key (PKCS #8), sealed.
    #[prost(bytes = "vec", tag = "4")]
    pub ca_key_sealed: Vec<u8>,
    /// Cluster time at which an operator confirmed the recovery bundle's custody, ms; 0: not yet.
    #[prost(uint64, tag = "5")]
    pub custody_confirmed_ms: u64,
}

impl Table for ClusterRecord {
    type Key = ();
    type Row = ClusterRow;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = TableId(12);
    const NAME: &'static str = "cluster";
}

/// This state belongs to a cluster already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cluster exists already")]
pub struct Exists;

/// The record as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Its id.
    pub id: ClusterId,
    /// The authority's certificate.
    pub ca_certificate: CertificateDer<'static>,
    /// Whether an operator confirmed that the recovery bundle is in safe custody.
    pub custody_confirmed: bool,
}

/// Writes the record, the authority's key sealed.
///
/// # Errors
/// Inner: [`Exists`]; nothing is written then. Outer: pass it on.
pub fn create(tx: &mut Tx<'_>, id: ClusterId, ca: &ClusterCa) -> Result<Result<(), Exists>, Abort> {
    let Sealed(ca_key_sealed) = tx.seal::<ClusterRecord>(&(), ca.private_key())?;
    let row = ClusterRow {
        cluster_id: id.to_string(),
        created_ms: tx.now().0,
        ca_certificate: ca.certificate().to_vec(),
        ca_key_sealed,
        custody_confirmed_ms: 0,
    };
    if tx.insert::<ClusterRecord>((), row)?.is_err() {
        return Ok(Err(Exists));
    }
    events::record(tx, events::CLUSTER_CREATED, id.to_string(), format!("ca_pin={}", ca.pin()));
    Ok(Ok(()))
}

/// The record; `None` before the cluster was made, or before it arrived at this node.
///
/// # Errors
/// Pass it on.
pub fn get(read: &impl Read) -> Result<Option<Cluster>, Abort> {
    let Some(stored) = read.get::<ClusterRecord>(&())? else { return Ok(None) };
    let id = stored.row.cluster_id.parse().map_err(|_| Abort::corrupt("cluster id"))?;
    Ok(Some(Cluster {
        id,
        ca_certificate: CertificateDer::from(stored.row.ca_certificate),
        custody_confirmed: stored.row.custody_confirmed_ms != 0,
    }))
}

/// The authority with its private key: on any member that isn't sealed.
///
/// # Errors
/// When the node is sealed, or the record was changed; pass it on.
pub fn ca(read: &impl Read) -> Result<Option<ClusterCa>, Abort> {
    let Some(stored) = read.get::<ClusterRecord>(&())? else { return Ok(None) };
    let key = read.open::<ClusterRecord>(&(), &Sealed(stored.row.ca_key_sealed))?;
    let certificate = CertificateDer::from(stored.row.ca_certificate);
    ClusterCa::from_parts(certificate, &key).map(Some).map_err(|_| Abort::corrupt("cluster authority"))
}

/// An operator confirms that the recovery bundle is in safe custody. Says whether that is news; commit if so.
///
/// # Errors
/// Pass it on.
pub fn confirm_custody(tx: &mut Tx<'_>) -> Result<bool, Abort> {
    let Some(stored) = tx.get::<ClusterRecord>(&())? else { return Ok(false) };
    let mut row = stored.row;
    if row.custody_confirmed_ms != 0 {
        return Ok(false);
    }
    row.custody_confirmed_ms = tx.now().0;
    let id = row.cluster_id.clone();
    // Never taken: the table has no unique index.
    let _ = tx.put::<ClusterRecord>((), row)?;
    events::record(tx, events::CUSTODY_CONFIRMED, id, String::new());
    Ok(true)
}

/// A new recovery bundle was shown: its custody is to be confirmed.
pub(super) fn custody_wanted(tx: &mut Tx<'_>) -> Result<(), Abort> {
    change(tx, |row| row.custody_confirmed_ms = 0)
}

/// Puts another authority into the place of the present one; its key is sealed for this record.
pub(super) fn replace_authority(tx: &mut Tx<'_>, next: &ClusterCa, sealed: Vec<u8>) -> Result<(), Abort> {
    change(tx, |row| {
        row.ca_certificate = next.certificate().to_vec();
        row.ca_key_sealed = sealed;
    })
}

/// Seals the authority's key again, under the data key that seals now. Commit afterwards.
///
/// # Errors
/// When the node is sealed; pass it on.
pub fn reseal(tx: &mut Tx<'_>) -> Result<(), Abort> {
    let Some(authority) = ca(tx)? else { return Ok(()) };
    let Sealed(sealed) = tx.seal::<ClusterRecord>(&(), authority.private_key())?;
    change(tx, |row| row.ca_key_sealed = sealed)
}

/// Whether the authority's key is sealed under another data key than this one.
///
/// # Errors
/// Pass it on.
pub fn sealed_under_another(read: &impl Read, data_key: u32) -> Result<bool, Abort> {
    let stored = read.get::<ClusterRecord>(&())?;
    Ok(stored.is_some_and(|stored| sealer::data_key_of(&stored.row.ca_key_sealed) != Some(data_key)))
}

/// How a new life begins.
pub(crate) struct Rebirth<'a> {
    /// The old cluster's id.
    pub(crate) from: &'a str,
    /// Which life it is.
    pub(crate) incarnation: u64,
    /// Term and index at which the old life's log ended at the survivor.
    pub(crate) last: (u64, u64),
    /// The cluster key that the survivor holds.
    pub(crate) key: &'a ClusterKey,
}

/// Makes the record another cluster's: new id, new authority, tokens and rotations of the old life void.
pub(crate) fn begin_again(tx: &mut Tx<'_>, id: ClusterId, ca: &ClusterCa, of: &Rebirth<'_>) -> Result<(), Abort> {
    let Sealed(sealed) = tx.seal::<ClusterRecord>(&(), ca.private_key())?;
    change(tx, |row| {
        row.cluster_id = id.to_string();
        row.custody_confirmed_ms = 0;
    })?;
    replace_authority(tx, ca, sealed)?;
    rotation::forget(tx)?;
    keyring::only_under(tx, &of.key.id().0, MAX_DATA_KEYS)?;
    let (term, index) = of.last;
    let detail = format!("from={} incarnation={} last_term={term} last_index={index}", of.from, of.incarnation);
    events::record(tx, events::CLUSTER_RECOVERED, id.to_string(), detail);
    Ok(())
}

fn change(tx: &mut Tx<'_>, f: impl FnOnce(&mut ClusterRow)) -> Result<(), Abort> {
    let Some(stored) = tx.get::<ClusterRecord>(&())? else { return Err(Abort::corrupt("no cluster record")) };
    let mut row = stored.row;
    f(&mut row);
    // Never taken: the table has no unique index.
    let _ = tx.put::<ClusterRecord>((), row)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use raft_store_core::memory::MemoryStore;
    use raft_store_core::{AttemptId, Level, Outcome, View};

    use super::*;
    use crate::trust::testing::{self, NOW, fill};
    use crate::trust::{ClusterKey, KeyringSealer, keyring};

    #[test]
    fn made_once_and_its_authority_signs_again() {
        let store = MemoryStore::new(NOW);
        let (id, authority) = (testing::cluster(1), testing::ca(1));
        assert!(store.look(|view| get(view)).unwrap().is_none());
        assert!(store.look(|view| ca(view)).unwrap().is_none());
        store.run(|tx| create(tx, id, &authority).map(Outcome::Commit)).unwrap().unwrap();
        let again = store.run(|tx| create(tx, id, &authority).map(Outcome::Answer)).unwrap();
        assert_eq!(again, Err(Exists));
        let found = store.look(|view| get(view)).unwrap().unwrap();
        assert_eq!((found.id, found.custody_confirmed), (id, false));
        assert_eq!(found.ca_certificate, *authority.certificate());
        let opened = store.look(|view| ca(view)).unwrap().unwrap();
        assert_eq!(opened.private_key(), authority.private_key());
    }

    #[test]
    fn custody_is_confirmed_once() {
        let store = MemoryStore::new(NOW);
        let confirm = || store.run(|tx| confirm_custody(tx).map(Outcome::Commit)).unwrap();
        assert!(!confirm(), "no cluster yet");
        store.run(|tx| create(tx, testing::cluster(1), &testing::ca(1)).map(Outcome::Commit)).unwrap().unwrap();
        assert!(confirm());
        assert!(!confirm());
        assert!(store.look(|view| get(view)).unwrap().unwrap().custody_confirmed);
    }

    #[test]
    fn the_authority_is_in_the_entry_only_sealed_under_the_key_of_the_same_transaction() {
        let (key, data) = (ClusterKey::generate(&fill), keyring::DataKey::generate(keyring::FIRST, &fill));
        let sealer = KeyringSealer::new(fill);
        sealer.begin(key.clone(), &data).unwrap();
        let wrapping = keyring::wrapped(&data, &key, &fill).unwrap();
        let authority = testing::ca(1);
        let empty = MemoryStore::new(NOW);
        // An empty state is of no level; the first transaction of a real cluster follows the entry that sets one.
        let raise = |tx: &mut Tx<'_>| {
            tx.raise_level(Level::FIRST);
            Ok(Outcome::Commit(()))
        };
        empty.run(raise).unwrap();
        let snapshot = empty.kv().snapshot();
        let mut tx = Tx::new(View::open(&snapshot, &sealer, NOW).unwrap());
        keyring::add(&mut tx, data.id(), &wrapping).unwrap();
        create(&mut tx, testing::cluster(1), &authority).unwrap().unwrap();
        assert_eq!(ca(&tx).unwrap().unwrap().private_key(), authority.private_key());
        let entry = tx.finish(AttemptId([1; 16]), NOW).unwrap().encode_to_vec();
        let scalar = &authority.private_key()[36..68];
        assert!(!entry.windows(32).any(|window| window == scalar || window == key.expose()));
    }
}
