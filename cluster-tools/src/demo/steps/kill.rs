//! The leader is killed while both others serve.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::Credentials;
use crate::demo::fault::Fault;
use crate::demo::load::{AFTER, BEFORE, Load, Tally};
use crate::demo::report::{Report, took};
use crate::demo::site::Site;
use crate::demo::verify::Verifier;
use crate::demo::world::World;

/// What the stream must have been at least, in requests per second at both survivors together.
const MIN_TOKENS: f64 = 200.0;
const MIN_WRITES: f64 = 50.0;
/// Writes must be acknowledged again within this after the kill.
const RESUME: Duration = Duration::from_secs(2);
/// Failures that are told one by one.
const SHOWN: usize = 10;

/// What is left after the kill.
pub(super) struct Survived {
    pub(super) killed: Arc<Site>,
    pub(super) survivors: Vec<Arc<Site>>,
    pub(super) tally: Tally,
}

pub(super) async fn run(
    world: &mut World,
    credentials: &Credentials,
    verifier: Verifier,
    report: &Report,
) -> Result<Survived, Fault> {
    let roles = world.roles().await?;
    let (killed, survivors) = (roles.leader, vec![roles.first, roles.second]);
    let names: Vec<String> = survivors.iter().map(|site| site.number.to_string()).collect();
    report.line(&format!(
        "           tokens and revocations to nodes {} from {} s before to {} s after; no token request is sent twice",
        names.join(" and "),
        BEFORE.as_secs(),
        AFTER.as_secs()
    ));
    let load = Load::start(&survivors, credentials, &verifier, report);
    sleep(BEFORE).await;
    let at = world.processes.kill(killed.number).await?;
    report.line(&format!("           SIGKILL to node {}, which leads", killed.number));
    let tally = load.finished(at).await;
    tell(&tally, report);
    judge(&tally)?;
    Ok(Survived { killed, survivors, tally })
}

fn tell(tally: &Tally, report: &Report) {
    let line = |text: String| report.line(&format!("           {text}"));
    let tokens = &tally.tokens;
    line(format!(
        "tokens: {} requests, {:.0}/s, all verified but the failed; p50 {}, p99 {}, slowest {}",
        tokens.sent,
        tally.per_second(tokens.sent),
        took(tokens.latency(0.5)),
        took(tokens.latency(0.99)),
        took(tokens.latency(1.0)),
    ));
    line(format!("failed tokens: {}", tokens.failures.len()));
    for failure in tokens.failures.iter().take(SHOWN) {
        line(format!("  {failure}"));
    }
    line(format!(
        "writes: {} requests, {:.0}/s, {} acknowledged, {} sent again with the same token, {} without acknowledgement",
        tally.writes_sent,
        tally.per_second(tally.writes_sent),
        tally.acknowledged.len(),
        tally.writes_again,
        tally.unacknowledged,
    ));
    for failure in tally.write_failures.iter().take(SHOWN) {
        line(format!("  {failure}"));
    }
    match tally.resumed {
        Some(time) => line(format!("next durable write: {} after the kill", took(time))),
        None => line("no durable write after the kill".to_owned()),
    }
}

fn judge(tally: &Tally) -> Result<(), Fault> {
    let no = |why: String| Err(Fault::NotHeld(why));
    if !tally.tokens.failures.is_empty() {
        return no(format!("{} of {} token requests failed", tally.tokens.failures.len(), tally.tokens.sent));
    }
    if let Some(failure) = tally.write_failures.first() {
        return no(format!("a write was refused: {failure}"));
    }
    if tally.per_second(tally.tokens.sent) < MIN_TOKENS {
        return no(format!("the stream of tokens was below {MIN_TOKENS}/s: the machine is too busy"));
    }
    if tally.per_second(tally.writes_sent) < MIN_WRITES {
        return no(format!("the stream of writes was below {MIN_WRITES}/s: the machine is too busy"));
    }
    match tally.resumed {
        None => no("no write was acknowledged after the kill".to_owned()),
        Some(time) if time >= RESUME => no(format!("it took {} until a write was acknowledged again", took(time))),
        Some(_) => Ok(()),
    }
}
