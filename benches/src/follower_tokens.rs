//! Tokens at a follower of three: what each costs once a quorum has to confirm what it rests on.

use std::time::Duration;

use crate::limit::Waits;
use crate::load::Repeat;
use crate::measure;
use crate::report::{Report, Row};
use crate::world::{Client, Cluster};

/// As with one node.
const CONNECTIONS: usize = 32;
/// Before the first run, and each run.
const TIMES: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(1500));

/// The row.
pub(crate) async fn run(cluster: &Cluster, report: &mut Report) -> anyhow::Result<()> {
    let [follower, _] = cluster.followers()?;
    let asks = [Client::ask_token()];
    let work = |within| Repeat::new(&asks, within, "access_token");
    let run = measure::middle(cluster, &cluster.call(follower)?, CONNECTIONS, work, TIMES).await?;
    let name = format!("tokens, ES256, at a follower of three, {CONNECTIONS} connections");
    report.add(Row::run(name, &run, Waits::Peers));
    Ok(())
}
