//! The path of a path scope: absolute, normal, compared literally at `/` boundaries (WLCG profile §2.2).

use super::list::ScopeFault;

/// An absolute path without `.` or `..` segments, empty segments, final `/` or encodings of any of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScopePath(String);

impl ScopePath {
    /// Parses a path. One final `/` is dropped; anything else that is not normal is refused rather than repaired.
    pub(crate) fn parse(text: &str) -> Result<Self, ScopeFault> {
        let rest = text.strip_prefix('/').ok_or(ScopeFault::Path)?;
        if rest.is_empty() {
            return Ok(Self("/".to_owned()));
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        for segment in rest.split('/') {
            if segment.is_empty() || !encoding_is_harmless(segment) || is_step(segment) {
                return Err(ScopeFault::Path);
            }
        }
        Ok(Self(format!("/{rest}")))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this path or lies below it.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        if self.0 == "/" || self.0 == other.0 {
            return true;
        }
        other.0.strip_prefix(self.0.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// Whether every `%` begins an encoding of something that cannot change a path's shape, however often it is decoded.
/// What is encoded is UTF-8, since lenient decoders read a dot or slash in an overlong form of it.
fn encoding_is_harmless(segment: &str) -> bool {
    let mut parts = segment.split('%');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part.get(..2).filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let Some(byte) = byte.and_then(|hex| u8::from_str_radix(hex, 16).ok()) else { return false };
        if matches!(byte, b'/' | b'.' | b'%' | b'\\' | b';' | 0x7f) || byte < b' ' {
            return false;
        }
        decoded.push(byte);
        decoded.extend(part.bytes().skip(2));
    }
    std::str::from_utf8(&decoded).is_ok_and(|text| !text.chars().any(char::is_control))
}

/// Whether a reader would step in place or upwards here: `.` and `..`, also with parameters behind a `;` that some
/// servers take away first.
fn is_step(segment: &str) -> bool {
    matches!(segment.split(';').next(), Some("" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_normalised_once_or_refused() {
        for (given, kept) in [
            ("/", "/"),
            ("/a", "/a"),
            ("/a/", "/a"),
            ("/a/b.c", "/a/b.c"),
            ("/a%20b", "/a%20b"),
            ("/a;v=1", "/a;v=1"),
            ("/%c3%a9", "/%c3%a9"),
            ("/...", "/..."),
            ("/a..b", "/a..b"),
        ] {
            assert_eq!(ScopePath::parse(given).unwrap().as_str(), kept, "{given}");
        }
        for bad in [
            "",
            "a",
            "//",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/a/../b",
            "/a/./b",
            "/%2e%2e",
            "/%2E",
            "/a%2fb",
            "/a%2Fb",
            "/a%00",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a%252e",
            "/a%5cb",
            "/a%0a",
            "/%c0%ae%c0%ae/b",
            "/a%c0%afb",
            "/%e0%80%ae",
            "/%ff",
            "/a/..;/b",
            "/a/.;x=1/b",
            "/a/;/b",
            "/a/..%3b/b",
            "/%c2%85",
            "/a%+1",
        ] {
            assert_eq!(ScopePath::parse(bad), Err(ScopeFault::Path), "{bad}");
        }
    }

    #[test]
    fn a_path_holds_itself_and_what_lies_below() {
        let holds = |a: &str, b: &str| ScopePath::parse(a).unwrap().holds(&ScopePath::parse(b).unwrap());
        assert!(holds("/", "/a"));
        assert!(holds("/foo/bar", "/foo/bar"));
        assert!(holds("/foo/bar", "/foo/bar/baz"));
        assert!(holds("/foo/bar/", "/foo/bar"));
        assert!(!holds("/foo/bar", "/foo/bargain"));
        assert!(!holds("/foo/bar", "/foo"));
        assert!(!holds("/a.b", "/aXb"));
        assert!(!holds("/a+", "/aa"));
        assert!(!holds("/A", "/a"));
    }

    fn decoded(text: &str) -> String {
        let mut out = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                out.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
            } else {
                out.push(byte);
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    fn resolved(path: &str) -> Vec<String> {
        let mut out = Vec::new();
        for segment in path.split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    out.pop();
                }
                name => out.push(name.to_owned()),
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// However a storage service reads the granted path, decoded or not, it stays below the held one.
        #[test]
        fn nothing_outside_the_held_path_is_granted(
            held in "(/(a|b|ab|\\.|\\.\\.|%2e|%41)){0,3}/?",
            asked in "(/(a|b|ab|a\\.b|\\.|\\.\\.|%2e%2e|%2f|%61|%252e|)){0,5}/?",
        ) {
            if let (Ok(held), Ok(asked)) = (ScopePath::parse(&held), ScopePath::parse(&asked))
                && held.holds(&asked)
            {
                prop_assert!(resolved(asked.as_str()).starts_with(&resolved(held.as_str())));
                let (held, asked) = (decoded(held.as_str()), decoded(asked.as_str()));
                prop_assert!(resolved(&asked).starts_with(&resolved(&held)));
            }
        }
    }
}
