//! Verifying a token's signature and form. Whether it still counts is [`crate::token::live`].

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::generate::KeyError;
use super::low_s;
use super::record::SigningAlg;
use super::seen::{Fingerprint, Seen};
use crate::ids::Kid;

/// Longest token that is looked at: more than any we issue, less than a request's headers.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Why a token is not one of ours. For logs; callers of the protocol learn only that it is inactive or invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("token too large")]
    TooLarge,
    /// Not three parts, no JSON, a claim missing or of the wrong type.
    #[error("token malformed")]
    Malformed,
    /// The header asks for what we don't do.
    #[error("token header not supported")]
    Header,
    /// No key of this id verifies tokens of the realm.
    #[error("token key unknown")]
    UnknownKey,
    /// The header's algorithm is not the key's.
    #[error("token algorithm is not the key's")]
    Algorithm,
    /// The signature does not verify.
    #[error("token signature wrong")]
    Signature,
    /// Another issuer.
    #[error("token of another issuer")]
    Issuer,
    /// A `jti` that this issuer does not make.
    #[error("token id not ours")]
    Jti,
}

/// A public key, parsed once, with the only algorithm it is used with.
pub struct Verifier {
    alg: Algorithm,
    key: DecodingKey,
    public_jwk: Box<str>,
    seen: Arc<Seen>,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("alg", &self.alg).finish_non_exhaustive()
    }
}

impl Verifier {
    /// Parses a stored public JWK. Tokens that it finds rightly signed are remembered in `seen`.
    ///
    /// # Errors
    /// When it is not a key of this algorithm.
    pub(super) fn parse(alg: SigningAlg, public_jwk: &str, seen: Arc<Seen>) -> Result<Self, KeyError> {
        let jwk: Jwk = serde_json::from_str(public_jwk).map_err(|_| KeyError)?;
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| KeyError)?;
        let alg = match alg {
            SigningAlg::Es256 => Algorithm::ES256,
            SigningAlg::Rs256 => Algorithm::RS256,
        };
        if key.family() != alg.family() {
            return Err(KeyError);
        }
        Ok(Self { alg, key, public_jwk: public_jwk.into(), seen })
    }

    /// The claims of a token that this key signed for this issuer. Times are not looked at. Of the two ECDSA
    /// signatures that verify alike, only the one that [`super::Signer`] makes is taken. The signature of a token that was
    /// verified lately is not computed again.
    ///
    /// # Errors
    /// See [`TokenFault`].
    pub fn verify<C: DeserializeOwned>(&self, token: &str, issuer: &str) -> Result<C, TokenFault> {
        use jsonwebtoken::errors::ErrorKind;
        let fingerprint = Fingerprint::of(&self.public_jwk, issuer, token);
        if self.seen.has(&fingerprint) {
            return insecure_decode_claims(token).map_err(|_| TokenFault::Malformed);
        }
        let mut validation = Validation::new(self.alg);
        validation.algorithms = vec![self.alg];
        // Time is the cluster's, not this machine's: see `crate::token::live`.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims = ["iss", "sub", "exp"].map(str::to_owned).into();
        validation.set_issuer(&[issuer]);
        let data = decode(token, &self.key, &validation).map_err(|error| match error.kind() {
            ErrorKind::InvalidAlgorithm => TokenFault::Algorithm,
            ErrorKind::InvalidSignature => TokenFault::Signature,
            ErrorKind::InvalidIssuer => TokenFault::Issuer,
            _ => TokenFault::Malformed,
        })?;
        if self.alg == Algorithm::ES256 && !low_s::is_low(&signature_of(token)?) {
            return Err(TokenFault::Signature);
        }
        self.seen.add(fingerprint);
        Ok(data.claims)
    }
}

/// The key id a token's header names, after the checks that need no key.
///
/// # Errors
/// See [`TokenFault`].
pub(crate) fn kid_of(token: &str) -> Result<Kid, TokenFault> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenFault::TooLarge);
    }
    let header = decode_header(token).map_err(|_| TokenFault::Malformed)?;
    let encoded = token.split('.').next().unwrap_or_default();
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenFault::Malformed)?;
    serde_json::from_slice::<OwnHeader>(&decoded).map_err(|_| TokenFault::Header)?;
    let kid = header.kid.ok_or(TokenFault::UnknownKey)?;
    Kid::parse(&kid).map_err(|_| TokenFault::UnknownKey)
}

/// The members that a header of ours has, and no other: each further one (`jku`, `jwk`, `crit`, `b64`, `typ`) asks to
/// read the token in another way than it was signed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnHeader {
    #[serde(rename = "kid")]
    _kid: Option<IgnoredAny>,
    #[serde(rename = "alg")]
    _alg: IgnoredAny,
}

fn signature_of(token: &str) -> Result<Vec<u8>, TokenFault> {
    let encoded = token.rsplit('.').next().unwrap_or_default();
    BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenFault::Malformed)
}
