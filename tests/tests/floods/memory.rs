//! F49: a node in 256 MiB, and more requests than fit.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;
use woad_tests::not_exercised;
use woad_tests::raw::Raw;

use crate::world::{TARGET, World, many_files};

const LIMIT: u64 = 256 * 1024 * 1024;
/// Requests at once, each with most of the largest form.
const REQUESTS: usize = 900;
const FORM: usize = 60_000;

/// A control group of version 1 with that much memory, gone when dropped.
struct Group(PathBuf);

impl Group {
    fn new() -> Result<Self> {
        let path = Path::new("/sys/fs/cgroup/memory").join(format!("woad-test-{}", std::process::id()));
        fs::create_dir(&path)?;
        fs::write(path.join("memory.limit_in_bytes"), LIMIT.to_string())?;
        Ok(Self(path))
    }

    /// Moves this process in; what it starts is in it too.
    fn enter(&self) -> Result<()> {
        Ok(fs::write(self.0.join("cgroup.procs"), std::process::id().to_string())?)
    }

    fn most(&self) -> Result<u64> {
        Ok(fs::read_to_string(self.0.join("memory.max_usage_in_bytes"))?.trim().parse()?)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// The control group that this process is in.
fn own() -> Result<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup")?;
    let line = groups.lines().find(|line| line.contains(":memory:")).context("no memory controller of version 1")?;
    let path = line.rsplit(':').next().unwrap_or_default();
    Ok(Path::new("/sys/fs/cgroup/memory").join(path.trim_start_matches('/')))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_in_256_mib_sheds_and_survives() -> Result<()> {
    let (Ok(own), Ok(group)) = (own(), Group::new()) else {
        return not_exercised("no control group of version 1 can be made here");
    };
    many_files()?;
    let mut world = World::new().await?;
    let node = world.cluster.node_mut(TARGET)?;
    node.terminate().await?;
    group.enter()?;
    let started = node.start(None);
    fs::write(own.join("cgroup.procs"), std::process::id().to_string())?;
    started?;
    node.ready().await?;
    let limit = world.counted("woad_memory_limit_bytes", &[]).await?;
    ensure!(limit <= 268_435_456.0, "the limit was not found: {limit}");

    // All that a form may have but its last byte: the node holds what it read.
    let (to, authority) = (world.target().https_address, world.cluster.authority.pem().to_owned());
    let mut requests = JoinSet::new();
    for _ in 0..REQUESTS {
        let authority = authority.clone();
        requests.spawn(async move {
            let mut raw = Raw::connect(to, &authority, b"http/1.1").await?;
            let head = format!(
                "POST /token HTTP/1.1\r\nhost: iam.test\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                 content-length: {FORM}\r\n\r\n"
            );
            let body = vec![b'a'; FORM - 1];
            raw.send(&[head.as_bytes(), &body].concat()).await?;
            anyhow::Ok((raw.answer().await?.status, raw))
        });
    }
    let (mut shed, mut others) = (0, 0);
    while let Some(done) = requests.join_next().await {
        match done? {
            Ok((503, _)) => shed += 1,
            _ => others += 1,
        }
    }
    let used = world.counted("woad_memory_used_bytes", &[]).await?;
    let counted = world.counted("woad_requests_shed_total", &[]).await?;
    println!(
        "{shed} of {REQUESTS} answered 503, {others} otherwise; {counted} shed; {} MiB used, at most {} in the group",
        used / 1_048_576.0,
        group.most()? / (1024 * 1024)
    );
    ensure!(shed > 0 && counted > 0.0, "nothing was shed");
    ensure!(world.cluster.node_mut(TARGET)?.runs()?, "the node was killed");
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.serves().await?;
    world.cluster.node_mut(TARGET)?.terminate().await?;
    world.cluster.node_mut(TARGET)?.start(None)?;
    world.cluster.node_mut(TARGET)?.ready().await?;
    world.finish().await
}
