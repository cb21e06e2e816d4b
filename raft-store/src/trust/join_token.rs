//! A join token as an operator carries it to a new node.
//!
//! `woad1.<token id>.<secret>.<pin of the authority>.<addresses>`: all that a node needs to find the cluster, to know
//! that it is the right one, and to prove that it may join. The id is in hex, the rest in base64url without padding
//! (RFC 4648 §5); the addresses are `host:port`, separated by commas.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::constant_time;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::address::PeerAddress;
use super::ca::CaPin;
use super::hex::Hex;
use super::{Fill, random};

const VERSION: &str = "woad1";
/// A cluster has three to five members; learners and moves allow for more. Bounds what is tried one after another.
pub const MAX_ADDRESSES: usize = 16;
/// The longest token: 16 of the longest addresses in base64, and the rest.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Names a token in logs and in the audit chain. Not secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(pub [u8; 8]);

raft_store_core::key_newtype!(TokenId);

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TokenId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let number = u64::from_str_radix(text, 16).map_err(|_| Malformed)?;
        let id = Self(number.to_be_bytes());
        if id.to_string() == text { Ok(id) } else { Err(Malformed) }
    }
}

/// 256 random bits. Never printed; stored as a hash only.
#[derive(Clone)]
pub struct TokenSecret(Zeroizing<[u8; 32]>);

impl TokenSecret {
    /// A new secret.
    #[must_use]
    pub fn generate(fill: Fill<'_>) -> Self {
        Self(Zeroizing::new(random(fill)))
    }

    /// The secret as it travels to the cluster.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The secret as it came.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        if bytes.len() != secret.len() {
            return None;
        }
        secret.copy_from_slice(bytes);
        Some(Self(secret))
    }

    /// SHA-256: the secret has 256 bits of its own, so nothing slower is needed.
    pub(super) fn hash(&self) -> Vec<u8> {
        digest(&SHA256, self.0.as_ref()).as_ref().to_vec()
    }

    /// Compares in constant time.
    pub(super) fn matches(&self, hash: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&self.hash(), hash).is_ok()
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The text is not a join token. Doesn't say what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a join token")]
pub struct Malformed;

/// A parsed token.
#[derive(Clone, Debug)]
pub struct JoinToken {
    /// Which one.
    pub id: TokenId,
    /// What proves it.
    pub secret: TokenSecret,
    /// The authority that the cluster must show.
    pub pin: CaPin,
    /// Members' peer listeners; at least one, at most [`MAX_ADDRESSES`].
    pub addresses: Vec<PeerAddress>,
}

impl JoinToken {
    /// A new token. `None` when there is no address, or too many.
    #[must_use]
    pub fn generate(pin: CaPin, addresses: Vec<PeerAddress>, fill: Fill<'_>) -> Option<Self> {
        let bounded = (1..=MAX_ADDRESSES).contains(&addresses.len());
        bounded.then(|| Self { id: TokenId(random(fill)), secret: TokenSecret::generate(fill), pin, addresses })
    }

    /// The token's text: a secret.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.secret.expose()));
        Zeroizing::new(format!(
            "{VERSION}.{}.{}.{}.{}",
            self.id,
            secret.as_str(),
            URL_SAFE_NO_PAD.encode(self.pin.0),
            URL_SAFE_NO_PAD.encode(addresses.join(",")),
        ))
    }
}

