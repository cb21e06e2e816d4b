use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use woad_tests::{Client, Cluster, Endpoint, HOST, OTHER_HOST, Realm, not_exercised, python};

const AUDIENCE: &str = "https://storage.test";
/// What the WLCG profile wants in every token, beside what OAuth wants.
const WLCG_VERSION: &str = "1.0";

async fn verified(python: &Path, asked: &Value) -> Result<Vec<Value>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/verify.py");
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().context("no standard input")?.write_all(asked.to_string().as_bytes()).await?;
    let output = child.wait_with_output().await?;
    ensure!(output.status.success(), "PyJWT does not verify: {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn token(at: &Endpoint, client: &Client) -> Result<String> {
    let form = [("grant_type", "client_credentials"), ("scope", "wlcg storage.read:/data"), ("audience", AUDIENCE)];
    let answer = at.post("/token", client, &form).await?.expect(200)?.json()?;
    Ok(answer.get("access_token").and_then(Value::as_str).context("no access_token")?.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_independent_library_verifies_tokens_of_each_algorithm_against_another_nodes_keys() -> Result<()> {
    let Some(python) = python() else { return not_exercised("WOAD_PYTHON names no Python with PyJWT") };
    let cluster = Cluster::three().await?;
    for (alg, id, host) in [("ES256", "main", HOST), ("RS256", "other", OTHER_HOST)] {
        let ports = cluster.nodes.iter().map(|node| format!("{host}:{}", node.https_address.port()));
        let hosts: Vec<String> = std::iter::once(host.to_owned()).chain(ports).collect();
        let settings = json!({"access_token_alg": alg, "default_profile": "wlcg"});
        let realm = Realm::create(&cluster.nodes[0].admin, id, &hosts, settings).await?;
        let client = cluster.client(1, &realm, "caller").await?;
        let at = |place: usize| {
            let https = &cluster.nodes[place].https;
            if host == HOST { https.clone() } else { https.elsewhere() }
        };
        let mut tokens = Vec::new();
        for place in [0, 1] {
            tokens.push(json!({"token": token(&at(place), &client).await?, "audience": AUDIENCE}));
        }
        let jwks = at(2).get("/jwk").await?.expect(200)?.json()?;
        let issuer = format!("https://{host}");
        let discovery = at(2).get("/.well-known/openid-configuration").await?.expect(200)?.json()?;
        ensure!(discovery.get("issuer") == Some(&json!(issuer)), "{discovery}");
        for one in verified(&python, &json!({"jwks": jwks, "issuer": issuer, "tokens": tokens})).await? {
            let (header, claims) = (&one["header"], &one["claims"]);
            ensure!(header["alg"] == alg, "{header}");
            ensure!(claims["wlcg.ver"] == WLCG_VERSION, "{claims}");
            ensure!(claims["sub"] == "caller" && claims["client_id"] == "caller", "{claims}");
            ensure!(claims["scope"] == "wlcg storage.read:/data", "{claims}");
            let lifetime = claims["exp"].as_u64().zip(claims["iat"].as_u64()).map(|(exp, iat)| exp - iat);
            ensure!(lifetime.is_some_and(|seconds| (1..=21_600).contains(&seconds)), "{claims}");
        }
    }
    cluster.finish().await
}
