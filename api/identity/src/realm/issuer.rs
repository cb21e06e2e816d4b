//! Issuers: opaque strings, published byte for byte as configured.

use url::{Host, Url};

use super::host::HostName;

/// Longest issuer: it travels in every token.
const MAX_ISSUER: usize = 255;

/// An issuer: an `https` URL of a host alone, or `http` on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    host: HostName,
}

/// Why an issuer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIssuer {
    /// No absolute URL of a host, too long, or not written in its normal form.
    #[error("the issuer is not a URL of a host")]
    NotAUrl,
    /// Neither `https` nor `http` on a loopback address.
    #[error("the issuer must be https (http only on loopback)")]
    NotHttps,
    /// It has user info, query or fragment.
    #[error("the issuer must not have user info, query or fragment")]
    Extra,
    /// It has a path of its own.
    #[error("the issuer must not have a path")]
    Path,
}

impl Issuer {
    /// Checks an issuer; the text is kept as it is, with or without a final `/`.
    ///
    /// # Errors
    /// See [`InvalidIssuer`].
    pub fn parse(text: &str) -> Result<Self, InvalidIssuer> {
        if text.len() > MAX_ISSUER || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidIssuer::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| InvalidIssuer::NotAUrl)?;
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => return Err(InvalidIssuer::NotAUrl),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err(InvalidIssuer::NotHttps),
        }
        let extra = !url.username().is_empty() || url.password().is_some() || text.contains('@');
        if extra || text.contains(['?', '#']) {
            return Err(InvalidIssuer::Extra);
        }
        if url.path() != "/" {
            return Err(InvalidIssuer::Path);
        }
        // Relying parties compare bytes: what a parser would write differently is a mistake now rather than later.
        if url.as_str().trim_end_matches('/') != text.strip_suffix('/').unwrap_or(text) {
            return Err(InvalidIssuer::NotAUrl);
        }
        let authority = text.split_once("://").map_or("", |(_, rest)| rest.strip_suffix('/').unwrap_or(rest));
        let host = HostName::parse(authority).map_err(|_| InvalidIssuer::NotAUrl)?;
        Ok(Self { text: text.to_owned(), host })
    }

    /// The issuer as configured.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host under which its endpoints are found.
    #[must_use]
    pub const fn host(&self) -> &HostName {
        &self.host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_kept_byte_for_byte() {
        for good in [
            "https://iam.example.org",
            "https://iam.example.org/",
            "https://iam.example.org:8443",
            "http://127.0.0.1:8080/",
            "http://localhost:8080",
            "https://[::1]:8443/",
        ] {
            assert_eq!(Issuer::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn what_is_no_issuer_is_refused() {
        use InvalidIssuer::{Extra, NotAUrl, NotHttps, Path};
        for (bad, why) in [
            ("", NotAUrl),
            ("iam.example.org", NotAUrl),
            ("http://iam.example.org", NotHttps),
            ("ftp://iam.example.org", NotHttps),
            ("https://iam.example.org/a", Path),
            ("https://iam.example.org/?a", Extra),
            ("https://iam.example.org#a", Extra),
            ("https://u:p@iam.example.org", Extra),
            ("https://IAM.example.org", NotAUrl),
            ("https://iam.example.org//", Path),
            ("https://iam.example.org:443", NotAUrl),
            ("https://iam.example.org/\u{202e}", NotAUrl),
        ] {
            assert_eq!(Issuer::parse(bad), Err(why), "{bad:?}");
        }
    }
}
