//! The cluster's side of join tokens: made, kept as a hash, and used up by the first who proves one.

use std::time::Duration;

use prost::Message;
use raft_store_core::{Abort, Read, Table, TableId, Timestamp, Tx};

use super::address::PeerAddress;
use super::events;
use super::join_token::{JoinToken, TokenId, TokenSecret};
use super::rotation::JoinTokensNotBefore;

/// How long a token works when nobody says otherwise: long enough to start a machine.
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);
/// The longest life of a token: it lets a machine read everything, so it must not lie about for long.
pub const MAX_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);
/// The shortest life of a token: less could not be carried to another machine.
pub const MIN_LIFETIME: Duration = Duration::from_secs(10);

/// Live join tokens by id.
pub struct JoinTokens;

/// What is kept of a token.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct JoinTokenRow {
    /// SHA-256 of the secret.
    #[prost(bytes = "vec", tag = "1")]
    pub secret_hash: Vec<u8>,
    /// Cluster time at which it ceases to work, ms.
    #[prost(uint64, tag = "2")]
    pub expires_ms: u64,
    /// Cluster time at which it was made, ms.
    #[prost(uint64, tag = "3")]
    pub created_ms: u64,
    /// The one advertised address that may use it; empty: any.
    #[prost(string, tag = "4")]
    pub bound_address: String,
}

impl Table for JoinTokens {
    type Key = TokenId;
    type Row = JoinTokenRow;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = TableId(10);
    const NAME: &'static str = "join_tokens";
    fn expires(row: &JoinTokenRow) -> Option<Timestamp> {
        Some(Timestamp(row.expires_ms))
    }
}

/// A life below [`MIN_LIFETIME`] or above [`MAX_LIFETIME`] was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a join token lives between {} and {} seconds", MIN_LIFETIME.as_secs(), MAX_LIFETIME.as_secs())]
pub struct BadLifetime;

/// Why a token doesn't let a node in. For the log: whoever presents one is told only that it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefused {
    /// It never was, expired, or was used.
    #[error("join token is unknown, expired or used")]
    Unknown,
    /// The id is right and the secret is not.
    #[error("join token's secret is wrong")]
    WrongSecret,
    /// It is bound to another node's address.
    #[error("join token is bound to another address")]
    WrongAddress,
}

/// Keeps a new token for `valid` from now. Answers when it expires.
///
/// # Errors
/// Inner: [`BadLifetime`]; nothing is written then. Outer: pass it on.
pub fn create(
    tx: &mut Tx<'_>,
    token: &JoinToken,
    valid: Duration,
    bound: Option<&PeerAddress>,
) -> Result<Result<Timestamp, BadLifetime>, Abort> {
    if !(MIN_LIFETIME..=MAX_LIFETIME).contains(&valid) {
        return Ok(Err(BadLifetime));
    }
    let now = tx.now();
    let expires = now.plus_ms(u64::try_from(valid.as_millis()).unwrap_or(u64::MAX));
    let row = JoinTokenRow {
        secret_hash: token.secret.hash(),
        expires_ms: expires.0,
        created_ms: now.0,
        bound_address: bound.map(ToString::to_string).unwrap_or_default(),
    };
    if tx.insert::<JoinTokens>(token.id, row)?.is_err() {
        // 64 random bits came up twice: rather no token than another's.
        return Err(Abort::corrupt("join token id drawn twice"));
    }
    let detail = format!("expires_ms={}", expires.0);
    events::record(tx, events::TOKEN_CREATED, token.id.to_string(), detail);
    Ok(Ok(expires))
}

