//! What may be said of a client, when it is made and when it is changed.

use raft_store_core::Abort;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::kinds::{AuthMethod, CodeChallengeMethod, GrantType, ResponseType};
use super::record::Client;
use super::{secret, uris};
use crate::realm::Realm;
use crate::scope::{ScopeList, canonical};
use crate::text;

/// Entries of a list field.
const MAX_LIST: usize = 100;
/// Characters of a description.
const MAX_DESCRIPTION: usize = 1024;
/// Characters of a name.
const MAX_NAME: usize = 256;
/// Bytes of an inline key set.
const MAX_JWK: usize = 2048;
/// Bytes of an e-mail address (RFC 5321).
const MAX_MAIL: usize = 254;
/// Bytes of all scopes together: they are read with every token request.
const MAX_SCOPE_BYTES: usize = 64 * 1024;
/// 400 days: the longest refresh token of the WLCG profile.
const MAX_REFRESH_SECONDS: u32 = 34_560_000;
/// A day.
const MAX_SHORT_SECONDS: u32 = 86_400;
/// Members of a JWK that are secret.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A field holds what it must not. Names the field and never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {field}: {why}")]
pub struct InvalidClient {
    /// INDIGO's name of the field.
    pub field: &'static str,
    /// What it should be.
    pub why: &'static str,
}

/// The fields to set, by INDIGO's names; those that are `None` stay. An empty string or list, or zero, unsets; null is
/// refused, since it may mean either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields of `Client`, which documents them")]
pub struct ClientPatch {
    #[serde(deserialize_with = "given")]
    pub client_name: Option<String>,
    #[serde(deserialize_with = "given")]
    pub client_description: Option<String>,
    #[serde(deserialize_with = "given")]
    pub redirect_uris: Option<Vec<String>>,
    #[serde(deserialize_with = "given")]
    pub client_uri: Option<String>,
    #[serde(deserialize_with = "given")]
    pub tos_uri: Option<String>,
    #[serde(deserialize_with = "given")]
    pub policy_uri: Option<String>,
    #[serde(deserialize_with = "given")]
    pub jwks_uri: Option<String>,
    #[serde(deserialize_with = "given")]
    pub jwk: Option<String>,
    #[serde(deserialize_with = "given")]
    pub contacts: Option<Vec<String>>,
    #[serde(deserialize_with = "given")]
    pub grant_types: Option<Vec<String>>,
    #[serde(deserialize_with = "given")]
    pub response_types: Option<Vec<String>>,
    #[serde(deserialize_with = "given")]
    pub token_endpoint_auth_method: Option<String>,
    #[serde(deserialize_with = "given")]
    pub scope: Option<String>,
    #[serde(deserialize_with = "given")]
    pub access_token_validity_seconds: Option<u32>,
    #[serde(deserialize_with = "given")]
    pub refresh_token_validity_seconds: Option<u32>,
    #[serde(deserialize_with = "given")]
    pub id_token_validity_seconds: Option<u32>,
    #[serde(deserialize_with = "given")]
    pub device_code_validity_seconds: Option<u32>,
    #[serde(deserialize_with = "given")]
    pub default_max_age: Option<u32>,
    #[serde(deserialize_with = "given")]
    pub reuse_refresh_token: Option<bool>,
    #[serde(deserialize_with = "given")]
    pub allow_introspection: Option<bool>,
    #[serde(deserialize_with = "given")]
    pub clear_access_tokens_on_refresh: Option<bool>,
    #[serde(deserialize_with = "given")]
    pub require_auth_time: Option<bool>,
    #[serde(deserialize_with = "given")]
    pub code_challenge_method: Option<String>,
    #[serde(deserialize_with = "given")]
    pub up_scoping_enabled: Option<bool>,
    #[serde(deserialize_with = "given")]
    pub post_logout_redirect_uris: Option<Vec<String>>,
    #[serde(deserialize_with = "given")]
    pub introspect_own_audience_only: Option<bool>,
}

fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

const fn invalid<T>(field: &'static str, why: &'static str) -> Result<T, InvalidClient> {
    Err(InvalidClient { field, why })
}

fn set<T: Clone>(to: &mut T, from: Option<&T>) {
    if let Some(value) = from {
        value.clone_into(to);
    }
}

