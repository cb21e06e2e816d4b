//! The parts of a person's record that come in numbers.

use raft_store_core::Abort;

/// Who put a value there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// An administrator, by API or `woadctl`.
    Administrator,
    /// The person.
    Themselves,
    /// A provisioning client, by SCIM.
    Provisioning,
    /// An import.
    Import,
    /// An identity provider at login.
    Upstream,
}

impl Provenance {
    const ALL: [Self; 5] = [Self::Administrator, Self::Themselves, Self::Provisioning, Self::Import, Self::Upstream];

    pub(crate) const fn stored(self) -> i32 {
        match self {
            Self::Administrator => 1,
            Self::Themselves => 2,
            Self::Provisioning => 3,
            Self::Import => 4,
            Self::Upstream => 5,
        }
    }

    /// From the record.
    ///
    /// # Errors
    /// When the record holds a value this version does not know.
    pub fn from_stored(value: i32) -> Result<Self, Abort> {
        Self::ALL.into_iter().find(|one| one.stored() == value).ok_or_else(|| Abort::corrupt("provenance"))
    }
}

/// The parts of a name.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Name {
    /// First name.
    #[prost(string, tag = "1")]
    pub given: String,
    /// Last name.
    #[prost(string, tag = "2")]
    pub family: String,
    /// Middle name.
    #[prost(string, tag = "3")]
    pub middle: String,
    /// "Dr."
    #[prost(string, tag = "4")]
    pub prefix: String,
    /// "III"
    #[prost(string, tag = "5")]
    pub suffix: String,
    /// The whole name where it was given as such; else it is made of the parts.
    #[prost(string, tag = "6")]
    pub formatted: String,
}

/// An e-mail address.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Email {
    /// As it was given, NFC.
    #[prost(string, tag = "1")]
    pub value: String,
    /// "work", "home", "other".
    #[prost(string, tag = "2")]
    pub kind: String,
    /// For people.
    #[prost(string, tag = "3")]
    pub display: String,
    /// Whether it is the one that counts.
    #[prost(bool, tag = "4")]
    pub primary: bool,
    /// Whether it was shown to be theirs.
    #[prost(bool, tag = "5")]
    pub verified: bool,
    /// A [`Provenance`].
    #[prost(int32, tag = "6")]
    pub provenance: i32,
}

/// A telephone number.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Phone {
    /// The number.
    #[prost(string, tag = "1")]
    pub value: String,
    /// "work", "mobile".
    #[prost(string, tag = "2")]
    pub kind: String,
    /// For people.
    #[prost(string, tag = "3")]
    pub display: String,
    /// Whether it is the one that counts.
    #[prost(bool, tag = "4")]
    pub primary: bool,
}

/// A picture.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Photo {
    /// Its URL.
    #[prost(string, tag = "1")]
    pub value: String,
    /// "photo", "thumbnail".
    #[prost(string, tag = "2")]
    pub kind: String,
    /// For people.
    #[prost(string, tag = "3")]
    pub display: String,
    /// Whether it is the one that counts.
    #[prost(bool, tag = "4")]
    pub primary: bool,
}

/// A postal address.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Address {
    /// The whole.
    #[prost(string, tag = "1")]
    pub formatted: String,
    /// Street and number.
    #[prost(string, tag = "2")]
    pub street: String,
    /// Town.
    #[prost(string, tag = "3")]
    pub locality: String,
    /// State.
    #[prost(string, tag = "4")]
    pub region: String,
    /// Zip.
    #[prost(string, tag = "5")]
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    #[prost(string, tag = "6")]
    pub country: String,
    /// "work", "home".
    #[prost(string, tag = "7")]
    pub kind: String,
    /// Whether it is the one that counts.
    #[prost(bool, tag = "8")]
    pub primary: bool,
}

/// A name and a value.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Attribute {
    /// Unique in the record.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its value.
    #[prost(string, tag = "2")]
    pub value: String,
    /// A [`Provenance`].
    #[prost(int32, tag = "3")]
    pub provenance: i32,
}

/// A label of a person or group.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Label {
    /// Domain-like; empty: none.
    #[prost(string, tag = "1")]
    pub prefix: String,
    /// With the prefix unique in the record.
    #[prost(string, tag = "2")]
    pub name: String,
    /// Empty: none.
    #[prost(string, tag = "3")]
    pub value: String,
}

/// An X.509 identity: always subject and issuer.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Certificate {
    /// RFC 2253.
    #[prost(string, tag = "1")]
    pub subject: String,
    /// RFC 2253.
    #[prost(string, tag = "2")]
    pub issuer: String,
    /// For people.
    #[prost(string, tag = "3")]
    pub label: String,
    /// The certificate, where it was given.
    #[prost(string, tag = "4")]
    pub pem: String,
    /// Whether it is the one that counts.
    #[prost(bool, tag = "5")]
    pub primary: bool,
    /// Cluster time in ms.
    #[prost(uint64, tag = "6")]
    pub created_ms: u64,
    /// Cluster time in ms.
    #[prost(uint64, tag = "7")]
    pub modified_ms: u64,
    /// A [`Provenance`].
    #[prost(int32, tag = "8")]
    pub provenance: i32,
}

impl Certificate {
    /// Kind and both names: no two people have the same.
    #[must_use]
    pub fn identity(&self) -> (u8, String, String) {
        (1, self.subject.clone(), self.issuer.clone())
    }
}

/// An SSH public key.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SshKey {
    /// Type and blob, without comment.
    #[prost(string, tag = "1")]
    pub value: String,
    /// Base64 of the SHA-256 of the blob.
    #[prost(string, tag = "2")]
    pub fingerprint: String,
    /// For people.
    #[prost(string, tag = "3")]
    pub label: String,
    /// Whether it is the one that counts.
    #[prost(bool, tag = "4")]
    pub primary: bool,
    /// Cluster time in ms.
    #[prost(uint64, tag = "5")]
    pub created_ms: u64,
    /// Cluster time in ms.
    #[prost(uint64, tag = "6")]
    pub modified_ms: u64,
    /// A [`Provenance`].
    #[prost(int32, tag = "7")]
    pub provenance: i32,
}

impl SshKey {
    /// Kind and fingerprint: no two people have the same.
    #[must_use]
    pub fn identity(&self) -> (u8, String, String) {
        (2, self.fingerprint.clone(), String::new())
    }
}

/// An identity at another provider.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct LinkedIdentity {
    /// 1: OpenID Connect; 2: SAML.
    #[prost(int32, tag = "1")]
    pub kind: i32,
    /// Issuer, or entity id.
    #[prost(string, tag = "2")]
    pub issuer: String,
    /// Subject, or attribute id, `:` and the attribute's value.
    #[prost(string, tag = "3")]
    pub subject: String,
    /// Cluster time in ms.
    #[prost(uint64, tag = "4")]
    pub created_ms: u64,
    /// A [`Provenance`].
    #[prost(int32, tag = "5")]
    pub provenance: i32,
}

impl LinkedIdentity {
    /// Kind, issuer and subject: no two people have the same.
    #[must_use]
    pub fn identity(&self) -> (u8, String, String) {
        // SAML's and OpenID Connect's namespaces are apart.
        (if self.kind == 1 { 3 } else { 4 }, self.issuer.clone(), self.subject.clone())
    }
}
