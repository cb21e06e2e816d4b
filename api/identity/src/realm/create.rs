//! Making a realm.

use raft_store_core::{Outcome, Tx};
use serde_json::json;

use super::host::HostName;
use super::issuer::Issuer;
use super::record::{Realm, RealmByHost, RealmByIssuer, Realms};
use super::secrets::{self, CLIENT_SECRET_KEY_LEN};
use super::settings::Settings;
use crate::event::{self, Actor};
use crate::ids::RealmId;
use crate::keys::{self, GeneratedKey, KeyState, SigningAlg};
use crate::text::{self, TextFault};
use crate::{Decided, policy, refuse};

/// Host names one realm may have: each is an index entry.
pub const MAX_HOSTS: usize = 32;
/// Longest display name, in characters.
pub(super) const MAX_DISPLAY_NAME: usize = 256;

/// A realm to be.
#[derive(Clone, Debug)]
pub struct NewRealm {
    /// Its id, for ever.
    pub id: RealmId,
    /// Its issuer.
    pub issuer: Issuer,
    /// Where it answers; the issuer's host must be among them.
    pub hosts: Vec<HostName>,
    /// For people; may be empty.
    pub display_name: String,
    /// How it behaves.
    pub settings: Settings,
}

/// Why no realm was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateRealmError {
    /// There is a realm with this id.
    #[error("the realm exists")]
    Exists,
    /// Another realm has this issuer.
    #[error("another realm has this issuer")]
    IssuerTaken,
    /// Another realm answers under one of these names.
    #[error("another realm answers under one of these host names")]
    HostTaken,
    /// Endpoints of the issuer would not be found.
    #[error("the issuer's host is not among the host names")]
    IssuerHostMissing,
    /// No host name, too many, or one twice.
    #[error("between 1 and {MAX_HOSTS} different host names are needed")]
    Hosts,
    /// The display name.
    #[error("display name: {0}")]
    DisplayName(TextFault),
    /// A setting lies outside its limits.
    #[error("setting {0} is outside its limits")]
    Setting(&'static str),
    /// Not exactly one key for each algorithm was given.
    #[error("a realm begins with one key for each algorithm")]
    Keys,
}

/// Makes a realm with its first keys and secrets. `keys` holds one of [`keys::generate`] for each [`SigningAlg`],
/// `client_secret_key` is fresh randomness.
///
/// # Errors
/// Inner: see [`CreateRealmError`]; nothing is written then.
pub fn create(
    tx: &mut Tx<'_>,
    new: &NewRealm,
    keys: &[GeneratedKey],
    client_secret_key: &[u8; CLIENT_SECRET_KEY_LEN],
    actor: &Actor,
) -> Decided<Realm, CreateRealmError> {
    if let Err(error) = check(new, keys) {
        return refuse(error);
    }
    let mut row = Realm {
        issuer: new.issuer.as_str().to_owned(),
        hosts: new.hosts.iter().map(|host| host.as_str().to_owned()).collect(),
        display_name: new.display_name.clone(),
        created_ms: raft_store_core::Read::now(tx).0,
        ..Realm::default()
    };
    new.settings.write_to(&mut row);
    if let Err(taken) = tx.insert::<Realms>(new.id.clone(), row.clone())? {
        return refuse(match taken.index {
            index if index == <RealmByHost as raft_store_core::Index>::NAME => CreateRealmError::HostTaken,
            index if index == <RealmByIssuer as raft_store_core::Index>::NAME => CreateRealmError::IssuerTaken,
            _ => CreateRealmError::Exists,
        });
    }
    secrets::store(tx, &new.id, client_secret_key)?;
    policy::seed(tx, &new.id)?;
    for key in keys {
        if keys::store(tx, &new.id, key, KeyState::Active)?.is_err() {
            return refuse(CreateRealmError::Keys);
        }
    }
    let changes = json!({
        "issuer": row.issuer,
        "hosts": row.hosts,
        "keys": keys.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(),
    });
    event::record(tx, &new.id, "realm.create", new.id.as_str(), changes, actor)?;
    Ok(Outcome::Commit(Ok(row)))
}

fn check(new: &NewRealm, keys: &[GeneratedKey]) -> Result<(), CreateRealmError> {
    text::check(&new.display_name, 0, MAX_DISPLAY_NAME).map_err(CreateRealmError::DisplayName)?;
    let mut hosts = new.hosts.clone();
    hosts.sort();
    hosts.dedup();
    if hosts.is_empty() || hosts.len() > MAX_HOSTS || hosts.len() != new.hosts.len() {
        return Err(CreateRealmError::Hosts);
    }
    if !new.hosts.contains(new.issuer.host()) {
        return Err(CreateRealmError::IssuerHostMissing);
    }
    if let Some(name) = new.settings.fault() {
        return Err(CreateRealmError::Setting(name));
    }
    let each_once = SigningAlg::ALL.iter().all(|alg| keys.iter().filter(|key| key.alg == *alg).count() == 1);
    if each_once && keys.len() == SigningAlg::ALL.len() { Ok(()) } else { Err(CreateRealmError::Keys) }
}