impl ClientPatch {
    /// Sets the fields and checks the whole; on an error `row` is not to be used.
    ///
    /// # Errors
    /// Inner: the first field at fault. Outer: when the record is corrupt.
    pub(super) fn apply(&self, row: &mut Client, realm: &Realm) -> Result<Result<(), InvalidClient>, Abort> {
        self.copy_plain(row);
        if let Err(error) = self.set_kinds(row).and_then(|()| self.set_scope(row)).and_then(|()| check(row, realm)) {
            return Ok(Err(error));
        }
        secret::drop_unused(row)?;
        Ok(Ok(()))
    }

    fn copy_plain(&self, row: &mut Client) {
        set(&mut row.client_name, self.client_name.as_ref());
        set(&mut row.client_description, self.client_description.as_ref());
        set(&mut row.redirect_uris, self.redirect_uris.as_ref());
        set(&mut row.client_uri, self.client_uri.as_ref());
        set(&mut row.tos_uri, self.tos_uri.as_ref());
        set(&mut row.policy_uri, self.policy_uri.as_ref());
        set(&mut row.jwks_uri, self.jwks_uri.as_ref());
        set(&mut row.jwk, self.jwk.as_deref().map(as_read).as_ref());
        set(&mut row.contacts, self.contacts.as_ref());
        set(&mut row.access_token_validity_seconds, self.access_token_validity_seconds.as_ref());
        set(&mut row.refresh_token_validity_seconds, self.refresh_token_validity_seconds.as_ref());
        set(&mut row.id_token_validity_seconds, self.id_token_validity_seconds.as_ref());
        set(&mut row.device_code_validity_seconds, self.device_code_validity_seconds.as_ref());
        set(&mut row.default_max_age, self.default_max_age.as_ref());
        set(&mut row.reuse_refresh_token, self.reuse_refresh_token.as_ref());
        set(&mut row.allow_introspection, self.allow_introspection.as_ref());
        set(&mut row.clear_access_tokens_on_refresh, self.clear_access_tokens_on_refresh.as_ref());
        set(&mut row.require_auth_time, self.require_auth_time.as_ref());
        set(&mut row.up_scoping_enabled, self.up_scoping_enabled.as_ref());
        set(&mut row.post_logout_redirect_uris, self.post_logout_redirect_uris.as_ref());
        set(&mut row.introspect_own_audience_only, self.introspect_own_audience_only.as_ref());
    }

    fn set_kinds(&self, row: &mut Client) -> Result<(), InvalidClient> {
        if let Some(names) = &self.grant_types {
            let kinds = names.iter().map(|name| GrantType::by_name(name).map(GrantType::stored)).collect();
            row.grant_types = distinct(kinds, "grant_types")?;
        }
        if let Some(names) = &self.response_types {
            let kinds = names.iter().map(|name| ResponseType::by_name(name).map(ResponseType::stored)).collect();
            row.response_types = distinct(kinds, "response_types")?;
        }
        if let Some(name) = &self.token_endpoint_auth_method {
            let Some(method) = AuthMethod::by_name(name) else {
                return invalid("token_endpoint_auth_method", "unknown");
            };
            row.token_endpoint_auth_method = method.stored();
        }
        if let Some(name) = &self.code_challenge_method {
            row.code_challenge_method = match (name.as_str(), CodeChallengeMethod::by_name(name)) {
                ("", _) => 0,
                (_, Some(method)) => method.stored(),
                _ => return invalid("code_challenge_method", "unknown"),
            };
        }
        Ok(())
    }

    fn set_scope(&self, row: &mut Client) -> Result<(), InvalidClient> {
        let Some(scope) = &self.scope else { return Ok(()) };
        if scope.len() > MAX_SCOPE_BYTES {
            return invalid("scope", "at most 64 KiB");
        }
        let Ok(list) = ScopeList::parse(scope) else { return invalid("scope", "not a list of scopes") };
        match list.iter().map(canonical).collect::<Result<ScopeList, _>>() {
            Ok(list) => row.scope = list.to_string(),
            Err(_) => return invalid("scope", "a scope is not well-formed"),
        }
        Ok(())
    }
}

fn distinct(kinds: Option<Vec<i32>>, field: &'static str) -> Result<Vec<i32>, InvalidClient> {
    let Some(kinds) = kinds else { return invalid(field, "unknown value") };
    let mut seen = std::collections::BTreeSet::new();
    Ok(kinds.into_iter().filter(|kind| seen.insert(*kind)).collect())
}

