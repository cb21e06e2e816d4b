//! Processes that stand still and don't know it.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::act::Act;
use crate::cli::Profile;
use crate::scenario::Row;
use crate::verdict::Must as _;
use crate::world::Stage;

/// The longest election timeout.
const ELECTION: Duration = Duration::from_millis(800);

pub(super) const ROWS: &[Row] = &[Row {
    ids: &["F06"],
    name: "the leader is stopped for one and for five election timeouts",
    profile: Profile::Quick,
    stage: Stage::Three,
    play: Ok(|act| Box::pin(leader(act))),
}];

async fn leader(act: &mut Act) -> Result<()> {
    for timeouts in [1, 5] {
        let (leader, places) = (act.world.leader().await?, act.world.running());
        let others: Vec<usize> = places.into_iter().filter(|place| *place != leader).collect();
        act.node(leader)?.pause()?;
        act.hold(ELECTION * timeouts).await;
        let next = act.world.cluster.leader(&others).await;
        act.node(leader)?.wake()?;
        if timeouts > 1 {
            ensure!(next.must("I14", "another leader")? != leader);
        }
        act.activated(1);
        // The woken one has requests waiting that it may only answer as a follower would.
        act.flows().await.must("I14", "after the leader woke")?;
    }
    Ok(())
}
