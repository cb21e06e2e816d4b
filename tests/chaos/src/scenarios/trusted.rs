//! Keys that change, and clusters that have lost more than they can bear.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use woad_tests::eventually;

use super::damaged::copy;
use crate::act::Act;
use crate::cli::Profile;
use crate::field::run::line;
use crate::scenario::Row;
use crate::verdict::{Must as _, Violation};
use crate::world::Stage;

/// Short, and long enough for the nodes to renew theirs meanwhile.
const CERTIFICATE_LIFE: Duration = Duration::from_secs(15);
/// How long nodes take to renew certificates that have ended, and to reach each other again.
const RENEWS: Duration = Duration::from_secs(15);
/// A rotation waits for every member, each of which looks about once a second.
const ROTATES: Duration = Duration::from_secs(40);

pub(super) const ROWS: &[Row] = &[
    Row {
        ids: &["F48"],
        name: "cluster key and authority are rotated under load",
        profile: Profile::Full,
        stage: Stage::Three,
        play: Ok(|act| Box::pin(rotation(act))),
    },
    Row {
        ids: &["F36"],
        name: "two of three nodes are gone for ever, the third begins a new life",
        profile: Profile::Full,
        stage: Stage::Alone,
        play: Ok(|act| Box::pin(lost_quorum(act))),
    },
    Row {
        ids: &["F47"],
        name: "all certificates between nodes end while all nodes stand still",
        profile: Profile::Full,
        stage: Stage::Alone,
        play: Ok(|act| Box::pin(all_expired(act))),
    },
];

impl Act {
    /// No secret of a bundle may stand in a log.
    fn keep_secret(&self, answer: &Value) {
        for part in ["/recovery_bundle/cluster_key", "/recovery_bundle/ca_private_key"] {
            self.world.cluster.secret(answer.pointer(part).and_then(Value::as_str).unwrap_or_default());
        }
    }

    /// Whether no rotation is under way at a node.
    async fn rotated(&self, place: usize) -> Option<()> {
        let status = self.node(place).ok()?.status().await.ok()?;
        status.get("rotations")?.as_array()?.is_empty().then_some(())
    }
}

async fn rotation(act: &mut Act) -> Result<()> {
    for what in ["rotate-key", "rotate-ca"] {
        let place = act.world.follower().await?;
        let start = Instant::now();
        let answer = act.node(place)?.admin.order(&format!("/v1/cluster/{what}")).await?.expect(202)?.json()?;
        act.keep_secret(&answer);
        act.activated(1);
        for place in act.world.running() {
            let done = async || act.rotated(place).await;
            eventually("the rotation has ended", ROTATES, done).await.must("F48", what)?;
        }
        let running = act.world.running();
        let gap = act.gap(&running, start);
        act.note(format!("{what} took {:.2?}; no write for {gap:.2?} at most", start.elapsed()));
        if gap > super::killed::WRITES_RESUME {
            act.found.push(Violation::new("F48", format!("no write for {gap:?} during {what}")));
        }
        act.flows().await.must("I14", "after a rotation")?;
    }
    // What was rotated is what nodes start with.
    let place = act.world.follower().await?;
    act.node_mut(place)?.terminate().await?;
    act.restart(place).await
}

/// Nobody has a certificate that anybody would take, and nobody was there to renew one in time.
async fn all_expired(act: &mut Act) -> Result<()> {
    let places = act.world.running();
    for place in &places {
        let life = ("WOAD_NODE_DEBUG_CERTIFICATE_LIFE".to_owned(), format!("{}s", CERTIFICATE_LIFE.as_secs()));
        act.node_mut(*place)?.terminate().await?;
        act.node_mut(*place)?.site.environment.push(life);
        act.restart(*place).await?;
    }
    // The new authority's certificates are the first that live so short.
    let asked = act.world.follower().await?;
    let answer = act.node(asked)?.admin.order("/v1/cluster/rotate-ca").await?;
    act.keep_secret(&answer.expect(202)?.json()?);
    for place in &places {
        let done = async || act.rotated(*place).await;
        eventually("the rotation has ended", ROTATES, done).await.must("F47", "rotate-ca")?;
    }
    let mut left = 0.0_f64;
    for place in &places {
        left = left.max(act.metric(*place, "woad_peer_certificate_expiry_seconds").await?);
        act.node(*place)?.pause()?;
    }
    act.hold(CERTIFICATE_LIFE + Duration::from_secs(1)).await;
    act.activated(usize::from(left > 0.0 && left <= CERTIFICATE_LIFE.as_secs_f64()));
    let since = Instant::now();
    for place in &places {
        line(&format!("ip netns exec node{} ss -K -t -H dst 10.77.0.0/28", place + 1))?;
        act.node(*place)?.wake()?;
    }
    for place in &places {
        let node = act.node(*place)?;
        let look = async || node.admin.get("/readyz").await.ok().filter(|answer| answer.status == 200).map(drop);
        eventually("it is ready again", RENEWS, look).await.must("F47", "renewed by itself, unrestarted")?;
    }
    act.note(format!("all ready {:.2?} after they went on", since.elapsed()));
    act.flows().await.must("I14", "with new certificates").map(drop)
}

async fn lost_quorum(act: &mut Act) -> Result<()> {
    // So that all that was acknowledged is on the survivor: what else would be lost is lost for ever.
    act.pause_traffic().await;
    act.agrees().await?;
    let survivor = act.world.follower().await?;
    let gone = act.others(survivor);
    let status = act.node(survivor)?.status().await?;
    let cluster = status.get("cluster_id").and_then(Value::as_str).context("a cluster id")?.to_owned();
    for place in &gone {
        act.node_mut(*place)?.kill().await?;
    }
    act.node_mut(survivor)?.terminate().await?;
    let old = *gone.first().context("another node")?;
    let kept = act.field.folder().join("kept");
    copy(&act.node(old)?.data(), &kept)?;
    let bundle = act.field.folder().join("bundle.json");
    let done = act.node(survivor)?.run(&[
        "recover",
        "--yes",
        &cluster,
        "--keep-tokens",
        "--bundle",
        &bundle.to_string_lossy(),
    ])?;
    ensure!(done.status.success(), "recover: {}: {}", done.status, String::from_utf8_lossy(&done.stderr));
    act.keep_secret(&serde_json::json!({"recovery_bundle": serde_json::from_slice::<Value>(&fs::read(&bundle)?)?}));
    act.world.monitor.forget();
    act.activated(1);
    act.restart(survivor).await?;
    // An old member comes back as it was, and is nobody.
    act.node_mut(old)?.start(None)?;
    act.hold(Duration::from_secs(3)).await;
    let ready = act.node(old)?.admin.get("/readyz").await.is_ok_and(|answer| answer.status == 200);
    if ready {
        act.found.push(Violation::new("F36", "a member of the old life is ready"));
    }
    let members = act.node(survivor)?.status().await?;
    ensure!(members.get("members").and_then(Value::as_array).is_some_and(|members| members.len() == 1), "{members}");
    if act.node_mut(old)?.runs()? {
        act.node_mut(old)?.kill().await?;
    } else {
        act.node_mut(old)?.exited().await?;
    }
    fs::remove_dir_all(&kept)?;
    for place in gone {
        act.wipe(place)?;
        act.world.cluster.join(place).await.must("I14", "a node joins the new life")?;
    }
    act.world.monitor.forget();
    Ok(())
}
