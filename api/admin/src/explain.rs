//! `POST /v1/realms/{realm}/explain-token`: which scopes a token would have, and of each why. Issues nothing; the answer
//! comes from the function that decides for every grant.

use http::StatusCode;
use raft_store_core::Freshness;
use serde::{Deserialize, Serialize};
use woad_http::Problem;
use woad_identity::audience::Audience;
use woad_identity::client::{self, GrantType};
use woad_identity::policy::DecidedBy;
use woad_identity::scope::ScopeList;
use woad_identity::token::{DroppedBecause, Explanation, GivenBecause, Preview, ScopeExplained, Verdict, explain};
use woad_identity::{ClientId, RealmId, realm};

use crate::Admin;
use crate::call::{Answer, ClusterCall, no_client, no_realm, ok};
use crate::users::{UserRef, no_user};

/// The body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    client: String,
    /// By id or user name; without one it is about the client itself.
    user: Option<String>,
    /// Separated by spaces; without it none is asked for.
    scope: Option<String>,
    #[serde(default)]
    audience: Vec<String>,
    grant: Option<String>,
}

#[derive(Serialize)]
struct ScopeView {
    scope: String,
    outcome: &'static str,
    why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
}

#[derive(Serialize)]
struct ExplanationView {
    /// `issued` or `refused`.
    verdict: &'static str,
    /// Why it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// The scopes of the token, in its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    profile: &'static str,
    lifetime_seconds: u32,
    audience: Vec<String>,
    groups: Vec<String>,
    /// Every scope asked for, in order.
    scopes: Vec<ScopeView>,
}

fn by_policy(outcome: &'static str, why: &'static str, by: DecidedBy) -> ScopeView {
    ScopeView {
        scope: String::new(),
        outcome,
        why: why.to_owned(),
        level: Some(by.level.name()),
        policy: Some(by.policy.0),
        rule: Some(by.rule.name()),
    }
}

fn scope_view(explained: ScopeExplained) -> ScopeView {
    let plain = |outcome, why: &str| ScopeView {
        scope: String::new(),
        outcome,
        why: why.to_owned(),
        level: None,
        policy: None,
        rule: None,
    };
    let view = match explained.verdict {
        Verdict::Given(GivenBecause::ClientHolds) => plain("granted", "the client holds it and speaks for itself"),
        Verdict::Given(GivenBecause::OpenId) => plain("granted", "no policy takes openid away"),
        Verdict::Given(GivenBecause::Policy(by)) => by_policy("granted", "a policy permits it", by),
        Verdict::Dropped(DroppedBecause::NotAdministrator) => {
            plain("dropped", "it gives power over the realm, and the person is no administrator")
        }
        Verdict::Dropped(DroppedBecause::Policy(by)) => by_policy("dropped", "a policy denies it", by),
        Verdict::Dropped(DroppedBecause::NoPolicy) => plain("dropped", "no policy permits it"),
        Verdict::Dropped(DroppedBecause::ClientHoldsNoMore) => plain("dropped", "the client does not hold it any more"),
        Verdict::Refused(why) => plain("refused", &why.to_string()),
    };
    ScopeView { scope: explained.scope.to_string(), ..view }
}

fn view(explanation: Explanation, audience: &Audience) -> ExplanationView {
    let (verdict, scope, why) = match explanation.outcome {
        Ok(scopes) => ("issued", Some(scopes.to_string()), None),
        Err(refused) => ("refused", None, Some(refused.to_string())),
    };
    ExplanationView {
        verdict,
        why,
        scope,
        profile: explanation.profile.name(),
        lifetime_seconds: explanation.lifetime,
        audience: audience.values().to_vec(),
        groups: explanation.groups,
        scopes: explanation.scopes.into_iter().map(scope_view).collect(),
    }
}

/// What a body says, its words understood.
struct Parsed {
    realm: RealmId,
    client: ClientId,
    user: Option<UserRef>,
    scopes: Option<ScopeList>,
    audience: Audience,
    grant: GrantType,
}

impl Parsed {
    fn read(call: &ClusterCall) -> Result<Self, Problem> {
        let bad = |detail: String| Problem::new(StatusCode::BAD_REQUEST, detail).of_kind("invalid-request");
        let wanted: Wanted = call.json()?;
        let grant = match &wanted.grant {
            Some(name) => GrantType::by_name(name).ok_or_else(|| bad("grant is no grant type".to_owned()))?,
            None if wanted.user.is_some() => GrantType::AuthorizationCode,
            None => GrantType::ClientCredentials,
        };
        let audience: Vec<&str> = wanted.audience.iter().map(String::as_str).collect();
        Ok(Self {
            realm: call.realm_id()?,
            client: ClientId::parse(&wanted.client).map_err(|_| no_client())?,
            user: wanted.user.as_deref().map(UserRef::lenient),
            scopes: wanted
                .scope
                .as_deref()
                .map(ScopeList::parse)
                .transpose()
                .map_err(|fault| bad(fault.to_string()))?,
            audience: Audience::choose(&[], &audience, &[]).map_err(|fault| bad(fault.to_string()))?,
            grant,
        })
    }
}

pub(crate) async fn handle(_: Admin, call: ClusterCall) -> Answer {
    let asked = Parsed::read(&call)?;
    let store = &call.running.services.store;
    let explained = store.view(&call.request, Freshness::Linearizable, |read| {
        let Some(realm) = realm::get(read, &asked.realm)? else { return Ok(Err(no_realm())) };
        let Some(client) = client::get(read, &asked.realm, &asked.client)? else { return Ok(Err(no_client())) };
        let user = match &asked.user {
            None => None,
            Some(named) => match named.find(read, &asked.realm)? {
                Some(user) => Some(user.key.1),
                None => return Ok(Err(no_user())),
            },
        };
        let ask =
            Preview { client: &client, user, grant: asked.grant, scopes: asked.scopes.as_ref(), expires_in: None };
        explain(read, &realm, &ask).map(Ok)
    });
    Ok(ok(view(explained.await?.answer?, &asked.audience)))
}
