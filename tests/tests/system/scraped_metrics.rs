use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use woad_tests::{Cluster, not_exercised};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promtool_accepts_the_metrics_of_leader_and_followers() -> Result<()> {
    let cluster = Cluster::three().await?;
    let realm = cluster.realm(0, json!({})).await?;
    let client = cluster.client(1, &realm, "caller").await?;
    let mut texts = Vec::new();
    for node in &cluster.nodes {
        let token = node.https.token(&client).await?;
        node.https.introspect(&client, &token).await?.expect(200)?;
        node.https.revoke(&client, &token).await?.expect(200)?;
        node.https.get("/nowhere").await?.expect(404)?;
        let text = node.admin.get("/metrics").await?.expect(200)?.body;
        for sample in [
            "woad_build_info{",
            "woad_ready 1\n",
            "woad_raft_has_leader 1\n",
            "woad_tokens_total{grant=\"client_credentials\",outcome=\"issued\"} 1\n",
            "route=\"/introspect\"",
            "process_resident_memory_bytes ",
        ] {
            ensure!(text.contains(sample), "node {} has no {sample:?}", node.place + 1);
        }
        ensure!(!text.contains("/nowhere"), "a path became a label");
        texts.push(text);
    }
    for text in texts {
        let Ok(mut promtool) = Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).spawn() else {
            not_exercised("promtool is not installed")?;
            break;
        };
        promtool.stdin.take().context("no standard input")?.write_all(text.as_bytes())?;
        ensure!(promtool.wait()?.success(), "promtool refuses the metrics");
    }
    cluster.finish().await
}
