//! F34 and F32: a folder that was put back to an older state, sentinel and all.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use woad_tests::{Realm, eventually, program};

use crate::world::World;

const LIMIT: Duration = Duration::from_secs(20);
/// The exit code that asks to join again.
const REJOIN: i32 = 65;

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().context("a name")?);
        match fs::symlink_metadata(&path)?.file_type() {
            kind if kind.is_dir() => copy(&path, &target)?,
            kind if kind.is_file() => drop(fs::copy(&path, &target)?),
            _ => {}
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_put_back_is_refused_by_the_leader_and_its_node_joins_again_with_one_command() -> Result<()> {
    let mut world = World::new().await?;
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    let gone = (leader + 1) % 3;
    let id = world.node(gone).figure("node").await?;
    let token = world.node(leader).https.token(&world.client).await?;
    world.cluster.nodes[gone].terminate().await?;
    let (data, older) = (world.node(gone).data(), world.node(gone).data().with_extension("older"));
    copy(&data, &older)?;

    world.cluster.nodes[gone].start(None)?;
    world.cluster.nodes[gone].ready().await?;
    world.node(leader).https.revoke(&world.client, &token).await?.expect(200)?;
    for number in 0..20 {
        let path = format!("/v1/realms/{}/clients", world.realm.id);
        world.node(leader).admin.post(&path, &Realm::client_body(&format!("later-{number}"))).await?.expect(201)?;
    }
    let last = world.node(leader).figure("last_log").await?;
    let node = world.node(gone);
    let has_all = async || (node.figure("applied").await.ok()? >= last).then_some(());
    eventually("the follower has it all", LIMIT, has_all).await?;
    world.cluster.nodes[gone].terminate().await?;
    ensure!(world.cluster.leader(&[leader, (leader + 2) % 3]).await? == leader, "the leader is still the same");
    fs::remove_dir_all(&data)?;
    fs::rename(&older, &data)?;

    world.cluster.nodes[gone].start(None)?;
    let node = world.node(gone);
    let refused = async || {
        let seen = node.admin.get("/readyz").await.ok().filter(|answer| answer.status == 503)?.json().ok()?;
        seen.pointer("/checks/data/seen")?.as_str().map(str::to_owned)
    };
    let said = eventually("the node says that it was refused", LIMIT, refused).await?.0;
    ensure!(said.contains("join again"), "{said}");
    let seen = world.node(leader).status().await?;
    let behind = seen.get("members").and_then(Value::as_array).into_iter().flatten();
    ensure!(
        behind.clone().any(|member| member.get("id").and_then(Value::as_u64) == Some(id) && member["behind"] == true),
        "the leader shows it: {seen}"
    );
    ensure!(node.status().await?["fault"].as_str().is_some_and(|fault| fault.contains("join again")), "it shows it");
    let answer = node.https.introspect(&world.client, &token).await?;
    ensure!(answer.active().is_none(), "it introspects: {}", answer.body);

    world.cluster.nodes[gone].terminate().await?;
    world.cluster.nodes[gone].start(None)?;
    let status = world.cluster.nodes[gone].exited().await?;
    ensure!(status.code() == Some(REJOIN), "started again: {status}");
    ensure!(world.node(gone).log().contains("woad rejoin"), "it says what to do");

    let path = format!("/v1/cluster/members/{id}?destroyed=true");
    world.node(leader).admin.send("DELETE", &path, "", bytes::Bytes::new()).await?.expect(204)?;
    let token = world.cluster.join_token(leader).await?;
    let mut command = tokio::process::Command::new(program("woad")?);
    command.arg("--config").arg(world.node(gone).config()).arg("rejoin").stdin(std::process::Stdio::piped());
    // The variables of a test run are none of the program's.
    command.env_clear().stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn()?;
    let mut typed = child.stdin.take().context("standard input")?;
    tokio::io::AsyncWriteExt::write_all(&mut typed, token.as_bytes()).await?;
    drop(typed);
    let done = child.wait_with_output().await?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success() && said.contains("it votes") && said.contains("damaged-"), "{said}");

    world.cluster.nodes[gone].start(None)?;
    world.cluster.nodes[gone].ready().await?;
    ensure!(world.node(gone).figure("node").await? != id, "a new id");
    world.cluster.finish().await
}
