//! Approvals that a person wants remembered: which client may have which scopes without asking again.

mod access;
mod record;
mod remove;

#[cfg(test)]
mod access_test;
#[cfg(test)]
mod tests;

use raft_store_core::{Abort, Read, Stored, Timestamp, Tx};

pub use access::{Access, Accesses, MAX_ACCESSES, accesses};
pub use record::{Approval, Consent, Consents, ConsentsOfUser};
pub use remove::{NoAccess, remove};

pub(crate) use remove::purge;

use crate::client::{self, AuthMethod, Client, Clients};
use crate::ids::{ClientId, RealmId, UserId};
use crate::scope::{MAX_SCOPES, Scope, ScopeList};

/// How long a short approval holds, in ms. INDIGO's hour.
pub const ONE_HOUR_MS: u64 = 3_600_000;
/// Redirect URIs one approval record names at most: as many as a client may register.
const MAX_APPROVALS: usize = 100;
/// Bytes of scopes that one approval keeps from before: a client that asks for another path each time must not let its
/// record grow beyond what can be read again, or written in one transaction.
const MAX_KEPT: usize = 8 * 1024;

/// How long a person wants an approval remembered. The names are those of INDIGO's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remember {
    /// Not at all.
    No,
    /// For [`ONE_HOUR_MS`].
    OneHour,
    /// Until they take it back.
    UntilRevoked,
}

impl Remember {
    /// By its name in the form.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::No),
            "one-hour" => Some(Self::OneHour),
            "until-revoked" => Some(Self::UntilRevoked),
            _ => None,
        }
    }

    /// Its name in the form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::No => "none",
            Self::OneHour => "one-hour",
            Self::UntilRevoked => "until-revoked",
        }
    }
}

/// Whether an approval of this client, sent there, may stand without asking: the client proves who it is when it
/// redeems the code, or the web does by taking the code to its host. A loopback port or a scheme of its own proves
/// nothing: any program can listen there (RFC 8252 §8.6).
///
/// # Errors
/// When the record holds a value this version does not know.
pub fn may_be_remembered(client: &Client, redirect_uri: &str) -> Result<bool, Abort> {
    Ok(client.auth_method()? != AuthMethod::None || redirect_uri.starts_with("https://"))
}

/// A person's approvals as they are recorded, by client. What they are worth: [`accesses`].
///
/// # Errors
/// When storage fails.
pub fn list(read: &impl Read, realm: &RealmId, user: UserId) -> Result<Vec<Stored<Consents>>, Abort> {
    read.all::<ConsentsOfUser>(&(realm.clone(), user))
}

/// What an approval is for.
pub(crate) struct Place<'a> {
    /// Whose it is.
    pub(crate) user: UserId,
    /// Which client it is for.
    pub(crate) client: &'a ClientId,
    /// Where its answers go, as it is registered.
    pub(crate) redirect_uri: &'a str,
}

/// Whether an approval covers these scopes. One that was given to an earlier client of the same id covers nothing.
pub(crate) fn covers(read: &impl Read, realm: &RealmId, at: &Place<'_>, scopes: &ScopeList) -> Result<bool, Abort> {
    let Some(consent) = read.get::<Consents>(&(realm.clone(), at.user, at.client.clone()))? else { return Ok(false) };
    let mut approvals = consent.row.approvals.iter();
    let Some(approval) = approvals.find(|approval| approval.redirect_uri == at.redirect_uri) else { return Ok(false) };
    let Some(client) = client::get(read, realm, at.client)? else { return Ok(false) };
    let approved = approval.scopes()?;
    Ok(counts(approval, &client, read.now()) && scopes.iter().all(|scope| approved.has(scope.as_str())))
}

/// Whether an approval holds, and was given to this client and not to an earlier one of the same id.
fn counts(approval: &Approval, client: &Stored<Clients>, now: Timestamp) -> bool {
    approval.holds(now) && approval.given_ms >= client.row.created_ms
}

/// The scopes that were approved now, and as many of those approved before as there is room for.
fn joined(now: &ScopeList, before: &ScopeList) -> ScopeList {
    let all: ScopeList = now.iter().chain(before).cloned().collect();
    let mut kept = 0;
    let mut fits = |(place, scope): &(usize, &Scope)| {
        if *place >= now.len() {
            kept += scope.as_str().len() + 1;
        }
        kept <= MAX_KEPT
    };
    all.iter().take(MAX_SCOPES).enumerate().take_while(&mut fits).map(|(_, scope)| scope.clone()).collect()
}

/// Remembers an approval. One that lasts adds to one that lasts; any other takes the place of the one before.
pub(crate) fn remember(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    at: &Place<'_>,
    scopes: &ScopeList,
    how: Remember,
) -> Result<(), Abort> {
    let now = tx.now();
    let expires_ms = match how {
        Remember::No => return Ok(()),
        Remember::OneHour => now.plus_ms(ONE_HOUR_MS).0,
        Remember::UntilRevoked => 0,
    };
    let key = (realm.clone(), at.user, at.client.clone());
    let mut row = tx.get::<Consents>(&key)?.map_or_else(Consent::default, |consent| consent.row);
    row.approvals.retain(|approval| approval.holds(now));
    let before = row.approvals.iter().position(|approval| approval.redirect_uri == at.redirect_uri);
    let before = before.map(|place| row.approvals.remove(place));
    let scopes = match before.filter(|before| before.expires_ms == 0 && expires_ms == 0) {
        Some(before) => joined(scopes, &before.scopes()?),
        None => scopes.clone(),
    };
    row.approvals.push(Approval {
        redirect_uri: at.redirect_uri.to_owned(),
        scope: scopes.to_string(),
        expires_ms,
        given_ms: now.0,
    });
    let surplus = row.approvals.len().saturating_sub(MAX_APPROVALS);
    row.approvals.drain(..surplus);
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<Consents>(key, row)?;
    Ok(())
}
