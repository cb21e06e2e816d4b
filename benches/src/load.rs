//! A closed loop: so many connections, each with one request under way.

mod work;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use futures::future::try_join_all;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};

pub(crate) use self::work::{Mint, Once, Repeat};
use crate::world::http::Connection;

/// What is sent, again and again.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) to: Vec<SocketAddr>,
    pub(crate) path: &'static str,
    pub(crate) host: String,
    pub(crate) authorization: String,
}

/// Where bodies come from, and where answers go.
pub(crate) trait Work {
    /// The next form, or `None` when it is over.
    fn next(&self) -> Option<Bytes>;
    /// Whether the answer is what it has to be; anything else ends the bench.
    fn accept(&self, status: u16, body: &Bytes) -> bool;
}

/// What a run came to.
#[derive(Clone, Debug)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) requests: u32,
    pub(crate) took: Duration,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// The value that this percentage does not exceed.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

/// The run in the middle, by a figure.
pub(crate) fn median<T: Clone>(mut runs: Vec<T>, figure: impl Fn(&T) -> f64) -> anyhow::Result<T> {
    runs.sort_by(|a, b| figure(a).total_cmp(&figure(b)));
    runs.get(runs.len() / 2).cloned().context("no runs")
}

async fn worker(call: &Call, to: SocketAddr, work: &dyn Work) -> anyhow::Result<Vec<Duration>> {
    let mut connection = Connection::tcp(to).await?;
    let mut took = Vec::new();
    while let Some(body) = work.next() {
        let request = hyper::Request::post(call.path)
            .header(HOST, &call.host)
            .header(AUTHORIZATION, &call.authorization)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let start = Instant::now();
        let (status, body) = connection.send(request.body(body.into())?).await?;
        took.push(start.elapsed());
        ensure!(work.accept(status, &body), "{} answered {status}: {}", call.path, String::from_utf8_lossy(&body));
    }
    Ok(took)
}

/// Runs the work over so many connections, spread over the targets.
pub(crate) async fn run(call: &Call, connections: usize, work: &dyn Work) -> anyhow::Result<Rate> {
    let start = Instant::now();
    let targets = call.to.iter().cycle().take(connections);
    let workers = try_join_all(targets.map(|to| worker(call, *to, work))).await?;
    let took = start.elapsed();
    let mut each: Vec<Duration> = workers.into_iter().flatten().collect();
    each.sort_unstable();
    let requests = u32::try_from(each.len())?;
    let per_second = f64::from(requests) / took.as_secs_f64();
    Ok(Rate { per_second, requests, took, p50: percentile(&each, 50), p99: percentile(&each, 99) })
}
