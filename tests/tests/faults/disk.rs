//! A disk that fails, hangs or is full. (F20, F22 to F26.)

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use woad_tests::{Cluster, Node, Realm, Site, eventually, not_exercised};

use crate::world::World;

const LIMIT: Duration = Duration::from_secs(20);
/// A flush may take 30 s, a stop 10 s; a busy machine gets more.
const ENDS: Duration = Duration::from_secs(70);
/// The exit code of a disk that fails.
const DISK: i32 = 74;
/// The process aborted itself: the disk kept it from stopping.
const ABORTED: i32 = 6;

/// A process whose flushes go wrong.
struct Injected(Child);

impl Injected {
    /// Every flush of the node from now on does this instead, as strace says it.
    fn into(node: &Node, what: &str) -> Result<Self> {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e"]);
        command.arg(format!("inject=fdatasync,fsync:{what}")).arg("-p").arg(node.process()?.to_string());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Injected {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn can_trace() -> Result<bool> {
    let found = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) && rustix::process::geteuid().is_root() {
        return Ok(true);
    }
    not_exercised("failing flushes: strace and root are needed")?;
    Ok(false)
}

async fn write(node: &Node, realm: &Realm, name: &str) -> Result<u16> {
    let path = format!("/v1/realms/{}/clients", realm.id);
    Ok(node.admin.post(&path, &Realm::client_body(name)).await?.status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_flush_fails_ends_and_what_it_acknowledged_is_there() -> Result<()> {
    if !can_trace()? {
        return Ok(());
    }
    let mut world = World::new().await?;
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    ensure!(write(world.node(leader), &world.realm, "before").await? == 201, "a write");
    let injected = Injected::into(world.node(leader), "error=EIO")?;
    let other = (leader + 1) % 3;
    let look = async || (write(world.node(other), &world.realm, "after").await.ok()? == 201).then_some(());
    eventually("the others go on", LIMIT, look).await?;
    let status = world.cluster.nodes[leader].exited().await?;
    drop(injected);
    ensure!(status.code() == Some(DISK), "it ended with {status}");
    world.cluster.nodes[leader].start(None)?;
    world.cluster.nodes[leader].ready().await?;
    for name in ["before", "after"] {
        world.node(leader).admin.get(&world.realm.client_path(name)).await?.expect(200)?;
    }
    world.cluster.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_whose_flush_hangs_for_ever_hands_over_and_ends() -> Result<()> {
    if !can_trace()? {
        return Ok(());
    }
    let mut world = World::new().await?;
    let leader = world.cluster.leader(&[0, 1, 2]).await?;
    let others: Vec<usize> = world.others(leader).map(|node| node.place).collect();
    let injected = Injected::into(world.node(leader), "delay_enter=600000000")?;
    let look = async || {
        let _ = write(world.node(others[0]), &world.realm, "pushed").await;
        let named = world.node(others[0]).figure("leader").await.ok()?;
        (named != world.node(leader).figure("node").await.ok()?).then_some(())
    };
    let took = eventually("another leads", LIMIT, look).await?.1;
    println!("another leads {took:?} after the flush began to hang");
    ensure!(write(world.node(others[1]), &world.realm, "later").await? == 201, "writes go on");
    let unready = async || world.node(leader).admin.get("/readyz").await.ok().filter(|answer| answer.status == 503);
    eventually("the hung node is unready", LIMIT, unready).await?;
    // The thread that hangs keeps the process from being gone, as a disk would: it is let go once the rest has ended.
    let ended = async || {
        let log = world.node(leader).log();
        (log.contains("woad: this node serves no more") || log.contains("the process is aborted")).then_some(())
    };
    eventually("the hung node ends", ENDS, ended).await?;
    drop(injected);
    let status = world.cluster.nodes[leader].exited().await?;
    let aborted = std::os::unix::process::ExitStatusExt::signal(&status) == Some(ABORTED);
    ensure!(status.code() == Some(DISK) || aborted, "it ended with {status}");
    world.cluster.nodes[leader].start(None)?;
    world.cluster.nodes[leader].ready().await?;
    world.cluster.finish().await
}

/// A small disk of its own for a node.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn over(folder: &'a Path, size: &str) -> Result<Option<Self>> {
        std::fs::create_dir_all(folder)?;
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &format!("size={size},mode=0700"), "tmpfs"]).arg(folder);
        let mounted = command.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        if !mounted {
            not_exercised("full disks: mounting a small one needs root")?;
        }
        Ok(mounted.then_some(Self(folder)))
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0).status());
    }
}

