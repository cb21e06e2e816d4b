//! Tokens a second from one node, beside a process that only signs, and beside npm's `oidc-provider`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::limit;
use crate::load::{self, Call, Rate, Rates, Repeat, median};
use crate::machine::cpu_time;
use crate::measure::{READERS, RUNS, TIMES};
use crate::oidc_provider::OidcProvider;
use crate::report::{Report, Row, Share};
use crate::world::{Client, Node, Process, Realm, Under, free_port};

/// Of each server, in turn. Their ratios have the widest spread of all: with nine runs those of two tables were a fifth apart.
const TURNS: usize = 3 * RUNS;

/// A run and what the server used of a processor.
#[derive(Clone)]
struct Run {
    rate: Rate,
    server: Share,
    load: Share,
}

impl Run {
    fn rates(runs: &[Self]) -> Rates {
        runs.iter().map(|run| run.rate.clone()).collect()
    }

    fn middle(runs: Vec<Self>) -> anyhow::Result<Self> {
        median(runs, |run| run.rate.per_second)
    }
}

/// Until a peer that compiles what it runs has done so.
const PEER_WARM_UP: Duration = Duration::from_secs(4);

async fn measure(call: &Call, server: u32) -> anyhow::Result<Run> {
    let (asks, (warm_up, long)) = ([Client::ask_token()], TIMES);
    load::run(call, READERS, &Repeat::new(&asks, warm_up, "access_token")).await?;
    let (server_before, own_before) = (cpu_time(server), cpu_time(std::process::id()));
    let rate = load::run(call, READERS, &Repeat::new(&asks, long, "access_token")).await?;
    let share = |now: Duration, before: Duration| Share::new(now.saturating_sub(before), &rate);
    let server = share(cpu_time(server), server_before);
    let load = share(cpu_time(std::process::id()), own_before);
    Ok(Run { rate, server, load })
}

async fn bare(folder: &Path, alg: &str, cpu: Option<usize>) -> anyhow::Result<(Process, SocketAddr)> {
    let port = free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["signer", alg, &port.to_string()]);
    let process = Process::start("signer", &command, Under { cpu, ..Under::default() }, &folder.join("signer.log"))?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok((process, address))
}

/// One algorithm.
pub(crate) async fn run(
    node: &mut Node,
    folder: &Path,
    alg: &str,
    cpu: Option<usize>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let client = Realm::make(node, alg).await?.machine(node).await?;
    let (mut peer, peer_address) = bare(folder, alg, cpu).await?;
    let call = Call::by_client(vec![node.https], &client)?;
    let peer_call = Call::by_client(vec![peer_address], &client)?;
    let provider = OidcProvider::start(folder, alg, cpu).await?;
    if let Some(provider) = &provider {
        load::run(&provider.call, READERS, &Repeat::new(&[Client::ask_token()], PEER_WARM_UP, "access_token")).await?;
    }
    let (mut ours, mut theirs, mut answered) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        theirs.push(measure(&peer_call, peer.pid()).await?);
        if let Some(provider) = &provider {
            answered.push(measure(&provider.call, provider.pid()).await?);
        }
        ours.push(measure(&call, node.pid()).await?);
    }
    peer.stop().await?;
    let rates = Run::rates(&ours);
    let place = if cpu.is_some() { "one node on one core" } else { "one node" };
    let name = format!("tokens, {alg}, {place}, {READERS} connections");
    let mut row = Row::rates(name, &rates)?.beside("bare signer", &Run::rates(&theirs), &rates)?;
    let (ours, theirs) = (Run::middle(ours)?, Run::middle(theirs)?);
    if cpu.is_some() {
        row = row.limit(limit::of_pinned(ours.server.percent));
    }
    row = row.note(format!("{TURNS} runs; node {}; load {}; bare signer {}", ours.server, ours.load, theirs.server));
    if let Some(provider) = provider {
        row = row.beside("oidc-provider", &Run::rates(&answered), &rates)?;
        row = row.note(format!("oidc-provider {}", Run::middle(answered)?.server));
        provider.stop().await?;
    }
    report.add(row);
    Ok(())
}
