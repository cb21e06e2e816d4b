//! Members that come, go, and hand leadership on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::act::Act;
use crate::cli::Profile;
use crate::scenario::Row;
use crate::traffic::Parties;
use crate::verdict::{Must as _, Violation};
use crate::world::Stage;

const CALLERS: usize = 4;

pub(super) const ROWS: &[Row] = &[
    Row {
        ids: &["F41"],
        name: "rolling restart under load",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(rolling(act))),
    },
    Row {
        ids: &["F58"],
        name: "leadership is handed on over and over while refresh tokens rotate",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(transfers(act))),
    },
    Row {
        ids: &["F43", "F44"],
        name: "a node joins, the leader is removed, and comes back with its old folder",
        profile: Profile::Full,
        stage: Stage::Spare,
        play: Ok(|act| Box::pin(membership(act))),
    },
];

/// A careful caller: asks one node, and upon any failure another one, once.
async fn caller(
    parties: Arc<Parties>,
    first: usize,
    stop: CancellationToken,
    again: Arc<AtomicUsize>,
) -> (usize, usize) {
    let (mut done, mut failed) = (0, 0);
    let count = parties.places.len();
    while !stop.is_cancelled() {
        let (one, two) = (parties.places.get((first + done) % count), parties.places.get((first + done + 1) % count));
        let (Some(one), Some(two)) = (one, two) else { break };
        if one.https.token(&parties.client).await.is_err() {
            again.fetch_add(1, Ordering::Relaxed);
            failed += usize::from(two.https.token(&parties.client).await.is_err());
        }
        done += 1;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    (done, failed)
}

async fn rolling(act: &mut Act) -> Result<()> {
    let (stop, again) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        callers.spawn(caller(act.parties(), number, stop.clone(), Arc::clone(&again)));
    }
    for place in act.world.running() {
        let (status, took) = act.node_mut(place)?.terminate().await?;
        if !status.success() {
            act.found.push(Violation::new("F41", format!("node {} ended with {status} after {took:?}", place + 1)));
        }
        act.restart(place).await?;
        act.world.leader().await.must("I14", "a leader")?;
        act.activated(1);
    }
    stop.cancel();
    let (mut done, mut failed) = (0, 0);
    while let Some(counts) = callers.join_next().await {
        let counts = counts?;
        done += counts.0;
        failed += counts.1;
    }
    act.note(format!("{done} careful requests, {} sent twice, {failed} failed", again.load(Ordering::Relaxed)));
    if failed > 0 {
        act.found.push(Violation::new("F41", format!("{failed} requests failed twice")));
    }
    Ok(())
}

impl Act {
    /// Hands leadership to a node.
    async fn transfer(&self, from: usize, to: usize) -> Result<()> {
        let id = self.node(to)?.figure("node").await?;
        let answer = self.node(from)?.admin.post("/v1/cluster/transfer", &serde_json::json!({"to": id})).await?;
        anyhow::ensure!(answer.status < 300, "transfer: {} {}", answer.status, answer.body);
        Ok(())
    }
}

async fn transfers(act: &mut Act) -> Result<()> {
    let start = Instant::now();
    let mut refused = 0;
    while start.elapsed() < Duration::from_secs(6) {
        let leader = act.world.leader().await.must("I14", "a leader")?;
        let others = act.others(leader);
        let to = *others.get(act.figures.activated % 2).context("another node")?;
        match act.transfer(leader, to).await {
            Ok(()) => act.activated(1),
            Err(_) => refused += 1,
        }
        act.hold(Duration::from_millis(100)).await;
    }
    let running = act.world.running();
    let gap = act.gap(&running, start);
    act.note(format!("{refused} transfers refused; no write for {gap:.2?} at most"));
    Ok(())
}

async fn membership(act: &mut Act) -> Result<()> {
    act.world.cluster.join(3).await.must("I14", "a fourth node joins")?;
    act.activated(1);
    act.flows().await.must("I14", "with four nodes")?;
    let leader = act.world.leader().await?;
    let id = act.node(leader)?.figure("node").await?;
    let other = *act.others(leader).first().context("another node")?;
    act.remove(other, id).await?;
    act.activated(1);
    act.gone.insert(leader);
    let rest = act.others(leader);
    act.world.cluster.leader(&rest).await.must("I14", "a leader among the rest")?;
    act.flows().await.must("I14", "without the old leader")?;
    // F44: it comes back as it was, and disturbs nobody.
    let term = act.world.monitor.term();
    act.node_mut(leader)?.kill().await?;
    act.node_mut(leader)?.start(None)?;
    act.hold(Duration::from_secs(3)).await;
    let grown = act.world.monitor.term() - term;
    if grown > 0 {
        act.found.push(Violation::new("I13", format!("a removed node moved the term by {grown}")));
    }
    let ready = act.node(leader)?.admin.get("/readyz").await.is_ok_and(|answer| answer.status == 200);
    if ready {
        act.found.push(Violation::new("I15", "a removed node is ready"));
    }
    if act.node_mut(leader)?.runs()? {
        act.node_mut(leader)?.kill().await?;
    } else {
        act.node_mut(leader)?.exited().await?;
    }
    // It joins again as a new one, and the spare one leaves, so that the next scenario finds what this one found.
    act.wipe(leader)?;
    act.world.cluster.join(leader).await.must("I14", "it joins again")?;
    act.gone.remove(&leader);
    let spare = act.node(3)?.figure("node").await?;
    let asked = *act.others(3).first().context("a node")?;
    act.remove(asked, spare).await?;
    act.node_mut(3)?.kill().await?;
    act.wipe(3)
}
