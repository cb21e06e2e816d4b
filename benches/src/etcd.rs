//! Debian's etcd: three members, TLS between them as between nodes, asked over gRPC by the same loop.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use futures::future::try_join_all;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tonic::transport::{Channel, Endpoint, Uri};

use crate::load::Rate;
use crate::peers;
use crate::rpc::kv_client::KvClient;
use crate::rpc::maintenance_client::MaintenanceClient;
use crate::rpc::{PutRequest, RangeRequest, StatusRequest, StatusResponse};
use crate::world::{Process, Tls, Under, free_port, program};

/// A cluster that takes longer to form has failed.
const FORM_WITHIN: Duration = Duration::from_secs(30);
/// Keys that are written and read in turn.
pub(crate) const KEYS: usize = 10_000;

/// What is asked of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    /// So many puts of values of so many bytes.
    Puts { count: usize, bytes: usize },
    /// Linearizable gets for so long, of the first [`KEYS`] that were put.
    Gets(Duration),
    /// The same, of what the follower has.
    LocalGets(Duration),
}

/// The members, by the order of their start, and who leads.
pub(crate) struct Etcd {
    members: Vec<(Process, SocketAddr)>,
    leader: usize,
    tls: Option<Tls>,
    /// Who gets puts, counted from the leader.
    puts_to: usize,
}

