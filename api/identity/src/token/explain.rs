//! Why a token has the scopes it has: the decision itself, told.

use raft_store_core::{Abort, Read, Stored};

use super::decide::{IssueRefused, lifetime};
use super::groups;
use super::judge::{Asked, Case, Verdict, judge};
use super::profile::Profile;
use crate::client::{Clients, GrantType};
use crate::ids::UserId;
use crate::realm::Realms;
use crate::scope::{Scope, ScopeList};

/// A token that might be asked for. The client need not have proved who it is: nothing is issued.
#[derive(Clone, Copy, Debug)]
pub struct Preview<'a> {
    /// For which client.
    pub client: &'a Stored<Clients>,
    /// About whom; `None`: about the client itself.
    pub user: Option<UserId>,
    /// By which grant.
    pub grant: GrantType,
    /// Which scopes; none asked: the client's.
    pub scopes: Option<&'a ScopeList>,
    /// For how long, s; may only shorten.
    pub expires_in: Option<u32>,
}

/// What becomes of one scope, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeExplained {
    /// The scope in its canonical form, or as it was asked for where it has none.
    pub scope: Scope,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// What would become of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The scopes of the token, or why there is none.
    pub outcome: Result<ScopeList, IssueRefused>,
    /// Every scope asked for, in order; also when there is no token. Empty when there is no such person.
    pub scopes: Vec<ScopeExplained>,
    /// The profile of the token.
    pub profile: Profile,
    /// How long it would live, s.
    pub lifetime: u32,
    /// The groups that the token would name, in its order; of the `wlcg` profile alone.
    pub groups: Vec<String>,
}

fn case<'a>(ask: &Preview<'a>) -> Result<Case<'a>, Abort> {
    Ok(Case {
        client: ask.client,
        method: ask.client.row.auth_method()?,
        user: ask.user,
        grant: ask.grant,
        asked: Asked::Request(ask.scopes),
    })
}

/// The scopes that a token would have: what is shown on the consent page and kept with the grant.
///
/// # Errors
/// Inner: see [`IssueRefused`]. Outer: when storage fails.
pub fn preview(
    read: &impl Read,
    realm: &Stored<Realms>,
    ask: &Preview<'_>,
) -> Result<Result<ScopeList, IssueRefused>, Abort> {
    if ask.client.key.0 != realm.key {
        return Err(Abort::corrupt("client of another realm"));
    }
    Ok(judge(read, realm, &case(ask)?)?.scopes())
}

/// Explains what [`preview`] answers, and [`super::decide`] after it.
///
/// # Errors
/// When storage fails.
pub fn explain(read: &impl Read, realm: &Stored<Realms>, ask: &Preview<'_>) -> Result<Explanation, Abort> {
    if ask.client.key.0 != realm.key {
        return Err(Abort::corrupt("client of another realm"));
    }
    let judged = judge(read, realm, &case(ask)?)?;
    let outcome = judged.scopes();
    let groups = match (&outcome, &judged.person) {
        (Ok(scopes), Some(person)) if judged.profile == Profile::Wlcg => groups::select(scopes, person.groups()),
        _ => Vec::new(),
    };
    Ok(Explanation {
        outcome,
        profile: judged.profile,
        lifetime: lifetime(&ask.client.row, &realm.row, ask.expires_in),
        groups,
        scopes: judged.scopes.into_iter().map(|(scope, verdict)| ScopeExplained { scope, verdict }).collect(),
    })
}
