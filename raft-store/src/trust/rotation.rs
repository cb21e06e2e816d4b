//! Rotation of cluster key and authority, as desired state (store.md 22): rows say what is to become of them, every
//! member notes how far it is, and whoever leads goes on once all have noted it.
//!
//! The cluster key: every data key is wrapped under the old and the new one; each member keeps the new key in its file,
//! then notes it; when all have, the old wrappings go, and a new data key seals. The authority: both are trusted, and
//! each member notes that it does; then the new one issues, and each notes that it presents its certificate; then the
//! old one is trusted no more. While the authority changes, no member hands the new cluster key to another: whoever holds
//! the old authority's key could ask for it.

use prost::Message;
use raft_store_core::{Abort, Marker, MarkerId, Read, Sealed, Table, TableId, Tx};
use rustls_pki_types::CertificateDer;

use super::ca::{CaPin, ClusterCa};
use super::cluster_key::ClusterKeyId;
use super::cluster_record::{self, ClusterRecord};
use super::events;
use super::keyring::{self, DataKeys, Wrapping};

/// What is being rotated, one row each.
pub struct Rotations;

/// The fields.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct RotationRow {
    /// Names the new cluster key.
    #[prost(bytes = "vec", tag = "1")]
    pub cluster_key: Vec<u8>,
    /// The node that made it, the first that has it.
    #[prost(uint64, tag = "2")]
    pub holder: u64,
    /// The new authority's certificate, DER.
    #[prost(bytes = "vec", tag = "3")]
    pub ca_certificate: Vec<u8>,
    /// The new authority's private key (PKCS #8), sealed.
    #[prost(bytes = "vec", tag = "4")]
    pub ca_key_sealed: Vec<u8>,
    /// Whether the new authority issues.
    #[prost(bool, tag = "5")]
    pub issues: bool,
    /// Nodes that nobody waits for: the operator left them behind.
    #[prost(uint64, repeated, tag = "6")]
    pub excused: Vec<u64>,
    /// Cluster time at which it began, ms.
    #[prost(uint64, tag = "7")]
    pub since_ms: u64,
}

impl Table for Rotations {
    type Key = u32;
    type Row = RotationRow;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = TableId(13);
    const NAME: &'static str = "rotations";
}

/// What is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The cluster key.
    ClusterKey,
    /// The authority.
    Authority,
}

impl What {
    const fn key(self) -> u32 {
        match self {
            Self::ClusterKey => 1,
            Self::Authority => 2,
        }
    }

    /// For operators.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClusterKey => "cluster key",
            Self::Authority => "authority",
        }
    }
}

/// How far each node is, by its id.
pub struct Confirmations;

/// The fields.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ConfirmationRow {
    /// The cluster key that is in its file.
    #[prost(bytes = "vec", tag = "1")]
    pub cluster_key: Vec<u8>,
    /// Pins of the authorities that it trusts.
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub trusts: Vec<Vec<u8>>,
    /// Pin of the authority that its certificate is of.
    #[prost(bytes = "vec", tag = "3")]
    pub presents: Vec<u8>,
}

impl Table for Confirmations {
    type Key = u64;
    type Row = ConfirmationRow;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = TableId(14);
    const NAME: &'static str = "rotation_confirmations";
}

/// Join tokens made before this was touched work no more.
pub struct JoinTokensNotBefore;

impl Marker for JoinTokensNotBefore {
    type Key = ();
    const ID: MarkerId = MarkerId(1);
}

/// An authority that is to replace the present one issues already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rotation of the authority is under way")]
pub struct UnderWay;

/// The rotation that is under way, if one is.
///
/// # Errors
/// Pass it on.
pub fn running(read: &impl Read, what: What) -> Result<Option<RotationRow>, Abort> {
    Ok(read.get::<Rotations>(&what.key())?.map(|stored| stored.row))
}

/// What a node has noted.
///
/// # Errors
/// Pass it on.
pub fn confirmation(read: &impl Read, node: u64) -> Result<ConfirmationRow, Abort> {
    Ok(read.get::<Confirmations>(&node)?.map(|stored| stored.row).unwrap_or_default())
}

/// Whether a node is as far as the rotation wants it now.
fn follows(row: &RotationRow, what: What, noted: &ConfirmationRow) -> bool {
    match what {
        What::ClusterKey => noted.cluster_key == row.cluster_key,
        What::Authority => {
            let pin = CaPin::of(&CertificateDer::from(row.ca_certificate.as_slice())).map(|pin| pin.0.to_vec());
            let Some(pin) = pin else { return false };
            if row.issues { noted.presents == pin } else { noted.trusts.contains(&pin) }
        }
    }
}

