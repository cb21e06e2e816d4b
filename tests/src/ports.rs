//! Ports for nodes and for applications.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result};

/// Below the range from which the kernel takes ports of outgoing connections: a node that is down keeps its port, and
/// nobody who tries to reach it is connected to himself.
const RANGE: std::ops::Range<u16> = 12_000..31_000;
/// Ports one process looks at before it gives up.
const TRIES: usize = 2_000;
/// A step that visits the whole range, so that processes with neighbouring ids don't follow each other.
const STRIDE: u32 = 7_919;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// An address on loopback that nobody listens at, given out once by this process.
///
/// # Errors
/// When the machine has none left.
pub fn free() -> Result<SocketAddr> {
    let start = std::process::id().wrapping_mul(STRIDE);
    (0..TRIES)
        .find_map(|_| {
            let offset = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % u32::from(RANGE.end - RANGE.start);
            let port = RANGE.start + u16::try_from(offset).ok()?;
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            TcpListener::bind(address).ok().map(|_| address)
        })
        .context("no free port on loopback")
}
