//! Changing a realm.

use raft_store_core::{Outcome, Revision, Stored, Tx};

use super::logo::{self, LogoFault};
use super::record::Realms;
use super::settings::SettingsPatch;
use crate::event::{self, Actor};
use crate::ids::RealmId;
use crate::text::{self, TextFault};
use crate::{Decided, refuse};

/// What to change of a realm; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RealmPatch {
    /// For people: the organisation's name.
    pub display_name: Option<String>,
    /// A PNG picture; empty: none.
    pub logo: Option<Vec<u8>>,
    /// How it behaves.
    pub settings: SettingsPatch,
}

/// Why a realm was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateRealmError {
    /// There is no such realm.
    #[error("no such realm")]
    NotFound,
    /// Somebody changed it since the revision named.
    #[error("the realm was changed meanwhile")]
    Changed,
    /// The display name.
    #[error("display name: {0}")]
    DisplayName(TextFault),
    /// The logo.
    #[error("logo: {0}")]
    Logo(LogoFault),
    /// A setting lies outside its limits.
    #[error("setting {0} is outside its limits")]
    Setting(&'static str),
}

/// Changes a realm. The answer's revision is zero when something was written: it is then the commit's.
///
/// # Errors
/// Inner: see [`UpdateRealmError`]; nothing is written then.
pub fn update(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    patch: &RealmPatch,
    if_revision: Option<Revision>,
    actor: &Actor,
) -> Decided<Stored<Realms>, UpdateRealmError> {
    let Some(stored) = super::get(tx, realm)? else { return refuse(UpdateRealmError::NotFound) };
    if if_revision.is_some_and(|revision| revision != stored.revision) {
        return refuse(UpdateRealmError::Changed);
    }
    let mut row = stored.row.clone();
    let mut changed: Vec<&str> = Vec::new();
    if let Some(name) = &patch.display_name {
        if let Err(fault) = text::check(name, 0, super::create::MAX_DISPLAY_NAME) {
            return refuse(UpdateRealmError::DisplayName(fault));
        }
        if row.display_name != *name {
            changed.push("display_name");
            row.display_name.clone_from(name);
        }
    }
    let old = stored.row.settings()?;
    let settings = patch.settings.over(old.clone());
    if let Some(name) = settings.fault() {
        return refuse(UpdateRealmError::Setting(name));
    }
    if settings != old {
        changed.push("settings");
        settings.write_to(&mut row);
    }
    let logo = match &patch.logo {
        Some(png) => match logo::set(tx, realm, png)? {
            Ok(changed) => changed,
            Err(fault) => return refuse(UpdateRealmError::Logo(fault)),
        },
        None => false,
    };
    if row == stored.row && !logo {
        return Ok(Outcome::Answer(Ok(stored)));
    }
    let answer = if row == stored.row {
        stored
    } else {
        // Neither hosts nor issuer changed, so that nothing can be taken.
        let _ = tx.put::<Realms>(realm.clone(), row.clone())?;
        Stored { key: realm.clone(), row, revision: Revision(0) }
    };
    if logo {
        changed.push("logo");
    }
    event::record(tx, realm, "realm.update", realm.as_str(), serde_json::json!({ "fields": changed }), actor)?;
    Ok(Outcome::Commit(Ok(answer)))
}
