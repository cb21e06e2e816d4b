//! Signing with a parsed key: parsing an RSA key again for each signature would cost 2.6 times as much.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::generate::KeyError;
use super::low_s;
use super::record::SigningAlg;
use crate::ids::Kid;

/// Bytes of a P-256 signature, r ‖ s.
const ES256_SIGNATURE: usize = 64;

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// A private key, parsed once, with its encoded JOSE header.
pub struct Signer {
    kid: Kid,
    header: String,
    pair: Pair,
    rng: SystemRandom,
}

/// The signature failed: a fault of this machine, not of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signing failed")]
pub struct SignError;

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl Signer {
    /// Parses a PKCS#8 private key.
    ///
    /// # Errors
    /// When it is not one of this algorithm.
    pub fn parse(alg: SigningAlg, kid: Kid, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = match alg {
            SigningAlg::Es256 => {
                Pair::Ec(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(|_| KeyError)?)
            }
            SigningAlg::Rs256 => Pair::Rsa(RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError)?),
        };
        // A key id holds no character that JSON escapes.
        let header = format!(r#"{{"kid":"{kid}","alg":"{}"}}"#, alg.name());
        let header = BASE64_URL_SAFE_NO_PAD.encode(header);
        Ok(Self { kid, header, pair, rng: SystemRandom::new() })
    }

    /// Which key this is.
    #[must_use]
    pub const fn kid(&self) -> &Kid {
        &self.kid
    }

    /// Length of the token that [`Self::sign_jwt`] makes of claims of this length.
    #[must_use]
    pub fn jwt_len(&self, claims: usize) -> usize {
        let signature = match &self.pair {
            Pair::Ec(_) => ES256_SIGNATURE,
            Pair::Rsa(pair) => pair.public_modulus_len(),
        };
        self.header.len() + 1 + encoded_len(claims) + 1 + encoded_len(signature)
    }

    /// A compact JWS over the claims, with the header `{"kid":…,"alg":…}` and no `typ`, as INDIGO has it.
    ///
    /// # Errors
    /// When the machine's cryptography fails.
    pub fn sign_jwt(&self, claims_json: &[u8]) -> Result<String, SignError> {
        let mut token = String::with_capacity(self.jwt_len(claims_json.len()));
        token.push_str(&self.header);
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(claims_json, &mut token);
        let mut rsa = Vec::new();
        let ec;
        let signature = match &self.pair {
            Pair::Ec(pair) => {
                let signed = pair.sign(&self.rng, token.as_bytes()).map_err(|_| SignError)?;
                ec = <[u8; ES256_SIGNATURE]>::try_from(signed.as_ref()).map(with_low_s).map_err(|_| SignError)?;
                ec.as_slice()
            }
            Pair::Rsa(pair) => {
                rsa.resize(pair.public_modulus_len(), 0);
                pair.sign(&RSA_PKCS1_SHA256, &self.rng, token.as_bytes(), &mut rsa).map_err(|_| SignError)?;
                rsa.as_slice()
            }
        };
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

fn with_low_s(mut signature: [u8; ES256_SIGNATURE]) -> [u8; ES256_SIGNATURE] {
    low_s::lower(&mut signature);
    signature
}

/// Characters of `bytes` bytes in unpadded base64.
const fn encoded_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::generate;

    #[test]
    fn header_is_kid_and_alg_alone_and_the_length_is_foretold() {
        for (alg, header) in
            [(SigningAlg::Es256, r#"{"kid":"k1","alg":"ES256"}"#), (SigningAlg::Rs256, r#"{"kid":"k1","alg":"RS256"}"#)]
        {
            let kid = Kid::parse("k1").unwrap();
            let key = generate(alg, kid.clone()).unwrap();
            let signer = Signer::parse(alg, kid, &key.private_key).unwrap();
            for claims in ["{}", r#"{"a":1}"#, r#"{"a":12}"#, r#"{"a":123}"#] {
                let token = signer.sign_jwt(claims.as_bytes()).unwrap();
                let parts: Vec<&str> = token.split('.').collect();
                assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(parts[0]).unwrap(), header.as_bytes());
                assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(parts[1]).unwrap(), claims.as_bytes());
                assert_eq!(token.len(), signer.jwt_len(claims.len()));
            }
        }
    }

    #[test]
    fn a_key_of_another_algorithm_is_refused() {
        let kid = Kid::parse("k1").unwrap();
        let key = generate(SigningAlg::Es256, kid.clone()).unwrap();
        assert!(Signer::parse(SigningAlg::Rs256, kid, &key.private_key).is_err());
    }
}
