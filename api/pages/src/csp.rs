//! The content security policy of our pages.

use url::Url;

/// What every page may do: nothing but show our own style and pictures.
const BASE: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// The policy for a page whose forms lead to us alone.
pub(crate) fn own() -> String {
    BASE.to_owned()
}

/// The policy for a page whose form may end at a client: browsers hold the redirects that follow a form to
/// `form-action` too, so that the place it ends at must be named.
pub(crate) fn leading_to(target: Option<&str>) -> String {
    match target.and_then(source) {
        Some(source) => format!("{BASE} {source}"),
        None => own(),
    }
}

/// A redirect URI as a source expression (CSP 3 §2.3.1): its origin; its scheme, where the scheme has no origins or the
/// grammar has no place for the host (IPv6).
fn source(target: &str) -> Option<String> {
    let url = Url::parse(target).ok()?;
    let named = match url.host() {
        Some(url::Host::Domain(_) | url::Host::Ipv4(_)) => Some(url.origin()).filter(url::Origin::is_tuple),
        Some(url::Host::Ipv6(_)) | None => None,
    };
    let source = named.map_or_else(|| format!("{}:", url.scheme()), |origin| origin.ascii_serialization());
    // Whatever a URL's parser lets through: nothing here may end the expression or the directive.
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '+' | '_');
    source.chars().all(safe).then_some(source)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_redirect_uri_becomes_its_origin() {
        let table = [
            ("https://rp.example/cb?x=1", Some("https://rp.example")),
            ("https://rp.example:8443/cb", Some("https://rp.example:8443")),
            ("http://127.0.0.1:4000/", Some("http://127.0.0.1:4000")),
            ("http://[::1]:4000/", Some("http:")),
            ("com.example.app:/cb", Some("com.example.app:")),
            ("edu.kit.data.oidc-agent:/redirect", Some("edu.kit.data.oidc-agent:")),
            ("https://rp.example;script-src/", None),
            ("not a url", None),
        ];
        for (uri, expected) in table {
            assert_eq!(source(uri).as_deref(), expected, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn no_uri_adds_a_directive(uri in "(https?://|app:)[ -~]{0,40}") {
            let policy = leading_to(Some(&uri));
            prop_assert_eq!(policy.matches(';').count(), BASE.matches(';').count());
            prop_assert!(!policy.contains('\'') || policy.matches('\'').count() == BASE.matches('\'').count());
        }
    }
}
