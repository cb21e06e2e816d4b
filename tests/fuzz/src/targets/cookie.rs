//! Cookies: ours alone, and only when there is one of them.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use woad_http::cookie::{DEVICE, PRE_LOGIN, SESSION};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "cookie",
    run: target,
    seeds: || crate::texts(&["a=b; __Host-woad=x; c=d", "__Host-woad=x; __Host-woad=y", "__Host-woad-csrf=AAAA\n__Host-woad-device=BBBB"]),
    words: &["__Host-woad=", "__Host-woad-csrf=", ";", "=", " ", "\n", "\"", "__host-woad=", "\t"],
    rounds: 20_000,
};

/// Lines, each a header. What is found stands there once under its whole name.
pub fn target(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n').take(16) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(COOKIE, value);
        }
    }
    for (cookie, name) in [(SESSION, "__Host-woad"), (PRE_LOGIN, "__Host-woad-csrf"), (DEVICE, "__Host-woad-device")] {
        let Some(value) = cookie.of(&headers) else { continue };
        assert!(!value.is_empty() && !value.contains(';'));
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
        let found: Vec<&str> = pairs.filter(|(known, _)| known.trim() == name).map(|(_, value)| value.trim()).collect();
        assert_eq!(found, [value], "there is one of them");
        let _ = cookie.set(value, None);
    }
}
