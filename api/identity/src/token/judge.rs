//! What is behind every decision about a token, and behind its explanation.

use raft_store_core::{Abort, Read, Stored};

use super::decide::IssueRefused;
use super::person::Person;
use super::profile::Profile;
use crate::client::{AuthMethod, Clients, GrantType};
use crate::ids::UserId;
use crate::policy::{DecidedBy, Policies, Rule};
use crate::realm::Realms;
use crate::scope::system::is_privileged;
use crate::scope::{Held, Scope, ScopeList, ScopeRefused, offer};

/// The scope that no policy takes away: it gives nothing but the person's id.
pub(super) const OPENID: &str = "openid";

/// Where the scopes come from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked<'a> {
    /// From a request: one that the client does not hold refuses them all.
    Request(Option<&'a ScopeList>),
    /// From a grant that was made earlier: what the client does not hold any more is dropped.
    Grant(&'a ScopeList),
}

/// What is to be judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'a> {
    pub(super) client: &'a Stored<Clients>,
    pub(super) method: AuthMethod,
    pub(super) user: Option<UserId>,
    pub(super) grant: GrantType,
    pub(super) asked: Asked<'a>,
}

/// Why a scope is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenBecause {
    /// The client holds it, and speaks for itself.
    ClientHolds,
    /// `openid`, which no policy takes away.
    OpenId,
    /// A policy permits it.
    Policy(DecidedBy),
}

/// Why a scope is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DroppedBecause {
    /// It gives power over the realm, and the person is no administrator.
    NotAdministrator,
    /// A policy denies it.
    Policy(DecidedBy),
    /// No policy says anything of it.
    NoPolicy,
    /// The client does not hold it any more.
    ClientHoldsNoMore,
}

/// What becomes of one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the token.
    Given(GivenBecause),
    /// It is not, and nobody is told.
    Dropped(DroppedBecause),
    /// Asking for it refuses the request.
    Refused(ScopeRefused),
}

/// What was found.
#[derive(Clone, Debug)]
pub(super) struct Judgement {
    /// Why there is no token, whatever the scopes.
    pub(super) refused: Option<IssueRefused>,
    /// Every scope asked for, in order.
    pub(super) scopes: Vec<(Scope, Verdict)>,
    pub(super) profile: Profile,
    pub(super) person: Option<Person>,
}

impl Judgement {
    /// The scopes that are given, or the first reason why there is no token.
    pub(super) fn scopes(&self) -> Result<ScopeList, IssueRefused> {
        if let Some(refused) = &self.refused {
            return Err(refused.clone());
        }
        let refused = self.scopes.iter().find_map(|(_, verdict)| match verdict {
            Verdict::Refused(refused) => Some(refused.clone()),
            Verdict::Given(_) | Verdict::Dropped(_) => None,
        });
        refused.map_or_else(|| Ok(self.given()), |refused| Err(refused.into()))
    }

    fn given(&self) -> ScopeList {
        let given = self.scopes.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Given(_)));
        given.map(|(scope, _)| scope.clone()).collect()
    }
}

/// Judges. The client is of the realm, and read with it.
pub(super) fn judge(read: &impl Read, realm: &Stored<Realms>, case: &Case<'_>) -> Result<Judgement, Abort> {
    let held = case.client.row.scopes()?;
    let (profile, no_profile) = match Profile::choose(&held, realm.row.default_profile()?) {
        Ok(profile) => (profile, None),
        Err(name) => (realm.row.default_profile()?, Some(IssueRefused::Profile(name))),
    };
    let person = match case.user {
        None => None,
        Some(user) => Person::load(read, realm, user)?,
    };
    let refused =
        client_refused(case).or_else(|| case.user.and_then(|_| person_refused(read, person.as_ref()))).or(no_profile);
    let scopes = match (case.user, &person) {
        (None, _) => weigh(&held, case.asked, |_| Verdict::Given(GivenBecause::ClientHolds)),
        (Some(_), Some(person)) => {
            let policies = person.policies(read, realm)?;
            weigh(&held, case.asked, |scope| allowed(&policies, person, scope))
        }
        // There is nobody to have them.
        (Some(_), None) => Vec::new(),
    };
    Ok(Judgement { refused, scopes, profile, person })
}

