//! A closed loop: so many connections, each with one request under way.

mod work;

use std::borrow::Cow;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use futures::future::try_join_all;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;

pub(crate) use self::work::{Mint, Once, Repeat};
use crate::world::http::Connection;
use crate::world::{Client, Node};

/// A single request is given up after this long.
const ANSWERS: Duration = Duration::from_secs(10);

/// Where requests go, and what all of them say.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    to: Vec<SocketAddr>,
    headers: HeaderMap,
    apart: bool,
}

impl Call {
    /// To these addresses in turn, as this client posts forms.
    pub(crate) fn by_client(to: Vec<SocketAddr>, client: &Client) -> anyhow::Result<Self> {
        let call = Self { to, headers: HeaderMap::new(), apart: false };
        call.with(HOST, &client.host)?
            .with(AUTHORIZATION, &client.authorization)?
            .with(CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    /// The same to these nodes.
    pub(crate) fn to_nodes<'a>(nodes: impl IntoIterator<Item = &'a Node>, client: &Client) -> anyhow::Result<Self> {
        Self::by_client(nodes.into_iter().map(|node| node.https).collect(), client)
    }

    /// Says this as well, or instead.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> anyhow::Result<Self> {
        self.headers.insert(name, HeaderValue::from_str(value)?);
        Ok(self)
    }

    /// Each connection from an address of its own, as people come.
    pub(crate) fn apart(self) -> Self {
        Self { apart: true, ..self }
    }

    /// One request to the first address, on a connection of its own.
    pub(crate) async fn once(&self, ask: &Ask) -> anyhow::Result<StatusCode> {
        let to = *self.to.first().context("no address")?;
        let sent = async {
            let mut connection = Connection::tcp(to).await?;
            Ok(connection.send(self.request(ask)?).await?.status())
        };
        tokio::time::timeout(ANSWERS, sent).await?
    }

    fn request(&self, ask: &Ask) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::new(ask.body.clone().into());
        *request.method_mut() = ask.method.clone();
        *request.uri_mut() = ask.path.parse()?;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    async fn connect(&self, worker: usize, to: SocketAddr) -> anyhow::Result<Connection> {
        if !self.apart {
            return Connection::tcp(to).await;
        }
        // All of 127.0.0.0/8 is this machine.
        let [high, low] = u16::try_from(worker)?.to_be_bytes();
        Connection::tcp_from(Ipv4Addr::new(127, 1, high, low), to).await
    }
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    path: Cow<'static, str>,
    body: Bytes,
}

impl Ask {
    pub(crate) const fn post(path: &'static str, body: Bytes) -> Self {
        Self { method: Method::POST, path: Cow::Borrowed(path), body }
    }

    pub(crate) const fn get(path: String) -> Self {
        Self { method: Method::GET, path: Cow::Owned(path), body: Bytes::new() }
    }
}

/// Where requests come from, and where answers go.
pub(crate) trait Work {
    /// The next request of a connection, or `None` when it is over.
    fn next(&self, worker: usize) -> Option<Ask>;
    /// Whether the answer to it is what it has to be; anything else ends the bench.
    fn accept(&self, worker: usize, answer: &Response<Bytes>) -> bool;
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

impl Rate {
    /// Of requests that took so long each, all within that time.
    pub(crate) fn of(each: &mut [Duration], took: Duration) -> Self {
        each.sort_unstable();
        let requests = u32::try_from(each.len()).unwrap_or(u32::MAX);
        let per_second = f64::from(requests) / took.as_secs_f64();
        Self { per_second, requests, took, p50: percentile(each, 50), p99: percentile(each, 99) }
    }
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

async fn worker(call: &Call, number: usize, to: SocketAddr, work: &dyn Work) -> anyhow::Result<Vec<Duration>> {
    let mut connection = call.connect(number, to).await?;
    let mut took = Vec::new();
    while let Some(ask) = work.next(number) {
        let request = call.request(&ask)?;
        let start = Instant::now();
        let answer = connection.send(request).await?;
        took.push(start.elapsed());
        let text = || String::from_utf8_lossy(answer.body());
        ensure!(work.accept(number, &answer), "{} answered {}: {}", ask.path, answer.status(), text());
    }
    Ok(took)
}

/// Runs the work over so many connections, spread over the targets.
pub(crate) async fn run(call: &Call, connections: usize, work: &dyn Work) -> anyhow::Result<Rate> {
    let start = Instant::now();
    let targets = call.to.iter().cycle().take(connections).enumerate();
    let workers = try_join_all(targets.map(|(number, to)| worker(call, number, *to, work))).await?;
    let took = start.elapsed();
    let mut each: Vec<Duration> = workers.into_iter().flatten().collect();
    Ok(Rate::of(&mut each, took))
}
