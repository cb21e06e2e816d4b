//! Where an answer goes: a registered redirect URI, with parameters added.

use std::fmt;

/// The hosts whose port a request may choose (RFC 8252 §7.3): literals alone, since a name may lead elsewhere.
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// A URL that the browser is sent to, with an answer in its query. May hold a code: it can't be printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct RedirectUrl(String);

impl RedirectUrl {
    /// A registered redirect URI with these parameters added to its query.
    pub(crate) fn new(uri: &str, parameters: &[(&str, &str)]) -> Self {
        with_parameters(uri, parameters)
    }

    /// The URL, for the `Location` header: ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RedirectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedirectUrl").field(&self.0.split('?').next().unwrap_or_default()).finish()
    }
}

/// The registered redirect URI that a request's matches: the same, byte for byte, but for the port of a loopback
/// address.
pub(crate) fn registered<'a>(known: &'a [String], sent: &str) -> Option<&'a str> {
    known.iter().map(String::as_str).find(|known| *known == sent || same_but_port(known, sent))
}

fn same_but_port(known: &str, sent: &str) -> bool {
    LOOPBACK.into_iter().any(|host| match (known.strip_prefix(host), sent.strip_prefix(host)) {
        (Some(known), Some(sent)) => match (without_port(known), without_port(sent)) {
            (Some(known), Some(sent)) => known == sent,
            _ => false,
        },
        _ => false,
    })
}

/// What follows host and port; `None` when what follows the host is neither port nor path nor query.
fn without_port(rest: &str) -> Option<&str> {
    let after = match rest.strip_prefix(':') {
        None => rest,
        Some(port) => {
            let end = port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len());
            let (digits, after) = port.split_at_checked(end)?;
            // One spelling a port: no sign, no leading zero.
            let number = digits.parse::<u16>().ok().filter(|port| *port != 0)?;
            if number.to_string() != digits {
                return None;
            }
            after
        }
    };
    (after.is_empty() || after.starts_with(['/', '?'])).then_some(after)
}

/// Adds parameters to a redirect URI's query.
fn with_parameters(uri: &str, parameters: &[(&str, &str)]) -> RedirectUrl {
    let mut out = uri.to_owned();
    let mut separator = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, query)) if query.ends_with('&') => "",
        Some(_) => "&",
    };
    for (name, value) in parameters {
        out.push_str(separator);
        out.push_str(name);
        out.push('=');
        encode(value, &mut out);
        separator = "&";
    }
    RedirectUrl(out)
}

/// Percent-encodes everything but unreserved characters, so that any reader decodes the same bytes.
fn encode(value: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| DIGITS.get(usize::from(value)).map_or('0', |digit| char::from(*digit));
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    fn matches(known: &str, sent: &str) -> bool {
        registered(&[known.to_owned()], sent).is_some()
    }

    #[test]
    fn only_the_port_of_a_loopback_address_may_differ() {
        for (known, sent) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:65535/cb"),
            ("http://127.0.0.1:8080/cb", "http://127.0.0.1/cb"),
            ("http://[::1]:8080/cb?x=1", "http://[::1]:99/cb?x=1"),
            ("http://127.0.0.1", "http://127.0.0.1:80"),
        ] {
            assert!(matches(known, sent), "{known} {sent}");
        }
        for sent in [
            "http://127.0.0.1:8080/cb/",
            "http://127.0.0.1:8080/CB",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:080/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:8080@evil.example/cb",
            "http://127.0.0.1@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.1:80:80/cb",
            "http://127.0.0.1:8080#/cb",
            "http://127.0.0.1:+80/cb",
            "http://localhost/cb",
            "http://127.1/cb",
            "http://0x7f000001/cb",
            "http://127.0.0.2/cb",
            "http://[::1]/cb",
            "http://[::ffff:127.0.0.1]/cb",
            "https://127.0.0.1/cb",
            "HTTP://127.0.0.1/cb",
        ] {
            assert!(!matches("http://127.0.0.1/cb", sent), "{sent}");
        }
        assert!(!matches("http://localhost/cb", "http://localhost:1/cb"));
        assert!(!matches("https://rp.example/cb", "https://rp.example:443/cb"));
    }

    #[test]
    fn parameters_follow_what_is_there() {
        for (uri, url) in [
            ("https://a/cb", "https://a/cb?code=x&state=%20%22"),
            ("https://a/cb?b=1", "https://a/cb?b=1&code=x&state=%20%22"),
            ("https://a/cb?", "https://a/cb?code=x&state=%20%22"),
            ("app:/redirect", "app:/redirect?code=x&state=%20%22"),
        ] {
            assert_eq!(with_parameters(uri, &[("code", "x"), ("state", " \"")]).as_str(), url);
        }
    }

    proptest! {
        #[test]
        fn any_state_comes_back_byte_for_byte(state in any::<String>()) {
            let url = with_parameters("https://rp.example/cb?x=1", &[("state", &state)]);
            prop_assert!(url.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            let parsed = Url::parse(url.as_str()).unwrap();
            let back = parsed.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
            prop_assert_eq!(back, state);
        }

        #[test]
        fn what_matches_leads_to_the_same_host(sent in "http://127\\.0\\.0\\.1[:/@.#?0-9a-z]{0,12}") {
            if matches("http://127.0.0.1/cb", &sent) {
                let url = Url::parse(&sent).unwrap();
                prop_assert_eq!((url.host_str(), url.path(), url.username()), (Some("127.0.0.1"), "/cb", ""));
            }
        }
    }
}
