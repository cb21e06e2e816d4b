//! The discovery document: OpenID Connect Discovery 1.0 §3 and RFC 8414 §2 in one. It names only what is served.

use serde_json::{Value, json};

use crate::client::{AuthMethod, CodeChallengeMethod, GrantType, ResponseType};
use crate::keys::SigningAlg;
use crate::realm::Realm;
use crate::scope::system::SYSTEM_SCOPES;

/// Where people allow a client to act for them, below the issuer.
pub const AUTHORIZATION_PATH: &str = "/authorize";
/// Where tokens are issued.
pub const TOKEN_PATH: &str = "/token";
/// Where a token's person is told of.
pub const USERINFO_PATH: &str = "/userinfo";
/// Where people sign out.
pub const END_SESSION_PATH: &str = "/logout";
/// Where the public keys are.
pub const JWKS_PATH: &str = "/jwk";
/// Where tokens are introspected.
pub const INTROSPECTION_PATH: &str = "/introspect";
/// Where tokens are revoked.
pub const REVOCATION_PATH: &str = "/revoke";

/// Methods by which clients are authenticated.
const AUTH_METHODS: [AuthMethod; 2] = [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost];
/// Those of the token endpoint: public clients redeem codes there, and nothing else asks for less than a secret.
const TOKEN_AUTH_METHODS: [AuthMethod; 3] =
    [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost, AuthMethod::None];
/// Grants of the token endpoint.
const GRANT_TYPES: [GrantType; 3] =
    [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials];
/// What ID tokens and userinfo may tell.
const CLAIMS: [&str; 29] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "at_hash",
    "amr",
    "name",
    "preferred_username",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "profile",
    "picture",
    "zoneinfo",
    "locale",
    "updated_at",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "address",
    "organisation_name",
    "groups",
    "wlcg.groups",
    "attr",
];

/// An endpoint's URL: the issuer without a final `/`, plus the path.
#[must_use]
pub fn endpoint(issuer: &str, path: &str) -> String {
    format!("{}{path}", issuer.strip_suffix('/').unwrap_or(issuer))
}

/// A realm's document. Its issuer is published byte for byte; its keys stand in a fixed order.
#[must_use]
pub fn document(realm: &Realm) -> Value {
    let url = |path| endpoint(&realm.issuer, path);
    let names = |methods: &[AuthMethod]| methods.iter().map(|method| method.name()).collect::<Vec<_>>();
    let methods = names(&AUTH_METHODS);
    let scopes: Vec<&str> = SYSTEM_SCOPES.iter().filter(|scope| !scope.restricted).map(|scope| scope.value).collect();
    let algs: Vec<&str> = SigningAlg::ALL.iter().map(|alg| alg.name()).collect();
    json!({
        "issuer": realm.issuer,
        "authorization_endpoint": url(AUTHORIZATION_PATH),
        "token_endpoint": url(TOKEN_PATH),
        "userinfo_endpoint": url(USERINFO_PATH),
        "jwks_uri": url(JWKS_PATH),
        "introspection_endpoint": url(INTROSPECTION_PATH),
        "revocation_endpoint": url(REVOCATION_PATH),
        "end_session_endpoint": url(END_SESSION_PATH),
        "response_types_supported": [ResponseType::Code.name()],
        "response_modes_supported": ["query"],
        "grant_types_supported": GRANT_TYPES.iter().map(|grant| grant.name()).collect::<Vec<_>>(),
        "code_challenge_methods_supported": [CodeChallengeMethod::S256.name()],
        // RFC 9207.
        "authorization_response_iss_parameter_supported": true,
        // OpenID Connect Initiating User Registration 1.0 §3.1, where the name comes from.
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algs,
        "token_endpoint_auth_methods_supported": names(&TOKEN_AUTH_METHODS),
        "introspection_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "scopes_supported": scopes,
        "claim_types_supported": ["normal"],
        "claims_supported": CLAIMS,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        // Absent would mean that it is (OpenID Connect Discovery §3).
        "request_uri_parameter_supported": false,
    })
}
