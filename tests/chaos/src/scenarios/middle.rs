//! Somebody between the members: what is delayed, swallowed or changed beyond what TLS already catches.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;
use woad_tests::Realm;

use crate::act::Act;
use crate::agreement;
use crate::cli::Profile;
use crate::scenario::Row;
use crate::verdict::{Must as _, Violation};
use crate::world::Stage;

pub(super) const ROWS: &[Row] = &[
    Row {
        ids: &["F16"],
        name: "everything between nodes takes 40 to 120 ms",
        profile: Profile::Full,
        stage: Stage::Between,
        play: Ok(|act| Box::pin(delay(act))),
    },
    Row {
        ids: &["F19"],
        name: "answers of the leader are swallowed, and the connections they came on end",
        profile: Profile::Full,
        stage: Stage::Between,
        play: Ok(|act| Box::pin(swallowed(act))),
    },
    Row {
        ids: &["F31"],
        name: "a letter in a snapshot is changed on its way",
        profile: Profile::Quick,
        stage: Stage::Between,
        play: Ok(|act| Box::pin(changed(act))),
    },
];

/// What a client is called that nobody touches.
const NAME: &str = "never written twice";

async fn delay(act: &mut Act) -> Result<()> {
    let term = act.world.monitor.term();
    let start = Instant::now();
    for middle in &act.world.middles {
        middle.hold(Duration::from_millis(80));
    }
    act.activated(1);
    act.hold(Duration::from_secs(6)).await;
    let grown = act.world.monitor.term() - term;
    let writes = act.book().open().acknowledged.iter().filter(|at| **at > start).count();
    act.note(format!("{writes} writes in 6 s, {grown} new terms"));
    if grown > 0 || writes == 0 {
        act.found.push(Violation::new("I14", format!("80 ms of delay brought {grown} new terms and {writes} writes")));
    }
    for middle in &act.world.middles {
        middle.hold(Duration::ZERO);
    }
    act.flows().await.must("I14", "after the delay").map(drop)
}

async fn swallowed(act: &mut Act) -> Result<()> {
    let leader = act.world.leader().await?;
    let before = act.dedup_hits().await;
    for _ in 0..3 {
        let middle = act.world.middles.get(leader).context("somebody between")?;
        middle.swallow(true);
        act.hold(Duration::from_millis(600)).await;
        let middle = act.world.middles.get(leader).context("somebody between")?;
        let count = middle.swallowed();
        middle.swallow(false);
        act.activated(usize::from(count > 0));
        act.flows().await.must("I14", "after answers were lost")?;
    }
    let hits = act.dedup_hits().await - before;
    act.note(format!("{hits} attempts came twice and were applied once"));
    Ok(())
}

async fn changed(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    // Its name is a value that nobody writes again, so that it is in snapshots, and in no entry that is still on its way.
    let mut unchanged = Realm::client_body(&format!("unchanged-{}", act.parties().run));
    if let Some(name) = unchanged.pointer_mut("/client/client_name") {
        *name = json!(NAME);
    }
    act.world.realm.client_of(&act.node(follower)?.admin, &unchanged).await.must("F31", "a client")?;
    let before = act.metric(follower, "woad_snapshot_installs_total").await?;
    act.fall_behind(follower).await?;
    let middle = act.world.middles.get(follower).context("somebody between")?;
    // A letter of a value, so that nothing but the checksum tells.
    middle.change(NAME.as_bytes(), 1);
    act.node(follower)?.wake()?;
    let start = Instant::now();
    while act.world.middles.get(follower).is_some_and(|middle| middle.changed() == 0) {
        if start.elapsed() > Duration::from_secs(20) {
            return Ok(());
        }
        act.hold(Duration::from_millis(20)).await;
    }
    act.note("a letter was changed".to_owned());
    act.installed(follower, before).await?;
    // A byte that got through would be seen here and not in what this scenario wrote itself.
    act.agrees().await?;
    act.flows().await.must("I14", "after the install").map(drop)
}

impl Act {
    /// I12 in the middle of things: all replicas are equal at one entry, under load.
    pub(crate) async fn agrees(&mut self) -> Result<()> {
        let place = self.world.leader().await?;
        agreement::equal(self.node(place)?).await.must("I12", "digests")
    }

    /// How many attempts were seen twice, over all nodes.
    pub(crate) async fn dedup_hits(&mut self) -> f64 {
        let mut sum = 0.0;
        for place in self.world.running() {
            sum += self.metric(place, "woad_dedup_hits_total").await.unwrap_or_default();
        }
        sum
    }
}
