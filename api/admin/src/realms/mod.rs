//! Realms.

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;

use raft_store_core::{Abort, Stored};
use serde::Serialize;
use woad_identity::realm::Realms;

#[derive(Serialize)]
struct SettingsView {
    access_token_alg: &'static str,
    grace_ms: u64,
    default_profile: &'static str,
    include_nbf: bool,
    nbf_offset_seconds: u32,
    jwks_max_age_seconds: u32,
    access_token_seconds: u32,
    max_access_token_seconds: u32,
}

/// A realm as it is shown.
#[derive(Serialize)]
struct RealmView {
    id: String,
    issuer: String,
    hosts: Vec<String>,
    display_name: String,
    created_ms: u64,
    settings: SettingsView,
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
            settings: SettingsView {
                access_token_alg: row.access_token_alg()?.name(),
                grace_ms: row.grace_ms,
                default_profile: row.default_profile()?.name(),
                include_nbf: row.include_nbf,
                nbf_offset_seconds: row.nbf_offset_seconds,
                jwks_max_age_seconds: row.jwks_max_age_seconds,
                access_token_seconds: row.access_token_seconds,
                max_access_token_seconds: row.max_access_token_seconds,
            },
        })
    }
}