/// The scopes of an earlier token that its client and its person may still have, in the token's order.
pub(super) fn still_given(
    read: &impl Read,
    realm: &Stored<Realms>,
    client: &Stored<Clients>,
    person: &Person,
    scopes: &ScopeList,
) -> Result<ScopeList, Abort> {
    let policies = person.policies(read, realm)?;
    let weighed = weigh(&client.row.scopes()?, Asked::Grant(scopes), |scope| allowed(&policies, person, scope));
    let given = weighed.into_iter().filter(|(_, verdict)| matches!(verdict, Verdict::Given(_)));
    Ok(given.map(|(scope, _)| scope).collect())
}

/// The scopes of an earlier token about a client that it still holds, in the token's order.
pub(super) fn still_held(client: &Stored<Clients>, scopes: &ScopeList) -> Result<ScopeList, Abort> {
    let held = client.row.scopes()?;
    let held = Held::new(&held);
    Ok(scopes.iter().filter(|scope| held.allow(scope)).cloned().collect())
}

fn client_refused(case: &Case<'_>) -> Option<IssueRefused> {
    let client = &case.client.row;
    if !client.active {
        return Some(IssueRefused::Suspended);
    }
    let fits = match case.grant {
        GrantType::ClientCredentials => case.user.is_none(),
        GrantType::AuthorizationCode | GrantType::RefreshToken => case.user.is_some(),
        _ => false,
    };
    if !fits || !client.may_use(case.grant) {
        return Some(IssueRefused::Grant(case.grant));
    }
    (case.user.is_none() && case.method == AuthMethod::None).then_some(IssueRefused::PublicClient)
}

fn person_refused(read: &impl Read, person: Option<&Person>) -> Option<IssueRefused> {
    match person {
        None => Some(IssueRefused::UserGone),
        Some(person) if !person.is_active(read.now()) => {
            Some(IssueRefused::UserInactive(person.row().user_name.clone()))
        }
        Some(_) => None,
    }
}

fn weigh(held: &ScopeList, asked: Asked<'_>, of_held: impl Fn(&Scope) -> Verdict) -> Vec<(Scope, Verdict)> {
    let offers = match asked {
        Asked::Request(requested) => offer(held, requested),
        // An empty list is what was left then, not a request for everything.
        Asked::Grant(scopes) if scopes.is_empty() => Vec::new(),
        Asked::Grant(scopes) => offer(held, Some(scopes)),
    };
    let verdict = |scope: &Scope, refused: Result<(), ScopeRefused>| match (refused, asked) {
        (Ok(()), _) => of_held(scope),
        (Err(refused), Asked::Request(_)) => Verdict::Refused(refused),
        (Err(_), Asked::Grant(_)) => Verdict::Dropped(DroppedBecause::ClientHoldsNoMore),
    };
    offers
        .into_iter()
        .map(|(scope, refused)| {
            let verdict = verdict(&scope, refused);
            (scope, verdict)
        })
        .collect()
}

/// Whether a person may have a scope that the client holds.
fn allowed(policies: &Policies, person: &Person, scope: &Scope) -> Verdict {
    if scope.as_str() == OPENID {
        return Verdict::Given(GivenBecause::OpenId);
    }
    if is_privileged(scope.as_str()) && !person.row().administrator {
        return Verdict::Dropped(DroppedBecause::NotAdministrator);
    }
    match policies.decide(scope) {
        None => Verdict::Dropped(DroppedBecause::NoPolicy),
        Some(by) if by.rule == Rule::Permit => Verdict::Given(GivenBecause::Policy(by)),
        Some(by) => Verdict::Dropped(DroppedBecause::Policy(by)),
    }
}
