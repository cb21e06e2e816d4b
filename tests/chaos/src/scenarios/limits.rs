//! Machines that are too small, and crowds.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::act::Act;
use crate::cli::Profile;
use crate::field::run::line;
use crate::scenario::Row;
use crate::verdict::{Must as _, Violation};
use crate::world::Stage;

const LASTS: Duration = Duration::from_secs(5);
const MIB: u64 = 1024 * 1024;
/// Idle connections to each listener.
const CROWD: usize = 5_000;
/// Sign-ins at once.
const STORM: usize = 200;

pub(super) const ROWS: &[Row] = &[
    Row {
        ids: &["F49"],
        name: "the leader may use 256 MiB, then hardly anything",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(memory(act))),
    },
    Row {
        ids: &["F50"],
        name: "the leader gets a fifth of a processor",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(processor(act))),
    },
    Row {
        ids: &["F51"],
        name: "5000 idle connections to https and as many to the peer port",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(crowd(act))),
    },
    Row {
        ids: &["F54"],
        name: "the leader has few file descriptors left, and a crowd comes",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(descriptors(act))),
    },
    Row {
        ids: &["F55"],
        name: "200 sign-ins with passwords at once",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(passwords(act))),
    },
];

/// A control group of the lab, gone when dropped.
struct Group(PathBuf);

impl Group {
    fn make(controller: &str, place: usize) -> Result<Self> {
        let name = std::env::var("WOAD_CHAOS_FOLDER").unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or_default().to_owned();
        let path = PathBuf::from(format!("/sys/fs/cgroup/{controller}/{name}-{place}"));
        std::fs::create_dir(&path).with_context(|| format!("{} is not a controller here", path.display()))?;
        Ok(Self(path))
    }

    #[expect(clippy::needless_pass_by_value, reason = "numbers")]
    fn set(&self, file: &str, value: impl ToString) -> Result<()> {
        std::fs::write(self.0.join(file), value.to_string()).with_context(|| file.to_owned())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let parent = self.0.parent().map(PathBuf::from).unwrap_or_default();
        for process in std::fs::read_to_string(self.0.join("cgroup.procs")).unwrap_or_default().lines() {
            let _ = std::fs::write(parent.join("cgroup.procs"), process);
        }
        let _ = std::fs::remove_dir(&self.0);
    }
}

async fn memory(act: &mut Act) -> Result<()> {
    let leader = act.world.leader().await?;
    let group = Group::make("memory", leader)?;
    group.set("memory.limit_in_bytes", 256 * MIB)?;
    group.set("cgroup.procs", act.node(leader)?.process()?)?;
    act.hold(LASTS).await;
    if !act.node_mut(leader)?.runs()? {
        act.found.push(Violation::new("I18", "a node died of 256 MiB"));
    }
    act.activated(1);
    // And now too little for anybody: the kernel kills it.
    let mut limit = 200 * MIB;
    while act.node_mut(leader)?.runs()? && limit > 8 * MIB {
        limit -= 8 * MIB;
        // Refused while more is in use and can't be given back.
        let _ = group.set("memory.limit_in_bytes", limit);
        act.hold(Duration::from_millis(100)).await;
    }
    let killed = !act.node_mut(leader)?.runs()?;
    act.note(format!("killed by the kernel: {killed}, at {} MiB", limit / MIB));
    if killed {
        act.activated(1);
        act.node_mut(leader)?.exited().await?;
    } else {
        act.node_mut(leader)?.kill().await?;
    }
    drop(group);
    act.restart(leader).await
}

async fn processor(act: &mut Act) -> Result<()> {
    let leader = act.world.leader().await?;
    let group = Group::make("cpu", leader)?;
    group.set("cpu.cfs_period_us", 100_000)?;
    group.set("cpu.cfs_quota_us", 20_000)?;
    let term = act.world.monitor.term();
    group.set("cgroup.procs", act.node(leader)?.process()?)?;
    let start = Instant::now();
    act.hold(LASTS * 2).await;
    let throttled = std::fs::read_to_string(group.0.join("cpu.stat"))?;
    let throttled = throttled.lines().find_map(|line| line.strip_prefix("nr_throttled ")?.parse::<usize>().ok());
    drop(group);
    act.activated(throttled.unwrap_or_default());
    let grown = act.world.monitor.term() - term;
    let writes = act.book().open().acknowledged.iter().filter(|at| **at > start).count();
    act.note(format!("{writes} writes and {grown} new terms in {:?}", LASTS * 2));
    if grown > 3 || writes == 0 {
        act.found.push(Violation::new("I14", format!("a slow leader brought {grown} new terms and {writes} writes")));
    }
    Ok(())
}

