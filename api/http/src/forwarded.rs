//! The client behind proxies: what `Forwarded` (RFC 7239) or `X-Forwarded-For` say, as far as somebody vouches for it.
//!
//! Every proxy adds the address it was called from at the end. So the list is read from its end, and each entry counts
//! only because the one who wrote it is trusted. One that can't be read ends the walk there, and never leads past it.

use std::net::{IpAddr, SocketAddr};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};
use woad_admission::Network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Proxies in a row: more are a loop.
const MAX_HOPS: usize = 16;

/// The header that the proxies add to. Only this one is read: another would come from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded`.
    Forwarded,
}

/// The proxies that are believed.
#[derive(Clone, Debug)]
pub struct Proxies {
    networks: Box<[Network]>,
    header: ForwardedHeader,
}

impl Proxies {
    /// Believes addresses in these networks, in this header.
    #[must_use]
    pub fn new(networks: impl Into<Box<[Network]>>, header: ForwardedHeader) -> Self {
        Self { networks: networks.into(), header }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// The client of a request from `peer`: the first address from the end of the list that is no trusted proxy's.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusts(peer) {
            return peer;
        }
        let name = match self.header {
            ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
            ForwardedHeader::Forwarded => FORWARDED,
        };
        // What is no text is no address either.
        let lines = headers.get_all(name).iter().rev().map(|line| line.to_str().unwrap_or_default());
        let entries = lines.flat_map(|line| line.rsplit(','));
        let mut client = peer;
        for entry in entries.take(MAX_HOPS) {
            let address = match self.header {
                ForwardedHeader::XForwardedFor => address(entry),
                ForwardedHeader::Forwarded => forwarded_for(entry),
            };
            let Some(address) = address else { return client };
            client = address.to_canonical();
            if !self.trusts(client) {
                return client;
            }
        }
        client
    }
}

/// The `for` parameter of one element. A comma within quotes splits it into pieces that can't be read, which is safe.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = element.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    });
    let value = found.next().filter(|_| found.next().is_none())?;
    address(value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value))
}

/// An address, with a port or without, an IPv6 address with brackets or without.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let within = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let plain = || text.parse().ok();
    let port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    within.map_or_else(|| plain().or_else(port), |within| within.parse().ok().filter(IpAddr::is_ipv6))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn client(header: ForwardedHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let networks: [Network; 2] = ["10.0.0.0/8".parse().unwrap(), "2001:db8:f::/48".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        Proxies::new(networks, header).client(peer.parse().unwrap(), &headers).to_string()
    }

    /// LG07.
    #[test]
    fn an_entry_counts_only_because_a_trusted_proxy_wrote_it() {
        for (peer, lines, expected) in [
            ("192.0.2.1", &["203.0.113.9"][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("::ffff:10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1", "203.0.113.9", "10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8::9]:4711"], "2001:db8::9"),
            ("2001:db8:f::1", &["2001:db8::9"], "2001:db8::9"),
            // What can't be read is never skipped.
            ("10.0.0.1", &["a"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, a"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, a, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["203.0.113.9,"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9", ""], "10.0.0.1"),
            ("10.0.0.1", &["[203.0.113.9]"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(client(ForwardedHeader::XForwardedFor, peer, &lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_where_it_is_what_proxies_write() {
        for (line, expected) in [
            ("for=203.0.113.9;proto=https", "203.0.113.9"),
            ("For=\"[2001:db8::9]:4711\"", "2001:db8::9"),
            ("for=198.51.100.1, by=10.0.0.2;for=203.0.113.9", "203.0.113.9"),
            ("for=203.0.113.9, for=_hidden", "10.0.0.1"),
            ("for=unknown", "10.0.0.1"),
            ("for=203.0.113.9;for=203.0.113.8", "10.0.0.1"),
            ("for=\"203.0.113.9, x\"", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            let both = [("forwarded", line), ("x-forwarded-for", "192.0.2.77")];
            assert_eq!(client(ForwardedHeader::Forwarded, "10.0.0.1", &both), expected, "{line}");
        }
        let both = [("forwarded", "for=203.0.113.9"), ("x-forwarded-for", "192.0.2.77")];
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &both), "192.0.2.77");
    }

    proptest! {
        /// Whatever a client sends, the proxy's own word stands at the end and wins.
        #[test]
        fn no_prefix_changes_the_client(prefix in "[ -~]{0,40}") {
            let line = format!("{prefix},203.0.113.9");
            prop_assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &[("x-forwarded-for", &line)]), "203.0.113.9");
        }
    }
}
