//! Verifying tokens as a relying party would: with the published keys and nothing else.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

use super::fault::Fault;
use super::oauth::SCOPE;
use super::steps::Credentials;

/// The audience of a WLCG token that names none.
const ANY_AUDIENCE: &str = "https://wlcg.cern.ch/jwt/v1/any";
/// The version of the WLCG profile.
const WLCG_VERSION: &str = "1.0";
/// The nodes' clocks are this machine's; a token from further off than this is wrong.
const CLOCK_SKEW: u64 = 5;
/// The longest lifetime of an access token in the WLCG profile, s.
const MAX_LIFETIME: u64 = 6 * 3600;

/// What the demo expects of tokens.
#[derive(Clone)]
pub(super) struct Verifier {
    keys: JwkSet,
    issuer: String,
    client: String,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(rename = "wlcg.ver")]
    wlcg_ver: String,
    sub: String,
    client_id: String,
    scope: String,
    jti: String,
    iat: u64,
    nbf: u64,
    exp: u64,
}

/// What a verified token says, for the story.
pub(super) struct Verified {
    pub(super) alg: &'static str,
    pub(super) kid: String,
    pub(super) lifetime: u64,
}

impl Verifier {
    /// Takes a key set as it was published.
    pub(super) fn new(keys: Value, credentials: &Credentials) -> Result<Self, Fault> {
        let no_keys = |_| Fault::NotHeld("the key set is none".to_owned());
        let keys: JwkSet = serde_json::from_value(keys).map_err(no_keys)?;
        Ok(Self { keys, issuer: credentials.issuer.clone(), client: credentials.client.clone() })
    }

    /// How many keys there are.
    pub(super) fn keys(&self) -> usize {
        self.keys.keys.len()
    }

    /// Verifies a token that a node has just issued.
    pub(super) fn verify(&self, number: u8, token: &str) -> Result<Verified, Fault> {
        self.check(token).map_err(|why| Fault::Token { number, why })
    }

    fn check(&self, token: &str) -> Result<Verified, String> {
        let header = decode_header(token).map_err(|error| error.to_string())?;
        let alg = match header.alg {
            Algorithm::ES256 => "ES256",
            Algorithm::RS256 => "RS256",
            other => return Err(format!("signed with {other:?}")),
        };
        let kid = header.kid.ok_or("it names no key")?;
        let key = self.keys.find(&kid).ok_or("its key is not among the published ones")?;
        let key = DecodingKey::from_jwk(key).map_err(|error| error.to_string())?;
        let mut validation = Validation::new(header.alg);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = CLOCK_SKEW;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[ANY_AUDIENCE]);
        let claims = decode::<Claims>(token, &key, &validation).map_err(|error| error.to_string())?.claims;

        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?.as_secs();
        let lifetime = claims.exp.saturating_sub(claims.iat);
        let checks = [
            (claims.wlcg_ver == WLCG_VERSION, "wlcg.ver"),
            (claims.sub == self.client, "sub"),
            (claims.client_id == self.client, "client_id"),
            (claims.scope == SCOPE, "scope"),
            (!claims.jti.is_empty(), "jti"),
            (claims.iat.abs_diff(now) <= CLOCK_SKEW, "iat"),
            (claims.nbf <= claims.iat, "nbf"),
            ((1..=MAX_LIFETIME).contains(&lifetime), "exp"),
        ];
        match checks.into_iter().find(|(held, _)| !held) {
            Some((_, claim)) => Err(format!("its claim {claim} is not what it should be")),
            None => Ok(Verified { alg, kid, lifetime }),
        }
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use rcgen::{KeyPair, PublicKeyData as _};
    use serde_json::json;

    use super::*;

    fn base64url(bytes: &[u8]) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut out = String::new();
        for chunk in bytes.chunks(3) {
            let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for place in 0..=chunk.len() {
                out.push(char::from(ALPHABET[(group >> (18 - 6 * place)) as usize & 63]));
            }
        }
        out
    }

    struct Issuer {
        key: KeyPair,
        verifier: Verifier,
    }

    impl Issuer {
        fn new() -> Self {
            let key = KeyPair::generate().unwrap();
            let point = key.der_bytes();
            let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
            let jwk = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256", "x": x, "y": y}]});
            let credentials = Credentials {
                realm: "demo".to_owned(),
                issuer: "https://127.0.0.1:1/".to_owned(),
                client: "c".to_owned(),
                secret: String::new(),
            };
            Self { key, verifier: Verifier::new(jwk, &credentials).unwrap() }
        }

        fn claims() -> Value {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
            json!({
                "wlcg.ver": "1.0", "sub": "c", "client_id": "c", "scope": SCOPE, "jti": "j", "iss": "https://127.0.0.1:1/",
                "aud": ANY_AUDIENCE, "iat": now, "nbf": now - 60, "exp": now + 3600
            })
        }

        fn sign(&self, claims: &Value) -> String {
            let header = Header { kid: Some("k".to_owned()), ..Header::new(Algorithm::ES256) };
            encode(&header, claims, &EncodingKey::from_ec_der(&self.key.serialize_der())).unwrap()
        }
    }

    #[test]
    fn a_token_as_it_should_be_verifies() {
        let issuer = Issuer::new();
        let verified = issuer.verifier.check(&issuer.sign(&Issuer::claims())).unwrap();
        assert_eq!((verified.alg, verified.lifetime), ("ES256", 3600));
    }

    #[test]
    fn one_wrong_claim_is_enough() {
        let issuer = Issuer::new();
        for (claim, wrong) in [
            ("wlcg.ver", json!("2.0")),
            ("sub", json!("other")),
            ("client_id", json!("other")),
            ("scope", json!("storage.read:/")),
            ("iss", json!("https://127.0.0.1:1")),
            ("aud", json!("other")),
            ("iat", json!(1)),
            ("exp", json!(1)),
            ("exp", json!(u32::MAX)),
            ("nbf", json!(u32::MAX)),
            ("jti", json!("")),
        ] {
            let mut claims = Issuer::claims();
            claims[claim] = wrong.clone();
            assert!(issuer.verifier.check(&issuer.sign(&claims)).is_err(), "{claim} = {wrong}");
        }
    }

    #[test]
    fn a_foreign_or_forged_signature_does_not_verify() {
        let (issuer, other) = (Issuer::new(), Issuer::new());
        assert!(issuer.verifier.check(&other.sign(&Issuer::claims())).is_err());
        let token = issuer.sign(&Issuer::claims());
        let unsigned = &token[..=token.rfind('.').unwrap()];
        assert!(issuer.verifier.check(unsigned).is_err());
        assert!(issuer.verifier.check("x").is_err());
    }
}