/// Uses a token up, in the transaction that lets the node in: commit when it answers `Ok`, answer without commit
/// otherwise. A wrong secret leaves the token as it was.
///
/// # Errors
/// Inner: [`JoinRefused`]; nothing is written then. Outer: pass it on.
pub fn redeem(
    tx: &mut Tx<'_>,
    id: TokenId,
    secret: &TokenSecret,
    address: &PeerAddress,
) -> Result<Result<(), JoinRefused>, Abort> {
    let Some(token) = tx.get::<JoinTokens>(&id)? else {
        // The same work as for a token that exists.
        let _ = secret.matches(&[0; 32]);
        return Ok(Err(JoinRefused::Unknown));
    };
    if tx.marker::<JoinTokensNotBefore>(&())?.is_some_and(|void| token.revision < void) {
        let _ = secret.matches(&[0; 32]);
        return Ok(Err(JoinRefused::Unknown));
    }
    if !secret.matches(&token.row.secret_hash) {
        return Ok(Err(JoinRefused::WrongSecret));
    }
    let bound = &token.row.bound_address;
    if !bound.is_empty() && *bound != address.to_string() {
        return Ok(Err(JoinRefused::WrongAddress));
    }
    tx.delete::<JoinTokens>(&id)?;
    events::record(tx, events::TOKEN_REDEEMED, id.to_string(), format!("address={address}"));
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use raft_store_core::Outcome;
    use raft_store_core::memory::MemoryStore;

    use super::*;
    use crate::trust::testing::{self, NOW};

    fn address() -> PeerAddress {
        "10.0.0.4:7000".parse().unwrap()
    }

    fn world(bound: Option<&PeerAddress>) -> (Arc<MemoryStore>, JoinToken) {
        let store = MemoryStore::new(NOW);
        let token = JoinToken::generate(testing::ca(1).pin(), vec![address()], &testing::fill).unwrap();
        let made = store.run(|tx| create(tx, &token, DEFAULT_LIFETIME, bound).map(Outcome::Commit)).unwrap();
        assert_eq!(made, Ok(NOW.plus_ms(3_600_000)));
        (store, token)
    }

    fn try_redeem(store: &MemoryStore, token: &JoinToken, address: &PeerAddress) -> Result<(), JoinRefused> {
        let run = |tx: &mut Tx<'_>| {
            let answer = redeem(tx, token.id, &token.secret, address)?;
            Ok(if answer.is_ok() { Outcome::Commit(answer) } else { Outcome::Answer(answer) })
        };
        store.run(run).unwrap()
    }

    #[test]
    fn a_token_lets_one_node_in_once() {
        let (store, token) = world(None);
        assert_eq!(try_redeem(&store, &token, &address()), Ok(()));
        assert_eq!(try_redeem(&store, &token, &address()), Err(JoinRefused::Unknown));
    }

    #[test]
    fn a_wrong_secret_is_refused_and_burns_nothing() {
        let (store, token) = world(None);
        let wrong = JoinToken { secret: TokenSecret::generate(&testing::fill), ..token.clone() };
        assert_eq!(try_redeem(&store, &wrong, &address()), Err(JoinRefused::WrongSecret));
        let unknown = JoinToken { id: TokenId([0; 8]), ..token.clone() };
        assert_eq!(try_redeem(&store, &unknown, &address()), Err(JoinRefused::Unknown));
        assert_eq!(try_redeem(&store, &token, &address()), Ok(()));
    }

    #[test]
    fn an_expired_token_is_refused() {
        let (store, token) = world(None);
        store.set_now(NOW.plus_ms(3_599_999));
        assert_eq!(store.look(|view| view.get::<JoinTokens>(&token.id)).unwrap().unwrap().key, token.id);
        store.set_now(NOW.plus_ms(3_600_000));
        assert_eq!(try_redeem(&store, &token, &address()), Err(JoinRefused::Unknown));
    }

    #[test]
    fn a_bound_token_lets_only_its_node_in() {
        let (store, token) = world(Some(&address()));
        assert_eq!(try_redeem(&store, &token, &"10.0.0.5:7000".parse().unwrap()), Err(JoinRefused::WrongAddress));
        assert_eq!(try_redeem(&store, &token, &address()), Ok(()));
    }

    #[test]
    fn lives_outside_the_bounds_are_refused() {
        let store = MemoryStore::new(NOW);
        let token = JoinToken::generate(testing::ca(1).pin(), vec![address()], &testing::fill).unwrap();
        let (short, long) = (MIN_LIFETIME.mul_f32(0.9), MAX_LIFETIME.mul_f32(1.1));
        for valid in [Duration::ZERO, short, long, Duration::MAX] {
            let made = store.run(|tx| create(tx, &token, valid, None).map(Outcome::Answer)).unwrap();
            assert_eq!(made, Err(BadLifetime), "{valid:?}");
        }
    }

    #[test]
    fn making_and_using_are_audited_and_the_secret_is_nowhere() {
        let (store, token) = world(None);
        try_redeem(&store, &token, &address()).unwrap();
        let events = store.look(|view| view.audit_events("", 1, 10)).unwrap();
        let actions: Vec<_> = events
            .iter()
            .map(|event| serde_json::from_slice::<events::TrustEvent>(&event.body).unwrap())
            .map(|event| (event.action, event.subject))
            .collect();
        let id = token.id.to_string();
        assert_eq!(actions, [(events::TOKEN_CREATED.into(), id.clone()), (events::TOKEN_REDEEMED.into(), id)]);
        for (_, key, value) in store.kv().dump() {
            for bytes in [key, value] {
                assert!(!bytes.windows(32).any(|window| window == token.secret.expose()));
            }
        }
    }
}
