//! Power cuts: what was not synced is gone.

use std::time::Duration;

use anyhow::Result;

use crate::act::Act;
use crate::cli::Profile;
use crate::field::disk::Disk;
use crate::field::tracer::Tracer;
use crate::scenario::Row;
use crate::verdict::Must as _;
use crate::world::Stage;

/// Added to every flush just before the cut, so that whoever does not wait for it loses what he promised.
const SLOW: &str = "delay_enter=60000";
const FLUSHES: &str = "fdatasync,fsync";
const UNDER_WAY: Duration = Duration::from_millis(700);

pub(super) const ROWS: &[Row] = &[
    Row {
        ids: &["F04"],
        name: "power cut of one node, then the node that led is killed",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(one(act))),
    },
    Row {
        ids: &["F05"],
        name: "power cut of all nodes at once",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(all(act))),
    },
];

impl Act {
    /// Cuts the power of these nodes in one moment, under load and with slow flushes, and starts them again.
    pub(crate) async fn cut_power(&mut self, places: &[usize]) -> Result<()> {
        let mut tracers = Vec::new();
        for place in places {
            tracers.push(Tracer::attach(self.field.folder(), self.node(*place)?.process()?, FLUSHES, SLOW)?);
        }
        self.hold(UNDER_WAY).await;
        let disks = places.iter().map(|place| self.world.disk(*place)).collect::<Result<Vec<&Disk>>>()?;
        Disk::cut_power(&disks)?;
        for place in places {
            // It may have ended by itself: its disk is gone.
            let _ = self.node(*place)?.kill_now();
        }
        for place in places {
            self.node_mut(*place)?.exited().await?;
        }
        let slowed: usize = tracers.iter().map(Tracer::injected).sum();
        drop(tracers);
        self.activated(if slowed > 0 { places.len() } else { 0 });
        for place in places {
            self.world.disk(*place)?.power_on()?;
            self.node_mut(*place)?.start(None)?;
        }
        for place in places {
            self.node_mut(*place)?.ready().await.must("I14", "after the power cut")?;
        }
        Ok(())
    }
}

async fn one(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    act.cut_power(&[follower]).await?;
    // Whatever the node has lost it may now be asked to decide.
    let leader = act.world.leader().await?;
    act.node_mut(leader)?.kill().await?;
    act.flows().await.must("I14", "without the old leader")?;
    act.restart(leader).await?;
    act.flows().await.must("I14", "with it")?;
    let leader = act.world.leader().await?;
    act.cut_power(&[leader]).await
}

async fn all(act: &mut Act) -> Result<()> {
    let places = act.world.running();
    act.cut_power(&places).await
}
