//! What is stored of a person.

use aws_lc_rs::digest::{SHA256, digest};
use raft_store_core::{Abort, Index, IndexId, Marker, MarkerId, Set, SetId, Table, TableId, Through, Unique};

use super::parts::{Address, Attribute, Certificate, Email, Label, LinkedIdentity, Name, Phone, Photo, SshKey};
use crate::ids::{RealmId, UserId};
use crate::tables;
use crate::text::fold;

/// Where a person stands. Its transitions: see [`Status::may_become`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// May sign in, unless its end time has passed.
    Active,
    /// May do nothing; its record stays.
    Suspended,
    /// Deleted: everywhere treated as absent, while a job removes what hangs on it.
    Deleting,
}

impl Status {
    pub(crate) const fn stored(self) -> i32 {
        match self {
            Self::Active => 1,
            Self::Suspended => 2,
            Self::Deleting => 3,
        }
    }

    pub(crate) fn from_stored(value: i32) -> Result<Self, Abort> {
        [Self::Active, Self::Suspended, Self::Deleting]
            .into_iter()
            .find(|status| status.stored() == value)
            .ok_or_else(|| Abort::corrupt("user status"))
    }

    /// Whether this transition exists: nobody comes back from being deleted.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Active | Self::Suspended => true,
            Self::Deleting => matches!(next, Self::Deleting),
        }
    }
}

/// A person's record. Empty and zero mean "not set".
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct User {
    /// As it was given, NFC; unique when folded.
    #[prost(string, tag = "1")]
    pub user_name: String,
    /// A [`Status`].
    #[prost(int32, tag = "2")]
    pub status: i32,
    /// When the account ends, cluster time in ms; zero: never.
    #[prost(uint64, tag = "3")]
    pub end_time_ms: u64,
    /// The parts of the name.
    #[prost(message, optional, tag = "4")]
    pub name: Option<Name>,
    /// For people.
    #[prost(string, tag = "5")]
    pub display_name: String,
    /// How they are called.
    #[prost(string, tag = "6")]
    pub nick_name: String,
    /// A page about them.
    #[prost(string, tag = "7")]
    pub profile_url: String,
    /// "Vice President".
    #[prost(string, tag = "8")]
    pub title: String,
    /// "Employee", "Contractor".
    #[prost(string, tag = "9")]
    pub user_type: String,
    /// As in the `Accept-Language` header.
    #[prost(string, tag = "10")]
    pub preferred_language: String,
    /// RFC 5646 tag.
    #[prost(string, tag = "11")]
    pub locale: String,
    /// IANA time zone.
    #[prost(string, tag = "12")]
    pub timezone: String,
    /// The first that is primary counts, else the first.
    #[prost(message, repeated, tag = "13")]
    pub emails: Vec<Email>,
    /// Telephone numbers.
    #[prost(message, repeated, tag = "14")]
    pub phones: Vec<Phone>,
    /// Postal addresses.
    #[prost(message, repeated, tag = "15")]
    pub addresses: Vec<Address>,
    /// Pictures, by URL.
    #[prost(message, repeated, tag = "16")]
    pub photos: Vec<Photo>,
    /// The provisioning client's own id of them.
    #[prost(string, tag = "17")]
    pub external_id: String,
    /// By name; what VOMS calls generic attributes.
    #[prost(message, repeated, tag = "18")]
    pub attributes: Vec<Attribute>,
    /// By prefix and name.
    #[prost(message, repeated, tag = "19")]
    pub labels: Vec<Label>,
    /// Whether they have `ROLE_ADMIN`.
    #[prost(bool, tag = "20")]
    pub administrator: bool,
    /// Whether they have `ROLE_READER`.
    #[prost(bool, tag = "21")]
    pub reader: bool,
    /// X.509 certificates.
    #[prost(message, repeated, tag = "22")]
    pub certificates: Vec<Certificate>,
    /// SSH public keys.
    #[prost(message, repeated, tag = "23")]
    pub ssh_keys: Vec<SshKey>,
    /// Identities at other providers.
    #[prost(message, repeated, tag = "24")]
    pub linked: Vec<LinkedIdentity>,
    /// Not a person but a program with an account.
    #[prost(bool, tag = "25")]
    pub service_account: bool,
    /// Institute.
    #[prost(string, tag = "26")]
    pub affiliation: String,
    /// When they last signed the usage policy, cluster time in ms.
    #[prost(uint64, tag = "27")]
    pub aup_signed_ms: u64,
    /// Cluster time in ms.
    #[prost(uint64, tag = "28")]
    pub created_ms: u64,
    /// When any field last changed, cluster time in ms.
    #[prost(uint64, tag = "29")]
    pub modified_ms: u64,
    /// When `status` last changed, cluster time in ms.
    #[prost(uint64, tag = "30")]
    pub status_changed_ms: u64,
}

