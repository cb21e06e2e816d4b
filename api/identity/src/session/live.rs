//! Whether a session counts.

use raft_store_core::{Abort, Outcome, Read, Revision, Stored, Timestamp, Tx};

use super::TOUCH_EVERY_MS;
use super::list::SessionId;
use super::record::{Amr, Session, Sessions};
use crate::ids::RealmId;
use crate::opaque::TokenHash;
use crate::realm::{RealmNotBefore, Realms};
use crate::user::{self, UserNotBefore, Users};
use crate::{Decided, refuse};

/// Why there is no session. For logs: whoever has none is asked to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSession {
    /// Never there, ended, or over.
    #[error("no such session")]
    Unknown,
    /// Everything of the realm of its time was ended.
    #[error("sessions of the realm ended")]
    RealmEnded,
    /// Everything of the person of its time was ended: suspended, deleted, another password.
    #[error("sessions of the user ended")]
    UserEnded,
    /// The person is gone.
    #[error("user of the session is gone")]
    UserGone,
    /// The person may not act.
    #[error("user of the session is not active")]
    UserInactive,
}

/// A session that counts, with its person, at one state. Can only be had from [`live`] and from a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSession {
    hash: TokenHash,
    row: Session,
    user: Stored<Users>,
    amr: Vec<Amr>,
}

impl LiveSession {
    pub(super) fn new(hash: TokenHash, row: Session, user: Stored<Users>) -> Result<Self, Abort> {
        let amr = row.amr()?;
        Ok(Self { hash, row, user, amr })
    }

    /// Its public name.
    #[must_use]
    pub fn id(&self) -> SessionId {
        SessionId::of(&self.hash)
    }

    /// Under what it is kept.
    #[must_use]
    pub const fn hash(&self) -> &TokenHash {
        &self.hash
    }

    /// Whose it is.
    #[must_use]
    pub const fn user(&self) -> &Stored<Users> {
        &self.user
    }

    /// When the person proved who they are, cluster time in ms.
    #[must_use]
    pub const fn auth_time_ms(&self) -> u64 {
        self.row.auth_time_ms
    }

    /// How they proved it.
    #[must_use]
    pub fn amr(&self) -> &[Amr] {
        &self.amr
    }

    /// The revision of the state it was made from.
    #[must_use]
    pub const fn born(&self) -> Revision {
        Revision(self.row.born_revision)
    }

    /// Its record.
    #[must_use]
    pub const fn record(&self) -> &Session {
        &self.row
    }
}

/// The session of a token, if it counts. What is decided by it must read it linearizably or in the transaction.
///
/// # Errors
/// Inner: see [`NoSession`]. Outer: when storage fails.
pub fn live(read: &impl Read, realm: &RealmId, hash: &TokenHash) -> Result<Result<LiveSession, NoSession>, Abort> {
    let Some(Stored { row, .. }) = read.get::<Sessions>(&(realm.clone(), *hash))? else {
        return Ok(Err(NoSession::Unknown));
    };
    let ended = |marker: Option<Revision>| marker.is_some_and(|at| Revision(row.born_revision) < at);
    if ended(read.marker::<RealmNotBefore>(realm)?) {
        return Ok(Err(NoSession::RealmEnded));
    }
    let id = row.user()?;
    if ended(read.marker::<UserNotBefore>(&(realm.clone(), id))?) {
        return Ok(Err(NoSession::UserEnded));
    }
    let Some(user) = user::get(read, realm, id)? else { return Ok(Err(NoSession::UserGone)) };
    if !user::is_active(&user.row, read.now()) {
        return Ok(Err(NoSession::UserInactive));
    }
    LiveSession::new(*hash, row, user).map(Ok)
}

/// Whether a session's use is worth writing down: not more often than [`TOUCH_EVERY_MS`], or four times in the time
/// it may be idle.
#[must_use]
pub fn touch_is_due(session: &LiveSession, realm: &Stored<Realms>, now: Timestamp) -> bool {
    let row = &session.row;
    let every = TOUCH_EVERY_MS.min(u64::from(realm.row.session_idle_seconds) * 1000 / 4);
    now.0 >= row.last_seen_ms.saturating_add(every)
}

/// Writes down that a session is used, where that [is due](touch_is_due): it does not become idle. Answers whether
/// anything was written.
///
/// # Errors
/// Inner: see [`NoSession`].
pub fn touch(tx: &mut Tx<'_>, realm: &Stored<Realms>, hash: &TokenHash) -> Decided<bool, NoSession> {
    let session = match live(tx, &realm.key, hash)? {
        Ok(session) => session,
        Err(none) => return refuse(none),
    };
    if !touch_is_due(&session, realm, tx.now()) {
        return Ok(Outcome::Answer(Ok(false)));
    }
    let row = Session {
        last_seen_ms: tx.now().0,
        idle_end_ms: tx.now().plus_ms(u64::from(realm.row.session_idle_seconds) * 1000).0,
        ..session.row
    };
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<Sessions>((realm.key.clone(), *hash), row)?;
    Ok(Outcome::Commit(Ok(true)))
}
