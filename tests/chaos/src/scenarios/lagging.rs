//! Followers that fall behind what the log still holds.

use std::time::Duration;

use anyhow::Result;
use woad_tests::eventually;

use crate::act::Act;
use crate::cli::Profile;
use crate::scenario::Row;
use crate::verdict::Must as _;
use crate::world::Stage;

const PURGES: Duration = Duration::from_secs(60);
const INSTALLS: Duration = Duration::from_secs(20);

pub(super) const ROWS: &[Row] = &[Row {
    ids: &["F07", "F60"],
    name: "a follower stands still until the log is purged, then installs a snapshot amid revocations",
    profile: Profile::Full,
    stage: Stage::Three,
    play: Ok(|act| Box::pin(paused(act))),
}];

impl Act {
    /// Stops a follower until the others have purged what it would need.
    pub(crate) async fn fall_behind(&mut self, place: usize) -> Result<()> {
        let last = self.node(place)?.figure("last_log").await?;
        self.node(place)?.pause()?;
        let others = self.others(place);
        let purged = async || {
            for other in &others {
                self.node(*other).ok()?.figure("purged").await.ok().filter(|purged| *purged > last)?;
            }
            Some(())
        };
        eventually("the logs are purged", PURGES, purged).await.map(drop)
    }

    /// Waits until a node has installed a snapshot since it had that many.
    pub(crate) async fn installed(&mut self, place: usize, before: f64) -> Result<()> {
        let look =
            async || self.metric(place, "woad_snapshot_installs_total").await.ok().filter(|count| *count > before);
        eventually("a snapshot is installed", INSTALLS, look).await.must("I14", "catching up by snapshot")?;
        self.activated(1);
        Ok(())
    }
}

async fn paused(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    let before = act.metric(follower, "woad_snapshot_installs_total").await?;
    act.fall_behind(follower).await?;
    act.node(follower)?.wake()?;
    act.installed(follower, before).await?;
    act.flows().await.must("I14", "after the install").map(drop)
}
