use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use woad_tests::{Cluster, Setup, eventually};

/// A token can't be made for less.
const SHORTEST_SECONDS: u64 = 10;

/// A token whose secret is another one.
fn with_wrong_secret(token: &str) -> Result<String> {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let secret = parts.get_mut(2).context("no secret")?;
    *secret = secret.chars().rev().collect();
    Ok(parts.join("."))
}

/// What a node wrote in its last life.
fn last_words(cluster: &Cluster, place: usize) -> Result<String> {
    let log = cluster.node(place)?.log();
    Ok(log.rsplit("---- start").next().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_used_expired_and_foreign_join_tokens_let_nobody_in() -> Result<()> {
    let mut cluster = Cluster::start(Setup { nodes: 1, spare: 2, ..Setup::default() }).await?;
    let stranger = Cluster::one_beside().await?;
    let used = cluster.join_token(0).await?;
    cluster.node_mut(1)?.start(Some(&used))?;
    cluster.node_mut(1)?.ready().await?;

    let short = json!({"valid_seconds": SHORTEST_SECONDS});
    let made = cluster.node(0)?.admin.post("/v1/cluster/join-tokens", &short).await?.expect(201)?.json()?;
    let until = made.get("expires_ms").and_then(Value::as_u64).context("no expiry")?;
    let expired = made.get("token").and_then(Value::as_str).context("no token")?.to_owned();
    let good = cluster.join_token(0).await?;
    let foreign = stranger.join_token(0).await?;
    for (name, token) in [
        ("a word", "token".to_owned()),
        ("an old version", good.replace("woad1", "woad0")),
        ("half", good.chars().take(good.len() / 2).collect()),
        ("a wrong secret", with_wrong_secret(&good)?),
        ("used", used),
        ("expired", expired),
    ] {
        if name == "expired" {
            let node = cluster.node(0)?;
            let over = async || node.figure("clock_ms").await.ok().filter(|clock| *clock > until + 500);
            eventually("the token has expired", Duration::from_secs(15), over).await?;
        }
        cluster.node_mut(2)?.start(Some(&token))?;
        let status = cluster.node_mut(2)?.exited().await.with_context(|| format!("join token: {name}"))?;
        ensure!(!status.success(), "{name}: {status}");
        let words = last_words(&cluster, 2)?;
        ensure!(words.contains("token"), "{name}: it does not say why: {words}");
        ensure!(!cluster.node(2)?.data().join("member").exists(), "{name}: it believes to be a member");
    }
    // A token that pins another cluster leads there, and nowhere else.
    let pinned: Vec<&str> = good.split('.').collect();
    let mut crossed: Vec<&str> = foreign.split('.').collect();
    if let (Some(to), Some(from)) = (crossed.last_mut(), pinned.last()) {
        *to = from;
    }
    cluster.node_mut(2)?.start(Some(&crossed.join(".")))?;
    ensure!(!cluster.node_mut(2)?.exited().await?.success(), "a token with another cluster's pin");

    cluster.node_mut(2)?.start(Some(&good))?;
    cluster.node_mut(2)?.ready().await?;
    let status = cluster.node(0)?.status().await?;
    let members = status.get("members").and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(members == 3, "{members} members");
    stranger.finish().await?;
    cluster.finish().await
}
