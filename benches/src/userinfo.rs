//! What an application asks about whoever signed in: `/userinfo` at a follower.

use std::time::Duration;

use http::header::AUTHORIZATION;

use crate::limit::Waits;
use crate::load::{Ask, Repeat};
use crate::measure;
use crate::report::{Report, Row};
use crate::world::Cluster;

/// Clients, each with one request under way.
const CONNECTIONS: usize = 32;
/// Before the first run, and each run.
const TIMES: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(1500));

/// The row, by an access token of a person's: each answer rests on a `ReadIndex` that a quorum confirmed.
pub(crate) async fn run(cluster: &Cluster, token: &str, whose: &str, report: &mut Report) -> anyhow::Result<()> {
    let [follower, _] = cluster.followers()?;
    let call = cluster.call(follower)?.with(AUTHORIZATION, &format!("Bearer {token}"))?;
    let asks = [Ask::get("/userinfo".to_owned())];
    let work = |within| Repeat::new(&asks, within, "\"sub\":");
    let run = measure::middle(cluster, &call, CONNECTIONS, work, TIMES).await?;
    let name = format!("userinfo by a {whose} token, linearizable, follower of three, {CONNECTIONS} clients");
    report.add(Row::run(name, &run, Waits::Peers));
    Ok(())
}