impl User {
    /// Where they stand.
    ///
    /// # Errors
    /// When the record holds a value this version does not know.
    pub fn status(&self) -> Result<Status, Abort> {
        Status::from_stored(self.status)
    }

    /// The e-mail address that counts.
    #[must_use]
    pub fn primary_email(&self) -> Option<&Email> {
        self.emails.iter().find(|email| email.primary).or_else(|| self.emails.first())
    }
}

/// People by realm and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Users;

impl Table for Users {
    type Key = (RealmId, UserId);
    type Row = User;
    type Indexes = (UserByName, UserByEmail, UserByExternalId, UserByLinkedIdentity, Administrators, UsersBeingDeleted);
    type Sets = (UsersWithEmail, RealmAdministrators);
    const ID: TableId = tables::USERS;
    const NAME: &'static str = "users";
}

/// A person by folded user name.
#[derive(Clone, Copy, Debug)]
pub struct UserByName;

impl Index for UserByName {
    type Of = Users;
    type Key = (RealmId, String);
    const ID: IndexId = tables::USER_BY_NAME;
    const NAME: &'static str = "userName";
    const UNIQUE: bool = true;
    fn keys((realm, _): &(RealmId, UserId), row: &User) -> Vec<(RealmId, String)> {
        if row.user_name.is_empty() { Vec::new() } else { vec![(realm.clone(), fold::user_name(&row.user_name))] }
    }
}

impl Unique for UserByName {}

/// A folded e-mail address as a key: its SHA-256. A set's key outlives what was in the set, and an address is personal.
pub(super) fn email_key(address: &str) -> [u8; 32] {
    let mut key = [0; 32];
    let digest = digest(&SHA256, fold::email(address).as_bytes());
    key.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    key
}

/// People by the SHA-256 of the folded address. Whether two may share an address is the realm's setting.
#[derive(Clone, Copy, Debug)]
pub struct UserByEmail;

