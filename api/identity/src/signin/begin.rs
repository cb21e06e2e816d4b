//! Counting an attempt, before its password is looked at.

use std::time::Duration;

use raft_store_core::{Abort, Outcome, Read, Revision, Tx};
use serde_json::json;

use super::complete::SignInRefused;
use super::counter::{ACCOUNT_FRESH, Kind, PAIR_FREE};
use super::counters::{Account, Counter, network};
use super::device::{DeviceId, DeviceToken};
use crate::event::{self, Actor};
use crate::ids::{RealmId, UserId};
use crate::password::{self, PasswordHash};
use crate::user;
use crate::{Decided, refuse};

/// Too many attempts; this one was not counted, and its password must not be looked at. The same whether there is such
/// an account or not, and whether the password is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many sign-in attempts")]
pub struct Throttled {
    /// When the next attempt may be taken.
    pub retry_after: Duration,
}

/// An attempt that was counted. Can only be had from [`begin()`].
#[derive(Clone, Debug)]
pub struct Attempt {
    pub(super) realm: RealmId,
    pub(super) account: Account,
    pub(super) name: Account,
    pub(super) network: Vec<u8>,
    pub(super) device: Option<DeviceId>,
    /// Whether it was counted as one of a network within its own free share.
    pub(super) fresh: bool,
    pub(super) candidate: Result<Candidate, SignInRefused>,
}

/// Whom the password would prove.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) user: UserId,
    pub(super) hash: PasswordHash,
    pub(super) revision: Revision,
}

impl Attempt {
    /// Whom the name names, if anybody could sign in by it: what refusals are counted under.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.candidate.as_ref().ok().map(|candidate| candidate.user)
    }

    /// What the password is to be verified against: where there is nobody who could sign in, a hash of the same cost
    /// that is nobody's.
    #[must_use]
    pub fn hash(&self) -> PasswordHash {
        self.candidate.as_ref().map_or_else(|_| password::dummy(), |candidate| candidate.hash.clone())
    }
}

/// Counts an attempt to sign in under a name or an e-mail address, from `actor`'s address, in a browser with this
/// device cookie. Refuses it, without a trace, while a delay lasts.
///
/// # Errors
/// Inner: [`Throttled`].
pub fn begin(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    login: &str,
    device: Option<&str>,
    actor: &Actor,
) -> Decided<Attempt, Throttled> {
    let user = who(tx, realm, login)?;
    let name = Account::named(login);
    let account = user.map_or_else(|| name.clone(), Account::Person);
    let device = match (user, device) {
        (Some(user), Some(text)) => DeviceToken::open(tx, realm, user, text)?,
        _ => None,
    };
    let network = network(actor.address);
    let load =
        |tx: &Tx<'_>, kind, account: Option<&Account>, rest: &[u8]| Counter::load(tx, realm, kind, account, rest);
    let (mut counters, fresh) = if let Some(device) = &device {
        (vec![load(tx, Kind::Device, Some(&account), device)?], false)
    } else {
        let pair = load(tx, Kind::Pair, Some(&name), &network)?;
        let mut all = load(tx, Kind::Account, Some(&account), &[])?;
        let fresh = pair.row.count < PAIR_FREE && all.row.fresh < ACCOUNT_FRESH;
        all.row.fresh += u32::from(fresh);
        (vec![pair, all, load(tx, Kind::Source, None, &network)?], fresh)
    };

    let now = tx.now().0;
    let waits = counters.iter().filter(|counter| !(fresh && counter.kind == Kind::Account));
    let wait = waits.map(|counter| counter.row.next_ms.saturating_sub(now)).max().unwrap_or_default();
    if wait > 0 {
        return refuse(Throttled { retry_after: Duration::from_millis(wait) });
    }
    for counter in &mut counters {
        if counter.kind.count(&mut counter.row, now) {
            let object = user.map_or_else(|| "unknown".to_owned(), |user| user.to_string());
            event::record(tx, realm, "sign_in.delayed", &object, json!({"counts": counter.kind.name()}), actor)?;
        }
        counter.save(tx)?;
    }
    let candidate = candidate(tx, realm, user)?;
    Ok(Outcome::Commit(Ok(Attempt { realm: realm.clone(), account, name, network, device, fresh, candidate })))
}

/// Whom a login names: a user name comes before an e-mail address, and an address that several have names nobody.
fn who(read: &impl Read, realm: &RealmId, login: &str) -> Result<Option<UserId>, Abort> {
    if let Some(user) = user::by_name(read, realm, login)? {
        return Ok(Some(user.key.1));
    }
    Ok(match user::by_email(read, realm, login)?.as_slice() {
        [user] => Some(user.key.1),
        _ => None,
    })
}

fn candidate(
    read: &impl Read,
    realm: &RealmId,
    user: Option<UserId>,
) -> Result<Result<Candidate, SignInRefused>, Abort> {
    let Some(stored) = user.map(|id| user::get(read, realm, id)).transpose()?.flatten() else {
        return Ok(Err(SignInRefused::UnknownUser));
    };
    let user = stored.key.1;
    if !user::is_active(&stored.row, read.now()) {
        return Ok(Err(SignInRefused::Inactive));
    }
    Ok(match password::stored(read, realm, user)? {
        Some((hash, revision)) => Ok(Candidate { user, hash, revision }),
        None => Err(SignInRefused::NoPassword),
    })
}
