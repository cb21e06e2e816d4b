//! Processes that die.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::act::{Act, heals};
use crate::cli::Profile;
use crate::scenario::Row;
use crate::verdict::{Must as _, Violation};
use crate::world::Stage;

/// What is promised is 2 s; development builds on a machine that does other things get more.
pub(crate) const WRITES_RESUME: Duration = Duration::from_secs(5);
/// How long a survivor is watched.
const WATCHED: Duration = Duration::from_millis(2500);

pub(super) const ROWS: &[Row] = &[
    Row {
        ids: &["F01"],
        name: "a follower is killed and starts again",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(follower(act))),
    },
    Row {
        ids: &["F02"],
        name: "the leader is killed in the middle of writes",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(leader(act))),
    },
    Row {
        ids: &["F03"],
        name: "all nodes are killed at once",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(all(act))),
    },
];

impl Act {
    /// Starts a node again and waits until it is ready.
    pub(crate) async fn restart(&mut self, place: usize) -> Result<()> {
        let node = self.node_mut(place)?;
        node.start(None)?;
        node.ready().await.map(drop).must("I14", "a node starts again")
    }

    /// The longest time without a write at these nodes since then, and that no token request there failed.
    pub(crate) fn survived(&mut self, survivors: &[usize], since: Instant) {
        let gap = self.gap(survivors, since);
        let (given, failed) = self.issues(survivors, since);
        let refused = failed.len();
        self.note(format!(
            "writes stood still for {gap:.2?} at the survivors; {given} tokens given there, {refused} not"
        ));
        if gap > WRITES_RESUME {
            self.found.push(Violation::new("I14", format!("no write for {gap:?} at the survivors")));
        }
        if refused > 0 {
            let seen = format!("{refused} token requests failed at survivors, by status {failed:?}");
            self.found.push(Violation::new("tokens", seen));
        }
    }
}

async fn follower(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    act.node_mut(follower)?.kill().await?;
    act.activated(1);
    act.flows().await.must("I14", "without a follower")?;
    act.restart(follower).await
}

async fn leader(act: &mut Act) -> Result<()> {
    let (leader, places) = (act.world.leader().await?, act.world.running());
    let survivors: Vec<usize> = places.into_iter().filter(|place| *place != leader).collect();
    let killed = Instant::now();
    act.node_mut(leader)?.kill().await?;
    let next = act.world.cluster.leader(&survivors).await.must("I14", "another leader")?;
    act.activated(usize::from(next != leader));
    act.hold(WATCHED).await;
    act.flows().await.must("I14", "without the old leader")?;
    act.survived(&survivors, killed);
    act.restart(leader).await
}

async fn all(act: &mut Act) -> Result<()> {
    let places = act.world.running();
    for place in &places {
        act.node(*place)?.kill_now()?;
    }
    for place in &places {
        act.node_mut(*place)?.exited().await?;
        act.activated(1);
    }
    for place in &places {
        act.node_mut(*place)?.start(None)?;
    }
    for place in &places {
        let ready = tokio::time::timeout(heals(), act.node_mut(*place)?.ready()).await;
        ready.map_err(anyhow::Error::from).and_then(|ready| ready).must("I14", "all start again")?;
    }
    Ok(())
}
