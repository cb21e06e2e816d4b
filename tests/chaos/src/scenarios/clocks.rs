//! Clocks that jump and drift: libfaketime in front of one node's wall clock.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use woad_tests::{FalseClock, eventually};

use crate::act::Act;
use crate::cli::Profile;
use crate::field::run::line;
use crate::scenario::Row;
use crate::verdict::{Must as _, Violation};
use crate::world::Stage;

/// Longer than any token of the workload lives: for whoever believes that clock, records are beyond their end.
const ON: i64 = 3 * 3600;
/// Peer certificates are dated back further than that.
const BACK: i64 = -3600;
/// Beyond the end of every peer certificate; the authority's lives on.
const ENDED: i64 = 120 * 86_400;
/// How long a node takes that has to reach the others again.
const BACK_IN: Duration = Duration::from_secs(10);

pub(super) const ROWS: &[Row] = &[
    Row {
        ids: &["F37"],
        name: "the clock of a follower jumps three hours on, then one back",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(jumps(act, false))),
    },
    Row {
        ids: &["F38"],
        name: "the clock of the leader jumps three hours on, then one back",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(jumps(act, true))),
    },
    Row {
        ids: &["F39"],
        name: "the clock of a follower drifts by 5 %",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(drifts(act))),
    },
    Row {
        ids: &["F47"],
        name: "for one node all certificates between nodes have ended",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(expired(act))),
    },
];

/// Every peer certificate has ended in the eyes of one node, and its own too.
async fn expired(act: &mut Act) -> Result<()> {
    let place = act.world.follower().await?;
    let file = act.behind_false_clock(place).await?;
    fs::write(&file, format!("+{ENDED}\n"))?;
    // Certificates are looked at when a connection is made.
    let others = act.others(place);
    for _ in 0..6 {
        for node in std::iter::once(place).chain(others.clone()) {
            line(&format!("ip netns exec node{} ss -K -t -H dst 10.77.0.0/28", node + 1))?;
        }
        act.hold(Duration::from_millis(500)).await;
    }
    act.flows().await.must("I14", "at the others")?;
    let ready = act.node(place)?.admin.get("/readyz").await.is_ok_and(|answer| answer.status == 200);
    act.activated(usize::from(act.offset(place).await.abs() > 1e6 || !ready));
    if ready {
        act.found.push(Violation::new("F47", "a node for which all certificates have ended is ready"));
    }
    fs::write(&file, "+0\n")?;
    let node = act.node(place)?;
    let look = async || node.admin.get("/readyz").await.ok().filter(|answer| answer.status == 200).map(drop);
    let back = eventually("it is ready again", BACK_IN, look).await.must("F47", "with the right clock, unrestarted")?;
    act.note(format!("ready {:.2?} after its clock was right again", back.1));
    act.behind_true_clock(place).await
}

impl Act {
    /// Restarts a node behind a clock that the file moves.
    async fn behind_false_clock(&mut self, place: usize) -> Result<PathBuf> {
        let file = self.field.folder().join(format!("clock-{place}"));
        fs::write(&file, "+0\n")?;
        self.node_mut(place)?.terminate().await?;
        let faked = self.node_mut(place)?.site.behind_false_clock(&FalseClock::OfFile(file.clone()));
        ensure!(faked, "libfaketime is missing");
        self.restart(place).await?;
        Ok(file)
    }

    /// Restarts it behind the machine's clock.
    async fn behind_true_clock(&mut self, place: usize) -> Result<()> {
        self.node_mut(place)?.site.behind_true_clock();
        self.node_mut(place)?.terminate().await?;
        self.restart(place).await
    }

    /// What the node sees of its clock against the voters' median, in seconds.
    async fn offset(&self, place: usize) -> f64 {
        self.metric(place, "woad_clock_offset_seconds").await.unwrap_or_default()
    }

    /// I20: at every node a fresh token is good, whatever that node's clock says, and cluster time has not jumped.
    async fn judged_by_cluster_time(&mut self, before_ms: u64, allowed: Duration) -> Result<()> {
        let parties = self.parties();
        let giver = parties.places.first().context("a place")?;
        let token = giver.https.token(&parties.client).await.must("I20", "a token")?;
        for place in &parties.places {
            let answer = place.https.introspect(&parties.client, &token).await.must("I20", "introspection")?;
            if answer.active() == Some(false) {
                let seen = format!("node {} calls a fresh token inactive", place.number + 1);
                self.found.push(Violation::new("I20", seen));
            }
            let now = self.node(place.number)?.figure("clock_ms").await?;
            let limit = before_ms + u64::try_from(allowed.as_millis())?;
            if now < before_ms || now > limit {
                let seen = format!("cluster time at node {} went from {before_ms} to {now}", place.number + 1);
                self.found.push(Violation::new("I20", seen));
            }
        }
        Ok(())
    }
}

async fn jumps(act: &mut Act, leading: bool) -> Result<()> {
    let place = act.world.follower().await?;
    let file = act.behind_false_clock(place).await?;
    if leading {
        let id = act.node(place)?.figure("node").await?;
        let answer = act.node(place)?.admin.post("/v1/cluster/transfer", &serde_json::json!({"to": id})).await?;
        answer.expect(200).must("I14", "handing leadership to the node")?;
    }
    for offset in [ON, BACK] {
        let before = act.node(place)?.figure("clock_ms").await?;
        fs::write(&file, format!("{offset:+}\n"))?;
        act.hold(Duration::from_millis(2500)).await;
        let seen = act.offset(place).await;
        act.note(format!("the node sees itself {seen:+.0} s off"));
        act.activated(usize::from(seen.abs() > 1800.0));
        act.judged_by_cluster_time(before, Duration::from_secs(60)).await?;
        let ready = act.node(place)?.admin.get("/readyz").await.is_ok_and(|answer| answer.status == 200);
        if ready && seen.abs() > 1800.0 {
            act.found.push(Violation::new("I20", "a node whose clock is hours off is ready"));
        }
        fs::write(&file, "+0\n")?;
        act.hold(Duration::from_millis(1200)).await;
    }
    act.behind_true_clock(place).await
}

async fn drifts(act: &mut Act) -> Result<()> {
    let place = act.world.follower().await?;
    let file = act.behind_false_clock(place).await?;
    let before = act.node(place)?.figure("clock_ms").await?;
    for step in 1..=40 {
        fs::write(&file, format!("+{:.3}\n", f64::from(step) * 0.05 * 0.2))?;
        act.hold(Duration::from_millis(200)).await;
    }
    act.activated(usize::from(act.offset(place).await > 0.2));
    act.judged_by_cluster_time(before, Duration::from_secs(60)).await?;
    act.behind_true_clock(place).await
}
