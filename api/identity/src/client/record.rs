//! What is stored of a client.

use raft_store_core::{Abort, Marker, MarkerId, Table, TableId};

use super::kinds::{AuthMethod, GrantType};
use crate::ids::{ClientId, RealmId};
use crate::scope::ScopeList;
use crate::tables;

/// A secret as it is kept: never the secret itself.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub struct SecretHash {
    /// HMAC-SHA-256 under the realm's sealed key.
    #[prost(bytes = "vec", tag = "1")]
    pub hash: Vec<u8>,
    /// When it was made, cluster time in ms.
    #[prost(uint64, tag = "2")]
    pub created_ms: u64,
}

impl std::fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretHash")
    }
}

/// A client's record: INDIGO's client object, secrets as hashes. Empty and zero mean "not set" unless said otherwise.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
#[expect(clippy::struct_excessive_bools, reason = "INDIGO's object has them")]
pub struct Client {
    /// For people.
    #[prost(string, tag = "1")]
    pub client_name: String,
    /// For people.
    #[prost(string, tag = "2")]
    pub client_description: String,
    /// Where the authorization endpoint may redirect to.
    #[prost(string, repeated, tag = "3")]
    pub redirect_uris: Vec<String>,
    /// Home page.
    #[prost(string, tag = "4")]
    pub client_uri: String,
    /// Terms of service.
    #[prost(string, tag = "5")]
    pub tos_uri: String,
    /// Privacy policy.
    #[prost(string, tag = "6")]
    pub policy_uri: String,
    /// Where its key set is.
    #[prost(string, tag = "7")]
    pub jwks_uri: String,
    /// Its key set, as JSON text.
    #[prost(string, tag = "8")]
    pub jwk: String,
    /// E-mail addresses.
    #[prost(string, repeated, tag = "9")]
    pub contacts: Vec<String>,
    /// [`GrantType`]s it may use.
    #[prost(int32, repeated, tag = "10")]
    pub grant_types: Vec<i32>,
    /// [`super::ResponseType`]s it may use.
    #[prost(int32, repeated, tag = "11")]
    pub response_types: Vec<i32>,
    /// An [`AuthMethod`].
    #[prost(int32, tag = "12")]
    pub token_endpoint_auth_method: i32,
    /// Scopes it may have, in order, separated by spaces.
    #[prost(string, tag = "13")]
    pub scope: String,
    /// Lifetime of its access tokens, s; zero: the realm's.
    #[prost(uint32, tag = "14")]
    pub access_token_validity_seconds: u32,
    /// Lifetime of its refresh tokens, s.
    #[prost(uint32, tag = "15")]
    pub refresh_token_validity_seconds: u32,
    /// Lifetime of its id tokens, s.
    #[prost(uint32, tag = "16")]
    pub id_token_validity_seconds: u32,
    /// Lifetime of its device codes, s.
    #[prost(uint32, tag = "17")]
    pub device_code_validity_seconds: u32,
    /// The oldest login it accepts, s.
    #[prost(uint32, tag = "18")]
    pub default_max_age: u32,
    /// Whether a refresh keeps the refresh token.
    #[prost(bool, tag = "19")]
    pub reuse_refresh_token: bool,
    /// Whether it may introspect tokens.
    #[prost(bool, tag = "20")]
    pub allow_introspection: bool,
    /// Whether a refresh ends earlier access tokens.
    #[prost(bool, tag = "21")]
    pub clear_access_tokens_on_refresh: bool,
    /// Whether its id tokens carry `auth_time`.
    #[prost(bool, tag = "22")]
    pub require_auth_time: bool,
    /// A [`super::CodeChallengeMethod`]; zero: the empty string of INDIGO.
    #[prost(int32, tag = "23")]
    pub code_challenge_method: i32,
    /// Whether it registered itself, or a user registered it.
    #[prost(bool, tag = "24")]
    pub dynamically_registered: bool,
    /// When it was made, cluster time in ms.
    #[prost(uint64, tag = "25")]
    pub created_ms: u64,
    /// When it last asked for a token, cluster time in ms.
    #[prost(uint64, tag = "26")]
    pub last_used_ms: u64,
    /// When its secret ceases to work, cluster time in ms; zero: never.
    #[prost(uint64, tag = "27")]
    pub client_secret_expires_ms: u64,
    /// Whether it may do anything at all.
    #[prost(bool, tag = "28")]
    pub active: bool,
    /// When `active` last changed, cluster time in ms.
    #[prost(uint64, tag = "29")]
    pub status_changed_ms: u64,
    /// Who changed it.
    #[prost(string, tag = "30")]
    pub status_changed_by: String,
    /// Whether an exchange may ask for more scopes than the subject token has.
    #[prost(bool, tag = "31")]
    pub up_scoping_enabled: bool,
    /// Where a logout may redirect to.
    #[prost(string, repeated, tag = "32")]
    pub post_logout_redirect_uris: Vec<String>,
    /// SHA-256 of its registration access token.
    #[prost(bytes = "vec", tag = "33")]
    pub registration_access_token_hash: Vec<u8>,
    /// Ours: introspects only tokens that name it in `aud`.
    #[prost(bool, tag = "50")]
    pub introspect_own_audience_only: bool,
    /// Ours: hashes of the secrets that work.
    #[prost(message, repeated, tag = "51")]
    pub secrets: Vec<SecretHash>,
    /// Ours: the secret, sealed, for methods that compute with it; empty for all others.
    #[prost(bytes = "vec", tag = "52")]
    pub sealed_secret: Vec<u8>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("client_name", &self.client_name)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// How it authenticates.
    ///
    /// # Errors
    /// When the record holds a value this version does not know.
    pub fn auth_method(&self) -> Result<AuthMethod, Abort> {
        AuthMethod::from_stored(self.token_endpoint_auth_method)
    }

    /// Whether it may use a grant.
    #[must_use]
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant.stored())
    }

    /// The scopes it holds.
    ///
    /// # Errors
    /// When the record holds what is no list of scopes.
    pub fn scopes(&self) -> Result<ScopeList, Abort> {
        ScopeList::parse(&self.scope).map_err(|_| Abort::corrupt("client scope"))
    }
}

/// Clients by realm and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clients;

impl Table for Clients {
    type Key = (RealmId, ClientId);
    type Row = Client;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::CLIENTS;
    const NAME: &'static str = "clients";
}

/// Tokens of the client issued before this was touched are dead. Stays when the client is deleted, so that a later
/// client of the same id does not revive them.
#[derive(Clone, Copy, Debug)]
pub struct ClientNotBefore;

impl Marker for ClientNotBefore {
    type Key = (RealmId, ClientId);
    const ID: MarkerId = tables::CLIENT_NOT_BEFORE;
}
