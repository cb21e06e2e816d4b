//! A person as they are shown. Never holds a password.

use raft_store_core::{Abort, Read, Stored};
use serde::Serialize;
use woad_identity::group;
use woad_identity::user::{Status, User, Users};

use super::parts::{AddressPart, AttributePart, EmailPart, LabelPart, NamePart, PhonePart, PhotoPart};

#[derive(Serialize)]
struct CertificateView {
    subject: String,
    issuer: String,
    label: String,
    pem: String,
    primary: bool,
}

#[derive(Serialize)]
struct SshKeyView {
    value: String,
    fingerprint: String,
    label: String,
    primary: bool,
}

#[derive(Serialize)]
struct LinkedView {
    kind: &'static str,
    issuer: String,
    subject: String,
}

#[derive(Serialize)]
struct GroupOfView {
    id: String,
    full_name: String,
    optional: bool,
}

/// A person.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the fields of the record as JSON has them")]
pub(crate) struct UserView {
    id: String,
    user_name: String,
    status: &'static str,
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time_ms: Option<u64>,
    name: NamePart,
    display_name: String,
    nick_name: String,
    profile_url: String,
    title: String,
    user_type: String,
    preferred_language: String,
    locale: String,
    timezone: String,
    emails: Vec<EmailPart>,
    phones: Vec<PhonePart>,
    addresses: Vec<AddressPart>,
    photos: Vec<PhotoPart>,
    external_id: String,
    affiliation: String,
    attributes: Vec<AttributePart>,
    labels: Vec<LabelPart>,
    administrator: bool,
    reader: bool,
    service_account: bool,
    certificates: Vec<CertificateView>,
    ssh_keys: Vec<SshKeyView>,
    linked: Vec<LinkedView>,
    created_ms: u64,
    modified_ms: u64,
    /// What `If-Match` of a change may name.
    revision: u64,
    /// The groups that count now; only where one person is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<GroupOfView>>,
}

fn parts<'a, P: From<&'a R>, R: 'a>(records: &'a [R]) -> Vec<P> {
    records.iter().map(P::from).collect()
}

fn identities(row: &User) -> (Vec<CertificateView>, Vec<SshKeyView>, Vec<LinkedView>) {
    let certificates = row.certificates.iter().map(|one| CertificateView {
        subject: one.subject.clone(),
        issuer: one.issuer.clone(),
        label: one.label.clone(),
        pem: one.pem.clone(),
        primary: one.primary,
    });
    let ssh_keys = row.ssh_keys.iter().map(|one| SshKeyView {
        value: one.value.clone(),
        fingerprint: one.fingerprint.clone(),
        label: one.label.clone(),
        primary: one.primary,
    });
    let linked = row.linked.iter().map(|one| LinkedView {
        kind: if one.kind == 1 { "oidc" } else { "saml" },
        issuer: one.issuer.clone(),
        subject: one.subject.clone(),
    });
    (certificates.collect(), ssh_keys.collect(), linked.collect())
}

impl UserView {
    /// Without groups.
    pub(crate) fn of(user: &Stored<Users>) -> Result<Self, Abort> {
        let row = &user.row;
        let status = match row.status()? {
            Status::Active => "active",
            Status::Suspended => "suspended",
            Status::Deleting => "deleting",
        };
        let (certificates, ssh_keys, linked) = identities(row);
        Ok(Self {
            id: user.key.1.to_string(),
            user_name: row.user_name.clone(),
            status,
            active: row.status()? == Status::Active,
            end_time_ms: (row.end_time_ms != 0).then_some(row.end_time_ms),
            name: row.name.as_ref().map(NamePart::from).unwrap_or_default(),
            display_name: row.display_name.clone(),
            nick_name: row.nick_name.clone(),
            profile_url: row.profile_url.clone(),
            title: row.title.clone(),
            user_type: row.user_type.clone(),
            preferred_language: row.preferred_language.clone(),
            locale: row.locale.clone(),
            timezone: row.timezone.clone(),
            emails: parts(&row.emails),
            phones: parts(&row.phones),
            addresses: parts(&row.addresses),
            photos: parts(&row.photos),
            external_id: row.external_id.clone(),
            affiliation: row.affiliation.clone(),
            attributes: parts(&row.attributes),
            labels: parts(&row.labels),
            administrator: row.administrator,
            reader: row.reader,
            service_account: row.service_account,
            certificates,
            ssh_keys,
            linked,
            created_ms: row.created_ms,
            modified_ms: row.modified_ms,
            revision: user.revision.0,
            groups: None,
        })
    }

    /// With the groups that count now.
    pub(crate) fn with_groups(read: &impl Read, user: &Stored<Users>) -> Result<Self, Abort> {
        let groups = group::groups_of(read, &user.key.0, user.key.1)?.into_iter().map(|group| GroupOfView {
            id: group.id.to_string(),
            full_name: group.full_name,
            optional: group.optional,
        });
        Ok(Self { groups: Some(groups.collect()), ..Self::of(user)? })
    }
}
