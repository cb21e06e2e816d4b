//! Host names under which a realm answers.

use url::Host;

/// Longest host name with port: 253 of DNS, and `:65535`.
const MAX_HOST: usize = 259;

/// A `Host` header's value: name or address, and the port unless it is 443; lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

/// Text that is no `host[:port]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a host name with an optional port")]
pub struct InvalidHost;

impl HostName {
    /// Parses and normalises.
    ///
    /// # Errors
    /// When it is not `host[:port]` in ASCII: international names come in their `xn--` form.
    pub fn parse(text: &str) -> Result<Self, InvalidHost> {
        if text.is_empty() || text.len() > MAX_HOST {
            return Err(InvalidHost);
        }
        let text = text.to_ascii_lowercase();
        let (name, port) = split(&text).ok_or(InvalidHost)?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        let bracketed = name.starts_with('[');
        if !bracketed && (!name.bytes().all(plain) || name.split('.').any(bad_label)) {
            return Err(InvalidHost);
        }
        let host = Host::parse(name).map_err(|_| InvalidHost)?.to_string();
        // The parser reads `0x7f.1` as an address: a name must come out as it went in.
        if !bracketed && host != name {
            return Err(InvalidHost);
        }
        Ok(Self(match port {
            None | Some(443) => host,
            Some(port) => format!("{host}:{port}"),
        }))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn bad_label(label: &str) -> bool {
    label.is_empty() || label.len() > 63 || label.starts_with('-') || label.ends_with('-')
}

fn split(text: &str) -> Option<(&str, Option<u16>)> {
    let after_name = if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
    let (name, rest) = text.split_at_checked(after_name)?;
    if rest.is_empty() {
        return Some((name, None));
    }
    let digits = rest.strip_prefix(':')?;
    if digits.is_empty() || digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((name, Some(digits.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hosts_are_normalised() {
        for (given, kept) in [
            ("IAM.Example.org", "iam.example.org"),
            ("iam.example.org:443", "iam.example.org"),
            ("127.0.0.1:8443", "127.0.0.1:8443"),
            ("[::1]:8443", "[::1]:8443"),
            ("[0:0::1]", "[::1]"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(HostName::parse(given).unwrap().as_str(), kept, "{given}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in [
            "",
            "a b",
            "a/b",
            "u@h",
            "a:b",
            "a:0",
            "a:99999",
            "a:",
            "::1",
            "[::1",
            "[::1]x",
            "a..b",
            ".a",
            "a.",
            "-a",
            "a%2eb",
            "ä.org",
            "0x7f.1",
            "127.1",
            "a\0",
            "a.:443",
            "a:443:443",
            "a:+1",
            "a:００",
            "ｅxample.org",
            "a#",
            "a?",
            "a\\b",
            "a,b",
            "[::1%eth0]",
            "[127.0.0.1]",
            "127.0.0.1.",
            "1",
            "0177.0.0.1",
            "a_b",
        ] {
            assert_eq!(HostName::parse(bad), Err(InvalidHost), "{bad:?}");
        }
    }

    proptest! {
        /// A host that passes is one name in one form, and reads as the same host everywhere.
        #[test]
        fn any_text_is_a_host_in_one_form_or_refused(
            text in prop_oneof![".*", "[a-zA-Z0-9.:\\[\\]@/%_-]{0,40}", "[A-Za-z0-9-]{1,20}(\\.[A-Za-z0-9-]{1,20}){0,3}(:[0-9]{1,6})?"],
        ) {
            if let Ok(host) = HostName::parse(&text) {
                prop_assert_eq!(HostName::parse(host.as_str()), Ok(host.clone()));
                prop_assert_eq!(HostName::parse(&text.to_ascii_uppercase()), Ok(host.clone()));
                prop_assert!(host.as_str().bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase()));
                let url = url::Url::parse(&format!("https://{text}/")).unwrap();
                let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
                prop_assert_eq!(format!("{}{port}", url.host_str().unwrap()), host.as_str());
            }
        }
    }
}
