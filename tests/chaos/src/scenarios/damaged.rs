//! Disks that forget or lie: torn, flipped, swapped, rolled back, gone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use woad_tests::eventually;

use crate::act::Act;
use crate::agreement;
use crate::cli::Profile;
use crate::scenario::Row;
use crate::verdict::{Must as _, Violation};
use crate::world::Stage;

/// A log file with less than this may be all tail, and a damaged tail is a torn one.
const LOG: u64 = 48 * 1024;
const GROWS: Duration = Duration::from_secs(20);
/// How long a node may take to see that its store is not usable.
const NOTICES: Duration = Duration::from_secs(15);
/// Positions of the manifest that are tried with each change, and in full.
const FEW: u64 = 5;
const MANY: u64 = 20;

pub(super) const ROWS: &[Row] = &[
    Row {
        ids: &["F27"],
        name: "the last record of a write-ahead log is torn",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(torn(act))),
    },
    Row {
        ids: &["F28"],
        name: "a byte in the middle of a write-ahead log is flipped",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(flipped_log(act))),
    },
    Row {
        ids: &["F29"],
        name: "a byte in the middle of each table file is flipped",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(flipped_table(act))),
    },
    Row {
        ids: &["F30"],
        name: "a byte of the manifest is flipped, at few positions",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(manifest(act, FEW))),
    },
    Row {
        ids: &["F30"],
        name: "a byte of the manifest is flipped, at many positions",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(manifest(act, MANY))),
    },
    Row {
        ids: &["F32"],
        name: "a damaged log at a node that would lead next",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(damaged_heir(act))),
    },
    Row {
        ids: &["F33"],
        name: "a data folder in use, and one that mixes two nodes",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(mixed(act))),
    },
    Row {
        ids: &["F34"],
        name: "a data folder restored to an older copy",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(rolled_back(act))),
    },
    Row {
        ids: &["F34"],
        name: "the database alone restored to an older copy",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(older_database(act))),
    },
    Row {
        ids: &["F35"],
        name: "everything a node had is lost",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(lost(act))),
    },
];

/// Copies a folder.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Changes one byte of a file, at that share of its length.
pub(super) fn flip(path: &Path, numerator: u64, denominator: u64) -> Result<()> {
    let mut bytes = fs::read(path)?;
    let at = usize::try_from(bytes.len() as u64 * numerator / denominator)?.min(bytes.len().saturating_sub(1));
    let byte = bytes.get_mut(at).context("an empty file")?;
    *byte ^= 0x55;
    fs::write(path, bytes).context("damaging")
}

