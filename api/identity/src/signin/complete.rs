//! The session after a right password.

use raft_store_core::{Outcome, Read, Stored, Tx};
use serde_json::json;

use super::begin::{Attempt, Candidate};
use super::counters;
use super::device::{DeviceId, DeviceToken};
use super::last_login;
use crate::event::{self, Actor};
use crate::opaque::TokenHash;
use crate::password::{self, PasswordHash};
use crate::realm::Realms;
use crate::session::{self, LiveSession, SessionSeed};
use crate::user;
use crate::{Decided, refuse};

/// Why nobody is signed in. For logs: the person is told the same for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefused {
    /// There is no such person.
    #[error("user unknown")]
    UnknownUser,
    /// They may not act.
    #[error("user not active")]
    Inactive,
    /// They have no password.
    #[error("user has no password")]
    NoPassword,
    /// It is not the password.
    #[error("password wrong")]
    WrongPassword,
    /// Their password was changed while it was verified.
    #[error("password changed meanwhile")]
    Changed,
}

/// What came of verifying the password against [`Attempt::hash`].
#[derive(Clone, Debug)]
pub struct Proof {
    /// Whether it is the password.
    pub verified: bool,
    /// The same password under a stronger hash, where the stored one is weak.
    pub rehash: Option<PasswordHash>,
}

/// What the session of a sign-in is made from.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The session.
    pub seed: SessionSeed,
    /// The session that the browser had before; it ends.
    pub old: Option<TokenHash>,
    /// Fresh randomness, for a browser that is not known yet.
    pub device: [u8; 16],
}

/// Somebody who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Their session.
    pub session: LiveSession,
    /// The cookie by which the browser is known from now on, for [`super::DEVICE_REMEMBERED`].
    pub device: DeviceToken,
}

/// Begins a session, if the password was the right one and nothing changed meanwhile. What was counted against the
/// browser is forgotten. `realm` is of the same transaction; `actor` has not proved who they are before this.
///
/// # Errors
/// Inner: see [`SignInRefused`]; nothing is written then.
pub fn complete(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    attempt: &Attempt,
    proof: &Proof,
    new: &NewSession,
    actor: &Actor,
) -> Decided<SignedIn, SignInRefused> {
    let Candidate { user: id, revision, .. } = match &attempt.candidate {
        Ok(candidate) => candidate,
        Err(refused) => return refuse(*refused),
    };
    let id = *id;
    if !proof.verified || attempt.realm != realm.key {
        return refuse(SignInRefused::WrongPassword);
    }
    let Some(person) = user::get(tx, &realm.key, id)? else { return refuse(SignInRefused::UnknownUser) };
    if !user::is_active(&person.row, tx.now()) {
        return refuse(SignInRefused::Inactive);
    }
    match password::stored(tx, &realm.key, id)? {
        Some((_, now)) if now == *revision => {}
        Some(_) => return refuse(SignInRefused::Changed),
        None => return refuse(SignInRefused::NoPassword),
    }
    if let Some(hash) = &proof.rehash {
        password::rehash(tx, &realm.key, id, hash)?;
    }
    counters::settle(tx, attempt)?;
    last_login::remember(tx, &realm.key, id)?;
    let device: DeviceId = attempt.device.unwrap_or(new.device);
    let device = DeviceToken::write(tx, &realm.key, id, &device)?;
    let session = session::start(tx, realm, person, &new.seed, new.old.as_ref())?;
    let changes = json!({
        "session": session.id().to_string(),
        "amr": session.amr().iter().map(|amr| amr.name()).collect::<Vec<_>>(),
    });
    event::record(tx, &realm.key, "session.start", &id.to_string(), changes, &actor.as_user(id))?;
    Ok(Outcome::Commit(Ok(SignedIn { session, device })))
}
