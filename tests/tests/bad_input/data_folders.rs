use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use woad_tests::{Cluster, Node, Setup};

/// Copies one file or folder over another.
fn replace(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        if to.exists() {
            fs::remove_dir_all(to)?;
        }
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            replace(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else {
        fs::copy(from, to)?;
    }
    Ok(())
}

/// Starts a node that must refuse, and say why in these words.
async fn refuses(node: &mut Node, what: &str, words: &str) -> Result<()> {
    node.start(None)?;
    let status = node.exited().await.with_context(|| format!("it runs with {what}"))?;
    ensure!(!status.success(), "{what}: {status}");
    let log = node.log();
    let said = log.rsplit("---- start").next().unwrap_or_default();
    ensure!(said.contains(words), "{what}: it does not say {words:?}: {said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_a_data_folder_ends_and_says_why() -> Result<()> {
    let mut cluster = Cluster::start(Setup { nodes: 1, spare: 1, ..Setup::default() }).await?;
    let first = cluster.node(0)?.data();
    // The spare node has ports and a socket of its own, and the first one's folder.
    let config = fs::read_to_string(cluster.node(1)?.config())?;
    let own = cluster.node(1)?.data();
    let shared = config.replace(&own.display().to_string(), &first.display().to_string());
    let shared = format!("{shared}[operations]\nsocket = '{}'\n", own.with_extension("sock").display());
    fs::write(cluster.node(1)?.config(), shared)?;
    refuses(cluster.node_mut(1)?, "a folder in use", "another process uses the data folder").await?;
    // The very same configuration, too.
    fs::copy(cluster.node(0)?.config(), cluster.node(1)?.config())?;
    cluster.node_mut(1)?.start(None)?;
    ensure!(!cluster.node_mut(1)?.exited().await?.success(), "two processes with one configuration");
    cluster.node(0)?.admin.get("/readyz").await?.expect(200)?;
    cluster.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_folder_of_another_node_or_cluster_does_not_start() -> Result<()> {
    let mut cluster = Cluster::three().await?;
    let mut stranger = Cluster::one_beside().await?;
    cluster.node_mut(1)?.terminate().await?;
    cluster.node_mut(2)?.terminate().await?;
    stranger.node_mut(0)?.terminate().await?;
    let (own, neighbour, foreign) = (cluster.node(2)?.data(), cluster.node(1)?.data(), stranger.node(0)?.data());
    let kept = own.with_extension("kept");
    replace(&own, &kept)?;
    for (what, source, part) in [
        ("a neighbour's certificate", &neighbour, "peer"),
        ("another cluster's certificate", &foreign, "peer"),
        ("a neighbour's name", &neighbour, "member"),
        ("another cluster's name", &foreign, "member"),
        ("a neighbour's database", &neighbour, "db"),
        ("another cluster's database", &foreign, "db"),
    ] {
        replace(&source.join(part), &own.join(part))?;
        refuses(cluster.node_mut(2)?, what, "mixes nodes").await?;
        replace(&kept.join(part), &own.join(part))?;
    }
    fs::remove_file(own.join("member"))?;
    fs::write(own.join("member"), "nonsense")?;
    refuses(cluster.node_mut(2)?, "a name that is none", "malformed").await?;
    replace(&kept.join("member"), &own.join("member"))?;

    for place in [1, 2] {
        cluster.node_mut(place)?.start(None)?;
        cluster.node_mut(place)?.ready().await?;
    }
    stranger.node_mut(0)?.start(None)?;
    stranger.finish().await?;
    cluster.finish().await
}
