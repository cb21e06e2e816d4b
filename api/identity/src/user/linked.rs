//! What somebody may sign in with beside a password: certificates, SSH keys, identities at other providers. Each
//! belongs to one person at most.

use raft_store_core::{Abort, Outcome, Read, Stored, Tx};
use serde_json::json;

use super::certificate::{CertificateFault, CertificateIdentity};
use super::fields::{self, InvalidUser, limits};
use super::lookup;
use super::parts::{Certificate, LinkedIdentity, Provenance, SshKey};
use super::record::{User, Users};
use super::ssh_key::{PublicKey, SshKeyFault};
use super::update::write;
use crate::event::{self, Actor};
use crate::ids::{RealmId, UserId};
use crate::{Decided, refuse};

/// Kinds of what somebody may sign in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// An X.509 certificate.
    Certificate,
    /// An SSH key.
    SshKey,
    /// An account at an `OpenID` provider.
    OpenIdConnect,
    /// An account at a SAML identity provider.
    Saml,
}

impl IdentityKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::SshKey => "ssh_key",
            Self::OpenIdConnect => "oidc",
            Self::Saml => "saml",
        }
    }

    /// As in [`LinkedIdentity::kind`].
    const fn of_linked(kind: i32) -> Option<Self> {
        match kind {
            1 => Some(Self::OpenIdConnect),
            2 => Some(Self::Saml),
            _ => None,
        }
    }
}

/// A certificate to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCertificate {
    /// Whom it names.
    pub identity: CertificateIdentity,
    /// For people; at most [`limits::IDENTITY_LABEL`] characters.
    pub label: String,
    /// Whether it is to be the one that counts; the first always is.
    pub primary: bool,
}

/// An SSH key to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSshKey {
    /// The key.
    pub key: PublicKey,
    /// For people; at most [`limits::IDENTITY_LABEL`] characters.
    pub label: String,
    /// Whether it is to be the one that counts; the first always is.
    pub primary: bool,
}

