//! Durable transactions through a follower: `/revoke` of tokens that are live, one transaction each; beside it etcd's puts
//! of as many bytes to its leader.

use std::time::Duration;

use http::StatusCode;

use crate::disk::Flush;
use crate::etcd::{self, Etcd};
use crate::load::{self, Ask, Call, Mint, Once, Rates};
use crate::measure::{self, RUNS, Run, Runs};
use crate::report::{Report, Row, micros};
use crate::world::{Client, Cluster};

/// Connections over which tokens are made beforehand.
const MINT_CONNECTIONS: usize = 24;

/// The value of a put: about what a revocation takes in the log.
pub(crate) const PUT_BYTES: usize = 750;

/// How a row is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) in_flight: usize,
    /// Transactions of a run.
    pub(crate) transactions: usize,
    /// Added to every flush.
    pub(crate) delay: Option<Duration>,
}

async fn mint(cluster: &Cluster, count: usize) -> anyhow::Result<Vec<Ask>> {
    let work = Mint::new(Client::ask_token(), count);
    load::run(&Call::to_nodes(&cluster.nodes, &cluster.client)?, MINT_CONNECTIONS, &work).await?;
    Ok(work.into_tokens().iter().map(|token| Client::send_token("/revoke", token)).collect())
}

/// So many revocations, of tokens made for them.
pub(crate) async fn revocations(cluster: &Cluster, count: usize) -> anyhow::Result<Once> {
    Ok(Once::new(mint(cluster, count).await?, StatusCode::OK))
}

/// One run, on tokens made for it.
pub(crate) async fn measure(cluster: &Cluster, plan: Plan) -> anyhow::Result<Run> {
    let work = revocations(cluster, plan.transactions).await?;
    let [follower, _] = cluster.followers()?;
    measure::once(cluster, &Call::to_nodes([follower], &cluster.client)?, plan.in_flight, &work).await
}

/// One row.
pub(crate) async fn run(
    cluster: &Cluster,
    etcd: Option<&Etcd>,
    plan: Plan,
    flush: Flush,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut runs, mut puts) = (Runs::default(), Rates::default());
    for _ in 0..RUNS {
        if let Some(etcd) = etcd {
            let ask = etcd::Ask::Puts { count: plan.transactions, bytes: PUT_BYTES };
            puts.add(etcd.run(ask, plan.in_flight).await?);
        }
        runs.add(measure(cluster, plan).await?);
    }
    let delay = plan.delay.map(|delay| format!(", flush + {}", micros(delay))).unwrap_or_default();
    let name =
        format!("durable transactions, {} in flight, follower of three{delay}{}", plan.in_flight, cluster.spoken());
    let mut row = Row::durable(name, &runs, flush, plan.delay)?;
    if etcd.is_some() {
        row = row.beside("etcd, puts to its leader", &puts, &runs.rates())?;
    }
    report.add(row);
    Ok(())
}
