//! What an application asks about whoever signed in: `/userinfo` at a follower.

use http::header::AUTHORIZATION;

use crate::limit::Waits;
use crate::load::{Ask, Repeat};
use crate::measure::{self, READERS, TIMES};
use crate::report::{Report, Row};
use crate::world::Cluster;

/// The row, by an access token of a person's: each answer rests on a `ReadIndex` that a quorum confirmed.
pub(crate) async fn run(cluster: &Cluster, token: &str, whose: &str, report: &mut Report) -> anyhow::Result<()> {
    let [follower, _] = cluster.followers()?;
    let call = cluster.call(follower)?.with(AUTHORIZATION, &format!("Bearer {token}"))?;
    let asks = [Ask::get("/userinfo".to_owned())];
    let work = |within| Repeat::new(&asks, within, "\"sub\":");
    let runs = measure::all(cluster, &call, READERS, work, TIMES).await?;
    let name = format!("userinfo by a {whose} token, linearizable, follower of three, {READERS} clients");
    report.add(Row::runs(name, &runs, Waits::Peers)?);
    Ok(())
}
