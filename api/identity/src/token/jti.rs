//! Token ids: a `jti` says when the token was issued, and under which grant.
//!
//! Text form, version 1, of URL-safe characters only:
//!
//! ```text
//! w1.<revision>.<grant>.<random>
//! ```
//!
//! - `revision`: of the state the token was issued from; lower-case hexadecimal without leading zeros.
//! - `grant`: `0`, or the grant's 128-bit id in base64url (22 characters).
//! - `random`: 128 fresh bits in base64url (22 characters).
//!
//! A token is live only if its revision is at least that of every "not before" marker that concerns it: a marker's
//! revision is that of the commit that killed, and a state at or above it has seen the kill.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::{Revision, key_newtype};

const VERSION: &str = "w1";
const NO_GRANT: &str = "0";

/// A grant: what a user allowed a client, or one device flow, or one session; refresh tokens and access tokens hang
/// on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId(pub [u8; 16]);

key_newtype!(GrantId);

/// A token's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jti {
    /// When it was issued.
    pub revision: Revision,
    /// Under which grant; client credentials have none.
    pub grant: Option<GrantId>,
    /// What makes it unique and not to be guessed.
    pub random: [u8; 16],
}

/// Text that is no `jti` of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token id of this issuer")]
pub struct InvalidJti;

impl Jti {
    /// Parses the one text form that [`fmt::Display`] writes; every other is refused.
    ///
    /// # Errors
    /// When it is not that.
    pub fn parse(text: &str) -> Result<Self, InvalidJti> {
        let mut parts = text.split('.');
        let (Some(VERSION), Some(revision), Some(grant), Some(random), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidJti);
        };
        let jti = Self {
            revision: Revision(u64::from_str_radix(revision, 16).map_err(|_| InvalidJti)?),
            grant: if grant == NO_GRANT { None } else { Some(GrantId(bits(grant)?)) },
            random: bits(random)?,
        };
        if jti.to_string() == text { Ok(jti) } else { Err(InvalidJti) }
    }
}

fn bits(text: &str) -> Result<[u8; 16], InvalidJti> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidJti)?;
    bytes.try_into().map_err(|_| InvalidJti)
}

impl fmt::Display for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grant = self.grant.map_or_else(|| NO_GRANT.to_owned(), |grant| BASE64_URL_SAFE_NO_PAD.encode(grant.0));
        let random = BASE64_URL_SAFE_NO_PAD.encode(self.random);
        write!(f, "{VERSION}.{:x}.{grant}.{random}", self.revision.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_form_is_stable() {
        let jti = Jti { revision: Revision(0x2a), grant: None, random: [0xff; 16] };
        assert_eq!(jti.to_string(), "w1.2a.0._____________________w");
        let jti = Jti { grant: Some(GrantId([0; 16])), ..jti };
        assert_eq!(jti.to_string(), "w1.2a.AAAAAAAAAAAAAAAAAAAAAA._____________________w");
    }

    #[test]
    fn other_text_is_refused() {
        let random = "_____________________w";
        for bad in [
            String::new(),
            "7a2c6ff6-7d54-4a4b-9b1f-0e1c9b1a2d3e".to_owned(),
            format!("w2.1.0.{random}"),
            format!("w1.01.0.{random}"),
            format!("w1.2A.0.{random}"),
            format!("w1.+1.0.{random}"),
            format!("w1.11111111111111111.0.{random}"),
            format!("w1..0.{random}"),
            format!("w1.1.00.{random}"),
            format!("w1.1.0.{random}."),
            "w1.1.0._____________________x".to_owned(),
            "w1.1.0.____".to_owned(),
        ] {
            assert_eq!(Jti::parse(&bad), Err(InvalidJti), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_form_round_trips(
            revision: u64, grant in proptest::option::of(any::<[u8; 16]>()), random: [u8; 16],
        ) {
            let jti = Jti { revision: Revision(revision), grant: grant.map(GrantId), random };
            prop_assert_eq!(Jti::parse(&jti.to_string()), Ok(jti));
        }

        #[test]
        fn no_text_is_two_ids(text in "w1\\.[0-9a-f]{1,17}\\.[0A-Za-z_-]{1,22}\\.[0-9A-Za-z_-]{22}") {
            if let Ok(jti) = Jti::parse(&text) {
                prop_assert_eq!(jti.to_string(), text);
            }
        }
    }
}
