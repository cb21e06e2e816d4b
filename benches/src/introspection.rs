//! Linearizable introspection at a follower.

use std::time::Duration;

use anyhow::Context as _;

use crate::load::{self, Call, Mint, Repeat, median};
use crate::machine::cpu_time;
use crate::report::{Report, Row, Share};
use crate::world::{Client, Cluster};

/// Clients, each with one request under way.
const CONNECTIONS: usize = 32;
/// Before each run.
const WARM_UP: Duration = Duration::from_millis(300);
/// Each run.
const RUN: Duration = Duration::from_millis(1500);
/// Runs.
const RUNS: usize = 3;

/// Asks a follower about one live token: each answer rests on a `ReadIndex` that a quorum confirmed.
pub(crate) async fn run(cluster: &Cluster, report: &mut Report) -> anyhow::Result<()> {
    let (leader, follower) = (cluster.leader()?, cluster.follower()?);
    let Client { host, authorization } = cluster.client.clone();
    let token_call = Call { to: vec![follower.https], path: "/token", host, authorization };
    let work = Mint::new(&Client::token_form(), 1);
    load::run(&token_call, 1, &work).await?;
    let form = Client::form_with(work.into_tokens().first().context("no token")?);
    let call = Call { path: "/introspect", ..token_call };
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        load::run(&call, CONNECTIONS, &Repeat::new(&form, WARM_UP, "\"active\":true")).await?;
        let before = [leader, follower].map(|node| (cpu_time(node.pid()), node));
        let rate = load::run(&call, CONNECTIONS, &Repeat::new(&form, RUN, "\"active\":true")).await?;
        let shares = before.map(|(then, node)| Share::new(cpu_time(node.pid()).saturating_sub(then), &rate));
        runs.push((rate, shares));
    }
    let (rate, [leader, follower]) = median(runs, |(rate, _)| rate.per_second)?;
    let row = Row::rate(format!("introspection, linearizable, follower of three, {CONNECTIONS} clients"), &rate);
    report.add(row.note(format!("follower {follower}; leader {leader}")));
    Ok(())
}
