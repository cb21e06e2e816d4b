//! Who has access to what is a person's: remembered approvals and living refresh families together. One is there
//! without the other: an approval for once leaves a family, and an approval stays when a family has ended.

use std::collections::BTreeMap;

use raft_store_core::{Abort, Read, Stored};

use super::{counts, list};
use crate::client::{self, Clients};
use crate::grant;
use crate::ids::{ClientId, RealmId, UserId};
use crate::refresh::FamiliesOfUser;
use crate::scope::{MAX_SCOPES, ScopeList};

/// Clients that are told of at once: a page of them that is still read. Where there are more, the others are told of
/// as these lose their access.
pub const MAX_ACCESSES: usize = 200;

/// A client's access to what is a person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Whose.
    pub client: Stored<Clients>,
    /// What it may have, what was allowed last first; of more than [`MAX_SCOPES`] the first.
    pub scopes: ScopeList,
    /// When it was allowed last, cluster time in ms.
    pub since_ms: u64,
    /// When it ends by itself, cluster time in ms; `None`: when it is taken back.
    pub until_ms: Option<u64>,
    /// Whether an approval is remembered: the client need not ask again.
    pub remembered: bool,
}

/// Who has access, those that were allowed last first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accesses {
    /// At most [`MAX_ACCESSES`].
    pub clients: Vec<Access>,
    /// Whether there are more.
    pub more: bool,
}

/// What one record allows.
struct Part {
    scopes: ScopeList,
    since_ms: u64,
    until_ms: Option<u64>,
}

/// All that a client is allowed.
struct Parts {
    client: Stored<Clients>,
    approvals: Vec<Part>,
    families: Vec<Part>,
}

impl Parts {
    const fn of(client: Stored<Clients>) -> Self {
        Self { client, approvals: Vec::new(), families: Vec::new() }
    }

    /// `None`: nothing.
    fn joined(self) -> Option<Access> {
        let remembered = !self.approvals.is_empty();
        let mut parts = self.approvals;
        parts.extend(self.families);
        parts.sort_by_key(|part| std::cmp::Reverse(part.since_ms));
        let scopes: ScopeList = parts.iter().flat_map(|part| part.scopes.iter().cloned()).collect();
        let latest = parts.iter().map(|part| part.until_ms).collect::<Option<Vec<_>>>();
        Some(Access {
            client: self.client,
            since_ms: parts.first()?.since_ms,
            until_ms: latest.and_then(|all| all.into_iter().max()),
            scopes: scopes.iter().take(MAX_SCOPES).cloned().collect(),
            remembered,
        })
    }
}

/// The clients that have a person's remembered approval, or a living refresh family of theirs.
///
/// # Errors
/// When storage fails.
pub fn accesses(read: &impl Read, realm: &RealmId, user: UserId) -> Result<Accesses, Abort> {
    let mut found: BTreeMap<ClientId, Parts> = BTreeMap::new();
    for consent in list(read, realm, user)? {
        let Some(client) = client::get(read, realm, &consent.key.2)? else { continue };
        let mut parts = Parts::of(client);
        for approval in consent.row.approvals.iter().filter(|one| counts(one, &parts.client, read.now())) {
            let until_ms = Some(approval.expires_ms).filter(|at| *at != 0);
            parts.approvals.push(Part { scopes: approval.scopes()?, since_ms: approval.given_ms, until_ms });
        }
        found.insert(consent.key.2, parts);
    }
    for family in read.all::<FamiliesOfUser>(&(realm.clone(), user))? {
        let (grant, row) = (family.row.grant()?, &family.row);
        let Ok(live) = grant::live(read, realm, grant)? else { continue };
        let part = Part { scopes: grant.scopes()?, since_ms: row.created_ms, until_ms: Some(row.expires_ms) };
        found.entry(grant.client()?).or_insert_with(|| Parts::of(live.client)).families.push(part);
    }
    let mut clients: Vec<Access> = found.into_values().filter_map(Parts::joined).collect();
    clients.sort_by_key(|access| std::cmp::Reverse(access.since_ms));
    let more = clients.len() > MAX_ACCESSES;
    clients.truncate(MAX_ACCESSES);
    Ok(Accesses { clients, more })
}

/// How many refresh families that live a client has of a person.
pub(super) fn families(read: &impl Read, realm: &RealmId, user: UserId, client: &ClientId) -> Result<usize, Abort> {
    let mut living = 0;
    for family in read.all::<FamiliesOfUser>(&(realm.clone(), user))? {
        let grant = family.row.grant()?;
        if grant.client_id == client.as_str() && grant::live(read, realm, grant)?.is_ok() {
            living += 1;
        }
    }
    Ok(living)
}
