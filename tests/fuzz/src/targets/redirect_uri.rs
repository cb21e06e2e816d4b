//! The redirect URI that is sent, against those that are registered: the same text, or a loopback address that
//! differs in its port alone (RFC 8252 §7.3). Told a second time by a URL parser, the slow way.

use url::{Host, Url};
use woad_identity::fuzz::registered_redirect;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "redirect_uri",
    run: target,
    seeds: || crate::texts(&[
        "https://rp.example/cb\nhttps://rp.example/cb",
        "http://127.0.0.1/cb\nhttp://127.0.0.1:8080/cb",
        "http://[::1]:7/cb?x=1\nhttp://[::1]:65535/cb?x=1",
        "http://127.0.0.1:80/\nhttp://127.0.0.1/",
        "com.example.app:/cb\ncom.example.app:/cb/",
    ]),
    words: &["http://127.0.0.1", "http://[::1]", ":8080", ":080", ":0", "@", "/", "?", "#", "\\", "%2f", "evil.example", "https://", "\n", ":65536", "..", "/cb"],
    rounds: 20_000,
};

fn may_be(known: &str, sent: &str) -> bool {
    if known == sent {
        return true;
    }
    let (Ok(mut one), Ok(mut other)) = (Url::parse(known), Url::parse(sent)) else { return false };
    let loopback = |url: &Url| match url.host() {
        Some(Host::Ipv4(address)) => address.to_string() == "127.0.0.1",
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    let plain = |url: &Url| url.scheme() == "http" && loopback(url) && url.username().is_empty() && url.password().is_none();
    plain(&one) && plain(&other) && one.set_port(None).is_ok() && other.set_port(None).is_ok() && one == other
}

/// Two lines: what is registered, and what is sent.
pub fn target(data: &[u8]) {
    let Some((known, sent)) = crate::text(data).and_then(|text| text.split_once('\n')) else { return };
    let all = [known.to_owned()];
    let found = registered_redirect(&all, sent);
    if found.is_some() {
        assert!(may_be(known, sent), "{sent:?} is not {known:?} at another port");
    }
    assert!(known != sent || found.is_some(), "the same text is the same URI");
}
