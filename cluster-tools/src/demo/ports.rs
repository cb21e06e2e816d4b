//! Ports that are free on all three addresses.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use uuid::Uuid;

use super::fault::Fault;
use super::site::ADDRESSES;

/// Ports are drawn from here: below those that Linux gives to outgoing connections (32768 and up), or one of these could
/// take the port of a node that is just being restarted.
const RANGE: std::ops::Range<u16> = 20_000..32_000;
/// After so many that are taken, something else is wrong.
const TRIES: usize = 200;

/// One port for each listener, the same on all three addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) https: u16,
    pub(super) peer: u16,
    pub(super) operations: u16,
}

impl Ports {
    /// Finds three. They are free now; nothing keeps them so until the nodes have them.
    pub(super) fn find() -> Result<Self, Fault> {
        let mut held = Vec::new();
        let https = free(&mut held)?;
        let peer = free(&mut held)?;
        let operations = free(&mut held)?;
        Ok(Self { https, peer, operations })
    }
}

fn drawn() -> u16 {
    let random = u16::try_from(Uuid::new_v4().as_u128() & 0xffff).unwrap_or_default();
    RANGE.start + random % (RANGE.end - RANGE.start)
}

fn bind(port: u16) -> io::Result<Vec<TcpListener>> {
    let address = |address: &Ipv4Addr| SocketAddr::from((*address, port));
    ADDRESSES.iter().map(|ip| TcpListener::bind(address(ip))).collect()
}

fn free(held: &mut Vec<TcpListener>) -> Result<u16, Fault> {
    let mut last = io::Error::other("none was tried");
    for _ in 0..TRIES {
        let port = drawn();
        match bind(port) {
            Ok(listeners) => {
                held.extend(listeners);
                return Ok(port);
            }
            Err(error) => last = error,
        }
    }
    Err(Fault::NoPort(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ports_differ_and_are_free() {
        let ports = Ports::find().unwrap();
        assert!(ports.https != ports.peer && ports.peer != ports.operations && ports.https != ports.operations);
        for port in [ports.https, ports.peer, ports.operations] {
            assert_eq!(bind(port).unwrap().len(), 3);
        }
    }
}
