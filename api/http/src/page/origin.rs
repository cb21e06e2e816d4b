//! Whether a form was sent by one of our own pages, as far as the browser says.

use http::header::ORIGIN;
use http::{HeaderMap, HeaderName};
use url::Url;
use woad_identity::realm::{HostName, Realm};

/// Fetch metadata (W3C).
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether the headers that browsers add, where they are there, name this realm's own pages. A request without them is
/// not refused here, nor one with the origin `null`, which a page that sends no referrer (as ours) sends even to itself:
/// the proof in the form decides.
pub(super) fn is_own(headers: &HeaderMap, realm: &Realm) -> bool {
    let site = headers.get(FETCH_SITE).is_none_or(|site| site == "same-origin" || site == "none");
    let mut origins = headers.get_all(ORIGIN).iter();
    let origin = match (origins.next(), origins.next()) {
        (None, _) => true,
        (Some(origin), None) => origin == "null" || origin.to_str().is_ok_and(|origin| names(origin, realm)),
        (Some(_), Some(_)) => false,
    };
    site && origin
}

/// Whether an origin is one of the realm's hosts. Where TLS ends before us the port is not ours to know.
fn names(origin: &str, realm: &Realm) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    let host = origin.host_str().and_then(|host| HostName::parse(host).ok());
    matches!(origin.scheme(), "https" | "http")
        && host.is_some_and(|host| realm.hosts.iter().any(|own| without_port(own) == host.as_str()))
}

/// A host name as a realm has it, without its port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn own(pairs: &[(&HeaderName, &'static str)]) -> bool {
        of(&["iam.example"], pairs)
    }

    fn of(hosts: &[&str], pairs: &[(&HeaderName, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        is_own(&headers, &Realm { hosts: hosts.iter().map(|host| (*host).into()).collect(), ..Realm::default() })
    }

    #[test]
    fn pages_of_a_realm_at_a_port_are_its_own() {
        for (host, origin) in [
            ("iam.example:8443", "https://iam.example:8443"),
            ("iam.example:8443", "https://iam.example"),
            ("[::1]:8443", "https://[::1]:8443"),
            ("[::1]", "https://[::1]"),
        ] {
            assert!(of(&[host], &[(&ORIGIN, origin)]), "{host} {origin}");
            assert!(!of(&[host], &[(&ORIGIN, "https://evil.example:8443")]), "{host}");
        }
    }

    #[test]
    fn other_sites_are_told_apart() {
        for good in [
            &[][..],
            &[(&ORIGIN, "https://iam.example")],
            &[(&ORIGIN, "https://iam.example:8443")],
            &[(&FETCH_SITE, "same-origin"), (&ORIGIN, "https://iam.example")],
            &[(&FETCH_SITE, "same-origin"), (&ORIGIN, "null")],
        ] {
            assert!(own(good), "{good:?}");
        }
        for bad in [
            &[(&ORIGIN, "https://evil.example")][..],
            &[(&ORIGIN, "https://iam.example.evil.example")],
            &[(&FETCH_SITE, "cross-site"), (&ORIGIN, "null")],
            &[(&ORIGIN, "")],
            &[(&ORIGIN, "file://iam.example")],
            &[(&ORIGIN, "https://iam.example"), (&ORIGIN, "https://iam.example")],
            &[(&FETCH_SITE, "cross-site")],
            &[(&FETCH_SITE, "same-site")],
            &[(&FETCH_SITE, "cross-site"), (&ORIGIN, "https://iam.example")],
            &[(&FETCH_SITE, "same-origin"), (&ORIGIN, "https://evil.example")],
        ] {
            assert!(!own(bad), "{bad:?}");
        }
    }
}
