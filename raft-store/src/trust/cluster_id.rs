//! The cluster's id.

use std::fmt;
use std::str::FromStr;

use uuid::{Builder, Uuid};

use super::{Fill, random};

/// Names one cluster for ever: a UUID, written in lower case with hyphens and in no other way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(Uuid);

/// The text is not a cluster id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cluster id")]
pub struct NotAClusterId;

impl ClusterId {
    /// A new id (RFC 9562 version 4).
    #[must_use]
    pub fn generate(fill: Fill<'_>) -> Self {
        Self(Builder::from_random_bytes(random(fill)).into_uuid())
    }
}

impl FromStr for ClusterId {
    type Err = NotAClusterId;

    fn from_str(text: &str) -> Result<Self, NotAClusterId> {
        let id = Self(Uuid::try_parse(text).map_err(|_| NotAClusterId)?);
        if id.to_string() == text { Ok(id) } else { Err(NotAClusterId) }
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_only() {
        let id = ClusterId::generate(&|bytes| bytes.fill(0xab));
        assert_eq!(id.to_string().parse(), Ok(id));
        let text = id.to_string();
        for wrong in [text.to_uppercase(), text.replace('-', ""), format!("{{{text}}}"), format!("urn:uuid:{text}")] {
            assert_eq!(wrong.parse::<ClusterId>(), Err(NotAClusterId), "{wrong}");
        }
        assert_eq!("".parse::<ClusterId>(), Err(NotAClusterId));
    }
}