/// Of `nodes`, whom the rotation waits for.
///
/// # Errors
/// Pass it on.
pub fn awaited(read: &impl Read, what: What, row: &RotationRow, nodes: &[u64]) -> Result<Vec<u64>, Abort> {
    let mut out = Vec::new();
    for node in nodes.iter().filter(|node| !row.excused.contains(node)) {
        if !follows(row, what, &confirmation(read, *node)?) {
            out.push(*node);
        }
    }
    Ok(out)
}

/// The authorities to be trusted: the one that issues first.
///
/// # Errors
/// Pass it on.
pub fn trusted(read: &impl Read) -> Result<Vec<CertificateDer<'static>>, Abort> {
    let Some(record) = cluster_record::get(read)? else { return Ok(Vec::new()) };
    let mut out = vec![record.ca_certificate];
    if let Some(row) = running(read, What::Authority)? {
        let at = usize::from(!row.issues);
        out.insert(at, CertificateDer::from(row.ca_certificate));
    }
    Ok(out)
}

/// The authority that issues, with its private key.
///
/// # Errors
/// When the node is sealed, or the record was changed; pass it on.
pub fn issuing(read: &impl Read) -> Result<Option<ClusterCa>, Abort> {
    match running(read, What::Authority)?.filter(|row| row.issues) {
        Some(row) => next_authority(read, row).map(Some),
        None => cluster_record::ca(read),
    }
}

fn next_authority(read: &impl Read, row: RotationRow) -> Result<ClusterCa, Abort> {
    let key = read.open::<Rotations>(&What::Authority.key(), &Sealed(row.ca_key_sealed))?;
    let certificate = CertificateDer::from(row.ca_certificate);
    ClusterCa::from_parts(certificate, &key).map_err(|_| Abort::corrupt("next authority"))
}

/// The authority that will be the only one: the next, or the present one.
///
/// # Errors
/// When the node is sealed, or the record was changed; pass it on.
pub fn lasting(read: &impl Read) -> Result<Option<ClusterCa>, Abort> {
    match running(read, What::Authority)? {
        Some(row) => next_authority(read, row).map(Some),
        None => cluster_record::ca(read),
    }
}

fn put(tx: &mut Tx<'_>, what: What, row: RotationRow) -> Result<(), Abort> {
    // Never taken: the table has no unique index.
    let _ = tx.put::<Rotations>(what.key(), row)?;
    Ok(())
}

/// Begins a rotation of the authority. Join tokens pin an authority, so those that are out are void.
///
/// # Errors
/// Inner: [`UnderWay`]; nothing is written then. Outer: when the node is sealed; pass it on.
pub fn begin_authority(tx: &mut Tx<'_>, next: &ClusterCa) -> Result<Result<(), UnderWay>, Abort> {
    // A new one that does not issue yet is given up for this one.
    if running(tx, What::Authority)?.is_some_and(|row| row.issues) {
        return Ok(Err(UnderWay));
    }
    let Sealed(ca_key_sealed) = tx.seal::<Rotations>(&What::Authority.key(), next.private_key())?;
    let since_ms = tx.now().0;
    let row =
        RotationRow { ca_certificate: next.certificate().to_vec(), ca_key_sealed, since_ms, ..RotationRow::default() };
    put(tx, What::Authority, row)?;
    tx.touch::<JoinTokensNotBefore>(&());
    cluster_record::custody_wanted(tx)?;
    events::record(tx, events::ROTATION_BEGUN, What::Authority.name().to_owned(), format!("ca_pin={}", next.pin()));
    Ok(Ok(()))
}

/// Begins a rotation of the cluster key, made by `holder`: each data key gets a wrapping more. A new key that is under
/// way is given up for this one: the old one, which still opens everything, brings all over to it.
///
/// # Errors
/// Pass it on.
pub fn begin_key(tx: &mut Tx<'_>, key: ClusterKeyId, holder: u64, wrappings: &[(u32, Wrapping)]) -> Result<(), Abort> {
    let given_up = running(tx, What::ClusterKey)?.map(|row| row.cluster_key);
    for (id, wrapping) in wrappings {
        keyring::rewrap(tx, *id, |held| {
            held.retain(|held| Some(&held.cluster_key) != given_up.as_ref());
            held.push(wrapping.clone());
        })?;
    }
    let since_ms = tx.now().0;
    put(tx, What::ClusterKey, RotationRow { cluster_key: key.0.to_vec(), holder, since_ms, ..RotationRow::default() })?;
    cluster_record::custody_wanted(tx)?;
    events::record(tx, events::ROTATION_BEGUN, What::ClusterKey.name().to_owned(), format!("key={key}"));
    Ok(())
}

