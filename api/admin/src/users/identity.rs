//! `POST …/users/{user}/certificates`, `…/ssh-keys` and `…/linked`: adds what somebody may sign in with elsewhere. What
//! they have already is no error: its label and whether it counts first become what the body says. `POST …/remove`
//! below each takes it away again; a body names it, since names of certificates may be longer than a path.

use serde::Deserialize;
use woad_identity::user::{self, LinkedIdentity, Provenance};

use super::change_and_show;
use super::identities::{CertificateField, LinkedField, SshKeyField, not_removed, problem};
use crate::Admin;
use crate::call::{Answer, ClusterCall};
use crate::outcome::refused;

/// An SSH key that is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownKey {
    /// The digest in base64, as it is shown; `SHA256:` may stand before it, as OpenSSH writes it.
    fingerprint: String,
}

/// What OpenSSH writes before a fingerprint.
const SHA256: &str = "SHA256:";

pub(crate) async fn add_certificate(_: Admin, call: ClusterCall) -> Answer {
    let new = call.json::<CertificateField>()?.parse()?;
    let changed = change_and_show(&call, |tx, realm, id| {
        let added = user::add_certificate(tx, &realm.key, id, &new, Provenance::Administrator, &call.actor)?;
        Ok(refused(added, problem))
    });
    changed.await
}

pub(crate) async fn remove_certificate(_: Admin, call: ClusterCall) -> Answer {
    let known = call.json::<CertificateField>()?.parse()?;
    let changed = change_and_show(&call, |tx, realm, id| {
        Ok(refused(user::remove_certificate(tx, &realm.key, id, &known.identity, &call.actor)?, not_removed))
    });
    changed.await
}

pub(crate) async fn add_ssh_key(_: Admin, call: ClusterCall) -> Answer {
    let new = call.json::<SshKeyField>()?.parse()?;
    let changed = change_and_show(&call, |tx, realm, id| {
        let added = user::add_ssh_key(tx, &realm.key, id, &new, Provenance::Administrator, &call.actor)?;
        Ok(refused(added, problem))
    });
    changed.await
}

pub(crate) async fn remove_ssh_key(_: Admin, call: ClusterCall) -> Answer {
    let KnownKey { fingerprint } = call.json()?;
    let fingerprint = fingerprint.strip_prefix(SHA256).unwrap_or(&fingerprint);
    let changed = change_and_show(&call, |tx, realm, id| {
        Ok(refused(user::remove_ssh_key(tx, &realm.key, id, fingerprint, &call.actor)?, not_removed))
    });
    changed.await
}

pub(crate) async fn link(_: Admin, call: ClusterCall) -> Answer {
    let new: LinkedIdentity = call.json::<LinkedField>()?.into();
    let changed = change_and_show(&call, |tx, realm, id| {
        let added = user::link_identity(tx, &realm.key, id, &new, Provenance::Administrator, &call.actor)?;
        Ok(refused(added, problem))
    });
    changed.await
}

pub(crate) async fn unlink(_: Admin, call: ClusterCall) -> Answer {
    let known: LinkedIdentity = call.json::<LinkedField>()?.into();
    let changed = change_and_show(&call, |tx, realm, id| {
        Ok(refused(user::unlink_identity(tx, &realm.key, id, &known, &call.actor)?, not_removed))
    });
    changed.await
}
