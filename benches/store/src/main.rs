//! The store alone, in etcd's place: one member that answers etcd's `Put`, `Range` and `Status`, so that the bench asks both
//! with the same calls. A put is a guarded transaction, a range a linearizable view of one record (or a local one, where
//! etcd's is serializable): what the identity protocols do with the store, without them.

mod pairs;
mod service;

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "generated code"
)]
mod rpc {
    tonic::include_proto!("etcdserverpb");
}

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use raft_store::{Compaction, Node, Options, Watermarks};
use raft_store_core::sweep::Sweepable;
use raft_store_core::{Request, Table as _};

use pairs::Pairs;
use service::Member;

const USAGE: &str = "usage: woad-bench-store [--flush-delay MILLISECONDS] FOLDER PEER_PORT CLIENT_PORT [JOIN_TOKEN]";
/// Members that join the first, and how long they may take.
const JOINING: [&str; 2] = ["token-2", "token-3"];
const JOIN_WITHIN: Duration = Duration::from_secs(600);

fn options(folder: &Path, port: u16, flush_delay: Option<Duration>) -> Options {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Options {
        data_dir: folder.join("data"),
        peer_listen: listen,
        peer_advertise: listen.to_string(),
        cluster_key_file: None,
        debug_fsync_delay: flush_delay,
        debug_certificate_life: None,
        compaction: Compaction::default(),
        watermarks: Watermarks::default(),
        spared: Vec::new(),
        tables: vec![Pairs::ID],
        sweep: vec![Sweepable::of::<Pairs>()],
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The first member leaves tokens for the others in its folder.
async fn first(folder: &Path, options: Options) -> anyhow::Result<Node> {
    let (node, _) = raft_store::init(options).await?;
    for name in JOINING {
        let made = node.control().create_join_token(&Request::new("bench"), JOIN_WITHIN).await;
        let made = made.map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let part = folder.join("part");
        std::fs::write(&part, &made.token)?;
        std::fs::rename(&part, folder.join(name))?;
    }
    Ok(node)
}

async fn run(folder: &Path, options: Options, client: u16, token: Option<&str>) -> anyhow::Result<()> {
    let node = match token {
        Some(token) => raft_store::join(options, token).await?,
        None => first(folder, options).await?,
    };
    let member = Member::new(node.store(), node.control());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, client));
    let server = tonic::transport::Server::builder()
        .tcp_nodelay(true)
        .add_service(rpc::kv_server::KvServer::new(member.clone()))
        .add_service(rpc::maintenance_server::MaintenanceServer::new(member))
        .serve(address);
    tokio::select! {
        ended = server => ended?,
        fault = node.failed() => anyhow::bail!("{fault}"),
    }
    Ok(())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let started = || {
        let (delay, words) = match words.as_slice() {
            ["--flush-delay", delay, rest @ ..] => {
                (Some(Duration::from_millis(delay.parse().context("milliseconds")?)), rest)
            }
            rest => (None, rest),
        };
        let (folder, peer, client, token) = match words {
            [folder, peer, client] => (folder, peer, client, None),
            [folder, peer, client, token] => (folder, peer, client, Some(*token)),
            _ => anyhow::bail!(USAGE),
        };
        let folder = PathBuf::from(folder);
        let port = |text: &str| text.parse::<u16>().context("a port");
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.install_default().map_err(|_| anyhow::anyhow!("a second provider of cryptography"))?;
        // As the node does: what users ask runs apart from Raft, which has a runtime of its own.
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("grpc").build()?;
        let ended = runtime.block_on(run(&folder, options(&folder, port(peer)?, delay), port(client)?, token));
        runtime.shutdown_background();
        ended
    };
    match started() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr(), "woad-bench-store: {error:#}");
            ExitCode::FAILURE
        }
    }
}
