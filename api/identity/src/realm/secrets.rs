//! Secrets of a realm that no request ever sees.

use raft_store_core::{Abort, Read, Sealed, Table, TableId, Tx};
use zeroize::Zeroizing;

use crate::ids::RealmId;
use crate::tables;

/// Bytes of the key under which client secrets are hashed.
pub const CLIENT_SECRET_KEY_LEN: usize = 32;

/// A realm's secrets, sealed.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub struct RealmSecret {
    /// Key of the HMAC over client secrets.
    #[prost(bytes = "vec", tag = "1")]
    pub client_secret_key: Vec<u8>,
}

impl std::fmt::Debug for RealmSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RealmSecret(sealed)")
    }
}

/// Secrets by realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RealmSecrets;

impl Table for RealmSecrets {
    type Key = RealmId;
    type Row = RealmSecret;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::REALM_SECRETS;
    const NAME: &'static str = "realm secrets";
}

pub(crate) fn store(tx: &mut Tx<'_>, realm: &RealmId, client_secret_key: &[u8]) -> Result<(), Abort> {
    let Sealed(client_secret_key) = tx.seal::<RealmSecrets>(realm, client_secret_key)?;
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<RealmSecrets>(realm.clone(), RealmSecret { client_secret_key })?;
    Ok(())
}

pub(crate) fn client_secret_key(read: &impl Read, realm: &RealmId) -> Result<Zeroizing<Vec<u8>>, Abort> {
    let stored = read.get::<RealmSecrets>(realm)?.ok_or_else(|| Abort::corrupt("realm without secrets"))?;
    read.open::<RealmSecrets>(realm, &Sealed(stored.row.client_secret_key))
}
