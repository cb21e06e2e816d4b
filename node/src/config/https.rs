//! `[https]`

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use woad_admission::Network;
use woad_http::ForwardedHeader;

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
    /// requests from elsewhere to a listener that is not on loopback are answered 403. What they say of the client's
    /// address is believed.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<TrustedProxy>,
    /// The header in which they say it: `x-forwarded-for` or `forwarded`. The other one is ignored: it would come from the
    /// client.
    pub forwarded_header: Forwarded,
}

/// The header in which trusted proxies name the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Forwarded {
    /// `X-Forwarded-For`, which every proxy knows.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl From<Forwarded> for ForwardedHeader {
    fn from(header: Forwarded) -> Self {
        match header {
            Forwarded::XForwardedFor => Self::XForwardedFor,
            Forwarded::Forwarded => Self::Forwarded,
        }
    }
}

impl Default for Https {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([0, 0, 0, 0], 8443))],
            certificate: None,
            key: None,
            plain: false,
            trusted_proxies: Vec::new(),
            forwarded_header: Forwarded::default(),
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
pub struct TrustedProxy(pub Network);

impl TrustedProxy {
    /// Whether the address is in the network. An IPv4 address seen through an IPv6 socket counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(address)
    }
}

impl FromStr for TrustedProxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
