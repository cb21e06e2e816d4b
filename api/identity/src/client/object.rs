//! A client as INDIGO IAM's API shows it, without its secret.

use raft_store_core::Abort;
use serde::Serialize;

use super::kinds::{CodeChallengeMethod, GrantType, ResponseType};
use super::record::Client;
use crate::ids::ClientId;

/// INDIGO's client object. Null and empty values are left out; booleans are always there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields of `Client`, which documents them")]
#[expect(clippy::struct_excessive_bools, reason = "INDIGO's object has them")]
pub struct ClientObject {
    pub client_id: String,
    pub client_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_uri: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tos_uri: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub policy_uri: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub jwks_uri: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub jwk: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    pub grant_types: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_types: Vec<&'static str>,
    pub token_endpoint_auth_method: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_validity_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_validity_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_validity_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_code_validity_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u32>,
    pub reuse_refresh_token: bool,
    pub allow_introspection: bool,
    pub clear_access_tokens_on_refresh: bool,
    pub require_auth_time: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_challenge_method: Option<&'static str>,
    pub dynamically_registered: bool,
    /// ms.
    pub created_at: u64,
    pub active: bool,
    /// ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_changed_on: Option<u64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status_changed_by: String,
    pub up_scoping_enabled: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    pub introspect_own_audience_only: bool,
}

fn non_zero(value: u32) -> Option<u32> {
    Some(value).filter(|value| *value != 0)
}

/// The object of a record.
///
/// # Errors
/// When the record holds a value this version does not know.
pub fn object(id: &ClientId, row: &Client) -> Result<ClientObject, Abort> {
    let grants = row.grant_types.iter().map(|kind| GrantType::from_stored(*kind).map(GrantType::name));
    let responses = row.response_types.iter().map(|kind| ResponseType::from_stored(*kind).map(ResponseType::name));
    let challenge = match row.code_challenge_method {
        0 => None,
        kind => Some(CodeChallengeMethod::from_stored(kind)?.name()),
    };
    Ok(ClientObject {
        client_id: id.to_string(),
        client_name: row.client_name.clone(),
        client_description: row.client_description.clone(),
        redirect_uris: row.redirect_uris.clone(),
        client_uri: row.client_uri.clone(),
        tos_uri: row.tos_uri.clone(),
        policy_uri: row.policy_uri.clone(),
        jwks_uri: row.jwks_uri.clone(),
        jwk: row.jwk.clone(),
        contacts: row.contacts.clone(),
        grant_types: grants.collect::<Result<_, _>>()?,
        response_types: responses.collect::<Result<_, _>>()?,
        token_endpoint_auth_method: row.auth_method()?.name(),
        scope: row.scope.clone(),
        access_token_validity_seconds: non_zero(row.access_token_validity_seconds),
        refresh_token_validity_seconds: non_zero(row.refresh_token_validity_seconds),
        id_token_validity_seconds: non_zero(row.id_token_validity_seconds),
        device_code_validity_seconds: non_zero(row.device_code_validity_seconds),
        default_max_age: non_zero(row.default_max_age),
        reuse_refresh_token: row.reuse_refresh_token,
        allow_introspection: row.allow_introspection,
        clear_access_tokens_on_refresh: row.clear_access_tokens_on_refresh,
        require_auth_time: row.require_auth_time,
        code_challenge_method: challenge,
        dynamically_registered: row.dynamically_registered,
        created_at: row.created_ms,
        active: row.active,
        status_changed_on: Some(row.status_changed_ms).filter(|ms| *ms != 0),
        status_changed_by: row.status_changed_by.clone(),
        up_scoping_enabled: row.up_scoping_enabled,
        post_logout_redirect_uris: row.post_logout_redirect_uris.clone(),
        introspect_own_audience_only: row.introspect_own_audience_only,
    })
}
