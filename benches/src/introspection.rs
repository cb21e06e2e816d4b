//! Linearizable introspection at a follower.

use anyhow::Context as _;

use crate::etcd::{self, Etcd};
use crate::limit::Waits;
use crate::load::{self, Call, Mint, Rates, Repeat};
use crate::measure::{self, READERS, RUNS, Runs, TIMES};
use crate::report::{Report, Row};
use crate::world::{Client, Cluster};

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
    let (warm_up, long) = TIMES;
    if let Some(etcd) = etcd {
        etcd.run(etcd::Ask::Puts { count: etcd::KEYS, bytes: VALUE }, READERS).await?;
    }
    load::run(&call, READERS, &work(warm_up)).await?;
    let (mut runs, mut gets) = (Runs::default(), Rates::default());
    for _ in 0..RUNS {
        if let Some(etcd) = etcd {
            gets.add(etcd.run(etcd::Ask::Gets(long), READERS).await?);
        }
        runs.add(measure::once(cluster, &call, READERS, &work(long)).await?);
    }
    let name = format!("introspection of a {whose} token, linearizable, follower of three, {READERS} clients");
    let mut row = Row::runs(format!("{name}{}", cluster.spoken()), &runs, Waits::Peers)?;
    if etcd.is_some() {
        row = row.beside("etcd, linearizable gets at a follower", &gets, &runs.rates())?;
    }
    report.add(row);
    Ok(())
}