impl FromStr for JoinToken {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Malformed);
        }
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(Malformed);
        if part()? != VERSION {
            return Err(Malformed);
        }
        let (id, secret, pin, addresses) = (part()?, part()?, part()?, part()?);
        if parts.next().is_some() {
            return Err(Malformed);
        }
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| Malformed);
        let addresses = decode(addresses)?;
        let addresses = std::str::from_utf8(&addresses).map_err(|_| Malformed)?;
        let addresses = addresses.split(',').map(str::parse).collect::<Result<Vec<_>, _>>().map_err(|_| Malformed)?;
        if addresses.len() > MAX_ADDRESSES {
            return Err(Malformed);
        }
        Ok(Self {
            id: id.parse()?,
            secret: TokenSecret::from_bytes(&decode(secret)?).ok_or(Malformed)?,
            pin: CaPin(decode(pin)?.as_slice().try_into().map_err(|_| Malformed)?),
            addresses,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::testing;

    fn token() -> JoinToken {
        let addresses = ["10.0.0.1:7000", "[::1]:7000", "node-3.example.org:7000"];
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        JoinToken::generate(testing::ca(1).pin(), addresses, &testing::fill).unwrap()
    }

    #[test]
    fn text_says_everything() {
        let token = token();
        let parsed: JoinToken = token.to_text().parse().unwrap();
        assert_eq!((parsed.id, parsed.pin, &parsed.addresses), (token.id, token.pin, &token.addresses));
        assert_eq!(parsed.secret.expose(), token.secret.expose());
    }

    #[test]
    fn only_the_exact_form_is_a_token() {
        let text = token().to_text();
        let parts: Vec<&str> = text.split('.').collect();
        let with = |at: usize, part: &str| {
            let mut parts = parts.clone();
            parts[at] = part;
            parts.join(".")
        };
        let many = vec!["10.0.0.1:1"; MAX_ADDRESSES + 1].join(",");
        let b64 = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for (what, wrong) in [
            ("empty", String::new()),
            ("dots", "....".to_owned()),
            ("version", with(0, "woad2")),
            ("version's case", with(0, "WOAD1")),
            ("space before", format!(" {}", *text)),
            ("newline after", format!("{}\n", *text)),
            ("part missing", parts[..4].join(".")),
            ("part more", format!("{}.", *text)),
            ("id not hex", with(1, "zzzzzzzzzzzzzzzz")),
            ("id short", with(1, "abcd")),
            ("id with a sign", with(1, "+123456789abcdef")),
            ("id in capitals", with(1, "ABCDEF0123456789")),
            ("id empty", with(1, "")),
            ("secret empty", with(2, "")),
            ("secret short", with(2, &URL_SAFE_NO_PAD.encode([1; 31]))),
            ("secret long", with(2, &URL_SAFE_NO_PAD.encode([1; 33]))),
            ("secret padded", with(2, &format!("{}=", parts[2]))),
            ("secret of another alphabet", with(2, &"+".repeat(43))),
            ("secret with loose last bits", with(2, &format!("{}B", "A".repeat(42)))),
            ("pin short", with(3, &URL_SAFE_NO_PAD.encode([1; 16]))),
            ("no address", with(4, "")),
            ("bad address", with(4, &b64("10.0.0.1"))),
            ("empty address", with(4, &b64("10.0.0.1:1,"))),
            ("address with a space", with(4, &b64("10.0.0.1:1, 10.0.0.2:1"))),
            ("too many addresses", with(4, &b64(&many))),
            ("addresses not UTF-8", with(4, &URL_SAFE_NO_PAD.encode([0xff; 8]))),
            ("huge", format!("{}{}", *text, "A".repeat(MAX_TOKEN_BYTES))),
        ] {
            assert_eq!(wrong.parse::<JoinToken>().err(), Some(Malformed), "{what}");
        }
    }

    #[test]
    fn longest_token_parses() {
        let label = "a".repeat(63);
        let name = format!("{label}.{label}.{label}.{}:65535", "a".repeat(61));
        let addresses = vec![name.parse().unwrap(); MAX_ADDRESSES];
        let token = JoinToken::generate(testing::ca(1).pin(), addresses, &testing::fill).unwrap();
        assert!(token.to_text().parse::<JoinToken>().is_ok());
        assert!(JoinToken::generate(token.pin, vec![], &testing::fill).is_none());
    }

    #[test]
    fn debug_does_not_tell_the_secret() {
        let token = token();
        let shown = format!("{token:?}");
        let secret = URL_SAFE_NO_PAD.encode(token.secret.expose());
        assert!(shown.contains("[redacted]") && shown.contains(&token.id.to_string()));
        assert!(!shown.contains(&secret) && !shown.contains(&format!("{:?}", token.secret.expose())));
    }
}
