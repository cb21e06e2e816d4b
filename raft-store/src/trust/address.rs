//! Where a node's peer listener is reached.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Longest host name of the DNS (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;
/// Longest label of a host name (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;

/// `host:port`; the host is a DNS name, an IPv4 address, or an IPv6 address in brackets.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerAddress {
    host: Host,
    port: u16,
}

/// The host of a [`PeerAddress`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// An address.
    Ip(IpAddr),
    /// A name, in lower case.
    Name(String),
}

/// The text is not `host:port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address of the form host:port")]
pub struct NotAnAddress;

impl PeerAddress {
    /// The host.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The port; never 0.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for PeerAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let (host, port) = text.rsplit_once(':').ok_or(NotAnAddress)?;
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAnAddress);
        }
        let port = port.parse().ok().filter(|port| *port != 0).ok_or(NotAnAddress)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bracketed {
            Some(host) => Host::Ip(IpAddr::V6(host.parse::<Ipv6Addr>().map_err(|_| NotAnAddress)?)),
            None => match host.parse::<Ipv4Addr>() {
                Ok(ip) => Host::Ip(IpAddr::V4(ip)),
                Err(_) => Host::Name(name(host)?),
            },
        };
        Ok(Self { host, port })
    }
}

/// A host name by RFC 952 and RFC 1123 §2.1. Its last label is not a number: that would be a misspelt IPv4 address.
fn name(text: &str) -> Result<String, NotAnAddress> {
    let label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    if text.len() > MAX_HOST || !text.split('.').all(label) || last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotAnAddress);
    }
    Ok(text.to_ascii_lowercase())
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]:{}", self.port),
            Host::Ip(IpAddr::V4(ip)) => write!(f, "{ip}:{}", self.port),
            Host::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

impl fmt::Debug for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_parse_strictly() {
        for (text, canonical) in [
            ("127.0.0.1:7000", "127.0.0.1:7000"),
            ("[2001:DB8::1]:1", "[2001:db8::1]:1"),
            ("Node-1.Example.org:65535", "node-1.example.org:65535"),
            ("localhost:80", "localhost:80"),
        ] {
            assert_eq!(text.parse::<PeerAddress>().map(|address| address.to_string()), Ok(canonical.to_owned()));
        }
        let long = format!("{}:1", "a.".repeat(127) + "aa");
        for text in [
            "",
            ":",
            "host",
            "host:",
            ":1",
            "host:0",
            "host:65536",
            "host:+1",
            "host: 1",
            " host:1",
            "2001:db8::1:80",
            "[::1]",
            "[::1]x:1",
            "[127.0.0.1]:1",
            "256.0.0.1:1",
            "1.2.3:1",
            "-a:1",
            "a-:1",
            "a..b:1",
            "a.:1",
            "a_b:1",
            "user@host:1",
            "http://host:1",
            "höst:1",
            "a,b:1",
            long.as_str(),
        ] {
            assert_eq!(text.parse::<PeerAddress>(), Err(NotAnAddress), "{text}");
        }
    }
}
