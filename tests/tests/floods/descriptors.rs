//! F54: fewer file descriptors than there are connections.

use std::fs;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::process::Command;
use woad_tests::{Writers, eventually, program};

use crate::world::{PATIENCE, World, address, connect};

/// What a node needs at least is 1 536.
const FILES: u64 = 1_600;
const TOO_FEW: u64 = 512;
/// What so many files leave for connections at https.
const PLACES: f64 = 192.0;

/// Limits this process and what it starts.
fn limit(files: u64) -> Result<()> {
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(files), maximum: Some(files) })?)
}

/// Seconds of processor time that a process has used.
fn processor(pid: &str) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after = stat.rsplit(')').next().context("stat")?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).context("no ticks");
    Ok((ticks(11)? + ticks(12)?) / 100)
}

/// The process that runs with this configuration file.
fn process_of(config: &std::path::Path) -> Result<String> {
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let line = fs::read(format!("/proc/{name}/cmdline")).unwrap_or_default();
        if name.bytes().all(|byte| byte.is_ascii_digit())
            && String::from_utf8_lossy(&line).contains(&*config.to_string_lossy())
        {
            return Ok(name);
        }
    }
    anyhow::bail!("no process of {}", config.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_take_no_descriptor_from_raft_and_too_few_stop_the_start() -> Result<()> {
    limit(FILES)?;
    let world = World::new().await?;
    let writers = Writers::start(&world.cluster.nodes, &world.realm, &world.client, 1);
    let (to, pid) = (world.target().https_address, process_of(&world.target().config())?);
    let worked = processor(&pid)?;

    // More than the node has descriptors for; this process keeps as many as it may.
    let mut held = std::collections::VecDeque::new();
    for number in 0..3_000u32 {
        held.push_back(connect(address(u8::try_from(number % 200)?), to).await?);
        if held.len() > 1_200 {
            held.pop_front();
        }
    }
    let open = fs::read_dir(format!("/proc/{pid}/fd"))?.count();
    // One that must go for another is gone a moment later.
    let counted = async || world.counted("woad_connections_open", &[("listener", "https")]).await.ok();
    let within = async || counted().await.filter(|open| *open <= PLACES);
    let connections = eventually("connections keep to their places", PATIENCE, within).await?.0;
    println!("{open} of {FILES} files are open, {connections} of them connections at https");
    ensure!(u64::try_from(open)? < FILES - 500, "Raft and the database have no descriptors left: {open}");
    let before = writers.count();
    world.target().https.token(&world.client).await?;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    ensure!(writers.count() > before, "nothing is written");
    println!("processor time of the node: {} s", processor(&pid)? - worked);
    drop(held);
    drop(writers.stop().await);

    let mut command = Command::new("prlimit");
    command.arg(format!("--nofile={TOO_FEW}:{TOO_FEW}")).arg(program("woad")?).arg("--config");
    command.arg(world.target().config()).env_clear().stdin(Stdio::null());
    let started = command.output().await?;
    let said = String::from_utf8_lossy(&started.stderr).into_owned() + &String::from_utf8_lossy(&started.stdout);
    ensure!(!started.status.success() && said.contains("this process may open 512 files"), "{said}");
    world.finish().await
}
