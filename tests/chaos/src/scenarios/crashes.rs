//! F57: deaths at chosen moments. Instead of fail-points in the code, strace kills a node as it enters a chosen system call:
//! before a flush, between a write and its flush, before a rename. That reaches the same moments in what people run.

use std::time::Duration;

use anyhow::Result;

use crate::act::Act;
use crate::cli::Profile;
use crate::field::tracer::Tracer;
use crate::scenario::Row;
use crate::verdict::Must as _;
use crate::world::Stage;

/// A system call that a node makes under load comes within this; another one is not waited for.
const COMES: Duration = Duration::from_secs(8);
/// Moments of a sample: which calls, and which one of them.
const SAMPLE: [(&str, u32); 3] =
    [("fdatasync,fsync", 2), ("write,pwrite64,writev", 40), ("rename,renameat,renameat2", 1)];
const ALL: [(&str, u32); 10] = [
    ("fdatasync,fsync", 1),
    ("fdatasync,fsync", 7),
    ("write,pwrite64,writev", 3),
    ("write,pwrite64,writev", 111),
    ("rename,renameat,renameat2", 1),
    ("unlink,unlinkat", 1),
    ("link,linkat", 1),
    ("mkdir,mkdirat", 1),
    ("rmdir", 1),
    ("sendto,sendmsg", 33),
];

pub(super) const ROWS: &[Row] = &[
    Row {
        ids: &["F57"],
        name: "nodes die as they enter a flush, a write or a rename",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(moments(act, &SAMPLE))),
    },
    Row {
        ids: &["F57"],
        name: "leader and followers die at ten kinds of moments",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(all(act))),
    },
    Row {
        ids: &["F01", "F02"],
        name: "twelve nodes are killed at random moments",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(random(act))),
    },
];

async fn moments(act: &mut Act, moments: &[(&str, u32)]) -> Result<()> {
    let mut reached = Vec::new();
    for (number, (calls, when)) in moments.iter().enumerate() {
        let place = if number % 2 == 0 { act.world.leader().await? } else { act.world.follower().await? };
        if act.dies_at(place, calls, *when).await? {
            reached.push(format!("{calls} {when}"));
        }
        act.flows().await.must("I14", "after a death")?;
    }
    act.note(format!("{} of {} moments: {}", reached.len(), moments.len(), reached.join("; ")));
    Ok(())
}

async fn all(act: &mut Act) -> Result<()> {
    moments(act, &ALL).await?;
    let mut turned = ALL;
    turned.rotate_left(1);
    moments(act, &turned).await
}

async fn random(act: &mut Act) -> Result<()> {
    for number in 0_u64..12 {
        let places = act.world.running();
        let seed = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(seed >> 33)? % places.len();
        let Some(place) = places.get(at).copied() else { continue };
        act.hold(Duration::from_millis(seed >> 40 & 0x1ff)).await;
        act.node_mut(place)?.kill().await?;
        act.activated(1);
        act.restart(place).await?;
    }
    Ok(())
}

impl Act {
    /// Whether the node came to that moment, and died of it; it runs again when this returns.
    async fn dies_at(&mut self, place: usize, calls: &str, when: u32) -> Result<bool> {
        let process = self.node(place)?.process()?;
        let tracer = Tracer::attach(self.field.folder(), process, calls, &format!("signal=KILL:when={when}"))?;
        let ended = tokio::time::timeout(COMES, self.node_mut(place)?.exited()).await;
        drop(tracer);
        let died = ended.is_ok();
        if !died {
            self.node_mut(place)?.kill().await?;
        }
        self.activated(usize::from(died));
        self.restart(place).await?;
        Ok(died)
    }
}
