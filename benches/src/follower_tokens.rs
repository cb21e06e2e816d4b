//! Tokens at a follower of three: what each costs once a quorum has to confirm what it rests on.

use crate::limit::Waits;
use crate::load::Repeat;
use crate::measure::{self, READERS, TIMES};
use crate::report::{Report, Row};
use crate::world::{Client, Cluster};

/// The row.
pub(crate) async fn run(cluster: &Cluster, report: &mut Report) -> anyhow::Result<()> {
    let [follower, _] = cluster.followers()?;
    let asks = [Client::ask_token()];
    let work = |within| Repeat::new(&asks, within, "access_token");
    let runs = measure::all(cluster, &cluster.call(follower)?, READERS, work, TIMES).await?;
    let name = format!("tokens, ES256, at a follower of three, {READERS} connections");
    report.add(Row::runs(name, &runs, Waits::Peers)?);
    Ok(())
}
