//! Making keys: the one place of the domain that draws randomness.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;
use zeroize::Zeroizing;

use super::record::SigningAlg;
use crate::ids::Kid;

/// A key that is not stored yet.
#[derive(Clone)]
pub struct GeneratedKey {
    /// Its id.
    pub kid: Kid,
    /// Its algorithm.
    pub alg: SigningAlg,
    /// Its public half as a JWK.
    pub public_jwk: String,
    pub(crate) private_key: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for GeneratedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GeneratedKey").field("kid", &self.kid).field("alg", &self.alg).finish_non_exhaustive()
    }
}

/// The key could not be made or parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signing key unusable")]
pub struct KeyError;

/// Makes a key. Takes a few hundred ms for RSA (2048 bits): not for a thread that serves requests.
///
/// # Errors
/// When the generator fails.
pub fn generate(alg: SigningAlg, kid: Kid) -> Result<GeneratedKey, KeyError> {
    let (private_key, public_jwk) = match alg {
        SigningAlg::Es256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| KeyError)?;
            let private = pair.to_pkcs8v1().map_err(|_| KeyError)?.as_ref().to_vec();
            let [4, point @ ..] = pair.public_key().as_ref() else { return Err(KeyError) };
            let (x, y) = point.split_at_checked(32).ok_or(KeyError)?;
            let jwk = json!({
                "kty": "EC", "use": "sig", "crv": "P-256", "kid": kid.as_str(),
                "x": BASE64_URL_SAFE_NO_PAD.encode(x), "y": BASE64_URL_SAFE_NO_PAD.encode(y), "alg": alg.name(),
            });
            (private, jwk)
        }
        SigningAlg::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
            let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError)?;
            let public = pair.public_key();
            let jwk = json!({
                "kty": "RSA", "use": "sig", "kid": kid.as_str(),
                "e": BASE64_URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
                "n": BASE64_URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
                "alg": alg.name(),
            });
            (private.as_ref().to_vec(), jwk)
        }
    };
    Ok(GeneratedKey { kid, alg, public_jwk: public_jwk.to_string(), private_key: Zeroizing::new(private_key) })
}