/// Why nothing was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// There is no such user.
    #[error("no such user")]
    NotFound,
    /// Somebody else has it. Does not say who.
    #[error("another account has this identity")]
    Taken(IdentityKind),
    /// They have [`limits::IDENTITIES`] of this kind.
    #[error("at most {} identities of a kind", limits::IDENTITIES)]
    TooMany(IdentityKind),
    /// A certificate that is none.
    #[error(transparent)]
    Certificate(#[from] CertificateFault),
    /// An SSH key that is none.
    #[error(transparent)]
    SshKey(#[from] SshKeyFault),
    /// A field is at fault.
    #[error(transparent)]
    Invalid(#[from] InvalidUser),
}

/// Why nothing was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnlinkError {
    /// There is no such user.
    #[error("no such user")]
    NotFound,
    /// They don't have it.
    #[error("the user does not have this identity")]
    NotTheirs,
}

/// Adds a certificate; one that they have gets the new label, and becomes primary if it is to.
///
/// # Errors
/// Inner: see [`LinkError`]; nothing is written then.
pub fn add_certificate(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: UserId,
    new: &NewCertificate,
    provenance: Provenance,
    actor: &Actor,
) -> Decided<Stored<Users>, LinkError> {
    let Some(stored) = lookup::get(tx, realm, id)? else { return refuse(LinkError::NotFound) };
    if let Err(invalid) = fields::text("certificates.display", &new.label, limits::IDENTITY_LABEL) {
        return refuse(invalid.into());
    }
    let mut row = stored.row.clone();
    let now = tx.now().0;
    let (subject, issuer) = (new.identity.subject.as_str(), new.identity.issuer.as_str());
    let known = row.certificates.iter_mut().find(|one| one.subject == subject && one.issuer == issuer);
    let primary = new.primary || known.as_ref().map_or(stored.row.certificates.is_empty(), |known| known.primary);
    if let Some(known) = known {
        known.label.clone_from(&new.label);
        known.primary = primary;
        if !new.identity.pem.is_empty() {
            known.pem.clone_from(&new.identity.pem);
        }
    } else {
        row.certificates.push(Certificate {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            label: new.label.clone(),
            pem: new.identity.pem.clone(),
            primary,
            created_ms: now,
            modified_ms: now,
            provenance: provenance.stored(),
        });
    }
    if primary {
        for other in row.certificates.iter_mut().filter(|one| one.subject != subject || one.issuer != issuer) {
            other.primary = false;
        }
    }
    for (one, before) in row.certificates.iter_mut().zip(&stored.row.certificates) {
        if one != before {
            one.modified_ms = now;
        }
    }
    let count = row.certificates.len();
    added(tx, realm, stored, row, count, IdentityKind::Certificate, actor)
}

/// Adds an SSH key; one that they have gets the new label, and becomes primary if it is to.
///
/// # Errors
/// Inner: see [`LinkError`]; nothing is written then.
pub fn add_ssh_key(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: UserId,
    new: &NewSshKey,
    provenance: Provenance,
    actor: &Actor,
) -> Decided<Stored<Users>, LinkError> {
    let Some(stored) = lookup::get(tx, realm, id)? else { return refuse(LinkError::NotFound) };
    if let Err(invalid) = fields::text("sshKeys.display", &new.label, limits::IDENTITY_LABEL) {
        return refuse(invalid.into());
    }
    let mut row = stored.row.clone();
    let now = tx.now().0;
    let fingerprint = new.key.fingerprint();
    let known = row.ssh_keys.iter_mut().find(|one| one.fingerprint == fingerprint);
    let primary = new.primary || known.as_ref().map_or(stored.row.ssh_keys.is_empty(), |known| known.primary);
    if let Some(known) = known {
        known.label.clone_from(&new.label);
        known.primary = primary;
    } else {
        row.ssh_keys.push(SshKey {
            value: new.key.as_str().to_owned(),
            fingerprint: fingerprint.to_owned(),
            label: new.label.clone(),
            primary,
            created_ms: now,
            modified_ms: now,
            provenance: provenance.stored(),
        });
    }
    if primary {
        for other in row.ssh_keys.iter_mut().filter(|one| one.fingerprint != fingerprint) {
            other.primary = false;
        }
    }
    for (one, before) in row.ssh_keys.iter_mut().zip(&stored.row.ssh_keys) {
        if one != before {
            one.modified_ms = now;
        }
    }
    let count = row.ssh_keys.len();
    added(tx, realm, stored, row, count, IdentityKind::SshKey, actor)
}

/// Links an identity at another provider; nothing happens if they have it. Times and provenance in `new` are not
/// looked at.
///
/// # Errors
/// Inner: see [`LinkError`]; nothing is written then.
pub fn link_identity(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: UserId,
    new: &LinkedIdentity,
    provenance: Provenance,
    actor: &Actor,
) -> Decided<Stored<Users>, LinkError> {
    let Some(stored) = lookup::get(tx, realm, id)? else { return refuse(LinkError::NotFound) };
    let Some(kind) = IdentityKind::of_linked(new.kind) else {
        return refuse(InvalidUser { field: "linked.kind", why: "is neither oidc nor saml" }.into());
    };
    for (field, value) in [("linked.issuer", &new.issuer), ("linked.subject", &new.subject)] {
        if let Err(invalid) = fields::text(field, value, limits::IDENTITY) {
            return refuse(invalid.into());
        }
        if value.is_empty() {
            return refuse(InvalidUser { field, why: "must not be empty" }.into());
        }
    }
    let mut row = stored.row.clone();
    if !row.linked.iter().any(|one| one.identity() == new.identity()) {
        let created_ms = tx.now().0;
        row.linked.push(LinkedIdentity { created_ms, provenance: provenance.stored(), ..new.clone() });
    }
    let count = row.linked.iter().filter(|one| one.kind == new.kind).count();
    added(tx, realm, stored, row, count, kind, actor)
}

fn added(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    stored: Stored<Users>,
    row: User,
    count: usize,
    kind: IdentityKind,
    actor: &Actor,
) -> Decided<Stored<Users>, LinkError> {
    if row == stored.row {
        return Ok(Outcome::Answer(Ok(stored)));
    }
    if count > limits::IDENTITIES {
        return refuse(LinkError::TooMany(kind));
    }
    let id = stored.key.1;
    match write(tx, stored.key, row)? {
        Some(stored) => {
            let changes = json!({ "kind": kind.name() });
            event::record(tx, realm, "user.link_identity", &id.to_string(), changes, actor)?;
            Ok(Outcome::Commit(Ok(stored)))
        }
        None => refuse(LinkError::Taken(kind)),
    }
}

/// Removes the certificate with these names; the first of the others becomes primary if it was.
///
/// # Errors
/// Inner: see [`UnlinkError`]; nothing is written then.
pub fn remove_certificate(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: UserId,
    identity: &CertificateIdentity,
    actor: &Actor,
) -> Decided<Stored<Users>, UnlinkError> {
    let (subject, issuer) = (identity.subject.as_str(), identity.issuer.as_str());
    removed(tx, realm, id, IdentityKind::Certificate, actor, |row| {
        row.certificates.retain(|one| one.subject != subject || one.issuer != issuer);
        if !row.certificates.iter().any(|one| one.primary)
            && let Some(first) = row.certificates.first_mut()
        {
            first.primary = true;
        }
    })
}

/// Removes the SSH key with this fingerprint; the first of the others becomes primary if it was.
///
/// # Errors
/// Inner: see [`UnlinkError`]; nothing is written then.
pub fn remove_ssh_key(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: UserId,
    fingerprint: &str,
    actor: &Actor,
) -> Decided<Stored<Users>, UnlinkError> {
    removed(tx, realm, id, IdentityKind::SshKey, actor, |row| {
        row.ssh_keys.retain(|one| one.fingerprint != fingerprint);
        if !row.ssh_keys.iter().any(|one| one.primary)
            && let Some(first) = row.ssh_keys.first_mut()
        {
            first.primary = true;
        }
    })
}

/// Removes a link to an identity at another provider.
///
/// # Errors
/// Inner: see [`UnlinkError`]; nothing is written then.
pub fn unlink_identity(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: UserId,
    identity: &LinkedIdentity,
    actor: &Actor,
) -> Decided<Stored<Users>, UnlinkError> {
    let kind = IdentityKind::of_linked(identity.kind).unwrap_or(IdentityKind::OpenIdConnect);
    removed(tx, realm, id, kind, actor, |row| row.linked.retain(|one| one.identity() != identity.identity()))
}

fn removed(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: UserId,
    kind: IdentityKind,
    actor: &Actor,
    remove: impl FnOnce(&mut User),
) -> Decided<Stored<Users>, UnlinkError> {
    let Some(stored) = lookup::get(tx, realm, id)? else { return refuse(UnlinkError::NotFound) };
    let mut row = stored.row.clone();
    remove(&mut row);
    if row == stored.row {
        return refuse(UnlinkError::NotTheirs);
    }
    event::record(tx, realm, "user.unlink_identity", &id.to_string(), json!({ "kind": kind.name() }), actor)?;
    match write(tx, stored.key, row)? {
        Some(stored) => Ok(Outcome::Commit(Ok(stored))),
        // Nothing was added, so that nothing can be taken.
        None => Err(Abort::corrupt("user index")),
    }
}
