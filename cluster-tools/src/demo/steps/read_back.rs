//! What was acknowledged under load is so at every node, and what was not revoked is not.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Credentials;
use super::kill::Survived;
use crate::demo::fault::Fault;
use crate::demo::oauth;
use crate::demo::report::Report;
use crate::demo::site::Site;
use crate::demo::world::World;

/// Questions under way at once.
const AT_ONCE: usize = 16;

pub(super) async fn run(
    world: &World,
    survived: &Survived,
    credentials: &Credentials,
    report: &Report,
) -> Result<(), Fault> {
    let tally = &survived.tally;
    let mut lost = 0;
    for site in &world.sites {
        let started = Instant::now();
        let alive = count_active(site, credentials, &tally.acknowledged).await?;
        report.event(
            &format!("node {}: {} acknowledged writes read back, {alive} lost", site.number, tally.acknowledged.len()),
            started.elapsed(),
        );
        lost += alive;
        let started = Instant::now();
        let kept = count_active(site, credentials, &tally.kept).await?;
        report.event(
            &format!("node {}: {kept} of {} tokens that nobody revoked are active", site.number, tally.kept.len()),
            started.elapsed(),
        );
        if kept != tally.kept.len() {
            return Err(Fault::NotHeld(format!("node {} calls tokens inactive that nobody revoked", site.number)));
        }
    }
    if lost > 0 {
        return Err(Fault::NotHeld(format!("{lost} acknowledged writes are lost")));
    }
    if tally.acknowledged.is_empty() || tally.kept.is_empty() {
        return Err(Fault::NotHeld("there was nothing to read back".to_owned()));
    }
    report.line("           lost acknowledged writes: 0");
    Ok(())
}

/// How many of these tokens a node calls active.
async fn count_active(site: &Arc<Site>, credentials: &Credentials, tokens: &[String]) -> Result<usize, Fault> {
    let free = Arc::new(Semaphore::new(AT_ONCE));
    let mut asked = JoinSet::new();
    for token in tokens {
        let (site, credentials, token) = (Arc::clone(site), credentials.clone(), token.clone());
        let free = Arc::clone(&free);
        asked.spawn(async move {
            // Never closed.
            let _turn = free.acquire().await;
            oauth::active(&site, &credentials, &token).await
        });
    }
    let mut active = 0;
    while let Some(answer) = asked.join_next().await {
        let answer = answer.map_err(|error| Fault::NotHeld(error.to_string()))??;
        active += usize::from(answer.value);
    }
    Ok(active)
}
