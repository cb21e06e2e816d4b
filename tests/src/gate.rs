//! One name for all nodes: TCP connections handed to them in turn, as a plain load balancer does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::ports;

/// A listener on loopback that carries each new connection to the next node.
pub struct Gate {
    address: SocketAddr,
    carried: Arc<[AtomicUsize]>,
    turns: watch::Sender<u64>,
    task: JoinHandle<()>,
}

struct Nodes {
    addresses: Vec<SocketAddr>,
    carried: Arc<[AtomicUsize]>,
    next: AtomicUsize,
}

impl Nodes {
    /// A connection to the next node that takes one.
    async fn connect(&self) -> Option<TcpStream> {
        for _ in &self.addresses {
            let place = self.next.fetch_add(1, Ordering::Relaxed) % self.addresses.len();
            let (Some(address), Some(carried)) = (self.addresses.get(place), self.carried.get(place)) else { continue };
            if let Ok(stream) = TcpStream::connect(address).await {
                carried.fetch_add(1, Ordering::Relaxed);
                return Some(stream);
            }
        }
        None
    }
}

async fn carry(mut from: TcpStream, nodes: Arc<Nodes>, mut turn: watch::Receiver<u64>) {
    turn.mark_unchanged();
    let Some(mut to) = nodes.connect().await else { return };
    let _ = (from.set_nodelay(true), to.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut from, &mut to) => {}
        _ = turn.changed() => {}
    }
}

impl Gate {
    /// In front of these listeners.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn open(addresses: Vec<SocketAddr>) -> Result<Self> {
        let listener = TcpListener::bind(ports::free()?).await?;
        let address = listener.local_addr()?;
        let carried: Arc<[AtomicUsize]> = addresses.iter().map(|_| AtomicUsize::new(0)).collect();
        let nodes = Arc::new(Nodes { addresses, carried: Arc::clone(&carried), next: AtomicUsize::new(0) });
        let (turns, turn) = watch::channel(0);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((from, _)) = listener.accept().await {
                connections.spawn(carry(from, Arc::clone(&nodes), turn.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, carried, turns, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `localhost` with its port: programs that resolve names by the machine's means find it.
    #[must_use]
    pub fn authority(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// The origin that people and programs use.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("https://{}", self.authority())
    }

    /// Ends all connections, so that whoever kept one meets another node.
    pub fn turn(&self) {
        self.turns.send_modify(|turn| *turn += 1);
    }

    /// How many connections each node was given.
    #[must_use]
    pub fn carried(&self) -> Vec<usize> {
        self.carried.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}
