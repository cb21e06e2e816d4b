//! What somebody may sign in with elsewhere, in bodies: as a creation brings it, and one by one.

use http::StatusCode;
use raft_store_core::{Abort, Tx};
use serde::Deserialize;
use woad_http::Problem;
use woad_identity::user::{
    self, CertificateFault, CertificateIdentity, LinkError, LinkedIdentity, NewCertificate, NewSshKey, Provenance,
    PublicKey, UnlinkError,
};
use woad_identity::{Actor, RealmId, UserId};

use super::{invalid, no_user};
use crate::outcome::settled;

/// A certificate: in PEM, or both its names.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CertificateField {
    subject: String,
    issuer: String,
    pem: String,
    label: String,
    primary: bool,
}

/// An SSH key, as in `authorized_keys` without options.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SshKeyField {
    value: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    primary: bool,
}

/// An identity at another provider.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkedField {
    kind: LinkedKind,
    issuer: String,
    subject: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LinkedKind {
    Oidc,
    Saml,
}

/// The wire's answer to an identity that is not added.
pub(super) fn problem(error: LinkError) -> Problem {
    let text = error.to_string();
    let bad = |text: String| Problem::new(StatusCode::BAD_REQUEST, text).of_kind("invalid-user");
    match error {
        LinkError::NotFound => no_user(),
        LinkError::Taken(_) => Problem::new(StatusCode::CONFLICT, text).of_kind("identity-taken"),
        LinkError::Invalid(error) => invalid(&error),
        LinkError::TooMany(_) | LinkError::Certificate(_) | LinkError::SshKey(_) => bad(text),
    }
}

/// The wire's answer to an identity that is not removed.
pub(super) fn not_removed(error: UnlinkError) -> Problem {
    match error {
        UnlinkError::NotFound => no_user(),
        UnlinkError::NotTheirs => Problem::new(StatusCode::NOT_FOUND, error.to_string()).of_kind("no-such-identity"),
    }
}

/// Everything that a creation brings, understood.
#[derive(Default)]
pub(super) struct Identities {
    certificates: Vec<NewCertificate>,
    ssh_keys: Vec<NewSshKey>,
    linked: Vec<LinkedIdentity>,
}

impl CertificateField {
    /// Understands the field.
    pub(super) fn parse(self) -> Result<NewCertificate, Problem> {
        certificate(self).map_err(|fault| problem(fault.into()))
    }
}

impl SshKeyField {
    /// Understands the field.
    pub(super) fn parse(self) -> Result<NewSshKey, Problem> {
        let Self { value, label, primary } = self;
        let key = PublicKey::parse(&value).map_err(|fault| problem(fault.into()))?;
        Ok(NewSshKey { key, label, primary })
    }
}

impl From<LinkedField> for LinkedIdentity {
    fn from(LinkedField { kind, issuer, subject }: LinkedField) -> Self {
        let kind = match kind {
            LinkedKind::Oidc => 1,
            LinkedKind::Saml => 2,
        };
        Self { kind, issuer, subject, ..Self::default() }
    }
}

fn certificate(field: CertificateField) -> Result<NewCertificate, CertificateFault> {
    let CertificateField { subject, issuer, pem, label, primary } = field;
    let identity = if pem.is_empty() {
        CertificateIdentity::from_names(&subject, &issuer)?
    } else {
        let read = CertificateIdentity::from_pem(&pem)?;
        let named = if subject.is_empty() && issuer.is_empty() {
            read.clone()
        } else {
            CertificateIdentity::from_names(&subject, &issuer)?
        };
        // Two that differ name nobody.
        if (&named.subject, &named.issuer) != (&read.subject, &read.issuer) {
            return Err(CertificateFault::Name);
        }
        read
    };
    Ok(NewCertificate { identity, label, primary })
}

impl Identities {
    /// Understands the fields.
    pub(super) fn parse(
        certificates: Vec<CertificateField>,
        ssh_keys: Vec<SshKeyField>,
        linked: Vec<LinkedField>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            certificates: certificates.into_iter().map(CertificateField::parse).collect::<Result<_, _>>()?,
            ssh_keys: ssh_keys.into_iter().map(SshKeyField::parse).collect::<Result<_, _>>()?,
            linked: linked.into_iter().map(LinkedIdentity::from).collect(),
        })
    }

    /// Adds them to a person.
    pub(super) fn add(
        &self,
        tx: &mut Tx<'_>,
        realm: &RealmId,
        id: UserId,
        provenance: Provenance,
        actor: &Actor,
    ) -> Result<Result<(), Problem>, Abort> {
        for new in &self.certificates {
            if let Err(error) = settled(user::add_certificate(tx, realm, id, new, provenance, actor)?) {
                return Ok(Err(problem(error)));
            }
        }
        for new in &self.ssh_keys {
            if let Err(error) = settled(user::add_ssh_key(tx, realm, id, new, provenance, actor)?) {
                return Ok(Err(problem(error)));
            }
        }
        for new in &self.linked {
            if let Err(error) = settled(user::link_identity(tx, realm, id, new, provenance, actor)?) {
                return Ok(Err(problem(error)));
            }
        }
        Ok(Ok(()))
    }
}
