use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use regex::bytes::{Regex, RegexBuilder};
use serde_json::{Value, json};
use woad_tests::{Application, Browser, Cluster, Kind, Person, Realm, Setup, Tokens, eventually};

/// Every file below a folder, with its content.
fn files(folder: &Path, all: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_dir() {
            files(&path, all)?;
        } else if kind.is_file() {
            let content = fs::read(&path)?;
            all.push((path, content));
        }
    }
    Ok(())
}

/// What opens every PKCS #8 private key of these kinds (RFC 5208, RFC 5480, RFC 8017): algorithm identifiers, and the
/// beginning of the key itself. Public keys have the identifiers without it.
const PRIVATE_KEYS: [&[u8]; 3] = [
    b"\x2a\x86\x48\xce\x3d\x03\x01\x07\x04\x6d\x30\x6b\x02\x01\x01\x04\x20",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x82",
    b"PRIVATE KEY-----",
];

/// Finds any of these byte strings.
fn finder<'a>(markers: impl IntoIterator<Item = &'a [u8]>) -> Result<Regex> {
    let hex = |marker: &[u8]| marker.iter().map(|byte| format!("\\x{byte:02x}")).collect::<Vec<_>>().concat();
    let any: Vec<String> = markers.into_iter().map(hex).collect();
    Ok(RegexBuilder::new(&format!("(?-u){}", any.join("|"))).size_limit(64 << 20).build()?)
}

/// A secret as it could be written.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let mut all = vec![secret.as_bytes().to_vec()];
    all.extend([STANDARD.encode(secret), URL_SAFE_NO_PAD.encode(secret)].map(String::into_bytes));
    all.extend(URL_SAFE_NO_PAD.decode(secret).ok().filter(|raw| raw.len() >= 16));
    all
}

/// Signs people in; their passwords, sessions, codes and refresh tokens become secrets of the test. The tokens that are
/// signed.
async fn signed_in(cluster: &Cluster, realm: &Realm) -> Result<Vec<String>> {
    let mut signed = Vec::new();
    for (number, kind) in [Kind::Confidential, Kind::Public].into_iter().enumerate() {
        let admin = &cluster.node(number)?.admin;
        let person = Person::create(admin, realm, &format!("person-{number}")).await?;
        let application = Application::register(admin, realm, &format!("application-{number}"), kind).await?;
        let mut browser = Browser::new(&cluster.endpoints(), &realm.issuer);
        let code = application.code(&mut browser, &person, "openid profile offline_access").await?;
        let first = Tokens::of(application.redeem(&cluster.node(2)?.https, &code).await?)?;
        let second = Tokens::of(application.refresh(&cluster.node(1)?.https, &first.refresh).await?)?;
        let session = browser.cookie("__Host-woad");
        ensure!(!session.is_empty() && !second.refresh.is_empty(), "no session or no refresh token");
        let secrets =
            [person.password.as_str(), &application.client.secret, session, &code, &first.refresh, &second.refresh];
        for secret in secrets {
            cluster.secret(secret);
            // The last part of a token is the secret one; those before it say which it is.
            cluster.secret(secret.rsplit('.').next().unwrap_or_default());
        }
        signed.extend([first.access, first.id, second.access, second.id].into_iter().filter(|token| !token.is_empty()));
    }
    Ok(signed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_password_token_session_or_signing_key_stands_in_a_data_folder() -> Result<()> {
    let cluster = Cluster::start(Setup { snapshot_bytes: Some(64 * 1024), ..Setup::default() }).await?;
    let realm = cluster.realm(0, json!({})).await?;
    let mut issued = Vec::new();
    let mut last = None;
    for number in 0..40 {
        let node = &cluster.nodes[number % 3];
        let client = cluster.client(number % 3, &realm, &format!("client-{number}")).await?;
        let token = node.https.token(&client).await?;
        node.https.revoke(&client, &token).await?.expect(200)?;
        let path = format!("{}/rotate-secret", realm.client_path(&client.id));
        let rotated = node.admin.order(&path).await?.expect(200)?.json()?;
        cluster.secret(rotated.get("client_secret").and_then(Value::as_str).context("no secret")?);
        issued.push(token);
        last = Some(client.id);
    }
    issued.extend(signed_in(&cluster, &realm).await?);
    let id = last.context("no client")?;
    cluster.join_token(1).await?;
    for node in &cluster.nodes {
        let built = async || node.figure("snapshot").await.ok().filter(|index| *index > 0);
        eventually("a snapshot is built", std::time::Duration::from_secs(20), built).await?;
    }

    let spelt: Vec<Vec<u8>> = cluster.secrets().iter().flat_map(|secret| spellings(secret)).collect();
    let secret = finder(spelt.iter().map(Vec::as_slice))?;
    let signature = finder(issued.iter().filter_map(|token| token.rsplit('.').next()).map(str::as_bytes))?;
    let (private_key, known) = (finder(PRIVATE_KEYS)?, finder([id.as_bytes()])?);
    for node in &cluster.nodes {
        let mut all = Vec::new();
        files(&node.data(), &mut all)?;
        let number = node.place + 1;
        let mut found = Vec::new();
        for (path, content) in &all {
            let name = path.strip_prefix(node.data())?.display().to_string();
            for (kind, finder) in [("secret", &secret), ("token", &signature), ("key", &private_key), ("id", &known)] {
                if finder.is_match(content) {
                    found.push((kind, name.split('/').next().unwrap_or_default().to_owned()));
                }
            }
        }
        // What must be there shows that the search finds what is there.
        for expected in [("secret", "cluster.key"), ("key", "peer"), ("id", "db")] {
            let there = found.iter().any(|(kind, place)| (*kind, place.as_str()) == expected);
            ensure!(there, "node {number}: no {expected:?}; this search finds nothing");
        }
        let allowed = [("secret", "cluster.key"), ("key", "peer")];
        let bad = found.iter().find(|(kind, place)| *kind != "id" && !allowed.contains(&(*kind, place.as_str())));
        ensure!(bad.is_none(), "the data folder of node {number} holds in plain: {bad:?}");
    }
    cluster.finish().await
}
