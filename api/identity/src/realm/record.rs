//! What is stored of a realm.

use raft_store_core::{Abort, Index, IndexId, Marker, MarkerId, Set, SetId, Table, TableId, Through, Unique};

use crate::ids::RealmId;
use crate::keys::SigningAlg;
use crate::tables;
use crate::token::Profile;

/// A realm's record. Every setting is written out at creation: nothing depends on a default of the reader.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Realm {
    /// Published byte for byte.
    #[prost(string, tag = "1")]
    pub issuer: String,
    /// Host names under which it answers, normalised.
    #[prost(string, repeated, tag = "2")]
    pub hosts: Vec<String>,
    /// For people.
    #[prost(string, tag = "3")]
    pub display_name: String,
    /// When it was made, cluster time in ms.
    #[prost(uint64, tag = "4")]
    pub created_ms: u64,
    /// A [`SigningAlg`]: which of the active keys signs access tokens.
    #[prost(int32, tag = "10")]
    pub access_token_alg: i32,
    /// How long tokens are issued from local state after the last sign of a quorum, ms.
    #[prost(uint64, tag = "11")]
    pub grace_ms: u64,
    /// A [`Profile`]: for clients that have none or several profile scopes.
    #[prost(int32, tag = "12")]
    pub default_profile: i32,
    /// Whether tokens of the `iam` profile carry `nbf` (INDIGO: `IAM_ACCESS_TOKEN_INCLUDE_NBF`).
    #[prost(bool, tag = "13")]
    pub include_nbf: bool,
    /// How far `nbf` lies before `iat`, s.
    #[prost(uint32, tag = "14")]
    pub nbf_offset_seconds: u32,
    /// How long relying parties may cache the key set, s.
    #[prost(uint32, tag = "15")]
    pub jwks_max_age_seconds: u32,
    /// Lifetime of access tokens of clients that name none, s.
    #[prost(uint32, tag = "16")]
    pub access_token_seconds: u32,
    /// The longest lifetime of an access token that a client may be given, s.
    #[prost(uint32, tag = "17")]
    pub max_access_token_seconds: u32,
    /// Whether no two people may have the same e-mail address.
    #[prost(bool, tag = "18")]
    pub email_unique: bool,
    /// Shortest password, in characters.
    #[prost(uint32, tag = "19")]
    pub password_min_length: u32,
    /// A regular expression that passwords must match; empty: none.
    #[prost(string, tag = "20")]
    pub password_pattern: String,
    /// How long a session lives that nobody uses, s.
    #[prost(uint32, tag = "21")]
    pub session_idle_seconds: u32,
    /// How long any session lives, s.
    #[prost(uint32, tag = "22")]
    pub session_absolute_seconds: u32,
    /// Lifetime of refresh tokens of clients that name none, s.
    #[prost(uint32, tag = "23")]
    pub refresh_token_seconds: u32,
    /// Lifetime of ID tokens of clients that name none, s.
    #[prost(uint32, tag = "24")]
    pub id_token_seconds: u32,
    /// Whether access tokens tell who the person is (INDIGO: `IAM_ACCESS_TOKEN_INCLUDE_AUTHN_INFO`).
    #[prost(bool, tag = "25")]
    pub include_authn_info: bool,
}

impl Realm {
    /// Which algorithm signs access tokens.
    ///
    /// # Errors
    /// When the record holds a value this version does not know.
    pub fn access_token_alg(&self) -> Result<SigningAlg, Abort> {
        SigningAlg::from_stored(self.access_token_alg)
    }

    /// The profile of clients that do not choose one.
    ///
    /// # Errors
    /// When the record holds a value this version does not know.
    pub fn default_profile(&self) -> Result<Profile, Abort> {
        Profile::from_stored(self.default_profile)
    }

    /// The grace as a duration.
    #[must_use]
    pub const fn grace(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.grace_ms)
    }
}

/// Realms by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Realms;

impl Table for Realms {
    type Key = RealmId;
    type Row = Realm;
    type Indexes = (RealmByHost, RealmByIssuer);
    type Sets = (AllRealms, RealmSettings);
    const ID: TableId = tables::REALMS;
    const NAME: &'static str = "realms";
}

/// A realm by a host name it answers under.
#[derive(Clone, Copy, Debug)]
pub struct RealmByHost;

impl Index for RealmByHost {
    type Of = Realms;
    type Key = String;
    const ID: IndexId = tables::REALM_BY_HOST;
    const NAME: &'static str = "realm host";
    const UNIQUE: bool = true;
    fn keys(_: &RealmId, row: &Realm) -> Vec<String> {
        row.hosts.clone()
    }
}

impl Unique for RealmByHost {}

/// A realm by its issuer.
#[derive(Clone, Copy, Debug)]
pub struct RealmByIssuer;

impl Index for RealmByIssuer {
    type Of = Realms;
    type Key = String;
    const ID: IndexId = tables::REALM_BY_ISSUER;
    const NAME: &'static str = "realm issuer";
    const UNIQUE: bool = true;
    fn keys(_: &RealmId, row: &Realm) -> Vec<String> {
        vec![row.issuer.clone()]
    }
}

impl Unique for RealmByIssuer {}

/// Every realm.
#[derive(Clone, Copy, Debug)]
pub struct AllRealms;

impl Set for AllRealms {
    type Of = Realms;
    type Prefix = ();
    const ID: SetId = tables::ALL_REALMS;
    const THROUGH: Through = Through::Primary;
    fn prefixes(_: &RealmId, _: &Realm) -> Vec<()> {
        vec![()]
    }
}

/// The settings of one realm, all of them under one guard.
#[derive(Clone, Copy, Debug)]
pub struct RealmSettings;

impl Set for RealmSettings {
    type Of = Realms;
    type Prefix = RealmId;
    const ID: SetId = tables::REALM_SETTINGS;
    const THROUGH: Through = Through::Primary;
    fn prefixes(key: &RealmId, _: &Realm) -> Vec<RealmId> {
        vec![key.clone()]
    }
}

/// Tokens of the realm issued before this was touched are dead.
#[derive(Clone, Copy, Debug)]
pub struct RealmNotBefore;

impl Marker for RealmNotBefore {
    type Key = RealmId;
    const ID: MarkerId = tables::REALM_NOT_BEFORE;
}
