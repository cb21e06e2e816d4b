//! The least a token can cost: a bare axum handler that writes the claims of a `wlcg` token and signs them, with
//! neither realm nor client nor store behind it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

/// Seconds that a token lives.
const LIFETIME: u64 = 3600;

enum Key {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl Key {
    fn generate(alg: &str) -> anyhow::Result<Self> {
        match alg {
            "ES256" => Ok(Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?)),
            "RS256" => {
                let key = PrivateDecryptingKey::generate(KeySize::Rsa2048)?;
                Ok(Self::Rs256(RsaKeyPair::from_pkcs8(key.as_der()?.as_ref())?))
            }
            _ => bail!("ES256 or RS256"),
        }
    }

    fn sign(&self, message: &[u8], random: &SystemRandom) -> Option<Vec<u8>> {
        match self {
            Self::Es256(pair) => Some(pair.sign(random, message).ok()?.as_ref().to_vec()),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, random, message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }
}

struct Signer {
    key: Key,
    header: String,
    random: SystemRandom,
}

fn token(signer: &Signer) -> Option<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let mut id = [0; 24];
    rand::fill(&mut id).ok()?;
    let client = "0192c7a4-5f0e-7d5a-9a3b-4f4f6f0f7c11";
    let claims = json!({
        "wlcg.ver": "1.0",
        "sub": client,
        "aud": "https://wlcg.cern.ch/jwt/v1/any",
        "nbf": now - 60,
        "scope": "storage.read:/data/run3",
        "iss": "https://es256.example.org",
        "exp": now + LIFETIME,
        "iat": now,
        "jti": BASE64.encode(id),
        "client_id": client,
    });
    let message = format!("{}.{}", signer.header, BASE64.encode(claims.to_string()));
    let signature = signer.key.sign(message.as_bytes(), &signer.random)?;
    Some(format!("{message}.{}", BASE64.encode(signature)))
}

async fn handle(State(signer): State<Arc<Signer>>, _form: String) -> Result<Json<Value>, StatusCode> {
    let token = token(&signer).ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Json(json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "scope": "storage.read:/data/run3",
    })))
}

/// Serves until it is told to stop.
pub(crate) fn run(alg: &str, port: &str) -> anyhow::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().context("PORT")?));
    let header = BASE64.encode(json!({"alg": alg, "typ": "at+jwt", "kid": "bench"}).to_string());
    let signer = Signer { key: Key::generate(alg)?, header, random: SystemRandom::new() };
    let router = Router::new().route("/token", post(handle)).route("/readyz", get(|| async {}));
    let router = router.with_state(Arc::new(signer));
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        axum::serve(listener, router).await?;
        Ok(())
    })
}
