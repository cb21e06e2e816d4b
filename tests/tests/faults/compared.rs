use std::path::Path;
use std::process::Output;

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;
use woad_tests::{Node, program};

use crate::world::World;

async fn woadctl(node: &Node, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(program("woadctl")?);
    command.env_remove("WOAD_OPERATIONS_SOCKET").arg("--socket").arg(node.data().join("woad.sock")).args(arguments);
    Ok(command.output().await?)
}

async fn succeeds(node: &Node, arguments: &[&str]) -> Result<String> {
    let output = woadctl(node, arguments).await?;
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "woadctl {arguments:?}: {}\n{said}{complained}", output.status);
    Ok(said.into_owned())
}

/// Changes one line of an exported chain.
fn tampered(from: &Path, to: &Path) -> Result<u64> {
    let text = std::fs::read_to_string(from)?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let line = lines.get_mut(2).context("too few events")?;
    let record: serde_json::Value = serde_json::from_str(line)?;
    *line = line.replacen("\\\"what\\\":\\\"", "\\\"what\\\":\\\"no.", 1);
    std::fs::write(to, lines.join("\n"))?;
    record.get("index").and_then(serde_json::Value::as_u64).context("no index")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_are_equal_and_chains_unbroken_across_a_killed_leader() -> Result<()> {
    let mut world = World::new().await?;
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    let at = (leader + 1) % 3;
    let said = succeeds(world.node(at), &["cluster", "verify"]).await?;
    ensure!(said.contains("verdict  agreed") && said.matches("agrees").count() == 3, "{said}");

    // A client with a wrong secret, counted at one node.
    let mut wrong = world.client.clone();
    wrong.secret = "not its secret".to_owned();
    ensure!(world.node(at).https.ask_token(&wrong, "").await?.status == 401, "a wrong secret was right");
    world.cluster.nodes[leader].kill().await?;
    world.cluster.leader(&[at, (leader + 2) % 3]).await?;
    let missing = woadctl(world.node(at), &["cluster", "verify", "--within", "2"]).await?;
    ensure!(missing.status.code() == Some(1), "one was not compared: {}", missing.status);
    world.cluster.nodes[leader].start(None)?;
    world.cluster.nodes[leader].ready().await?;
    // A stop writes what was counted.
    world.cluster.nodes[at].terminate().await?;
    world.cluster.nodes[at].start(None)?;
    world.cluster.nodes[at].ready().await?;

    let realm = world.realm.id.clone();
    for of in [vec![], vec!["--realm", realm.as_str()]] {
        for node in &world.cluster.nodes {
            let said = succeeds(node, &[&["audit", "verify"], of.as_slice()].concat()).await?;
            ensure!(said.starts_with("the chain holds"), "{said}");
        }
    }
    let events = succeeds(world.node(at), &["audit", "list", "--realm", &realm, "--count", "100"]).await?;
    ensure!(events.contains("refused") && events.contains("\"kind\":\"client\""), "{events}");

    let (export, altered) = (world.node(at).data().join("chain.jsonl"), world.node(at).data().join("altered.jsonl"));
    let path = |path: &Path| path.to_string_lossy().into_owned();
    succeeds(world.node(at), &["audit", "export", "--realm", &realm, "--file", &path(&export)]).await?;
    succeeds(world.node(at), &["audit", "verify", "--file", &path(&export)]).await?;
    let index = tampered(&export, &altered)?;
    let found = woadctl(world.node(at), &["audit", "verify", "--file", &path(&altered)]).await?;
    let complained = String::from_utf8_lossy(&found.stderr).into_owned();
    ensure!(found.status.code() == Some(1) && complained.contains(&format!("at index {index}:")), "{complained}");

    let said = succeeds(world.node(leader), &["cluster", "verify"]).await?;
    ensure!(said.contains("verdict  agreed"), "{said}");
    world.cluster.finish().await
}
