//! Realms: one cluster serves many organisations, each with an issuer, host names, keys and settings of its own.

mod create;
mod host;
mod issuer;
mod logo;
mod record;
pub mod secrets;
pub(crate) mod settings;
mod update;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod update_test;

use raft_store_core::{Abort, Read, Stored};

pub use create::{CreateRealmError, MAX_HOSTS, NewRealm, create};
pub use host::{HostName, InvalidHost};
pub use issuer::{InvalidIssuer, Issuer};
pub use logo::{Logo, LogoFault, Logos, MAX_LOGO_BYTES, MAX_LOGO_SIDE, logo};
pub use record::{AllRealms, Realm, RealmByHost, RealmByIssuer, RealmNotBefore, RealmSettings, Realms};
pub use settings::{Settings, SettingsPatch};
pub use update::{RealmPatch, UpdateRealmError, update};

use crate::ids::RealmId;

/// The realm with this id.
///
/// # Errors
/// When storage fails.
pub fn get(read: &impl Read, id: &RealmId) -> Result<Option<Stored<Realms>>, Abort> {
    read.get::<Realms>(id)
}

/// The realm that answers under this host name.
///
/// # Errors
/// When storage fails.
pub fn by_host(read: &impl Read, host: &HostName) -> Result<Option<Stored<Realms>>, Abort> {
    read.find::<RealmByHost>(&host.as_str().to_owned())
}

/// Every realm, by id.
///
/// # Errors
/// When storage fails.
pub fn list(read: &impl Read) -> Result<Vec<Stored<Realms>>, Abort> {
    read.all::<AllRealms>(&())
}
