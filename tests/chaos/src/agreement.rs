//! I12: the replicas' own comparison, asked for by an operator: digests of all state at one index.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use woad_tests::{Node, eventually};

/// A small state is read in no time.
const READS: Duration = Duration::from_secs(20);

/// Begins a comparison at a node, and waits until every member has answered or can't.
pub(crate) async fn round(at: &Node) -> Result<Value> {
    let begun = at.admin.order("/v1/cluster/verify").await?.expect(200)?.json()?;
    let index = begun.get("index").and_then(Value::as_u64).context("no index")?;
    let look = async || {
        let seen = at.admin.show("/v1/cluster/agreement").await.ok()?;
        let round = seen.get("round")?.clone();
        let ours = round.get("index").and_then(Value::as_u64)? == index;
        let silent = round.get("nodes")?.as_array()?.iter().any(|node| standing(node) == "silent");
        (ours && !silent).then_some(round)
    };
    Ok(eventually("every replica has compared itself", READS, look).await?.0)
}

/// What the comparison says of a node.
fn standing(node: &Value) -> &str {
    node.get("standing").and_then(Value::as_str).unwrap_or_default()
}

/// Checks that all replicas are equal, byte for byte.
pub(crate) async fn equal(at: &Node) -> Result<()> {
    let round = round(at).await?;
    let agreed = round.get("agreement").and_then(Value::as_str) == Some("agreed");
    ensure!(agreed, "the replicas differ: {round}");
    Ok(())
}
