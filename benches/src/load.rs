//! A closed loop: so many connections, each with one request under way.

mod rates;
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

pub(crate) use self::rates::Rates;
pub(crate) use self::work::{Mint, Once, Repeat, Times};
use crate::world::http::Connection;
use crate::world::{Client, Node, Tls};

/// A single request is given up after this long.
const ANSWERS: Duration = Duration::from_secs(10);

/// Where requests go, and what all of them say.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    to: Vec<SocketAddr>,
    headers: HeaderMap,
    apart: bool,
    /// Between an answer and the next request of a connection.
    thinks: Option<Duration>,
    tls: Option<Tls>,
}

impl Call {
    /// To these addresses in turn, as this client posts forms.
    pub(crate) fn by_client(to: Vec<SocketAddr>, client: &Client) -> anyhow::Result<Self> {
        let call = Self { to, headers: HeaderMap::new(), apart: false, thinks: None, tls: None };
        call.with(HOST, &client.host)?
            .with(AUTHORIZATION, &client.authorization)?
            .with(CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    /// The same to these nodes.
    pub(crate) fn to_nodes<'a>(nodes: impl IntoIterator<Item = &'a Node>, client: &Client) -> anyhow::Result<Self> {
        let nodes: Vec<&Node> = nodes.into_iter().collect();
        let tls = nodes.iter().find_map(|node| node.tls.clone());
        Ok(Self { tls, ..Self::by_client(nodes.iter().map(|node| node.https).collect(), client)? })
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

    /// With so long a pause between an answer and the next request of a connection.
    pub(crate) fn thinking(self, pause: Duration) -> Self {
        Self { thinks: Some(pause), ..self }
    }

    /// One request to the first address, on a connection of its own.
    pub(crate) async fn once(&self, ask: &Ask) -> anyhow::Result<StatusCode> {
        Ok(tokio::time::timeout(ANSWERS, self.answer(0, ask)).await??.status())
    }

    /// The same, as this worker, however long it takes.
    pub(crate) async fn answer(&self, worker: usize, ask: &Ask) -> anyhow::Result<Response<Bytes>> {
        let to = *self.to.first().context("no address")?;
        self.connect(worker, to).await?.send(self.request(ask)?).await
    }

    fn request(&self, ask: &Ask) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::new(ask.body.clone().into());
        *request.method_mut() = ask.method.clone();
        *request.uri_mut() = ask.path.parse()?;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    async fn connect(&self, worker: usize, to: SocketAddr) -> anyhow::Result<Connection> {
        // All of 127.0.0.0/8 is this machine.
        let [high, low] = u16::try_from(worker)?.to_be_bytes();
        let from = if self.apart { Ipv4Addr::new(127, 1, high, low) } else { Ipv4Addr::LOCALHOST };
        Connection::open(from, to, self.tls.as_ref()).await
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

async fn worker(
    call: &Call,
    number: usize,
    mut connection: Connection,
    work: &dyn Work,
) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::new();
    while let Some(ask) = work.next(number) {
        let request = call.request(&ask)?;
        let start = Instant::now();
        let answer = connection.send(request).await?;
        took.push(start.elapsed());
        let text = || String::from_utf8_lossy(answer.body());
        ensure!(work.accept(number, &answer), "{} answered {}: {}", ask.path, answer.status(), text());
        if let Some(pause) = call.thinks {
            tokio::time::sleep(pause).await;
        }
    }
    Ok(took)
}

/// Runs the work over so many connections, spread over the targets.
pub(crate) async fn run(call: &Call, connections: usize, work: &dyn Work) -> anyhow::Result<Rate> {
    let targets = call.to.iter().cycle().take(connections).enumerate();
    let open = try_join_all(targets.map(|(number, to)| call.connect(number, *to))).await?;
    let start = Instant::now();
    let workers = open.into_iter().enumerate().map(|(number, connection)| worker(call, number, connection, work));
    let workers = try_join_all(workers).await?;
    let took = start.elapsed();
    let mut each: Vec<Duration> = workers.into_iter().flatten().collect();
    Ok(Rate::of(&mut each, took))
}
