//! The first node makes the cluster, the others join it by token, and vote once they are caught up.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::admin::Call;
use crate::demo::fault::Fault;
use crate::demo::report::Report;
use crate::demo::site::Site;
use crate::demo::world::World;
use crate::table::list;

/// A process needs some ten milliseconds to start, a cold one on a busy machine some seconds.
const STARTS: Duration = Duration::from_secs(30);
/// Joining, catching up and being promoted.
const JOINS: Duration = Duration::from_secs(60);
/// How long a join token is good for, s: it is used at once.
const TOKEN_SECONDS: u64 = 300;

pub(super) async fn run(world: &mut World, report: &Report) -> Result<(), Fault> {
    report.line(&format!("           nodes are {}", world.processes.binary().display()));
    let sites = world.sites.clone();
    for (place, site) in sites.iter().enumerate() {
        if place == 0 {
            first(world, site, report).await?;
        } else if let Some(member) = sites.first() {
            join(world, member, site, place + 1, report).await?;
        }
    }
    for site in &sites {
        let started = Instant::now();
        report.waiting(&format!("node {} is ready", site.number), world.ready(site, STARTS)).await?;
        report.event(&format!("node {} answers 200 at {}/readyz", site.number, site.url), started.elapsed());
    }
    Ok(())
}

async fn first(world: &mut World, site: &Site, report: &Report) -> Result<(), Fault> {
    let started = Instant::now();
    let pid = world.processes.start(site)?;
    report.waiting("node 1 starts", world.answers(site, STARTS)).await?;
    report.event(&format!("node 1 started, without data (pid {pid})"), started.elapsed());

    let started = Instant::now();
    let answer = site.admin(Call::post("/v1/cluster/init")).await?;
    let id = answer.pointer("/recovery_bundle/cluster_id").and_then(Value::as_str);
    let id = id.ok_or_else(|| Fault::NotHeld("no recovery bundle came with the new cluster".to_owned()))?;
    report.exchange(site, "POST /v1/cluster/init", &format!("cluster {id}, recovery bundle"), started.elapsed());
    Ok(())
}

async fn join(world: &mut World, member: &Site, site: &Site, voters: usize, report: &Report) -> Result<(), Fault> {
    let started = Instant::now();
    let call = Call::post("/v1/cluster/join-tokens").with_body(json!({ "valid_seconds": TOKEN_SECONDS }));
    let answer = member.admin(call).await?;
    let token = answer.get("token").and_then(Value::as_str);
    site.put_join_token(token.ok_or_else(|| Fault::NotHeld("no join token came".to_owned()))?)?;
    report.exchange(member, "POST /v1/cluster/join-tokens", "a join token", started.elapsed());

    let started = Instant::now();
    let pid = world.processes.start(site)?;
    let what = format!("node {} joins and votes", site.number);
    let joined = world.until(&what, JOINS, async || {
        let status = member.try_admin(Call::get("/v1/cluster")).await;
        let seen = status.map(|status| voters_of(&status)).unwrap_or_default();
        if seen == voters { Ok(()) } else { Err(format!("{seen} voters")) }
    });
    report.waiting(&what, joined).await?;
    report.event(&format!("node {} joined with it and votes (pid {pid})", site.number), started.elapsed());
    Ok(())
}

fn voters_of(status: &Value) -> usize {
    list(status, "members").iter().filter(|member| member.get("voter") == Some(&Value::Bool(true))).count()
}
