//! Nodes that don't hear each other.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::act::Act;
use crate::cli::Profile;
use crate::oracle::single_use::Kind;
use crate::scenario::Row;
use crate::verdict::{Must as _, Violation};
use crate::world::Stage;

/// How long a cut lasts.
const CUT: Duration = Duration::from_secs(3);
/// A heartbeat after the lease, and then some for a busy machine: from then on a cut-off node has nothing to say.
const KNOWS: Duration = Duration::from_millis(1500);

pub(super) const ROWS: &[Row] = &[
    Row {
        ids: &["F08"],
        name: "the leader is cut off from both others",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(leader(act))),
    },
    Row {
        ids: &["F09"],
        name: "a follower is cut off from the majority",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(follower(act))),
    },
    Row {
        ids: &["F10"],
        name: "the leader can send and not receive",
        profile: Profile::Quick,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(deaf_leader(act))),
    },
];

impl Act {
    /// I15: a node that is cut off answers nothing that a quorum has to confirm, and goes on with what needs none.
    pub(crate) async fn fails_closed(&mut self, place: usize, cut: Instant) -> Result<()> {
        let parties = self.parties();
        let here = parties.places.iter().find(|it| it.number == place);
        let Some(here) = here else { anyhow::bail!("node {} takes no part", place + 1) };
        let token = {
            let book = self.book().open();
            let live = book.lives.iter().rev().find(|life| life.seen.iter().any(|(_, _, active)| *active));
            live.map(|life| life.token.clone()).unwrap_or_default()
        };
        let answer = here.https.introspect(&parties.client, &token).await;
        if let Ok(answer) = &answer {
            let closed = answer.status == 503 && !answer.header("retry-after").is_empty();
            if !closed {
                let seen = format!("node {} is cut off and answers {} {}", place + 1, answer.status, answer.body);
                self.found.push(Violation::new("I15", seen));
            }
        }
        // What was given out elsewhere meanwhile is not known here: refusing it would be an answer, too.
        let newer = {
            let book = self.book().open();
            let codes = book.presented.iter().filter(|(_, it)| it.kind == Kind::Code);
            let mut since = codes.filter(|(_, it)| it.answers.iter().all(|(span, _)| span.start > cut));
            since.next().map(|(code, _)| code.clone())
        };
        if let Some(code) = newer {
            let answer = parties.public.redeem(&here.https, &code).await;
            if let Some(status) = answer.ok().map(|answer| answer.status).filter(|status| *status < 500) {
                let seen = format!("node {} is cut off and answers {status} to a code it can't know", place + 1);
                self.found.push(Violation::new("I15", seen));
            }
        }
        let keys = here.https.get("/jwk").await.must("I15", "keys at a cut-off node")?;
        if keys.status != 200 {
            self.found.push(Violation::new("I15", format!("node {} is cut off and has no keys", place + 1)));
        }
        Ok(())
    }

    /// That packets were dropped.
    pub(crate) fn dropped(&mut self) -> Result<u64> {
        let dropped = self.field.dropped()?;
        self.activated(usize::from(dropped > 0));
        Ok(dropped)
    }
}

async fn leader(act: &mut Act) -> Result<()> {
    let (leader, places) = (act.world.leader().await?, act.world.running());
    let survivors: Vec<usize> = places.into_iter().filter(|place| *place != leader).collect();
    let cut = Instant::now();
    act.field.isolate(leader)?;
    act.hold(KNOWS).await;
    act.fails_closed(leader, cut).await?;
    let next = act.world.cluster.leader(&survivors).await.must("I14", "another leader")?;
    ensure!(next != leader, "the leader was not cut off");
    act.hold(CUT.saturating_sub(cut.elapsed())).await;
    act.flows().await.must("I14", "without the old leader")?;
    act.survived(&survivors, cut);
    act.fails_closed(leader, cut).await?;
    act.dropped().map(drop)
}

async fn follower(act: &mut Act) -> Result<()> {
    let (follower, places) = (act.world.follower().await?, act.world.running());
    let survivors: Vec<usize> = places.into_iter().filter(|place| *place != follower).collect();
    let cut = Instant::now();
    act.field.isolate(follower)?;
    act.hold(KNOWS).await;
    act.fails_closed(follower, cut).await?;
    act.hold(CUT.saturating_sub(cut.elapsed())).await;
    act.fails_closed(follower, cut).await?;
    act.survived(&survivors, cut);
    act.dropped().map(drop)
}

async fn deaf_leader(act: &mut Act) -> Result<()> {
    let (leader, places) = (act.world.leader().await?, act.world.running());
    let others: Vec<usize> = places.into_iter().filter(|place| *place != leader).collect();
    for from in &others {
        act.field.deafen(leader, *from)?;
    }
    act.hold(CUT).await;
    let next = act.world.cluster.leader(&others).await.must("I14", "a leader that hears")?;
    if next == leader {
        act.found.push(Violation::new("I14", "a leader that hears nobody was kept"));
    }
    act.flows().await.must("I14", "while the old leader is deaf")?;
    act.dropped().map(drop)
}
