//! The refresh grant at both followers: one durable transaction, or none where the client keeps its token.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::disk::Flush;
use crate::families::Families;
use crate::limit::Waits;
use crate::load::{Ask, Call, Work};
use crate::measure::{self, Runs, TIMES};
use crate::report::{Report, Row, micros};
use crate::world::{Cluster, Refresh, Tokens};

/// From one family of a connection to the next, so that a run goes all over them however many there are: a prime, so that
/// everybody's turn comes before anybody's second.
const STRIDE: usize = 7919;

/// Refreshes families in turn; each connection has its own.
struct Turn<'a> {
    families: &'a Families,
    /// Of each connection, which of its own is next.
    at: RefCell<Vec<usize>>,
    until: Instant,
    refresh: Refresh,
}

impl<'a> Turn<'a> {
    fn new(families: &'a Families, connections: usize, within: Duration, refresh: Refresh) -> Self {
        let first = families.runs.replace(families.runs.get() + 1);
        let at = RefCell::new(vec![first; connections]);
        Self { families, at, until: Instant::now() + within, refresh }
    }

    /// Whose turn it is at a connection.
    fn family(&self, worker: usize) -> Option<usize> {
        let at = self.at.borrow();
        let (connections, count) = (at.len(), self.families.count());
        let own = count.checked_sub(worker)?.div_ceil(connections).max(1);
        Some(at.get(worker)? % own * connections + worker)
    }
}

impl Work for Turn<'_> {
    fn next(&self, worker: usize) -> Option<Ask> {
        let tokens = self.families.tokens.borrow();
        let token = tokens.get(self.family(worker)?).filter(|_| Instant::now() < self.until)?;
        Some(Ask::post("/token", Bytes::from(format!("grant_type=refresh_token&refresh_token={token}"))))
    }

    fn accept(&self, worker: usize, answer: &Response<Bytes>) -> bool {
        let Some(family) = self.family(worker) else { return false };
        let (mut tokens, mut at) = (self.families.tokens.borrow_mut(), self.at.borrow_mut());
        let (Some(held), Some(given)) = (tokens.get_mut(family), Tokens::parse(answer.body())) else { return false };
        let kept = *held == given.refresh;
        *held = given.refresh;
        if let Some(at) = at.get_mut(worker) {
            *at += STRIDE;
        }
        answer.status() == StatusCode::OK && kept == (self.refresh == Refresh::Keeps)
    }
}

async fn measure(cluster: &Cluster, families: &Families, in_flight: usize, how: Refresh) -> anyhow::Result<Runs> {
    let call = Call::to_nodes(cluster.followers()?, &families.application.client)?;
    let work = |within| Turn::new(families, in_flight, within, how);
    measure::all(cluster, &call, in_flight, work, TIMES).await
}

/// How a rotation's row is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) in_flight: usize,
    /// Added to every flush.
    pub(crate) delay: Option<Duration>,
    pub(crate) flush: Flush,
}

/// A row of refreshes that rotate; answers with its rate, beside `before` where that is given.
pub(crate) async fn rotation(
    cluster: &Cluster,
    families: &Families,
    plan: Plan,
    before: Option<(usize, f64)>,
    report: &mut Report,
) -> anyhow::Result<f64> {
    let Plan { in_flight, delay, flush } = plan;
    let runs = measure(cluster, families, in_flight, Refresh::Rotates).await?;
    let added = delay.map(|delay| format!(", flush + {}", micros(delay))).unwrap_or_default();
    let name = format!("refresh with rotation, {in_flight} in flight, both followers of three{added}");
    let rate = runs.middle()?.rate.per_second;
    let row = Row::durable(format!("{name}, {} families", families.count()), &runs, flush, delay)?;
    report.add(match before {
        None => row,
        Some((count, figure)) => row.beside_figure(&format!("with {count} families"), figure, rate / figure),
    });
    Ok(rate)
}

/// A row of refreshes that keep their token.
pub(crate) async fn kept(
    cluster: &Cluster,
    families: &Families,
    in_flight: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let runs = measure(cluster, families, in_flight, Refresh::Keeps).await?;
    let name = format!("refresh of a kept token (no write), {in_flight} in flight, both followers of three");
    report.add(Row::runs(name, &runs, Waits::reads(in_flight))?);
    Ok(())
}