impl Index for UserByEmail {
    type Of = Users;
    type Key = (RealmId, [u8; 32]);
    const ID: IndexId = tables::USER_BY_EMAIL;
    const NAME: &'static str = "email";
    const UNIQUE: bool = false;
    fn keys((realm, _): &(RealmId, UserId), row: &User) -> Vec<(RealmId, [u8; 32])> {
        let mut keys: Vec<_> = row.emails.iter().map(|email| email_key(&email.value)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().map(|email| (realm.clone(), email)).collect()
    }
}

/// People with one e-mail address, under one guard.
#[derive(Clone, Copy, Debug)]
pub struct UsersWithEmail;

impl Set for UsersWithEmail {
    type Of = Users;
    type Prefix = (RealmId, [u8; 32]);
    const ID: SetId = tables::USERS_WITH_EMAIL;
    const THROUGH: Through = Through::Index(tables::USER_BY_EMAIL);
    fn prefixes(key: &(RealmId, UserId), row: &User) -> Vec<(RealmId, [u8; 32])> {
        UserByEmail::keys(key, row)
    }
}

/// People by the provisioning client's id. Two may share one: clients have separate numberings.
#[derive(Clone, Copy, Debug)]
pub struct UserByExternalId;

impl Index for UserByExternalId {
    type Of = Users;
    type Key = (RealmId, String);
    const ID: IndexId = tables::USER_BY_EXTERNAL_ID;
    const NAME: &'static str = "externalId";
    const UNIQUE: bool = false;
    fn keys((realm, _): &(RealmId, UserId), row: &User) -> Vec<(RealmId, String)> {
        if row.external_id.is_empty() { Vec::new() } else { vec![(realm.clone(), row.external_id.clone())] }
    }
}

/// The person that a certificate, SSH key or identity elsewhere belongs to: one at most.
#[derive(Clone, Copy, Debug)]
pub struct UserByLinkedIdentity;

impl Index for UserByLinkedIdentity {
    type Of = Users;
    type Key = (RealmId, u8, String, String);
    const ID: IndexId = tables::USER_BY_LINKED_IDENTITY;
    const NAME: &'static str = "linked identity";
    const UNIQUE: bool = true;
    fn keys((realm, _): &(RealmId, UserId), row: &User) -> Vec<(RealmId, u8, String, String)> {
        let certificates = row.certificates.iter().map(Certificate::identity);
        let ssh_keys = row.ssh_keys.iter().map(SshKey::identity);
        let linked = row.linked.iter().map(LinkedIdentity::identity);
        let mut keys: Vec<_> = certificates.chain(ssh_keys).chain(linked).collect();
        keys.sort();
        keys.dedup();
        keys.into_iter().map(|(kind, first, second)| (realm.clone(), kind, first, second)).collect()
    }
}

impl Unique for UserByLinkedIdentity {}

/// The active administrators of a realm.
#[derive(Clone, Copy, Debug)]
pub struct Administrators;

impl Index for Administrators {
    type Of = Users;
    type Key = RealmId;
    const ID: IndexId = tables::ADMINISTRATORS;
    const NAME: &'static str = "administrators";
    const UNIQUE: bool = false;
    fn keys((realm, _): &(RealmId, UserId), row: &User) -> Vec<RealmId> {
        let counts = row.administrator && row.status == Status::Active.stored();
        if counts { vec![realm.clone()] } else { Vec::new() }
    }
}

/// The active administrators of a realm, under one guard: there is always one.
#[derive(Clone, Copy, Debug)]
pub struct RealmAdministrators;

impl Set for RealmAdministrators {
    type Of = Users;
    type Prefix = RealmId;
    const ID: SetId = tables::REALM_ADMINISTRATORS;
    const THROUGH: Through = Through::Index(tables::ADMINISTRATORS);
    fn prefixes(key: &(RealmId, UserId), row: &User) -> Vec<RealmId> {
        Administrators::keys(key, row)
    }
}

/// The people of all realms whose deletion is not complete, for the job.
#[derive(Clone, Copy, Debug)]
pub struct UsersBeingDeleted;

impl Index for UsersBeingDeleted {
    type Of = Users;
    type Key = ();
    const ID: IndexId = tables::USERS_BEING_DELETED;
    const NAME: &'static str = "users being deleted";
    const UNIQUE: bool = false;
    fn keys(_: &(RealmId, UserId), row: &User) -> Vec<()> {
        if row.status == Status::Deleting.stored() { vec![()] } else { Vec::new() }
    }
}

/// Everything the person was given before this was touched is dead: sessions, codes, refresh families, access tokens.
/// Stays for ever.
#[derive(Clone, Copy, Debug)]
pub struct UserNotBefore;

impl Marker for UserNotBefore {
    type Key = (RealmId, UserId);
    const ID: MarkerId = tables::USER_NOT_BEFORE;
}
