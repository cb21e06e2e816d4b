//! What a body may say of a person.

use http::StatusCode;
use serde::{Deserialize, Deserializer};
use woad_http::{Object, Problem};
use woad_identity::user::{NewCertificate, NewSshKey, User, UserPatch};
use zeroize::Zeroizing;

use super::parts::{AddressPart, AttributePart, EmailPart, LabelPart, NamePart, PhonePart, PhotoPart};

/// A field that stands there: null is refused, since it may mean either "unset" or "leave".
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

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
        password: Zeroizing<String>,
        provenance: String,
        end_time_ms: u64,
        administrator: bool,
        reader: bool,
        certificates: Vec<Object<CertificateField>>,
        ssh_keys: Vec<Object<SshKeyField>>,
        linked: Vec<Object<LinkedField>>,
    }
);