/// The token that the first member of a store leaves.
async fn token(file: &Path) -> anyhow::Result<String> {
    let start = Instant::now();
    loop {
        match std::fs::read_to_string(file) {
            Ok(token) => return Ok(token),
            Err(error) if start.elapsed() > FORM_WITHIN => return Err(error).context("no store was begun"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn connect(to: SocketAddr, tls: Option<&Tls>) -> anyhow::Result<Channel> {
    // With a connector of our own tonic does not ask for TLS: it is that connector's matter.
    let endpoint = Endpoint::from_shared(format!("http://{to}"))?.tcp_nodelay(true);
    let Some(tls) = tls.cloned() else { return Ok(endpoint.connect().await?) };
    let connector = tower::service_fn(move |_: Uri| {
        let tls = tls.clone();
        async move {
            let stream = TcpStream::connect(to).await?;
            stream.set_nodelay(true)?;
            std::io::Result::Ok(TokioIo::new(tls.http2(stream).await?))
        }
    });
    Ok(endpoint.connect_with_connector(connector).await?)
}

fn key(number: usize) -> Vec<u8> {
    format!("bench/{:08}", number % KEYS).into_bytes()
}

impl Etcd {
    /// Starts three members, if the program is there, all of them under this; clients speak TLS if it is given.
    pub(crate) async fn form(folder: &Path, under: Under, tls: Option<&Tls>) -> anyhow::Result<Option<Self>> {
        let Some(program) = peers::find("etcd") else { return Ok(None) };
        let ports: Vec<(u16, u16)> = (0..3).map(|_| Ok((free_port()?, free_port()?))).collect::<anyhow::Result<_>>()?;
        let all: Vec<String> =
            ports.iter().enumerate().map(|(at, (_, peer))| format!("m{at}=https://127.0.0.1:{peer}")).collect();
        std::fs::create_dir_all(folder)?;
        let mut members = Vec::new();
        for (at, (client, peer)) in ports.iter().enumerate() {
            let data = folder.join(format!("etcd-{at}"));
            let mut command = Command::new(&program);
            command.args(["--name", &format!("m{at}"), "--log-level", "error", "--peer-auto-tls"]);
            command.arg("--data-dir").arg(&data);
            for flag in ["--listen-client-urls", "--advertise-client-urls"] {
                let scheme = if tls.is_some() { "https" } else { "http" };
                command.args([flag, &format!("{scheme}://127.0.0.1:{client}")]);
            }
            if let Some(Tls { certificate, key, .. }) = tls {
                command.arg("--cert-file").arg(certificate).arg("--key-file").arg(key);
            }
            for flag in ["--listen-peer-urls", "--initial-advertise-peer-urls"] {
                command.args([flag, &format!("https://127.0.0.1:{peer}")]);
            }
            command.args(["--initial-cluster", &all.join(","), "--initial-cluster-state", "new"]);
            let process = Process::start("etcd", &command, under, &folder.join(format!("etcd-{at}.log")))?;
            members.push((process, SocketAddr::from((Ipv4Addr::LOCALHOST, *client))));
        }
        let leader = Self::agree(&mut members, tls).await?;
        Ok(Some(Self { members, leader, tls: tls.cloned(), puts_to: 0 }))
    }

    /// The store alone in its place: a process each that answers the same calls, peers with mutual TLS. It takes puts at a
    /// follower. After each flush it sleeps for `delay`, if that is given.
    pub(crate) async fn store(folder: &Path, under: Under, delay: Option<Duration>) -> anyhow::Result<Self> {
        let mut members = Vec::new();
        for at in 1..=3 {
            let own = folder.join(format!("store-{at}"));
            std::fs::create_dir_all(&own)?;
            let (peer, client) = (free_port()?, free_port()?);
            let mut command = program("woad-bench-store")?;
            if let Some(delay) = delay {
                command.args(["--flush-delay", &delay.as_millis().to_string()]);
            }
            command.arg(&own).args([peer.to_string(), client.to_string()]);
            if at > 1 {
                command.arg(token(&folder.join("store-1").join(format!("token-{at}"))).await?);
            }
            let process = Process::start("store", &command, under, &own.join("log"))?;
            members.push((process, SocketAddr::from((Ipv4Addr::LOCALHOST, client))));
        }
        let leader = Self::agree(&mut members, None).await?;
        Ok(Self { members, leader, tls: None, puts_to: 1 })
    }

    /// Which member leads, once one does.
    async fn agree(members: &mut [(Process, SocketAddr)], tls: Option<&Tls>) -> anyhow::Result<usize> {
        let start = Instant::now();
        loop {
            for (at, (process, address)) in members.iter_mut().enumerate() {
                process.check()?;
                let Ok(channel) = connect(*address, tls).await else { continue };
                let Ok(status) = MaintenanceClient::new(channel).status(StatusRequest {}).await else { continue };
                let StatusResponse { header, leader } = status.into_inner();
                if leader != 0 && header.is_some_and(|header| header.member_id == leader) {
                    return Ok(at);
                }
            }
            if start.elapsed() > FORM_WITHIN {
                bail!("no leader");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn address(&self, place: usize) -> anyhow::Result<SocketAddr> {
        let at = (self.leader + place) % self.members.len();
        Ok(self.members.get(at).context("no member")?.1)
    }

    /// Puts to the leader, gets at a follower, over so many connections with one request under way on each.
    pub(crate) async fn run(&self, ask: Ask, connections: usize) -> anyhow::Result<Rate> {
        let to = self.address(match ask {
            Ask::Puts { .. } => self.puts_to,
            Ask::Gets(_) | Ask::LocalGets(_) => 1,
        })?;
        let channels = try_join_all((0..connections).map(|_| connect(to, self.tls.as_ref()))).await?;
        let asked = Cell::new(0);
        let start = Instant::now();
        let workers = channels.into_iter().map(|channel| worker(KvClient::new(channel), ask, &asked, start));
        let mut each: Vec<Duration> = try_join_all(workers).await?.into_iter().flatten().collect();
        Ok(Rate::of(&mut each, start.elapsed()))
    }

    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        for (process, _) in &mut self.members {
            process.stop().await?;
        }
        Ok(())
    }
}

async fn worker(
    mut client: KvClient<Channel>,
    ask: Ask,
    asked: &Cell<usize>,
    start: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::new();
    loop {
        let number = asked.get();
        let over = match ask {
            Ask::Puts { count, .. } => number >= count,
            Ask::Gets(within) | Ask::LocalGets(within) => start.elapsed() >= within,
        };
        if over {
            return Ok(took);
        }
        asked.set(number + 1);
        let since = Instant::now();
        match ask {
            Ask::Puts { bytes, .. } => {
                let put = PutRequest { key: key(number), value: vec![0x5a; bytes] };
                client.put(put).await?;
            }
            Ask::Gets(_) | Ask::LocalGets(_) => {
                let get = RangeRequest { key: key(number), serializable: matches!(ask, Ask::LocalGets(_)) };
                ensure!(client.range(get).await?.into_inner().count == 1, "a key is missing");
            }
        }
        took.push(since.elapsed());
    }
}
