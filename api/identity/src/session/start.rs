//! Beginning a session.

use std::net::IpAddr;

use raft_store_core::{Abort, Read, Stored, Tx};

use super::list::records;
use super::live::LiveSession;
use super::record::{Amr, Session, Sessions};
use crate::opaque::TokenHash;
use crate::realm::Realms;
use crate::user::Users;

/// Sessions one person may have: the oldest goes for a new one. Bounds what ending them all writes.
pub const MAX_SESSIONS: usize = 50;
/// Characters kept of what a browser calls itself: enough to tell browsers apart.
const MAX_USER_AGENT: usize = 200;

/// What a new session is made from.
#[derive(Clone, Debug)]
pub struct SessionSeed {
    /// Of a fresh token.
    pub hash: TokenHash,
    /// How the person proved who they are.
    pub amr: Vec<Amr>,
    /// Where they are.
    pub address: Option<IpAddr>,
    /// Their browser, as it calls itself.
    pub user_agent: String,
}

/// Begins a session of a person who proved who they are. The one that the browser had before ends.
pub(crate) fn start(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    user: Stored<Users>,
    seed: &SessionSeed,
    old: Option<&TokenHash>,
) -> Result<LiveSession, Abort> {
    let now = tx.now();
    if let Some(old) = old {
        tx.delete::<Sessions>(&(realm.key.clone(), *old))?;
    }
    let held = records(tx, &realm.key, user.key.1)?;
    for surplus in held.iter().skip(MAX_SESSIONS - 1) {
        tx.delete::<Sessions>(&surplus.key)?;
    }
    let row = Session {
        user: user.key.1.0.to_vec(),
        created_ms: now.0,
        auth_time_ms: now.0,
        last_seen_ms: now.0,
        idle_end_ms: now.plus_ms(u64::from(realm.row.session_idle_seconds) * 1000).0,
        absolute_end_ms: now.plus_ms(u64::from(realm.row.session_absolute_seconds) * 1000).0,
        amr: seed.amr.iter().map(|amr| amr.stored()).collect(),
        born_revision: tx.revision().0,
        address: seed.address.map(|address| address.to_string()).unwrap_or_default(),
        user_agent: printable(&seed.user_agent),
    };
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<Sessions>((realm.key.clone(), seed.hash), row.clone())?;
    LiveSession::new(seed.hash, row, user)
}

/// The beginning of what a browser calls itself, without what could deceive whoever reads it.
fn printable(user_agent: &str) -> String {
    user_agent.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_USER_AGENT).collect()
}
