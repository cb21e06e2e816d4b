//! The query of an authorization request.

use woad_http::form::pairs;
use woad_identity::authorize::AuthorizationRequest;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "authorize_query",
    run: target,
    seeds: || crate::texts(&[
        "response_type=code&client_id=rp&redirect_uri=https%3A%2F%2Frp.example%2Fcb&scope=openid+profile&state=xyz&nonce=n&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        "client_id=rp&response_type=code&prompt=login+consent&max_age=0&claims=%7B%22id_token%22%3A%7B%22sub%22%3A%7B%22value%22%3A%22x%22%7D%2C%22auth_time%22%3Anull%7D%7D&display=page&login_hint=ada&ui_locales=it+en&resource=https%3A%2F%2Fapi.example%2F&audience=a+b",
        "client_id=rp&request=eyJhbGciOiJub25lIn0.e30.&response_mode=query&acr_values=1",
        "client_id=rp&response_type=code&id_token_hint=a.b.c&state=1&state=2",
    ]),
    words: &["&", "=", "%00", "%7B%7B%7B", "redirect_uri=", "&redirect_uri=", "claims=", "prompt=none", "&state=", "request_uri=x", "max_age=4294967296", "%5B%5B%5B%5B", "scope=", "%C3%A9"],
    rounds: 10_000,
};

/// Any bytes: refused, or a request that comes back the same from the browser it travels with.
pub fn target(data: &[u8]) {
    let Ok(pairs) = pairs(data) else { return };
    let Ok(parsed) = AuthorizationRequest::parse(&pairs) else { return };
    let request = parsed.request;
    let back = AuthorizationRequest::from_bytes(&request.to_bytes());
    assert_eq!(back.as_ref(), Some(&request), "a request is the same after a journey");
    let sent = |name: &str| pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
    assert_eq!(sent("client_id"), [request.client_id()]);
    assert_eq!(sent("redirect_uri").first().copied(), request.redirect_uri());
    assert!(sent("redirect_uri").len() <= 1, "of two redirect URIs none counts");
    if let Some(state) = request.state() {
        assert_eq!(sent("state").iter().filter(|value| !value.is_empty()).copied().collect::<Vec<_>>(), [state]);
    }
    assert!(request.to_bytes().len() <= 64 * 1024, "a request is bounded");
}
