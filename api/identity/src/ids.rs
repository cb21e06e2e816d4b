//! Identifiers, checked once where they come in.

use std::fmt;

use raft_store_core::key_newtype;

/// Longest client id: INDIGO's column, and it travels in every token.
pub const MAX_CLIENT_ID: usize = 256;
/// Longest realm id: it begins every key.
pub const MAX_REALM_ID: usize = 63;
/// Longest key id: it travels in every token's header.
pub const MAX_KID: usize = 64;

/// Text that is no identifier of this kind. Does not echo it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {0}")]
pub struct InvalidId(&'static str);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Checks and takes an identifier.
            ///
            /// # Errors
            /// When it is none of this kind.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId($what)) }
            }

            /// The identifier's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }
    };
}

id!(
    /// A realm: lower-case letters, digits and inner hyphens, at most [`MAX_REALM_ID`].
    RealmId,
    "realm id",
    |text| {
        (1..=MAX_REALM_ID).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
    }
);
id!(
    /// A client: visible ASCII (RFC 6749 appendix A.1 less the space, since audiences are split at spaces), at most
    /// [`MAX_CLIENT_ID`]. Not `.` or `..`, which no URL can name: they would be taken for a step in its path.
    ClientId,
    "client id",
    |text| {
        (1..=MAX_CLIENT_ID).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && !matches!(text, "." | "..")
    }
);
id!(
    /// A signing key: letters, digits, `-`, `_`, `.`, at most [`MAX_KID`].
    Kid,
    "key id",
    |text| {
        (1..=MAX_KID).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    }
);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// A new id from fresh random bytes: a UUID of version 4.
            #[must_use]
            pub fn from_random(random: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(random).into_uuid().into_bytes())
            }

            /// Takes the one text form that [`fmt::Display`] writes, in any case.
            ///
            /// # Errors
            /// When it is none.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                if text.len() != 36 {
                    return Err(InvalidId($what));
                }
                uuid::Uuid::try_parse(text).map(|id| Self(id.into_bytes())).map_err(|_| InvalidId($what))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                uuid::Uuid::from_bytes(self.0).hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }
    };
}

uuid_id!(
    /// A person, or a service account: the `sub` of its tokens.
    UserId,
    "user id"
);
uuid_id!(
    /// A group.
    GroupId,
    "group id"
);

key_newtype!(RealmId, ClientId, Kid, UserId, GroupId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realm_ids_are_lower_case_labels() {
        for good in ["a", "wlcg", "vo-2", "0"] {
            assert!(RealmId::parse(good).is_ok(), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["", "A", "-a", "a-", "a.b", "a b", "ä", "a\0", long.as_str()] {
            assert!(RealmId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn client_ids_are_visible_ascii() {
        let longest = "x".repeat(MAX_CLIENT_ID);
        for good in ["host:se.example.org", "7b9…".trim_end_matches('…'), longest.as_str(), "a/b%c"] {
            assert!(ClientId::parse(good).is_ok(), "{good}");
        }
        let long = "x".repeat(MAX_CLIENT_ID + 1);
        for bad in ["", " ", ".", "..", "a b", "a\n", "a\0", "a\u{202e}b", "a\u{200b}", long.as_str()] {
            assert!(ClientId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn key_ids_cannot_leave_their_folder() {
        for bad in ["", "../../dev/null", "a'b", "a b"] {
            assert!(Kid::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Kid::parse("es256-1").unwrap().as_str(), "es256-1");
    }
}
