//! URIs in a client's record.

use url::{Host, Url};

/// Longest URI, in bytes.
pub(super) const MAX_URI: usize = 2048;
/// The one custom scheme INDIGO accepts.
const OIDC_AGENT: &str = "edu.kit.data.oidc-agent:/redirect";

/// `https`, or `http` on loopback, of printable ASCII.
fn web(text: &str) -> bool {
    if text.len() > MAX_URI || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return false;
    }
    let Ok(url) = Url::parse(text) else { return false };
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let credentials = !url.username().is_empty() || url.password().is_some();
    !credentials && (url.scheme() == "https" || (url.scheme() == "http" && loopback))
}

/// Whether a redirect may go there: no fragment.
pub(super) fn is_redirect(text: &str) -> bool {
    text == OIDC_AGENT || (web(text) && !text.contains('#'))
}

/// Whether it is a page for people: `http` and `https` anywhere.
pub(super) fn is_page(text: &str) -> bool {
    let printable = text.len() <= MAX_URI && text.bytes().all(|byte| byte.is_ascii_graphic());
    printable && Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

/// Whether a key set may be fetched from there.
pub(super) fn is_key_source(text: &str) -> bool {
    web(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_go_to_https_or_loopback() {
        for good in
            ["https://a.example/cb?x=1", "http://127.0.0.1:8080/cb", "http://[::1]/", "http://localhost/", OIDC_AGENT]
        {
            assert!(is_redirect(good), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "http://a.example/",
            "https://a.example/#f",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///x",
            "https://u:p@a.example/",
            "edu.kit.data.oidc-agent:/other",
            "https://a.example/\u{202e}",
        ] {
            assert!(!is_redirect(bad), "{bad:?}");
        }
    }
}
