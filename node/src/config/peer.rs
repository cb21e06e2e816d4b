//! `[peer]`

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Report;

/// Longest name in the DNS (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;

/// Where the other nodes reach this one. Always mutual TLS under the cluster's own CA.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Peer {
    /// Address to listen on, `address:port`.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// What the other nodes connect to, `host:port`. Default: `listen`, if that names one address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advertise: Option<String>,
}

impl Default for Peer {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([0, 0, 0, 0], 7443)), advertise: None }
    }
}

impl Peer {
    /// What the other nodes connect to.
    #[must_use]
    pub fn advertised(&self) -> String {
        self.advertise.clone().unwrap_or_else(|| self.listen.to_string())
    }

    pub(super) fn check(&self, report: &mut Report) {
        const KEY: &str = "peer.advertise";
        if self.listen.port() == 0 {
            report.error("peer.listen", format!("{} names no port", self.listen));
        } else {
            report.info("peer.listen", self.listen.to_string());
        }
        match &self.advertise {
            None if self.listen.ip().is_unspecified() => {
                report.error(KEY, format!("is not set, and other nodes can't connect to {}", self.listen));
            }
            None => {}
            Some(text) => match advertisable(text) {
                Ok(()) => report.info(KEY, text.clone()),
                Err(why) => report.error(KEY, format!("`{text}` {why}")),
            },
        }
    }
}

/// Whether a text is a `host:port` that others can connect to.
fn advertisable(text: &str) -> Result<(), &'static str> {
    let (host, port) = text.rsplit_once(':').ok_or("is not host:port")?;
    match port.parse::<u16>() {
        Ok(0) => return Err("names no port"),
        Ok(_) if port.bytes().all(|byte| byte.is_ascii_digit()) => {}
        _ => return Err("is not host:port"),
    }
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let address: Option<IpAddr> = literal.unwrap_or(host).parse().ok();
    match address {
        Some(address) if address.is_unspecified() => Err("is an address nobody can connect to"),
        Some(IpAddr::V6(_)) if literal.is_none() => Err("needs brackets around its IPv6 address"),
        None if literal.is_some() || !hostname(host) => Err("is not host:port"),
        Some(_) | None => Ok(()),
    }
}

/// RFC 1123 §2.1.
fn hostname(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let numeric = host.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    host.len() <= MAX_HOST && !numeric && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::advertisable;

    #[test]
    fn only_what_others_can_connect_to_is_advertised() {
        for good in ["10.0.0.1:7443", "node-1.example.org:7443", "localhost:1", "[2001:db8::1]:7443"] {
            assert_eq!(advertisable(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "node1",
            ":7443",
            "node1:",
            "node1:0",
            "node1:+1",
            "node1:65536",
            "0.0.0.0:7443",
            "[::]:7443",
            "2001:db8::1:7443",
            "300.1.1.1:7443",
            "[node1]:7443",
            "a b:7443",
            "https://node1:7443",
            "-a:7443",
        ] {
            assert!(advertisable(bad).is_err(), "{bad}");
        }
    }
}
