//! Disks that are slow, full, broken or read-only.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::act::Act;
use crate::cli::Profile;
use crate::field::run::run;
use crate::field::tracer::Tracer;
use crate::scenario::Row;
use crate::verdict::{Must as _, Violation};
use crate::world::Stage;

const FLUSHES: &str = "fdatasync,fsync";
const SLOW: &str = "delay_enter=300000";
/// How long a disk is bad.
const BAD: Duration = Duration::from_secs(3);
/// A node whose disk failed ends within this.
const ENDS: Duration = Duration::from_secs(10);

pub(super) const ROWS: &[Row] = &[
    Row {
        ids: &["F20"],
        name: "each flush of the leader takes 300 ms longer",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(slow(act, true))),
    },
    Row {
        ids: &["F21"],
        name: "each flush of a follower takes 300 ms longer",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(slow(act, false))),
    },
    Row {
        ids: &["F22"],
        name: "the disk of a follower is full",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(full(act, Whose::Follower))),
    },
    Row {
        ids: &["F23"],
        name: "the disk of the leader is full",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(full(act, Whose::Leader))),
    },
    Row {
        ids: &["F24"],
        name: "all disks are full",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(full(act, Whose::All))),
    },
    Row {
        ids: &["F25"],
        name: "one flush of the leader fails",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(failed_flush(act))),
    },
    Row {
        ids: &["F26"],
        name: "the file system of a follower turns read-only",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(read_only(act))),
    },
];

async fn slow(act: &mut Act, leading: bool) -> Result<()> {
    let (leader, follower) = (act.world.leader().await?, act.world.follower().await?);
    let place = if leading { leader } else { follower };
    let tracer = Tracer::attach(act.field.folder(), act.node(place)?.process()?, FLUSHES, SLOW)?;
    let start = Instant::now();
    act.hold(BAD).await;
    let running = act.world.running();
    let gap = act.gap(&running, start);
    act.activated(tracer.injected());
    drop(tracer);
    act.note(format!("no write for {gap:.2?} at most"));
    if gap > BAD {
        act.found.push(Violation::new("I14", format!("a slow disk stopped all writes for {gap:?}")));
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Follower,
    Leader,
    All,
}

/// Full to the last block. Who ends by itself is started again when there is room.
async fn full(act: &mut Act, whose: Whose) -> Result<()> {
    let (leader, follower) = (act.world.leader().await?, act.world.follower().await?);
    let places = match whose {
        Whose::Follower => vec![follower],
        Whose::Leader => vec![leader],
        Whose::All => act.world.running(),
    };
    for place in &places {
        act.world.disk(*place)?.fill(0)?;
    }
    let start = Instant::now();
    act.hold(BAD).await;
    for place in &places {
        let runs = act.node_mut(*place)?.runs()?;
        let ready = act.node(*place)?.admin.get("/readyz").await.is_ok_and(|answer| answer.status == 200);
        act.activated(usize::from(!ready));
        act.note(format!("node {} with a full disk {}", place + 1, if runs { "runs" } else { "has ended" }));
    }
    if whose != Whose::All {
        act.flows().await.must("I14", "while one disk is full")?;
        let others: Vec<usize> = act.world.running().into_iter().filter(|place| !places.contains(place)).collect();
        let gap = act.gap(&others, start);
        act.note(format!("writes stood still for {gap:.2?} at the others"));
    }
    for place in &places {
        act.world.disk(*place)?.free()?;
    }
    for place in places {
        if !act.node_mut(place)?.runs()? {
            act.node_mut(place)?.exited().await?;
            act.restart(place).await?;
        }
    }
    Ok(())
}

/// After a failed flush nobody knows what is on the disk: the node must end, and not acknowledge anything more.
async fn failed_flush(act: &mut Act) -> Result<()> {
    let leader = act.world.leader().await?;
    let tracer = Tracer::attach(act.field.folder(), act.node(leader)?.process()?, FLUSHES, "error=EIO:when=1")?;
    let ended = tokio::time::timeout(ENDS, act.node_mut(leader)?.exited()).await;
    act.activated(tracer.injected());
    drop(tracer);
    let status =
        ended.map_err(anyhow::Error::from).and_then(|ended| ended).must("fail-stop", "it goes on after EIO")?;
    if status.success() {
        act.found.push(Violation::new("fail-stop", "after a failed flush the node ended as if nothing were wrong"));
    }
    act.flows().await.must("I14", "without it")?;
    act.restart(leader).await
}

async fn read_only(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    let mount = act.world.disk(follower)?.mount().to_owned();
    run("mount", &["-o".as_ref(), "remount,errors=remount-ro".as_ref(), mount.as_os_str()])?;
    let source = run("findmnt", &["-n".as_ref(), "-o".as_ref(), "SOURCE".as_ref(), mount.as_os_str()])?;
    let device = source.trim().rsplit('/').next().context("a device")?.to_owned();
    std::fs::write(format!("/sys/fs/ext4/{device}/trigger_fs_error"), "a fault lab")?;
    let ended = tokio::time::timeout(ENDS, act.node_mut(follower)?.exited()).await;
    // The mount's own flags tell of it in some kernels only.
    let refused = std::fs::File::create(mount.join("anything")).err().map(|error| error.kind());
    act.activated(usize::from(refused == Some(std::io::ErrorKind::ReadOnlyFilesystem)));
    let status =
        ended.map_err(anyhow::Error::from).and_then(|ended| ended).must("fail-stop", "it goes on without a disk")?;
    if status.success() {
        act.found.push(Violation::new("fail-stop", "without a disk the node ended as if nothing were wrong"));
    }
    act.flows().await.must("I14", "without it")?;
    act.world.disk(follower)?.power_on()?;
    act.restart(follower).await
}