/// Files of a database whose names end so, the newest last.
pub(super) fn files(data: &Path, is: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(data.join("db"))? {
        let path = entry?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(&is) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn newest_log(data: &Path) -> Result<PathBuf> {
    files(data, |name| name.ends_with(".log"))?.pop().context("no write-ahead log")
}

impl Act {
    /// Waits until the newest write-ahead log of a node is more than a tail, then kills the node.
    async fn kill_with_log(&mut self, place: usize) -> Result<PathBuf> {
        let data = self.node(place)?.data();
        let look = async || {
            let path = newest_log(&data).ok()?;
            (fs::metadata(&path).ok()?.len() > LOG).then_some(())
        };
        eventually("there is a log to be damaged", GROWS, look).await?;
        self.node_mut(place)?.kill().await?;
        newest_log(&data)
    }

    /// Starts a node that must end by itself, and say so in one of these words.
    pub(crate) async fn refuses(&mut self, place: usize, words: &[&str]) -> Result<()> {
        self.node_mut(place)?.start(None)?;
        let end = tokio::time::timeout(NOTICES, self.node_mut(place)?.exited()).await;
        let status =
            end.map_err(anyhow::Error::from).and_then(|end| end).must("refusal", "a node runs on damaged data")?;
        let log = self.node(place)?.log();
        let said = log.rsplit("---- start").next().unwrap_or_default();
        if status.success() || !words.iter().any(|word| said.contains(word)) {
            let seen = format!("node {} ended with {status} and did not say {words:?}", place + 1);
            self.found.push(Violation::new("refusal", seen));
        }
        self.activated(1);
        Ok(())
    }

    /// Replaces a node whose process does not run: the old member is removed, its data wiped, a new one joins.
    pub(crate) async fn replace(&mut self, place: usize) -> Result<()> {
        let survivors = self.world.running();
        let first = *survivors.first().context("nobody is left")?;
        let address = self.node(place)?.peer_address.to_string();
        let status = self.node(first)?.status().await?;
        let members = status.get("members").and_then(serde_json::Value::as_array).context("members")?;
        let of = |member: &&serde_json::Value| member.get("peer_address").and_then(|at| at.as_str()) == Some(&address);
        let old = members.iter().find(of).and_then(|member| member.get("id")?.as_u64()).context("the old member")?;
        self.wipe(place)?;
        self.remove(first, old).await?;
        self.world.cluster.join(place).await.must("I14", "a node joins in place of a lost one")
    }

    /// Removes a member whose keys are known to be destroyed.
    pub(crate) async fn remove(&self, asked: usize, member: u64) -> Result<()> {
        let path = format!("/v1/cluster/members/{member}?destroyed=true");
        let removed = self.node(asked)?.admin.send("DELETE", &path, "", Vec::new().into()).await?;
        ensure!(removed.status < 300, "removing: {} {}", removed.status, removed.body);
        Ok(())
    }

    /// Forgets everything in a node's data folder.
    pub(crate) fn wipe(&self, place: usize) -> Result<()> {
        fs::remove_dir_all(self.node(place)?.data()).context("wiping")
    }
}

async fn torn(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    let log = act.kill_with_log(follower).await?;
    // A header that announces 500 bytes, of which 40 were written: nobody was told that this record is safe.
    let mut bytes = fs::read(&log)?;
    bytes.extend([0x12, 0x34, 0x56, 0x78, 0xf4, 0x01, 0x01]);
    bytes.extend([0xaa; 40]);
    fs::write(&log, bytes)?;
    act.activated(1);
    act.restart(follower).await
}

async fn flipped_log(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    let log = act.kill_with_log(follower).await?;
    flip(&log, 1, 3)?;
    act.refuses(follower, &["does not open"]).await?;
    act.replace(follower).await
}

/// Whoever reads the damaged block must not be told that there is less than there is.
async fn flipped_table(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    let data = act.node(follower)?.data();
    act.node_mut(follower)?.kill().await?;
    let tables = files(&data, |name| name.ends_with(".sst"))?;
    for table in &tables {
        flip(table, 1, 2)?;
    }
    act.activated(tables.len());
    act.node_mut(follower)?.start(None)?;
    let asked = *act.others(follower).first().context("another node")?;
    let start = Instant::now();
    let mut compared = false;
    let out = loop {
        if !act.node_mut(follower)?.runs()? {
            let status = act.node_mut(follower)?.exited().await?;
            ensure_refusal(act, status.success(), "a node ended as if nothing were wrong with its table files");
            break format!("it ended with {status}");
        }
        let ready = act.node(follower)?.admin.get("/readyz").await.is_ok_and(|answer| answer.status == 200);
        if ready && !compared {
            // Everything is read once.
            compared = agreement::round(act.node(asked)?).await.is_ok();
        } else if !ready && compared {
            break "it has left service".to_owned();
        }
        if start.elapsed() > NOTICES * 2 {
            act.found.push(Violation::new("refusal", "a node with damaged table files is in service"));
            break "it is in service".to_owned();
        }
        act.hold(Duration::from_millis(100)).await;
    };
    act.note(format!("{} table files damaged: {out}", tables.len()));
    if act.node_mut(follower)?.runs()? {
        act.node_mut(follower)?.kill().await?;
    }
    act.replace(follower).await
}

fn ensure_refusal(act: &mut Act, wrong: bool, seen: &str) {
    if wrong {
        act.found.push(Violation::new("refusal", seen));
    }
}

async fn damaged_heir(act: &mut Act) -> Result<()> {
    let (leader, heir) = (act.world.leader().await?, act.world.follower().await?);
    let log = act.kill_with_log(heir).await?;
    flip(&log, 1, 3)?;
    act.node_mut(leader)?.kill().await?;
    act.refuses(heir, &["does not open"]).await?;
    act.restart(leader).await?;
    act.flows().await.must("I14", "after the old leader is back")?;
    act.replace(heir).await
}

/// With a damaged manifest a node ends, or it has everything: never less, never nothing.
async fn manifest(act: &mut Act, positions: u64) -> Result<()> {
    let follower = act.world.follower().await?;
    act.node_mut(follower)?.terminate().await?;
    let data = act.node(follower)?.data();
    // Kept away from the others it can't acknowledge anything, so that the copy stays true.
    act.field.isolate(follower)?;
    let kept = act.field.folder().join("kept");
    copy(&data, &kept)?;
    let before = act.last_log_alone(follower).await?.context("a whole store opens")?;
    let mut opened = 0;
    for position in 0..positions {
        fs::remove_dir_all(&data)?;
        copy(&kept, &data)?;
        let manifest = files(&data, |name| name.starts_with("MANIFEST"))?.pop().context("no manifest")?;
        flip(&manifest, 2 * position + 1, 2 * positions)?;
        let last = act.last_log_alone(follower).await?;
        act.activated(1);
        opened += usize::from(last.is_some());
        if let Some(last) = last.filter(|last| *last < before) {
            let seen = format!("with a damaged manifest the log ends at {last}, not at {before}");
            act.found.push(Violation::new("I1", seen));
        }
    }
    act.note(format!("{positions} positions: opened whole {opened} times, refused otherwise"));
    fs::remove_dir_all(&data)?;
    copy(&kept, &data)?;
    fs::remove_dir_all(&kept)?;
    act.field.heal()?;
    act.restart(follower).await
}

impl Act {
    /// Starts a node nobody hears and ends it: where its log ends, or nothing when it refuses to open its store.
    async fn last_log_alone(&mut self, place: usize) -> Result<Option<u64>> {
        self.node_mut(place)?.start(None)?;
        let start = Instant::now();
        while self.node_mut(place)?.runs()? {
            ensure!(start.elapsed() < NOTICES, "a node neither opens its store nor refuses to");
            let body = self.node(place)?.admin.get("/metrics").await.map(|answer| answer.body).unwrap_or_default();
            let last =
                body.lines().find_map(|line| line.strip_prefix("woad_raft_last_log_index ")?.parse::<u64>().ok());
            if last.is_some() {
                self.node_mut(place)?.kill().await?;
                return Ok(last);
            }
            self.hold(Duration::from_millis(30)).await;
        }
        self.node_mut(place)?.exited().await?;
        Ok(None)
    }
}

async fn mixed(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    let places = act.world.running();
    let other = places.into_iter().find(|place| *place != follower).context("another node")?;
    act.node_mut(follower)?.terminate().await?;
    let data = act.node(follower)?.data();
    let kept = act.field.folder().join("kept");
    copy(&data, &kept)?;
    // A copy of a folder in use is not a clean one, but its name is what counts.
    fs::remove_dir_all(data.join("db"))?;
    let source = act.node(other)?.data();
    act.node_mut(other)?.terminate().await?;
    copy(&source.join("db"), &data.join("db"))?;
    act.refuses(follower, &["mixes nodes"]).await?;
    act.restart(other).await?;
    fs::remove_dir_all(&data)?;
    copy(&kept, &data)?;
    fs::remove_dir_all(&kept)?;
    act.restart(follower).await?;
    // The same folder a second time, while it is used.
    let second = act.second_process(follower)?;
    act.activated(1);
    ensure!(!second.success(), "two processes use one data folder");
    Ok(())
}

async fn rolled_back(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    let (data, kept) = (act.node(follower)?.data(), act.field.folder().join("kept"));
    act.node_mut(follower)?.terminate().await?;
    copy(&data, &kept)?;
    act.restart(follower).await?;
    act.flows().await?;
    act.flows().await?;
    act.node_mut(follower)?.terminate().await?;
    fs::remove_dir_all(&data)?;
    fs::rename(&kept, &data).or_else(|_| copy(&kept, &data).and_then(|()| Ok(fs::remove_dir_all(&kept)?)))?;
    act.node_mut(follower)?.start(None)?;
    act.activated(1);
    act.stays_out(follower).await?;
    act.replace(follower).await
}

async fn older_database(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    let (data, kept) = (act.node(follower)?.data(), act.field.folder().join("kept"));
    act.node_mut(follower)?.terminate().await?;
    copy(&data.join("db"), &kept)?;
    act.restart(follower).await?;
    act.flows().await?;
    act.flows().await?;
    act.node_mut(follower)?.terminate().await?;
    fs::remove_dir_all(data.join("db"))?;
    copy(&kept, &data.join("db"))?;
    fs::remove_dir_all(&kept)?;
    // The others would know, too; it must know by itself.
    act.field.isolate(follower)?;
    act.refuses(follower, &["rejoin"]).await?;
    act.field.heal()?;
    act.replace(follower).await
}

async fn lost(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    act.node_mut(follower)?.kill().await?;
    act.activated(1);
    act.flows().await.must("I14", "without a node")?;
    act.replace(follower).await
}

impl Act {
    /// The node ends by itself or is never ready: the others know that it forgot.
    async fn stays_out(&mut self, place: usize) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(4) {
            if !self.node_mut(place)?.runs()? {
                self.node_mut(place)?.exited().await?;
                return Ok(());
            }
            let ready = self.node(place)?.admin.get("/readyz").await.is_ok_and(|answer| answer.status == 200);
            if ready {
                self.found.push(Violation::new("refusal", "a node that forgot acknowledged entries is ready"));
                break;
            }
            self.hold(Duration::from_millis(50)).await;
        }
        self.node_mut(place)?.kill().await.map(drop)
    }

    /// A second process with a node's own configuration; how it ended.
    fn second_process(&self, place: usize) -> Result<std::process::ExitStatus> {
        let program = woad_tests::program("woad")?;
        let config = self.node(place)?.config();
        let status = std::process::Command::new(program)
            .arg("--config")
            .arg(config)
            .env_clear()
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()?;
        Ok(status)
    }
}
