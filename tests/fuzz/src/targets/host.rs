//! The Host header, and what an issuer may be.

use woad_identity::realm::{HostName, Issuer};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "host",
    run: target,
    seeds: || crate::texts(&["vo.example.org", "vo.example.org:8443", "[2001:db8::1]:443", "127.0.0.1:80", "https://vo.example.org/", "http://localhost:8080"]),
    words: &["[", "]", ":", "443", "xn--", "0x7f", "%25", "..", "-", "https://", "@", "/", "?", "::ffff:1.2.3.4", "\u{e9}", "."],
    rounds: 10_000,
};

/// Any text. A host has one form; an issuer is a URL of a host, and kept byte for byte.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    if let Ok(host) = HostName::parse(text) {
        assert_eq!(HostName::parse(host.as_str()).as_ref(), Ok(&host), "{host:?} is its own form");
        assert_eq!(HostName::parse(&text.to_ascii_uppercase()).as_ref(), Ok(&host), "hosts have no case");
        assert!(!host.as_str().contains(['/', '@', '?', '#', '\\', '%']), "{host:?}");
    }
    if let Ok(issuer) = Issuer::parse(text) {
        assert_eq!(issuer.as_str(), text);
        let url = url::Url::parse(text).expect("an issuer is a URL");
        let host = url.host_str().expect("of a host");
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        assert_eq!(HostName::parse(&format!("{host}{port}")).as_ref(), Ok(issuer.host()));
    }
}
