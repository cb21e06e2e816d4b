//! The killed node starts again with the data it had, and has what it missed.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::Credentials;
use super::kill::Survived;
use super::revoke::{self, DeadToken};
use crate::admin::Call;
use crate::demo::fault::Fault;
use crate::demo::report::Report;
use crate::demo::site::Site;
use crate::demo::world::World;

/// Recovery and some seconds' worth of log.
const CATCHES_UP: Duration = Duration::from_secs(30);

pub(super) async fn run(
    world: &mut World,
    survived: &Survived,
    dead: &DeadToken,
    credentials: &Credentials,
    report: &Report,
) -> Result<(), Fault> {
    let back = &survived.killed;
    let started = Instant::now();
    let pid = world.processes.start(back)?;
    report.waiting(&format!("node {} is ready", back.number), world.ready(back, CATCHES_UP)).await?;
    report.event(&format!("node {} started again (pid {pid}) and is ready", back.number), started.elapsed());

    let started = Instant::now();
    let sites = world.sites.clone();
    let applied = world.until("all three have applied the same", CATCHES_UP, async || {
        let mut seen = Vec::new();
        for site in &sites {
            seen.push(applied(site).await);
        }
        match seen.as_slice() {
            [Some(first), rest @ ..] if rest.iter().all(|other| *other == Some(*first)) => Ok(*first),
            _ => Err(format!("{seen:?}")),
        }
    });
    let index = report.waiting("it catches up", applied).await?;
    report.event(&format!("all three have applied the log up to {index}"), started.elapsed());

    // Revoked while it was dead.
    revoke::inactive(back, credentials, &dead.0, report).await?;
    let mut all = survived.survivors.clone();
    all.push(std::sync::Arc::clone(back));
    report.line("           and a token that the node which came back revokes itself:");
    revoke::run(&all, credentials, report).await?;
    Ok(())
}

async fn applied(site: &Site) -> Option<u64> {
    let status = site.try_admin(Call::get("/v1/cluster")).await.ok()?;
    status.get("applied").and_then(Value::as_u64)
}
