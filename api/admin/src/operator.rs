//! Who is an operator.

use aws_lc_rs::digest::{SHA256, digest};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use subtle::ConstantTimeEq;
use woad_http::{Peer, Problem};
use woad_identity::Who;

/// Characters of the shortest operator token: 128 bits in base64. It guards the whole cluster.
const MIN_TOKEN: usize = 32;

/// The token by which operators call from elsewhere than the operations socket. Only its digest is kept.
#[derive(Clone)]
pub struct OperatorToken([u8; 32]);

/// A token too short to be guessed by nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an operator token needs at least {MIN_TOKEN} characters, none of them blank")]
pub struct TokenTooShort;

impl OperatorToken {
    /// Takes a configured token.
    ///
    /// # Errors
    /// [`TokenTooShort`].
    pub fn new(token: &str) -> Result<Self, TokenTooShort> {
        if token.len() < MIN_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenTooShort);
        }
        Ok(Self(sha256(token.as_bytes())))
    }

    fn is(&self, presented: &[u8]) -> bool {
        sha256(presented).ct_eq(&self.0).into()
    }
}

/// SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

/// The operator behind a request.
///
/// # Errors
/// 401 when it is none.
pub(crate) fn identify(peer: Peer, headers: &HeaderMap, token: Option<&OperatorToken>) -> Result<Who, NotAnOperator> {
    if let Peer::Unix { uid } = peer {
        return Ok(Who::Operator(uid.map_or_else(|| "local".to_owned(), |uid| format!("local:{uid}"))));
    }
    let presented = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, rest) = value.as_bytes().split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(rest)
    });
    match (presented, token) {
        (Some(presented), Some(token)) if token.is(presented) => Ok(Who::Operator("operator-token".to_owned())),
        _ => Err(NotAnOperator),
    }
}

/// Whoever calls is no operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAnOperator;

impl axum::response::IntoResponse for NotAnOperator {
    fn into_response(self) -> axum::response::Response {
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "An operator token is required").of_kind("unauthorized");
        let mut response = problem.into_response();
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"woad\""));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn called_with(authorization: &str, token: Option<&OperatorToken>) -> Result<Who, NotAnOperator> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        identify(Peer::Unknown, &headers, token)
    }

    #[test]
    fn only_the_whole_token_counts() {
        let token = OperatorToken::new(TOKEN).unwrap();
        assert!(called_with(&format!("Bearer {TOKEN}"), Some(&token)).is_ok());
        let wrong = ["Bearer", "Bearer ", &format!("Bearer {TOKEN}x"), &format!("Bearer {}", &TOKEN[1..]), TOKEN];
        for wrong in wrong {
            assert_eq!(called_with(wrong, Some(&token)), Err(NotAnOperator), "{wrong}");
        }
        assert_eq!(called_with(&format!("Bearer {TOKEN}"), None), Err(NotAnOperator));
        assert_eq!(called_with("Bearer ", None), Err(NotAnOperator));
    }

    #[test]
    fn short_tokens_are_refused() {
        for bad in ["", "short", "with a blank 0123456789abcdef"] {
            assert!(OperatorToken::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_local_socket_needs_no_token() {
        let who = identify(Peer::Unix { uid: Some(0) }, &HeaderMap::new(), None);
        assert_eq!(who, Ok(Who::Operator("local:0".to_owned())));
    }
}
