use anyhow::{Context as _, Result};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};

use crate::world::World;

/// A token with its three parts decoded.
struct Parts {
    header: Value,
    claims: Value,
    signed: String,
    signature: String,
}

impl Parts {
    fn of(token: &str) -> Result<Self> {
        let (signed, signature) = token.rsplit_once('.').context("no signature")?;
        let (header, claims) = signed.split_once('.').context("no claims")?;
        let decode = |part: &str| -> Result<Value> { Ok(serde_json::from_slice(&B64.decode(part)?)?) };
        let (header, claims) = (decode(header)?, decode(claims)?);
        Ok(Self { header, claims, signed: signed.to_owned(), signature: signature.to_owned() })
    }

    fn with_header(&self, changes: &Value) -> String {
        encode(&merged(&self.header, changes), &self.claims)
    }

    fn with_claims(&self, changes: &Value) -> String {
        format!("{}.{}", encode(&self.header, &merged(&self.claims, changes)), self.signature)
    }
}

fn merged(base: &Value, changes: &Value) -> Value {
    let mut all = base.as_object().cloned().unwrap_or_default();
    all.extend(changes.as_object().cloned().unwrap_or_default());
    Value::Object(all)
}

fn encode(header: &Value, claims: &Value) -> String {
    format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()))
}

fn hs256(signed: &str, key: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
    format!("{signed}.{}", B64.encode(tag))
}

/// The public key in every form somebody could take for an HMAC secret.
fn public_key_bytes(jwk: &Value) -> Result<Vec<Vec<u8>>> {
    let part =
        |name: &str| -> Result<Vec<u8>> { Ok(B64.decode(jwk.get(name).and_then(Value::as_str).unwrap_or_default())?) };
    let (x, y) = (part("x")?, part("y")?);
    let point = [&[4][..], &x, &y].concat();
    Ok(vec![x, point, jwk.to_string().into_bytes(), Vec::new()])
}