/// Notes how far a node is. Says whether that is news; commit if so.
///
/// # Errors
/// Pass it on.
pub fn confirm(tx: &mut Tx<'_>, node: u64, row: &ConfirmationRow) -> Result<bool, Abort> {
    if confirmation(tx, node)? == *row {
        return Ok(false);
    }
    let _ = tx.put::<Confirmations>(node, row.clone())?;
    Ok(true)
}

/// Goes on with the authority's rotation, if nobody is awaited. Says whether it did; commit if so.
///
/// # Errors
/// When the node is sealed; pass it on.
pub fn advance_authority(tx: &mut Tx<'_>, nodes: &[u64]) -> Result<bool, Abort> {
    let Some(row) = running(tx, What::Authority)? else { return Ok(false) };
    if !awaited(tx, What::Authority, &row, nodes)?.is_empty() {
        return Ok(false);
    }
    if row.issues {
        let next = next_authority(tx, row)?;
        let Sealed(sealed) = tx.seal::<ClusterRecord>(&(), next.private_key())?;
        cluster_record::replace_authority(tx, &next, sealed)?;
        tx.delete::<Rotations>(&What::Authority.key())?;
        let detail = format!("ca_pin={}", next.pin());
        events::record(tx, events::ROTATION_ENDED, What::Authority.name().to_owned(), detail);
    } else {
        // Tokens made meanwhile pin the one that issues no more.
        tx.touch::<JoinTokensNotBefore>(&());
        put(tx, What::Authority, RotationRow { issues: true, ..row })?;
    }
    Ok(true)
}

/// Ends the cluster key's rotation, if nobody is awaited and the authority is not changing: the old wrappings go, and a
/// new data key, which the old cluster key never wrapped, seals from now on. Says whether it did; commit if so.
///
/// # Errors
/// Pass it on.
pub fn end_key(tx: &mut Tx<'_>, nodes: &[u64], data_key: u32, wrapping: &Wrapping) -> Result<bool, Abort> {
    let Some(row) = running(tx, What::ClusterKey)? else { return Ok(false) };
    let changing = running(tx, What::Authority)?.is_some();
    if changing
        || wrapping.cluster_key != row.cluster_key
        || !awaited(tx, What::ClusterKey, &row, nodes)?.is_empty()
        || tx.get::<DataKeys>(&data_key)?.is_some()
    {
        return Ok(false);
    }
    keyring::only_under(tx, &row.cluster_key, data_key)?;
    keyring::add(tx, data_key, wrapping)?;
    tx.delete::<Rotations>(&What::ClusterKey.key())?;
    let detail = format!("key={}", super::hex::Hex(&row.cluster_key));
    events::record(tx, events::ROTATION_ENDED, What::ClusterKey.name().to_owned(), detail);
    Ok(true)
}

/// Waits no longer for these nodes: they can't come back once the rotations have ended. Says whether there was anything
/// to wait for; commit if so.
///
/// # Errors
/// Pass it on.
pub fn leave_behind(tx: &mut Tx<'_>, nodes: &[u64]) -> Result<bool, Abort> {
    let mut any = false;
    for what in [What::ClusterKey, What::Authority] {
        if let Some(mut row) = running(tx, what)? {
            row.excused.extend(nodes);
            row.excused.sort_unstable();
            row.excused.dedup();
            put(tx, what, row)?;
            let left = nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            events::record(tx, events::ROTATION_FORCED, what.name().to_owned(), format!("left_behind={left}"));
            any = true;
        }
    }
    Ok(any)
}

/// Forgets all rotations: a new life begins with what its one node holds.
///
/// # Errors
/// Pass it on.
pub(super) fn forget(tx: &mut Tx<'_>) -> Result<(), Abort> {
    for what in [What::ClusterKey, What::Authority] {
        tx.delete::<Rotations>(&what.key())?;
    }
    tx.touch::<JoinTokensNotBefore>(&());
    Ok(())
}
