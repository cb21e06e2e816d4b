//! What a simulated member stands on: clocks, randomness and network of one host.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use raft_store::dial::{BoxedIo, Incoming, Net};
use raft_store::env::Env;
use raft_store_core::store::BoxFuture;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::net::{TcpListener, TcpStream};

use crate::sync::Cell;

/// The port of every member.
pub(crate) const PORT: u16 = 7000;
/// True time at the simulation's beginning, ms since 1970.
pub(crate) const EPOCH_MS: i64 = 1_900_000_000_000;
/// How long every machine is up when the simulation begins.
const UPTIME: Duration = Duration::from_secs(1000);

/// Clocks and randomness of one host.
pub(crate) struct Machine {
    rng: Cell<SmallRng>,
    /// How far the wall clock is off, ms.
    pub(crate) skew_ms: Cell<i64>,
    /// The last reading: between two steps there is no host to ask.
    last: Cell<Duration>,
}

impl Machine {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            rng: Cell::new(SmallRng::seed_from_u64(seed)),
            skew_ms: Cell::new(0),
            last: Cell::new(Duration::ZERO),
        })
    }

    /// Simulated time.
    fn elapsed(&self) -> Duration {
        let now = turmoil::sim_elapsed().unwrap_or_default().max(self.last.get());
        self.last.set(now);
        now
    }
}

impl Env for Machine {
    fn has_threads(&self) -> bool {
        false
    }

    fn wall_ms(&self) -> i64 {
        let true_ms = EPOCH_MS + i64::try_from(self.elapsed().as_millis()).unwrap();
        true_ms + self.skew_ms.get()
    }

    fn boot(&self) -> Duration {
        UPTIME + self.elapsed()
    }

    fn fill_random(&self, buffer: &mut [u8]) {
        self.rng.with(|rng| rng.fill_bytes(buffer));
    }

    fn run_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

/// turmoil's TCP, and a preamble instead of a certificate: the caller's id.
pub(crate) struct Wire {
    pub(crate) node: u64,
}

impl Net for Wire {
    fn dial<'a>(&'a self, _: u64, address: &'a str) -> BoxFuture<'a, io::Result<BoxedIo>> {
        Box::pin(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(&self.node.to_be_bytes()).await?;
            Ok(Box::new(stream) as BoxedIo)
        })
    }
}

/// The listening side.
pub(crate) struct Door(pub(crate) TcpListener);

impl Incoming for Door {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxedIo, u64)>> {
        Box::pin(async move {
            loop {
                let (mut stream, _) = self.0.accept().await?;
                let mut preamble = [0; 8];
                // A caller that goes before it has said who it is.
                if let Ok(Ok(_)) =
                    tokio::time::timeout(Duration::from_millis(500), stream.read_exact(&mut preamble)).await
                {
                    return Ok((Box::new(stream) as BoxedIo, u64::from_be_bytes(preamble)));
                }
            }
        })
    }
}