/// Fills the disk until so many KiB are free.
fn fill(folder: &Path, leave_kib: u64) -> Result<()> {
    let disk = rustix::fs::statvfs(folder)?;
    let free = disk.f_bavail * disk.f_frsize / 1024;
    let file = std::fs::File::create(folder.join("filler"))?;
    let length = free.saturating_sub(leave_kib) * 1024;
    Ok(rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, length)?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disks_refuse_growth_and_nothing_else_and_room_heals() -> Result<()> {
    let folder = tempfile::TempDir::with_prefix("woad-disks-")?;
    let places: Vec<_> = (0..3).map(|place| folder.path().join(place.to_string())).collect();
    let mut mounts = Vec::new();
    for place in &places {
        match Mounted::over(place, "256M")? {
            Some(mounted) => mounts.push(mounted),
            None => return Ok(()),
        }
    }
    let sites = places.iter().map(|place| Ok(Site { data: Some(place.clone()), ..Site::loopback()? }));
    let cluster = Cluster::at(sites.collect::<Result<_>>()?, 3, folder.path()).await?;
    let realm = cluster.realm(1, json!({})).await?;
    let client = cluster.client(2, &realm, "stream").await?;
    let leader = cluster.leader(&[0, 1, 2]).await?;
    let (one, two) = ((leader + 1) % 3, (leader + 2) % 3);
    let token = cluster.node(leader)?.https.token(&client).await?;

    // A follower past its hard watermark leaves service, and the cluster goes on.
    fill(&places[one], 8 * 1024)?;
    let node = cluster.node(one)?;
    let unready = async || node.admin.get("/readyz").await.ok().filter(|answer| answer.status == 503);
    let said = eventually("the full follower is unready", LIMIT, unready).await?.0;
    ensure!(said.body.contains("exhausted"), "{}", said.body);
    ensure!(write(cluster.node(two)?, &realm, "one-full").await? == 201, "one full disk of three refuses nothing");

    // Most of them are: what makes records is refused everywhere, what ends something is not.
    fill(&places[two], 20 * 1024)?;
    let tried = std::sync::atomic::AtomicU32::new(0);
    let look = async || {
        let name = format!("most-full-{}", tried.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        (write(cluster.node(leader).ok()?, &realm, &name).await.ok()? == 507).then_some(())
    };
    eventually("growth is refused", LIMIT, look).await?;
    cluster.node(leader)?.https.revoke(&client, &token).await?.expect(200)?;
    let gone = realm.client_path("one-full");
    cluster.node(two)?.admin.send("DELETE", &gone, "", bytes::Bytes::new()).await?.expect(204)?;

    // The leader's own disk: it does not lead any more.
    std::fs::remove_file(places[two].join("filler"))?;
    fill(&places[leader], 8 * 1024)?;
    let look = async || {
        let named = cluster.node(two).ok()?.figure("leader").await.ok()?;
        (named == cluster.node(two).ok()?.figure("node").await.ok()?).then_some(())
    };
    eventually("the only node with room leads", LIMIT, look).await?;

    for place in &places {
        drop(std::fs::remove_file(place.join("filler")));
    }
    let look = async || (write(cluster.node(leader).ok()?, &realm, "healed").await.ok()? == 201).then_some(());
    eventually("with room all goes on", LIMIT, look).await?;
    cluster.finish().await
}