fn check(row: &Client, realm: &Realm) -> Result<(), InvalidClient> {
    if text::check(&row.client_name, 4, MAX_NAME).is_err() {
        return invalid("client_name", "4 to 256 visible characters");
    }
    // Descriptions may have lines.
    if text::check(&row.client_description.replace(['\n', '\r', '\t'], " "), 0, MAX_DESCRIPTION).is_err() {
        return invalid("client_description", "at most 1024 visible characters");
    }
    check_uris(row)?;
    check_key(row)?;
    let mail = |address: &String| {
        let named = |(local, domain): (&str, &str)| !local.is_empty() && domain.contains('.') && !domain.contains('@');
        let parts = address.split_once('@').is_some_and(named);
        parts && address.len() <= MAX_MAIL && address.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if row.contacts.len() > MAX_LIST || !row.contacts.iter().all(mail) {
        return invalid("contacts", "at most 100 e-mail addresses");
    }
    if row.grant_types.is_empty() {
        return invalid("grant_types", "at least one");
    }
    let redirects = [GrantType::AuthorizationCode, GrantType::Implicit];
    if redirects.iter().any(|grant| row.may_use(*grant)) && row.redirect_uris.is_empty() {
        return invalid("redirect_uris", "at least one for this grant");
    }
    let longest = [
        ("access_token_validity_seconds", row.access_token_validity_seconds, realm.max_access_token_seconds),
        ("refresh_token_validity_seconds", row.refresh_token_validity_seconds, MAX_REFRESH_SECONDS),
        ("id_token_validity_seconds", row.id_token_validity_seconds, realm.max_access_token_seconds),
        ("device_code_validity_seconds", row.device_code_validity_seconds, MAX_SHORT_SECONDS),
        ("default_max_age", row.default_max_age, MAX_REFRESH_SECONDS),
    ];
    match longest.into_iter().find(|(_, value, limit)| value > limit) {
        Some((field, ..)) => invalid(field, "longer than allowed"),
        None => Ok(()),
    }
}

fn check_uris(row: &Client) -> Result<(), InvalidClient> {
    let redirects =
        [("redirect_uris", &row.redirect_uris), ("post_logout_redirect_uris", &row.post_logout_redirect_uris)];
    for (field, uris) in redirects {
        if uris.len() > MAX_LIST || !uris.iter().all(|uri| uris::is_redirect(uri)) {
            return invalid(field, "at most 100 https URIs without fragment (http only on loopback)");
        }
    }
    let pages = [("client_uri", &row.client_uri), ("tos_uri", &row.tos_uri), ("policy_uri", &row.policy_uri)];
    for (field, uri) in pages {
        if !uri.is_empty() && !uris::is_page(uri) {
            return invalid(field, "a URL of at most 2048 bytes");
        }
    }
    if !row.jwks_uri.is_empty() && !uris::is_key_source(&row.jwks_uri) {
        return invalid("jwks_uri", "an https URL of at most 2048 bytes");
    }
    Ok(())
}

/// JSON as it was read here. In the text as it came, a member may stand twice, and another reader may take the one that
/// was not checked.
fn as_read(json: &str) -> String {
    serde_json::from_str::<Value>(json).map_or_else(|_| json.to_owned(), |value| value.to_string())
}

/// An inline key set is a JWKS, or a single JWK, of public keys.
fn check_key(row: &Client) -> Result<(), InvalidClient> {
    if row.jwk.is_empty() {
        return Ok(());
    }
    if !row.jwks_uri.is_empty() {
        return invalid("jwk", "not together with jwks_uri");
    }
    if row.jwk.len() > MAX_JWK {
        return invalid("jwk", "at most 2048 bytes");
    }
    let Ok(Value::Object(set)) = serde_json::from_str::<Value>(&row.jwk) else {
        return invalid("jwk", "a JSON Web Key Set");
    };
    let keys = match set.get("keys") {
        Some(Value::Array(keys)) => keys.clone(),
        Some(_) => return invalid("jwk", "a JSON Web Key Set"),
        None => vec![Value::Object(set)],
    };
    for key in &keys {
        let Some(key) = key.as_object().filter(|key| key.get("kty").is_some_and(Value::is_string)) else {
            return invalid("jwk", "a JSON Web Key Set");
        };
        if PRIVATE_MEMBERS.iter().any(|member| key.contains_key(*member)) {
            return invalid("jwk", "public keys only");
        }
    }
    Ok(())
}
