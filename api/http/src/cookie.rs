//! Cookies (RFC 6265): ours alone, each bound to this host and to TLS.

use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// The session's token.
pub const SESSION: Cookie = Cookie("__Host-woad");
/// What a form is bound to before anyone has signed in.
pub const PRE_LOGIN: Cookie = Cookie("__Host-woad-csrf");
/// By which a browser that has signed in before is known.
pub const DEVICE: Cookie = Cookie("__Host-woad-device");

/// A cookie's name. `__Host-` has browsers refuse one that another host, another path or plain HTTP sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookie(&'static str);

impl Cookie {
    /// Its value in a request. One that stands twice is none: of two, one was planted.
    #[must_use]
    pub fn of(self, headers: &HeaderMap) -> Option<&str> {
        let pairs =
            headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        let mut values = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            (name.trim() == self.0).then(|| value.trim())
        });
        values.next().filter(|value| values.next().is_none() && !value.is_empty())
    }

    /// `Set-Cookie` with this value: not for scripts, and sent with what the person does on our own pages and by
    /// following a link to them. Without `max_age` it ends with the browser's session. `None` for a value that no
    /// cookie can hold.
    #[must_use]
    pub fn set(self, value: &str, max_age: Option<Duration>) -> Option<HeaderValue> {
        if !value.bytes().all(is_octet) {
            return None;
        }
        let age = max_age.map(|age| format!("; Max-Age={}", age.as_secs())).unwrap_or_default();
        HeaderValue::from_str(&format!("{}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}", self.0)).ok()
    }

    /// `Set-Cookie` that removes it.
    #[must_use]
    pub fn clear(self) -> Option<HeaderValue> {
        self.set("", Some(Duration::ZERO))
    }
}

/// RFC 6265 `cookie-octet`.
const fn is_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut out = HeaderMap::new();
        for line in lines {
            out.append(COOKIE, HeaderValue::from_str(line).unwrap());
        }
        out
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name_and_only_once() {
        let value = |lines: &[&str]| SESSION.of(&headers(lines)).map(str::to_owned);
        assert_eq!(value(&["a=b; __Host-woad=x; c=d"]), Some("x".into()));
        assert_eq!(value(&["a=b", "__Host-woad=x=y"]), Some("x=y".into()));
        for none in [
            &["__Host-woad-csrf=x"][..],
            &["x__Host-woad=x"],
            &["__host-woad=x"],
            &["__Host-woad="],
            &["__Host-woad"],
            &["__Host-woad=x; __Host-woad=y"],
            &["__Host-woad=x", "__Host-woad=x"],
            &[],
        ] {
            assert_eq!(value(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_cookie_is_bound_to_this_host_and_to_tls() {
        let set = SESSION.set("abc", None).unwrap();
        assert_eq!(set, "__Host-woad=abc; Path=/; Secure; HttpOnly; SameSite=Lax");
        let set = DEVICE.set("abc", Some(Duration::from_secs(60))).unwrap();
        assert_eq!(set, "__Host-woad-device=abc; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60");
        assert_eq!(SESSION.clear().unwrap(), "__Host-woad=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
        for bad in ["a;b", "a b", "a\r\nb", "a,b", "\"a\"", "\u{e9}"] {
            assert_eq!(SESSION.set(bad, None), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(line: Vec<u8>) {
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                let mut headers = HeaderMap::new();
                headers.insert(COOKIE, value);
                let _ = SESSION.of(&headers);
            }
        }
    }
}