/// A header that brings its own key, signed with that key.
fn with_own_key(parts: &Parts) -> Result<String> {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref())?;
    let point = key.public_key().as_ref();
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": B64.encode(&point[1..33]), "y": B64.encode(&point[33..65])});
    let signed =
        parts.with_header(&json!({"jwk": jwk, "jku": "https://127.0.0.1:1/jwk", "x5u": "https://127.0.0.1:1/"}));
    let signature = key.sign(&random, signed.as_bytes())?;
    Ok(format!("{signed}.{}", B64.encode(signature.as_ref())))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_truncated_and_foreign_tokens_are_inactive() -> Result<()> {
    let mut world = World::new().await?;
    let https = world.target().https.clone();
    let token = https.token(&world.client).await?;
    let parts = Parts::of(&token)?;
    let jwks = https.get("/jwk").await?.expect(200)?.json()?;
    let keys = jwks.get("keys").and_then(Value::as_array).context("no keys")?.clone();
    let jwk = keys.iter().find(|key| key.get("kid") == parts.header.get("kid")).context("the key is not published")?;
    let rsa = keys.iter().find(|key| key.get("kty") == Some(&json!("RSA"))).context("no RSA key")?;
    let other = world.cluster.other_realm(0).await?;
    let foreigner = world.cluster.client(0, &other, "caller").await?;
    let foreign = https.elsewhere().token(&foreigner).await?;
    let Parts { signed, signature, .. } = &parts;

    let mut table: Vec<(String, String)> = Vec::new();
    for alg in ["none", "None", "NONE", ""] {
        let unsigned = parts.with_header(&json!({"alg": alg}));
        table.push((format!("alg {alg:?}"), format!("{unsigned}.")));
        table.push((format!("alg {alg:?} and the old signature"), format!("{unsigned}.{signature}")));
    }
    for (at, key) in public_key_bytes(jwk)?.iter().enumerate() {
        table.push((
            format!("HS256 with the public key {at}"),
            hs256(&parts.with_header(&json!({"alg": "HS256"})), key),
        ));
    }
    let modulus = B64.decode(rsa.get("n").and_then(Value::as_str).unwrap_or_default())?;
    let confused = parts.with_header(&json!({"alg": "HS256", "kid": rsa.get("kid")}));
    table.push(("HS256 with the RSA modulus".to_owned(), hs256(&confused, &modulus)));
    for changes in [
        json!({"alg": "RS256"}),
        json!({"alg": "ES384"}),
        json!({"kid": rsa.get("kid")}),
        json!({"kid": "../../etc/passwd"}),
        json!({"kid": "' OR 1=1"}),
        json!({"kid": "k".repeat(10_000)}),
        json!({"kid": null}),
        json!({"crit": ["exp"]}),
        json!({"b64": false, "crit": ["b64"]}),
    ] {
        let name: String = format!("header {changes}").chars().take(60).collect();
        table.push((name, format!("{}.{signature}", parts.with_header(&changes))));
    }
    for changes in [json!({"exp": 9_999_999_999_u64}), json!({"sub": "other"}), json!({"scope": "iam:admin.write"})] {
        table.push((format!("claims {changes}"), parts.with_claims(&changes)));
    }
    let zero = B64.encode([0; 64]);
    let rest = |count: usize| token.chars().take(token.len() - count).collect::<String>();
    for (name, forged) in [
        ("its own key", with_own_key(&parts)?),
        ("another realm's", foreign.clone()),
        ("no signature", format!("{signed}.")),
        ("no third part", signed.clone()),
        ("a zero signature", format!("{signed}.{zero}")),
        ("an empty signature encoded", format!("{signed}.=")),
        ("padding", format!("{token}==")),
        ("a fourth part", format!("{token}.x")),
        ("five parts", format!("{token}.x.y")),
        ("one less", rest(1)),
        ("half", rest(token.len() / 2)),
        ("dots", "..".to_owned()),
        ("many dots", ".".repeat(5_000)),
        ("a word", "token".to_owned()),
        ("twice", format!("{token}{token}")),
        ("a space before", format!(" {token}")),
        ("a space behind", format!("{token} ")),
        ("9 KiB", format!("{token}{}", "A".repeat(9 * 1024))),
        ("60 KiB", "A".repeat(60 * 1024)),
        ("emoji", "\u{1f511}".to_owned()),
    ] {
        table.push((name.to_owned(), forged));
    }
    for (name, forged) in table {
        let answer = https.introspect(&world.client, &forged).await?;
        world.row(
            &name,
            answer.status == 200 && answer.body == r#"{"active":false}"#,
            &format!("{} {}", answer.status, answer.body),
        );
        let answer = https.revoke(&world.client, &forged).await?;
        world.row(
            &format!("revoke {name}"),
            answer.status == 200 && answer.body.is_empty(),
            &format!("{} {}", answer.status, answer.body),
        );
    }
    for (name, at, client, token) in [
        ("the real one", &https, &world.client.clone(), &token),
        ("the foreign one at home", &https.elsewhere(), &foreigner, &foreign),
    ] {
        let answer = at.introspect(client, token).await?;
        world.row(name, answer.active() == Some(true), &answer.body);
    }
    world.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_revokes_its_own_tokens_only_and_introspects_only_if_it_may() -> Result<()> {
    let mut world = World::new().await?;
    let https = world.target().https.clone();
    let admin = &world.cluster.nodes[0].admin;
    let body = json!({"client_id": "plain", "client": {
        "client_name": "no introspection", "grant_types": ["client_credentials"], "scope": "storage.read:/",
    }});
    let made = admin.post("/v1/realms/main/clients", &body).await?.expect(201)?.json()?;
    let secret = made.get("client_secret").and_then(Value::as_str).context("no secret")?.to_owned();
    let plain = woad_tests::Client { id: "plain".to_owned(), secret };
    let token = https.token(&world.client).await?;
    let answer = https.introspect(&plain, &token).await?;
    world.answered("introspection by a client that may not", &answer, 403, "access_denied");
    let answer = https.revoke(&plain, &token).await?;
    world.answered("another client's token", &answer, 200, "");
    let answer = https.introspect(&world.client, &token).await?;
    world.row("it stays active", answer.active() == Some(true), &answer.body);
    world.finish().await
}