/// Raises this process's own limit of open files.
fn many_files() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.maximum.map_or(32_768, |most| most.min(32_768));
    setrlimit(Resource::Nofile, Rlimit { current: Some(current), maximum: limit.maximum })
        .context("limit of open files")
}

/// Connections that say nothing.
async fn come(at: std::net::SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut coming = JoinSet::new();
    for _ in 0..count {
        coming.spawn(tokio::time::timeout(Duration::from_secs(3), TcpStream::connect(at)));
    }
    let mut here = Vec::new();
    while let Some(stream) = coming.join_next().await {
        if let Ok(Ok(Ok(stream))) = stream {
            here.push(stream);
        }
    }
    here
}

async fn crowd(act: &mut Act) -> Result<()> {
    many_files()?;
    let leader = act.world.leader().await?;
    let (https, peer) = (act.node(leader)?.https_address, act.node(leader)?.peer_address);
    let (start, term) = (Instant::now(), act.world.monitor.term());
    let (one, two) = tokio::join!(come(https, CROWD), come(peer, CROWD));
    act.note(format!("{} connections to https, {} to the peer port", one.len(), two.len()));
    act.activated(one.len() + two.len());
    act.hold(LASTS).await;
    let others = act.others(leader);
    let (gap, grown) = (act.gap(&others, start), act.world.monitor.term() - term);
    act.note(format!("writes stood still for {gap:.2?} at the others, {grown} new terms"));
    if grown > 0 {
        act.found.push(Violation::new("F51", format!("a crowd brought {grown} new terms")));
    }
    drop((one, two));
    act.flows().await.must("I14", "after the crowd").map(drop)
}

async fn descriptors(act: &mut Act) -> Result<()> {
    let leader = act.world.leader().await?;
    let process = act.node(leader)?.process()?;
    let open = std::fs::read_dir(format!("/proc/{process}/fd"))?.count();
    line(&format!("prlimit --pid {process} --nofile={}:{}", open + 24, open + 24))?;
    let term = act.world.monitor.term();
    let here = come(act.node(leader)?.https_address, 200).await;
    act.hold(LASTS).await;
    act.activated(here.len());
    let grown = act.world.monitor.term() - term;
    act.note(format!("{} connections with 24 descriptors left; {grown} new terms", here.len()));
    drop(here);
    // What it can't do without descriptors is its own business; a restart gives them back.
    if act.node_mut(leader)?.runs()? {
        act.node_mut(leader)?.kill().await?;
    } else {
        act.node_mut(leader)?.exited().await?;
    }
    act.restart(leader).await
}

async fn passwords(act: &mut Act) -> Result<()> {
    let parties = act.parties();
    let place = act.world.follower().await?;
    let here = parties.places.iter().find(|it| it.number == place).context("a place")?.clone();
    let (person, _) = parties.people.first().context("a person")?.clone();
    let issuer = parties.realm.issuer.clone();
    let mut coming = JoinSet::new();
    for _ in 0..STORM {
        let (at, application) = (here.https.clone(), parties.public.clone());
        let mut browser = woad_tests::Browser::at(&at, &issuer);
        let person = person.clone();
        coming.spawn(async move { application.code(&mut browser, &person, crate::traffic::SCOPE).await.is_ok() });
    }
    let start = Instant::now();
    let (mut given, mut refused) = (0, 0);
    while let Some(done) = coming.join_next().await {
        if done? { given += 1 } else { refused += 1 }
    }
    act.activated(given + refused);
    act.note(format!("{given} signed in, {refused} refused in {:.2?}", start.elapsed()));
    act.flows().await.must("I14", "after the storm").map(drop)
}
