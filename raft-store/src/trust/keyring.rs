//! The replicated keyring: data keys by number, wrapped by the cluster key.

use prost::Message;
use raft_store_core::{Abort, Read, Table, TableId, Tx, View};
use zeroize::Zeroizing;

use super::cluster_key::{ClusterKey, ClusterKeyId, KEY_BYTES, Unwrappable};
use super::hex::Hex;
use super::{Fill, events, random};

/// Data keys that are kept at once: each rotation adds one, and one goes when nothing is sealed under it any more.
pub const MAX_DATA_KEYS: usize = 256;
/// The number of a new cluster's data key.
pub const FIRST: u32 = 1;

/// Data keys by number.
pub struct DataKeys;

/// A data key as it is kept. The key with the highest number seals; all open.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct DataKeyRow {
    /// The key, once under each cluster key in use: one, or two while the cluster key is rotated.
    #[prost(message, repeated, tag = "1")]
    pub wrappings: Vec<Wrapping>,
    /// Cluster time at which it was made, ms.
    #[prost(uint64, tag = "2")]
    pub created_ms: u64,
    /// See [`DataKeyState`].
    #[prost(enumeration = "DataKeyState", tag = "3")]
    pub state: i32,
}

/// A data key under one cluster key.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Wrapping {
    /// Which cluster key.
    #[prost(bytes = "vec", tag = "1")]
    pub cluster_key: Vec<u8>,
    /// Nonce, ciphertext, tag.
    #[prost(bytes = "vec", tag = "2")]
    pub wrapped: Vec<u8>,
}

/// What a data key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum DataKeyState {
    /// Never written.
    Unspecified = 0,
    /// Seals, when it has the highest number, and opens.
    Active = 1,
    /// Only opens.
    Retired = 2,
}

impl Table for DataKeys {
    type Key = u32;
    type Row = DataKeyRow;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = TableId(11);
    const NAME: &'static str = "data_keys";
}

/// A data key in the clear, with its number. Has no `Debug`.
#[derive(Clone)]
pub struct DataKey {
    id: u32,
    key: Zeroizing<[u8; KEY_BYTES]>,
}

impl DataKey {
    /// A new key.
    #[must_use]
    pub fn generate(id: u32, fill: Fill<'_>) -> Self {
        Self { id, key: Zeroizing::new(random(fill)) }
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.key
    }
}

/// Why the keyring can't be opened. Names keys by their ids.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// The node holds another cluster key than the keyring was wrapped under.
    #[error("wrong cluster key: this node holds {held}, the keyring needs {needed}")]
    WrongClusterKey {
        /// The one held.
        held: ClusterKeyId,
        /// The one needed; of several, the first.
        needed: String,
    },
    /// A data key doesn't unwrap although the cluster key is the right one: it was changed.
    #[error("data key {0} is damaged")]
    Damaged(u32),
    /// This state has no keyring, or none that seals.
    #[error("no keyring")]
    Empty,
}

/// The row of a data key under this cluster key. Drawn once for a request, outside of its transaction.
///
/// # Errors
/// When the crypto provider fails.
pub fn wrapped(key: &DataKey, under: &ClusterKey, fill: Fill<'_>) -> Result<Wrapping, Unwrappable> {
    let wrapped = under.wrap(key.id, key.bytes(), fill)?;
    Ok(Wrapping { cluster_key: under.id().0.to_vec(), wrapped })
}

/// Puts a data key into the keyring; it seals from then on.
///
/// # Errors
/// Pass it on.
pub fn add(tx: &mut Tx<'_>, id: u32, wrapping: &Wrapping) -> Result<(), Abort> {
    let row =
        DataKeyRow { wrappings: vec![wrapping.clone()], created_ms: tx.now().0, state: DataKeyState::Active.into() };
    if tx.insert::<DataKeys>(id, row)?.is_err() {
        return Err(Abort::corrupt("data key exists"));
    }
    events::record(tx, events::DATA_KEY_CREATED, id.to_string(), String::new());
    Ok(())
}

/// Changes the wrappings of a data key.
///
/// # Errors
/// Pass it on.
pub(super) fn rewrap(tx: &mut Tx<'_>, id: u32, change: impl FnOnce(&mut Vec<Wrapping>)) -> Result<(), Abort> {
    let Some(stored) = tx.get::<DataKeys>(&id)? else { return Err(Abort::corrupt("data key is gone")) };
    let mut row = stored.row;
    change(&mut row.wrappings);
    // Never taken: the table has no unique index.
    let _ = tx.put::<DataKeys>(id, row)?;
    Ok(())
}

/// Leaves of every data key below `end` the wrapping under one cluster key.
///
/// # Errors
/// Pass it on.
pub(super) fn only_under(tx: &mut Tx<'_>, cluster_key: &[u8], end: u32) -> Result<(), Abort> {
    for id in FIRST..end {
        if tx.get::<DataKeys>(&id)?.is_some() {
            rewrap(tx, id, |wrappings| wrappings.retain(|wrapping| wrapping.cluster_key == cluster_key))?;
        }
    }
    Ok(())
}

/// The number that the next data key gets, as a view knows it.
///
/// # Errors
/// Pass it on.
pub fn next_number(view: &View<'_>) -> Result<u32, Abort> {
    let rows = view.scan::<DataKeys>(&(), None, MAX_DATA_KEYS)?;
    Ok(rows.last().map_or(FIRST, |stored| stored.key + 1))
}

/// Every data key of a view, wrapped under a further cluster key.
///
/// # Errors
/// Inner: when `held` doesn't open it. Outer: pass it on.
pub fn wrapped_again(
    view: &View<'_>,
    held: &ClusterKey,
    under: &ClusterKey,
    fill: Fill<'_>,
) -> Result<Result<Vec<(u32, Wrapping)>, KeyringError>, Abort> {
    let wrap = |opened: Opened| {
        let id = opened.key.id();
        wrapped(&opened.key, under, fill).map(|wrapping| (id, wrapping)).map_err(|_| KeyringError::Damaged(id))
    };
    Ok(open(view, held)?.and_then(|keys| keys.into_iter().map(wrap).collect()))
}

/// Every data key of a view, unwrapped, with what it is for.
pub(super) fn open(view: &View<'_>, under: &ClusterKey) -> Result<Result<Vec<Opened>, KeyringError>, Abort> {
    let rows = view.scan::<DataKeys>(&(), None, MAX_DATA_KEYS)?;
    Ok(rows.iter().map(|stored| open_one(stored.key, &stored.row, under)).collect())
}

/// A data key out of the keyring.
pub(super) struct Opened {
    pub(super) key: DataKey,
    pub(super) seals: bool,
}

fn open_one(id: u32, row: &DataKeyRow, under: &ClusterKey) -> Result<Opened, KeyringError> {
    let held = under.id();
    let Some(wrapping) = row.wrappings.iter().find(|wrapping| wrapping.cluster_key == held.0) else {
        let first = row.wrappings.first().map(|wrapping| wrapping.cluster_key.as_slice()).unwrap_or_default();
        let needed = Hex(first).to_string();
        return Err(KeyringError::WrongClusterKey { held, needed });
    };
    let plain = under.unwrap(id, &wrapping.wrapped).map_err(|_| KeyringError::Damaged(id))?;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    key.copy_from_slice(&plain);
    Ok(Opened { key: DataKey { id, key }, seals: row.state == i32::from(DataKeyState::Active) })
}
