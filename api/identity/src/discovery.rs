//! The discovery document: OpenID Connect Discovery 1.0 §3 and RFC 8414 §2 in one. It names only what is served.

use serde_json::{Value, json};

use crate::client::{AuthMethod, GrantType};
use crate::keys::SigningAlg;
use crate::realm::Realm;
use crate::scope::system::SYSTEM_SCOPES;

/// Where tokens are issued, below the issuer.
pub const TOKEN_PATH: &str = "/token";
/// Where the public keys are.
pub const JWKS_PATH: &str = "/jwk";
/// Where tokens are introspected.
pub const INTROSPECTION_PATH: &str = "/introspect";
/// Where tokens are revoked.
pub const REVOCATION_PATH: &str = "/revoke";

/// Methods by which clients are authenticated.
const AUTH_METHODS: [AuthMethod; 2] = [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost];

/// An endpoint's URL: the issuer without a final `/`, plus the path.
#[must_use]
pub fn endpoint(issuer: &str, path: &str) -> String {
    format!("{}{path}", issuer.strip_suffix('/').unwrap_or(issuer))
}

/// A realm's document. Its issuer is published byte for byte; its keys stand in a fixed order.
#[must_use]
pub fn document(realm: &Realm) -> Value {
    let url = |path| endpoint(&realm.issuer, path);
    let methods: Vec<&str> = AUTH_METHODS.iter().map(|method| method.name()).collect();
    let scopes: Vec<&str> = SYSTEM_SCOPES.iter().filter(|scope| !scope.restricted).map(|scope| scope.value).collect();
    let algs: Vec<&str> = SigningAlg::ALL.iter().map(|alg| alg.name()).collect();
    json!({
        "issuer": realm.issuer,
        "token_endpoint": url(TOKEN_PATH),
        "jwks_uri": url(JWKS_PATH),
        "introspection_endpoint": url(INTROSPECTION_PATH),
        "revocation_endpoint": url(REVOCATION_PATH),
        // Required by both documents, and true: there is no authorization endpoint.
        "response_types_supported": [],
        "grant_types_supported": [GrantType::ClientCredentials.name()],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algs,
        "token_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "scopes_supported": scopes,
    })
}
