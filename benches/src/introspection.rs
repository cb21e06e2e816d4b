//! Linearizable introspection at a follower.

use std::time::Duration;

use anyhow::Context as _;

use crate::etcd::{self, Etcd};
use crate::limit::Waits;
use crate::load::{self, Call, Mint, Repeat, median};
use crate::measure;
use crate::report::{Report, Row};
use crate::world::{Client, Cluster};

/// Clients, each with one request under way.
const CONNECTIONS: usize = 32;
/// Before the first run, and each run.
const TIMES: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(1500));

/// Bytes of a value that etcd is asked for: about what a client's record takes.
const VALUE: usize = 750;

/// A token that rests on its client alone.
pub(crate) async fn token_of_client(cluster: &Cluster) -> anyhow::Result<String> {
    let work = Mint::new(Client::ask_token(), 1);
    load::run(&Call::to_nodes(cluster.followers()?, &cluster.client)?, 1, &work).await?;
    work.into_tokens().pop().context("no token")
}

/// Asks a follower about one live token: each answer rests on a `ReadIndex` that a quorum confirmed.
pub(crate) async fn run(
    cluster: &Cluster,
    etcd: Option<&Etcd>,
    token: &str,
    whose: &str,
    report: &mut Report,
) -> anyhow::Result<()> {
    let [follower, _] = cluster.followers()?;
    let call = Call::to_nodes([follower], &cluster.client)?;
    let asks = [Client::send_token("/introspect", token)];
    let work = |within| Repeat::new(&asks, within, "\"active\":true");
    let run = measure::middle(cluster, &call, CONNECTIONS, work, TIMES).await?;
    let name = format!("introspection of a {whose} token, linearizable, follower of three, {CONNECTIONS} clients");
    let name = format!("{name}{}", cluster.spoken());
    let mut row = Row::run(name, &run, Waits::Peers);
    if let Some(etcd) = etcd {
        let mut gets = Vec::new();
        etcd.run(etcd::Ask::Puts { count: etcd::KEYS, bytes: VALUE }, CONNECTIONS).await?;
        for _ in 0..measure::RUNS {
            gets.push(etcd.run(etcd::Ask::Gets(TIMES.1), CONNECTIONS).await?);
        }
        let gets = median(gets, |rate| rate.per_second)?;
        row = row.beside("etcd, linearizable gets at a follower", &gets, &run.rate);
    }
    report.add(row);
    Ok(())
}
