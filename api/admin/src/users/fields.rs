//! What a body may say of a person.

use serde::Deserialize;
use woad_http::Object;
use woad_identity::user::UserPatch;

use super::identities::{CertificateField, LinkedField, SshKeyField};
use super::parts::{AddressPart, AttributePart, EmailPart, LabelPart, NamePart, PhonePart, PhotoPart};
use super::password::Plain;
use crate::call::given;

macro_rules! fields {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct $name {
            $(#[serde(deserialize_with = "given")] pub(super) $field: Option<$kind>,)*
        }
    };
}

fields!(
    /// Every field. Those that are `None` stay as they are. An empty text or list unsets.
    Fields {
        user_name: String,
        active: bool,
        name: Object<NamePart>,
        display_name: String,
        nick_name: String,
        profile_url: String,
        title: String,
        user_type: String,
        preferred_language: String,
        locale: String,
        timezone: String,
        emails: Vec<Object<EmailPart>>,
        phones: Vec<Object<PhonePart>>,
        addresses: Vec<Object<AddressPart>>,
        photos: Vec<Object<PhotoPart>>,
        external_id: String,
        attributes: Vec<Object<AttributePart>>,
        labels: Vec<Object<LabelPart>>,
        service_account: bool,
        affiliation: String,
        // At creation alone: later each has an operation of its own.
        id: String,
        password: Plain,
        provenance: String,
        end_time_ms: u64,
        administrator: bool,
        reader: bool,
        certificates: Vec<Object<CertificateField>>,
        ssh_keys: Vec<Object<SshKeyField>>,
        linked: Vec<Object<LinkedField>>,
    }
);

fn records<P, R: From<P>>(parts: Option<Vec<Object<P>>>) -> Option<Vec<R>> {
    parts.map(|parts| parts.into_iter().map(|Object(part)| part.into()).collect())
}

fn plain<T>(objects: Option<Vec<Object<T>>>) -> Vec<T> {
    objects.unwrap_or_default().into_iter().map(|Object(object)| object).collect()
}

/// What is said of a person at their creation alone.
pub(super) struct Beginning {
    pub(super) id: Option<String>,
    pub(super) password: Option<Plain>,
    pub(super) provenance: Option<String>,
    pub(super) end_time_ms: Option<u64>,
    pub(super) administrator: bool,
    pub(super) reader: bool,
    pub(super) certificates: Vec<CertificateField>,
    pub(super) ssh_keys: Vec<SshKeyField>,
    pub(super) linked: Vec<LinkedField>,
}

impl Fields {
    /// The first field that has an operation of its own once the person is there, or is for ever.
    pub(super) fn beginning_alone(&self) -> Option<&'static str> {
        let fields = [
            ("id", self.id.is_some()),
            ("password", self.password.is_some()),
            ("provenance", self.provenance.is_some()),
            ("end_time_ms", self.end_time_ms.is_some()),
            ("administrator", self.administrator.is_some()),
            ("reader", self.reader.is_some()),
            ("certificates", self.certificates.is_some()),
            ("ssh_keys", self.ssh_keys.is_some()),
            ("linked", self.linked.is_some()),
        ];
        fields.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// The domain's patch, and what belongs to a creation.
    pub(super) fn split(self) -> (UserPatch, Beginning) {
        let beginning = Beginning {
            id: self.id,
            password: self.password,
            provenance: self.provenance,
            end_time_ms: self.end_time_ms,
            administrator: self.administrator.unwrap_or_default(),
            reader: self.reader.unwrap_or_default(),
            certificates: plain(self.certificates),
            ssh_keys: plain(self.ssh_keys),
            linked: plain(self.linked),
        };
        let patch = UserPatch {
            user_name: self.user_name,
            active: self.active,
            name: self.name.map(|Object(name)| name.into()),
            display_name: self.display_name,
            nick_name: self.nick_name,
            profile_url: self.profile_url,
            title: self.title,
            user_type: self.user_type,
            preferred_language: self.preferred_language,
            locale: self.locale,
            timezone: self.timezone,
            emails: records(self.emails),
            phones: records(self.phones),
            addresses: records(self.addresses),
            photos: records(self.photos),
            external_id: self.external_id,
            attributes: records(self.attributes),
            labels: records(self.labels),
            service_account: self.service_account,
            affiliation: self.affiliation,
        };
        (patch, beginning)
    }
}
