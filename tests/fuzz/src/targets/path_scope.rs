//! Path scopes (WLCG profile): nothing outside a held path is ever given, however it is written.

use woad_identity::scope::{Held, Scope, ScopeList};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "path_scope",
    run: target,
    seeds: || crate::texts(&["/a\n/a/b", "/a/b\n/a", "/\n/x", "/a%20b\n/a%20b/c", "/a\n/a/../b", "/%41\n/A/b"]),
    words: &["/", "..", ".", "%2e", "%2E%2e", "%2f", "%5c", "\\", ";", "%3b", "%00", "%25", "//", "/../", "a", "\n"],
    rounds: 20_000,
};

/// What a storage makes of a path: decoded as often as it changes, backslash as slash, parameters cut off, steps taken.
fn resolved(path: &str, decode: bool) -> Vec<String> {
    let mut text = path.to_owned();
    for next in std::iter::successors(decode.then(|| decoded(path)), |text| Some(decoded(text))) {
        if next == text {
            break;
        }
        text = next;
    }
    let mut out = Vec::new();
    for segment in text.split(['/', '\\']) {
        match segment.split(';').next().unwrap_or_default() {
            "" | "." => {}
            ".." => drop(out.pop()),
            name => out.push(name.to_owned()),
        }
    }
    out
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Two lines: the path that is held, and the one that is asked for.
pub fn target(data: &[u8]) {
    let Some((held, asked)) = crate::text(data).and_then(|text| text.split_once('\n')) else { return };
    if held.contains(' ') {
        return;
    }
    let Ok(list) = ScopeList::parse(&format!("storage.read:{held}")) else { return };
    let Ok(scope) = Scope::parse(&format!("storage.read:{asked}")) else { return };
    if Held::new(&list).allow(&scope) {
        for decode in [false, true] {
            let (outer, inner) = (resolved(held, decode), resolved(asked, decode));
            assert!(inner.starts_with(&outer), "{asked:?} leads out of {held:?}");
        }
    }
    for other in ["storage.modify", "storage.create", "storage.reader", "storage"] {
        let other = Scope::parse(&format!("{other}:{asked}"));
        assert!(!other.is_ok_and(|other| Held::new(&list).allow(&other)), "one action is not another");
    }
}
