//! Realms.

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
mod settings;
pub(crate) mod update;

use raft_store_core::{Abort, Stored};
use serde::Serialize;
use woad_identity::realm::Realms;

use settings::SettingsView;

/// A realm as it is shown.
#[derive(Serialize)]
struct RealmView {
    id: String,
    issuer: String,
    hosts: Vec<String>,
    display_name: String,
    created_ms: u64,
    settings: SettingsView,
    /// What `If-Match` of a change may name.
    revision: u64,
}

impl RealmView {
    fn of(realm: &Stored<Realms>) -> Result<Self, Abort> {
        let row = &realm.row;
        Ok(Self {
            id: realm.key.to_string(),
            issuer: row.issuer.clone(),
            hosts: row.hosts.clone(),
            display_name: row.display_name.clone(),
            created_ms: row.created_ms,
            settings: row.settings()?.into(),
            revision: realm.revision.0,
        })
    }
}
