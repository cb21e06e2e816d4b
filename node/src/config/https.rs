//! `[https]`

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Report;
use crate::tls::pem;

/// More addresses than a machine has interfaces to the outside.
const MAX_LISTENERS: usize = 16;

/// Where people and programs reach the node.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Https {
    /// Addresses to listen on, each `address:port`.
    #[schemars(with = "Vec<String>")]
    pub listen: Vec<SocketAddr>,
    /// PEM file with the server's certificate and those between it and its root. Read again within a second of a
    /// change, and upon SIGHUP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// PEM file with the certificate's private key. Its mode must not be wider than 0640.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// Serve plain HTTP instead. Only for listeners on loopback, or for those that only `trusted_proxies` may use.
    pub plain: bool,
    /// Addresses (`10.0.0.7`) and networks (`10.0.0.0/24`) of proxies that end TLS in front of this node. With `plain`,
    /// requests from elsewhere to a listener that is not on loopback are answered 403.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<TrustedProxy>,
}

impl Default for Https {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([0, 0, 0, 0], 8443))],
            certificate: None,
            key: None,
            plain: false,
            trusted_proxies: Vec::new(),
        }
    }
}

impl Https {
    pub(super) fn check(&self, report: &mut Report) {
        self.check_addresses(report);
        if self.plain {
            self.check_plain(report);
        } else {
            self.check_certificate(report);
        }
    }

    fn check_addresses(&self, report: &mut Report) {
        const KEY: &str = "https.listen";
        if self.listen.is_empty() {
            report.error(KEY, "names no address");
        }
        if self.listen.len() > MAX_LISTENERS {
            report.error(KEY, format!("names more than {MAX_LISTENERS} addresses"));
        }
        for address in &self.listen {
            if address.port() == 0 {
                report.error(KEY, format!("{address} names no port"));
            } else {
                report.info(KEY, format!("{}://{address}", if self.plain { "http" } else { "https" }));
            }
        }
    }

    fn check_plain(&self, report: &mut Report) {
        const KEY: &str = "https.plain";
        if self.certificate.is_some() || self.key.is_some() {
            report.error(KEY, "is set together with a certificate or key; choose one");
        }
        let open = self.listen.iter().find(|address| !address.ip().is_loopback());
        if let (Some(open), true) = (open, self.trusted_proxies.is_empty()) {
            report.error(KEY, format!("{open} is not on loopback; name the proxies in https.trusted_proxies"));
        }
    }

    fn check_certificate(&self, report: &mut Report) {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else {
            for (name, value) in [("https.certificate", &self.certificate), ("https.key", &self.key)] {
                if value.is_none() {
                    report.error(name, "is not set (or set https.plain behind a proxy)");
                }
            }
            return;
        };
        let chain = report.file("https.certificate", certificate);
        let secret = report.secret_file("https.key", key);
        let (Some(chain), Some(secret)) = (chain, secret) else { return };
        match pem::certified_key(&chain, &secret) {
            Ok(found) => match found.days_left(std::time::SystemTime::now()) {
                left if left < 0 => report.warning("https.certificate", "has expired"),
                left => report.info("https.certificate", format!("{} ({left} days left)", certificate.display())),
            },
            Err(error) => report.error(error.key(), error.to_string()),
        }
    }
}

/// An address or a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedProxy {
    network: IpAddr,
    prefix: u8,
}

impl TrustedProxy {
    /// Whether the address is in the network. An IPv4 address seen through an IPv6 socket counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for TrustedProxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither an address nor a network like 10.0.0.0/24");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let network: IpAddr = address.parse().map_err(|_| wrong())?;
        let bits = if network.is_ipv4() { 32 } else { 128 };
        let prefix: u8 = prefix.map_or(Ok(bits), str::parse).map_err(|_| wrong())?;
        if prefix > bits {
            return Err(wrong());
        }
        // Addresses are compared as IPv4 where they are: written in IPv6 a network would contain none of its own.
        match (network, network.to_canonical()) {
            (IpAddr::V6(_), IpAddr::V4(mapped)) => {
                let prefix = prefix.checked_sub(96).ok_or_else(wrong)?;
                Ok(Self { network: IpAddr::V4(mapped), prefix })
            }
            (network, _) => Ok(Self { network, prefix }),
        }
    }
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

impl Serialize for TrustedProxy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TrustedProxy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for TrustedProxy {
    fn schema_name() -> Cow<'static, str> {
        "network".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}

#[cfg(test)]
mod tests {
    use super::TrustedProxy;

    #[test]
    fn a_network_contains_its_addresses_only() {
        for (network, address, inside) in [
            ("10.0.0.0/24", "10.0.0.200", true),
            ("10.0.0.0/24", "10.0.1.0", false),
            ("10.0.0.0/24", "::ffff:10.0.0.9", true),
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("::/0", "2001:db8:1::1", true),
            ("::ffff:10.0.0.7", "10.0.0.7", true),
            ("::ffff:10.0.0.7", "::ffff:10.0.0.7", true),
            ("::ffff:10.0.0.0/120", "10.0.0.9", true),
            ("::ffff:10.0.0.0/120", "10.0.1.9", false),
        ] {
            let parsed: TrustedProxy = network.parse().unwrap();
            assert_eq!(parsed.contains(address.parse().unwrap()), inside, "{network} {address}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0/24", "10.0.0.0/-1", "::/129", "::ffff:10.0.0.0/95", "example.org"] {
            assert!(wrong.parse::<TrustedProxy>().is_err(), "{wrong}");
        }
    }
}
