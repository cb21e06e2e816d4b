//! Networks that lose, reset, flap and crawl.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::act::Act;
use crate::cli::Profile;
use crate::field::run::line;
use crate::scenario::Row;
use crate::verdict::{Must as _, Violation};
use crate::world::Stage;

pub(super) const ROWS: &[Row] = &[
    Row {
        ids: &["F11"],
        name: "a follower can receive and not send",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(mute(act))),
    },
    Row {
        ids: &["F13"],
        name: "a follower's link flaps, a second on, a second off",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(flapping(act))),
    },
    Row {
        ids: &["F14"],
        name: "links are cut one by one and healed in another order",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(swizzle(act))),
    },
    Row {
        ids: &["F15"],
        name: "5 % and then 30 % of the packets between nodes are lost",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(loss(act))),
    },
    Row {
        ids: &["F17"],
        name: "a follower behind 1 Mbit/s is sent a snapshot",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(narrow(act))),
    },
    Row {
        ids: &["F18"],
        name: "connections between nodes are killed five times a second",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(resets(act))),
    },
    Row {
        ids: &["F19", "F10"],
        name: "a follower hears nothing of the leader that it still reaches",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(lost_answers(act))),
    },
    Row {
        ids: &["F12"],
        name: "each of five nodes hears another majority",
        profile: Profile::Full,
        stage: Stage::Five,
        play: Ok(|act| Box::pin(ring(act))),
    },
];

impl Act {
    /// The nodes but one.
    pub(crate) fn others(&mut self, place: usize) -> Vec<usize> {
        self.world.running().into_iter().filter(|other| *other != place).collect()
    }

    /// A figure of `/metrics`, summed over its labels.
    pub(crate) async fn metric(&self, place: usize, name: &str) -> Result<f64> {
        let body = self.node(place)?.admin.get("/metrics").await?.expect(200)?.body;
        let of = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
        Ok(body.lines().filter(of).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }
}

/// I13: no term inflation, so that the leader stays when the node is back.
async fn mute(act: &mut Act) -> Result<()> {
    let (leader, follower) = (act.world.leader().await?, act.world.follower().await?);
    let term = act.world.monitor.term();
    for other in act.others(follower) {
        act.field.deafen(other, follower)?;
    }
    act.hold(Duration::from_secs(4)).await;
    act.dropped()?;
    act.field.heal()?;
    act.hold(Duration::from_secs(2)).await;
    let after = act.world.leader().await.must("I14", "a leader")?;
    let grown = act.world.monitor.term() - term;
    act.note(format!("the term grew by {grown}"));
    if after != leader || grown > 0 {
        act.found.push(Violation::new("I13", format!("a node nobody heard moved the term by {grown}")));
    }
    Ok(())
}

async fn flapping(act: &mut Act) -> Result<()> {
    let follower = act.world.follower().await?;
    let (start, term) = (Instant::now(), act.world.monitor.term());
    while start.elapsed() < Duration::from_secs(20) {
        act.field.isolate(follower)?;
        act.hold(Duration::from_secs(1)).await;
        act.dropped()?;
        act.field.heal()?;
        act.hold(Duration::from_secs(1)).await;
    }
    let grown = act.world.monitor.term() - term;
    act.note(format!("{grown} terms in 20 s"));
    if grown > 4 {
        act.found.push(Violation::new("I13", format!("{grown} terms in 20 s of a flapping follower")));
    }
    act.flows().await.must("I14", "while a link flaps").map(drop)
}

async fn swizzle(act: &mut Act) -> Result<()> {
    let places = act.world.running();
    for place in &places {
        act.field.isolate(*place)?;
        act.hold(Duration::from_millis(700)).await;
    }
    act.dropped()?;
    for place in places.iter().rev() {
        act.field.heal_at(*place)?;
        act.hold(Duration::from_millis(700)).await;
    }
    Ok(())
}

async fn loss(act: &mut Act) -> Result<()> {
    for percent in [5, 30] {
        for place in act.world.running() {
            act.field.lose(place, percent)?;
        }
        let (start, term) = (Instant::now(), act.world.monitor.term());
        act.hold(Duration::from_secs(5)).await;
        act.dropped()?;
        let writes = act.book().open().acknowledged.iter().filter(|at| **at > start).count();
        let grown = act.world.monitor.term() - term;
        act.note(format!("{percent} %: {writes} writes in 5 s, {grown} new terms"));
        if writes == 0 {
            act.found.push(Violation::new("I14", format!("no write in 5 s with {percent} % of the packets lost")));
        }
        act.field.heal()?;
        act.hold(Duration::from_secs(1)).await;
    }
    Ok(())
}

async fn narrow(act: &mut Act) -> Result<()> {
    let (follower, leader) = (act.world.follower().await?, act.world.leader().await?);
    let installs = act.metric(follower, "woad_snapshot_installs_total").await?;
    act.fall_behind(follower).await?;
    line(&format!("tc qdisc add dev port{follower} root tbf rate 1mbit burst 10kb latency 50ms"))?;
    act.node(follower)?.wake()?;
    act.hold(Duration::from_secs(8)).await;
    line(&format!("tc qdisc del dev port{follower} root"))?;
    let after = act.world.leader().await.must("I14", "a leader")?;
    if after != leader {
        act.note("the leader changed".to_owned());
    }
    act.installed(follower, installs).await
}

async fn resets(act: &mut Act) -> Result<()> {
    let start = Instant::now();
    let mut killed = 0;
    while start.elapsed() < Duration::from_secs(3) {
        for place in act.world.running() {
            let shown = line(&format!("ip netns exec node{} ss -K -t -H dst 10.77.0.0/28", place + 1))?;
            killed += shown.lines().count();
        }
        act.hold(Duration::from_millis(200)).await;
    }
    act.note(format!("{killed} connections killed"));
    act.activated(killed);
    act.flows().await.must("I14", "after the resets").map(drop)
}

async fn lost_answers(act: &mut Act) -> Result<()> {
    let (leader, follower) = (act.world.leader().await?, act.world.follower().await?);
    let before = act.dedup_hits().await;
    for _ in 0..3 {
        act.field.deafen(follower, leader)?;
        act.hold(Duration::from_millis(900)).await;
        ensure!(act.field.heal()? > 0, "nothing was dropped");
        act.activated(1);
        act.hold(Duration::from_millis(500)).await;
    }
    let resent = act.dedup_hits().await - before;
    act.note(format!("{resent} attempts were applied once though sent again"));
    Ok(())
}

async fn ring(act: &mut Act) -> Result<()> {
    let places = act.world.running();
    ensure!(places.len() == 5, "five nodes are needed");
    for (at, place) in places.iter().enumerate() {
        // Each hears itself and two neighbours: a majority, and another one at each node.
        let far = places.get((at + 2) % 5).context("a node")?;
        act.field.cut(*place, *far)?;
    }
    act.hold(Duration::from_secs(6)).await;
    act.dropped().map(drop)
}
